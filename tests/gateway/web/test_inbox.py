"""The bell of staff: kept in order, walled, opened once, and told at once by whichever process has the stream."""

import json
import threading
from contextlib import contextmanager

import pytest
from helpers.by_channel import WORDS, envelope, state_of
from helpers.callers import ME
from helpers.inbox import people
from helpers.passing import passed
from helpers.servers import until
from msgspec.structs import replace
from sqlalchemy import text

from gateway.domain.access.accounts import deactivate_staff, find_staff
from gateway.domain.people import walls
from gateway.domain.people.walls import NewWall
from gateway.web import belling
from outbound.notify.channels.base import Recipient
from outbound.notify.channels.in_app import IN_APP

BOUND = 20


@pytest.fixture
def ring(office, tenants):
    """Put a message under somebody's bell; its dispatch."""

    def ring(role="viewer", subject="A passport ends", **more):
        who = Recipient(tenants.staff[role])
        one = envelope(office, tenants.northgate, who, [""], "in_app")
        for table, values in more.items():
            told(office, tenants, one.id, table, values)
        with IN_APP.open(office) as line:
            taken = line.send(passed(one.id), one, replace(WORDS, subject=subject))
        assert taken.fate == "delivered"
        with office.db.system() as session:  # as the engine notes it
            session.execute(text("UPDATE dispatches SET state = 'delivered' WHERE id = :id"), {"id": one.id})
        return one

    return ring


def told(office, tenants, dispatch_id, what, value):
    with office.db.firm(tenants.northgate) as session:
        if what == "partner":
            session.execute(text("UPDATE notifications SET partner_id = :value WHERE id = (SELECT notification_id FROM dispatches WHERE id = :id)"), {"value": value, "id": dispatch_id})  # fmt: skip
        else:
            session.execute(
                text(
                    "INSERT INTO notices (firm_id, client_id, document_id, expires_on, lead, days_left, role, staff_id, channel, due_on, dispatch_id)"
                    " SELECT firm_id, client_id, id, '2030-05-31', 30, 30, 'attorney', :staff, 'in_app', '2030-05-01', :id FROM documents WHERE client_id = :value"
                ),
                {"value": value, "id": dispatch_id, "staff": tenants.staff["viewer"]},
            )


def shown(http, headers, **params):
    answer = http.get("/v1/inbox", params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def subjects(http, headers, **params):
    return [one["subject"] for one in shown(http, headers, **params)["data"]]


# ---------------------------------------------------------------- listed and read


def test_messages_are_listed_in_order_and_go_on_behind_one(http, as_staff, ring):
    for subject in "abc":
        ring(subject=subject)
    viewer = as_staff("viewer")
    found = shown(http, viewer, limit=2)
    assert ([one["subject"] for one in found["data"]], found["unread"]) == (["b", "c"], 3)
    first = shown(http, viewer, after=0, limit=2)
    assert ([one["subject"] for one in first["data"]], first["has_more"]) == (["a", "b"], True)
    assert subjects(http, viewer, after=first["data"][-1]["seq"]) == ["c"]
    assert (found["data"][0]["text"], found["data"][0]["link"]) == (WORDS.short, WORDS.link)


def test_nobody_sees_or_opens_a_colleagues_message(http, as_staff, ring):
    ring()
    [one] = shown(http, as_staff("viewer"))["data"]
    for other in ("admin", "stranger"):
        assert subjects(http, as_staff(other)) == []
        assert http.post(f"/v1/inbox/{one['id']}/read", headers=as_staff(other)).status_code == 404


def test_partners_have_no_bell(http, acme_key):
    for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/0197a3c2-5e10-7c4e-9d2b-4f00000000ff/read")):
        assert http.request(method, f"/v1/inbox{path}", headers=acme_key).status_code == 403


def test_the_same_dispatch_twice_is_one_message(http, as_staff, ring, office):
    one = ring()
    with IN_APP.open(office) as line:
        again = line.send(passed(one.id), one, WORDS)
    assert [message["id"] for message in shown(http, as_staff("viewer"))["data"]] == [again.ref]
    assert IN_APP.ask(office, None, one) == "delivered"


def test_opening_counts_once_and_is_the_receipt(http, as_staff, ring, office):
    one, viewer = ring(), as_staff("viewer")
    [message] = shown(http, viewer)["data"]
    first, second = (http.post(f"/v1/inbox/{message['id']}/read", headers=viewer).json() for _ in range(2))
    assert first["read_at"] == second["read_at"] is not None
    assert (state_of(office, one.id), IN_APP.ask(office, None, one)) == ("opened", "opened")
    assert shown(http, viewer)["unread"] == 0


def test_a_number_is_never_used_again(http, as_staff, ring, office):
    ring(subject="a")
    viewer = as_staff("viewer")
    [one] = shown(http, viewer)["data"]
    with office.db.system() as session:
        session.execute(text("DELETE FROM inbox_messages"))
    ring(subject="b")
    assert subjects(http, viewer, after=one["seq"]) == ["b"]


def test_many_at_once_leave_no_message_behind_a_number_that_was_seen(http, as_staff, ring):
    threads = [threading.Thread(target=ring) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    numbers = [one["seq"] for one in shown(http, as_staff("viewer"), after=0)["data"]]
    assert numbers == list(range(1, 7))


def test_the_words_lie_encrypted(all_rows, ring):
    ring(subject="Ana Silva's passport")
    assert "Silva" not in "".join(all_rows()["inbox_messages"])


# ---------------------------------------------------------------- walls and erasure


@pytest.fixture
def person(inbox):
    inbox.drop("roster_20260301.csv", people(1, passport="FX1", passport_expiry="05/31/2030"))
    [(client_id,)] = inbox.sql("SELECT id FROM clients")
    return client_id


def test_a_wall_hides_what_tells_of_the_person_or_the_partner(http, as_staff, ring, office, tenants, person):
    ring(subject="person", notice=person)
    ring(subject="partner", partner=tenants.acme)
    ring(subject="other")
    viewer = as_staff("viewer")
    assert subjects(http, viewer) == ["person", "partner", "other"]
    with office.acting(tenants.northgate, ME) as acting:
        walls.add(acting, NewWall(tenants.staff["viewer"], person, None, "her sister"))
    assert subjects(http, viewer) == ["partner", "other"]
    with office.acting(tenants.northgate, ME) as acting:
        walls.add(acting, NewWall(tenants.staff["viewer"], None, tenants.acme, "her brother works there"))
    found = shown(http, viewer)
    assert ([one["subject"] for one in found["data"]], found["unread"]) == (["other"], 1)


def test_an_erased_person_is_in_no_message(http, as_staff, ring, office, tenants, person):
    ring(subject="person", notice=person)
    ring(subject="partner", partner=tenants.acme)
    ring(subject="other")
    answer = http.post(f"/v1/clients/{person}/erasure", json={"reason": "asked for"}, headers=as_staff("admin"))
    assert answer.status_code == 201, answer.text
    assert subjects(http, as_staff("viewer")) == ["other"]


# ---------------------------------------------------------------- told at once


@contextmanager
def listening(web, headers, **params):
    with web.stream("GET", "/v1/inbox/events", headers=headers, params=params) as stream:
        assert stream.status_code == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        yield stream.iter_lines()


def following(lines):
    """The next event: its name, its id, and what it tells."""
    found = {}
    for line in lines:
        if not line and "data" in found:
            return found.get("event"), found.get("id"), json.loads(found["data"])
        name, _, value = line.partition(": ")
        found[name] = value
    raise EOFError


def alive(lines):
    """Until the stream has looked, and waits."""
    assert next(line for line in lines if line.startswith(":")) == ": still here"


def test_what_comes_is_told_at_once(web, as_staff, ring):
    with listening(web, as_staff("viewer")) as lines:
        alive(lines)
        ring("admin", "for another")
        ring(subject="for me")
        name, number, told = following(lines)
    assert (name, number, told["subject"]) == ("message", str(told["seq"]), "for me")


def test_a_stream_that_broke_goes_on_behind_its_last_event(web, as_staff, ring):
    for subject in "abc":
        ring(subject=subject)
    viewer = as_staff("viewer")
    with listening(web, viewer | {"Last-Event-ID": "1"}, after=0) as lines:
        assert [following(lines)[2]["subject"] for _ in range(2)] == ["b", "c"]
    with listening(web, viewer, after=2) as lines:
        assert following(lines)[2]["subject"] == "c"
    assert web.get("/v1/inbox/events", headers=viewer | {"Last-Event-ID": "x"}).json()["error"] == "bad_event_id"


def test_more_than_a_page_is_told_without_waiting(web, as_staff, ring, monkeypatch):
    monkeypatch.setattr(belling.inbox, "MOST", 2)
    monkeypatch.setattr(belling, "LOOK_SECONDS", 60.0)
    for number in range(5):
        ring(subject=str(number))
    with listening(web, as_staff("viewer"), after=0) as lines:
        assert [following(lines)[2]["subject"] for _ in range(5)] == list("01234")


def sql(office, statement):
    with office.db.system() as session:
        session.execute(text(statement))


def leave(office, tenants):
    with office.acting(tenants.northgate, ME) as acting:
        deactivate_staff(acting, find_staff(acting, "viewer@northgate.example"))


ENDINGS = {
    "the session is ended": lambda office, _: sql(office, "UPDATE sessions SET ended_at = gateway_now()"),
    "the session expires": lambda office, _: sql(office, "UPDATE sessions SET expires_at = gateway_now()"),
    "the person leaves": leave,
    "the firm ends": lambda office, _: sql(office, "UPDATE firms SET status = 'deactivated'"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_stream_ends_with_the_session(web, as_staff, office, tenants, ring, ending, monkeypatch):
    monkeypatch.setattr(belling, "LOOK_SECONDS", 0.2)
    with listening(web, as_staff("viewer")) as lines:
        alive(lines)
        ENDINGS[ending](office, tenants)
        ring(subject="too late")
        assert following(lines)[0] == "closed"
        with pytest.raises(EOFError):
            following(lines)


def test_a_wall_that_is_put_up_meanwhile_holds_in_an_open_stream(web, as_staff, office, tenants, ring):
    with listening(web, as_staff("viewer")) as lines:
        alive(lines)
        with office.acting(tenants.northgate, ME) as acting:
            walls.add(acting, NewWall(tenants.staff["viewer"], None, tenants.acme, "her brother works there"))
        ring(subject="walled", partner=tenants.acme)
        ring(subject="seen")
        assert following(lines)[2]["subject"] == "seen"


def test_one_person_has_four_streams_at_most_and_gets_a_place_back(web, as_staff):
    from contextlib import ExitStack

    viewer = as_staff("viewer")
    with ExitStack() as open_ones:
        kept = [open_ones.enter_context(listening(web, viewer)) for _ in range(4)]
        for lines in kept:
            alive(lines)
        fifth = web.get("/v1/inbox/events", headers=viewer)
        assert (fifth.status_code, fifth.json()["error"]) == (429, "too_many_at_once")
        with listening(web, as_staff("admin")) as lines:
            alive(lines)
    until(lambda: opens(web, viewer))


def test_a_reader_who_lost_the_database_for_a_moment_misses_nothing(web, as_staff, ring, office):
    with listening(web, as_staff("viewer")) as lines:
        alive(lines)
        with office.db.system() as session:
            session.execute(text("SELECT 1"))
        kill_listeners(office)
        ring(subject="meanwhile")
        assert following(lines)[2]["subject"] == "meanwhile"


def opens(web, headers):
    with web.stream("GET", "/v1/inbox/events", headers=headers) as stream:
        return stream.status_code == 200


def kill_listeners(office):
    import psycopg

    plain = office.settings.database_url.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(plain, autocommit=True) as connection:
        found = connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gateway listener' AND usename = current_user").fetchall()  # fmt: skip
    assert found
