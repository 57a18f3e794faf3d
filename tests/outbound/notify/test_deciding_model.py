"""The gate held against an oracle that knows none of its code: rules as nested questions, quiet hours minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from outbound.notify.gate import Facts, Quiet, decide
from outbound.notify.hours import midnight, next_midnight

ZONES = [
    "America/New_York", "America/St_Johns", "America/Nuuk", "America/Sao_Paulo", "Europe/London", "Africa/Cairo",
    "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham", "UTC",
]  # fmt: skip
CHANGES = [  # days around which clocks are changed in some of these zones
    date(2026, 3, 8), date(2026, 11, 1), date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25), date(2026, 4, 5),
    date(2026, 10, 4), date(2026, 4, 24), date(2026, 10, 30), date(2026, 9, 27),
]  # fmt: skip
MINUTE = timedelta(minutes=1)

walls = st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 45, 59]))
quiets = st.builds(
    Quiet,
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    begins=walls,
    ends=walls,
    working_days=st.frozensets(st.integers(1, 7), min_size=1),
)
near = st.builds(
    lambda day, minutes: datetime(day.year, day.month, day.day, tzinfo=UTC) + minutes * MINUTE,
    st.one_of(st.sampled_from(CHANGES), st.dates(date(2025, 1, 1), date(2028, 12, 31))),
    st.integers(-1500, 2900),
)
nows = st.builds(lambda one, seconds: one + timedelta(seconds=seconds), near, st.sampled_from([0, 0, 1, 59]))


def is_free(quiet, instant):
    """The clock on the wall is read, and the wish beside it."""
    wall = instant.astimezone(quiet.zone)
    if wall.isoweekday() not in quiet.working_days:
        return False
    minute, begins, ends = (one.hour * 60 + one.minute for one in (wall, quiet.begins, quiet.ends))
    if begins < ends:
        return not begins <= minute < ends
    return not (begins > ends and (minute >= begins or minute < ends))


def free_minute(quiet, now):
    if is_free(quiet, now):
        return now
    tried = now.replace(second=0) + MINUTE
    while not is_free(quiet, tried):
        tried += MINUTE
    return tried


@settings(max_examples=400, deadline=None)
@given(quiets, nows)
def test_a_delay_ends_at_the_first_minute_that_is_free(quiet, now):
    said = decide(Facts(now=now, path="reminder", priority="normal", channel="email", quiet=quiet))
    expected = free_minute(quiet, now)
    assert (said.until or now) == expected
    assert (said.verdict == "send") == (expected == now)


def first_instant_of(day, zone):
    """The first minute that has this date on its calendar, sought from far ahead."""
    tried = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=16)
    while tried.astimezone(zone).date() < day:
        tried += MINUTE
    return tried


def oracle(f):  # noqa: C901, PLR0911, PLR0912 - written as differently as can be
    """What is to come out, as (verdict, reason, until, overridden)."""
    for is_so, reason in (
        (f.untrue, "untrue"),
        (not f.is_there, "gone"),
        (f.is_walled, "walled"),
        (not f.is_reachable, "unreachable"),
        (f.opted_out, "opted_out"),
    ):
        if is_so:
            return "stop", reason, None, []
    passed = []
    if f.was_told:
        if f.path not in ("test", "replay", "release"):
            return "stop", "already_told", None, passed
        passed.append("already_told")
    if f.preference == "off":
        if f.path != "test":
            return "stop", "switched_off", None, passed
        passed.append("switched_off")
    if f.snoozed_until:
        ends = f.snoozed_until
        for day in (f.next_lead_on, f.expires_on):
            if day:
                ends = min(ends, first_instant_of(day, f.quiet.zone))
        if ends > f.now:
            return "delay", "snoozed", ends, passed
    free = free_minute(f.quiet, f.now)
    if free != f.now:
        is_day_off = f.now.astimezone(f.quiet.zone).isoweekday() not in f.quiet.working_days
        if f.priority != "critical" and f.path != "release":
            return "delay", "day_off" if is_day_off else "quiet_hours", free, passed
        passed += ["day_off"] if is_day_off else []
        every_day = Quiet(
            zone=f.quiet.zone, begins=f.quiet.begins, ends=f.quiet.ends, working_days=frozenset(range(1, 8))
        )
        passed += [] if is_free(every_day, f.now) else ["quiet_hours"]
    if f.budget_left is not None and f.budget_left < 1 and f.budget_anew > f.now:
        if f.priority != "critical" and f.path != "release":
            return "delay", "budget_spent", f.budget_anew, passed
        passed.append("budget_spent")
    if f.open_from and f.open_from > f.now:
        return "delay", "channel_busy", f.open_from, passed
    return "send", "overridden" if passed else "clear", None, passed


def seldom(value, other):
    """Mostly as nothing stands against it, so that late rules are reached."""
    return st.sampled_from([value] * 9 + [other])


@st.composite
def worlds(draw):
    now = draw(nows)
    later = st.timedeltas(-timedelta(hours=2), timedelta(days=3)).map(lambda one: now + one)
    days = st.one_of(st.none(), st.integers(-2, 4).map(lambda one: now.date() + timedelta(days=one)))
    return Facts(
        now=now,
        path=draw(st.sampled_from("reminder escalation digest service watch test retry replay release".split())),
        priority=draw(st.sampled_from("critical urgent normal low".split())),
        channel="email",
        quiet=draw(quiets),
        is_reachable=draw(seldom(value=True, other=False)),
        is_there=draw(seldom(value=True, other=False)),
        opted_out=draw(seldom(None, "stop_word")),
        preference=draw(st.sampled_from(["immediate"] * 4 + ["daily", "weekly", "off"])),
        snoozed_until=draw(st.one_of(st.none(), st.none(), later)),
        untrue=draw(seldom(None, "renewed")),
        expires_on=draw(days),
        next_lead_on=draw(days),
        is_walled=draw(seldom(value=False, other=True)),
        was_told=draw(st.sampled_from([False, False, True])),
        budget_left=draw(st.one_of(st.none(), st.integers(-1, 2))),
        budget_anew=now + timedelta(hours=draw(st.integers(1, 25))),
        open_from=draw(st.one_of(st.none(), st.none(), later)),
    )


@settings(max_examples=600, deadline=None)
@given(worlds())
def test_the_gate_says_what_the_oracle_says(facts):
    said = decide(facts)
    assert (said.verdict, said.reason, said.until, list(said.overridden)) == oracle(facts)
    assert said.until is None or said.until > facts.now


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_whoever_waits_as_told_and_asks_again_leaves_in_the_end(facts):
    """Nothing is delayed for ever, and nothing is delayed into its own past."""
    for _ in range(12):
        said = decide(facts)
        if said.verdict != "delay":
            return
        facts = structs.replace(facts, now=said.until, budget_left=None)
    raise AssertionError(said)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(ZONES).map(ZoneInfo), nows)
def test_a_day_is_from_its_first_minute_to_the_next_days(zone, now):
    today = now.astimezone(zone).date()
    assert midnight(zone, now) == first_instant_of(today, zone)
    assert next_midnight(zone, now) == first_instant_of(today + timedelta(days=1), zone)
