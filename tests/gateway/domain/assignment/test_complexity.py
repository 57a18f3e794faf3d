"""How much work a case is, point by point."""

from datetime import date, timedelta

import pytest

from gateway.domain.assignment.complexity import Facts, base, complexity
from gateway.domain.rules import dated, vocabulary
from gateway.domain.rules.dated import Points

TODAY = date(2026, 11, 30)
ON_TOP = {"rfe", "noid", "prior_denial", "status_gap", "third_party_site", "dependents", "short_time"}


def test_every_type_of_case_has_its_points_and_every_rule_is_of_a_type_or_on_top():
    types = {name.lower() for name in vocabulary("case_types").words}
    assert set(dated.complexity()) == types | {"other"} | ON_TOP


@pytest.mark.parametrize(
    ("case_type", "points"),
    [
        ("TN", 2), ("H1B_EXT", 2), ("E3_EXT", 2), ("H1B_CAP", 3), ("L1A", 5), ("L1B", 5), ("PERM", 5),
        ("O1A", 7), ("O1B", 7), ("I140_EB1A", 9), ("I140_NIW", 9), (None, 5), ("NO_SUCH", 5),
    ],
)  # fmt: skip
def test_a_case_begins_with_the_points_of_its_type(case_type, points):
    assert complexity(Facts(TODAY, case_type)).points == base(case_type, TODAY) == points


@pytest.mark.parametrize(
    ("facts", "points", "told"),
    [
        ({"stage": "rfe_received"}, 2, "+2: the agency asks for evidence."),
        ({"stage": "rfe_response"}, 2, "+2: the agency asks for evidence."),
        ({"noid": True}, 3, "+3: the agency intends to deny it."),
        ({"noid": True, "stage": "rfe_received"}, 3, "+3: the agency intends to deny it."),
        ({"denials": 2}, 2, "+2: a case of the person was denied before."),
        ({"stay_ended_on": date(2026, 11, 1)}, 2, "+2: the papers of the stay ended on 2026-11-01."),
        ({"third_party_site": True}, 1, "+1: the work is at a third party's site."),
        ({"dependents": 1}, 1, "+1: another one of the family."),
        ({"dependents": 3}, 1, "+1: 3 others of the family."),
        ({"deadline_on": TODAY + timedelta(days=29)}, 1, "+1: 29 days are left to its deadline."),
        ({"deadline_on": TODAY + timedelta(days=1)}, 1, "+1: 1 day is left to its deadline."),
        ({"deadline_on": TODAY - timedelta(days=1)}, 1, "+1: its deadline passed 1 day ago."),
    ],
)
def test_what_comes_on_top_says_why(facts, points, told):
    found = complexity(Facts(TODAY, "TN", **facts))
    assert (found.points, list(found.working)) == (2 + points, ["2: a case of type TN.", told])


@pytest.mark.parametrize("deadline", [None, TODAY + timedelta(days=30), date.max])
def test_a_case_with_a_month_left_is_no_harder_for_it(deadline):
    assert complexity(Facts(TODAY, "TN", deadline_on=deadline)).points == 2


def test_points_end_at_ten_and_say_so():
    found = complexity(Facts(TODAY, "I140_EB1A", stage="rfe_received", denials=1))
    assert (found.points, found.working[-1]) == (10, "Added up they are 13; the most is 10.")


@pytest.mark.parametrize(("pinned", "points"), [(4, 4), (10, 10)])
def test_what_was_set_by_hand_counts_alone(pinned, points):
    found = complexity(Facts(TODAY, "I140_EB1A", pinned=pinned, noid=True, denials=9))
    assert found == (points, [f"{points}: set by hand."])


def test_the_rule_of_the_day_holds():
    last = date(2026, 12, 31)
    rules = {
        "tn": [
            Points(effective_to=last, points=2, source="practice"),
            Points(effective_from=last + timedelta(days=1), points=4, source="practice"),
        ]
    }
    assert [base("TN", day, rules) for day in (last, last + timedelta(days=1))] == [2, 4]


def test_the_rules_are_shown_with_the_others(gateway):
    assert "3 of 10" in gateway("rules", "show", "complexity.h1b_cap").stdout
    assert "1 of 10, under 30 days" in gateway("rules", "show", "complexity.short_time").stdout
