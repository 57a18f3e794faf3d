"""Calls by which partners' systems send files: proven before anything else, and each of them once."""

import base64
import hmac
import json
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from helpers.callers import asking
from helpers.webhooks import NEW, OLD, PATH, event, post, settings_with, signed, signed_by_svix
from sqlalchemy import text

from gateway import clock, metrics
from gateway.domain.partners.homes import find_home
from gateway.jobs.claims import Claims
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import enqueue
from ingest import jobs
from ingest.arrivals import proofs
from ingest.running import finish


@pytest.fixture
def secrets(settings):
    """Files of Northgate's secrets."""
    folder = settings.secrets_dir / "northgate"
    folder.mkdir(parents=True)

    def write(**named):
        for name, value in named.items():
            (folder / name).write_text(value)

    write(HOOK_NEW=NEW, HOOK_OLD=OLD)
    return write


@pytest.fixture
def hooked(inbox, secrets):
    """Acme, whose feed `changes` takes signed calls."""
    inbox.apply(settings_with())
    return inbox


def imports(inbox):
    return [str(one) for (one,) in inbox.sql("SELECT id FROM imports ORDER BY received_at, id")]


def test_a_signed_call_is_a_file_on_record_and_queued_when_the_answer_leaves(http, hooked):
    answer = post(http, event(1, 2), signed(event(1, 2), "msg_1"))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert imports(hooked) == [told["import_id"]]
    assert told["status_url"] == f"/v1/imports/{told['import_id']}"
    assert hooked.sql("SELECT kind, about::text, state FROM jobs") == [("ingest.run", told["import_id"], "waiting")]
    assert hooked.sql("SELECT via FROM files") == [("webhook",)]
    [(name,)] = hooked.sql("SELECT name FROM files")
    assert name.startswith("changes_20")
    finish(hooked.office, find_home(hooked.office, "acme"), UUID(told["import_id"]))
    account = hooked.account(told["import_id"])
    assert (account["state"], account["rows"]["created"]) == ("loaded", 2)
    assert account["as_of"][:10] in name


def test_who_called_is_on_record(http, hooked):
    post(http, event(1), signed(event(1), "msg_1"))
    found = hooked.sql(
        "SELECT actor_kind, actor, origin, changes -> 0 -> 'new' FROM audit_log WHERE action = 'import.receive'"
    )
    assert found == [("partner", "acme", "10.0.0.1", {"via": "webhook", "forced": False})]


@pytest.mark.parametrize("sign", [signed, signed_by_svix])
@pytest.mark.parametrize("secret", [NEW, OLD])
def test_both_packages_sign_for_us_with_the_new_secret_and_the_old(http, hooked, sign, secret):
    assert post(http, event(1), sign(event(1), "msg_1", secret)).status_code == 200


def test_one_secret_of_two_is_enough_while_the_other_is_not_there(http, hooked, settings):
    (settings.secrets_dir / "northgate" / "HOOK_NEW").unlink()
    assert post(http, event(1), signed(event(1), "msg_1", OLD)).status_code == 200
    (settings.secrets_dir / "northgate" / "HOOK_OLD").unlink()
    assert post(http, event(1), signed(event(1), "msg_2", OLD)).status_code == 401


def test_a_signature_in_a_list_counts_and_other_versions_do_not(http, hooked):
    told = signed(event(1), "msg_1")
    mine = told["webhook-signature"]
    other = signed(event(2), "msg_1")["webhook-signature"]
    assert post(http, event(1), told | {"webhook-signature": f"{other} v1a,xyz {mine}"}).status_code == 200
    other_version = mine.replace("v1,", "v2,")
    assert post(http, event(1), told | {"webhook-signature": other_version}).status_code == 401


@pytest.mark.parametrize("gap", [timedelta(0), timedelta(days=400)])
def test_a_call_that_comes_again_is_answered_with_the_same_import_however_late(http, hooked, gap, monkeypatch):
    first = post(http, event(1), signed(event(1), "msg_1"))
    monkeypatch.setenv("GATEWAY_NOW", (clock.now() + gap).isoformat())
    again = post(http, event(1), signed(event(1), "msg_1"))
    assert (again.status_code, again.json()) == (200, first.json())
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(imports(hooked)) == 1


def test_a_call_that_comes_again_after_a_restart_is_still_the_same(settings, hooked):
    with asking(settings) as http:
        first = post(http, event(1), signed(event(1), "msg_1")).json()
    with asking(settings) as http:
        assert post(http, event(1), signed(event(1), "msg_1")).json() == first
    assert len(imports(hooked)) == 1


def test_the_same_id_is_another_call_at_another_partner_or_feed(http, hooked, inbox):
    globex = settings_with().replace("partner: acme", "partner: globex")
    inbox.apply(globex)
    answers = [post(http, event(1), signed(event(1), "msg_1"), path) for path in (PATH, PATH.replace("acme", "globex"))]
    assert len({one.json()["import_id"] for one in answers}) == 2


def test_of_many_at_once_with_one_id_exactly_one_becomes_an_import(http, hooked, settings):
    barrier = threading.Barrier(6)
    headers = signed(event(1), "msg_1")

    def call(_):
        barrier.wait()
        return post(http, event(1), headers)

    with ThreadPoolExecutor(6) as callers:
        answers = list(callers.map(call, range(6)))
    assert {one.status_code for one in answers} == {200}
    assert len({one.json()["import_id"] for one in answers}) == 1
    assert len(imports(hooked)) == 1
    assert hooked.sql("SELECT count(*) FROM jobs") == [(1,)]
    stored = [one for one in (settings.data_dir / "files").rglob("*") if one.is_file()]
    assert len(stored) == 1, "what the others had stored is gone"


def test_the_sweep_makes_a_job_for_a_call_whose_job_is_gone(http, hooked, office):
    """A nudge that reaches nobody costs seconds: workers look for jobs themselves. This one has no job to be found."""
    told = post(http, event(1), signed(event(1), "msg_1")).json()
    with office.db.system() as session:
        session.execute(text("DELETE FROM jobs"))
        session.execute(text("UPDATE imports SET received_at = received_at - interval '2 min'"))
        enqueue(session, jobs.SWEEP, {}, firm_id=None)
    jobs.sweep(Handling(office, Claims(office.db, "normal", "s", timedelta(seconds=30)).next()))
    assert hooked.sql("SELECT about::text, state FROM jobs WHERE kind = 'ingest.run'") == [
        (told["import_id"], "waiting")
    ]


# ------------------------------------------------------------------------------------------------ what proves nothing


def without(headers, name):
    return {key: value for key, value in headers.items() if key != name}


BAD = {
    "unsigned": lambda _: {},
    "no id": lambda body: without(signed(body, "msg_1"), "webhook-id"),
    "no time": lambda body: without(signed(body, "msg_1"), "webhook-timestamp"),
    "no signature": lambda body: without(signed(body, "msg_1"), "webhook-signature"),
    "another body": lambda body: signed(body + b" ", "msg_1"),
    "another id": lambda body: signed(body, "msg_1") | {"webhook-id": "msg_2"},
    "another secret": lambda body: signed(body, "msg_1", "whsec_" + base64.b64encode(b"guessed").decode()),
    "old": lambda body: signed(body, "msg_1", at=clock.now() - timedelta(seconds=330)),
    "future": lambda body: signed(body, "msg_1", at=clock.now() + timedelta(seconds=330)),
    "another time": lambda body: signed(body, "msg_1") | {"webhook-timestamp": str(int(clock.now().timestamp()) - 7)},
    "a time that is none": lambda body: signed(body, "msg_1") | {"webhook-timestamp": "soon"},
    "a time beyond all calendars": lambda body: signed(body, "msg_1") | {"webhook-timestamp": "9" * 40},
    "digits of another script": lambda body: signed(body, "msg_1") | {"webhook-timestamp": "１７".encode()},
    "no base64": lambda body: signed(body, "msg_1") | {"webhook-signature": "v1,%%%"},
    "not ASCII": lambda body: signed(body, "msg_1") | {"webhook-signature": "v1,é".encode()},
    "not UTF-8": lambda body: signed(body, "msg_1") | {"webhook-signature": b"v1,\xff\xfe"},
    "only the version": lambda body: signed(body, "msg_1") | {"webhook-signature": "v1,"},
    "half svix": lambda body: without(signed_by_svix(body, "msg_1"), "svix-id") | {"webhook-id": "msg_1"},
    "an API key": lambda _: {"Authorization": "Bearer gwk_0a1b2c3d_0a1b2c3d"},
}


def signed_with_time(said: str) -> dict[str, str]:
    content = f"msg_1.{said}.".encode() + event(1)
    sign = base64.b64encode(hmac.new(b"the newest of all secrets", content, "sha256").digest()).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": said, "webhook-signature": f"v1,{sign}"}


@pytest.mark.parametrize(
    "said", ["soon", "9" * 13, "9" * 40, "-1", "0x1", "1e9", "0001-01-01T00:00:00+23:59", "2026-05-01T00:00:00"]
)
def test_a_time_that_is_none_proves_nothing_though_it_is_signed(http, hooked, said):
    assert post(http, event(1), signed_with_time(str(int(clock.now().timestamp())))).status_code == 200
    assert post(http, event(1), signed_with_time(said)).status_code == 401


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_stands_there_twice_proves_nothing(web, hooked, name):
    """On a real line: a client in the process would join the two."""
    told = signed(event(1), "msg_1")
    twice = web.post(PATH, content=event(1), headers=[*told.items(), (name, told[name])])
    assert twice.status_code == 401
    assert web.post(PATH, content=event(1), headers=told).status_code == 200


UNEXPECTED = ["/v1/webhooks/acme/silent", "/v1/webhooks/acme/none", "/v1/webhooks/nobody/changes",
              "/v1/webhooks/initech/changes", "/v1/webhooks/%00/%00", "/v1/webhooks/a'%22;--/%ff"]  # fmt: skip


def told(answer):
    """All that a caller learns, but for what differs with each answer anyway."""
    body = without(answer.json(), "request_id")
    return answer.status_code, body, without(dict(answer.headers), "x-request-id")


@pytest.mark.parametrize("how", BAD)
def test_what_proves_nothing_is_refused_alike_whatever_is_wrong(http, hooked, how):
    answer = post(http, event(1), BAD[how](event(1)))
    assert (answer.status_code, answer.json()["error"]) == (401, "unproven"), answer.text
    assert told(answer) == told(post(http, event(1), {}))
    assert imports(hooked) == []


@pytest.mark.parametrize("path", UNEXPECTED)
def test_who_is_no_partner_and_which_feed_takes_no_calls_cannot_be_told(http, hooked, path):
    for headers in ({}, signed(event(1), "msg_1")):
        assert told(post(http, event(1), headers, path)) == told(post(http, event(1), {}))


def test_neither_a_partner_nor_a_firm_that_is_deactivated_sends_anything(http, hooked):
    for query in ("UPDATE partners SET status = 'deactivated'", "UPDATE firms SET status = 'deactivated'"):
        with hooked.office.db.system() as session:
            session.execute(text(query))
        assert post(http, event(1), signed(event(1), "msg_1")).status_code == 401
        with hooked.office.db.system() as session:
            session.execute(text(query.replace("deactivated", "active")))
    assert post(http, event(1), signed(event(1), "msg_1")).status_code == 200


def test_another_firms_secret_of_the_same_name_proves_nothing(http, hooked, settings):
    other = settings.secrets_dir / "harbor"
    other.mkdir()
    harbors = "whsec_" + base64.b64encode(b"of the other firm").decode()
    (other / "HOOK_NEW").write_text(harbors)
    assert post(http, event(1), signed(event(1), "msg_1", harbors)).status_code == 401


def test_a_secret_that_is_no_base64_is_told_to_the_log_and_nobody_else(http, hooked, secrets):
    secrets(HOOK_NEW="whsec_%", HOOK_OLD="whsec_%")
    assert post(http, event(1), signed(event(1), "msg_1")).status_code == 401


@pytest.mark.parametrize("size", [(1 << 20) + 1, 10 << 20])
@pytest.mark.parametrize("path", [PATH, "/v1/webhooks/nobody/changes"])
def test_a_body_of_megabytes_is_refused_before_anything_is_verified(http, hooked, size, path):
    answer = post(http, b"x" * size, {}, path)
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


def test_a_body_in_chunks_is_taken_and_one_without_an_end_is_not(http, hooked):
    def chunks(body):
        yield body[:5]
        yield body[5:]

    assert post(http, chunks(event(1)), signed(event(1), "msg_1")).status_code == 200
    assert post(http, (b"x" * 100_000 for _ in range(20)), {}).status_code == 413


def test_a_proven_call_that_brings_nothing_is_told_so(http, hooked):
    answer = post(http, b"", signed(b"", "msg_1"))
    assert (answer.status_code, answer.json()["error"]) == (400, "empty_body")


def test_what_is_no_json_is_a_file_that_is_refused_with_a_receipt(http, hooked):
    broken = b'{"data": [{"id": '
    answer = post(http, broken, signed(broken, "msg_1"))
    assert answer.status_code == 200
    import_id = UUID(answer.json()["import_id"])
    finish(hooked.office, find_home(hooked.office, "acme"), import_id)
    assert hooked.account(import_id)["state"] == "refused"


def test_calls_count_against_the_limits_of_their_partner_once_they_are_proven(http, hooked):
    with hooked.office.db.system() as session:
        session.execute(text("INSERT INTO rate_limits SELECT id, 'files', 'files', 2 FROM firms"))
    for _ in range(5):
        assert post(http, event(1), {}).status_code == 401, "nobody uses up another's"
    answers = [post(http, event(1), signed(event(1), f"msg_{number}")) for number in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert len(imports(hooked)) == 2


def test_calls_are_counted_by_what_became_of_them(http, hooked):
    metrics.take()
    post(http, event(1), signed(event(1), "msg_1"))
    post(http, event(1), signed(event(1), "msg_1"))
    post(http, event(1), {})
    post(http, event(1), {}, "/v1/webhooks/nobody/changes")
    counted = {note.labels: value for note, value in metrics.take().items() if "webhook" in note.metric}
    assert counted == {
        ("acme", "taken"): 1,
        ("acme", "repeated"): 1,
        ("acme", "unproven"): 1,
        ("nobody", "unproven"): 1,
    }


# ------------------------------------------------------------------------------------------------ other proofs


def digest(content, key=b"old secret", algorithm="sha256"):
    return hmac.new(key, content, algorithm)


HMAC = """{via: webhook, name: 'changes_{time}.json', secret: [PLAIN_NEW, PLAIN_OLD], id: X-Delivery,
           proof: {type: hmac, header: X-Sign, prefix: 'sha256='}}"""
TIMED = """{via: webhook, name: 'changes_{time}.json', secret: PLAIN_OLD, id: X-Delivery,
           proof: {type: hmac, header: X-Sign, encoding: base64, algorithm: sha512, timestamp: X-Time, tolerance: 60,
                   signed: 'v0:{id}:{timestamp}:{body}'}}"""
BEARER = "{via: webhook, name: 'changes_{time}.json', secret: [PLAIN_NEW, PLAIN_OLD], proof: {type: bearer}}"
KEY = "{via: webhook, name: 'changes_{time}.json', secret: PLAIN_OLD, id: X-Delivery, proof: {type: bearer, header: X-Key}}"


@pytest.fixture
def by(inbox, secrets):
    secrets(PLAIN_NEW="new secret", PLAIN_OLD="old secret")

    def apply(arrival):
        inbox.apply(settings_with(arrival))

    return apply


def test_an_hmac_of_the_body_proves_a_call_in_either_case_of_its_digits(http, by):
    by(HMAC)
    sign = digest(event(1)).hexdigest()
    for call_id, given in (("1", f"sha256={sign}"), ("2", f"sha256={sign.upper()}")):
        assert post(http, event(1), {"X-Sign": given, "X-Delivery": call_id}).status_code == 200
    new = digest(event(1), b"new secret").hexdigest()
    assert post(http, event(1), {"X-Sign": f"sha256={new}", "X-Delivery": "3"}).status_code == 200
    for wrong in (sign, f"sha1={sign}", "sha256=", f"sha256={sign}0", f"sha256= {sign}"):
        assert post(http, event(1), {"X-Sign": wrong, "X-Delivery": "4"}).status_code == 401


def test_a_proven_call_without_the_id_that_is_agreed_is_told_so(http, by):
    by(HMAC)
    answer = post(http, event(1), {"X-Sign": f"sha256={digest(event(1)).hexdigest()}"})
    assert (answer.status_code, answer.json()["error"]) == (400, "id_missing")
    assert "X-Delivery" in answer.json()["message"]
    long = {"X-Sign": f"sha256={digest(event(1)).hexdigest()}", "X-Delivery": "x" * 256}
    assert post(http, event(1), long).status_code == 400


@pytest.mark.parametrize("call_id", ["msg.1", "x" * 256, "caf\u00e9", "a b"])
def test_a_standard_call_whose_id_is_none_is_told_so_and_is_not_known_by_its_body(http, hooked, call_id):
    told = {name: value.encode() for name, value in signed(event(1), call_id).items()}
    answer = post(http, event(1), told)
    assert (answer.status_code, answer.json()["error"]) == (400, "id_missing")
    assert "webhook-id" in answer.json()["message"]
    assert imports(hooked) == []


def test_one_signature_proves_no_second_call_with_an_id_and_a_time_cut_elsewhere(http, by, inbox):
    by(TIMED)
    now = str(int(clock.now().timestamp()))
    sign = base64.b64encode(digest(f"v0:d:{now}:{now}:".encode() + event(1), algorithm="sha512").digest()).decode()
    assert post(http, event(1), {"X-Sign": sign, "X-Time": now, "X-Delivery": f"d:{now}"}).status_code == 401
    assert imports(inbox) == []


@pytest.mark.parametrize("form", ["seconds", "milliseconds", "iso"])
@pytest.mark.parametrize(("off", "status"), [(0, 200), (59, 200), (-58, 200), (70, 401), (-70, 401)])
def test_an_hmac_may_sign_its_time_and_its_id_too(http, by, form, off, status):
    by(TIMED)
    at = clock.now() + timedelta(seconds=off)
    seconds = int(at.timestamp())
    said = {"seconds": str(seconds), "milliseconds": str(seconds * 1_000), "iso": at.isoformat()}[form]
    content = f"v0:d-1:{said}:".encode() + event(1)
    sign = base64.b64encode(digest(content, algorithm="sha512").digest()).decode()
    assert post(http, event(1), {"X-Sign": sign, "X-Time": said, "X-Delivery": "d-1"}).status_code == status
    assert post(http, event(1), {"X-Sign": sign, "X-Time": said, "X-Delivery": "d-2"}).status_code == 401


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("Bearer new secret", 200),
        ("bearer old secret", 200),
        ("Bearer old secre", 401),
        ("Basic old secret", 401),
        ("Bearer ", 401),
        ("old secret", 401),
    ],
)
def test_a_bearer_secret_proves_a_call(http, by, given, status):
    by(BEARER)
    assert post(http, event(1), {"Authorization": given}).status_code == status


def test_a_secret_may_come_in_a_header_of_its_own(http, by):
    by(KEY)
    assert post(http, event(1), {"X-Key": "old secret", "X-Delivery": "1"}).status_code == 200
    assert post(http, event(1), {"X-Key": "other", "X-Delivery": "1"}).status_code == 401


def test_where_no_id_is_agreed_the_same_body_is_the_same_call(http, by, inbox):
    by(BEARER)
    bearer = {"Authorization": "Bearer old secret"}
    first, again, other = (post(http, event(one), bearer).json()["import_id"] for one in (1, 1, 2))
    assert first == again != other
    assert len(imports(inbox)) == 2


# ------------------------------------------------------------------------------------------------ notices


def test_a_buckets_notice_has_the_feeds_places_looked_at_once(http, by, inbox):
    by("{via: drop}, {via: webhook, secret: PLAIN_OLD, proof: {type: bearer}, look: true}")
    notice = json.dumps({"EventName": "s3:ObjectCreated:Put", "Key": "out/changes_1.json"}).encode()
    bearer = {"Authorization": "Bearer old secret"}
    told = [post(http, notice, bearer) for _ in range(2)]
    assert [(one.status_code, one.json()) for one in told] == [(200, {"people": 0})] * 2
    assert inbox.sql("SELECT kind, state, count(*)::int FROM jobs WHERE queue = 'arrivals' GROUP BY 1, 2") == [
        ("arrivals.look", "waiting", 1)
    ]
    assert not imports(inbox)
    assert post(http, notice, {"Authorization": "Bearer wrong"}).status_code == 401


# ------------------------------------------------------------------------------------------------ in time


def test_most_calls_are_answered_within_200_milliseconds(web, hooked):
    seconds = []
    for number in range(30):
        body = event(number)
        headers = signed(body, f"msg_{number}")
        begun = time.perf_counter()
        assert post(web, body, headers).status_code == 200
        seconds.append(time.perf_counter() - begun)
    assert statistics.median(seconds) < 0.2


def test_the_secrets_of_a_header_are_compared_in_constant_time(monkeypatch):
    """All pairs are compared, by what takes the same time wherever they differ."""
    compared = []

    def watched(one, other):
        compared.append((one, other))
        return real(one, other)

    real = hmac.compare_digest
    monkeypatch.setattr(proofs.hmac, "compare_digest", watched)
    call = proofs.Call({"authorization": ["Bearer first"]}, b"x")
    assert proofs.Bearer().proves(call, ["first", "second"], clock.now(), None)
    assert [other for _, other in compared] == [b"first", b"second"]
