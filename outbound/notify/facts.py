"""Gathers what the gate goes by, for many dispatches of a firm in a few queries, however many they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, exists, or_, select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import Client, Dispatch, Document, Firm, GateDecision, Notice, Notification, Partner, Staff, Wall
from gateway.domain.expiry import leads
from gateway.domain.preferences import budgets, opt_outs, paces, quiet
from gateway.domain.preferences.paces import Paces
from gateway.domain.preferences.whom import Whom, zone_of
from gateway.office import Acting, Actor, Office
from outbound.notify import channels
from outbound.notify.channels.base import Recipient
from outbound.notify.deciding import Facts, Path
from outbound.notify.hours import Quiet, midnight, next_midnight

_OF_PAPERS = frozenset({"expiry", "escalation", "digest"})  # kinds of notifications that tell of notices
_GATE = Actor("system", "gate")


class Gathered(NamedTuple):
    """What was found about one dispatch.

    Attributes:
        facts: as the gate takes them.
        whom: the recipient; dispatches of one and a channel share a budget.
        behind_walls: notices among several that the recipient must no longer be told of.
    """

    facts: Facts
    whom: Whom
    behind_walls: Sequence[UUID]


def gather(
    office: Office, session: Session, dispatch_ids: Collection[UUID], path: Path, open_from: datetime | None
) -> dict[UUID, Gathered]:
    """The facts of each dispatch that there is, in the order asked for.

    Args:
        office: of the installation.
        session: of the firm; one that meets walls would not see what they hide.
        dispatch_ids: which.
        path: on which way they come.
        open_from: when their channel bears more; None is now.
    """
    rows = {row.id: row for row in session.execute(_dispatches(dispatch_ids))}
    if not rows:
        return {}
    firm = _Firm(office, session, list(rows.values()))
    return {one: firm.about(rows[one], path, open_from) for one in dict.fromkeys(dispatch_ids) if one in rows}


# ------------------------------------------------------------------------------------------------ queries


def _dispatches(ids: Collection[UUID]) -> Any:  # noqa: ANN401 - its type is the list of its columns
    """Each dispatch with its notification, its firm, and whoever is to have it."""
    of_firm = Dispatch.firm_id
    about = exists().where(
        Wall.firm_id == of_firm, Wall.staff_id == Dispatch.staff_id, Wall.partner_id == Notification.partner_id
    )
    return (
        select(
            Dispatch.id,
            Dispatch.firm_id,
            Dispatch.staff_id,
            Dispatch.client_id,
            Dispatch.partner_id,
            Dispatch.contact,
            Dispatch.channel,
            Dispatch.sent_at,
            Notification.kind,
            Notification.priority,
            about.label("is_walled"),
            Firm.time_zone.label("firm_zone"),
            Firm.status.label("firm_status"),
            Staff.active.label("staff_active"),
            Staff.time_zone.label("staff_zone"),
            Client.time_zone.label("client_zone"),
            *_STANDING,
            Partner.status.label("partner_status"),
            Partner.time_zone.label("partner_zone"),
            Partner.contacts,
        )
        .join(Notification, (Notification.firm_id == of_firm) & (Notification.id == Dispatch.notification_id))
        .join(Firm, Firm.id == of_firm)
        .outerjoin(Staff, (Staff.firm_id == of_firm) & (Staff.id == Dispatch.staff_id))
        .outerjoin(Client, (Client.firm_id == of_firm) & (Client.id == Dispatch.client_id))
        .outerjoin(Partner, (Partner.firm_id == of_firm) & (Partner.id == Dispatch.partner_id))
        .where(Dispatch.id.in_(ids))
    )


# how a client stands with the firm; see `_left`
_STANDING = (
    Client.erased_at,
    Client.status.label("client_status"),
    Client.enrollment_status,
    Client.termination_date,
)


def _notices(ids: Collection[UUID]) -> Any:  # noqa: ANN401 - its type is the list of its columns
    """What the dispatches tell, with the paper and the person as they are now."""
    of_firm = Notice.firm_id
    beside = or_(Wall.client_id == Client.id, Wall.partner_id == Client.partner_id)
    walled = exists().where(Wall.firm_id == of_firm, Wall.staff_id == Notice.staff_id, beside)
    return (
        select(
            Notice.id,
            Notice.dispatch_id,
            Notice.state,
            Notice.ended_code,
            Notice.lead,
            Notice.expires_on,
            Notice.snoozed_until,
            Document.doc_type,
            Document.status.label("document_status"),
            Document.expires_on.label("ends_on"),
            *_STANDING,
            walled.label("is_walled"),
        )
        .join(Document, (Document.firm_id == of_firm) & (Document.id == Notice.document_id))
        .join(Client, (Client.firm_id == of_firm) & (Client.id == Notice.client_id))
        .where(Notice.dispatch_id.in_(ids))
        .order_by(Notice.id)
    )


class _Firm:
    """What all of the dispatches share: asked once."""

    def __init__(self, office: Office, session: Session, rows: Sequence[Row[Any]]) -> None:
        self._now = clock.now()
        self._office, self._session, self._id = office, session, rows[0].firm_id
        self._today = clock.day_in(rows[0].firm_zone, self._now)
        staff = {row.staff_id for row in rows if row.staff_id is not None}
        recipients = {Whom.of(row) for row in rows}
        self._paces: Paces = paces.paces(session, staff)
        self._hours = quiet.hours(session, staff)
        self._opted_out = opt_outs.standing(session, recipients)
        self._allowances = budgets.allowances(session)
        self._notices = self._told([row.id for row in rows])
        self._sent = _sent(session, self._limited(rows), self._now - timedelta(days=2))
        self._reached = {
            (channel, whom) for channel, those in _by_channel(rows).items() for whom in self._reachable(channel, those)
        }
        is_snoozed = any(one.snoozed_until for told in self._notices.values() for one in told)
        self._next_leads = self._leads() if is_snoozed else {}

    def _limited(self, rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
        """Those of which only so many may be sent a day."""
        limited = {place for place, one in self._allowances.items() if one.a_day is not None}
        return [row for row in rows if (row.channel, Whom.of(row).kind) in limited]

    def about(self, row: Row[Any], path: Path, open_from: datetime | None) -> Gathered:
        """All about one dispatch."""
        whom, zone = Whom.of(row), zone_of(row.staff_zone, row.client_zone, row.partner_zone, row.firm_zone)
        told = self._notices.get(row.id, [])
        live = [one for one in told if self._untrue(one) is None]
        hidden = [one for one in live if one.is_walled]
        shown = [one for one in live if not one.is_walled]
        facts = Facts(
            now=self._now,
            path=path,
            priority=row.priority,
            channel=row.channel,
            quiet=self._quiet(whom, zone),
            is_reachable=(row.channel, whom) in self._reached,
            is_there=self._is_there(row),
            opted_out=self._opted_out.get((whom, row.channel)),
            preference=self._preference(whom, row.channel, shown or live),
            untrue=self._all_untrue(row, told, live),
            expires_on=min((one.expires_on for one in shown), default=None),
            is_walled=row.is_walled or bool(hidden and (not shown or row.sent_at is not None)),
            was_told=row.sent_at is not None or bool(shown and all(one.state == "told" for one in shown)),
            open_from=open_from,
            **self._snooze(shown),
            **self._budget(row, whom, zone),
        )
        return Gathered(facts, whom, [one.id for one in hidden] if shown else [])

    def _told(self, ids: Collection[UUID]) -> Mapping[UUID, list[Row[Any]]]:
        found: dict[UUID, list[Row[Any]]] = defaultdict(list)
        for row in self._session.execute(_notices(ids)):
            found[row.dispatch_id].append(row)
        return found

    def _reachable(self, channel: str, recipients: Collection[Whom]) -> Iterable[Whom]:
        known = channels.CHANNELS.get(channel)
        if known is None:
            return ()
        wanted = [Recipient(*one) for one in recipients]
        return {Whom.of(one) for one, to in known.addresses(self._office, self._session, wanted).items() if to}

    def _quiet(self, whom: Whom, zone: ZoneInfo) -> Quiet:
        hours = self._hours.get(whom.staff_id, self._hours[None])
        return Quiet(zone=zone, **hours._asdict())

    def _is_there(self, row: Row[Any]) -> bool:
        if row.firm_status != "active":
            return False
        if row.staff_id is not None:
            return bool(row.staff_active)
        if row.client_id is not None:
            return _left(row, self._today) is None
        return row.partner_status == "active" and row.contact in row.contacts

    def _preference(self, whom: Whom, channel: str, told: Sequence[Row[Any]]) -> Any:  # noqa: ANN401 - a pace
        """Clients and contacts opt out, or do not; a digest goes as long as one of its papers is not switched off."""
        if whom.staff_id is None:
            return "immediate"
        found = [self._paces.of(whom.staff_id, kind, channel) for kind in [one.doc_type for one in told] or [None]]
        return next((one for one in found if one != "off"), "off")

    def _all_untrue(self, row: Row[Any], told: Sequence[Row[Any]], live: Sequence[Row[Any]]) -> str | None:
        if live or row.kind not in _OF_PAPERS:
            return None
        return self._untrue(told[0]) if told else "nothing_left"

    def _untrue(self, notice: Row[Any]) -> str | None:
        """Why a notice is no longer true, in the words of the sweep; the sweep may not have come by yet."""
        if notice.state in {"cancelled", "withheld"}:
            return notice.ended_code or str(notice.state)
        if notice.document_status == "void":
            return "void"
        if notice.document_status != "current" or notice.ends_on != notice.expires_on:
            return "renewed"
        return _left(notice, self._today)

    def _snooze(self, shown: Sequence[Row[Any]]) -> dict[str, Any]:
        """Until the first of the snoozes ends, where all that it tells is snoozed."""
        ends = [one.snoozed_until for one in shown]
        if not ends or None in ends:
            return {}
        days = [self._next_lead(one) for one in shown]
        return {
            "snoozed_until": min(end for end in ends if end is not None),
            "next_lead_on": min((day for day in days if day is not None), default=None),
        }

    def _next_lead(self, notice: Row[Any]) -> date | None:
        shorter = [days for days in self._next_leads.get(notice.doc_type, ()) if days < notice.lead]
        return notice.expires_on - timedelta(days=max(shorter)) if shorter else None

    def _leads(self) -> Mapping[str, Sequence[int]]:
        acting = Acting(self._office, self._session, self._id, _GATE)
        return {word: days for word, (days, _) in leads.of_firm(acting).items()}

    def _budget(self, row: Row[Any], whom: Whom, zone: ZoneInfo) -> dict[str, Any]:
        allowed = self._allowances.get((row.channel, whom.kind))
        if allowed is None or allowed.a_day is None:
            return {}
        since = midnight(zone, self._now)
        sent = {one for one, at in self._sent.get((row.channel, whom), ()) if at >= since and one != row.id}
        return {"budget_left": allowed.a_day - len(sent), "budget_anew": next_midnight(zone, self._now)}


def _left(person: Row[Any], today: date) -> str | None:
    """Why a firm no longer looks after somebody; None where it does."""
    if person.erased_at is not None:
        return "erased"
    if person.client_status != "active":
        return "archived"
    if person.enrollment_status != "active":
        return str(person.enrollment_status)
    return "terminated" if person.termination_date is not None and person.termination_date < today else None


def _by_channel(rows: Sequence[Row[Any]]) -> Mapping[str, set[Whom]]:
    found: dict[str, set[Whom]] = defaultdict(set)
    for row in rows:
        found[row.channel].add(Whom.of(row))
    return found


def _theirs(rows: Sequence[Row[Any]]) -> Iterable[ColumnElement[bool]]:
    """That a dispatch is of one of the recipients of these; of partners, of any of their contacts."""
    for column in (Dispatch.staff_id, Dispatch.client_id, Dispatch.partner_id):
        if ids := {getattr(row, column.key) for row in rows} - {None}:
            yield column.in_(ids)


def _sent(
    session: Session, rows: Sequence[Row[Any]], since: datetime
) -> Mapping[tuple[str, Whom], list[tuple[UUID, datetime]]]:
    """What was let through to these recipients since then; what was let through and never taken does not count."""
    if not rows:
        return {}
    failed = Dispatch.state.in_(("failed", "dead", "cancelled", "withheld")) & Dispatch.sent_at.is_(None)
    query = (
        select(
            Dispatch.id,
            Dispatch.staff_id,
            Dispatch.client_id,
            Dispatch.partner_id,
            Dispatch.contact,
            Dispatch.channel,
            GateDecision.at,
        )
        .join(GateDecision, (GateDecision.firm_id == Dispatch.firm_id) & (GateDecision.dispatch_id == Dispatch.id))
        .where(GateDecision.verdict == "send", GateDecision.at >= since, ~failed)
        .where(Dispatch.firm_id == rows[0].firm_id, Dispatch.channel.in_({row.channel for row in rows}))
        .where(or_(*_theirs(rows)))
    )
    found: dict[tuple[str, Whom], list[tuple[UUID, datetime]]] = defaultdict(list)
    for one in session.execute(query):
        found[one.channel, Whom.of(one)].append((one.id, one.at))
    return found
