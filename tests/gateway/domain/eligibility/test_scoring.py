"""What claims come to: point by point on small profiles, and by what must be so of anybody."""

from datetime import date

import msgspec
import pytest
from helpers.profiles import EVIDENCE, TODAY, gathered, good_things, people, things
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.domain.eligibility import scoring
from gateway.domain.eligibility.terms import BACKINGS, Cite, Claim, Entry, Profile
from gateway.domain.rules.criteria import VISAS, fields_of, visa_on

NOBODYS = ("TN", "E3", "H1B1")  # that ask for a citizenship
BY_ANYBODY = [name for name in VISAS if name not in NOBODYS]
visas = st.sampled_from([visa_on(name, TODAY) for name in VISAS])


def entry(kind, number=1, backing="documented", **facts):
    return Entry(ref=f"{kind}.{number}", kind=kind, facts=facts, backing=backing)


def scored(name, *entries):
    visa, person = visa_on(name, TODAY), Profile(as_of=TODAY, entries=entries)
    return scoring.score(visa, person)


def points(found):
    return {part.name: part.points for part in found.parts}


def award(number=1, backing="documented", awarded=date(2024, 1, 1), **more):
    return entry("award", number, backing, scope="national", is_for_excellence=True, awarded_on=awarded, **more)


def judging(backing="documented", last=date(2025, 1, 1)):
    return entry("judging", 1, backing, is_done=True, times=9, last_on=last)


def article(number=1, backing="documented", published=date(2023, 1, 1)):
    return entry("article", number, backing, is_peer_reviewed=True, citations=99, published_on=published)


def press(backing="documented"):
    return entry("press", 1, backing, is_about_person=True, is_major=True, published_on=date(2025, 1, 1))


# ------------------------------------------------------------------------------------------------ so many of a number


def test_three_documented_criteria_count_point_by_point():
    found = scored("EB1A", award(), judging(), article())
    # 60 x 0.6; 25 x (3/3 + 3/5 + 0/3) / 3; AWARD knows its two fields, JUDGE and ARTICLE theirs
    assert points(found) == {"strength": 36.0, "merits": 13.3, "completeness": 15.0}
    assert (found.score, found.cap) == (64.3, None)
    assert [part.most for part in found.parts] == [60, 25, 15]
    assert "60 x (0.6 + 0.6 + 0.6) / 3" in found.parts[0].working
    assert "3 of 5 criteria met" in found.parts[1].working


def test_what_is_independent_counts_in_strength_and_in_merits():
    found = scored("EB1A", award(backing="corroborated"), judging(), article())
    assert points(found) == {"strength": 44.0, "merits": 16.1, "completeness": 15.0}


def test_only_the_last_five_years_are_recent():
    old = date(2021, 11, 29)
    found = scored("EB1A", award(awarded=old), judging(last=old), article(published=date(2021, 11, 30)))
    assert points(found)["merits"] == 7.8  # 25 x (1/3 + 3/5 + 0) / 3


def test_recency_saturates_so_that_a_fourth_recent_article_adds_nothing():
    few = scored("EB1A", award(), judging(), article())
    many = scored("EB1A", award(), judging(), *(article(number) for number in range(1, 9)))
    assert many.score == few.score


def test_what_is_known_of_more_criteria_than_are_needed_is_no_more_than_whole():
    found = scored("EB1A", award(), judging(), article(), press())
    assert points(found)["completeness"] == 15.0
    partly = scored("EB1A", award(), judging(), entry("salary", 1, percentile=95))  # without its amount
    assert points(partly)["completeness"] == 12.5


def test_weaker_evidence_beside_stronger_takes_nothing_away():
    strong = [award(backing="corroborated"), judging(), article()]
    old = date(1999, 1, 1)
    weak = [
        award(2, "asserted", old),
        article(2, "asserted", old),
        entry("award", 3, scope="local"),
        entry("degree", 1, level="bachelor"),
    ]
    assert scored("EB1A", *strong, *weak).score == scored("EB1A", *strong).score


def test_fewer_than_are_needed_leave_at_most_49_however_strong_they_are():
    strong = scored("EB1A", award(backing="corroborated"), judging("corroborated"))
    assert sum(part.points for part in strong.parts) > 49
    assert (strong.score, strong.cap) == (49, "At most 49, for 2 of the 3 criteria that are needed are met.")
    assert strong.summary.endswith(strong.cap)


def test_a_major_award_suffices_alone():
    major = entry(
        "award",
        1,
        "corroborated",
        scope="international",
        is_major=True,
        is_for_excellence=True,
        awarded_on=date(2024, 1, 1),
    )
    found = scored("EB1A", major)
    assert points(found)["strength"] == 60
    assert "MAJOR suffices alone" in found.parts[0].working
    assert found.cap is None
    asserted = scored("EB1A", entry("award", 1, "asserted", **major.facts))
    assert asserted.cap is not None


def test_what_is_only_asserted_meets_nothing_and_is_a_weakness():
    found = scored("EB1A", award(backing="asserted"), judging("asserted"), article(backing="asserted"))
    assert not any(one.is_met for one in found.findings)
    assert (points(found)["strength"], points(found)["merits"]) == (18, 0)
    assert {line.split(":")[0] for line in found.weaknesses} == {"AWARD", "JUDGE", "ARTICLE"}
    assert found.strengths == []


def test_every_line_names_its_criterion_and_its_source():
    found = scored("EB1A", award(), judging(), article(), press("asserted"))
    lines = [*found.strengths, *found.weaknesses, *found.missing]
    ids = [line.split(":")[0] for line in lines]
    assert sorted(ids) == sorted(one.id for one in visa_on("EB1A", TODAY).criteria if one.id != "MAJOR")
    assert all("(8 CFR 204.5(h)(3)" in line for line in lines)
    assert "documented by award.1." in found.strengths[0]


# ------------------------------------------------------------------------------------------------ gates


def test_an_unknown_gate_leaves_no_score_and_names_what_would_tell():
    found = scored("O1A", award(), judging(), article())
    assert (found.score, found.parts) == (None, ())
    assert found.cap == "It cannot be determined, for a gate is unknown: PETITIONER."
    assert found.summary == "Whether O-1A fits cannot be determined. What would tell: offer."
    [gate] = found.gates
    assert (gate.state, gate.missing) == ("unknown", ("offer",))
    assert found.missing[0].startswith("PETITIONER: ")


def professor(**offer):
    job = entry("employment", 1, is_academic=True, from_on=date(2015, 1, 1))
    facts = {"is_permanent": True, "capacity": "research", "is_university": True} | offer
    return [
        job,
        entry("offer", 1, **facts),
        award(backing="corroborated"),
        judging("corroborated"),
        article(backing="corroborated"),
    ]


def test_a_failed_gate_leaves_at_most_20_and_is_named_with_its_fields():
    assert scored("EB1B", *professor()).score > 90
    found = scored("EB1B", *professor(is_permanent=False))
    assert (found.score, found.cap) == (20, "At most 20, for a gate failed: OFFER.")
    [failed] = [one for one in found.gates if one.state == "failed"]
    assert "not so, by offer.1 (is_permanent)" in failed.sentence
    assert any(line.startswith("OFFER: ") for line in found.missing)


def test_a_failed_gate_settles_it_though_another_is_unknown():
    found = scored("EB1B", *professor(is_permanent=False)[1:])
    assert {one.gate: one.state for one in found.gates} == {
        "EXPERIENCE": "unknown",
        "OFFER": "failed",
        "EMPLOYER": "passed",
    }
    assert found.score == 20


# ------------------------------------------------------------------------------------------------ prongs and checklists


def niw(**more):
    facts = {"merit": "science", "reach": "national", "has_plan": True, "has_funding": True, "is_urgent": True} | more
    return [entry("degree", 1, level="master"), entry("endeavor", 1, "corroborated", **facts)]


def test_the_weakest_prong_weighs_the_most():
    assert scored("NIW", *niw()).score == 100
    found = scored("NIW", *niw(is_urgent=False, has_funding=False))
    # MERIT 1, POSITIONED asserted, BALANCE asserted: 3/6 x 0.3 + 2/6 x 0.3 + 1/6 x 1
    assert [part.points for part in found.parts] == [41.7]
    assert (found.score, found.cap) == (41.7, "At most 49, for 1 of the 3 criteria that are needed are met.")


def worker(**offer):
    facts = {
        "needs_level": "bachelor",
        "needs_subject": "Law",
        "wage": 2,
        "prevailing_wage": 1,
        "has_lca": True,
        "is_selected": True,
    }
    degree = entry("degree", 1, level="bachelor", subject="law", country="USA", is_evaluated=False)
    return [degree, entry("offer", 1, **(facts | offer)), entry("person", 1, h1b_days_used=0, i140_approved=False)]


def test_a_checklist_takes_all_criteria_alike():
    found = scored("H1B_CAP", *worker())
    assert points(found) == {"strength": 51.0, "completeness": 15.0}  # 85 x 0.6
    found = scored("H1B_CAP", *worker(has_lca=False))
    assert points(found)["strength"] == 34.0
    assert found.score == 49
    assert any(line.startswith("LCA: ") for line in found.missing)


# ------------------------------------------------------------------------------------------------ of anybody


def worth(visa, person):
    return scoring.score(visa, person)


def no_lower(before, after):
    """A gate that was unknown or failed has no score that could be compared; one that was passed stays so."""
    passed = {one.gate for one in before.gates if one.state == "passed"}
    assert passed <= {one.gate for one in after.gates if one.state == "passed"}
    strengths = {one.criterion: one.strength for one in after.findings}
    assert all(one.strength <= strengths[one.criterion] for one in before.findings)
    if before.score is not None and after.score is not None:
        assert before.score <= after.score


@settings(max_examples=60, deadline=None)
@given(visas, people(), st.lists(things(EVIDENCE), min_size=1, max_size=4))
def test_adding_evidence_never_lowers_a_score_and_removing_it_never_raises_one(visa, person, more):
    no_lower(worth(visa, person), worth(visa, gathered([*person.entries, *more])))


@settings(max_examples=80, deadline=None)
@given(
    st.lists(good_things(), min_size=3, max_size=8), st.lists(good_things() | things(EVIDENCE), min_size=1, max_size=4)
)
def test_nothing_that_is_added_to_a_strong_profile_lowers_its_score(strong, more):
    visa = visa_on("EB1A", TODAY)
    no_lower(worth(visa, gathered(strong)), worth(visa, gathered([*strong, *more])))


@settings(max_examples=60, deadline=None)
@given(visas, people(), st.data())
def test_to_back_evidence_better_never_lowers_a_score(visa, person, data):
    assume(person.entries)
    place = data.draw(st.integers(0, len(person.entries) - 1))
    raised = []
    for number, one in enumerate(person.entries):
        better = BACKINGS[min(BACKINGS.index(one.backing) + (number == place), 2)]
        raised.append(Entry(ref=one.ref, kind=one.kind, facts=one.facts, backing=better))
    no_lower(worth(visa, person), worth(visa, Profile(as_of=person.as_of, entries=raised)))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(BY_ANYBODY), people(), st.sampled_from(["CAN", "MEX", "AUS", "CHL", "SGP", "IND", "NGA"]))
def test_citizenship_changes_nothing_but_where_the_law_asks_for_it(name, person, citizenship):
    def turned(one):
        facts = one.facts | {"citizenship": citizenship} if one.kind == "person" else one.facts
        return Entry(ref=one.ref, kind=one.kind, facts=facts, backing=one.backing)

    other = Profile(as_of=person.as_of, entries=[turned(one) for one in person.entries])
    before, after = (worth(visa_on(name, TODAY), one) for one in (person, other))
    assert before.score == after.score
    assert [one.strength for one in before.findings] == [one.strength for one in after.findings]


@settings(max_examples=40, deadline=None)
@given(visas, people(), st.text(max_size=80))
def test_whatever_stands_in_a_text_that_no_condition_looks_at_changes_no_score(visa, person, text):
    read = {(kind, field) for kind, fields in fields_of(visa).items() for field in fields} | {("letter", "about")}

    def said(one):
        told = {
            name: text if isinstance(value, str) and (one.kind, name) not in read else value
            for name, value in one.facts.items()
        }
        return Entry(ref=one.ref, kind=one.kind, facts=told, backing=one.backing)

    other = Profile(as_of=person.as_of, entries=[said(one) for one in person.entries])
    assert worth(visa, person).score == worth(visa, other).score


def test_no_condition_looks_at_what_people_tell_in_words_of_their_own():
    told = {
        "title",
        "duties",
        "summary",
        "name",
        "outlet",
        "venue",
        "association",
        "employer",
        "institution",
        "role",
        "measure",
    }
    for name in VISAS:
        assert not {field for fields in fields_of(visa_on(name, TODAY)).values() for field in fields} & told, name


@st.composite
def claims(draw, visa, person):
    """What a model may come up with: true citations and others, of any criterion, as strong as it likes."""
    cites = [Cite(ref=one.ref, field=name, value=value) for one in person.entries for name, value in one.facts.items()]
    cites += [
        Cite(ref="award.99", field="scope", value="international"),
        Cite(ref="award.1", field="is_major", value=True),
    ]
    return [
        Claim(
            visa=visa.id,
            criterion=draw(st.sampled_from([one.id for one in visa.criteria])),
            strength=draw(st.sampled_from(BACKINGS)),
            cites=draw(st.lists(st.sampled_from(cites), min_size=1, max_size=6)),
        )
        for _ in range(draw(st.integers(0, 12)))
    ]


@settings(max_examples=60, deadline=None)
@given(visas, people(), st.data())
def test_no_claims_of_anybody_score_more_or_less_than_the_rules_do(visa, person, data):
    proposed = scoring.score(visa, person, data.draw(claims(visa, person)))
    no_lower(proposed, worth(visa, person))
    no_lower(worth(visa, person), proposed)


def test_where_a_model_finds_less_it_is_a_doubt_and_no_points():
    visa, there = visa_on("EB1A", TODAY), [award(), judging(), article()]
    person = Profile(as_of=TODAY, entries=there)
    said = [
        Claim(visa="EB1A", criterion=name, strength=how, cites=[Cite(ref=ref, field=field, value=value)])
        for name, how, ref, field, value in (
            ("AWARD", "documented", "award.1", "scope", "national"),
            ("JUDGE", "asserted", "judging.1", "times", 9),
        )
    ]
    found, alone = scoring.score(visa, person, said), scoring.score(visa, person)
    assert found.doubts == [
        "JUDGE: The model proposes no more than asserted; documented by the rules, which count. (8 CFR 204.5(h)(3)(iv))",
        "ARTICLE: The model points at nothing; documented by the rules, which count. (8 CFR 204.5(h)(3)(vi))",
    ]
    assert msgspec.structs.replace(found, doubts=[]) == alone
    assert alone.doubts == []
    assert len(scoring.score(visa, person, []).doubts) == 3


@settings(max_examples=60, deadline=None)
@given(visas, people())
def test_a_score_is_its_parts_and_never_leaves_0_to_100(visa, person):
    found = worth(visa, person)
    if found.score is None:
        assert found.parts == ()
        assert any(one.state == "unknown" for one in found.gates)
        return
    total = round(sum(part.points for part in found.parts), 1)
    assert found.score == total if found.cap is None else found.score <= total
    assert 0 <= found.score <= 100
    assert all(0 <= part.points <= part.most and part.working for part in found.parts)
    assert len(found.summary.replace("8 CFR", "").split(". ")) == 2


def test_the_order_of_entries_changes_nothing():
    there = [award(), judging(), article(), press("corroborated")]
    assert scored("EB1A", *there).score == scored("EB1A", *reversed(there)).score


@pytest.mark.parametrize("name", VISAS)
def test_nothing_known_is_never_a_gate_failed(name):
    found = scored(name)
    assert all(one.state == "unknown" and one.missing for one in found.gates)
    assert (found.score is None) == bool(found.gates)
