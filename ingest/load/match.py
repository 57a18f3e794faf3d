"""Folds staged rows into records and holds each against what we know: new, changed, pinned, stale, returning.

Writes only the temporary tables `match_client`, `match_case` and `match_document`. Their columns:

    row          the newest file row that speaks of the record
    winners      field -> the file row whose value counts; null where one row alone speaks of the record
    id, version  the record's, or a fresh id
    is_new       we did not know it
    ghost        unknown, from a late file, and a newer full file does not list it: it is not brought back
    sighted      this feed has seen it before
    stale        this feed has seen it in a newer file
    changed      fields whose value would change; pinned ones are in `pinned` instead, and in `foreign_to` those of
                 which another feed has the word, for it lists the record
    returns      it was closed for being absent, or superseded, and is listed again
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from gateway.domain.people.fields import DURATION_OF_STATUS, Kind
from ingest.load import corrected
from ingest.load.ids import fresh_id
from ingest.load.shapes import KINDS, Shape
from ingest.mapping.mapped import ATTRIBUTES

# what `returns` looks at: the column that absence changed, its closed word, its open word
ENDED: dict[Kind, tuple[str, str, str]] = {
    "client": ("enrollment_status", "terminated", "active"),
    "case": ("status", "closed", "open"),
    "document": ("status", "superseded", "current"),
}
STATUS, ENDS = "enrollment_status", "termination_date"  # of clients: whoever comes back has no end


def match(connection: Connection[Any], shapes: dict[Kind, Shape], params: dict[str, object]) -> None:
    """Build the match tables, people first, so that cases and documents find theirs.

    Args:
        connection: in the import's transaction.
        shapes: the kinds that the feed yields.
        params: firm, partner, feed, as_of (timestamptz), late (a newer full file of the feed was accepted), and by
            primary_client and primary_case, as JSON, the ids of the other feeds that have the word on fields.
    """
    for kind in KINDS:
        if kind in shapes:
            shape = shapes[kind]
            identity = ", ".join(shape.identity)
            connection.execute(f"ANALYZE {shape.stage} ({identity})")
            folds = connection.execute(many_sql(shape)).rowcount > 0
            folded = _folding_sql(connection, shape) if folds else _single_sql(shape)
            connection.execute(_match_sql(shape, folded, _known_sql(shape)), params)
            connection.execute(f"ANALYZE {shape.match} (id, {identity})")
            renumbered = kind == "document" and _renumbered(connection, shape, folded, params)
            if _any_known(connection, shape):
                connection.execute(f"CREATE INDEX ON {shape.match} (id)")
                connection.execute(f"CREATE INDEX ON {shape.match} ({identity})")
                connection.execute(_pins_sql(shape), params)
                if params.get(f"primary_{kind}"):
                    connection.execute(_foreign_sql(shape), params)
            if renumbered:
                corrected.note_pinned(connection, shape)


def _renumbered(connection: Connection[Any], shape: Shape, folded: str, params: dict[str, object]) -> bool:
    """Match documents by the numbers, too, that staff have corrected; whether there are such."""
    corrected.begin(connection)
    is_any = False
    while corrected.find(connection, shape, params):
        connection.execute(f"DROP TABLE {shape.match}")
        connection.execute(_match_sql(shape, folded, f"({_known_sql(shape)} OR {corrected.KNOWN_SQL})"), params)
        is_any = True
    return is_any


def _any_known(connection: Connection[Any], shape: Shape) -> bool:
    row = connection.execute(f"SELECT EXISTS (SELECT FROM {shape.match} WHERE NOT is_new)").fetchone()
    return bool(row and row[0])


def _match_sql(shape: Shape, folded: str, known: str) -> str:
    """Look each record up on its own, by unique index.

    The planner takes firm and partner for independent and thinks a partner's records few; free to choose, it would
    compare every row of a large file with every record of the partner. LATERAL with LIMIT leaves it no choice.
    """
    return f"""
        CREATE TEMP TABLE {shape.match} ON COMMIT DROP AS
        WITH folded AS ({folded}), linked AS ({_linked_sql(shape)})
        SELECT s.*, t.id AS known_id, coalesce(t.id, {fresh_id("s.n")}) AS id, t.version,
               t.id IS NULL AS is_new, t.id IS NULL AND seen.stale AS ghost, seen.stale,
               g.as_of IS NOT NULL AS sighted, {_returns_sql(shape)} AS returns,
               CASE WHEN t.id IS NULL OR seen.stale THEN '{{}}'::text[]
                    ELSE array_remove(ARRAY[{_changes_sql(shape)}]::text[], NULL) END AS changed,
               '{{}}'::text[] AS pinned, '{{}}'::text[] AS foreign_to
        FROM linked s
        LEFT JOIN LATERAL (SELECT * FROM {shape.table} t WHERE {known} LIMIT 1) t ON true
        LEFT JOIN LATERAL (
            SELECT greatest(g.as_of, i.confirmed_as_of) AS as_of, g.present FROM sightings g
            LEFT JOIN imports i ON i.firm_id = g.firm_id AND i.id = g.import_id
            WHERE g.firm_id = %(firm)s AND g.feed_id = %(feed)s AND g.record_id = t.id LIMIT 1
        ) g ON t.id IS NOT NULL
        CROSS JOIN LATERAL (SELECT coalesce(g.as_of > %(as_of)s, %(late)s) AS stale) seen
    """


# ------------------------------------------------------------------------------------------------ folding


def _folding_sql(connection: Connection[Any], shape: Shape) -> str:
    """How rows are folded, given which fields any of them clears."""
    found = connection.execute(f"SELECT DISTINCT unnest(clears) FROM {shape.stage} WHERE clears IS NOT NULL")
    return _folded_sql(shape, frozenset(name for (name,) in found))


def _folded_sql(shape: Shape, cleared: frozenset[str]) -> str:
    """One row per record: as staged where one row speaks of it, field by field the last word where several do."""
    words = _Words(shape, cleared)
    return f"""
        {_single_sql(shape)} s
        WHERE NOT EXISTS (SELECT FROM {shape.many} o WHERE {same_record(shape, "o", "s")})
        UNION ALL
        SELECT max(n), {words.newest("row")}, {_qualified(shape, "s")}, {words.clears},
               {words.winners}{_listed([words.value(column) for column in _carried(shape)])}
        FROM {shape.stage} s JOIN {shape.many} o ON {same_record(shape, "o", "s")} GROUP BY {_qualified(shape, "s")}
    """


def _single_sql(shape: Shape) -> str:
    carried = _listed(_carried(shape))
    return f"SELECT n, row, {identity_columns(shape)}, clears, NULL::jsonb AS winners{carried} FROM {shape.stage}"


def many_sql(shape: Shape) -> str:
    """The records of which several rows speak; usually few."""
    identity = identity_columns(shape)
    return f"""
        CREATE TEMP TABLE {shape.many} ON COMMIT DROP AS
        SELECT {identity} FROM {shape.stage} GROUP BY {identity} HAVING count(*) > 1
    """


def same_record(shape: Shape, left: str, right: str) -> str:
    """Equality of identities that can be hashed: a document without a number equals another without."""
    pairs = (
        f"coalesce({left}.{column}, '') = coalesce({right}.{column}, '')"
        if column == "number_index"
        else f"{left}.{column} = {right}.{column}"
        for column in shape.identity
    )
    return " AND ".join(pairs)


def _qualified(shape: Shape, alias: str) -> str:
    return ", ".join(f"{alias}.{column}" for column in shape.identity)


def identity_columns(shape: Shape) -> str:
    """The identity as plain columns."""
    return ", ".join(shape.identity)


def _listed(columns: list[str]) -> str:
    return "".join(f", {column}" for column in columns)


def _carried(shape: Shape) -> list[str]:
    extra = ["person"] if shape.kind == "case" else []
    return extra + [column for column in shape.columns if column not in shape.identity]


class _Words:
    """SQL of what several rows of one record come to: of each field the last word, be it a value or a clear.

    Args:
        shape: the kind of record.
        cleared: the fields that some row of the file clears.
    """

    def __init__(self, shape: Shape, cleared: frozenset[str]) -> None:
        self._shape = shape
        self._cleared = cleared
        self._by = "ord DESC NULLS LAST, row DESC, n DESC" if shape.order else "row DESC, n DESC"
        self._fields = {column: name for name in shape.fields for column in (name, shape.compared(name))}

    def newest(self, column: str, where: str = "true") -> str:
        """What the newest row says, of those that fulfil the condition."""
        return f"(array_agg({column} ORDER BY {self._by}) FILTER (WHERE {where}))[1]"

    def value(self, column: str) -> str:
        """The last word on a column, under its name."""
        last = self.newest(column, self._said(column))
        return (
            f"CASE WHEN NOT {self._is_over} THEN {last} END AS {column}"
            if self._ends(column)
            else f"{last} AS {column}"
        )

    @property
    def clears(self) -> str:
        """The fields of which the last word is that they have no value; only those that no row fills need a look."""
        told = [f"CASE WHEN bool_or('{name}' = ANY(clears)) THEN '{name}' END" for name in sorted(self._cleared)]
        told += [f"CASE WHEN {self._is_over} THEN '{ENDS}' END"] if self._ends(ENDS) else []
        return f"array_remove(ARRAY[{', '.join(told)}]::text[], NULL)"

    @property
    def winners(self) -> str:
        """Field -> the row that has the last word."""
        names = [name for name in self._shape.fields if self._shape.compared(name) not in self._shape.identity]
        pairs = {name: self._row(self._shape.compared(name)) for name in names}
        if STATUS in pairs:
            pairs[ENDS] = self._end_row(pairs)
        told = ", ".join(f"'{name}', {row}" for name, row in pairs.items())
        return f"jsonb_strip_nulls(jsonb_build_object({told}))"

    def _row(self, column: str) -> str:
        return self.newest("row", self._said(column))

    def _end_row(self, rows: dict[str, str]) -> str:
        """The row that gives the end; else the one that says who is back, for it takes an end off the record."""
        if ENDS not in rows:
            return rows[STATUS]
        return f"CASE WHEN {self._is_over} THEN {rows[STATUS]} ELSE coalesce({rows[ENDS]}, {rows[STATUS]}) END"

    def _said(self, column: str) -> str:
        """Whether a row has a word on a column."""
        name = self._fields.get(column)
        return f"{column} IS NOT NULL" + (f" OR '{name}' = ANY(clears)" if name in self._cleared else "")

    def _ends(self, column: str) -> bool:
        return column == ENDS and STATUS in self._shape.fields and ENDS in self._shape.fields

    @property
    def _is_over(self) -> str:
        """Whether the end is that of an earlier stay: its row says that the person had left, a newer one is back."""
        back, then = self.newest(STATUS, self._said(STATUS)), self.newest(STATUS, self._said(ENDS))
        return f"coalesce({back} = 'active' AND {then} <> 'active', false)"


# ------------------------------------------------------------------------------------------------ matching


def _linked_sql(shape: Shape) -> str:
    """Cases and documents with the id of their person; a case without one keeps none."""
    if shape.kind == "client" or not shape.with_people:
        return "SELECT folded.* FROM folded"
    join = "JOIN" if shape.kind == "document" else "LEFT JOIN"
    return f"""
        SELECT folded.*, CASE WHEN p.ghost THEN NULL ELSE p.id END AS client_id, p.is_new AS of_new
        FROM folded {join} match_client p ON p.key = folded.person
    """


def _known_sql(shape: Shape) -> str:
    if shape.kind == "document":
        return (
            "NOT s.of_new AND t.firm_id = %(firm)s AND t.client_id = s.client_id AND t.doc_type = s.doc_type"
            " AND t.number_index IS NOT DISTINCT FROM s.number_index"
        )
    key = "case_number" if shape.kind == "case" else "key"
    return f"t.firm_id = %(firm)s AND t.partner_id = %(partner)s AND t.{key} = s.key"


def _returns_sql(shape: Shape) -> str:
    """Listed again after this feed missed it, and nothing in the file or pinned by staff says otherwise."""
    column, closed, _ = ENDED[shape.kind]
    said = f" AND s.{column} IS NULL" if column in shape.fields else ""
    return (
        f"(t.id IS NOT NULL AND NOT seen.stale AND g.present IS FALSE AND t.{column} = '{closed}'"
        f" AND NOT t.pins ? '{column}'{said})"
    )


def loses_end_sql(shape: Shape) -> str:
    """Whether a client `t` that a file `m` brings back loses an end of which the file says nothing, nor did staff."""
    back = f"('{STATUS}' = ANY(m.changed) AND m.{STATUS} = 'active')" if STATUS in shape.fields else "false"
    silent = f"m.{ENDS} IS NULL AND NOT '{ENDS}' = ANY(m.changed) AND" if ENDS in shape.fields else ""
    return f"((m.returns OR {back}) AND {silent} t.{ENDS} IS NOT NULL AND NOT t.pins ? '{ENDS}')"


def gains_end_sql() -> str:
    """Whether a client `t` that a file no longer lists ends on its day: there is no end yet, and staff set none."""
    return f"(t.{ENDS} IS NULL AND NOT t.pins ? '{ENDS}')"


def _changes_sql(shape: Shape) -> str:
    compared = [name for name in shape.fields if not (shape.kind == "document" and name == "number")]
    changes = [_change_sql(shape, name) for name in compared]
    if shape.kind == "case" and shape.with_people:
        changes.append(_LINK_CHANGE)
    return ", ".join(change for change in changes if change) or "NULL"


def _change_sql(shape: Shape, name: str) -> str:
    if name == ATTRIBUTES:
        return f"CASE WHEN s.{name} IS NOT NULL AND NOT t.{name} @> s.{name} THEN '{name}' END"
    column = shape.compared(name)
    value = f"s.{column}::text[]" if shape.sql_type(column).endswith("[]") else f"s.{column}"
    return (
        f"CASE WHEN {value} IS NOT NULL AND {value} IS DISTINCT FROM t.{column} THEN '{name}'"
        f" WHEN {value} IS NULL AND '{name}' = ANY(s.clears)"
        f" AND t.{column} IS DISTINCT FROM {shape.default(column) or 'NULL'} THEN '{name}' END"
    )


_LINK_CHANGE = "CASE WHEN s.client_id IS NOT NULL AND s.client_id IS DISTINCT FROM t.client_id THEN 'client_id' END"

# a pinned end of stay pins both ways of saying it
_ENDS = f"'expires_on', '{DURATION_OF_STATUS}'"
_PINNED = f"(t.pins ? c OR (c IN ({_ENDS}) AND t.pins ?| ARRAY[{_ENDS}]))"


def _pins_sql(shape: Shape) -> str:
    """Move what staff pinned from `changed` to `pinned`."""
    return f"""
        UPDATE {shape.match} m
        SET pinned = ARRAY(SELECT c FROM unnest(m.changed) c WHERE {_PINNED}),
            changed = ARRAY(SELECT c FROM unnest(m.changed) c WHERE NOT {_PINNED})
        FROM {shape.table} t
        WHERE t.firm_id = %(firm)s AND t.id = m.known_id AND m.changed <> '{{}}' AND t.pins <> '{{}}'
    """


def _foreign_sql(shape: Shape) -> str:
    """Move from `changed` to `foreign_to` what another feed has the word on, of the records that it lists."""
    primary = f"%(primary_{shape.kind})s::jsonb"
    listed = f"""
        EXISTS (SELECT FROM sightings g WHERE g.firm_id = %(firm)s AND g.record_id = m.known_id AND g.present
                AND g.feed_id = ({primary} ->> c)::uuid)
    """
    return f"""
        UPDATE {shape.match} m
        SET foreign_to = ARRAY(SELECT c FROM unnest(m.changed) c WHERE {listed}),
            changed = ARRAY(SELECT c FROM unnest(m.changed) c WHERE NOT {listed})
        WHERE m.known_id IS NOT NULL AND m.changed && ARRAY(SELECT jsonb_object_keys({primary}))
    """
