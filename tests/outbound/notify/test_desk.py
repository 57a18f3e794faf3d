"""Notices as people see them: found, explained, let leave again, released, cancelled; within their firm and its walls."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from helpers.callers import asking, staff_headers
from helpers.inbox import ME, people
from sqlalchemy import insert

from gateway.db.models import Dispatch, GateDecision, Notice, Wall
from gateway.domain.people.erasure import erase
from gateway.wings import ERASERS
from outbound.notify import erasing, explaining

URL = "/v1/notices"
ENDS = date(2030, 5, 1)


@pytest.fixture
def http(settings, make):
    with asking(settings) as one:
        yield one


@pytest.fixture
def staff(office, tenants):
    return lambda role: staff_headers(office, tenants.northgate, tenants.staff[role])


@pytest.fixture
def told_of(make, inbox, office, tenants):
    """A dispatch that tells staff of papers of these people."""

    leads = iter((60, 30, 14, 7, 3, 1))

    def tell(*employees, **told):
        [dispatch] = make(kind="expiry", **told)
        for employee in employees:
            [(client_id, document_id)] = inbox.sql(
                "SELECT c.id, d.id FROM clients c JOIN documents d ON d.client_id = c.id"
                " WHERE c.employee_id = %s ORDER BY d.id LIMIT 1",
                employee,
            )
            with office.db.firm(tenants.northgate) as session:
                session.add(
                    Notice(
                        firm_id=tenants.northgate,
                        client_id=client_id,
                        document_id=document_id,
                        expires_on=ENDS,
                        lead=next(leads),
                        days_left=58,
                        role="admin",
                        staff_id=tenants.staff["admin"],
                        channel="email",
                        due_on=ENDS - timedelta(days=58),
                        dispatch_id=dispatch,
                    )
                )
        return dispatch

    return tell


@pytest.fixture
def two_people(inbox):
    inbox.drop("roster_20260301.csv", people(2, passport="P"))


def test_a_list_is_narrowed_and_paged(http, staff, make, work):
    made = make(3)
    work()
    make(ended_code="stop")
    work()
    assert len(http.get(URL, headers=staff("viewer")).json()["data"]) == 4
    [stopped] = http.get(f"{URL}?state=withheld", headers=staff("viewer")).json()["data"]
    assert (stopped["ended_code"], stopped["recipient"]) == ("opted_out", "admin (admin)")
    first = http.get(f"{URL}?state=sent&limit=2", headers=staff("viewer")).json()
    rest = http.get(f"{URL}?state=sent&cursor={first['pagination']['next_cursor']}", headers=staff("viewer")).json()
    assert {one["id"] for one in first["data"] + rest["data"]} == set(map(str, made))
    assert http.get(f"{URL}?channel=emial", headers=staff("viewer")).status_code == 404


def test_a_list_is_narrowed_to_what_is_told_of_one_person_to_whomever(http, staff, two_people, told_of, make, inbox):
    both, other = told_of("E1", "E2"), told_of("E2")
    ids = dict(inbox.sql("SELECT employee_id, id FROM clients"))
    make()
    for who, told in (("E1", {both}), ("E2", {both, other})):
        found = http.get(f"{URL}?about={ids[who]}", headers=staff("viewer")).json()["data"]
        assert {one["id"] for one in found} == {str(one) for one in told}
    assert http.get(f"{URL}?about={ENDS}", headers=staff("viewer")).status_code == 400


def test_it_is_explained_in_sentences(http, staff, two_people, told_of, work, post_office):
    post_office.answers["RCPT"] = "550 no such mailbox"
    dispatch = told_of("E1")
    work()
    told = http.get(f"{URL}/{dispatch}/explain", headers=staff("paralegal")).json()
    text = "\n".join(told["sentences"])
    assert "a reminder of papers that end, by email, to admin (admin), normal" in text
    assert "lead_times." in text
    assert "60 days before, and 58 were left" in text
    assert "the gate let it leave on its way as reminder" in text
    assert "attempt 1 was refused (mail_rejected)." in text
    assert "550 no such mailbox" in text
    assert text.endswith("It was refused for good (mail_rejected). `gateway notice retry` lets it leave again.")


def test_what_failed_leaves_again_over_the_gate(http, staff, make, work, rows, post_office, inbox):
    post_office.answers["RCPT"] = "550 no such mailbox"
    [one] = make()
    work()
    assert http.post(f"{URL}/{one}/retry", headers=staff("viewer")).status_code == 403
    post_office.answers.clear()
    assert http.post(f"{URL}/{one}/retry", headers=staff("paralegal")).status_code == 202
    work()
    assert rows("state, attempts, is_repeat") == [("sent", 2, False)]
    assert inbox.sql("SELECT path FROM gate_decisions ORDER BY id") == [("service",), ("replay",)]
    assert http.post(f"{URL}/{one}/retry", headers=staff("paralegal")).status_code == 202
    work()
    assert rows("state, attempts, is_repeat") == [("sent", 3, True)], "it had come through"


def test_a_person_decides_about_what_is_held(http, staff, make, work, rows, post_office):
    post_office.answers["DATA"] = "drop"
    one, other = make(2)
    work()
    post_office.answers.clear()
    assert rows("state") == [("held",)] * 2
    assert http.post(f"{URL}/{one}/retry", headers=staff("admin")).json()["error"] == "not_retryable"
    assert http.post(f"{URL}/{one}/release", headers=staff("admin")).status_code == 202
    assert http.post(f"{URL}/{other}/cancel", headers=staff("admin")).status_code == 200
    work()
    assert rows("state, is_repeat") == [("sent", True), ("cancelled", False)]
    assert http.post(f"{URL}/{one}/release", headers=staff("admin")).json()["error"] == "not_held"
    assert http.post(f"{URL}/{one}/cancel", headers=staff("admin")).json()["error"] == "not_cancellable"


@pytest.mark.parametrize("against", ["client", "partner"])
def test_whoever_is_walled_off_sees_nothing_of_it_in_a_digest_either(
    http, staff, two_people, told_of, office, tenants, inbox, against, work
):
    dispatch, free = told_of("E1", "E2"), told_of("E2")
    work()
    [(client_id,)] = inbox.sql("SELECT id FROM clients WHERE employee_id = 'E1'")
    wall = {"client_id": client_id} if against == "client" else {"partner_id": tenants.acme}
    with office.db.firm(tenants.northgate) as session:
        me = tenants.staff["viewer"]
        session.add(Wall(firm_id=tenants.northgate, staff_id=me, reason="adverse", created_by="admin", **wall))
    seen = {one["id"] for one in http.get(URL, headers=staff("viewer")).json()["data"]}
    assert seen == ({str(free)} if against == "client" else set())
    assert http.get(f"{URL}/{dispatch}", headers=staff("viewer")).status_code == 404
    assert http.get(f"{URL}/{dispatch}/explain", headers=staff("viewer")).status_code == 404
    assert http.get(f"{URL}/{dispatch}", headers=staff("admin")).status_code == 200


def test_it_is_explained_by_the_firms_clock_and_without_a_programs_words(office, tenants, stood_in, work, admin, at):
    at(datetime(2026, 3, 3, 17, tzinfo=UTC))
    [one] = stood_in.make(office, tenants.northgate, tenants.staff["admin"], channel="in_app")
    with admin() as acting:
        facts = {"quiet": {"begins": "20:00", "ends": "08:00", "working_days": [1, 2]}, "is_repeat": True,
                 "open_from": "2026-03-03T17:00:00Z", "overridden": ["day_off"]}  # fmt: skip
        told = {"path": "service", "verdict": "delay", "reason": "day_off", "facts": facts}
        acting.session.execute(insert(GateDecision).values(firm_id=acting.firm_id, dispatch_id=one, **told))
        said = "\n".join(explaining.explain(acting, one).sentences)
    assert "a message that somebody asked for, under the bell, to admin (admin)" in said
    assert "made at 2026-03-03 12:00 EST" in said
    assert "UTC" not in said
    assert (
        "It went by: is repeat, open from 2026-03-03 12:00 EST, overridden day_off,"
        " quiet from 20:00 to 08:00 with work on Mon, Tue."
    ) in said


def test_the_command_line_says_the_same(gateway, make, work, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    [one] = make()
    work()
    [listed] = json.loads(gateway("notice", "list", "--firm", "northgate", "--json").stdout)
    assert (listed["id"], listed["state"]) == (str(one), "sent")
    shown = gateway("notice", "list", "--firm", "northgate").stdout
    assert "admin (admin)" in shown
    assert str(one) in shown, "those of one sweep begin alike, so only the whole id names one"
    shown = json.loads(gateway("notice", "show", str(one)[:23], "--json").stdout)
    assert [len(shown[name]) for name in ("papers", "gate", "attempts")] == [0, 1, 1]
    shown = gateway("notice", "show", one).stdout
    for said in ("a message that somebody asked for", "by email, normal", "let it leave", "Nothing stood against it."):
        assert said in shown
    assert "was taken" in shown
    assert not re.search(r"\+00:00|in_app|clear|T\d\d:", shown), "for people, by the firm's clock"
    assert "Its channel took it at" in gateway("notice", "explain", one).stdout
    assert json.loads(gateway("notice", "explain", one, "--json").stdout)["sentences"]
    assert gateway("notice", "cancel", one).exit_code == 1
    assert gateway("notice", "show", "ffff").exit_code == 1
    assert gateway("notice", "ping", "--channel", "email").exit_code == 0
    assert "Did you mean" in gateway("notice", "ping", "--channel", "emial").output


# ------------------------------------------------------------------------------------------------ letting go


@pytest.fixture
def erased(office, tenants, inbox):
    def one(employee):
        [(client_id,)] = inbox.sql("SELECT id FROM clients WHERE employee_id = %s", employee)
        with office.acting(tenants.northgate, ME) as acting:
            erase(acting, client_id, "asked for", ERASERS)

    return one


def test_what_was_said_of_somebody_who_is_erased_goes(two_people, told_of, work, erased, inbox, rows, office):
    alone, digest, other = told_of("E1"), told_of("E1", "E2"), told_of("E2")
    work()
    sent = office.settings.data_dir / "sent"
    sent.mkdir(parents=True)
    for one in (alone, digest, other):
        (sent / f"{one}.eml").write_text("said")
    erased("E1")
    assert rows("state, said IS NULL") == [("sent", True), ("sent", True), ("sent", False)]
    assert inbox.sql("SELECT count(answer) FROM dispatch_attempts") == [(1,)]
    assert [one.name for one in sent.iterdir()] == [f"{other}.eml"]


def test_what_waits_tells_of_nobody_who_is_erased(two_people, told_of, work, erased, rows, post_office, passing):
    told_of("E1"), told_of("E1", "E2")
    erased("E1")
    assert rows("state, ended_code") == [("cancelled", "erased"), ("waiting", None)]
    passing(minutes=1)
    work()
    assert rows("state") == [("cancelled",), ("sent",)]
    assert len(post_office.taken) == 1


def test_what_was_told_long_ago_is_forgotten_and_what_is_open_stays(make, work, inbox, office, post_office, rows):
    from uuid import uuid4

    from gateway.jobs.handling import Handling
    from gateway.jobs.ledger import Job

    make()
    post_office.answers["RCPT"] = "450 later"
    work()
    post_office.answers["RCPT"] = "250 OK"
    make()
    inbox.sql("UPDATE dispatches SET settled_at = now() - interval '401 days'")
    inbox.sql("UPDATE dispatches SET state = 'held' WHERE id = (SELECT min(id::text)::uuid FROM dispatches)")
    inbox.sql("UPDATE dispatches SET state = 'sent', settled_at = now() - interval '401 days' WHERE state = 'waiting'")
    erasing.retire(Handling(office, Job(uuid4(), None, "notices.retire", {}, 1, 1, "tests", None)))
    assert rows("state") == [("held",)]
    assert inbox.sql("SELECT count(*) FROM notifications") == [(1,)]


def test_the_table_of_dispatches_says_what_its_columns_hold():
    assert {one.info["nature"] for one in Dispatch.__table__.columns} == {"ours", "sensitive"}
