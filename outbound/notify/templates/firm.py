"""A firm's own texts of templates: given, gone back to, given up and tried out; each change is a version on record."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from gateway.db.models import MessageText
from gateway.domain import audit
from gateway.domain.audit import Action, Change
from gateway.errors import Busy, Missing
from gateway.logging import get_logger
from gateway.office import Acting
from outbound.notify.templates.catalogue import TEMPLATES, find, form_of, house
from outbound.notify.templates.forms import FORMS, Form, WrongTemplate
from outbound.notify.templates.language import Text
from outbound.notify.templates.looking import values

log = get_logger(__name__)

_KEPT = 256  # texts of firms that stay ready to be filled in


class Value(Struct, frozen=True, kw_only=True):
    """Something that a template may say; `many[].field` is a field of each in a list."""

    name: str
    kind: str


class Standing(Struct, frozen=True, kw_only=True):
    """One text of a template, as a firm has it.

    Attributes:
        says: what the template tells.
        own: it is the firm's; else the house's.
        version: the firm's newest, also where that went back to the house's; 0 before the first.
        by_request: it can be sent by whoever may send notifications.
    """

    name: str
    form: Form
    says: str
    own: bool
    version: int
    by_request: bool


class Shown(Struct, frozen=True, kw_only=True):
    """One text in full, and what it may say."""

    name: str
    form: Form
    says: str
    own: bool
    version: int
    source: str
    values: Sequence[Value]


class Version(Struct, frozen=True, kw_only=True):
    """One version of a firm's text; without `source` it went back to the house's."""

    version: int
    source: str | None
    created_by: str
    created_at: datetime


def listed(acting: Acting) -> list[Standing]:
    """Every text of every template."""
    newest = {(one.name, one.form): one for one in _newest(acting.session, acting.firm_id)}
    return [_standing(name, form, newest.get((name, form))) for name in TEMPLATES for form in FORMS]


def show(acting: Acting, name: str, form: str) -> Shown:
    """One text as it is in force.

    Raises:
        Missing: there is no such template, or no such text of it.
    """
    template, wanted = find(name), form_of(form)
    row = next((one for one in _newest(acting.session, acting.firm_id, name) if one.form == wanted), None)
    standing = _standing(name, wanted, row)
    return Shown(
        name=name,
        form=wanted,
        says=standing.says,
        own=standing.own,
        version=standing.version,
        source=row.source if row and row.source is not None else template.source(wanted),
        values=[Value(name=path, kind=kind) for path, kind in values(template.shape)],
    )


def versions(acting: Acting, name: str, form: str) -> list[Version]:
    """The firm's versions of one text, the newest first.

    Raises:
        Missing: as of `show`.
    """
    find(name)
    theirs = select(MessageText).where(MessageText.name == name, MessageText.form == form_of(form))
    found = acting.session.scalars(theirs.order_by(MessageText.version.desc()))
    return [
        Version(version=one.version, source=one.source, created_by=one.created_by, created_at=one.created_at)
        for one in found
    ]


def change(acting: Acting, name: str, form: str, source: str) -> Shown:
    """Put a text of the firm's own in force, for everything that leaves from now on; the same text again is no version.

    Raises:
        Missing: as of `show`.
        WrongTemplate: with what is wrong, by lines.
        Busy: somebody else changes it at this moment.
    """
    template, wanted = find(name), form_of(form)
    template.read(wanted, source)
    before = show(acting, name, form)
    if before.own and before.source == source:
        return before
    return _add(acting, "template.set", before, source)


def back(acting: Acting, name: str, form: str, version: int) -> Shown:
    """Put an older version in force again, as a new one.

    Raises:
        Missing: as of `show`, or there is no such version.
        WrongTemplate: it was right when it was given, and no longer is.
        Busy: as of `change`.
    """
    found = next((one for one in versions(acting, name, form) if one.version == version), None)
    if found is None:
        raise Missing("not_found", f"The {form} of {name} has no version {version}.")
    return reset(acting, name, form) if found.source is None else change(acting, name, form, found.source)


def reset(acting: Acting, name: str, form: str) -> Shown:
    """Take the house's own text again; where it is in force, nothing happens.

    Raises:
        Missing: as of `show`.
        Busy: as of `change`.
    """
    before = show(acting, name, form)
    return _add(acting, "template.reset", before, None) if before.own else before


def texts_of(session: Session, firm_id: UUID, name: str) -> dict[Form, Text]:
    """The texts of a template as they are in force, ready to be filled in.

    A text of the firm's that was right when it was given and no longer is gives way to the house's: what is due leaves.

    Args:
        session: of the firm, or of the system.
        firm_id: whose.
        name: of the template.
    """
    own = {one.form: one.source for one in _newest(session, firm_id, name) if one.source is not None}
    return {form: _own_or_house(name, form, own.get(form)) for form in FORMS}


def _own_or_house(name: str, form: Form, source: str | None) -> Text:
    try:
        return house(name, form) if source is None else _ready(name, form, source)
    except WrongTemplate as problem:
        log.warning("a firm's own words are no longer right", template=name, form=form, why=problem.sentence)
        return house(name, form)


@functools.lru_cache(_KEPT)
def _ready(name: str, form: Form, source: str) -> Text:
    return find(name).read(form, source)


def _newest(session: Session, firm_id: UUID, name: str | None = None) -> Sequence[MessageText]:
    """The newest version of each text of which the firm has any; of one template alone, where it is named."""
    theirs = [MessageText.firm_id == firm_id, *([] if name is None else [MessageText.name == name])]
    each = select(MessageText).where(*theirs).ext(distinct_on(MessageText.name, MessageText.form))
    return session.scalars(each.order_by(MessageText.name, MessageText.form, MessageText.version.desc())).all()


def _standing(name: str, form: Form, row: MessageText | None) -> Standing:
    template = TEMPLATES[name]
    return Standing(
        name=name,
        form=form,
        says=template.says,
        own=row is not None and row.source is not None,
        version=row.version if row else 0,
        by_request=template.by_request,
    )


def _add(acting: Acting, action: Action, before: Shown, source: str | None) -> Shown:
    last = select(func.coalesce(func.max(MessageText.version), 0) + 1)
    mine = last.where(MessageText.name == before.name, MessageText.form == before.form).scalar_subquery()
    row = {"firm_id": acting.firm_id, "name": before.name, "form": before.form, "source": source}
    new = insert(MessageText).values(row | {"version": mine, "created_by": acting.actor.name})
    added: UUID | None = acting.session.scalar(new.on_conflict_do_nothing().returning(MessageText.id))
    if added is None:
        raise Busy("changed_meanwhile", f"Somebody else changes the {before.form} of {before.name} now; look again.")
    after = show(acting, before.name, before.form)
    told = {"form": before.form, "own": after.own}  # what it says is the version's of this instant
    audit.record(acting, action, changes=[Change("template", before.name, "updated", new=told)])
    return after
