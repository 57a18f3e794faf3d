"""What the baseline says of people as public descriptions of typical cases have them: written by hand, nobody real."""

import pytest
from helpers.golden import PEOPLE, golden
from helpers.profiles import TODAY

from gateway.domain.eligibility import scoring
from gateway.domain.rules.criteria import VISAS, visa_on
from gateway.domain.rules.profile_kinds import profile_kinds

CASES = [(name, visa) for name, told in PEOPLE.items() for visa in told["expect"]]


@pytest.mark.parametrize(("name", "visa"), CASES)
def test_the_baseline_stays_within_the_bands_of_a_golden_profile(name, visa):
    person, expected = golden(name), PEOPLE[name]["expect"][visa]
    asked = visa_on(visa, TODAY)
    found = scoring.score(asked, person)
    strength = {one.criterion: one.is_met for one in found.findings}
    gates = {state: {one.gate for one in found.gates if one.state == state} for state in ("failed", "unknown")}
    assert set(expected.get("met", [])) <= {name for name, is_met in strength.items() if is_met}, found
    assert {one: strength[one] for one in expected.get("unmet", [])} == dict.fromkeys(expected.get("unmet", []), False)
    assert set(expected.get("failed", [])) == gates["failed"], found.gates
    assert set(expected.get("unknown", [])) <= gates["unknown"], found.gates
    if "score" not in expected:
        assert found.score is None
        assert "cannot be determined" in found.summary
        return
    low, high = expected["score"]
    assert found.score is not None, found.gates
    assert low <= found.score <= high, found.parts


def test_golden_profiles_hold_what_the_kinds_allow_and_meet_every_visa():
    assert len(PEOPLE) >= 40
    assert {visa for told in PEOPLE.values() for visa in told["expect"]} == set(VISAS)
    for name, told in PEOPLE.items():
        for one in told["entries"]:
            fields = profile_kinds()[one["kind"]].fields
            assert set(one["facts"]) <= set(fields), name
            for field, value in one["facts"].items():
                assert fields[field].of is None or value in fields[field].of, (name, field, value)
