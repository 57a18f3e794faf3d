"""Reports about papers that end and who was told: rows, filters, walls, and who may take them out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from helpers.inbox import ROSTER, Inbox, person
from sqlalchemy import select, update

from gateway.db.models import (
    Attorney,
    Case,
    Client,
    Dispatch,
    Document,
    GateDecision,
    Notice,
    NoticeAnswer,
    Notification,
    Staff,
    Wall,
)
from gateway.reports import REPORTS

NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
OF_NOTICES = ("expiring_documents", "notification_log", "unanswered", "escalations")


@pytest.fixture
def people(inbox, office, tenants, monkeypatch, db):
    """One of acme's whose stay ends in ten days, one of globex's whose stay ends in fifty; the ids by employee id."""
    monkeypatch.setenv("GATEWAY_NOW", NOW.isoformat())
    globex = Inbox(office, tenants.northgate, "globex")
    globex.apply(ROSTER.format(partner="globex", firm="northgate"))
    inbox.drop("roster_20261101.csv", [person(1, i94_expiry="12/11/2026"), person(3, i94_expiry="12/31/2027")])
    globex.drop("roster_20261101.csv", [person(2, i94_expiry="01/20/2027")])
    with db.firm(tenants.northgate) as session:
        return dict(session.execute(select(Client.employee_id, Client.id)).all())


@pytest.fixture
def told(db, tenants):
    def take(name, staff=None, **filters):
        report = REPORTS[name]
        with db.firm(tenants.northgate, tenants.staff[staff] if staff else None) as session:
            rows = list(report.query(session, report.filters(**filters)))
        return [dict(zip(report.columns, row, strict=True)) for row in rows]

    return take


@pytest.fixture
def notices(db, tenants, people):
    """Of each stay that ends soon: a reminder that was mailed to the attorney, and for acme's the step after it."""
    made = {}
    with db.firm(tenants.northgate) as session:
        for employee_id in ("E1", "E2"):
            paper = session.scalars(select(Document).where(Document.client_id == people[employee_id])).one()
            for step in (0, 1) if employee_id == "E1" else (0,):
                one = made[employee_id, step] = mailed(session, tenants, paper, step)
                session.flush()
                one["ids"] = {name: one[name].id for name in ("notification", "dispatch", "notice")}
    return {key: one["ids"] for key, one in made.items()}


def mailed(session, tenants, paper, step):
    firm, staff = tenants.northgate, tenants.staff["attorney" if step == 0 else "admin"]
    kind = "escalation" if step else "expiry"
    notification = Notification(firm_id=firm, kind=kind, template=kind, created_by="system", key=f"{paper.id}{step}")
    session.add(notification)
    session.flush()
    at = NOW - timedelta(days=5 - step)
    dispatch = Dispatch(
        firm_id=firm,
        notification_id=notification.id,
        staff_id=staff,
        channel="email",
        state="sent" if step == 0 else "withheld",
        ended_code=None if step == 0 else "opted_out",
        sent_at=at if step == 0 else None,
        not_before=at,
        attempts=1 - step,
    )
    session.add(dispatch)
    session.flush()
    notice = Notice(
        firm_id=firm,
        client_id=paper.client_id,
        document_id=paper.id,
        expires_on=paper.expires_on,
        lead=14,
        days_left=14,
        needs_answer=True,
        step=step,
        role="admin" if step else "attorney",
        staff_id=staff,
        channel="email",
        due_on=at.date(),
        state="withheld" if step else "told",
        dispatch_id=dispatch.id,
        ended_at=at,
        ended_code="opted_out" if step else None,
        created_at=at,
    )
    session.add(notice)
    for minutes, verdict, reason in (
        (0, "delay", "quiet_hours"),
        (5, *(("stop", "opted_out") if step else ("send", "clear"))),
    ):
        decision = {"firm_id": firm, "dispatch_id": dispatch.id, "path": "due", "verdict": verdict, "reason": reason}
        session.add(GateDecision(**decision, facts={}, at=at + timedelta(minutes=minutes)))
    return {"notification": notification, "dispatch": dispatch, "notice": notice}


def walled(db, tenants, **against):
    with db.firm(tenants.northgate) as session:
        plain = {"firm_id": tenants.northgate, "staff_id": tenants.staff["paralegal"], "reason": "x", "created_by": "x"}
        session.add(Wall(**plain, **against))


# ------------------------------------------------------------------------------------------------ papers that end


def test_papers_that_end_are_told_with_their_case_and_who_was_told(told, db, tenants, people, notices):
    with db.firm(tenants.northgate) as session:
        attorney = Attorney(firm_id=tenants.northgate, staff_id=tenants.staff["attorney"], availability={})
        session.add(attorney)
        session.flush()
        plain = {
            "firm_id": tenants.northgate,
            "partner_id": tenants.acme,
            "client_id": people["E1"],
            "pins": {},
            "attributes": {},
        }
        session.add(Case(**plain, case_number="C1", stage="drafting", attorney_id=attorney.id))
        session.add(Case(**plain, case_number="C2", stage="decided", status="approved"))
        name = session.scalars(select(Staff.name).where(Staff.id == tenants.staff["attorney"])).one()
    first, second = told("expiring_documents")
    assert (first["employee_id"], first["expires_on"], first["days_left"]) == ("E1", date(2026, 12, 11), 10)
    assert (first["case_number"], first["case_stage"], first["attorney"]) == ("C1", "drafting", name)
    assert (first["told_lead"], first["told_at"]) == (14, NOW - timedelta(days=5))
    assert (second["employee_id"], second["days_left"], second["case_number"]) == ("E2", 50, None)


def test_papers_that_end_are_narrowed_by_days_type_and_partner(told, people):
    assert [one["employee_id"] for one in told("expiring_documents", within=10)] == ["E1"]
    assert told("expiring_documents", within=9) == []
    assert [one["employee_id"] for one in told("expiring_documents", within=395)] == ["E1", "E2", "E3"]
    assert told("expiring_documents", doc_type="passport") == []
    assert [one["employee_id"] for one in told("expiring_documents", partner="globex")] == ["E2"]


def test_papers_of_people_who_left_and_papers_that_no_longer_count_are_not_told(told, db, people):
    with db.system() as session:
        session.execute(update(Client).where(Client.id == people["E1"]).values(enrollment_status="terminated"))
        session.execute(update(Document).where(Document.client_id == people["E2"]).values(status="superseded"))
    assert told("expiring_documents") == []


def test_the_day_is_the_firms(told, people, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2026-12-02T03:00:00+00:00")  # still the first in New York
    assert [one["days_left"] for one in told("expiring_documents", within=10)] == [10]


# ------------------------------------------------------------------------------------------------ what was sent


def test_what_was_sent_is_told_with_the_last_word_of_the_gate(told, people, notices):
    rows = {(one["employee_id"], one["step"]): one for one in told("notification_log")}
    assert set(rows) == {("E1", 0), ("E1", 1), ("E2", 0)}
    sent, withheld = rows["E1", 0], rows["E1", 1]
    assert (sent["dispatch"], sent["notification"]) == (notices["E1", 0]["dispatch"], notices["E1", 0]["notification"])
    assert (sent["kind"], sent["channel"], sent["recipient_kind"], sent["state"]) == (
        "expiry",
        "email",
        "staff",
        "sent",
    )
    assert (sent["gate_verdict"], sent["gate_reason"]) == ("send", "clear")
    assert (sent["sent_at"], sent["doc_type"], sent["lead"]) == (NOW - timedelta(days=5), "i94", 14)
    assert (withheld["state"], withheld["reason"], withheld["gate_reason"]) == ("withheld", "opted_out", "opted_out")
    assert (withheld["sent_at"], withheld["attempts"]) == (None, 0)


def test_what_was_sent_is_narrowed(told, people, notices):
    def of(**filters):
        return sorted((one["employee_id"], one["step"]) for one in told("notification_log", **filters))

    assert of(state="withheld") == [("E1", 1)]
    assert of(kind="escalation") == [("E1", 1)]
    assert of(channel="sms") == []
    assert of(partner="globex") == [("E2", 0)]
    assert of(client=people["E1"]) == [("E1", 0), ("E1", 1)]
    assert of(since=NOW - timedelta(days=4)) == [("E1", 1)]
    assert of(until=NOW - timedelta(days=4)) == [("E1", 0), ("E2", 0)]


def test_a_message_of_a_program_is_told_by_its_recipient_and_partner(told, db, tenants, people):
    with db.firm(tenants.northgate) as session:
        plain = {"firm_id": tenants.northgate, "kind": "service", "template": "welcome", "created_by": "acme"}
        asked = Notification(**plain, partner_id=tenants.acme)
        session.add(asked)
        session.flush()
        plain = {"firm_id": tenants.northgate, "notification_id": asked.id, "channel": "email"}
        session.add(Dispatch(**plain, client_id=people["E1"]))
        session.add(Dispatch(**plain, partner_id=tenants.acme, contact="errors"))
    rows = {one["recipient_kind"]: one for one in told("notification_log")}
    assert (rows["client"]["recipient"], rows["client"]["client"]) == ("Name1", people["E1"])
    assert (rows["contact"]["recipient"], rows["contact"]["partner"], rows["contact"]["client"]) == (
        "errors",
        "acme",
        None,
    )
    walled(db, tenants, client_id=people["E1"])
    assert [one["recipient_kind"] for one in told("notification_log", staff="paralegal")] == ["contact"]
    walled(db, tenants, partner_id=tenants.acme)
    assert told("notification_log", staff="paralegal") == []
    assert len(told("notification_log", staff="viewer")) == 2


# ------------------------------------------------------------------------------------------------ escalations


def test_each_step_of_an_escalation_is_told(told, people, notices):
    [row] = told("escalations")
    assert (row["notice"], row["employee_id"], row["step"], row["role"]) == (
        notices["E1", 1]["notice"],
        "E1",
        1,
        "admin",
    )
    assert (row["state"], row["reason"], row["sent_at"]) == ("withheld", "opted_out", None)
    assert row["made_at"] == NOW - timedelta(days=4)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"state": "withheld"}, 1),
        ({"state": "told"}, 0),
        ({"doc_type": "i94", "partner": "acme"}, 1),
        ({"doc_type": "ead"}, 0),
        ({"partner": "globex"}, 0),
        ({"since": NOW - timedelta(days=4), "until": NOW}, 1),
        ({"since": NOW}, 0),
        ({"until": NOW - timedelta(days=4)}, 0),
    ],
)
def test_escalations_are_narrowed(told, notices, filters, count):
    assert len(told("escalations", **filters)) == count


def test_escalations_of_one_person_are_told(told, people, notices):
    assert len(told("escalations", client=people["E1"])) == 1
    assert told("escalations", client=people["E2"]) == []


# ------------------------------------------------------------------------------------------------ unanswered


def answer(db, tenants, people, notices, kind, **more):
    with db.firm(tenants.northgate) as session:
        notice = session.scalars(select(Notice).where(Notice.id == notices["E1", 0]["notice"])).one()
        about = {name: getattr(notice, name) for name in ("firm_id", "client_id", "document_id", "expires_on", "lead")}
        session.add(NoticeAnswer(**about, notice_id=notice.id, kind=kind, by_kind="staff", by="Ann", via="api", **more))


def test_what_nobody_acknowledged_is_told_once_with_its_highest_step(told, people, notices):
    first, second = told("unanswered")
    assert (first["employee_id"], first["step"], first["notice"]) == ("E1", 1, notices["E1", 1]["notice"])
    assert (first["state"], first["reason"], first["days_left"]) == ("withheld", "opted_out", 10)
    assert (first["asked_on"], first["days_waiting"]) == (date(2026, 11, 26), 5)
    assert (second["employee_id"], second["step"], second["state"]) == ("E2", 0, "told")
    assert told("unanswered", partner="globex") == told("unanswered", client=people["E2"]) == [second]
    assert told("unanswered", doc_type="ead") == []


def test_an_acknowledgement_ends_it_for_the_whole_lead_time_and_a_snooze_does_not(told, db, tenants, people, notices):
    until = NOW + timedelta(days=2)
    answer(db, tenants, people, notices, "snooze", until=until)
    assert (told("unanswered")[0]["snoozed_until"], told("unanswered")[0]["snoozed_by"]) == (until, "Ann")
    answer(db, tenants, people, notices, "acknowledge")
    assert [one["employee_id"] for one in told("unanswered")] == ["E2"]


def test_what_asks_for_nothing_or_was_renewed_is_not_unanswered(told, db, people, notices):
    with db.system() as session:
        session.execute(update(Notice).where(Notice.client_id == people["E1"]).values(needs_answer=False))
        session.execute(update(Document).where(Document.client_id == people["E2"]).values(expires_on=date(2028, 1, 1)))
    assert told("unanswered") == []


# ------------------------------------------------------------------------------------------------ who may see them


@pytest.mark.parametrize("name", OF_NOTICES)
def test_whoever_is_walled_off_sees_nothing_of_these_people(told, db, tenants, people, notices, name):
    every = told(name)
    walled(db, tenants, client_id=people["E1"])
    assert [one for one in every if one["client"] != people["E1"]] == told(name, staff="paralegal")
    walled(db, tenants, partner_id=tenants.globex)
    assert told(name, staff="paralegal") == []
    assert told(name, staff="viewer") == every
