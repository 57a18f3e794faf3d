"""Two checks side by side: what moved adds up, is said with the entries that moved it, and never makes 0 of unknown."""

from datetime import date

import msgspec
import pytest
from helpers.golden import PEOPLE, golden
from helpers.profiles import TODAY, gathered, good_things, people
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.eligibility import attributing, comparing, scoring
from gateway.domain.eligibility.comparing import Side, Standing
from gateway.domain.eligibility.terms import Entry, Profile
from gateway.domain.rules.criteria import VISAS, visa_on

LATER = date(2027, 5, 2)


def entry(kind, number=1, backing="documented", **facts):
    return Entry(ref=f"{kind}.{number}", kind=kind, facts=facts, backing=backing)


def award(number=1, backing="documented", awarded=date(2024, 1, 1), **more):
    return entry("award", number, backing, scope="national", is_for_excellence=True, awarded_on=awarded, **more)


def judging(number=1, backing="documented", last=date(2025, 1, 1)):
    return entry("judging", number, backing, is_done=True, times=9, last_on=last)


def article(number=1, backing="documented", published=date(2023, 1, 1)):
    return entry("article", number, backing, is_peer_reviewed=True, citations=99, published_on=published)


def checked(person, visas=VISAS):
    asked = [visa_on(name, person.as_of) for name in visas]
    told = {one.id: scoring.score(one, person) for one in asked}
    return Side(profile=person, told=told, rules="1")


def compared(before, after, visa="EB1A", as_of=TODAY):
    sides = (
        checked(Profile(as_of=TODAY, entries=before), [visa]),
        checked(Profile(as_of=as_of, entries=after), [visa]),
    )
    [found] = comparing.compare(*sides).visas
    return found


def moves(found):
    return {one.criterion: one for one in found.criteria}


# ------------------------------------------------------------------------------------------------ in words


def test_a_criterion_that_rose_names_the_entry_and_its_points():
    found = compared([award(), article(), judging(1, "asserted")], [award(), article(), judging(1)])
    assert (found.before.score, found.after.score, found.points) == (49.0, 64.3, 15.3)
    rose = moves(found)["JUDGE"]
    assert rose.sentence == (
        "JUDGE rose from asserted to documented, by judging.1, now documented:"
        " +10.4 points (strength +6.0, merits +4.4)."
    )
    assert (rose.before, rose.after, rose.entries) == (0.3, 0.6, ["judging.1"])


def test_what_is_added_withdrawn_and_changed_is_told_by_its_ref():
    found = comparing.compare(
        checked(Profile(as_of=TODAY, entries=[award(), judging(), article()])),
        checked(
            Profile(as_of=TODAY, entries=[award(2), judging(1, "corroborated"), article(published=date(2020, 2, 3))])
        ),
    )
    told = {one.ref: one.sentence for one in found.profile}
    assert told == {
        "award.2": "award.2 is new, documented: scope national, is_for_excellence yes, awarded_on 2024-01-01.",
        "judging.1": "judging.1: corroborated, and was documented.",
        "article.1": "article.1: published_on is 2020-02-03, and was 2023-01-01.",
        "award.1": "award.1 was withdrawn; it was documented: scope national, is_for_excellence yes,"
        " awarded_on 2024-01-01.",
    }
    assert [one.what for one in found.profile] == ["added", "changed", "changed", "withdrawn"]


def test_a_criterion_that_fell_names_what_was_withdrawn():
    fell = moves(compared([award(), judging(), article()], [judging(), article()]))["AWARD"]
    assert fell.sentence.startswith("AWARD fell from documented to nothing, by award.1, which was withdrawn: -")
    assert fell.points < 0


def test_a_letter_that_lifts_an_entry_is_named():
    letter = entry("letter", 1, is_independent=True, about="judging", written_on=date(2026, 1, 1))
    rose = moves(compared([award(), judging(), article()], [award(), judging(), article(), letter]))["JUDGE"]
    assert rose.entries == ["letter.1"]
    assert "rose from documented to corroborated, by letter.1, which is new" in rose.sentence


def test_time_that_has_passed_is_named_where_nothing_else_has_changed():
    old = date(2022, 1, 1)
    there = [award(awarded=old), judging(last=old), article(published=old)]
    found = compared(there, there, as_of=LATER)
    assert found.points == -8.3
    assert found.why == [
        "How much is known, or how recent it is, has changed, for it is 2027-05-02 by now: -8.3 points (merits -8.3)."
    ]


def test_what_holds_a_score_down_is_named_with_its_points():
    strong = [award(backing="corroborated"), judging(1, "corroborated")]
    found = compared(strong, [*strong, article()])
    [part] = [one for one in found.parts if one.name == "cap"]
    assert part.points > 0
    assert found.why[-1] == (
        "Before: At most 49, for 2 of the 3 criteria that are needed are met. Now nothing holds the score down."
        f" That is {part.points:+.1f} points."
    )


def test_a_criterion_that_moved_no_points_says_so():
    there = [award(backing="corroborated"), judging(backing="corroborated"), article(backing="corroborated")]
    press = entry("press", 1, "asserted", is_about_person=True, is_major=True, published_on=date(2019, 1, 1))
    rose = moves(compared(there, [*there, press]))["PRESS"]
    assert (rose.points, rose.sentence) == (
        0.0, "PRESS rose from nothing to asserted, by press.1, which is new: no points.",
    )  # fmt: skip


def test_a_gate_that_opened_names_what_opened_it():
    offer = entry("offer", 1, employer="Acme", title="Scientist", is_full_time=True)
    found = compared([award()], [award(), offer], "O1A")
    [gate] = [one for one in found.gates if one.before == "unknown"]
    assert gate.after == "passed"
    assert gate.sentence == f"Gate {gate.gate} was unknown, and is passed, by offer.1, which is new."


# ------------------------------------------------------------------------------------------------ unknown


def test_a_score_that_was_unknown_moved_by_no_number():
    offer = entry("offer", 1, employer="Acme", title="Scientist", is_full_time=True)
    found = compared([award(), judging(), article()], [award(), judging(), article(), offer], "O1A")
    assert found.before == Standing(state="undetermined", score=None)
    assert found.after.score is not None
    assert found.points is None
    assert [one.points for one in found.parts] == [None] * len(found.parts)
    assert [one.before for one in found.parts] == [None] * len(found.parts)
    assert all(one.points is None for one in found.criteria)
    assert found.why[-1].startswith("Before: It cannot be determined, for a gate is unknown")


def test_a_visa_that_only_one_check_was_asked_about_is_no_zero():
    person = Profile(as_of=TODAY, entries=[award()])
    found = comparing.compare(checked(person, ["EB1A"]), checked(person, ["EB1A", "NIW"])).visas
    [only] = [one for one in found if one.visa == "NIW"]
    assert (only.before.state, only.points) == ("not_checked", None)
    assert only.why == ["Only the later check was asked about NIW."]


# ------------------------------------------------------------------------------------------------ another law


@pytest.fixture
def stricter(monkeypatch):
    """From 2027 on EB-1A asks for four criteria."""

    def on(name, day):
        visa = visa_on(name, day)
        return visa if day == TODAY else msgspec.structs.replace(visa, method=msgspec.structs.replace(visa.method, k=4))

    monkeypatch.setattr(comparing, "visa_on", on)
    return lambda name: on(name, LATER)


def test_a_law_that_was_changed_is_named_with_its_points(stricter):
    there = [award(), judging(), article()]
    before = checked(Profile(as_of=TODAY, entries=there), ["EB1A"])
    later = Profile(as_of=LATER, entries=there)
    told = scoring.score(stricter("EB1A"), later)
    found = comparing.compare(before, Side(profile=later, told={"EB1A": told}, rules="2"))
    assert found.law.is_changed
    assert found.law.sentence == "By the law as of 2026-11-30 and of 2027-05-02: the criteria are others."
    [visa] = found.visas
    assert visa.why[0].startswith(
        "The law was changed: the criteria of 2027-05-02 hold in place of those of 2026-11-30 (INA 203(b)(1)(A)"
    )
    assert "strength -9.0" in visa.why[0]
    adds_up(visa)


def test_what_is_weighed_otherwise_by_now_is_named(monkeypatch):
    there = [award(), judging(), article()]
    before = checked(Profile(as_of=TODAY, entries=there), ["EB1A"])
    told = before.told["EB1A"]
    parts = [msgspec.structs.replace(part, points=part.points - 1) for part in told.parts]
    once = msgspec.structs.replace(told, parts=parts, score=told.score - 3)
    found = comparing.compare(msgspec.structs.replace(before, told={"EB1A": once}), before)
    [why] = found.visas[0].why
    assert why == (
        "The same is weighed otherwise than when it was checked first:"
        " +3.0 points (strength +1.0, merits +1.0, completeness +1.0)."
    )
    adds_up(found.visas[0])


# ------------------------------------------------------------------------------------------------ of anybody


def adds_up(found):
    """The points of all parts are those of the score, and what explains the rest is named."""
    if found.points is None:
        assert all(one.points is None for one in found.parts)
        return
    assert found.points == round(found.after.score - found.before.score, 1)
    assert round(sum(one.points for one in found.parts), 1) == found.points
    [cap] = [one for one in found.parts if one.name == "cap"]
    assert not cap.points or any("At most" in line for line in found.why)


def explained(sides, found):
    """The changes that are named come to what the parts moved by, each of them."""
    before, after = (
        attributing.Weighing(
            visa=visa_on(found.visa, one.profile.as_of), profile=one.profile, told=one.told[found.visa]
        )
        for one in sides
    )
    steps = attributing.steps(before, after)
    assert attributing.WEIGHING not in {one.name for one in steps}
    if found.points is None:
        assert steps == []
        return
    for part in found.parts:
        if part.name != "cap":
            assert round(sum(one.parts.get(part.name, 0.0) for one in steps), 1) == part.points
    assert all(any(f"{one.points:+.1f} points" in line for line in found.why) for one in steps)


anybody = st.one_of(people(), st.lists(good_things(), max_size=9).map(gathered))
days = st.sampled_from([TODAY, LATER, date(2030, 2, 28)])


@settings(max_examples=60, deadline=None)
@given(anybody, anybody, days, st.sampled_from(["EB1A", *VISAS]))
def test_the_movements_of_parts_come_to_the_movement_of_the_score(one, other, day, visa):
    sides = checked(one, [visa]), checked(Profile(as_of=day, entries=other.entries), [visa])
    [found] = comparing.compare(*sides).visas
    adds_up(found)
    explained(sides, found)


@settings(max_examples=40, deadline=None)
@given(anybody, st.data())
def test_a_profile_of_which_some_is_left_out_adds_up_as_well(person, data):
    fewer = [one for one in person.entries if data.draw(st.booleans())]
    sides = checked(Profile(as_of=TODAY, entries=fewer)), checked(person)
    for found in comparing.compare(*sides).visas:
        adds_up(found)
        explained(sides, found)


@given(people(), st.sampled_from(VISAS))
def test_a_check_beside_itself_moves_nothing(person, visa):
    one = checked(person, [visa])
    found = comparing.compare(one, one)
    assert found.profile == []
    assert not found.law.is_changed
    [same] = found.visas
    is_known, cap = one.told[visa].score is not None, one.told[visa].cap
    assert (same.gates, same.criteria) == ([], [])
    assert (same.points, same.why) == ((0.0, []) if is_known else (None, [f"As before: {cap}"]))


def test_golden_people_who_became_somebody_else_add_up():
    names = sorted(PEOPLE)
    for one, other in zip(names, [*names[1:], names[0]], strict=True):
        sides = checked(golden(one)), checked(golden(other))
        for found in comparing.compare(*sides).visas:
            adds_up(found)
            explained(sides, found)
