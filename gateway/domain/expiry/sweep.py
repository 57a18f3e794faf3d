"""The daily sweep: of every paper that ends, who is to be told today; a few statements for all firms together.

A document stands at the shortest of its lead times that is not shorter than the days that are left. For each of them
people are told once: on its day, or on the first day on which the document is known. So whoever arrives late is told
once and not of all that was missed, and a sweep that is run again, or twice at once, adds nothing.

What was cancelled before it left is due again when it turns out to be true after all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from time import perf_counter
from typing import Any

from msgspec import Struct
from sqlalchemy import ARRAY, Date, Integer, Text, bindparam, text
from sqlalchemy.orm import Session

from gateway.domain.rules import vocabulary
from gateway.domain.rules.dated import Told, Version, audiences, lead_times
from gateway.office import Office

# what the rules are to the statement: an array for each column
_COLUMNS = {
    "lead": (Text, Integer, Date, Date),  # type of document, lead, first and last day of the version
    "told": (Integer, Text, Integer, Integer, Text, Text, Date, Date),  # place in the rule, who, ..., and the days
}

TOLD_AFTER = 30  # days after its end in which a document that nobody was told of is still news


class Swept(Struct, frozen=True, kw_only=True):
    """What a sweep found and did.

    Attributes:
        documents: current ones with a last day.
        due: of these, at a lead time of which nobody had been told.
        notices: rows that say who is to be told.
        unheard: due, and nobody of the firm is there to be told; they are due again tomorrow.
        cancelled: notices that waited and are no longer true.
    """

    documents: int
    due: int
    notices: int
    unheard: int
    cancelled: int
    seconds: float


def sweep(office: Office, on: date | None = None) -> Swept:
    """Sweep all firms in one transaction.

    Args:
        office: of the installation.
        on: takes it for this day everywhere; otherwise it is today in each firm's zone.
    """
    begun = perf_counter()
    with office.db.system() as session:
        cancelled = _cancel(session, on)
        documents, due, notices, unheard = session.execute(_SWEEP, {**_rules(), "day": on}).one()
    return Swept(
        documents=documents,
        due=due,
        notices=notices,
        unheard=unheard,
        cancelled=cancelled,
        seconds=round(perf_counter() - begun, 3),
    )


def _cancel(session: Session, on: date | None) -> int:
    return len(session.execute(_CANCEL, {"day": on}).all())


def _rules() -> dict[str, Any]:
    """All versions of all rules as columns; which of them holds on a firm's day is the database's to find."""
    leads = [
        (word, days, *_span(version))
        for word in vocabulary("document_types").words
        for version in lead_times().get(word, lead_times()["other"])
        for days in version.days
    ]
    told = [
        (place, *_who(one), *_span(version))
        for version in audiences()["documents"]
        for place, one in enumerate(version.told)
    ]
    return {**_columns("lead", leads), **_columns("told", told)}


def _columns(name: str, rows: Sequence[tuple[object, ...]]) -> dict[str, list[object]]:
    return {f"{name}_{place}": [row[place] for row in rows] for place in range(len(_COLUMNS[name]))}


def _span(version: Version) -> tuple[date, date]:
    return version.effective_from or date.min, version.effective_to or date.max


def _who(one: Told) -> tuple[str, int, int, str | None, str]:
    return one.to, one.at_most, one.at_least, one.unless, one.channel


# the day of each firm that works
_DAYS = """
    days AS MATERIALIZED (
        SELECT id AS firm_id, coalesce(CAST(:day AS date), (gateway_now() AT TIME ZONE time_zone)::date) AS today
        FROM firms WHERE status = 'active')"""

# of whom the firm still looks after, on its day
_CARED_FOR = """c.status = 'active' AND c.enrollment_status = 'active' AND c.erased_at IS NULL
            AND (c.termination_date IS NULL OR c.termination_date >= days.today)"""

_CANCEL = text(f"""
    WITH {_DAYS}
    UPDATE notices n SET state = 'cancelled', ended_at = gateway_now(), ended_code = CASE
        WHEN d.status = 'void' THEN 'void'
        WHEN d.status <> 'current' OR d.expires_on IS DISTINCT FROM n.expires_on THEN 'renewed'
        WHEN c.erased_at IS NOT NULL THEN 'erased'
        WHEN c.status <> 'active' THEN 'archived'
        ELSE c.enrollment_status END
    FROM days, documents d, clients c
    WHERE n.state = 'waiting' AND days.firm_id = n.firm_id
        AND d.firm_id = n.firm_id AND d.id = n.document_id AND c.firm_id = n.firm_id AND c.id = n.client_id
        AND NOT (d.status = 'current' AND d.expires_on IS NOT DISTINCT FROM n.expires_on AND {_CARED_FOR})
    RETURNING n.id
""")

_SWEEP = text(f"""
    WITH {_DAYS},
    rule AS (SELECT * FROM unnest(:lead_0, :lead_1, :lead_2, :lead_3) r (doc_type, lead, first_day, last_day)),
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
               days.today, bands.lead, c.partner_id, c.attorney_id, c.email IS NOT NULL AS has_email,
               c.phone IS NOT NULL AS has_phone
        FROM days
        JOIN documents d ON d.firm_id = days.firm_id AND d.status = 'current' AND d.expires_on IS NOT NULL
        JOIN clients c ON c.firm_id = d.firm_id AND c.id = d.client_id AND {_CARED_FOR}
        JOIN bands ON bands.firm_id = d.firm_id AND bands.doc_type = d.doc_type
            AND d.expires_on - days.today BETWEEN bands.low AND bands.lead),
    due AS MATERIALIZED (
        SELECT s.* FROM standing s
        WHERE NOT EXISTS (
            SELECT FROM notices n WHERE n.firm_id = s.firm_id AND n.document_id = s.id
            AND n.expires_on = s.expires_on AND n.lead = s.lead AND n.staff_id IS NOT NULL
            AND n.state <> 'cancelled')),
    told AS (SELECT * FROM unnest(:told_0, :told_1, :told_2, :told_3, :told_4, :told_5, :told_6, :told_7)
             t (place, role, at_most, at_least, unless, channel, first_day, last_day)),
    facing AS MATERIALIZED (
        SELECT due.*, cases.is_open, cases.is_filed, coalesce(own.attorney_id, cases.attorney_id, due.attorney_id) AS by
        FROM due
        LEFT JOIN cases own ON own.firm_id = due.firm_id AND own.id = due.case_id AND own.status = 'open'
        CROSS JOIN LATERAL (
            SELECT count(*) > 0 AS is_open, count(k.filed_on) > 0 AS is_filed,
                   (array_agg(k.attorney_id ORDER BY k.id DESC) FILTER (WHERE k.attorney_id IS NOT NULL))[1]
                   AS attorney_id
            FROM cases k WHERE k.firm_id = due.firm_id AND k.client_id = due.client_id AND k.status = 'open') cases),
    wanted AS (
        SELECT f.*, told.place, told.channel, told.role FROM facing f
        JOIN told ON f.today BETWEEN told.first_day AND told.last_day
            AND greatest(f.days_left, 0) BETWEEN told.at_least AND told.at_most
            AND NOT (told.unless IS NOT DISTINCT FROM 'open_case' AND f.is_open)
            AND NOT (told.unless IS NOT DISTINCT FROM 'filing' AND f.is_filed)),
    attorney AS (
        SELECT a.firm_id, a.id, m.id AS staff_id FROM attorneys a
        JOIN staff m ON m.firm_id = a.firm_id AND m.id = a.staff_id AND m.active),
    staffed AS (
        SELECT w.*, m.id AS staff_id FROM wanted w
        LEFT JOIN attorney ON attorney.firm_id = w.firm_id AND attorney.id = w.by
        JOIN staff m ON m.firm_id = w.firm_id AND m.active AND CASE
            WHEN w.role = 'attorney' AND attorney.staff_id IS NOT NULL THEN m.id = attorney.staff_id
            WHEN w.role = 'paralegal' THEN m.role = 'paralegal'
            ELSE m.role = 'admin' END
        WHERE w.role <> 'client' AND (w.channel = 'email' OR m.phone IS NOT NULL)
            AND NOT EXISTS (SELECT FROM walls x WHERE x.firm_id = w.firm_id AND x.staff_id = m.id
                            AND (x.client_id = w.client_id OR x.partner_id = w.partner_id))),
    persons AS (
        SELECT firm_id, client_id, id, expires_on, lead, days_left, today, role, staff_id, channel, place FROM staffed
        UNION ALL
        SELECT firm_id, client_id, id, expires_on, lead, days_left, today, role, NULL, channel, place FROM wanted
        WHERE role = 'client' AND CASE channel WHEN 'email' THEN has_email ELSE has_phone END),
    once AS (
        SELECT DISTINCT ON (firm_id, id, staff_id, channel) * FROM persons
        ORDER BY firm_id, id, staff_id, channel, place),
    made AS (
        INSERT INTO notices
            (firm_id, client_id, document_id, expires_on, lead, days_left, role, staff_id, channel, due_on)
        SELECT firm_id, client_id, id, expires_on, lead, days_left, role, staff_id, channel, today FROM once
        ON CONFLICT ON CONSTRAINT notices_key DO UPDATE
            SET state = 'waiting', ended_at = NULL, ended_code = NULL, days_left = EXCLUDED.days_left,
                due_on = EXCLUDED.due_on, role = EXCLUDED.role
            WHERE notices.state = 'cancelled'
        RETURNING firm_id)
    SELECT (SELECT count(d.expires_on) FROM documents d JOIN days ON days.firm_id = d.firm_id
            WHERE d.status = 'current'), (SELECT count(*) FROM due), (SELECT count(*) FROM made),
           (SELECT count(*) FROM due WHERE NOT EXISTS (
               SELECT FROM staffed s WHERE s.firm_id = due.firm_id AND s.id = due.id))
""").bindparams(
    *(
        bindparam(f"{name}_{place}", type_=ARRAY(kind))
        for name, kinds in _COLUMNS.items()
        for place, kind in enumerate(kinds)
    )
)
