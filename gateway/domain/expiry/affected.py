"""Whom a change of a rule meets: papers of which people are told on other days than by the version before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy import exists, select

from gateway.db.models import Client, Document, Firm, LeadPolicy
from gateway.domain.rules import vocabulary
from gateway.domain.rules.dated import LeadTimes, Named, lead_times, on
from gateway.errors import Invalid
from gateway.office import Office


class Affected(Struct, frozen=True, kw_only=True):
    """A paper that is told of on other days.

    Attributes:
        dropped: days on which people would have been told by the version before.
        added: days on which they are told instead.
    """

    firm: str
    client_id: UUID
    document_id: UUID
    expires_on: date
    dropped: list[date]
    added: list[date]


def affected(office: Office, rule: Named, day: date) -> list[Affected]:
    """The current papers of all firms that the version which begins on a day meets; firms' own lead times are not met.

    Raises:
        Invalid: it is no rule about lead times, or no version of it begins on that day after another one.
    """
    before, after = _versions(rule, day)
    word = rule.name.partition(".")[2]
    with office.db.system() as session:
        own = exists().where(LeadPolicy.firm_id == Document.firm_id, LeadPolicy.doc_type == Document.doc_type)
        looked_after = (Client.status == "active", Client.enrollment_status == "active")
        found = session.execute(
            select(Firm.slug, Document.client_id, Document.id, Document.expires_on)
            .join(Firm, Firm.id == Document.firm_id)
            .join(Client, (Client.firm_id == Document.firm_id) & (Client.id == Document.client_id))
            .where(Document.status == "current", Document.doc_type.in_(_types(word)), Document.expires_on >= day)
            .where(Firm.status == "active", *looked_after, ~own)
            .order_by(Firm.slug, Document.expires_on, Document.id)
        ).all()
    met = (_met(firm, client, one, ends, before, after, day) for firm, client, one, ends in found if ends)
    return [one for one in met if one.dropped or one.added]


def _versions(rule: Named, day: date) -> tuple[LeadTimes, LeadTimes]:
    after, before = on(rule.versions, day), on(rule.versions, day - timedelta(days=1))
    if not isinstance(after, LeadTimes) or not isinstance(before, LeadTimes):
        sentence = f"{rule.name} says nothing about days before an end; whom it meets can be asked of lead_times."
        raise Invalid("rule_without_leads", sentence)
    if after is before:
        begins = ", ".join(str(one.effective_from) for one in rule.versions[1:]) or "it has one version only"
        raise Invalid("rule_unchanged", f"No version of {rule.name} begins on {day} ({begins}).")
    return before, after


def _types(word: str) -> Sequence[str]:
    """The types of documents that a rule is for; `other` is for all that have none of their own."""
    if word != "other":
        return [word]
    return [one for one in vocabulary("document_types").words if one == "other" or one not in lead_times()]


def _met(
    firm: str, client_id: UUID, document_id: UUID, ends: date, before: LeadTimes, after: LeadTimes, day: date
) -> Affected:
    old, new = (_days(ends, one.days, day) for one in (before, after))
    return Affected(
        firm=firm,
        client_id=client_id,
        document_id=document_id,
        expires_on=ends,
        dropped=sorted(old - new),
        added=sorted(new - old),
    )


def _days(ends: date, leads: Iterable[int], day: date) -> set[date]:
    return {told for lead in leads if (told := ends - timedelta(days=lead)) >= day}
