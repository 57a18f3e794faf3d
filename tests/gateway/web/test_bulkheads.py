"""Many at once: what one caller holds open, or has made, leaves room for everybody else; over real sockets."""

import socket
import threading
from contextlib import ExitStack

import httpx
import pytest
from helpers.callers import PASSWORD
from helpers.inbox import people, person
from helpers.servers import until

from gateway.db.session import lock_partner
from gateway.web.bulkheads import FOLLOWERS_EACH, HEAVY_EACH, READING_EACH, SIGN_INS_EACH, SIGNING_IN, STORING

REPORT = "/v1/reports/import_errors"


@pytest.fixture
def globex_key(key_of, tenants):
    return key_of(tenants.northgate, tenants.globex)


def sent(web, headers):
    """The address of an import that nobody takes up."""
    answer = web.post("/v1/files", files={"file": ("roster_20260301.csv", b"EMP_ID\nE1\n")}, headers=headers)
    return answer.json()["imports"][0]["status_url"]


def listeners(inbox):
    return inbox.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'gateway listener'"
    )[0][0]


def test_many_who_follow_imports_share_one_connection_and_one_caller_leaves_room(
    web, acme_key, globex_key, inbox, as_staff
):
    url = f"{sent(web, acme_key)}/events"
    kept = []  # an iterator that is let go closes its stream
    with ExitStack() as opened:

        def follow(headers, url=url):
            stream = opened.enter_context(web.stream("GET", url, headers=headers))
            kept.append(stream.iter_lines())
            assert next(kept[-1]) == "event: progress"
            return stream

        first, *_ = [follow(acme_key) for _ in range(FOLLOWERS_EACH)]
        refused = web.get(url, headers=acme_key)
        assert (refused.status_code, refused.json()["error"]) == (429, "too_many_at_once")
        assert int(refused.headers["retry-after"]) > 0
        follow(as_staff("viewer"))
        follow(globex_key, f"{sent(web, globex_key)}/events")
        assert listeners(inbox) == 1

        first.close()

        def has_room():
            with web.stream("GET", url, headers=acme_key) as again:
                return again.status_code == 200

        until(has_room)


def test_one_caller_has_few_reports_made_as_workbooks_at_once(service, web, acme_key, globex_key, tenants):
    with ExitStack() as held:
        for _ in range(HEAVY_EACH):
            held.enter_context(service.config.app.state.heavy.within(str(tenants.acme)))
        refused = web.get(REPORT, params={"format": "xlsx"}, headers=acme_key)
        assert (refused.status_code, refused.json()["error"]) == (429, "too_many_at_once")
        assert web.get(REPORT, params={"format": "xlsx"}, headers=globex_key).status_code == 200
        assert web.get(REPORT, params={"format": "csv"}, headers=acme_key).status_code == 200
    assert web.get(REPORT, params={"format": "xlsx"}, headers=acme_key).status_code == 200


def test_one_caller_has_few_workbooks_made_at_once(service, web, acme_key, inbox, tenants):
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, dob="soon")])
    url = f"/v1/imports/{told['import_id']}/errors"
    with ExitStack() as held:
        for _ in range(HEAVY_EACH):
            held.enter_context(service.config.app.state.heavy.within(str(tenants.acme)))
        assert web.get(url, params={"format": "xlsx"}, headers=acme_key).status_code == 429
        assert web.get(url, params={"format": "csv"}, headers=acme_key).status_code == 200  # lies there made
    assert web.get(url, params={"format": "xlsx"}, headers=acme_key).status_code == 200


def test_files_refused_because_of_too_many_at_once_are_not_counted_against_the_hour(service, web, acme_key, tenants):
    with ExitStack() as held:
        for _ in range(READING_EACH):
            held.enter_context(service.config.app.state.readers.within(str(tenants.acme)))
        refused = web.post("/v1/files", files={"file": ("roster_20260301.csv", b"EMP_ID\n")}, headers=acme_key)
        assert (refused.status_code, refused.json()["error"]) == (429, "too_many_at_once")
    taken = web.post("/v1/files", files={"file": ("roster_20260301.csv", b"EMP_ID\n")}, headers=acme_key)
    assert (taken.status_code, '"files";r=299;' in taken.headers["ratelimit"]) == (202, True)


def test_all_callers_together_have_room_for_quick_requests_left(service, web, acme_key):
    heavy = service.config.app.state.heavy
    with ExitStack() as held:
        for number in range(heavy.most):
            held.enter_context(heavy.within(f"caller {number}"))
        refused = web.get(REPORT, params={"format": "xlsx"}, headers=acme_key)
        assert (refused.status_code, refused.json()["error"]) == (503, "busy")
        assert web.get("/v1/me", headers=acme_key).status_code == 200


HALF = "POST /v1/files HTTP/1.1\r\nHost: gateway\r\nAuthorization: {0}\r\nContent-Length: 10000\r\nContent-Type: {1}\r\n\r\n"


def half_sent(service, headers):
    """A file of which no byte comes; its sender waits."""
    made = socket.create_connection(("127.0.0.1", service.config.port))
    made.sendall(HALF.format(headers["Authorization"], "multipart/form-data; boundary=x").encode())
    return made


def test_one_caller_sends_few_files_at_once_and_is_told_before_the_next_is_read(service, web, acme_key, globex_key):
    readers = service.config.app.state.readers
    with ExitStack() as opened:
        for number in range(READING_EACH):
            opened.enter_context(half_sent(service, acme_key))
            until(lambda number=number: readers.inside == number + 1)
        with half_sent(service, acme_key) as refused:
            assert b" 429 " in refused.recv(10_000)
        for path, body in (("/v1/records/roster", {"rows": [person(1)]}), ("/v1/files", None)):
            assert web.post(path, json=body, headers=acme_key).status_code == 429, path
        assert sent(web, globex_key)
        assert web.get("/v1/me", headers=acme_key).status_code == 200
    until(lambda: readers.inside == 0)
    assert sent(web, acme_key)


def test_settings_and_files_that_are_taken_again_count_as_well(service, web, as_staff, inbox, tenants):
    admin = as_staff("admin")
    told = inbox.drop("roster_20260301.csv", people(3))
    asked = (
        ("/v1/partners/acme/configs/check", {"source": ""}),
        ("/v1/partners/acme/configs", {"source": ""}),
        (f"/v1/imports/{told['import_id']}/replay", None),
    )
    with ExitStack() as held:
        for _ in range(READING_EACH):
            held.enter_context(service.config.app.state.readers.within(str(tenants.staff["admin"])))
        assert [web.post(path, json=body, headers=admin).status_code for path, body in asked] == [429] * 3
    assert web.post(asked[-1][0], headers=admin).status_code == 202


def test_files_that_wait_to_be_stored_hold_no_thread_that_others_need(service, web, acme_key, globex_key):
    storing = service.config.app.state.storing
    answers = []
    with ExitStack() as held:
        for number in range(STORING):
            storing.acquire_on_behalf_of_nowait(number)
            held.callback(storing.release_on_behalf_of, number)
        senders = [threading.Thread(target=lambda: answers.append(sent(web, acme_key))) for _ in range(READING_EACH)]
        for one in senders:
            one.start()
        until(lambda: storing.statistics().tasks_waiting == READING_EACH)
        assert web.get("/v1/me", headers=globex_key).status_code == 200
        assert not answers
    for one in senders:
        one.join(20)
    assert len(answers) == READING_EACH


def test_a_crowd_that_signs_in_holds_no_thread_that_others_need_and_has_an_end(
    service, web, globex_key, monkeypatch, with_password
):
    assert sign_in_at(web, "192.0.2.10") == 200
    sign_ins, signing_in = service.config.app.state.lobby.others
    monkeypatch.setattr(sign_ins, "most", SIGN_INS_EACH + 10)
    answers = []

    def sign_in(address):
        body = {"email": "nobody@northgate.example", "password": "wrong"}
        with httpx.Client(base_url=web.base_url, timeout=60) as own:
            answers.append(own.post("/v1/auth/login", json=body, headers={"X-Forwarded-For": address}).status_code)

    addresses = [f"198.51.100.{number}" for number in range(10)]
    with ExitStack() as held:
        for number in range(SIGNING_IN):
            signing_in.acquire_on_behalf_of_nowait(number)
            held.callback(signing_in.release_on_behalf_of, number)
        crowd = [threading.Thread(target=sign_in, args=["203.0.113.7"]) for _ in range(SIGN_INS_EACH + 3)]
        crowd += [threading.Thread(target=sign_in, args=[address]) for address in addresses]
        for one in crowd:
            one.start()
        until(lambda: sign_ins.inside == sign_ins.most and answers == [429] * 3)
        assert web.get("/v1/me", headers=globex_key).status_code == 200
        sign_in("198.51.100.100")
        assert answers == [429] * 3 + [503]
        assert sign_in_at(web, "192.0.2.10") == 200
    for one in crowd:
        one.join(60)
    assert len(answers) == len(crowd) + 1
    assert sign_ins.inside == 0


def sign_in_at(web, address):
    body = {"email": "paralegal@northgate.example", "password": PASSWORD}
    with httpx.Client(base_url=web.base_url, timeout=60) as own:
        return own.post("/v1/auth/login", json=body, headers={"X-Forwarded-For": address}).status_code


def test_rows_that_wait_for_their_partners_turn_leave_room_for_others(web, acme_key, globex_key, inbox, db, tenants):
    inbox.drop("roster_20260301.csv", people(3))
    body = {"rows": [person(1, salary="70000")]}
    answers = []

    def send():
        with httpx.Client(base_url=web.base_url, timeout=60) as own:
            answers.append(own.post("/v1/records/roster", json=body, headers=acme_key).status_code)

    threads = [threading.Thread(target=send) for _ in range(20)]
    with db.firm(tenants.northgate) as session:
        lock_partner(session, tenants.acme)  # as a file does that is being loaded
        for one in threads:
            one.start()
        until(lambda: answers.count(429) >= 10)
        assert web.get("/v1/me", headers=globex_key).status_code == 200
    for one in threads:
        one.join()
    assert set(answers) <= {200, 409, 429}  # 409 where their patience ended first


def test_whoever_hangs_up_in_the_middle_of_a_file_alarms_nobody(service, web, acme_key, capfd):
    head = (
        f"POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nAuthorization: {acme_key['Authorization']}\r\n"
    )
    told = ""
    with socket.create_connection(("127.0.0.1", service.config.port)) as caller:
        caller.sendall(f"{head}Content-Type: multipart/form-data; boundary=B\r\n\r\n--B\r\n".encode())

    def is_over():
        nonlocal told
        told += capfd.readouterr().err
        return "path=/v1/files" in told

    until(is_over)
    assert "status=400" in told
    assert "Traceback" not in told
