"""Where the papers of all firms stand on a day: parts of statements, and the rules as their columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, Boolean, Date, Integer, Text, TextClause, bindparam, text
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from gateway.domain.rules import vocabulary
from gateway.domain.rules.dated import Version, audiences, escalations, lead_times

_MEMORY = "64MB"  # of one sort or join over the papers of all firms

TOLD_AFTER = 30  # days after its end in which a document that nobody was told of is still news

# what the rules are to a statement: an array for each column, the version's first and last day at the end
_COLUMNS: Mapping[str, tuple[type[TypeEngine[Any]], ...]] = {
    "lead": (Text, Integer, Date, Date),  # type of document, lead
    "told": (Integer, Text, Integer, Integer, Text, Text, Boolean, Date, Date),  # place in the rule, who, ...
    "chain": (Integer, Text, Date, Date),  # step, who
    "wait": (Integer, Integer, Date, Date),  # least days left, days
    "daily": (Integer, Date, Date),  # most days left
}


def stand(session: Session, day: date | None) -> None:
    """Note the current papers that are at one of their lead times, as the temporary table `standing` of a transaction.

    Of each the shortest lead time that is not shorter than what is left. It is a table, for who is to be told and who
    is told next both ask it, and of a table the planner knows how much it holds.

    Args:
        session: of the system.
        day: takes it for this day everywhere; otherwise it is today in each firm's zone.
    """
    give_room(session)
    session.execute(text("DROP TABLE IF EXISTS pg_temp.standing"))
    session.execute(_STAND, {**given("lead"), "day": day})
    session.execute(text("ALTER TABLE pg_temp.standing ADD PRIMARY KEY (firm_id, id)"))
    session.execute(text("ANALYZE pg_temp.standing"))


def give_room(session: Session) -> None:
    """Let a transaction sort and join the papers of all firms without writing them aside."""
    session.execute(text(f"SET LOCAL work_mem = '{_MEMORY}'"))


def statement(sql: str, *rules: str) -> TextClause:
    """A statement that is given these rules."""
    columns = [(name, place, kind) for name in rules for place, kind in enumerate(_COLUMNS[name])]
    return text(sql).bindparams(*(bindparam(f"{name}_{place}", type_=ARRAY(kind)) for name, place, kind in columns))


def given(*rules: str) -> dict[str, Any]:
    """All versions of these rules as columns; which of them holds on a firm's day is the database's to find."""
    return {
        f"{name}_{place}": column
        for name in rules
        for place, column in enumerate(_columns(_ROWS[name](), len(_COLUMNS[name])))
    }


def of_rule(name: str) -> str:
    """The columns of a rule as arguments of unnest."""
    return ", ".join(f":{name}_{place}" for place in range(len(_COLUMNS[name])))


def _columns(rows: Iterable[tuple[object, ...]], width: int) -> list[list[object]]:
    kept = list(rows)
    return [[row[place] for row in kept] for place in range(width)]


def _span(version: Version) -> tuple[date, date]:
    return version.effective_from or date.min, version.effective_to or date.max


def _leads() -> Sequence[tuple[object, ...]]:
    return [
        (word, days, *_span(version))
        for word in vocabulary("document_types").words
        for version in lead_times().get(word, lead_times()["other"])
        for days in version.days
    ]


def _told() -> Sequence[tuple[object, ...]]:
    return [
        (place, one.to, one.at_most, one.at_least, one.unless, one.channel, one.must_answer, *_span(version))
        for version in audiences()["documents"]
        for place, one in enumerate(version.told)
    ]


def _chain() -> Sequence[tuple[object, ...]]:
    return [
        (step, to, *_span(version))
        for version in escalations()["documents"]
        for step, to in enumerate(version.chain, start=1)
    ]


def _waits() -> Sequence[tuple[object, ...]]:
    return [
        (one.at_least, one.days, *_span(version)) for version in escalations()["documents"] for one in version.waits
    ]


def _daily() -> Sequence[tuple[object, ...]]:
    return [(version.daily_within, *_span(version)) for version in escalations()["documents"]]


_ROWS = {"lead": _leads, "told": _told, "chain": _chain, "wait": _waits, "daily": _daily}

# the day of each firm that works
DAYS = """
    days AS MATERIALIZED (
        SELECT id AS firm_id, time_zone,
               coalesce(CAST(:day AS date), (gateway_now() AT TIME ZONE time_zone)::date) AS today
        FROM firms WHERE status = 'active')"""

# of whom the firm still looks after, on its day
CARED_FOR = """c.status = 'active' AND c.enrollment_status = 'active' AND c.erased_at IS NULL
            AND (c.termination_date IS NULL OR c.termination_date >= days.today)"""

_STAND = statement(
    f"""
    CREATE TEMP TABLE standing ON COMMIT DROP AS
    WITH {DAYS},
    rule AS (SELECT * FROM unnest({of_rule("lead")}) r (doc_type, lead, first_day, last_day)),
    on_days AS (SELECT DISTINCT today FROM days),
    house AS (
        SELECT today, doc_type, array_agg(DISTINCT lead ORDER BY lead) AS leads FROM (
            SELECT on_days.today, rule.doc_type, rule.lead FROM on_days
            JOIN rule ON on_days.today BETWEEN rule.first_day AND rule.last_day
            UNION ALL SELECT on_days.today, rule.doc_type, 0 FROM on_days, rule) r
        GROUP BY today, doc_type),
    bands AS MATERIALIZED (
        SELECT days.*, house.doc_type, coalesce(own.leads, house.leads) AS leads
        FROM days
        JOIN house ON house.today = days.today
        LEFT JOIN (
            SELECT p.firm_id, p.doc_type, array_agg(DISTINCT lead ORDER BY lead) AS leads
            FROM lead_policies p, unnest(p.days || 0) lead GROUP BY p.firm_id, p.doc_type) own
            ON own.firm_id = days.firm_id AND own.doc_type = house.doc_type)
    SELECT d.firm_id, d.id, d.client_id, d.case_id, d.expires_on, d.expires_on - days.today AS days_left,
           days.today, days.time_zone,
           days.leads[width_bucket(d.expires_on - days.today - 1, days.leads) + 1] AS lead,
           c.partner_id, c.attorney_id, c.email IS NOT NULL AS has_email, c.phone IS NOT NULL AS has_phone
    FROM bands days
    JOIN documents d ON d.firm_id = days.firm_id AND d.doc_type = days.doc_type AND d.status = 'current'
        AND d.expires_on - days.today BETWEEN -{TOLD_AFTER} AND days.leads[cardinality(days.leads)]
    JOIN clients c ON c.firm_id = d.firm_id AND c.id = d.client_id AND {CARED_FOR}
""",
    "lead",
)


def facing(papers: str) -> str:
    """For papers, whether their person has an open case or a filing, and which attorney answers for them."""
    return f"""
    facing AS MATERIALIZED (
        SELECT p.*, cases.is_open, cases.is_filed, coalesce(own.attorney_id, cases.attorney_id, p.attorney_id) AS by
        FROM {papers} p
        LEFT JOIN cases own ON own.firm_id = p.firm_id AND own.id = p.case_id AND own.status = 'open'
        CROSS JOIN LATERAL (
            SELECT count(*) > 0 AS is_open, count(k.filed_on) > 0 AS is_filed,
                   (array_agg(k.attorney_id ORDER BY k.id DESC) FILTER (WHERE k.attorney_id IS NOT NULL))[1]
                   AS attorney_id
            FROM cases k WHERE k.firm_id = p.firm_id AND k.client_id = p.client_id AND k.status = 'open') cases),
    attorney AS MATERIALIZED (
        SELECT a.firm_id, a.id, CASE WHEN m.active THEN m.id END AS staff_id, above.id AS supervisor_id
        FROM attorneys a
        JOIN staff m ON m.firm_id = a.firm_id AND m.id = a.staff_id
        LEFT JOIN staff above ON above.firm_id = m.firm_id AND above.id = m.supervisor_id AND above.active)"""


# who of the staff (m) a role (w) means; admins stand in where there is no attorney, and no supervisor
TEAM = """
        LEFT JOIN attorney ON attorney.firm_id = w.firm_id AND attorney.id = w.by
        JOIN staff m ON m.firm_id = w.firm_id AND m.active AND CASE
            WHEN w.role = 'attorney' AND attorney.staff_id IS NOT NULL THEN m.id = attorney.staff_id
            WHEN w.role = 'supervisor' AND attorney.supervisor_id IS NOT NULL THEN m.id = attorney.supervisor_id
            WHEN w.role = 'paralegal' THEN m.role = 'paralegal'
            ELSE m.role = 'admin' END"""

UNWALLED = """
        NOT EXISTS (SELECT FROM walls x WHERE x.firm_id = w.firm_id AND x.staff_id = m.id
                    AND x.client_id = w.client_id)
        AND NOT EXISTS (SELECT FROM walls x WHERE x.firm_id = w.firm_id AND x.staff_id = m.id
                        AND x.partner_id = w.partner_id)"""

# a notice that was cancelled before it left is due again
ANEW = """
        ON CONFLICT ON CONSTRAINT notices_key DO UPDATE
            SET state = 'waiting', ended_at = NULL, ended_code = NULL, dispatch_id = NULL, snoozed_until = NULL,
                days_left = EXCLUDED.days_left, due_on = EXCLUDED.due_on, role = EXCLUDED.role,
                needs_answer = EXCLUDED.needs_answer
            WHERE notices.state = 'cancelled'
        RETURNING firm_id"""
