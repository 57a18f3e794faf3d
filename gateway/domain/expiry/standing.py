"""Where the papers of all firms stand on a day: parts of statements, and the rules as their columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, Boolean, Date, Integer, Text, TextClause, bindparam, text
from sqlalchemy.types import TypeEngine

from gateway.domain.rules import vocabulary
from gateway.domain.rules.dated import Version, audiences, escalations, lead_times

TOLD_AFTER = 30  # days after its end in which a document that nobody was told of is still news

# what the rules are to a statement: an array for each column, the version's first and last day at the end
_COLUMNS: Mapping[str, tuple[type[TypeEngine[Any]], ...]] = {
    "lead": (Text, Integer, Date, Date),  # type of document, lead
    "told": (Integer, Text, Integer, Integer, Text, Text, Boolean, Date, Date),  # place in the rule, who, ...
    "chain": (Integer, Text, Date, Date),  # step, who
    "wait": (Integer, Integer, Date, Date),  # least days left, days
    "daily": (Integer, Date, Date),  # most days left
}


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

# the current papers that are at one of their lead times
STANDING = f"""{DAYS},
    rule AS (SELECT * FROM unnest({of_rule("lead")}) r (doc_type, lead, first_day, last_day)),
    leads AS (
        SELECT days.firm_id, rule.doc_type, rule.lead FROM days
        JOIN rule ON days.today BETWEEN rule.first_day AND rule.last_day
        WHERE NOT EXISTS (SELECT FROM lead_policies p WHERE p.firm_id = days.firm_id AND p.doc_type = rule.doc_type)
        UNION SELECT p.firm_id, p.doc_type, unnest(p.days) FROM lead_policies p
        UNION SELECT days.firm_id, rule.doc_type, 0 FROM days, rule),
    bands AS MATERIALIZED (
        SELECT firm_id, doc_type, lead,
               coalesce(lag(lead) OVER (PARTITION BY firm_id, doc_type ORDER BY lead) + 1, -{TOLD_AFTER}) AS low
        FROM leads),
    standing AS MATERIALIZED (
        SELECT d.firm_id, d.id, d.client_id, d.case_id, d.expires_on, d.expires_on - days.today AS days_left,
               days.today, days.time_zone, bands.lead, c.partner_id, c.attorney_id, c.email IS NOT NULL AS has_email,
               c.phone IS NOT NULL AS has_phone
        FROM days
        JOIN documents d ON d.firm_id = days.firm_id AND d.status = 'current' AND d.expires_on IS NOT NULL
        JOIN clients c ON c.firm_id = d.firm_id AND c.id = d.client_id AND {CARED_FOR}
        JOIN bands ON bands.firm_id = d.firm_id AND bands.doc_type = d.doc_type
            AND d.expires_on - days.today BETWEEN bands.low AND bands.lead)"""


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
    attorney AS (
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
                    AND (x.client_id = w.client_id OR x.partner_id = w.partner_id))"""

# a notice that was cancelled before it left is due again
ANEW = """
        ON CONFLICT ON CONSTRAINT notices_key DO UPDATE
            SET state = 'waiting', ended_at = NULL, ended_code = NULL, dispatch_id = NULL, snoozed_until = NULL,
                days_left = EXCLUDED.days_left, due_on = EXCLUDED.due_on, role = EXCLUDED.role,
                needs_answer = EXCLUDED.needs_answer
            WHERE notices.state = 'cancelled'
        RETURNING firm_id"""
