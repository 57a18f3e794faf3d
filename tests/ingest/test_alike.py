"""Problems that are alike, as they were counted when their import ended, held against all of them counted anew."""

from __future__ import annotations

from uuid import UUID

import pytest
from helpers.inbox import COLUMNS, ME, people, person

from gateway.db.models import Import
from gateway.domain.links import returned
from gateway.domain.partners.homes import find_home
from ingest.alike import kinds_of, ways_left
from ingest.forgetting import forget
from ingest.repairs import draft, rows, sending
from ingest.repairs.draft import Way
from ingest.running import finish

DOB = COLUMNS.index("DOB")
_WAYS = """
SELECT column_name, code, value, count(*)::int, min(message), min(fix) FROM row_errors e
WHERE import_id = %s AND severity = 'error' AND column_name IS NOT NULL AND NOT EXISTS (
    SELECT FROM returned_rows r JOIN imports i ON i.id = r.import_id
    WHERE r.corrects_import_id = e.import_id AND r.number = e.row AND r.sheet IS NOT DISTINCT FROM e.sheet
    AND i.state NOT IN ('failed', 'refused'))
GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3
"""
_KINDS = """
SELECT code, severity, column_name, count(*)::int, (array_agg(row ORDER BY place, id))[1],
    (array_agg(sheet ORDER BY place, id))[1], (array_agg(fix ORDER BY place, id))[1], NULL
FROM row_errors WHERE import_id = %s GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1
"""


@pytest.fixture
def acme(inbox, roster):
    inbox.apply(roster)
    return inbox


def wrong(acme):
    """A file in which much is wrong in several ways; one row in two of them, and one with an employee id twice."""
    soon = [person(n) | {"DOB": "soon"} for n in (3, 4, 5, 6)]
    more = [person(7) | {"DOB": "31/31/1990", "SSN": "1"}, person(8) | {"DOB": ""}, person(1, salary="2")]
    told = acme.drop("roster_20260301.csv", [*people(30, without=(3, 4, 5, 6, 7, 8)), *soon, *more])
    return UUID((acme.release(told) if told["state"] == "held" else told)["import_id"])


def seen(acme, import_id, most=100):
    with acme.office.acting(acme.firm_id, ME) as acting:
        session = acting.session
        ways = [tuple(one) for one in ways_left(session, import_id, most)]
        return ways, [tuple(one) for one in kinds_of(session, import_id)], returned.number_left(session, import_id)


def counted_anew(acme, import_id):
    return [tuple(one) for one in acme.sql(_WAYS, import_id)], [tuple(one) for one in acme.sql(_KINDS, import_id)]


def test_what_was_counted_is_what_there_is(acme):
    one = wrong(acme)
    ways, kinds, left = seen(acme, one)
    assert (ways, kinds) == counted_anew(acme, one)
    assert (len(ways) > 2, len(kinds) > 2, ways[0][:4]) == (True, True, ("DOB", "bad_date", "soon", 4))
    assert [(left,)] == acme.sql(
        "SELECT count(DISTINCT place) FROM row_errors WHERE import_id = %s AND severity = 'error'", one
    )
    assert seen(acme, one, 2)[0] == ways[:2]


def test_what_comes_back_is_left_no_more_and_is_again_when_it_came_to_nothing(acme):
    one = wrong(acme)
    before = seen(acme, one)
    with acme.office.acting(acme.firm_id, ME) as acting:
        table = rows.page(acting, one).tables[0]
        both = next(row for row in table.rows if row.cells[0].sent == "E7")
        draft.set_cells(acting, one, {(both.place, DOB): "02/03/1980"})
        draft.set_rule(acting, one, Way("DOB", "bad_date", "soon"), "05/05/1985")
    sent = sending.send(acme.office, acme.firm_id, ME, one)
    ways, kinds, left = seen(acme, one)
    assert (ways, kinds) == counted_anew(acme, one)
    assert (left, kinds) == (before[2] - 5, before[1])
    assert "soon" not in {way[2] for way in ways}
    finish(acme.office, find_home(acme.office, "acme"), sent.import_ids[0])
    assert seen(acme, one)[2] == left
    acme.sql("UPDATE imports SET state = 'refused' WHERE id = %s RETURNING id", sent.import_ids[0])
    assert seen(acme, one) == before


def test_a_file_that_is_released_is_counted_once(acme):
    acme.drop("roster_20260228.csv", people(30))
    told = acme.drop("roster_20260301.csv", [person(n) | {"DOB": "soon"} for n in range(1, 31)])
    assert told["state"] == "held"
    one = UUID(acme.release(told)["import_id"])
    assert seen(acme, one)[:2] == counted_anew(acme, one)
    assert seen(acme, one)[0][0][3] == 30


def test_nothing_is_left_of_what_was_let_go(acme):
    one = wrong(acme)
    with acme.office.acting(acme.firm_id, ME) as acting:
        forget(acting.session, [acting.session.get_one(Import, (acme.firm_id, one))], "Gone.")
    assert seen(acme, one) == ([], [], 0)
    assert acme.sql("SELECT count(*) FROM problem_groups") == [(0,)]
