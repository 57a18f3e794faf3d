"""Whether somebody may work on a day, asked day by day of a model that knows no last days; and of the reckoning."""

from datetime import date, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.domain.expiry.authorization import effective_work_auth_end
from gateway.domain.expiry.papers import Facts, Matter, Paper
from gateway.domain.rules import vocabulary

ONE_DAY = timedelta(days=1)
FIRST, LAST = date(2025, 9, 1), date(2027, 3, 1)
STATUSES = ["open", "approved", "denied", "withdrawn", "closed"]
EXTENDED = {"I765_C08", "I765_C09", "I765_A05", "H4_EAD", "L2_EAD"}


def may_work(facts, day):
    """The law as a question about one day, written a second time."""
    is_citizen = facts.citizenship == "USA"
    has_card = any(one.doc_type == "green_card" for one in facts.papers)
    was_adjusted = any(one.case_type == "I485" and one.status == "approved" for one in facts.cases)
    return (
        is_citizen
        or has_card
        or was_adjusted
        or by_petition(facts, day)
        or by_exchange(facts, day)
        or by_card(facts, day)
    )


def shown(facts, kind):
    """The paper of a kind that an officer would look at: the last that was issued, or the worst if nobody knows."""
    held = [one for one in facts.papers if one.doc_type == kind]
    if any(one.issued_on is None for one in held):
        return min(held, key=lambda one: one.expires_on or date.max)
    ordered = sorted(held, key=lambda one: one.issued_on)
    if len(ordered) > 1 and ordered[-1].issued_on == ordered[-2].issued_on:
        return min(held, key=lambda one: one.expires_on or date.max)
    return ordered[-1] if ordered else None


def by_petition(facts, day):
    stay, notice = shown(facts, "i94"), shown(facts, "i797")
    had = any(one.case_type.startswith("H1B") and one.status == "approved" for one in facts.cases)
    extending = any(one.case_type == "H1B_EXT" and one.status in ("open", "closed") for one in facts.cases)
    record = shown(facts, "h1b_maxout")
    in_h1b = had or extending or record is not None or (notice is not None and asked_for_once(facts))
    dated = [one for one in (stay, notice) if one and one.expires_on]
    if not dated or (notice is None and not in_h1b) or any(day > one.expires_on for one in dated):
        return False
    return not in_h1b or record is None or immigrant(facts) or within_six_years(record, day)


def asked_for_once(facts):
    return any(one.case_type.startswith("H1B") and one.status in ("open", "closed") for one in facts.cases)


def immigrant(facts):
    """Approved, or one that waits and was begun a year ago: by itself, or by the certification that it rests on."""
    petitions = {one.status for one in facts.cases if one.case_type == "I140_EB2"}
    begun = [one for one in facts.cases if one.filed_on and (facts.on - one.filed_on).days >= 365]
    waits = any(one.case_type in ("I140_EB2", "PERM") and one.status == "open" for one in begun)
    certified = any(one.case_type == "PERM" and one.status == "approved" for one in begun)
    return "approved" in petitions or waits or (certified and "open" in petitions)


def within_six_years(record, day):
    """By walking through every day, abroad ones being given back at the end."""
    if record.expires_on:
        return day <= record.expires_on
    if record.issued_on is None:
        return True
    birthday = (record.issued_on.month, record.issued_on.day)
    cursor, spare = record.issued_on, record.days_abroad or 0
    while cursor < day:
        cursor += ONE_DAY
        over = (cursor.year - record.issued_on.year, (cursor.month, cursor.day)) >= (6, birthday)
        spare -= over
    return spare >= 0


def by_exchange(facts, day):
    programme, stay = shown(facts, "ds2019"), shown(facts, "i94")
    if programme is None or not any(
        one.case_type == "J1" and one.status in ("open", "approved", "closed") for one in facts.cases
    ):
        return False
    return day <= programme.expires_on and not (stay and stay.expires_on and day > stay.expires_on)


def by_card(facts, day):
    return any(is_good(facts, one, day) for one in facts.papers if one.doc_type in ("ead", "opt", "stem_opt"))


def is_good(facts, card, day):
    if day <= card.expires_on:
        return card.issued_on is None or day >= card.issued_on
    waiting = [
        one
        for one in facts.cases
        if one.status == "open"
        and one.case_type in EXTENDED | {"F1_STEM", "I765_C33"}
        and one.filed_on
        and one.filed_on <= card.expires_on
        and not (card.issued_on and one.filed_on <= card.issued_on)
    ]
    return bool(waiting) and goes_on(facts, card, waiting, day)


def goes_on(facts, card, waiting, day):
    renewal = min(waiting, key=lambda one: (one.filed_on, str(one.id)))
    over = (day - card.expires_on).days
    if renewal.case_type == "F1_STEM":
        return card.doc_type in ("ead", "opt") and over <= 180
    if card.doc_type != "ead" or renewal.case_type not in EXTENDED:
        return False
    allowed = 540 if renewal.filed_on < date(2025, 10, 30) else 0
    if renewal.case_type in ("H4_EAD", "L2_EAD"):
        stay = shown(facts, "i94")
        return over <= allowed and bool(stay and stay.expires_on and day <= stay.expires_on)
    return over <= allowed


days = st.dates(FIRST, LAST)
near = st.sampled_from([date(2025, 10, 29), date(2025, 10, 30), date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 1)])
ends = near | days
begins = st.none() | st.sampled_from([date(2020, 2, 29), date(2020, 3, 1), date(2024, 5, 1), date(2025, 8, 31)])


def numbered(groups):
    """All papers of some groups, each with an id of its own."""
    return [replace(one, id=UUID(int=number)) for number, one in enumerate(one for group in groups for one in group)]


ids = st.integers(1, 2**60).map(lambda number: UUID(int=number))


def papers_of(kind, at_least=0, **more):
    plain = {"id": ids, "doc_type": st.just(kind), "issued_on": begins, "expires_on": ends}
    return st.lists(st.builds(Paper, **(plain | more)), min_size=at_least, max_size=2)


lasting = st.builds(
    Paper,
    id=ids,
    doc_type=st.just("i94"),
    issued_on=begins,
    expires_on=st.none(),
    duration_of_status=st.just(value=True),
)
longest = papers_of("h1b_maxout", expires_on=st.none() | ends, days_abroad=st.none() | st.integers(0, 400))
everything = st.tuples(
    papers_of("i94") | lasting.map(lambda one: [one]) | st.just([]),
    papers_of("i797") | st.just([]),
    longest.map(lambda found: found[:1]),
    papers_of("ds2019") | st.just([]),
    papers_of("ead", issued_on=begins | days),
    papers_of("opt") | st.just([]),
    papers_of("stem_opt", issued_on=begins | days) | st.just([]),
    st.lists(
        st.builds(Paper, id=ids, doc_type=st.sampled_from(["green_card", "passport", "i140"]), expires_on=ends),
        max_size=1,
    ),
).map(numbered)
kinds = st.sampled_from(
    ["H1B_CAP", "H1B_EXT", "J1", "I485", "I140_EB2", "PERM", "F1_STEM", "I765", "I765_C33", *sorted(EXTENDED)]
)
cases = st.lists(
    st.builds(Matter, id=ids, case_type=kinds, status=st.sampled_from(STATUSES), filed_on=st.none() | ends), max_size=4
)
anybody = st.builds(
    Facts, on=ends, citizenship=st.sampled_from([None, "IND", "IND", "USA"]), papers=everything, cases=cases
)
renewal = st.builds(
    Matter,
    id=ids,
    case_type=st.sampled_from(["I765", "I765_C09", "H4_EAD", "F1_STEM"]),
    status=st.sampled_from(["open", "open", "denied"]),
    filed_on=ends,
)
a_card = st.tuples(papers_of("ead").map(lambda found: found[:1]), papers_of("opt").map(lambda found: found[:1]))
renewing = st.builds(
    Facts,
    on=ends | st.dates(date(2027, 3, 1), date(2027, 9, 1)),
    papers=st.tuples(a_card.map(lambda both: both[0] or both[1]), papers_of("i94")).map(numbered),
    cases=st.lists(renewal, min_size=1, max_size=2),
)
in_h1b = st.just(Matter(id=UUID(int=7), case_type="H1B_EXT", status="approved"))
begun = st.none() | st.dates(date(2025, 2, 20), date(2025, 3, 10)) | ends
immigrating = st.lists(
    st.builds(
        Matter,
        id=ids,
        case_type=st.sampled_from(["I140_EB2", "PERM"]),
        status=st.sampled_from(STATUSES),
        filed_on=begun,
    ),
    max_size=2,
)
with_h1b = st.tuples(in_h1b, immigrating).map(lambda both: [both[0], *both[1]])
staying = st.builds(
    Facts,
    on=ends,
    papers=st.tuples(papers_of("i94"), papers_of("i797"), longest.map(lambda found: found[:1])).map(numbered),
    cases=with_h1b,
)
first = st.sampled_from([date(2020, 2, 29), date(2020, 3, 1), date(2020, 3, 2)])
counted = papers_of("h1b_maxout", issued_on=first, expires_on=st.none(), days_abroad=st.none() | st.integers(0, 3))
lasting_petition = papers_of("i797", at_least=1, expires_on=st.just(LAST))
at_six_years = st.builds(
    Facts,
    on=st.dates(date(2026, 2, 25), date(2026, 3, 7)),
    papers=st.tuples(lasting_petition, counted.map(lambda found: found[:1])).map(numbered),
    cases=with_h1b,
)
a_year_ago = st.builds(
    Matter,
    id=ids,
    case_type=st.sampled_from(["I140_EB2", "PERM"]),
    status=st.sampled_from(["open", "open", "approved", "denied"]),
    filed_on=st.dates(date(2025, 5, 31), date(2025, 6, 2)),
)
beyond_six_years = st.builds(
    Facts,
    on=st.just(date(2026, 6, 1)),
    papers=st.tuples(
        lasting_petition, st.just([Paper(id=UUID(int=1), doc_type="h1b_maxout", expires_on=date(2026, 3, 1))])
    ).map(numbered),
    cases=st.tuples(in_h1b, st.lists(a_year_ago, max_size=2)).map(lambda both: [both[0], *both[1]]),
)
people = anybody | renewing | staying | at_six_years | beyond_six_years

# the ends of the calendar, and what no person would enter: a form takes them
_EDGES = st.sampled_from([date.min, date.max, date(9999, 1, 1), date(9994, 2, 28), date(1, 2, 1), date(9996, 2, 29)])
_TYPES = sorted({*vocabulary("document_types").words})
_AT_THE_EDGE = st.builds(
    Facts,
    on=_EDGES | ends,
    terminated_on=st.none() | _EDGES,
    papers=st.lists(
        st.builds(
            Paper,
            id=ids,
            doc_type=st.sampled_from(_TYPES),
            issued_on=st.none() | _EDGES,
            expires_on=st.none() | _EDGES,
            days_abroad=st.none() | st.integers(0, 2**31 - 1),
        ),
        max_size=4,
    ),
    cases=st.lists(
        st.builds(
            Matter,
            id=ids,
            case_type=kinds | st.just("H1B_TRANSFER"),
            status=st.sampled_from(STATUSES),
            filed_on=st.none() | _EDGES,
        ),
        min_size=1,
        max_size=3,
    ),
)


def in_force(found, day):
    return found.is_open_ended or (found.ends_on is not None and day <= found.ends_on)


@settings(max_examples=600, deadline=None)
@given(people)
def test_somebody_may_work_on_a_day_when_any_basis_permits_it_that_day(facts):
    found = effective_work_auth_end(facts)
    assert in_force(found, facts.on) == may_work(facts, facts.on), found


BASES = {"petition": by_petition, "exchange_visitor": by_exchange, "ead": by_card, "opt": by_card, "stem_opt": by_card}


@settings(max_examples=300, deadline=None)
@given(people)
def test_the_controlling_basis_permits_work_until_its_last_day_and_not_after(facts):
    found = effective_work_auth_end(facts)
    if found.ends_on is None or found.ends_on < facts.on:
        return
    cards = ("ead", "opt", "stem_opt")
    alone = [one for one in facts.papers if one.doc_type not in cards or one.id == found.controlling.document_id]
    model, only = BASES[found.basis], Facts(on=facts.on, papers=alone, cases=facts.cases)
    day = facts.on
    while day <= found.ends_on:
        assert model(only, day), (day, found)
        day += ONE_DAY
    assert not model(only, day), found


@settings(max_examples=200, deadline=None)
@given(people)
def test_nobody_is_told_an_end_that_no_record_says(facts):
    found = effective_work_auth_end(facts)
    assert (found.basis == "unknown") == (found.ends_on is None and not found.is_open_ended)
    assert (found.controlling is None) == (found.ends_on is None)
    assert found.controlling is None or found.controlling.document_id in {one.id for one in facts.papers}


@settings(max_examples=2000, deadline=None)
@given(facts=_AT_THE_EDGE)
def test_days_at_the_ends_of_the_calendar_are_answered_as_others_are(facts):
    assert effective_work_auth_end(facts).sentence
