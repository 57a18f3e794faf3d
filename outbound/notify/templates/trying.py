"""Tries texts out: on samples, or on what a dispatch of the firm tells now; nothing is sent, kept or offered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import or_, select

from gateway.db.models import Client, Dispatch, Firm, Notification
from gateway.db.models.links import Act
from gateway.domain import audit
from gateway.domain.audit import Change
from gateway.errors import Conflict, NotFound
from gateway.office import Acting
from outbound.notify import wording
from outbound.notify.channels.base import Words
from outbound.notify.templates import firm as firms
from outbound.notify.templates.catalogue import Template, find, form_of
from outbound.notify.templates.forms import Form
from outbound.notify.templates.language import Text
from outbound.notify.wording import Told

_NOWHERE: dict[Act, str] = {
    "acknowledge": "https://gateway.example/l/a/preview",
    "snooze": "https://gateway.example/l/a/preview",
}


def preview(
    acting: Acting, name: str, form: str, *, source: str | None = None, dispatch_id: UUID | None = None
) -> Sequence[str]:
    """What a text says, framed as it leaves; its addresses lead nowhere.

    Args:
        acting: somebody at work.
        name: of the template.
        form: which of its texts.
        source: this text; None for the one in force.
        dispatch_id: on what this one tells now, which is on record; None for samples.

    Raises:
        Missing: there is no such template, text, or dispatch in the actor's sight.
        WrongTemplate: with what is wrong, by lines.
        Conflict: `other_template`, `nothing_to_tell`.
    """
    template, wanted = find(name), form_of(form)
    texts = firms.texts_of(acting.session, acting.firm_id, name)
    if source is not None:
        texts[wanted] = template.read(wanted, source)
    told = _samples(acting, template) if dispatch_id is None else [_told(acting, template, dispatch_id)]
    return [str(getattr(_words(one, texts), wanted)) for one in told]


def _words(told: Told, texts: Mapping[Form, Text]) -> Words:
    offered = _NOWHERE if told.template in wording.OF_PAPERS else {}
    return wording.framed(told, offered, {form: text.fill(told.data) for form, text in texts.items()})


def _samples(acting: Acting, template: Template) -> list[Told]:
    name = acting.session.get_one(Firm, acting.firm_id).name
    return [Told(template.name, replace(one, firm=name, you=False)) for one in template.samples]


def _told(acting: Acting, template: Template, dispatch_id: UUID) -> Told:
    """What a dispatch tells now; that somebody looked is on record."""
    seen = select(Client.id).where(Client.id == Dispatch.client_id).exists()
    among = select(Dispatch).where(Dispatch.id == dispatch_id, or_(Dispatch.client_id.is_(None), seen))
    dispatch = acting.session.scalar(among)
    if dispatch is None:
        raise NotFound("dispatch", str(dispatch_id))
    notification = acting.session.get_one(Notification, (acting.firm_id, dispatch.notification_id))
    if notification.template != template.name:
        told = f"That dispatch is of the template {notification.template}, and not of {template.name}."
        raise Conflict("other_template", told)
    audit.record(acting, "template.preview", changes=[Change("dispatch", dispatch_id, "seen")])
    return wording.told_by(acting.office, acting.session, dispatch, notification)
