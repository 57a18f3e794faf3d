"""Why somebody was told of a paper, or was not: asked by the paper, before and after there is anything on record."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from helpers.callers import asking, staff_headers
from sqlalchemy import select, update

from gateway.db.models import Client, Dispatch, Document, Notice, NoticePreference, Staff, Wall
from gateway.domain.expiry import answers
from gateway.domain.expiry.sweep import sweep
from gateway.domain.preferences import opt_outs
from gateway.domain.preferences.whom import Whom
from gateway.office import Actor
from outbound.notify import explaining
from outbound.notify.of_paper import explain
from outbound.notify.planning import plan

HEADER = "EMP_ID,Last Name,DOB,Salary,SSN,Passport,Passport Expiry,I94 Expiry\n"
FRIDAY = datetime(2026, 6, 5, 14, 7, tzinfo=UTC)  # ten in the morning at the firm
ME = Actor("system", "test")


@pytest.fixture
def paper(inbox, monkeypatch, db):
    """The stay of somebody, that ends so many days after that Friday."""
    monkeypatch.setenv("GATEWAY_NOW", FRIDAY.isoformat())

    def arrive(days):
        ends = FRIDAY.date() + timedelta(days=days)
        inbox.drop("roster_20260301.csv", f"{HEADER}E1,Okafor,02/03/1990,70000,,,,{ends:%m/%d/%Y}\n".encode())
        with db.system() as session:
            return session.scalars(select(Document.id)).one()

    return arrive


@pytest.fixture
def told(office, tenants):
    """All sentences about a paper."""

    def ask(document_id, email=None):
        with office.acting(tenants.northgate, ME) as acting:
            return "\n".join(explain(acting, document_id, email).sentences)

    return ask


@pytest.fixture
def change(db):
    def run(statement):
        with db.system() as session:
            session.execute(statement)

    return run


def test_what_is_gathered_with_others_says_so(inbox, paper, told, office, db, tenants, admin):
    paper(60)
    lines = "".join(f"E{n},Okafor,02/03/1990,70000,,,,08/04/2026\n" for n in range(1, 8))
    inbox.drop("roster_20260301.csv", (HEADER + lines).encode())
    sweep(office)
    plan(office)
    with db.system() as session:
        document_id = session.scalars(select(Document.id).order_by(Document.id)).first()
        digest = session.scalars(select(Dispatch.id).where(Dispatch.channel == "email")).first()
    said = told(document_id)
    assert "is to be told by email, not before 2026-06-05 10:07 EDT, gathered with 6 others in one message." in said
    with admin() as acting:
        sentences = explaining.explain(acting, digest).sentences
    assert "It tells of 7 reminders that were to leave at once: more than 5" in sentences[1]
    assert "each of them was gathered with 6 others" in sentences[1]


def test_before_the_first_lead_time_nobody_is_told(paper, told):
    said = told(paper(200))
    assert "No lead time is reached yet: nobody is told before 2026-06-25." in said


def test_who_is_to_be_told_by_whom_the_rule_means(paper, told, office):
    one = paper(60)
    assert "paralegal@northgate.example (paralegal) is to be told by email at the next sweep." in told(one)
    assert "The admin is told by email not while more than 30 days are left." in told(one)
    assert "The person is not told by email: there is no address for it." in told(one)
    sweep(office)
    assert "paralegal@northgate.example (paralegal, 60 days before) is to be told by email, once" in told(one)
    plan(office)
    assert "is to be told by email, not before 2026-06-05 10:07 EDT." in told(one)
    assert told(one).endswith("The next lead time is reached on 2026-07-05.")


def test_a_role_that_nobody_has_is_said(paper, told, change):
    one = paper(60)
    change(update(Staff).where(Staff.role.in_(("paralegal", "admin"))).values(active=False))
    assert "Nobody is told as paralegal: no such role" in told(one)
    assert "paralegal@northgate.example has left the firm" in told(one, "paralegal@northgate.example")


def test_a_wall_a_preference_and_an_opt_out_are_reasons(paper, told, office, tenants):
    one, paralegal = paper(60), tenants.staff["paralegal"]
    address = "paralegal@northgate.example"
    with office.acting(tenants.northgate, ME) as acting:
        acting.session.add(NoticePreference(firm_id=tenants.northgate, staff_id=paralegal, channel="email", pace="off"))
    assert "this channel is switched off for such papers" in told(one, address)
    with office.acting(tenants.northgate, ME) as acting:
        opt_outs.opt_out(acting, Whom(staff_id=paralegal), "email", "one_click")
    assert "they opted out of this channel (one_click)" in told(one, address)
    with office.acting(tenants.northgate, ME) as acting:
        client = acting.session.scalars(select(Client.id)).one()
        acting.session.add(
            Wall(firm_id=tenants.northgate, staff_id=paralegal, client_id=client, reason="x", created_by="test")
        )
    assert "an ethical wall stands between them" in told(one, address)
    assert "admin@northgate.example" not in told(one, address)


def test_what_became_of_notices_is_told_with_the_gates_reason(paper, told, office, change):
    one = paper(60)
    sweep(office)
    plan(office)
    change(update(Notice).where(Notice.role == "paralegal").values(state="withheld", ended_code="opted_out"))
    said = told(one)
    assert (
        "was not told by email, withheld by the gate (opted_out): The recipient wants no more of this channel." in said
    )
    change(update(Dispatch).values(state="sent", sent_at=FRIDAY))
    change(update(Notice).where(Notice.role != "paralegal").values(state="told"))
    assert "was told by email at 2026-06-05 10:07 EDT." in told(one)


def test_answers_are_told(paper, told, office, tenants, db):
    one = paper(60)
    sweep(office)
    with office.acting(tenants.northgate, ME) as acting:
        ids = acting.session.scalars(select(Notice.id)).all()
        answers.snooze(acting, ids[:1], FRIDAY + timedelta(days=3), "api")
        answers.acknowledge(acting, ids[:1], "api")
    assert "test snoozed the reminder of 60 days until 2026-06-08 10:07 EDT." in told(one)
    assert "It was snoozed until 2026-06-08 10:07 EDT." in told(one)
    assert "test acknowledged the reminder of 60 days" in told(one)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (update(Document).values(status="superseded"), "nobody is told of it any more"),
        (update(Client).values(enrollment_status="terminated"), "The person is terminated"),
        (update(Document).values(expires_on=None), "has no last day"),
    ],
)
def test_what_is_over_is_told_of_no_more(paper, told, change, changed, why):
    one = paper(60)
    change(changed)
    assert why in told(one)


def test_it_is_asked_over_http_and_by_command_and_on_record(paper, settings, office, tenants, gateway, inbox):
    one = paper(60)
    with asking(settings) as http:
        headers = staff_headers(office, tenants.northgate, tenants.staff["paralegal"])
        found = http.get(f"/v1/documents/{one}/notices/explain", headers=headers)
        assert (found.status_code, found.json()["lead"], found.json()["next_on"]) == (200, 60, "2026-07-05")
        nobody = http.get(f"/v1/documents/{one}/notices/explain?staff=x@y.example", headers=headers)
        assert nobody.status_code == 404
    said = gateway("expiry", "explain", one, "--json")
    assert json.loads(said.output)["sentences"] == found.json()["sentences"]
    assert "at the next sweep" in gateway("expiry", "explain", one).output
    assert inbox.sql("SELECT count(*) FROM audit_log WHERE action = 'document.view'") == [(3,)]
