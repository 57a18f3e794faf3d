"""What the gate says, case by case, as written down by hand; each instant is by the clock of a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from outbound.notify.gate import REASONS, RULES, Decision, Facts, Quiet, decide

NEW_YORK = "America/New_York"
TUESDAY, SATURDAY = "2026-03-03 10:00", "2026-03-07 10:00"
NIGHT = "2026-03-03 23:15"


def at(wall: str, zone: str = NEW_YORK, fold: int = 0) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def quiet(zone: str = NEW_YORK, hours: str = "20:00-08:00", days: str = "12345") -> Quiet:
    begins, ends = (time.fromisoformat(one) for one in hours.split("-"))
    return Quiet(zone=ZoneInfo(zone), begins=begins, ends=ends, working_days=frozenset(map(int, days)))


class Case(NamedTuple):
    """One row: what is so, and what the gate then says; `until` for a delay."""

    name: str
    facts: dict[str, object]
    verdict: str
    reason: str
    until: datetime | None = None
    overridden: tuple[str, ...] = ()


def send(name, overridden=(), **facts):
    return Case(name, facts, "send", "overridden" if overridden else "clear", None, tuple(overridden))


def stop(name, reason, overridden=(), **facts):
    return Case(name, facts, "stop", reason, None, tuple(overridden))


def delay(name, reason, until, overridden=(), **facts):
    return Case(name, facts, "delay", reason, until, tuple(overridden))


CRITICAL, NIGHTLY = {"priority": "critical"}, {"now": at(NIGHT)}
SNOOZED = {"snoozed_until": at("2026-03-10 09:00")}
SPENT = {"budget_left": 0, "budget_anew": at("2026-03-04 00:00")}
BUSY = {"open_from": at("2026-03-03 10:30")}
MORNING = at("2026-03-04 08:00")
STATES = ("renewed", "void", "erased", "archived", "terminated", "withdrawn", "cancelled", "nothing_left")

CASES = [
    # ------------------------------------------------------------ nothing stands against it
    send("a working hour"),
    send("urgent in a working hour", priority="urgent"),
    send("low in a working hour", priority="low"),
    send("critical in a working hour", **CRITICAL),
    send("the minute at which quiet ends", now=at("2026-03-03 08:00")),
    send("the last minute before it begins", now=at("2026-03-03 19:59")),
    send("a digest's pace is the planning's affair", preference="daily"),
    send("a weekly one as well", preference="weekly"),
    # ------------------------------------------------------------ what is not true any more, whoever may be told
    *(stop(f"{why}: stopped", "untrue", untrue=why) for why in STATES),
    stop("renewed, however critical", "untrue", untrue="renewed", **CRITICAL),
    stop("renewed, and opted out: it is nobody's doing", "untrue", untrue="renewed", opted_out="stop_word"),
    stop("renewed at night: nobody waits for it", "untrue", untrue="renewed", **NIGHTLY),
    stop("renewed, sent again by a person", "untrue", untrue="renewed", path="replay"),
    # ------------------------------------------------------------ whom nobody can, or may, tell
    stop("left the firm", "gone", is_there=False),
    stop("left the firm, however critical", "gone", is_there=False, **CRITICAL),
    stop("walled off", "walled", is_walled=True),
    stop("walled off, however critical", "walled", is_walled=True, **CRITICAL),
    stop("walled off, sent again", "walled", is_walled=True, path="replay"),
    stop("walled off, as a test", "walled", is_walled=True, path="test"),
    stop("without an address", "unreachable", is_reachable=False),
    stop("without an address at night", "unreachable", is_reachable=False, **NIGHTLY),
    # ------------------------------------------------------------ STOP outranks everything
    stop("STOP", "opted_out", opted_out="stop_word"),
    stop("STOP, however critical", "opted_out", opted_out="stop_word", **CRITICAL),
    stop("STOP, critical on the last day", "opted_out", opted_out="stop_word", expires_on=date(2026, 3, 3), **CRITICAL),
    stop("one click", "opted_out", opted_out="one_click"),
    stop("said to the staff", "opted_out", opted_out="staff"),
    *(
        stop(f"STOP, on the way of a {path}", "opted_out", opted_out="stop_word", path=path)
        for path in ("escalation", "digest", "service", "watch", "test", "retry", "replay")
    ),
    stop("STOP at night", "opted_out", opted_out="stop_word", **NIGHTLY),
    stop("STOP while snoozed", "opted_out", opted_out="stop_word", **SNOOZED),
    stop("STOP and told before", "opted_out", opted_out="stop_word", was_told=True),
    stop("STOP, told before, sent again", "opted_out", opted_out="stop_word", was_told=True, path="replay"),
    # ------------------------------------------------------------ told before
    stop("told before", "already_told", was_told=True),
    stop("told before, however critical", "already_told", was_told=True, **CRITICAL),
    stop("told before, tried again by the ladder", "already_told", was_told=True, path="retry"),
    stop("told before, at night", "already_told", was_told=True, **NIGHTLY),
    send("told before, sent again by a person", ["already_told"], was_told=True, path="replay"),
    send("told before, as a test", ["already_told"], was_told=True, path="test"),
    delay(
        "told before, sent again at night", "quiet_hours", MORNING, ["already_told"],
        was_told=True, path="replay", **NIGHTLY,
    ),
    # ------------------------------------------------------------ switched off
    stop("switched off", "switched_off", preference="off"),
    stop("switched off, however critical", "switched_off", preference="off", **CRITICAL),
    stop("switched off, sent again", "switched_off", preference="off", path="replay"),
    stop("switched off, as an escalation", "switched_off", preference="off", path="escalation"),
    send("switched off, as a test", ["switched_off"], preference="off", path="test"),
    # ------------------------------------------------------------ snoozed
    delay("snoozed", "snoozed", at("2026-03-10 09:00"), **SNOOZED),
    delay("snoozed, however critical", "snoozed", at("2026-03-10 09:00"), **SNOOZED, **CRITICAL),
    delay("snoozed beyond the next lead", "snoozed", at("2026-03-05 00:00"), next_lead_on=date(2026, 3, 5), **SNOOZED),
    delay("snoozed beyond the end", "snoozed", at("2026-03-06 00:00"), expires_on=date(2026, 3, 6), **SNOOZED),
    delay(
        "snoozed beyond both: the first of them", "snoozed", at("2026-03-05 00:00"),
        next_lead_on=date(2026, 3, 5), expires_on=date(2026, 3, 6), **SNOOZED,
    ),
    delay(
        "the next lead's day begins where the recipient is", "snoozed", at("2026-03-05 00:00", "Asia/Kolkata"),
        quiet=quiet("Asia/Kolkata", "00:00-00:00", "1234567"), next_lead_on=date(2026, 3, 5), **SNOOZED,
    ),
    send("a snooze that has ended", snoozed_until=at("2026-03-03 10:00")),
    send("snoozed, and today is the last day", expires_on=date(2026, 3, 3), **SNOOZED),
    send("snoozed, and the next lead is today", next_lead_on=date(2026, 3, 3), **SNOOZED),
    send("snoozed, and it has ended long ago", expires_on=date(2026, 2, 1), **SNOOZED),
    stop("snoozed, and renewed", "untrue", untrue="renewed", **SNOOZED),
    # ------------------------------------------------------------ quiet hours and days off
    delay("at night", "quiet_hours", MORNING, **NIGHTLY),
    delay("urgent at night", "quiet_hours", MORNING, priority="urgent", **NIGHTLY),
    delay("low at night", "quiet_hours", MORNING, priority="low", **NIGHTLY),
    send("critical at night", ["quiet_hours"], **NIGHTLY, **CRITICAL),
    delay("as a test at night", "quiet_hours", MORNING, path="test", **NIGHTLY),
    delay("before dawn: the same morning", "quiet_hours", at("2026-03-03 08:00"), now=at("2026-03-03 03:00")),
    delay("the minute at which quiet begins", "quiet_hours", MORNING, now=at("2026-03-03 20:00")),
    delay("Friday night: Monday morning", "quiet_hours", at("2026-03-09 08:00"), now=at("2026-03-06 21:00")),
    delay("Saturday noon", "day_off", at("2026-03-09 08:00"), now=at(SATURDAY)),
    send("critical on a Saturday", ["day_off"], now=at(SATURDAY), **CRITICAL),
    send("critical on a Saturday night", ["day_off", "quiet_hours"], now=at("2026-03-07 23:00"), **CRITICAL),
    delay("no quiet hours, a day off", "day_off", at("2026-03-09 00:00"), now=at(SATURDAY), quiet=quiet(hours="08:00-08:00")),
    send("equal ends are none", now=at(NIGHT), quiet=quiet(hours="20:00-20:00")),
    delay(
        "quiet at noon", "quiet_hours", at("2026-03-03 14:00"),
        now=at("2026-03-03 12:30"), quiet=quiet(hours="12:00-14:00"),
    ),
    send("outside of a quiet noon", now=at(NIGHT), quiet=quiet(hours="12:00-14:00")),
    delay(
        "quiet from noon to midnight, before a day off", "quiet_hours", at("2026-03-09 00:00"),
        now=at("2026-03-06 13:00"), quiet=quiet(hours="12:00-00:00"),
    ),
    send("whoever works on Saturdays", now=at(SATURDAY), quiet=quiet(days="6")),
    delay("whoever works on Saturdays only", "day_off", at("2026-03-07 08:00"), quiet=quiet(days="6")),
    delay(
        "half an hour apart from the others", "quiet_hours", at("2026-03-04 08:00", "Asia/Kolkata"),
        now=datetime(2026, 3, 3, 20, 0, tzinfo=UTC), quiet=quiet("Asia/Kolkata"),
    ),
    send("02:30 UTC is 08:00 in Kolkata", now=datetime(2026, 3, 4, 2, 30, tzinfo=UTC), quiet=quiet("Asia/Kolkata")),
    delay(
        "02:14 UTC is not yet 08:00 in Kathmandu", "quiet_hours", datetime(2026, 3, 4, 2, 15, tzinfo=UTC),
        now=datetime(2026, 3, 4, 2, 14, tzinfo=UTC), quiet=quiet("Asia/Kathmandu"),
    ),
    delay("the year ends meanwhile", "quiet_hours", at("2027-01-01 08:00"), now=at("2026-12-31 22:00")),
    delay("the leap day counts", "quiet_hours", at("2028-02-29 08:00"), now=at("2028-02-28 22:00")),
    # ------------------------------------------------------------ when the clock is changed: 8 March, 1 November 2026
    delay(
        "the night is an hour shorter", "quiet_hours", datetime(2026, 3, 8, 12, 0, tzinfo=UTC),
        now=at("2026-03-07 23:00"), quiet=quiet(days="1234567"),
    ),
    delay(
        "the night is an hour longer", "quiet_hours", datetime(2026, 11, 1, 13, 0, tzinfo=UTC),
        now=at("2026-10-31 23:00"), quiet=quiet(days="1234567"),
    ),
    delay(
        "quiet would end at 02:30, which there is not: at 03:00", "quiet_hours", datetime(2026, 3, 8, 7, 0, tzinfo=UTC),
        now=at("2026-03-07 23:00"), quiet=quiet(hours="20:00-02:30", days="1234567"),
    ),
    delay(
        "quiet would begin at 02:30, which there is not: at 03:00 it is quiet", "quiet_hours", at("2026-03-08 08:00"),
        now=datetime(2026, 3, 8, 7, 0, tzinfo=UTC), quiet=quiet(hours="02:30-08:00", days="1234567"),
    ),
    delay(
        "quiet ends at 01:30 for the first time", "quiet_hours", datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
        now=at("2026-10-31 23:00"), quiet=quiet(hours="20:00-01:30", days="1234567"),
    ),
    delay(
        "quiet begins anew at 01:00, and ends at 01:30 for the second time", "quiet_hours",
        datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
        now=datetime(2026, 11, 1, 6, 10, tzinfo=UTC), quiet=quiet(hours="20:00-01:30", days="1234567"),
    ),
    send(
        "quiet from 01:30 is over while the clock says 01:10 again", now=datetime(2026, 11, 1, 6, 10, tzinfo=UTC),
        quiet=quiet(hours="01:30-08:00", days="1234567"),
    ),
    delay(
        "Lord Howe turns back by half an hour", "quiet_hours", datetime(2026, 4, 4, 21, 30, tzinfo=UTC),
        now=datetime(2026, 4, 4, 12, 0, tzinfo=UTC), quiet=quiet("Australia/Lord_Howe", days="1234567"),
    ),
    delay(
        "Cairo has no midnight on 24 April: the day begins at 01:00", "day_off", datetime(2026, 4, 23, 22, 0, tzinfo=UTC),
        now=at("2026-04-23 12:00", "Africa/Cairo"), quiet=quiet("Africa/Cairo", "00:00-00:00", "5"),
    ),
    # ------------------------------------------------------------ budget
    delay("enough for today", "budget_spent", at("2026-03-04 00:00"), **SPENT),
    delay("urgent, and enough for today", "budget_spent", at("2026-03-04 00:00"), priority="urgent", **SPENT),
    delay("more than enough", "budget_spent", at("2026-03-04 00:00"), **{**SPENT, "budget_left": -3}),
    send("critical, and enough for today", ["budget_spent"], **SPENT, **CRITICAL),
    send("one is left", **{**SPENT, "budget_left": 1}),
    delay("as a test, and enough for today", "budget_spent", at("2026-03-04 00:00"), path="test", **SPENT),
    delay("enough for today, at night: the night first", "quiet_hours", MORNING, **SPENT, **NIGHTLY),
    send("critical, enough, at night", ["quiet_hours", "budget_spent"], **SPENT, **NIGHTLY, **CRITICAL),
    # ------------------------------------------------------------ the channel itself
    delay("the channel is away", "channel_busy", at("2026-03-03 10:30"), **BUSY),
    delay("the channel is away, however critical", "channel_busy", at("2026-03-03 10:30"), **BUSY, **CRITICAL),
    delay(
        "the channel is away at night, critical", "channel_busy", at("2026-03-03 23:45"), ["quiet_hours"],
        open_from=at("2026-03-03 23:45"), **NIGHTLY, **CRITICAL,
    ),
    send("the channel is back", open_from=at("2026-03-03 10:00")),
    stop("the channel is away, and STOP", "opted_out", opted_out="stop_word", **BUSY),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_gate_says_what_was_written_down(case):
    said = said_of(**case.facts)
    assert said == Decision(verdict=case.verdict, reason=case.reason, until=case.until, overridden=case.overridden)


HOLDING: list[tuple[str, dict[str, object]]] = [  # what makes each reason hold, in the order in which they are told
    ("untrue", {"untrue": "renewed"}),
    ("gone", {"is_there": False}),
    ("walled", {"is_walled": True}),
    ("unreachable", {"is_reachable": False}),
    ("opted_out", {"opted_out": "stop_word"}),
    ("already_told", {"was_told": True}),
    ("switched_off", {"preference": "off"}),
    ("snoozed", {"snoozed_until": at("2026-03-10 09:00")}),
    ("day_off", {"now": at("2026-03-07 23:15")}),
    ("quiet_hours", {"now": at(NIGHT)}),
    ("budget_spent", {"budget_left": 0, "budget_anew": at("2026-03-12 00:00")}),
    ("channel_busy", {"open_from": at("2026-03-12 00:00")}),
]
MAY_PASS = {("already_told", "replay"), ("already_told", "test"), ("switched_off", "test")}
CRITICAL_PASSES = {"day_off", "quiet_hours", "budget_spent"}
PATHS = ("reminder", "escalation", "digest", "service", "watch", "test", "retry", "replay")


def said_of(**facts):
    usual = {"now": at(TUESDAY), "path": "reminder", "priority": "normal", "channel": "email", "quiet": quiet()}
    return decide(Facts(**usual | facts))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("code", "facts"), HOLDING, ids=[code for code, _ in HOLDING])
def test_each_reason_holds_on_each_path_but_those_that_may_pass(code, facts, path):
    said = said_of(**facts, path=path)
    assert (said.reason == code) == ((code, path) not in MAY_PASS)
    assert (said.verdict == "send") == ((code, path) in MAY_PASS)


@pytest.mark.parametrize(("code", "facts"), HOLDING, ids=[code for code, _ in HOLDING])
def test_critical_passes_the_hours_and_the_budget_and_nothing_else(code, facts):
    said = said_of(**facts, priority="critical")
    assert (said.verdict == "send") == (code in CRITICAL_PASSES)
    assert (code in said.overridden) == (code in CRITICAL_PASSES)
    assert all(said_of(**facts, priority=one).reason == code for one in ("urgent", "normal", "low"))


@pytest.mark.parametrize("place", range(len(HOLDING) - 1), ids=[code for code, _ in HOLDING[:-1]])
def test_of_two_reasons_the_earlier_is_told(place):
    (first, one), (_, other) = HOLDING[place], HOLDING[place + 1]
    assert said_of(**other | one).reason == first


def test_each_rule_decides_some_case_and_each_reason_is_a_sentence():
    assert {rule.code for rule in RULES} | {"clear", "overridden"} == {case.reason for case in CASES} == set(REASONS)
    assert all(one.endswith(".") for one in REASONS.values())
    assert len({case.name for case in CASES}) == len(CASES) >= 60


def test_no_path_and_no_priority_passes_an_opt_out_a_wall_or_what_is_untrue():
    for rule in RULES:
        if rule.code in {"untrue", "gone", "walled", "unreachable", "opted_out"}:
            assert not rule.yields, rule.code
            assert not rule.passed_on, rule.code


def test_hours_and_budgets_that_could_hold_for_ever_cannot_be_said():
    with pytest.raises(ValueError, match="works on no day"):
        Quiet(zone=ZoneInfo("UTC"), working_days=frozenset())
    with pytest.raises(ValueError, match="begins anew"):
        Facts(now=at(TUESDAY), path="reminder", priority="normal", channel="sms", quiet=quiet(), budget_left=1)
