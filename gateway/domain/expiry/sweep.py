"""The daily sweep: of every paper that ends, who is to be told today; a few statements for all firms together.

A document stands at the shortest of its lead times that is not shorter than the days that are left. For each of them
people are told once: on its day, or on the first day on which the document is known. So whoever arrives late is told
once and not of all that was missed, and a sweep that is run again, or twice at once, adds nothing.

What was cancelled before it left is due again when it turns out to be true after all.
"""

from __future__ import annotations

from datetime import date
from time import perf_counter

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway.domain.expiry import escalation
from gateway.domain.expiry.standing import (
    ANEW,
    CARED_FOR,
    DAYS,
    TEAM,
    UNWALLED,
    facing,
    give_room,
    given,
    of_rule,
    stand,
    statement,
)
from gateway.office import Office


class Swept(Struct, frozen=True, kw_only=True):
    """What a sweep found and did.

    Attributes:
        documents: current ones with a last day.
        due: of these, at a lead time of which nobody had been told.
        notices: rows that say who is to be told.
        unheard: due, and nobody of the firm is there to be told; they are due again tomorrow.
        escalated: notices to those who are next, where nobody had answered.
        cancelled: notices that waited and are no longer true.
    """

    documents: int
    due: int
    notices: int
    unheard: int
    escalated: int
    cancelled: int
    seconds: float


def sweep(office: Office, on: date | None = None) -> Swept:
    """Sweep all firms in one transaction.

    Args:
        office: of the installation.
        on: takes it for this day everywhere; otherwise it is today in each firm's zone.
    """
    with office.db.system() as session:
        return sweep_in(session, on)


def sweep_in(session: Session, on: date | None = None) -> Swept:
    """The same in a transaction of the system that somebody else ends."""
    begun = perf_counter()
    give_room(session)
    cancelled = cancel(session, on)
    stand(session, on)
    documents, due, notices, unheard = session.execute(_SWEEP, {**given("told"), "day": on}).one()
    escalated = escalation.escalate(session, on)
    cancelled += len(session.execute(_OVERTAKEN).all())
    return Swept(
        documents=documents,
        due=due,
        notices=notices,
        unheard=unheard,
        escalated=escalated,
        cancelled=cancelled,
        seconds=round(perf_counter() - begun, 3),
    )


def cancel(session: Session, on: date | None = None) -> int:
    """Cancel what waits and is no longer true, or no longer wanted; returns how many."""
    renewed, gone = session.execute(_RENEWED, {"day": on}).all(), session.execute(_GONE, {"day": on}).all()
    return len(renewed) + len(gone) + len(session.execute(_ANSWERED).all())


# of papers that ended otherwise, then of people: each looks through the notices that wait with one table beside them
_RENEWED = text(f"""
    WITH {DAYS}
    UPDATE notices n SET state = 'cancelled', ended_at = gateway_now(),
        ended_code = CASE d.status WHEN 'void' THEN 'void' ELSE 'renewed' END
    FROM days, documents d
    WHERE n.state = 'waiting' AND days.firm_id = n.firm_id AND d.firm_id = n.firm_id AND d.id = n.document_id
        AND (d.status <> 'current' OR d.expires_on IS DISTINCT FROM n.expires_on)
    RETURNING n.id
""")

_GONE = text(f"""
    WITH {DAYS}
    UPDATE notices n SET state = 'cancelled', ended_at = gateway_now(), ended_code = CASE
        WHEN c.erased_at IS NOT NULL THEN 'erased'
        WHEN c.status <> 'active' THEN 'archived'
        WHEN c.enrollment_status <> 'active' THEN c.enrollment_status
        ELSE 'terminated' END
    FROM days, clients c
    WHERE n.state = 'waiting' AND days.firm_id = n.firm_id AND c.firm_id = n.firm_id AND c.id = n.client_id
        AND NOT ({CARED_FOR})
    RETURNING n.id
""")

# nobody need be reminded of what somebody has in hand; until the next lead time
_ANSWERED = text("""
    UPDATE notices n SET state = 'cancelled', ended_at = gateway_now(), ended_code = 'acknowledged'
    FROM notice_answers a
    WHERE n.state = 'waiting' AND (n.step > 0 OR n.again > 0) AND a.kind = 'acknowledge'
        AND a.by_kind <> 'client' AND a.firm_id = n.firm_id
        AND a.document_id = n.document_id AND a.expires_on = n.expires_on AND a.lead = n.lead
    RETURNING n.id
""")

# what was to be told again, or to somebody else, at a lead time after which there has been another one
_OVERTAKEN = text("""
    UPDATE notices n SET state = 'cancelled', ended_at = gateway_now(), ended_code = 'overtaken'
    WHERE n.state = 'waiting' AND (n.step > 0 OR n.again > 0) AND EXISTS (
        SELECT FROM notices x WHERE x.firm_id = n.firm_id AND x.document_id = n.document_id
        AND x.expires_on = n.expires_on AND x.lead < n.lead AND x.staff_id IS NOT NULL AND x.state <> 'cancelled')
    RETURNING n.id
""")

# papers are counted without a join, for most firms work: those of the others are few, and taken off
_SWEEP = statement(
    f"""
    WITH {DAYS},
    due AS MATERIALIZED (
        SELECT s.* FROM standing s
        WHERE NOT EXISTS (
            SELECT FROM notices n WHERE n.firm_id = s.firm_id AND n.document_id = s.id
            AND n.expires_on = s.expires_on AND n.lead = s.lead AND n.staff_id IS NOT NULL
            AND n.state <> 'cancelled')),
    told AS (SELECT * FROM unnest({of_rule("told")})
             t (place, role, at_most, at_least, unless, channel, must_answer, first_day, last_day)),{facing("due")},
    wanted AS MATERIALIZED (
        SELECT f.firm_id, f.client_id, f.partner_id, f.id, f.expires_on, f.days_left, f.today, f.lead, f.by,
               f.has_email, f.has_phone, told.place, told.channel, told.role, told.must_answer
        FROM facing f
        JOIN told ON f.today BETWEEN told.first_day AND told.last_day
            AND greatest(f.days_left, 0) BETWEEN told.at_least AND told.at_most
            AND NOT (told.unless IS NOT DISTINCT FROM 'open_case' AND f.is_open)
            AND NOT (told.unless IS NOT DISTINCT FROM 'filing' AND f.is_filed)),
    team AS MATERIALIZED (
        SELECT w.firm_id, w.by, w.role, m.id, m.phone
        FROM (SELECT DISTINCT firm_id, by, role FROM wanted WHERE role <> 'client') w{TEAM}),
    staffed AS MATERIALIZED (
        SELECT w.*, m.id AS staff_id FROM wanted w
        JOIN team m ON m.firm_id = w.firm_id AND m.role = w.role AND m.by IS NOT DISTINCT FROM w.by
        WHERE (w.channel = 'email' OR m.phone IS NOT NULL) AND{UNWALLED}),
    persons AS (
        SELECT firm_id, client_id, id, expires_on, lead, days_left, today, role, staff_id, channel, place, must_answer
        FROM staffed
        UNION ALL
        SELECT firm_id, client_id, id, expires_on, lead, days_left, today, role, NULL, channel, place, false
        FROM wanted
        WHERE role = 'client' AND CASE channel WHEN 'email' THEN has_email ELSE has_phone END),
    once AS (
        SELECT DISTINCT ON (firm_id, id, staff_id, channel) *,
               bool_or(must_answer) OVER (
                   PARTITION BY firm_id, id, staff_id, channel ORDER BY place
                   ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS needs_answer
        FROM persons
        ORDER BY firm_id, id, staff_id, channel, place),
    made AS (
        INSERT INTO notices
            (firm_id, client_id, document_id, expires_on, lead, days_left, role, staff_id, channel, due_on,
             needs_answer)
        SELECT firm_id, client_id, id, expires_on, lead, days_left, role, staff_id, channel, today, needs_answer
        FROM once{ANEW})
    SELECT (SELECT count(d.expires_on) FROM documents d WHERE d.status = 'current')
           - (SELECT count(d.expires_on) FROM firms f JOIN documents d ON d.firm_id = f.id
              WHERE f.status <> 'active' AND d.status = 'current'),
           (SELECT count(*) FROM due), (SELECT count(*) FROM made),
           (SELECT count(*) FROM due WHERE NOT EXISTS (
               SELECT FROM staffed s WHERE s.firm_id = due.firm_id AND s.id = due.id))
""",
    "told",
)
