"""Puts a dispatch into words: what it tells is read now, said in the firm's words or the house's, and framed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from itertools import groupby
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.crypto import FirmCipher
from gateway.db.models import Dispatch, Firm, Notification
from gateway.db.models.links import Act
from gateway.domain.expiry.items import Item
from gateway.domain.links.actions import Offer
from gateway.errors import Conflict
from gateway.logging import get_logger
from gateway.office import Office
from outbound.notify import facing
from outbound.notify.channels.base import Recipient, Words
from outbound.notify.given import unsealed
from outbound.notify.templates import firm as firms
from outbound.notify.templates.catalogue import find, house
from outbound.notify.templates.forms import Form, WrongTemplate
from outbound.notify.templates.frame import Frame, Press
from outbound.notify.templates.language import Text
from outbound.notify.templates.shapes import InDays, ManyPapers, OfEmployer, OnePaper, Paper, Shape

OF_PAPERS = frozenset({"expiry", "escalation", "digest"})  # kinds that tell of papers, read when they leave

_PRESSES: Mapping[Act, str] = {"acknowledge": "I have seen this", "snooze": "Remind me later"}
_ALL_PRESSES: Mapping[Act, str] = {
    "acknowledge": "I have seen all of these",
    "snooze": "Remind me later of all of these",
}
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")  # as sentences of the rules write days
_AFTER_THE_NAME = re.compile(r"[;,].*")  # vocabularies explain a paper behind its name

log = get_logger(__name__)


class NothingToTellError(Conflict):
    """Nothing of what a dispatch was to tell is true any more: it must not leave."""


class Told(NamedTuple):
    """What is told, before it is put into words.

    Attributes:
        each: of a digest, which is answered paper by paper as well: the notice and how its paper is called.
    """

    template: str
    data: Shape
    each: Sequence[tuple[UUID, str]] = ()


class Shared:
    """What the words of dispatches of one firm share, asked once: name, key, texts, links, and what is told to many.

    Addresses that act are offered anew each time; they are good once the session's transaction commits.

    Args:
        office: whose key opens what was sealed.
        session: of the firm, or of the system.
        firm_id: whose.
        due: that are to be put into words.
    """

    def __init__(
        self, office: Office, session: Session, firm_id: UUID, due: Sequence[tuple[Dispatch, Notification]]
    ) -> None:
        self._office, self._session, self._firm_id = office, session, firm_id
        wanted = [Offer(one.id, to := _to(one), _acts(notification.kind, to)) for one, notification in due]
        self._offered = facing.offers(office, session, firm_id, wanted)
        self._texts: dict[str, Mapping[Form, Text]] = {}
        self._said: dict[tuple[UUID, bool], tuple[Told, Mapping[Form, str]]] = {}

    def words_of(self, dispatch: Dispatch, notification: Notification) -> Words:
        """See the function of this name."""
        told, said = self._told_and_said(dispatch, notification)
        offered = self._offered.get((dispatch.id, None), {})
        return framed(told, offered, said, self._each(dispatch, told, [act for act in offered if act in _PRESSES]))

    def told_by(self, dispatch: Dispatch, notification: Notification) -> Told:
        """See the function of this name."""
        template = find(notification.template)
        each: list[tuple[UUID, str]] = []
        if notification.kind in OF_PAPERS:
            items = facing.papers(self._session, dispatch.id)
            data = _of_papers(notification.kind, items)
            each = [(one.notice_id, _called(one)) for one in items] if notification.kind == "digest" else []
        elif notification.data is None:
            data = template.shape()
        else:
            data = unsealed(self._cipher, notification.data, template.shape)
        return Told(template.name, replace(data, firm=self._name, you=dispatch.client_id is not None), each)

    def _each(self, dispatch: Dispatch, told: Told, acts: Sequence[Act]) -> Mapping[UUID, Mapping[Act, str]]:
        """Where each paper of a digest can be answered alone."""
        if not acts or not told.each:
            return {}
        wanted = [Offer(dispatch.id, _to(dispatch), acts, one) for one, _ in told.each]
        offered = facing.offers(self._office, self._session, self._firm_id, wanted)
        return {notice_id: found for (_, notice_id), found in offered.items() if notice_id is not None}

    def _told_and_said(self, dispatch: Dispatch, notification: Notification) -> tuple[Told, Mapping[Form, str]]:
        """What a notification that tells of no papers says is the same for all clients, and for all others."""
        key = notification.id, dispatch.client_id is not None
        if (known := self._said.get(key)) is not None:
            return known
        told = self.told_by(dispatch, notification)
        texts = self._texts_of(told.template)
        found = told, {form: _filled(text, told.data) for form, text in texts.items()}
        if notification.kind not in OF_PAPERS:
            self._said[key] = found
        return found

    def _texts_of(self, template: str) -> Mapping[Form, Text]:
        if template not in self._texts:
            self._texts[template] = firms.texts_of(self._session, self._firm_id, template)
        return self._texts[template]

    @cached_property
    def _cipher(self) -> FirmCipher:
        return self._office.cipher(self._session, self._firm_id)

    @cached_property
    def _name(self) -> str:
        return self._session.scalars(select(Firm.name).where(Firm.id == self._firm_id)).one()


def words_of(
    office: Office, session: Session, dispatch: Dispatch, notification: Notification, shared: Shared | None = None
) -> Words:
    """What a dispatch says, as of now; nothing sensitive in its subject and short text.

    Args:
        office: as of `Shared`.
        session: as of `Shared`.
        dispatch: to whom, by which channel.
        notification: what.
        shared: where it is one of many.

    Raises:
        NothingToTellError: `nothing_to_tell`.
        Missing: a template of this name is no longer there.
    """
    shared = shared or Shared(office, session, dispatch.firm_id, [(dispatch, notification)])
    return shared.words_of(dispatch, notification)


def told_by(office: Office, session: Session, dispatch: Dispatch, notification: Notification) -> Told:
    """What a dispatch tells, as of now.

    Raises:
        NothingToTellError: as `words_of`.
        Missing: as `words_of`.
    """
    return Shared(office, session, dispatch.firm_id, ()).told_by(dispatch, notification)


def framed(
    told: Told,
    offered: Mapping[Act, str],
    said: Mapping[Form, str],
    each: Mapping[UUID, Mapping[Act, str]] = MappingProxyType({}),
) -> Words:
    """What is said, within what stands around every message.

    Args:
        told: what.
        offered: where it can be answered, and where to ask for no more.
        said: what is told, in the firm's words.
        each: where each notice can be answered alone.
    """
    link_of_data = told.data.link
    labels = _ALL_PRESSES if each else _PRESSES
    presses = [Press(label, offered[act]) for act, label in labels.items() if act in offered]
    presses += [Press(told.data.press, link_of_data)] if link_of_data else []
    link = presses[0].url if presses else None
    alone = [(called, _presses(each[one])) for one, called in told.each if one in each]
    frame = Frame(str(told.data.firm), presses, offered.get("unsubscribe"), alone)
    subject, short = said["subject"], said["short"]
    return Words(
        subject=subject,
        text=frame.letter(said["text"]),
        html=frame.page(subject, said["html"]),
        short=f"{short} {link}" if link else short,
        link=link,
        one_click=offered.get("unsubscribe"),
    )


def _presses(offered: Mapping[Act, str]) -> Sequence[Press]:
    return [Press(label, offered[act]) for act, label in _PRESSES.items() if act in offered]


def _filled(text: Text, data: Shape) -> str:
    """In the firm's words, or the house's where those cannot be said of this: a message that is due leaves."""
    try:
        return text.fill(data)
    except WrongTemplate as problem:
        log.warning("a firm's own words cannot be said", template=text.name, form=text.form, why=problem.sentence)
        return house(text.name, text.form).fill(data)


def _to(dispatch: Dispatch) -> Recipient:
    return Recipient(dispatch.staff_id, dispatch.client_id, dispatch.partner_id, dispatch.contact)


def _acts(kind: str, recipient: Recipient) -> Sequence[Act]:
    """What can be done by a press: staff answer for papers; whoever is not of the staff may ask for no more."""
    if recipient.staff_id is not None:
        return ("acknowledge", "snooze") if kind in OF_PAPERS else ()
    return ("unsubscribe",)


# ------------------------------------------------------------------------------------------------ papers


def _of_papers(kind: str, items: Sequence[Item]) -> Shape:
    if not items:
        raise NothingToTellError("nothing_to_tell", "Nothing of what this was to tell is true any more.")
    papers = sorted(map(_paper, items), key=lambda one: (one.days_left, one.employer, one.initials, one.what))
    if kind == "digest":
        return ManyPapers(count=len(papers), days=_by_days(papers), fresh_on=_stalest(papers))
    return OnePaper(paper=papers[0], more=papers[1:])


def _by_days(papers: Sequence[Paper]) -> list[InDays]:
    """Papers that come sorted."""
    return [
        InDays(
            days_left=days,
            employers=[
                OfEmployer(employer=employer, papers=list(theirs))
                for employer, theirs in groupby(same, lambda one: one.employer)
            ],
        )
        for days, same in groupby(papers, lambda one: one.days_left)
    ]


def _called(item: Item) -> str:
    """In a list of papers that are answered one by one."""
    what = _AFTER_THE_NAME.sub("", item.what)
    return f"{item.initials}, {item.employer}: {what}, {_day(item.expires_on)}"


def _day(day: date) -> str:
    """As the templates write it."""
    return f"{day:%B} {day.day}, {day.year}"


def _stalest(papers: Sequence[Paper]) -> date | None:
    return min((one.fresh_on for one in papers if one.fresh_on), default=None)


def _paper(item: Item) -> Paper:
    same = {name: getattr(item, name) for name in Paper.__struct_fields__ if name in Item.__struct_fields__}
    fresh_on = clock.day_in("UTC", item.fresh_at) if item.fresh_at else None
    controlling = item.controlling and _DATE.sub(lambda one: _day(date.fromisoformat(one[0])), item.controlling)
    what = _AFTER_THE_NAME.sub("", item.what)
    return Paper(**same | {"what": what, "fresh_on": fresh_on, "controlling": controlling})
