"""What a notice tells, as of the moment at which it is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from gateway.domain.expiry.authorization import Authorization
from gateway.domain.expiry.looking import authorizations
from gateway.domain.rules import vocabulary
from gateway.domain.rules.dated import next_actions, on


class Item(Struct, frozen=True, kw_only=True):
    """A paper that ends, as a message or a line of a digest has it: initials instead of names, no number of a paper.

    Attributes:
        initials: of the person.
        employer: the partner's name.
        what: the type of document as people call it.
        days_left: today; negative once it has ended.
        why: a sentence: what ends with it.
        controlling: a sentence: which paper ends the permission to work, and what speaks against it; None where it
            says nothing beyond `why`.
        case: number and stage of the open case; None where there is none.
        owner: the attorney.
        next_action: what to do, as an imperative.
        needs_answer: somebody must acknowledge it.
        step: of the escalation; 0 is the reminder itself.
        fresh_at: when the feed that brought it was last read.
    """

    notice_id: UUID
    document_id: UUID
    client_id: UUID
    initials: str
    employer: str
    what: str
    expires_on: date
    days_left: int
    why: str
    next_action: str
    controlling: str | None = None
    case: str | None = None
    owner: str | None = None
    needs_answer: bool = False
    step: int = 0
    fresh_at: datetime | None = None


def items(session: Session, dispatch_id: UUID) -> list[Item]:
    """What a dispatch tells, as of now, the fewest days left first, then by employer; nothing that is no longer true.

    A paper stands once, with its shortest lead time, however many notices of it have gathered in a digest.

    Args:
        session: of the firm, or of the system.
        dispatch_id: of notices; of anything else there is nothing.
    """
    found = list(_newest(session.execute(_ITEMS, {"dispatch": dispatch_id}).all()))
    permitted = authorizations(session, {row.client_id for row in found if row.staff_id})
    told = [_item(row, permitted.get(row.client_id)) for row in found]
    return sorted(told, key=lambda one: (one.days_left, one.employer, one.initials, one.notice_id))


def _newest(rows: Iterable[Row[Any]]) -> Iterable[Row[Any]]:
    """Of each paper the row of its shortest lead time and highest step."""
    kept: dict[UUID, Row[Any]] = {}
    for row in sorted(rows, key=lambda one: (one.lead, -one.step)):
        kept.setdefault(row.document_id, row)
    return kept.values()


def _item(row: Row[Any], permitted: Authorization | None) -> Item:
    why, next_action = _told(row.doc_type, row.days_left, row.today)
    return Item(
        notice_id=row.notice_id,
        document_id=row.document_id,
        client_id=row.client_id,
        initials=_initials(row.given_name, row.family_name),
        employer=row.employer,
        what=vocabulary("document_types").words[row.doc_type].means,
        expires_on=row.expires_on,
        days_left=row.days_left,
        why=why,
        next_action=next_action,
        controlling=_controlling(permitted) if permitted else None,
        case=f"{row.case_number}, {row.stage.replace('_', ' ')}" if row.case_number else None,
        owner=row.owner,
        needs_answer=row.needs_answer,
        step=row.step,
        fresh_at=row.fresh_at,
    )


def _controlling(permitted: Authorization) -> str | None:
    """For staff: what ends the permission to work, and what speaks against that; nothing where nothing is known."""
    said = () if permitted.basis == "unknown" else (permitted.sentence,)
    return " ".join((*said, *permitted.conflicts)) or None


def _initials(given: str | None, family: str | None) -> str:
    return "".join(f"{one[0].upper()}." for one in (given, family) if one) or "?"


def _told(doc_type: str, days_left: int, today: date) -> tuple[str, str]:
    """Why it matters, and what to do, by the rule of the day."""
    rule = on(next_actions().get(doc_type, next_actions()["other"]), today) or next_actions()["other"][-1]
    action = next((one for one in rule.actions if days_left >= one.at_least), rule.actions[-1])
    return rule.why, action.do


# the case is the paper's own while it is open, else the person's newest open one; so is the attorney
_ITEMS = text("""
    SELECT n.id AS notice_id, n.document_id, n.client_id, n.staff_id, n.lead, n.step, n.needs_answer,
           c.given_name, c.family_name,
           p.name AS employer, d.doc_type, d.expires_on, today.day AS today, d.expires_on - today.day AS days_left,
           k.case_number, k.stage, m.name AS owner, seen.fresh_at
    FROM notices n
    JOIN firms f ON f.id = n.firm_id
    CROSS JOIN LATERAL (SELECT (gateway_now() AT TIME ZONE f.time_zone)::date AS day) today
    JOIN documents d ON d.firm_id = n.firm_id AND d.id = n.document_id
    JOIN clients c ON c.firm_id = n.firm_id AND c.id = n.client_id
    JOIN partners p ON p.firm_id = c.firm_id AND p.id = c.partner_id
    LEFT JOIN LATERAL (
        SELECT k.case_number, k.stage, k.attorney_id FROM cases k
        WHERE k.firm_id = n.firm_id AND k.client_id = n.client_id AND k.status = 'open'
        ORDER BY k.id = d.case_id DESC NULLS LAST, k.id DESC LIMIT 1) k ON true
    LEFT JOIN attorneys a ON a.firm_id = n.firm_id AND a.id = coalesce(k.attorney_id, c.attorney_id)
    LEFT JOIN staff m ON m.firm_id = a.firm_id AND m.id = a.staff_id
    LEFT JOIN LATERAL (
        SELECT max(i.finished_at) AS fresh_at FROM imports src
        JOIN imports i ON i.firm_id = src.firm_id AND i.partner_id = src.partner_id AND i.feed_id = src.feed_id
        WHERE src.firm_id = d.firm_id AND src.id = d.source_import_id
            AND i.state IN ('loaded', 'loaded_with_errors', 'released', 'no_change')) seen ON true
    WHERE n.dispatch_id = :dispatch AND n.state <> 'cancelled' AND d.status = 'current' AND d.expires_on = n.expires_on
""")
