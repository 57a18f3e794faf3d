"""What leaves, and what does not, with nothing standing in for the gate: from a dispatch to a mail server."""

from __future__ import annotations

import pytest
from helpers import dispatches
from helpers.callers import ME
from sqlalchemy import insert, select

from gateway.db.models import Dispatch, GateDecision, Notification, OptOut
from gateway.domain.preferences import opt_outs, paces
from gateway.domain.preferences.whom import Whom
from outbound.notify import opting, preferring, sending, wording
from outbound.notify.preferring import Wanted


@pytest.fixture
def tell(office, tenants, monkeypatch):
    """A test message for a member of staff, by role; its words are a test's."""
    monkeypatch.setattr(wording, "words_of", dispatches.words_of)

    def dispatch(role, **more):
        with office.db.firm(tenants.northgate) as session:
            own = {"firm_id": tenants.northgate, "kind": "test", "template": "test", "created_by": "system"} | more
            made = session.scalars(insert(Notification).values(own).returning(Notification.id)).one()
            row = {"firm_id": tenants.northgate, "notification_id": made, "channel": "email"}
            one = session.scalars(
                insert(Dispatch).values(row | {"staff_id": tenants.staff[role]}).returning(Dispatch.id)
            ).one()
            sending.wake(session, tenants.northgate)
        return one

    return dispatch


def became(db, one):
    with db.system() as session:
        state = session.scalars(select(Dispatch.state).where(Dispatch.id == one)).one()
        return state, session.scalars(select(GateDecision.reason).where(GateDecision.dispatch_id == one)).all()


def test_what_the_gate_lets_through_is_mailed_and_what_it_stops_is_not(office, tenants, db, tell, work, post_office):
    with office.acting(tenants.northgate, ME) as acting:
        opt_outs.opt_out(acting, Whom(staff_id=tenants.staff["attorney"]), "email", "one_click")
    ids = [tell(role, priority="critical") for role in ("admin", "attorney")]
    work()
    assert became(db, ids[0])[0] == "sent"
    assert became(db, ids[1]) == ("withheld", ["opted_out"])
    assert len(post_office.taken) == 1


def test_on_a_day_off_it_waits_for_the_next_morning(db, tell, work, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2026-11-29T23:15:00-05:00")
    one = tell("admin")
    work()
    assert became(db, one) == ("waiting", ["day_off"])
    monkeypatch.setenv("GATEWAY_NOW", "2026-11-30T08:01:00-05:00")
    with db.system() as session:
        sending.wake(session, session.scalars(select(Dispatch.firm_id)).first())
    work()
    assert became(db, one) == ("sent", ["day_off", "clear"])


def test_what_waits_for_the_next_morning_leaves_now_if_a_person_releases_it(
    office, tenants, db, tell, work, monkeypatch, gateway, post_office
):
    monkeypatch.setenv("GATEWAY_NOW", "2026-11-29T23:15:00-05:00")
    one = tell("admin")
    work()
    said = gateway("notice", "release", one)
    assert "work on this day" in said.stdout
    work()
    assert became(db, one) == ("sent", ["day_off", "overridden"])
    assert "again" not in post_office.taken[0].get_body(("plain",)).get_content(), "it is no repetition"
    other = tell("attorney")
    work()
    with office.acting(tenants.northgate, ME) as acting:
        opt_outs.opt_out(acting, Whom(staff_id=tenants.staff["attorney"]), "email", "one_click")
    gateway("notice", "release", other)
    work()
    assert became(db, other) == ("withheld", ["day_off", "opted_out"]), "nobody may pass that"


def test_stop_opts_out_whoever_has_the_number_and_start_ends_it(office, tenants, db):
    number = "+13125550100"
    with office.acting(tenants.northgate, ME) as acting:
        acting.session.connection().exec_driver_sql("UPDATE staff SET phone = %s WHERE role = 'admin'", (number,))
        opting.stop(acting, number)
        [row] = acting.session.scalars(select(OptOut)).all()
        assert (row.staff_id, row.channel, row.how) == (tenants.staff["admin"], "sms", "stop_word")
        opting.start(acting, number)
        assert (row.ended_how, row.ended_by) == ("start_word", ME.name)


def test_planning_asks_how_people_want_to_be_told(office, tenants, db):
    me, other = tenants.staff["attorney"], tenants.staff["paralegal"]
    with office.acting(tenants.northgate, ME) as acting:
        paces.change(acting, None, "email", None, "weekly")
        paces.change(acting, me, "email", "i94", "daily")
    wanted = [Wanted(tenants.northgate, who, kind, "email") for who in (me, other) for kind in ("i94", "ead")]
    stranger = Wanted(tenants.harbor, other, "i94", "email")
    with db.system() as session:
        found = preferring.preferred(session, [*wanted, stranger])
    assert [found[one] for one in wanted] == ["daily", "weekly", "weekly", "weekly"]
    assert found[stranger] == "immediate"
