"""Who is told next when nobody of the firm answers a reminder: the rule's steps, or a firm's own.

A step follows the one before once the days of the rule are over in which nobody answered: they count from the day on
which the one before was due, or from the end of a snooze. They do not wait for mail to arrive. Each lead time begins
anew, and an acknowledgement ends the chain of its lead time only. A step of which nobody of the firm can be told gives
way to the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.config import nearest
from gateway.db.models import EscalationPolicy, Firm, Staff
from gateway.domain import audit
from gateway.domain.access.accounts import find_staff
from gateway.domain.audit import Change
from gateway.domain.expiry.standing import ANEW, DAYS, TEAM, UNWALLED, facing, given, of_rule, statement
from gateway.domain.rules.dated import escalations, on
from gateway.errors import Invalid
from gateway.office import Acting

ROLES = ("attorney", "paralegal", "supervisor", "admin")
LONGEST = 365  # days of waiting for an answer
_STEPS = 9  # of a chain
_REACH = (-30, 1825)  # days left, within which people are told at all


class Plan(Struct, frozen=True, kw_only=True):
    """How a firm escalates.

    Attributes:
        chain: to whom, step by step.
        waits: least days left -> days for which an answer is waited, the most days left first.
        own: the firm's, or as the rule has it.
    """

    chain: Sequence[str]
    waits: Mapping[int, int]
    own: bool


def escalate(session: Session, day: date | None = None) -> int:
    """Note for all firms who is told next, once they stand (`stand`); again adds nothing. Returns how many."""
    return len(session.execute(_ESCALATE, {**given("chain", "wait", "daily"), "day": day}).all())


def of_firm(acting: Acting) -> Plan:
    """How the firm escalates today."""
    if own := acting.session.get(EscalationPolicy, acting.firm_id):
        return Plan(chain=own.chain, waits=dict(zip(own.at_least, own.days, strict=True)), own=True)
    zone = acting.session.scalars(select(Firm.time_zone)).one()
    rule = on(escalations()["documents"], clock.day_in(zone, clock.now()))
    chain, waits = (rule.chain, rule.waits) if rule else ([], [])
    return Plan(chain=chain, waits={one.at_least: one.days for one in waits}, own=False)


def change(acting: Acting, chain: Sequence[str] | None, waits: Mapping[int, int] | None) -> None:
    """Escalate otherwise than the rule from the next sweep on; None for both follows the rule again.

    Args:
        acting: an admin.
        chain: roles, step by step; None keeps what there is.
        waits: least days left -> days; None keeps what there is.

    Raises:
        Invalid: `escalation_wrong`, with what is wrong.
    """
    before = of_firm(acting)
    if chain is None and waits is None:
        acting.session.execute(delete(EscalationPolicy))
        acting.session.expire_all()
    else:
        _set(acting, chain or before.chain, waits or before.waits)
    old, new = (_told(one) for one in (before, of_firm(acting)))
    told = Change("escalation_policy", acting.firm_id, "updated", old=old, new=new)
    audit.record(acting, "escalation.set", changes=[told])


def supervise(acting: Acting, email: str, by: str | None) -> None:
    """Say who answers for a member of staff that does not answer; None where the admins do.

    Raises:
        NotFound: nobody of an address works there.
        Invalid: `supervisor_wrong`.
    """
    staff = find_staff(acting, email)
    above = find_staff(acting, by) if by else None
    if above and (above.id == staff.id or not above.active):
        raise Invalid("supervisor_wrong", f"{above.email} cannot supervise {staff.email}: name somebody else at work.")
    old, staff.supervisor_id = staff.supervisor_id, above.id if above else None
    sides = {
        name: {"supervisor_id": str(one) if one else None} for name, one in (("old", old), ("new", above and above.id))
    }
    acting.session.flush()
    audit.record(acting, "staff.supervise", changes=[Change("staff", staff.id, "updated", **sides)])


def supervisors(acting: Acting) -> Mapping[str, str | None]:
    """For everybody at work at the firm, by address, the address of who supervises them."""
    found = acting.session.scalars(select(Staff).where(Staff.active).order_by(Staff.email)).all()
    known = {one.id: one.email for one in found}
    return {one.email: known.get(one.supervisor_id) if one.supervisor_id else None for one in found}


def _set(acting: Acting, chain: Sequence[str], waits: Mapping[int, int]) -> None:
    _check_chain(chain)
    _check_waits(waits)
    bands = sorted(waits, reverse=True)
    kept = {"chain": list(chain), "at_least": bands, "days": [waits[one] for one in bands]}
    row = insert(EscalationPolicy).values(firm_id=acting.firm_id, **kept)
    acting.session.execute(row.on_conflict_do_update(index_elements=["firm_id"], set_=kept))
    acting.session.expire_all()


def _check_chain(chain: Sequence[str]) -> None:
    if not 1 <= len(chain) <= _STEPS:
        raise Invalid("escalation_wrong", f"Give a chain of 1 to {_STEPS} steps.")
    if unknown := next((one for one in chain if one not in ROLES), None):
        meant = nearest(unknown, ROLES)
        hint = f' Did you mean "{meant}"?' if meant else f" There are {', '.join(ROLES)}."
        raise Invalid("escalation_wrong", f'"{unknown}" is nobody to whom a step can lead.{hint}')


def _check_waits(waits: Mapping[int, int]) -> None:
    least, most = _REACH
    if not all(least <= band <= most and 1 <= days <= LONGEST for band, days in waits.items()):
        sentence = f"Wait 1 to {LONGEST} days for an answer, while at least {least} to {most} days are left."
        raise Invalid("escalation_wrong", sentence)


def _told(plan: Plan) -> dict[str, object]:
    waits = [{"at_least": band, "days": days} for band, days in plan.waits.items()]
    return {"chain": list(plan.chain), "waits": waits, "own": plan.own}


# whoever was told today has until tomorrow at least, and they are most: everything else is asked of the others alone
_ESCALATE = statement(
    f"""
    WITH {DAYS},
    told AS MATERIALIZED (
        SELECT s.firm_id, s.id, max(n.step) AS step, max(n.due_on) AS due_on
        FROM standing s
        JOIN notices n ON n.firm_id = s.firm_id AND n.document_id = s.id AND n.expires_on = s.expires_on
            AND n.lead = s.lead AND n.staff_id IS NOT NULL AND n.again = 0 AND n.state <> 'cancelled'
        GROUP BY s.firm_id, s.id
        HAVING max(n.due_on) < s.today),
    open AS MATERIALIZED (
        SELECT s.*, told.step, greatest(told.due_on, (
            SELECT max((a.until AT TIME ZONE s.time_zone)::date) FROM notice_answers a
            WHERE a.firm_id = s.firm_id AND a.document_id = s.id AND a.expires_on = s.expires_on AND a.lead = s.lead
        )) AS since
        FROM told JOIN standing s ON s.firm_id = told.firm_id AND s.id = told.id
        WHERE NOT EXISTS (
            SELECT FROM notice_answers a WHERE a.firm_id = s.firm_id AND a.document_id = s.id
            AND a.expires_on = s.expires_on AND a.lead = s.lead AND a.kind = 'acknowledge'
                AND a.by_kind <> 'client')
            AND NOT EXISTS (
                SELECT FROM notices x WHERE x.firm_id = s.firm_id AND x.document_id = s.id
                AND x.expires_on = s.expires_on AND x.lead < s.lead AND x.staff_id IS NOT NULL
                AND x.state <> 'cancelled')),
    waits AS (
        SELECT days.firm_id, r.at_least, r.wait FROM days
        JOIN unnest({of_rule("wait")}) r (at_least, wait, first_day, last_day)
            ON days.today BETWEEN r.first_day AND r.last_day
        WHERE NOT EXISTS (SELECT FROM escalation_policies p WHERE p.firm_id = days.firm_id)
        UNION ALL SELECT p.firm_id, b.at_least, b.wait
        FROM escalation_policies p, unnest(p.at_least, p.days) b (at_least, wait)),
    patience AS (
        SELECT firm_id, wait, at_least, lead(at_least) OVER (PARTITION BY firm_id ORDER BY at_least) AS above
        FROM waits),
    chain AS (
        SELECT days.firm_id, r.next, r.role FROM days
        JOIN unnest({of_rule("chain")}) r (next, role, first_day, last_day)
            ON days.today BETWEEN r.first_day AND r.last_day
        WHERE NOT EXISTS (SELECT FROM escalation_policies p WHERE p.firm_id = days.firm_id)
        UNION ALL SELECT p.firm_id, b.next::integer, b.role
        FROM escalation_policies p, unnest(p.chain) WITH ORDINALITY b (role, next)),
    last AS (SELECT DISTINCT ON (firm_id) firm_id, next, role FROM chain ORDER BY firm_id, next DESC),
    daily AS (
        SELECT days.firm_id, r.within FROM days
        JOIN unnest({of_rule("daily")}) r (within, first_day, last_day)
            ON days.today BETWEEN r.first_day AND r.last_day),
    late AS MATERIALIZED (
        SELECT o.* FROM open o
        JOIN patience p ON p.firm_id = o.firm_id AND o.days_left >= p.at_least
            AND (p.above IS NULL OR o.days_left < p.above)
        WHERE o.today >= o.since + p.wait),{facing("late")},
    wanted AS (
        SELECT f.*, chain.next, chain.role FROM facing f
        JOIN chain ON chain.firm_id = f.firm_id AND chain.next > f.step
        UNION ALL SELECT f.*, f.step + 1, last.role FROM facing f
        JOIN last ON last.firm_id = f.firm_id AND last.next <= f.step
        JOIN daily ON daily.firm_id = f.firm_id AND f.days_left BETWEEN 0 AND daily.within),
    staffed AS (
        SELECT w.*, m.id AS staff_id, min(w.next) OVER (PARTITION BY w.firm_id, w.id) AS first FROM wanted w{TEAM}
        WHERE{UNWALLED})
    INSERT INTO notices
        (firm_id, client_id, document_id, expires_on, lead, days_left, step, role, staff_id, channel, due_on,
         needs_answer)
    SELECT firm_id, client_id, id, expires_on, lead, days_left, next, role, staff_id, 'email', today, true
    FROM staffed WHERE next = first{ANEW}
    """,
    "chain",
    "wait",
    "daily",
)
