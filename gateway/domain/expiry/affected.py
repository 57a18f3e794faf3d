"""Whom a change of a rule meets: papers that are told of on other days, people who may work until another one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from msgspec import Struct, structs
from sqlalchemy import exists, select

from gateway.clock import days_later
from gateway.db.models import Client, Document, Firm, LeadPolicy
from gateway.domain.expiry.authorization import Authorization, effective_work_auth_end
from gateway.domain.expiry.looking import facts_of
from gateway.domain.expiry.papers import Law, the_law
from gateway.domain.rules import vocabulary
from gateway.domain.rules.dated import LeadTimes, Version, lead_times, on
from gateway.domain.rules.shelf import Named
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


class Moved(Struct, frozen=True, kw_only=True):
    """Somebody whose permission to work ends on another day.

    Attributes:
        basis: by the version that begins.
        before, after: the last day by each of the two; None where there is none.
        sentence: by the version that begins.
    """

    firm: str
    client_id: UUID
    basis: str
    before: date | None
    after: date | None
    sentence: str


_DAY = timedelta(days=1)

# the rules by which permission to work ends, and where they stand in the law
_OF_WORK = {
    "automatic_extensions": "extensions",
    "maximum_stays": "stays",
    "allowances": "allowances",
    "cap_gaps": "cap_gaps",
    "work_classes": "classes",
}

_LOOKED_AFTER = (
    select(Client.id, Firm.slug)
    .join(Firm, Firm.id == Client.firm_id)
    .where(Firm.status == "active", Client.status == "active", Client.enrollment_status == "active")
    .where(Client.erased_at.is_(None))
    .order_by(Firm.slug, Client.id)
)


def affected(office: Office, rule: Named, day: date) -> list[Affected]:
    """The current papers of all firms that the version which begins on a day meets; firms' own lead times are not met.

    Raises:
        Invalid: it is no rule about lead times, or no version of it begins on that day after another one.
    """
    before, after = _leads(rule, day)
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


def moves_ends(rule: Named) -> bool:
    """Whether a rule is one of those by which permission to work ends; `moved` says whom a change of it meets."""
    return rule.name.partition(".")[0] in _OF_WORK


def moved(office: Office, rule: Named, day: date, law: Law | None = None) -> list[Moved]:
    """People of all firms whose permission to work ends on another day by the version which begins on a day.

    Each is reckoned twice as of that day: as if the versions before it went on for ever, and with that version. What
    their sentences tell and do not count makes nobody one of them.

    Raises:
        Invalid: no version of the rule begins on that day after another one.
    """
    _versions(rule, day)
    kind, _, word = rule.name.partition(".")
    known = law or the_law()
    before, after = (_cut(known, _OF_WORK[kind], word, rule.versions, last) for last in (day - _DAY, day))
    with office.db.system() as session:
        people = {one.id: one.slug for one in session.execute(_LOOKED_AFTER)}
        facts = facts_of(session, on=day)
    ends = {
        key: [effective_work_auth_end(facts[key], one) for one in (before, after)] for key in people if key in facts
    }
    return [_moved(people[key], key, old, new) for key, (old, new) in ends.items() if old.ends_on != new.ends_on]


def _cut(law: Law, field: str, word: str, versions: Sequence[Version], last: date) -> Law:
    """The law in which the version that holds on a day goes on for ever."""
    kept = [one for one in versions if (one.effective_from or date.min) <= last]
    forever = [*kept[:-1], structs.replace(kept[-1], effective_to=None)]
    return replace(law, **{field: {**getattr(law, field), word: forever}})


def _moved(firm: str, client_id: UUID, before: Authorization, after: Authorization) -> Moved:
    return Moved(
        firm=firm,
        client_id=client_id,
        basis=after.basis,
        before=before.ends_on,
        after=after.ends_on,
        sentence=after.sentence,
    )


def _leads(rule: Named, day: date) -> tuple[LeadTimes, LeadTimes]:
    before, after = _versions(rule, day)
    if not isinstance(after, LeadTimes) or not isinstance(before, LeadTimes):
        sentence = f"{rule.name} moves no day; whom it meets can be asked of lead_times, and of {', '.join(_OF_WORK)}."
        raise Invalid("rule_without_leads", sentence)
    return before, after


def _versions(rule: Named, day: date) -> tuple[Version | None, Version | None]:
    after, before = on(rule.versions, day), on(rule.versions, day - _DAY)
    if after is before or before is None:
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
    return {told for lead in leads if (told := days_later(ends, -lead)) >= day}
