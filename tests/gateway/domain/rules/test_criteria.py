"""Criteria as data: what their files hold, and what they may not, each slip with its line."""

from datetime import date

import pytest

from gateway.config import ConfigError
from gateway.domain.rules import shelf, vocabulary
from gateway.domain.rules.criteria import (
    VISAS,
    Listed,
    Visa,
    approval_rates,
    fields_of,
    in_force,
    professions,
    visa_on,
    visas,
)
from gateway.domain.rules.dated import Rules, rules_of
from gateway.domain.rules.profile_kinds import kinds_of, profile_kinds
from gateway.errors import Missing

TODAY = date(2026, 11, 30)
SOUND = """rules:
  x1:
    - id: X1
      name: X-1
      source: s
      cases: [X1]
      method: {kind: k_of_n, k: 1}
      gates:
        - {id: G, text: t, source: s, tells: t, asks: {kind: offer, needs: [{field: wage, at_least: 1}]}}
      criteria:
        - {id: A, text: t, source: s, ways: [{kind: award, needs: [{field: scope, is: national}]}]}
      documents: [d]
      timeline_months: [1, 2]
"""


def read(tmp_path, text):
    path = tmp_path / "x1.yaml"
    path.write_text(text)
    return rules_of(path, Rules[Visa])["x1"]


def test_every_visa_has_criteria_with_sources_and_becomes_a_type_of_case():
    assert [one.id for one in in_force(TODAY)] == list(VISAS)
    known = set(vocabulary("case_types").words)
    for visa in in_force(TODAY):
        assert set(visa.cases) <= known, visa.id
        for one in (*visa.gates, *visa.criteria):
            assert any(word in one.source for word in ("CFR", "INA", "FAM", "Matter of")), (visa.id, one.id)


def test_the_counts_are_those_of_the_law():
    counts = {name: len(visa_on(name, TODAY).criteria) for name in ("O1A", "O1B", "EB1A", "EB1B", "NIW")}
    assert counts == {"O1A": 1 + 8, "O1B": 1 + 6, "EB1A": 1 + 10, "EB1B": 6, "NIW": 3}
    assert {name: visa_on(name, TODAY).method.k for name in ("O1A", "O1B", "EB1A", "EB1B")} == {
        "O1A": 3,
        "O1B": 3,
        "EB1A": 3,
        "EB1B": 2,
    }


def test_every_profession_of_the_list_asks_for_something():
    found = professions("tn_professions")
    assert len(found) >= 60
    for (one,) in found.values():
        assert isinstance(one, Listed)
        assert one.asks(), one.name
        assert one.in_words(), one.name
    assert len({one.name.casefold() for (one,) in found.values()}) == len(found)


def test_rules_are_found_by_name_and_shown(gateway):
    names = {one.name for one in shelf.everything()}
    assert {"visas.eb1a", "tn_professions.engineer", "approval_rates.eb1a", "lead_times.ead"} <= names
    assert "0 gates, 11 criteria" in gateway("rules", "show", "visas.eb1a").stdout
    assert "72.2% of those decided, fiscal year 2024" in gateway("rules", "show", "approval_rates.eb1a").stdout
    shown = gateway("rules", "show", "tn_professions.hotel_manager").stdout
    assert "a degree, bachelor or higher or a diploma and 3 years" in shown


def test_a_visa_is_found_in_any_case_of_its_letters_or_the_nearest_is_offered():
    assert visa_on("eb1a", TODAY).id == "EB1A"
    with pytest.raises(Missing, match='Did you mean "H1B_CAP"'):
        visa_on("H1B_CAPS", TODAY)
    with pytest.raises(Missing, match="no criteria for NIW on 2010-01-01"):
        visa_on("NIW", date(2010, 1, 1))


def test_a_visa_says_what_is_worth_knowing_of_a_person():
    told = fields_of(visa_on("H1B_CAP", TODAY))
    assert set(told) == {"person", "degree", "offer"}
    assert {"wage", "prevailing_wage", "needs_level", "is_selected", "is_cap_exempt", "has_lca"} <= set(told["offer"])
    assert fields_of(visa_on("NIW", TODAY))["membership"] == []
    for visa in in_force(TODAY):
        for kind, fields in fields_of(visa).items():
            assert set(fields) <= set(profile_kinds()[kind].fields)


def test_a_sound_file_is_read(tmp_path):
    [visa] = read(tmp_path, SOUND)
    assert (visa.id, visa.method.k, visa.criteria[0].kinds()) == ("X1", 1, {"award"})


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ("{kind: k_of_n, k: 1}", "{kind: k_of_n, k: 2}", 7, "more criteria than there are"),
        ("{kind: k_of_n, k: 1}", "{kind: k_of_n, k: 1, alone: [B]}", 7, 'no criterion "B"'),
        ("{kind: k_of_n, k: 1}", "{kind: sum}", 7, "not one of"),
        ("id: A,", "id: G,", 11, "stands here twice"),
        ("kind: award", "kind: awards", 11, 'no kind "awards"'),
        ("field: scope", "field: scopes", 11, 'no field "scopes"'),
        ("is: national", "is: nation", 11, 'never holds "nation"'),
        ("is: national", "at_least: 3", 11, "no such operator"),
        ("is: national", "is: true", 11, "and never True"),
        ("field: wage, at_least: 1", "field: wage, is: cheap", 9, "and never"),
        ("field: wage, at_least: 1", "field: wage, no_less_than: offer.prevailing", 9, 'no field "prevailing"'),
        ("field: wage, at_least: 1", "field: wage, at_least: 1, at_most: 2", 9, "one operator"),
        ("field: wage, at_least: 1", "at_least: 1", 9, "names its field"),
        ("field: wage, at_least: 1", "field: needs_level, degree: bachelors", 9, "bachelors"),
        ("kind: offer, needs", "listed: tn_professions, kind: offer, needs", 9, "stand together"),
        ("timeline_months: [1, 2]", "timeline_months: [3, 2]", 13, "shortest time stands first"),
        ("      source: s\n", "", 3, "source"),
        ("name: X-1", "nam: X-1", 4, "nam"),
    ],
)
def test_a_slip_is_refused_with_its_line(tmp_path, old, new, line, sentence):
    assert old in SOUND
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, SOUND.replace(old, new, 1))
    assert f"x1.yaml:{line}:" in str(refused.value)
    assert sentence in str(refused.value)


def test_a_gap_between_versions_is_refused(tmp_path):
    version = SOUND.split("  x1:\n")[1]
    first = version.replace("      source: s\n", "      source: s\n      effective_to: 2026-12-31\n", 1)
    second = version.replace("      source: s\n", "      source: s\n      effective_from: 2027-01-02\n", 1)
    with pytest.raises(ConfigError, match="effective from 2027-01-01"):
        read(tmp_path, f"rules:\n  x1:\n{first}{second}")


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("{means: m, holds: choice, leaves: as_is}", "beside `holds: choice`"),
        ("{means: m, holds: text, of: [a, b], leaves: as_is}", "beside `holds: choice`"),
        ("{means: m, holds: txt, leaves: as_is}", "txt"),
        ("{means: m, holds: text, leaves: sometimes}", "sometimes"),
        ("{means: m, holds: text}", "leaves"),
    ],
)
def test_a_slip_in_the_kinds_is_refused_with_its_line(tmp_path, field, sentence):
    path = tmp_path / "kinds.yaml"
    path.write_text(f"kinds:\n  award:\n    means: m\n    fields:\n      name: {field}\n")
    with pytest.raises(ConfigError) as refused:
        kinds_of(path)
    assert "kinds.yaml:5:" in str(refused.value)
    assert sentence in str(refused.value)


def test_what_was_compared_says_with_which_text():
    for rules in (visas(), professions("tn_professions"), approval_rates()):
        for versions in rules.values():
            assert all((one.verified_on is None) == (one.compared_with is None) for one in versions)
