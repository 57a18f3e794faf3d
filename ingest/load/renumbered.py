"""Finds people who come under a new key while the file lacks somebody of their name and birth date.

A new HR system renumbers everybody: under their old keys they would be closed, and under the new ones be created anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from psycopg import Connection

from gateway.domain.people.fields import FIELDS, Kind
from gateway.values.base import alternatives
from ingest.catalogue import RowProblem, shorten
from ingest.load.shapes import Shape
from ingest.numbering import Numbering

_MOST_NAMED = 3  # of many, in a sentence; each has a warning of its own
_NAMES = ("family_name", "given_name")


class Renumbered(NamedTuple):
    """Somebody new who is probably known under another key.

    Attributes:
        known: that key; None where the feed never listed it. When a person is erased, what names the person is looked
            for in files of the feeds that did.
    """

    row: int
    line: int
    sheet: str | None
    key: str
    known: str | None


def find(
    connection: Connection[Any], shapes: dict[Kind, Shape], key_field: str, params: dict[str, object]
) -> list[Renumbered]:
    """The people whom the file would create, and who each have one counterpart that it lacks.

    Keys that are sensitive are no numbers of an HR system, and are never named. Of several people of one name and birth
    date, nobody can say who is who, so they are left alone. All is hashed and grouped, never joined: what the planner
    believes of temporary tables and of a partner's people is wrong by far (see `match`).

    Args:
        connection: in the import's transaction, after `match`.
        shapes: the kinds that the feed yields.
        key_field: of people.
        params: firm, partner, feed.
    """
    shape = shapes.get("client")
    if shape is None or key_field in shape.sensitive or not {"family_name", "date_of_birth"} <= {*shape.fields}:
        return []
    hidden = [f"{name}:%" for name, one in FIELDS["client"].items() if one.sensitive]
    found = connection.execute(_sql(shape), params | {"hidden": hidden}).fetchall()
    if not found:
        return []
    rows, ids = [row for row, *_ in found], [one for *_, one in found]
    places = connection.execute("SELECT row, line, sheet FROM stage_rows WHERE row = ANY(%s)", [rows])
    stands = {row: (line, sheet) for row, line, sheet in places}
    listed = {one for (one,) in connection.execute(_LISTED, params | {"ids": ids})}
    return [Renumbered(row, *stands[row], key, known if one in listed else None) for row, key, known, one in found]


_LISTED = """SELECT record_id FROM sightings
             WHERE firm_id = %(firm)s AND feed_id = %(feed)s AND record_id = ANY(%(ids)s) AND present"""


def _sql(shape: Shape) -> str:
    name = f"lower(concat_ws(chr(31), {', '.join(one for one in _NAMES if one in shape.fields)}))"
    return f"""
        WITH lacking AS MATERIALIZED (
            SELECT t.key, t.id, t.date_of_birth AS born, {name} AS name FROM clients t
            WHERE EXISTS (SELECT FROM {shape.match} WHERE is_new AND NOT ghost)
              AND t.firm_id = %(firm)s AND t.partner_id = %(partner)s AND t.enrollment_status = 'active'
              AND t.erased_at IS NULL AND t.date_of_birth IS NOT NULL AND t.family_name IS NOT NULL
              AND t.key NOT LIKE ALL (%(hidden)s::text[])
              AND (t.id NOT IN (SELECT id FROM {shape.match} WHERE NOT is_new)) IS TRUE
              AND (t.key NOT IN (SELECT key FROM stage_shielded)) IS TRUE
        ), alike AS (
            SELECT row, key, NULL AS known, NULL::uuid AS id, date_of_birth AS born, {name} AS name FROM {shape.match}
            WHERE is_new AND NOT ghost AND family_name IS NOT NULL
              AND (date_of_birth IN (SELECT born FROM lacking)) IS TRUE
            UNION ALL SELECT NULL, NULL, key, id, born, name FROM lacking
        )
        SELECT min(row), min(key), min(known), min(id::text)::uuid FROM alike GROUP BY born, name
        HAVING count(key) = 1 AND count(known) = 1 ORDER BY 1
    """


def problems(found: Sequence[Renumbered], label: str) -> list[RowProblem]:
    """A warning for each of them; `label` is the partner's own name of the key."""
    return [
        RowProblem(
            one.row, one.line, "likely_renumbered", label, shorten(one.key, 60), one.sheet, "warning",
            {"known": f"“{shorten(one.known, 60)}”" if one.known else "somebody of another feed"},
        )
        for one in found
    ]  # fmt: skip


def remarks(found: Sequence[Renumbered], numbering: Numbering) -> list[str]:
    """What is told of a file, which names rows and no keys: it outlives the people who are on it."""
    if not found:
        return []
    rows = alternatives((numbering.words(one.row) for one in found), _MOST_NAMED, joint="and")
    who, where = ("1 person", "row") if len(found) == 1 else (f"{len(found):,} people", "rows")
    told = (
        f"{who} may only have a new number ({where} {rows}): of the same name and birth date is somebody whom this "
        "file does not list. As the file stands, each is created anew; their warnings name the numbers."
    )
    return [told]


def reason(found: Sequence[Renumbered]) -> list[str]:
    """What is told to whoever decides on a file that is held; the audit log keeps it for good, so it names nobody."""
    who = "1 person looks" if len(found) == 1 else f"{len(found):,} people look"
    return [f"{who} renumbered: their warnings name the old and the new numbers."] if found else []
