"""Answers to notices: who may give them, what they end, and how long a snooze may be."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, text, update

from gateway.db.models import AuditEntry, Document, Notice, NoticeAnswer, Staff, Wall
from gateway.db.models.base import columns_of
from gateway.domain.expiry import answers
from gateway.domain.expiry.items import items
from gateway.domain.expiry.sweep import sweep
from gateway.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.office import Actor
from outbound.notify.planning import plan

HEADER = "EMP_ID,Last Name,DOB,Salary,SSN,Passport,Passport Expiry,I94 Expiry\n"
MACHINE = Actor("system", "test")


@pytest.fixture
def day(monkeypatch):
    """Sets the clock to ten in the morning of New York, so many days after the first of June."""

    def to(days, hour=14):
        begins = datetime(2026, 6, 1, hour, tzinfo=UTC) + timedelta(days=days)
        monkeypatch.setenv("GATEWAY_NOW", begins.isoformat())
        return begins

    to(0)
    return to


@pytest.fixture
def told(inbox, office, db, day):
    """The ids of notices by e-mail of a stay that ends so many days after the first of June, by the recipient's role."""

    def of(left):
        ends = date(2026, 6, 1) + timedelta(days=left)
        inbox.drop("roster_20260301.csv", (HEADER + f"E1,Okafor,02/03/1990,70000,,,,{ends:%m/%d/%Y}\n").encode())
        sweep(office)
        plan(office)
        leave(db)
        with db.system() as session:
            found = select(Notice.role, Notice.id).where(Notice.channel == "email", Notice.step == 0)
            return dict(session.execute(found).all())

    return of


def leave(db):
    """As if all that may leave had been sent."""
    with db.system() as session:
        due = text("UPDATE dispatches SET state = 'sent' WHERE state = 'waiting' AND not_before <= gateway_now()")
        session.execute(due)
        sent = "SELECT id FROM dispatches WHERE state = 'sent'"
        session.execute(text(f"UPDATE notices SET state = 'told' WHERE state = 'waiting' AND dispatch_id IN ({sent})"))


@pytest.fixture
def member(office, tenants):
    """Acts as somebody of Northgate's staff."""

    def acting(role):
        actor = Actor("staff", f"{role}@northgate.example", tenants.staff[role])
        return office.acting(tenants.northgate, actor)

    return acting


def steps(db, role=None):
    with db.system() as session:
        found = select(Notice.step, Notice.role, Notice.due_on).where(Notice.step > 0, Notice.channel == "email")
        return [(one.step, one.role, one.due_on) for one in session.execute(found.order_by(Notice.step)).all()]


def days_after(*days):
    return [date(2026, 6, 1) + timedelta(days=one) for one in days]


# ------------------------------------------------------------------------------------------------ escalation


def test_whoever_does_not_answer_is_followed_by_the_next_and_the_last_each_day(office, db, told, day):
    told(14)
    for passed in range(1, 7):
        day(passed)
        sweep(office)
    roles = ["attorney", "supervisor", "admin", "admin", "admin", "admin"]
    assert steps(db) == list(zip(range(1, 7), roles, days_after(1, 2, 3, 4, 5, 6), strict=True))
    day(7)
    sweep(office)  # the lead time of seven days begins anew
    assert len(steps(db)) == 6


def test_far_from_the_end_there_is_time_to_answer(office, db, told, day):
    told(120)
    for passed in range(1, 30):
        day(passed)
        sweep(office)
    assert steps(db) == [(1, "attorney", days_after(14)[0]), (2, "supervisor", days_after(28)[0])]


def test_an_acknowledgement_ends_the_chain_of_its_lead_time_and_no_other(office, db, told, day, member):
    ids = told(30)
    day(3)
    sweep(office)
    with member("paralegal") as acting:
        [said] = answers.acknowledge(acting, [ids["paralegal"]], "api")
    assert (said.by, said.is_new, said.until) == ("paralegal@northgate.example", True, None)
    for passed in range(4, 18):
        day(passed)
        sweep(office)
    with db.system() as session:
        ended = session.execute(select(Notice.state, Notice.ended_code, Notice.lead).where(Notice.step == 1)).all()
        unsolved = select(Notice.role).where(Notice.lead == 14, Notice.step == 0, Notice.channel == "email")
        assert "attorney" in session.scalars(unsolved).all(), "told again at the next lead time"
    assert ("cancelled", "acknowledged", 30) in ended
    assert {one.lead for one in ended} == {30, 14}


def test_who_acknowledged_first_is_said_to_whoever_does_so_again(told, member, db):
    ids = told(30)
    with member("paralegal") as acting:
        answers.acknowledge(acting, [ids["paralegal"]], "api")
    with member("admin") as acting:
        [said] = answers.acknowledge(acting, [ids["attorney"]], "link")
    assert (said.by, said.is_new) == ("paralegal@northgate.example", False)
    with db.system() as session:
        assert len(session.scalars(select(NoticeAnswer)).all()) == 1


def test_a_supervisor_is_told_where_there_is_one(office, db, told, day, tenants):
    told(14)
    with db.system() as session:
        lawyer, above = tenants.staff["attorney"], tenants.staff["viewer"]
        session.execute(update(Staff).where(Staff.id == lawyer).values(supervisor_id=above))
        row = {"firm": tenants.northgate, "staff": lawyer, "id": uuid4()}
        session.execute(text("INSERT INTO attorneys (firm_id, id, staff_id) VALUES (:firm, :id, :staff)"), row)
        session.execute(text("UPDATE clients SET attorney_id = :id"), row)
    for passed in (1, 2):
        day(passed)
        sweep(office)
    with db.system() as session:
        found = select(Notice.staff_id).where(Notice.step > 0, Notice.channel == "email").order_by(Notice.step)
        assert session.scalars(found).all() == [lawyer, above]


def test_a_firm_escalates_its_own_way(gateway, office, db, told, day):
    words = ("expiry", "escalation", "--firm", "northgate")
    ended = gateway(*words, "--chain", "admin,paralegal", "--wait", "15:2", "--wait", "-30:1", "--json")
    assert json.loads(ended.stdout) == {"chain": ["admin", "paralegal"], "waits": {"15": 2, "-30": 1}, "own": True}
    told(30)
    for passed in range(1, 7):
        day(passed)
        sweep(office)
    assert steps(db) == [(1, "admin", days_after(2)[0]), (2, "paralegal", days_after(4)[0])]
    assert json.loads(gateway(*words, "--follow-rule", "--json").stdout)["own"] is False


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--chain", "admins"], 'Did you mean "admin"?'),
        (["--wait", "31:0"], "Wait 1 to 365 days"),
        (["--wait", "soon"], "whole numbers of days"),
        (["--chain", "admin", "--follow-rule"], "either --follow-rule"),
    ],
)
def test_an_escalation_that_is_none_is_refused(gateway, words, sentence):
    ended = gateway("expiry", "escalation", "--firm", "northgate", *words)
    assert ended.exit_code in {1, 2}
    assert sentence in " ".join(ended.output.replace("│", " ").split())


# ------------------------------------------------------------------------------------------------ snooze


def test_a_snooze_tells_its_recipient_again_and_holds_the_chain_up(office, db, told, day, member):
    ids = told(60)
    with member("paralegal") as acting:
        [said] = answers.snooze(acting, [ids["paralegal"]], day(0) + timedelta(days=9), "api")
    assert (said.is_cut, said.until) == (False, datetime(2026, 6, 10, 14, tzinfo=UTC))
    plan(office)
    with db.system() as session:
        [again] = session.scalars(select(Notice).where(Notice.again == 1, Notice.channel == "email"))
        at = "SELECT not_before, state FROM dispatches WHERE id = :id"
        [(leaves, state)] = session.execute(text(at), {"id": again.dispatch_id}).all()
    assert (leaves, state, again.staff_id) == (said.until, "waiting", acting.actor.id)
    for passed in range(1, 17):
        day(passed)
        sweep(office)
    assert steps(db) == [(1, "attorney", days_after(16)[0])], "seven days after the snooze"


def test_a_snooze_ends_where_the_next_lead_time_begins(told, day, member, db, office):
    ids = told(60)
    with member("admin") as acting:
        [said] = answers.snooze(acting, [ids["attorney"]], day(0) + timedelta(days=99), "api")
    assert (said.is_cut, said.until) == (True, datetime(2026, 7, 1, 4, tzinfo=UTC)), "midnight in New York"
    plan(office)
    with db.system() as session:
        assert session.scalars(select(Notice).where(Notice.again > 0)).all() == [], "the lead time tells it"


def test_the_last_lead_time_is_the_last_day(told, day, member):
    ids = told(1)
    with member("admin") as acting:
        [said] = answers.snooze(acting, [ids["paralegal"]], day(0) + timedelta(days=2), "api")
    assert said.until == datetime(2026, 6, 2, 4, tzinfo=UTC)
    day(1)
    with member("admin") as acting, pytest.raises(Conflict) as refused:
        answers.snooze(acting, [ids["paralegal"]], day(1) + timedelta(hours=1), "api")
    assert refused.value.code == "snooze_late"


def test_what_has_not_left_waits_by_all_channels(office, inbox, db, day, member, tenants):
    with db.system() as session:
        session.execute(update(Staff).where(Staff.role == "admin").values(phone="+12125550100"))
    inbox.drop("roster_20260301.csv", (HEADER + "E1,Okafor,02/03/1990,70000,,,,06/12/2026\n").encode())
    sweep(office)
    plan(office)
    until = day(0) + timedelta(days=2)
    with db.system() as session:
        mine = (Notice.staff_id == tenants.staff["admin"], Notice.channel == "sms")
        notice_id = session.scalars(select(Notice.id).where(*mine)).one()
    with member("admin") as acting:
        answers.snooze(acting, [notice_id], until, "api")
    assert plan(office).cancelled == 3
    with db.system() as session:
        found = session.execute(
            select(Notice.channel, Notice.snoozed_until).where(Notice.staff_id == tenants.staff["admin"])
        ).all()
        waits = "SELECT count(*) FROM dispatches WHERE state = 'waiting' AND not_before = :until"
        assert session.scalar(text(waits), {"until": until}) == 3
    assert sorted(found) == [("email", until), ("in_app", until), ("sms", until)]


def test_the_past_is_no_time_to_be_told_again(told, day, member):
    ids = told(30)
    with member("admin") as acting, pytest.raises(Invalid, match="has passed"):
        answers.snooze(acting, [ids["paralegal"]], day(0) - timedelta(minutes=1), "api")


# ------------------------------------------------------------------------------------------------ who may


def test_a_viewer_answers_for_nobody_but_themselves(told, member, db, tenants):
    ids = told(30)
    with member("viewer") as acting, pytest.raises(Forbidden) as refused:
        answers.acknowledge(acting, [ids["paralegal"]], "api")
    assert refused.value.code == "not_yours"
    with db.system() as session:
        theirs = session.scalars(select(Notice).where(Notice.id == ids["paralegal"])).one()
        copied = {name: getattr(theirs, name) for name in columns_of(Notice) if name not in {"id", "staff_id"}}
        mine = insert(Notice).values(copied | {"staff_id": tenants.staff["viewer"]}).returning(Notice.id)
        own = session.scalars(mine).one()
    with member("viewer") as acting:
        assert answers.acknowledge(acting, [own], "api")[0].is_new


def test_behind_a_wall_there_is_no_notice(told, member, db, tenants):
    ids = told(30)
    with db.system() as session:
        wall = {"firm_id": tenants.northgate, "staff_id": tenants.staff["attorney"], "partner_id": tenants.acme}
        session.add(Wall(**wall, reason="r", created_by="t"))
    with member("attorney") as acting, pytest.raises(NotFound):
        answers.acknowledge(acting, [ids["paralegal"]], "api")


def test_what_a_person_says_of_their_own_paper_ends_nobodys_escalation(office, inbox, db, day, told, tenants):
    told(14)
    with db.system() as session:
        notice = session.scalars(select(Notice).where(Notice.role == "paralegal", Notice.channel == "email")).one()
        own = {"firm": tenants.northgate, "id": uuid4(), "twin": notice.id}
        session.execute(
            text(
                "INSERT INTO notices (firm_id, id, client_id, document_id, expires_on, lead, days_left, role, channel,"
                " due_on, state) SELECT firm_id, :id, client_id, document_id, expires_on, lead, days_left, 'client',"
                " 'email', due_on, 'told' FROM notices WHERE id = :twin"
            ),
            own,
        )
    for _ in range(2):
        with office.acting(tenants.northgate, MACHINE) as acting:
            answers.acknowledge(acting, [own["id"]], "link")
    day(1)
    assert sweep(office).escalated > 0


def test_answers_are_on_record(told, member, db, day):
    ids = told(30)
    with member("paralegal") as acting:
        answers.snooze(acting, [ids["paralegal"]], day(0) + timedelta(days=2), "api")
        answers.acknowledge(acting, [ids["paralegal"]], "api")
    with db.system() as session:
        said = select(AuditEntry.action, AuditEntry.changes, AuditEntry.client_id).order_by(
            AuditEntry.at, AuditEntry.id
        )
        found = session.execute(said.where(AuditEntry.action.like("notice.%"))).all()
    assert [one.action for one in found] == ["notice.snooze", "notice.acknowledge"]
    assert [one.changes[0]["action"] for one in found] == ["snoozed", "acknowledged"]
    assert all(one.client_id for one in found)


def test_what_is_over_cannot_be_answered(told, member, db, office):
    ids = told(30)
    with db.system() as session:
        session.execute(update(Notice).values(state="waiting"))
        session.execute(update(Document).values(status="superseded"))
    sweep(office)
    with member("admin") as acting, pytest.raises(Conflict) as refused:
        answers.acknowledge(acting, list(ids.values()), "api")
    assert refused.value.code == "notice_over"


# ------------------------------------------------------------------------------------------------ items


def test_a_message_has_initials_and_what_to_do_and_no_names(told, db, day):
    told(30)
    with db.system() as session:
        session.execute(text("UPDATE clients SET given_name = 'Ada'"))
        dispatch = session.scalars(select(Notice.dispatch_id).where(Notice.role == "paralegal").limit(1)).one()
        [item] = items(session, dispatch)
    assert (item.initials, item.employer, item.days_left) == ("A.O.", "ACME Manufacturing, Inc.", 30)
    assert item.what.startswith("record of admission")
    assert item.next_action == "File the extension or change of status, or record the planned departure."
    assert item.fresh_at is not None
    assert item.controlling is None or "work" in item.controlling
    assert "Okafor" not in json.dumps([str(getattr(item, name)) for name in item.__struct_fields__])


def test_a_message_tells_nothing_that_is_no_longer_true(told, db):
    told(30)
    with db.system() as session:
        dispatch = session.scalars(select(Notice.dispatch_id).where(Notice.role == "paralegal").limit(1)).one()
        session.execute(update(Document).values(status="superseded"))
        assert items(session, dispatch) == []
