"""The sweep and its commands as people meet them."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from gateway.db.models import Attorney, AuditEntry, Case, Client, Document, Firm, Notice, Staff, Wall
from gateway.domain.expiry.sweep import sweep

HEADER = "EMP_ID,Last Name,DOB,Salary,SSN,Passport,Passport Expiry,I94 Expiry\n"


@pytest.fixture
def papers(inbox):
    """People whose stays end so many days after the first of March."""

    def arrive(*days):
        ends = [date(2026, 3, 1) + timedelta(days=one) for one in days]
        lines = [f"E{n},Okafor,02/03/1990,70000,,,,{end:%m/%d/%Y}\n" for n, end in enumerate(ends)]
        inbox.drop("roster_20260301.csv", (HEADER + "".join(lines)).encode())

    return arrive


@pytest.fixture
def answer(gateway):
    """What a command says as JSON."""

    def ask(*words):
        ended = gateway(*words)
        assert ended.exit_code == 0, ended.output
        return json.loads(ended.stdout)

    return ask


def notices(db):
    with db.system() as session:
        return session.execute(
            select(Notice.lead, Notice.days_left, Notice.role, Notice.state).order_by(Notice.id)
        ).all()


def test_two_sweeps_at_once_note_everybody_once(office, db, papers):
    papers(*range(0, 180, 7))
    both = Barrier(2)

    def run(_):
        both.wait()
        return sweep(office, date(2026, 3, 1))

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(run, range(2))
    found = notices(db)
    assert one.notices + other.notices == len(found) > 26
    assert sweep(office, date(2026, 3, 1)).notices == 0


def test_a_paper_of_which_nobody_can_be_told_is_due_again_until_somebody_can(office, db, papers):
    papers(30)
    with db.system() as session:
        session.execute(update(Staff).values(active=False))
    assert sweep(office, date(2026, 3, 1)).unheard == 1
    assert sweep(office, date(2026, 3, 2)).unheard == 1
    with db.system() as session:
        session.execute(update(Staff).values(active=True))
    swept = sweep(office, date(2026, 3, 3))
    assert (swept.unheard, swept.due) == (0, 1)
    assert {(one.lead, one.days_left) for one in notices(db)} == {(30, 28)}


def test_today_is_the_firms(office, db, papers, monkeypatch):
    papers(30)
    monkeypatch.setenv("GATEWAY_NOW", "2026-03-01T03:30:00+00:00")  # still February in New York
    assert sweep(office).due == 1
    assert {one.lead for one in notices(db)} == {60}
    monkeypatch.setenv("GATEWAY_NOW", "2026-03-01T05:30:00+00:00")
    sweep(office)
    assert {one.lead for one in notices(db)} == {60, 30}


def test_the_commands_find_what_is_due_and_list_it(answer, papers, db, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2026-03-01T15:00:00+00:00")
    papers(20, 29, 400)
    swept = answer("expiry", "sweep", "--on", "2026-03-01", "--json")
    assert {name: swept[name] for name in ("documents", "due", "cancelled", "unheard")} == {
        "documents": 3, "due": 2, "cancelled": 0, "unheard": 0,
    }  # fmt: skip
    listed = answer("expiry", "due", "--firm", "northgate", "--within", "30", "--json")
    assert [(one["days_left"], one["lead"], one["name"]) for one in listed] == [(20, 30, "Okafor"), (29, 30, "Okafor")]
    assert listed[0]["waiting"] == ["attorney", "paralegal"]  # whose admins stand in for an attorney that nobody named
    with db.system() as session:
        entries = session.scalars(select(AuditEntry.changes).where(AuditEntry.action == "document.list")).all()
    assert {one["id"] for entry in entries for one in entry} >= {listed[0]["document_id"], listed[0]["client_id"]}


def test_a_firm_has_lead_times_of_its_own(answer, papers, db):
    papers(20)
    found = answer("expiry", "leads", "--firm", "northgate", "--type", "i94", "--days", "25,10", "--json")
    assert found["i94"] == {"days": [25, 10], "own": True}
    assert found["passport"] == {"days": [270, 180, 90, 60], "own": False}
    answer("expiry", "sweep", "--on", "2026-03-01", "--json")
    assert {one.lead for one in notices(db)} == {25}
    assert (
        answer("expiry", "leads", "--firm", "northgate", "--type", "i94", "--follow-rule", "--json")["i94"]["own"]
        is False
    )
    with db.system() as session:
        kept = session.scalars(
            select(AuditEntry.changes).where(AuditEntry.action == "leads.set").order_by(AuditEntry.at)
        ).all()
    assert [(entry[0].get("old"), entry[0].get("new")) for entry in kept] == [
        (None, {"days": [25, 10]}), ({"days": [25, 10]}, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--type", "i49", "--days", "30"], 'Did you mean "i94"?'),
        (["--type", "i94", "--days", "0"], "at least one lead time, of 1 to 1825 days"),
        (["--type", "i94", "--days", "soon"], "whole numbers of days"),
        (["--days", "30"], "give --type"),
        (["--type", "i94"], "give --type"),
        (["--type", "i94", "--days", "30", "--follow-rule"], "give --type"),
    ],
)
def test_lead_times_that_are_none_are_refused(gateway, words, sentence):
    ended = gateway("expiry", "leads", "--firm", "northgate", *words)
    assert ended.exit_code in {1, 2}
    assert sentence in " ".join(ended.output.replace("│", " ").split())


def test_the_rules_are_listed_and_shown(answer, gateway):
    listed = answer("rules", "list", "--json")
    assert {"lead_times.i94", "audiences.documents", "automatic_extensions.ead"} <= {one["rule"] for one in listed}
    shown = answer("rules", "show", "automatic_extensions.ead", "--json")
    assert [one["days"] for one in shown["versions"]] == [180, 180, 540, 0]
    for words in (["list"], ["show", "lead_times.i94"], ["show", "audiences.documents"]):
        ended = gateway("rules", *words)
        assert ended.exit_code == 0, ended.output


def test_the_rule_of_escalation_shows_how_long_each_answer_is_waited_for(gateway):
    said = gateway("rules", "show", "escalations.documents").stdout
    assert "attorney, then supervisor, then admin; while 61 days or more are left" in said
    assert "up to 30 days after the end, an answer is waited for 1 day" in " ".join(said.split())


def test_a_notice_that_is_listed_can_be_copied(gateway, office, papers, db, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("GATEWAY_NOW", "2026-03-01T15:00:00+00:00")
    papers(30)
    sweep(office)
    said = gateway("expiry", "answers", "--firm", "northgate").stdout
    with db.system() as session:
        ids = session.scalars(select(Notice.id).where(Notice.staff_id.is_not(None))).all()
    assert ids
    assert all(f"{one}" in said for one in ids)


def test_a_document_that_is_superseded_cancels_what_waits(office, db, papers):
    papers(30)
    sweep(office, date(2026, 3, 1))
    with db.system() as session:
        session.execute(update(Document).values(status="superseded"))
    assert sweep(office, date(2026, 3, 2)).cancelled == len(notices(db)) > 0
    with db.system() as session:
        assert set(session.scalars(text("SELECT ended_code FROM notices"))) == {"renewed"}


def test_papers_of_a_firm_that_no_longer_works_do_not_count(office, db, papers, tenants):
    papers(30, 60)
    assert sweep(office, date(2026, 3, 1)).documents == 2
    with db.system() as session:
        session.execute(update(Firm).where(Firm.id == tenants.northgate).values(status="deactivated"))
    swept = sweep(office, date(2026, 3, 2))
    assert (swept.documents, swept.due) == (0, 0)


def test_whoever_has_left_by_their_last_day_at_work_has_left(office, db, papers):
    papers(30)
    sweep(office, date(2026, 3, 1))
    with db.system() as session:
        session.execute(update(Client).values(termination_date=date(2026, 3, 1)))
    assert sweep(office, date(2026, 3, 1)).cancelled == 0
    assert sweep(office, date(2026, 3, 2)).cancelled > 0
    with db.system() as session:
        assert set(session.scalars(text("SELECT ended_code FROM notices"))) == {"terminated"}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"status": "archived"}, "archived"),
        ({"enrollment_status": "terminated"}, "terminated"),
        ({"enrollment_status": "withdrawn"}, "withdrawn"),
        ({"erased_at": datetime(2026, 3, 1, tzinfo=UTC)}, "erased"),
        ({"erased_at": datetime(2026, 3, 1, tzinfo=UTC), "status": "archived"}, "erased"),
    ],
)
def test_of_whom_the_firm_no_longer_looks_after_nobody_is_told(office, db, papers, values, code):
    papers(30)
    first = sweep(office, date(2026, 3, 1)).notices
    with db.system() as session:
        session.execute(update(Client).values(**values))
    assert sweep(office, date(2026, 3, 1)).cancelled == first > 0
    with db.system() as session:
        assert set(session.scalars(text("SELECT ended_code FROM notices"))) == {code}
    swept = sweep(office, date(2026, 3, 30))
    assert (swept.due, swept.notices, swept.escalated) == (0, 0, 0)


def test_a_firm_that_has_left_is_not_swept(office, db, papers):
    papers(30)
    with db.system() as session:
        session.execute(update(Firm).values(status="deactivated"))
    swept = sweep(office, date(2026, 3, 1))
    assert (swept.documents, swept.due, swept.notices) == (0, 0, 0)


@pytest.mark.parametrize("of", [None, "client_id", "partner_id"])
def test_nobody_behind_a_wall_is_to_be_told(office, db, papers, tenants, of):
    papers(170)
    with db.system() as session:
        beside = {"client_id": session.scalars(select(Client.id)).one(), "partner_id": tenants.acme}
        if of:
            wall = Wall(firm_id=tenants.northgate, staff_id=tenants.staff["paralegal"], reason="x", created_by="test")
            setattr(wall, of, beside[of])
            session.add(wall)
    sweep(office, date(2026, 3, 1))
    roles = {one.role for one in notices(db)}
    assert "attorney" in roles
    assert ("paralegal" in roles) is (of is None)


def test_of_several_open_cases_the_newest_says_which_attorney_is_told(office, db, papers, tenants):
    papers(170)
    with db.system() as session:
        client = session.scalars(select(Client.id)).one()
        for number, role in enumerate(("paralegal", "attorney", "admin"), start=1):
            lawyer = Attorney(firm_id=tenants.northgate, staff_id=tenants.staff[role])
            session.add(lawyer)
            session.flush()
            status = "closed" if role == "admin" else "open"
            case = {"id": UUID(int=number), "partner_id": tenants.acme, "case_number": f"C{number}", "status": status}
            session.add(Case(firm_id=tenants.northgate, client_id=client, attorney_id=lawyer.id, **case))
    sweep(office, date(2026, 3, 1))
    with db.system() as session:
        told = session.scalars(select(Notice.staff_id).where(Notice.role == "attorney")).all()
    assert set(told) == {tenants.staff["attorney"]}
