"""Whose permission to work surely lasts beyond a day, asked of the database: it leaves few to be reckoned with."""

from __future__ import annotations

from datetime import date
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import aliased

from gateway.db.models import Case, Client, Document
from gateway.domain.expiry.cards import CARDS
from gateway.domain.expiry.papers import Law
from gateway.domain.expiry.petitions import LOST, MAXOUTS, types_of_work


def surely_lasts(beyond: date, today: date, law: Law) -> ColumnElement[bool]:
    """Whether the permission of a `Client` ends after a day before today, by what needs no reckoning.

    By a card in force; or by the newest I-797 of those that say until when somebody works, where no I-94 has ended
    before the newest one, and no longest stay is on record: that basis ends later, and of several the last counts, or
    one that is in force. So it is by `effective_work_auth_end`; of those of whom this is not so, that one tells.
    """
    stays = or_(Client.id.not_in(_over(beyond)), Client.id.in_(_newest("i94", beyond, today)))
    notice = _newest("i797", beyond, today, or_(Document.case_id.is_(None), _is_of_work(today, law)))
    by_petition = and_(Client.id.in_(notice), stays, Client.id.not_in(_of(*MAXOUTS)))
    return or_(Client.id.in_(_cards(today)), by_petition)


def _of(*types: str) -> Select[UUID]:
    return select(Document.client_id).where(Document.status == "current", Document.doc_type.in_(types))


def _cards(today: date) -> Select[UUID]:
    has_begun = or_(Document.issued_on.is_(None), Document.issued_on <= today)
    return _of(*CARDS).where(Document.expires_on >= today, has_begun)


def _over(beyond: date) -> Select[UUID]:
    return _of("i94").where(Document.expires_on <= beyond)


def _newest(doc_type: str, beyond: date, today: date, *more: ColumnElement[bool]) -> Select[UUID]:
    """Who has a paper of a type that lasts, and none that was issued later, or nobody knows when."""
    other = _other()
    rival = exists().where(
        other.client_id == Document.client_id,
        other.doc_type == doc_type,
        other.status == "current",
        other.id != Document.id,
        or_(other.issued_on.is_(None), and_(other.issued_on >= Document.issued_on, other.issued_on <= today)),
    )
    return _of(doc_type).where(Document.expires_on > beyond, Document.issued_on <= today, ~rival, *more)


@cache
def _other() -> type[Document]:
    """Another paper than that of which is spoken."""
    return aliased(Document)


def _is_of_work(today: date, law: Law) -> ColumnElement[bool]:
    of = exists().where(Case.id == Document.case_id, Case.case_type.in_(types_of_work(law, today)))
    return of.where(Case.status.not_in(LOST))
