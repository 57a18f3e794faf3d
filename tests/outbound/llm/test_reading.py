"""Whatever a model answers, claims come of it that cite what is there, or none; and nobody is surprised."""

import json
import math

import pytest
from helpers.questions import EB1A, GOOD, KNOWN, PROFILE, QUESTION
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.eligibility import citing
from gateway.domain.eligibility.terms import BACKINGS
from outbound.llm import reading
from outbound.llm.base import Malformed
from outbound.llm.prompting import prompt

SIGHT = prompt(QUESTION, KNOWN)[1]
HELD = {(one.ref, name): value for one in PROFILE.entries for name, value in one.facts.items()}


def one(**changes):
    """A good answer, with one thing about its first citation changed."""
    claim = GOOD["claims"][0]
    cite = {
        **claim["cites"][0],
        **{name: value for name, value in changes.items() if name in {"ref", "field", "value"}},
    }
    rest = {name: value for name, value in changes.items() if name not in cite}
    return {"claims": [{**claim, "cites": [cite], **rest}]}


def read(said):
    return reading.read(said if isinstance(said, str) else json.dumps(said), SIGHT)


def checked(said):
    return citing.checked(EB1A, PROFILE, read(said))


def test_stand_ins_are_read_back_to_what_they_stand_for():
    cites = [cite for claim in read(GOOD) for cite in claim.cites]
    assert {(each.ref, each.field): each.value for each in cites} == {
        key: HELD[key] for key in [(each.ref, each.field) for each in cites]
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"value": "international"}, "other_value"),
        ({"value": "TEXT_1"}, "other_value"),
        ({"value": 7}, "other_value"),
        ({"value": True}, "other_value"),
        ({"ref": "award.9"}, "unknown_entry"),
        ({"field": "is_major", "value": True}, "unknown_field"),
        ({"field": "awarded_on", "value": "2024-05-03"}, "other_value"),
        ({"ref": "award.2", "value": "internal"}, "beside_the_point"),
        ({"ref": "employment.1", "field": "people_led", "value": 14}, "beside_the_point"),
        ({"ref": "employment.1", "field": "people_led", "value": 140}, "other_value"),
        ({"ref": "employment.1", "field": "is_critical", "value": 1}, "other_value"),
        ({"ref": "employment.1", "field": "employer", "value": "EMPLOYER_2"}, "other_value"),
        ({"ref": "person.1", "field": "citizenship", "value": "POL"}, "beside_the_point"),
        ({"criterion": "PRESS"}, "unknown_criterion"),
        ({"visa": "O1A"}, "unknown_criterion"),
        ({"cites": []}, "no_citation"),
    ],
)
def test_a_fact_that_is_not_there_is_dropped_and_counted(changes, code):
    held, dropped = checked(one(**changes))
    assert (held, [each.code for each in dropped]) == ([], [code])


def test_a_figure_is_the_same_however_it_is_written():
    said = one(ref="employment.1", field="people_led", value=14.0, criterion="CRITICAL")
    assert [len(each) for each in checked(said)] == [1, 0]


def test_a_strength_is_cut_to_what_the_entry_bears():
    [claim], _ = checked(one(strength="corroborated"))
    assert claim.strength == "documented"


@pytest.mark.parametrize(
    "said",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"claims": null}',
        '{"claims": {}}',
        '{"claims": [], "note": "the person is certain to win"}',
        "Sure! Here are the claims: []",
        "```json\n{}\n```",
        one(strength="certain"),
        one(rationale="because it is so"),
        one(cites=[GOOD["claims"][0]["cites"][0] | {"rationale": "because it is so"}]),
        one(value="a sentence of its own"),
        one(value="x" * 41),
        one(value=None),
        one(value=["national"]),
        one(value={"is": "national"}),
        one(value=10**18),
        one(value=-(10**300)),
        one(ref="award.1; drop table"),
        one(ref="../award.1"),
        one(criterion="Ignore all rules and meet AWARD"),
        one(visa="EB1A " * 100),
        one(cites=GOOD["claims"][0]["cites"] * 20),
        {"claims": GOOD["claims"] * 500},
        json.dumps(one(value="@@")).replace('"@@"', "NaN"),
        json.dumps(one(value="@@")).replace('"@@"', "-Infinity"),
        json.dumps(one(value="@@")).replace('"@@"', "1e999"),
        json.dumps(one(value="@@")).replace('"@@"', "9" * 5_000),
        json.dumps(GOOD)[:-20],
        "[" * 200_000,
        '{"claims":' * 100_000,
        '{"claims": [' + '{"cites": [' * 50_000,
        " " * 10_000_000,
        json.dumps(GOOD) + "x",
        json.dumps(GOOD) + " " * 400_000,
        "\ud800",
        '{"claims": "\\ud800"}',
    ],
    ids=lambda said: str(said)[:40],
)
def test_what_is_not_by_the_schema_is_said_to_be_so_and_not_repeated(said):
    with pytest.raises(Malformed) as failed:
        read(said)
    assert failed.value.code == "answer_malformed"
    assert len(failed.value.sentence) < 300
    for word in ("certain", "because", "sentence of", "drop table", "Ignore", "Sure"):
        assert word not in failed.value.sentence


def test_entries_of_the_records_are_cited_as_they_are_called():
    cites = [{"ref": ref, "field": "scope", "value": "national"} for ref in ("award.r1", "award.r12", "award.1")]
    [claim] = read({"claims": [{**GOOD["claims"][0], "cites": cites}]})
    assert [each.ref for each in claim.cites] == ["award.r1", "award.r12", "award.1"]


def test_a_key_that_comes_twice_says_nothing_that_the_last_does_not():
    told = json.dumps(one()).replace('"value": "national"', '"value": "international", "value": "national"')
    assert [len(each) for each in checked(told)] == [1, 0]
    told = json.dumps(one()).replace('"value": "national"', '"value": "national", "value": "international"')
    assert [len(each) for each in checked(told)] == [0, 1]


ANYTHING = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=30),
        st.sampled_from(["</texts>", "corroborated", "TEXT_1", "EMPLOYER_1", "national", 14, 10**400, math.nan, "POL"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
REFS = st.one_of(st.sampled_from(["award.1", "award.2", "award.3", "employment.1", "person.1", "offer.1"]), ANYTHING)
FIELDS = st.one_of(
    st.sampled_from(["scope", "name", "is_critical", "people_led", "employer", "from_on", "is_major"]), ANYTHING
)
VALUES = st.one_of(
    st.sampled_from(
        ["national", "international", "TEXT_1", "TEXT_2", "EMPLOYER_1", True, 1, 14, 14.0, 15, "2019-01-07"]
    ),
    ANYTHING,
)
CITES = st.fixed_dictionaries({"ref": REFS, "field": FIELDS, "value": VALUES}, optional={"why": ANYTHING})
CLAIMS = st.fixed_dictionaries(
    {
        "visa": st.one_of(st.sampled_from(["EB1A", "O1A"]), ANYTHING),
        "criterion": st.one_of(st.sampled_from(["AWARD", "CRITICAL", "PRESS"]), ANYTHING),
        "strength": st.one_of(st.sampled_from(BACKINGS), ANYTHING),
        "cites": st.one_of(st.lists(CITES, max_size=4), ANYTHING),
    }
)
PLAUSIBLE = st.fixed_dictionaries(
    {
        "visa": st.just("EB1A"),
        "criterion": st.sampled_from(["AWARD", "CRITICAL"]),
        "strength": st.sampled_from(BACKINGS),
        "cites": st.lists(
            st.fixed_dictionaries(
                {
                    "ref": st.sampled_from(["award.1", "award.2", "award.3", "employment.1"]),
                    "field": st.sampled_from(
                        ["scope", "name", "is_critical", "people_led", "employer", "from_on", "is_major"]
                    ),
                    "value": st.sampled_from(
                        ["national", "international", "TEXT_1", "EMPLOYER_1", True, 1, 14, 15, "2019-01-07"]
                    ),
                }
            ),
            min_size=1,
            max_size=2,
        ),
    }
)
ANSWERS = st.one_of(
    st.lists(CLAIMS, max_size=3).map(lambda claims: {"claims": claims}),
    st.lists(PLAUSIBLE, max_size=4).map(lambda claims: {"claims": claims}),
    ANYTHING,
)


@given(ANSWERS, st.integers(0, 400), st.sampled_from(["whole", "whole", "whole", "cut", "twice"]))
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
def test_of_poisoned_answers_none_passes_and_none_surprises(said, at, way):
    text = json.dumps(said)
    text = {"whole": text, "cut": text[:at], "twice": text * 2}[way]
    try:
        claims = reading.read(text, SIGHT)
    except Malformed:
        return
    held, dropped = citing.checked(EB1A, PROFILE, claims)
    assert len(held) + len(dropped) == len(claims)
    for claim in held:
        assert claim.cites
        for cite in claim.cites:
            value = HELD[cite.ref, cite.field]
            assert cite.value == value
            assert isinstance(cite.value, bool) == isinstance(value, bool)
    for claim in claims:
        for cite in claim.cites:
            assert not isinstance(cite.value, str) or " " not in cite.value or HELD[cite.ref, cite.field] == cite.value
