"""Wishes, hours, budgets and opt-outs as their use cases keep them."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path

import pytest
from helpers.callers import ME
from sqlalchemy import select, update

from gateway.db.models import AuditEntry, Client, OptOut, Partner, Staff
from gateway.domain.people.erasure import erase
from gateway.domain.preferences import budgets, opt_outs, paces, quiet
from gateway.domain.preferences.overview import overview
from gateway.domain.preferences.quiet import USUAL, Hours
from gateway.domain.preferences.whom import Whom, zone_of
from gateway.errors import Invalid, NotFound
from gateway.office import Actor
from gateway.wings import ERASERS
from outbound.notify.gate import REASONS, RULES

PAGE = Path(__file__).parents[4] / "docs" / "notifications-gate.md"
EMP = "EMP_ID,Last Name,DOB,Salary,SSN,Passport,Passport Expiry,I94 Expiry\n"


@pytest.fixture
def acting(office, tenants):
    with office.acting(tenants.northgate, ME) as one:
        yield one


@pytest.fixture
def clients(inbox, db):
    inbox.drop("roster_20260301.csv", (EMP + "".join(f"E{n},Okafor,02/03/1990,70000,,,,\n" for n in (1, 2))).encode())
    with db.system() as session:
        return session.scalars(select(Client.id).order_by(Client.key)).all()


def noted(acting):
    rows = acting.session.execute(select(AuditEntry.action, AuditEntry.changes).order_by(AuditEntry.at, AuditEntry.id))
    return [(action, changes[0].get("old"), changes[0].get("new")) for action, changes in rows]


def test_a_wish_for_a_type_goes_before_one_for_all_and_ones_own_before_the_firms(acting, tenants):
    me, other = tenants.staff["attorney"], tenants.staff["paralegal"]

    def found():
        wishes = paces.paces(acting.session, [me, other])
        return [wishes.of(who, kind, "email") for who in (me, other) for kind in ("i94", "ead", None)]

    assert found() == ["immediate"] * 6
    paces.change(acting, None, "email", "i94", "daily")
    assert found() == ["daily", "immediate", "immediate"] * 2
    paces.change(acting, None, "email", None, "weekly")
    assert found() == ["daily", "weekly", "weekly"] * 2
    paces.change(acting, me, "email", None, "off")
    assert found() == ["off"] * 3 + ["daily", "weekly", "weekly"]
    paces.change(acting, me, "email", "ead", "immediate")
    assert found()[:3] == ["off", "immediate", "off"]
    paces.change(acting, me, "email", None, None)
    assert found()[:3] == ["daily", "immediate", "weekly"]
    assert paces.paces(acting.session, [me]).of(me, "i94", "sms") == "immediate"
    assert noted(acting)[-1] == (
        "preferences.set",
        {"channel": "email", "doc_type": None, "pace": "off"},
        {"channel": "email", "doc_type": None, "pace": None},
    )


def test_a_slip_is_refused_with_the_nearest_word(acting, tenants):
    for wrong, sentence in (
        (("emial", None, "daily"), 'Did you mean "email"?'),
        (("email", "i49", "daily"), 'Did you mean "i94"?'),
        (("email", None, "dayly"), 'Did you mean "daily"?'),
    ):
        with pytest.raises(Invalid, match=re.escape(sentence)) as refused:
            paces.change(acting, None, *wrong)
        assert refused.value.code == "preferences_wrong"
    with pytest.raises(NotFound):
        paces.change(acting, tenants.acme, "email", None, "daily")
    with pytest.raises(NotFound):
        quiet.change(acting, tenants.acme, None)
    for hours in (Hours(working_days=frozenset()), Hours(working_days=frozenset({0})), Hours(begins=time(20, 0, 1))):
        with pytest.raises(Invalid):
            quiet.change(acting, None, hours)
    for wrong in (("pigeon", "staff", 1), ("sms", "judge", 1), ("sms", "staff", 0)):
        with pytest.raises(Invalid):
            budgets.change(acting, *wrong)


def test_hours_are_ones_own_the_firms_or_the_usual(acting, tenants):
    me, late = tenants.staff["attorney"], Hours(time(22), time(6), frozenset({1, 6}))
    assert quiet.hours(acting.session, [me]) == {None: USUAL}
    quiet.change(acting, None, Hours(time(18), time(9)))
    quiet.change(acting, me, late)
    assert quiet.hours(acting.session, [me]) == {None: Hours(time(18), time(9)), me: late}
    assert (overview(acting, me).quiet_hours.of, overview(acting, None).quiet_hours.of) == ("own", "firm")
    quiet.change(acting, me, None)
    quiet.change(acting, None, None)
    assert quiet.hours(acting.session, [me]) == {None: USUAL}
    assert overview(acting, me).quiet_hours.of == "usual"
    assert noted(acting)[1] == (
        "quiet_hours.set", None, {"begins": "22:00", "ends": "06:00", "working_days": [1, 6]},
    )  # fmt: skip


def test_a_budget_is_the_firms_or_the_rules_and_none_is_no_limit(acting):
    def found():
        return budgets.allowances(acting.session)["sms", "client"][2:]

    rule = found()
    assert rule[1] is False
    budgets.change(acting, "sms", "client", 1)
    assert found() == (1, True)
    budgets.change(acting, "sms", "client", None)
    assert found() == (None, True)
    budgets.change(acting, "sms", "client", None, follow_rule=True)
    assert found() == rule
    assert [one[1:] for one in noted(acting)] == [
        (None, {"a_day": 1}), ({"a_day": 1}, {"a_day": None}), ({"a_day": None}, None),
    ]  # fmt: skip


def test_an_opt_out_stands_until_it_is_ended_and_is_kept(acting, clients):
    whom = Whom(client_id=clients[0])
    assert opt_outs.opt_out(acting, whom, "sms", "stop_word")
    assert not opt_outs.opt_out(acting, whom, "sms", "one_click")  # as it was said first
    assert opt_outs.standing(acting.session, [whom]) == {(whom, "sms"): "stop_word"}
    assert opt_outs.standing(acting.session, [Whom(client_id=clients[1])]) == {}
    assert not opt_outs.opt_in(acting, whom, "email", "staff")
    assert opt_outs.opt_in(acting, whom, "sms", "start_word")
    assert not opt_outs.opt_in(acting, whom, "sms", "start_word")
    assert opt_outs.standing(acting.session, [whom]) == {}
    assert opt_outs.opt_out(acting, whom, "sms", "staff")
    kept = [(one.how, one.ended_how) for one in opt_outs.history(acting, clients[0])]
    assert kept == [("staff", None), ("stop_word", "start_word")]
    acts = [one[0] for one in noted(acting) if one[0].startswith("opt_out")]
    assert acts == ["opt_out.add", "opt_out.end", "opt_out.add"]
    with pytest.raises(Invalid):
        opt_outs.opt_out(acting, whom, "sms", "telepathy")


def test_a_client_of_another_firm_or_behind_a_wall_does_not_exist(office, clients, tenants, db):
    whom = Whom(client_id=clients[0])
    with office.acting(tenants.harbor, ME) as stranger, pytest.raises(NotFound):
        opt_outs.opt_out(stranger, whom, "sms", "staff")
    with db.system() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO walls (firm_id, staff_id, client_id, reason, created_by) VALUES (%s, %s, %s, 'r', 'a')",
            (tenants.northgate, tenants.staff["paralegal"], clients[0]),
        )
    walled = Actor("staff", "paralegal@northgate.example", tenants.staff["paralegal"])
    with office.acting(tenants.northgate, ME) as one:
        opt_outs.opt_out(one, whom, "sms", "staff")
    with office.acting(tenants.northgate, walled) as one:
        assert one.session.scalars(select(OptOut)).all() == []
        with pytest.raises(NotFound):
            opt_outs.history(one, clients[0])
        assert opt_outs.history(one, clients[1]) == []


def test_an_address_is_everybodys_who_has_it_in_every_firm(office, clients, tenants, db):
    with db.system() as session:
        session.execute(
            update(Client).where(Client.id == clients[0]).values(email="Ann@acme.example", phone="(312) 555-0100")
        )
        session.execute(update(Staff).where(Staff.id == tenants.staff["admin"]).values(phone="+13125550100"))
        session.execute(
            update(Partner).where(Partner.slug == "initech").values(contacts={"errors": ["ann@ACME.example"]})
        )
        by_mail = opt_outs.by_firm(session, "email", "ann@acme.example")
        by_phone = opt_outs.by_firm(session, "sms", "+1 312 555 0100")
        assert opt_outs.by_firm(session, "in_app", "ann@acme.example") == {}
        assert opt_outs.by_firm(session, "sms", "") == opt_outs.by_firm(session, "sms", "STOP") == {}
    assert by_mail == {
        tenants.northgate: [Whom(client_id=clients[0])],
        tenants.harbor: [Whom(partner_id=tenants.initech, contact="errors")],
    }
    assert by_phone == {tenants.northgate: [Whom(staff_id=tenants.staff["admin"]), Whom(client_id=clients[0])]}
    with office.acting(tenants.northgate, ME) as one:
        assert opt_outs.by_address(one.session, "email", "ann@acme.example") == [Whom(client_id=clients[0])]
        assert [opt_outs.opt_out(one, whom, "sms", "stop_word") for whom in by_phone[tenants.northgate]] == [True, True]


def test_opt_outs_go_with_the_person(office, clients, tenants, db):
    with office.acting(tenants.northgate, ME) as one:
        for client_id in clients:
            opt_outs.opt_out(one, Whom(client_id=client_id), "sms", "staff")
    with office.acting(tenants.northgate, ME) as one:
        assert erase(one, clients[0], "Asked for", ERASERS).counts["opt_outs"] == 1
    with db.system() as session:
        assert session.scalars(select(OptOut.client_id)).all() == [clients[1]]


def test_a_zone_that_there_is_not_is_passed_over():
    assert zone_of(None, "", "Moon/Base", "../etc/passwd", "Asia/Kolkata", "UTC").key == "Asia/Kolkata"
    assert zone_of(None).key == "UTC"


def test_the_page_explains_every_reason_and_who_may_pass():
    told = dict(re.findall(r"^\| `(\w+)` \| \w+ \|.*\| ([^|]*?) ?\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(told) == set(REASONS)
    for rule in RULES:
        assert ("critical" in told[rule.code]) == rule.yields, rule.code
        assert {one for one in ("replay", "test", "release") if one in told[rule.code]} == set(rule.passed_on), (
            rule.code
        )
