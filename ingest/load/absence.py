"""Who and what a full file no longer lists.

Only this feed's own sightings count, so two full feeds never close each other's people; a record that the feed saw in a
newer file is not missing from an older one. Whoever a rejected row names is not absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from gateway.domain.people.fields import Kind
from ingest.feed import DocumentSpec, Feed
from ingest.load.match import ENDED
from ingest.load.shapes import Shape

Params = dict[str, object]


@dataclass(frozen=True, slots=True)
class Missing:
    """How many open records of the feed are missing from the file, and how many there are."""

    missing: int = 0
    open: int = 0


def find_ending(
    connection: Connection[Any], sections: Sequence[Feed], shapes: dict[Kind, Shape], params: Params, *, suspended: bool
) -> Missing:
    """Build the tables `ending_*` (id, version, client_id, row): known records that the file ends; nothing changes yet.

    Args:
        connection: in the import's transaction, after `match`.
        sections: the feed as it reads each part of the file; it decides whether absence closes (`absent: close`) and
            whether documents are listed whole (`contents: full`).
        shapes: the kinds that the feed yields.
        params: firm, feed, as_of.
        suspended: close nobody, because some row does not say whom it is about, or these are rows of a whole only.
    """
    for shape in shapes.values():
        columns = "id uuid, version int, client_id uuid, row int"
        connection.execute(f"CREATE TEMP TABLE {shape.ending} ({columns}) ON COMMIT DROP")
    feed = sections[0]
    if feed.contents == "changes" or suspended:
        return Missing()
    connection.execute("CREATE INDEX ON stage_shielded (key)")
    if "document" in shapes and _unlisted(connection, shapes["document"], params):
        _find_superseded(connection, sections, params)
    if feed.absent == "ignore":
        return Missing()
    return _find_missing(connection, shapes.get("client") or shapes["case"], params)


def _unlisted(connection: Connection[Any], shape: Shape, params: Params) -> int:
    """How many records of the feed the file does not list; counting tells it far cheaper than looking for them."""
    row = connection.execute(
        f"""
        SELECT (SELECT count(*) FROM sightings g
                WHERE g.firm_id = %(firm)s AND g.feed_id = %(feed)s AND g.kind = '{shape.kind}')
             - (SELECT count(*) FROM {shape.match} WHERE sighted)
        """,
        params,
    ).fetchone()
    return int(row[0]) if row else 0


def _find_missing(connection: Connection[Any], shape: Shape, params: Params) -> Missing:
    column, _, opened = ENDED[shape.kind]
    key, client = ("t.key", "t.id") if shape.kind == "client" else ("t.case_number", "t.client_id")
    listed = f"""
        SELECT t.id, t.version, {client} AS client_id, {key} AS key, t.pins FROM sightings g
        JOIN {shape.table} t ON t.firm_id = g.firm_id AND t.id = g.record_id
        LEFT JOIN imports i ON i.firm_id = g.firm_id AND i.id = g.import_id
        WHERE g.firm_id = %(firm)s AND g.feed_id = %(feed)s AND g.kind = '{shape.kind}' AND g.present
          AND greatest(g.as_of, i.confirmed_as_of) <= %(as_of)s AND t.{column} = '{opened}'
    """
    ending = connection.execute(
        f"""
        INSERT INTO {shape.ending} SELECT o.id, o.version, o.client_id, NULL FROM ({listed}) o
        WHERE NOT EXISTS (SELECT FROM {shape.match} m WHERE m.id = o.id)
          AND NOT EXISTS (SELECT FROM stage_shielded x WHERE x.key = o.key)
          AND NOT o.pins ? '{column}'
        """,
        params,
    )
    row = connection.execute(f"SELECT count(*) FROM ({listed}) o", params).fetchone()
    return Missing(ending.rowcount, int(row[0]) if row else 0)


def _find_superseded(connection: Connection[Any], sections: Sequence[Feed], params: Params) -> None:
    """Documents whose person is named without them.

    A document goes only when the file lists another one of its type for the person, or when the feed says that a blank
    number means that there is none (`blank: clear`): an empty cell alone must not silence an expiry. People with rows
    that could not be read keep everything.
    """
    documents = [one for feed in sections for one in feed.documents]
    emptied = [one.type for one in documents if isinstance(one.type, str) and _says_none(one)]
    connection.execute(
        """
        INSERT INTO ending_document
        SELECT d.id, d.version, d.client_id, p.row FROM match_client p
        JOIN documents d ON d.firm_id = %(firm)s AND d.client_id = p.id AND d.status = 'current'
        JOIN sightings g ON g.firm_id = d.firm_id AND g.feed_id = %(feed)s AND g.record_id = d.id AND g.present
        LEFT JOIN imports i ON i.firm_id = g.firm_id AND i.id = g.import_id
        WHERE NOT p.is_new AND NOT p.stale AND NOT d.pins ? 'status'
          AND greatest(g.as_of, i.confirmed_as_of) <= %(as_of)s
          AND NOT EXISTS (SELECT FROM match_document m WHERE m.id = d.id)
          AND NOT EXISTS (SELECT FROM stage_shielded x WHERE x.key = p.key)
          AND (d.doc_type = ANY(%(emptied)s)
               OR EXISTS (SELECT FROM match_document m WHERE m.person = p.key AND m.doc_type = d.doc_type))
        """,
        params | {"emptied": emptied},
    )


def _says_none(document: DocumentSpec) -> bool:
    number = document.fields.get("number")
    return number is not None and number.blank == "clear"
