"""Whether conditions and demands hold: yes, no, or unknown."""

from datetime import date

import pytest

from gateway.domain.eligibility.terms import Entry, Profile
from gateway.domain.eligibility.verdicts import all_hold, at_least, every, holds, judge, years_before
from gateway.domain.rules.conditions import Condition, Demand, Since

TODAY = date(2026, 11, 30)


def entry(kind="award", number=1, backing="documented", **facts):
    return Entry(ref=f"{kind}.{number}", kind=kind, facts=facts, backing=backing)


def profile(*entries):
    return Profile(as_of=TODAY, entries=entries)


def says(condition, **facts):
    one = entry(**facts)
    return holds(condition, one, profile(one))


def test_a_no_outweighs_what_is_unknown_and_what_is_unknown_outweighs_a_yes():
    assert [every(one) for one in ([True, None, False], [True, None], [True], [])] == [False, None, True, True]
    assert [at_least(2, one) for one in ([True, True, False], [True, None], [True, False], [])] == [
        True,
        None,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("condition", "value", "answer"),
    [
        (Condition(field="x", is_=True), True, True),
        (Condition(field="x", is_=True), False, False),
        (Condition(field="x", is_=True), 1, False),
        (Condition(field="x", is_="a"), "a", True),
        (Condition(field="x", in_=["a", "b"]), "b", True),
        (Condition(field="x", in_=["a", "b"]), "c", False),
        (Condition(field="x", at_least=2), 2, True),
        (Condition(field="x", at_least=2), 1.9, False),
        (Condition(field="x", at_most=2), 2, True),
        (Condition(field="x", at_most=2), 3, False),
        (Condition(field="x", at_least=2), "many", False),
        (Condition(field="x", degree="master"), "doctorate", True),
        (Condition(field="x", degree="master"), "master", True),
        (Condition(field="x", degree="master"), "bachelor", False),
        (Condition(field="x", within_years=5), date(2021, 11, 30), True),
        (Condition(field="x", within_years=5), date(2021, 11, 29), False),
        (Condition(field="x", within_years=5), date(2026, 12, 1), False),
    ],
)
def test_an_operator_answers_yes_or_no_of_what_is_known(condition, value, answer):
    assert says(condition, x=value) is answer
    assert says(condition) is None


def test_one_of_several_conditions_is_enough_and_none_is_a_no_only_if_all_are():
    either = Condition(any=[Condition(field="x", is_=True), Condition(field="y", is_=True)])
    assert says(either, x=True) is True
    assert says(either, x=False) is None
    assert says(either, x=False, y=False) is False


def test_a_field_is_compared_with_one_of_the_same_entry_or_of_another_kind():
    paid = Condition(field="wage", no_less_than="prevailing_wage")
    assert [says(paid, wage=one, prevailing_wage=100) for one in (100, 99)] == [True, False]
    assert says(paid, wage=100) is None
    high = Condition(field="level", degree="offer.needs_level")
    degree = entry("degree", level="bachelor")
    asks = [entry("offer", 1, needs_level="master"), entry("offer", 2, needs_level="bachelor")]
    assert holds(high, degree, profile(degree)) is None
    assert holds(high, degree, profile(degree, asks[0])) is False
    assert holds(high, degree, profile(degree, *asks)) is True
    among = Condition(field="subject", among="offer.needs_subject")
    offer = entry("offer", needs_subject="Computer Science,  software  Engineering")
    for subject, answer in (("SOFTWARE ENGINEERING", True), ("Software", False), ("History", False)):
        one = entry("degree", subject=subject)
        assert holds(among, one, profile(one, offer)) is answer


def test_the_same_day_years_ago_is_there_in_leap_years_too():
    assert years_before(date(2024, 2, 29), 1) == date(2023, 2, 28)
    assert years_before(date(2024, 2, 29), 4) == date(2020, 2, 29)


def job(number=1, **facts):
    return entry("employment", number, **facts)


def year(**more):
    return Demand(kind="employment", years=1, **more)


@pytest.mark.parametrize(
    ("spans", "answer"),
    [
        ([("2025-12-01", None)], True),
        ([("2025-12-02", None)], False),
        ([("2024-01-01", "2024-06-30"), ("2025-01-01", "2025-07-02")], True),
        ([("2024-01-01", "2024-06-30"), ("2024-03-01", "2024-08-30")], False),  # shared days count once
        ([("2024-01-01", "2024-12-30"), ("2024-03-01", "2024-08-30")], True),
    ],
)
def test_years_are_counted_by_days_and_shared_days_once(spans, answer):
    jobs = [
        job(number, from_on=date.fromisoformat(first), **({"to_on": date.fromisoformat(last)} if last else {}))
        for number, (first, last) in enumerate(spans)
    ]
    assert judge(year(), profile(*jobs)).holds is answer


def test_a_continuous_year_has_no_break_and_one_job_may_follow_another():
    halves = [job(1, from_on=date(2024, 1, 1), to_on=date(2024, 6, 30))]
    follows = job(2, from_on=date(2024, 7, 1), to_on=date(2024, 12, 31))
    later = job(2, from_on=date(2024, 7, 3), to_on=date(2025, 1, 3))
    assert judge(year(continuous=True), profile(*halves, follows)).holds is True
    assert judge(year(continuous=True), profile(*halves, later)).holds is False
    assert judge(year(), profile(*halves, later)).holds is True


def test_only_the_last_years_count_back_from_today_or_from_when_the_person_came():
    abroad = job(1, is_abroad=True, from_on=date(2020, 1, 1), to_on=date(2022, 6, 30))
    here = job(2, is_abroad=False, from_on=date(2022, 7, 1))
    fits = Condition(field="is_abroad", is_=True)
    plain = year(needs=[fits], of_last=3)
    since = year(
        needs=[fits], of_last=3, back_from=Demand(kind="employment", needs=[Condition(field="is_abroad", is_=False)])
    )
    assert judge(plain, profile(abroad, here)).holds is False
    assert judge(since, profile(abroad, here)).holds is True
    assert judge(since, profile(abroad)).holds is False


def test_years_whose_beginning_is_unknown_leave_a_demand_open_and_say_what_would_tell():
    verdict = judge(year(), profile(job(is_full_time=True)))
    assert (verdict.holds, verdict.missing) == (None, ("employment.from_on",))
    assert judge(year(), profile()).holds is None
    may_fit = year(needs=[Condition(field="is_abroad", is_=True)])
    verdict = judge(may_fit, profile(job(from_on=date(2020, 1, 1))))
    assert (verdict.holds, verdict.missing) == (None, ("employment.is_abroad",))


def test_experience_counts_from_the_degree_that_is_asked_for():
    demand = Demand(
        kind="employment",
        years=5,
        after=Since(kind="degree", field="awarded_on", needs=[Condition(field="level", degree="bachelor")]),
    )
    work = job(from_on=date(2015, 1, 1))
    early = entry("degree", 1, level="associate", awarded_on=date(2014, 1, 1))
    late = entry("degree", 2, level="bachelor", awarded_on=date(2023, 1, 1))
    undated = entry("degree", 2, level="bachelor")
    assert judge(demand, profile(work, early, late)).holds is False
    assert judge(demand, profile(work, early, undated))[::2] == (None, ("degree.awarded_on",))
    done = entry("degree", 2, level="bachelor", awarded_on=date(2020, 1, 1))
    assert judge(demand, profile(work, done)).holds is True


def test_all_any_and_so_many_of_demands():
    has = [Demand(kind=kind) for kind in ("award", "press", "article")]
    one, two = entry("award", x=1), entry("press", x=1)
    assert judge(Demand(all=has[:2]), profile(one, two)).holds is True
    assert judge(Demand(all=has[:2]), profile(one)).holds is None
    assert judge(Demand(any=has[:2]), profile(one)).holds is True
    assert judge(Demand(any=has, least=2), profile(one)).holds is None
    assert judge(Demand(any=has, least=2), profile(one, two)).holds is True
    no = Demand(kind="award", needs=[Condition(field="is_major", is_=True)])
    minor = entry("award", is_major=False)
    assert judge(Demand(any=[no, no]), profile(minor)).holds is False
    assert judge(Demand(any=[no, has[1]]), profile(minor)).holds is None


@pytest.mark.parametrize(
    ("profession", "facts", "answer"),
    [
        ("Engineer", [entry("degree", level="bachelor")], True),
        (" engineer ", [entry("licence", name="P.Eng.")], True),
        ("Engineer", [entry("degree", level="associate")], None),  # a licence is unknown
        ("Economist", [entry("degree", level="associate")], False),
        ("Economist", [entry("licence", name="any")], None),
        ("Economist", [], None),
        ("Hotel Manager", [entry("degree", level="associate"), job(from_on=date(2020, 1, 1))], True),
        ("Hotel Manager", [entry("degree", level="associate"), job(from_on=date(2025, 1, 1))], False),
        ("Management Consultant", [job(from_on=date(2020, 1, 1))], True),
        ("Librarian", [entry("degree", level="bachelor")], False),
        ("Influencer", [entry("degree", level="doctorate")], False),
    ],
)
def test_a_profession_asks_what_its_list_says(profession, facts, answer):
    demand = Demand(kind="offer", listed="tn_professions", by="profession")
    assert judge(demand, profile(entry("offer", profession=profession), *facts)).holds is answer


def test_a_job_of_no_told_profession_leaves_it_open():
    demand = Demand(kind="offer", listed="tn_professions", by="profession")
    verdict = judge(demand, profile(entry("offer", wage=1)))
    assert (verdict.holds, verdict.missing) == (None, ("offer.profession",))
    assert judge(demand, profile()).missing == ("offer.profession",)


def test_nothing_asked_of_an_entry_is_so():
    assert all_hold([], entry(), profile()) is True
