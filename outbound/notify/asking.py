"""Whom and what a request names: people of the firm found by their ids or names, data held to its template's shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import NODEFAULT, Struct
from sqlalchemy import Select, select

from gateway.config import Contacts, nearest
from gateway.db.models import Client, Partner, Staff
from gateway.domain.partners.homes import in_sight
from gateway.office import Acting
from outbound.notify.channels.base import Recipient
from outbound.notify.templates.shapes import Shape

Faults = dict[str, str]  # JSON path -> what is wrong there

_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SET_BY_US = frozenset(Shape.__struct_fields__)
# what must be in no message: numbers by which people are known elsewhere
_TELLING = {
    "a Social Security number": re.compile(r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)"),
    "an alien registration number": re.compile(r"(?<![A-Za-z0-9])[Aa][-# ]?\d{8,9}(?!\d)"),
}


class Addressee(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom, exactly one of them.

    Attributes:
        staff: an e-mail address or an id.
        client: an id; or with `partner`, what the partner's files call the person.
        contact: which of the partner's contacts, such as `late`.
        partner: its slug; of a partner's program its own may be left out.
    """

    staff: str | None = None
    client: str | None = None
    contact: str | None = None
    partner: str | None = None


def found_among(acting: Acting, asked: Sequence[Addressee], faults: Faults) -> list[Recipient]:
    """Who is meant, as far as the actor may see them; whoever is not there is a fault. Three queries, however many."""
    known = _Known(acting, asked)
    found = [_one(known, one, f"recipients[{place}]", faults) for place, one in enumerate(asked)]
    return [one for one in found if one is not None]


def _one(known: _Known, one: Addressee, path: str, faults: Faults) -> Recipient | None:
    named = [name for name in ("staff", "client", "contact") if getattr(one, name) is not None]
    if len(named) != 1:
        faults[path] = "Name exactly one of staff, client and contact."
        return None
    [kind] = named
    found: Recipient | str = getattr(known, kind)(one)
    if isinstance(found, str):
        faults[f"{path}.{kind}"] = found
        return None
    return found


class _Known:
    """Those who are named, looked up together."""

    def __init__(self, acting: Acting, asked: Iterable[Addressee]) -> None:
        self._own = acting.actor.partner_id
        self._is_partner = acting.actor.kind == "partner"
        asked = list(asked)
        self._partners = {
            one.slug: one for one in acting.session.scalars(in_sight(acting, select(Partner), Partner.id))
        }
        self._staff = self._staff_of(acting, [one.staff for one in asked if one.staff])
        self._by_id, self._by_key = self._clients_of(acting, [one.client for one in asked if one.client])

    def _staff_of(self, acting: Acting, names: Sequence[str]) -> dict[str, Staff]:
        if self._is_partner or not names:
            return {}
        ids, addresses = _ids(names), [name.strip().lower() for name in names]
        theirs = select(Staff).where(Staff.active, Staff.id.in_(ids) | Staff.email.in_(addresses))
        return {name: one for one in acting.session.scalars(theirs) for name in (str(one.id), one.email)}

    def _clients_of(
        self, acting: Acting, names: Sequence[str]
    ) -> tuple[dict[UUID, Client], dict[tuple[UUID, str], Client]]:
        if not names:
            return {}, {}
        theirs: Select[Client] = select(Client).where(Client.id.in_(_ids(names)) | Client.key.in_(names))
        found = list(acting.session.scalars(in_sight(acting, theirs, Client.partner_id)))
        return {one.id: one for one in found}, {(one.partner_id, one.key): one for one in found}

    def staff(self, one: Addressee) -> Recipient | str:
        """Somebody who works at the firm."""
        wanted = (one.staff or "").strip().lower()
        if self._is_partner:
            return "Partners tell their own people and contacts; the firm's staff they do not."
        if wanted not in self._staff:
            return f'Nobody who works at the firm is "{one.staff}": give an e-mail address or an id.'
        return Recipient(staff_id=self._staff[wanted].id)

    def client(self, one: Addressee) -> Recipient | str:
        """Somebody whom the firm looks after."""
        wanted = one.client or ""
        partner_id = self._partner_id(one)
        found = self._by_id.get(UUID(wanted)) if _UUID.fullmatch(wanted) else None
        if found is None and partner_id is not None:
            found = self._by_key.get((partner_id, wanted))
        if found is None:
            return f'There is no person "{one.client}": give an id, or with `partner` what its files call the person.'
        if found.status != "active":
            return "This person is archived, and is told nothing."
        return Recipient(client_id=found.id)

    def contact(self, one: Addressee) -> Recipient | str:
        """A contact of a partner's settings."""
        kinds = Contacts.__struct_fields__
        partner = next((each for each in self._partners.values() if each.id == self._partner_id(one)), None)
        if partner is None:
            return self._no_partner(one)
        if one.contact not in kinds:
            return f'Partners have no contact "{one.contact}"; they have {", ".join(kinds)}.'
        if not partner.contacts.get(one.contact):
            return f"The settings of {partner.slug} have nobody under contacts.{one.contact}; add somebody there."
        return Recipient(partner_id=partner.id, contact=one.contact)

    def _partner_id(self, one: Addressee) -> UUID | None:
        if one.partner is None:
            return self._own
        return self._partners[one.partner].id if one.partner in self._partners else None

    def _no_partner(self, one: Addressee) -> str:
        if one.partner is None:
            return "Say whose contact: `partner`, its short name."
        meant = nearest(one.partner, list(self._partners))
        return f'There is no partner "{one.partner}".' + (f' Did you mean "{meant}"?' if meant else "")


def _ids(names: Iterable[str]) -> list[UUID]:
    return [UUID(name) for name in names if _UUID.fullmatch(name)]


# ------------------------------------------------------------------------------------------------ data


def data_of(shape: type[Shape], given: Mapping[str, Any], faults: Faults) -> Shape | None:
    """The data of a template; what is missing, unknown, wrong or must be in no message is a fault. None with any."""
    before = len(faults)
    fields = {one.name: one for one in msgspec.structs.fields(shape) if one.name not in _SET_BY_US}
    for name in given:
        if name not in fields:
            meant = nearest(name, list(fields))
            hint = f'Did you mean "{meant}"?' if meant else f"It has {', '.join(fields) or 'none'}."
            faults[f"data.{name}"] = f"The template has no such value. {hint}"
    made = {name: _value(f"data.{name}", one, given.get(name, NODEFAULT), faults) for name, one in fields.items()}
    for path, text in _texts("data", given):
        if found := next((what for what, looks in _TELLING.items() if looks.search(text)), None):
            faults[path] = f"This looks like {found}, which must be in no message."
    if len(faults) > before:
        return None
    return msgspec.convert({name: value for name, value in made.items() if value is not NODEFAULT}, shape)


def _value(path: str, field: msgspec.structs.FieldInfo, given: object, faults: Faults) -> object:
    """One value, or nothing where it may be left out."""
    if given is NODEFAULT:
        if field.required:
            faults[path] = "It is missing; nothing is sent with a blank in its place."
        return NODEFAULT
    try:
        return msgspec.convert(given, field.type)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        faults[path + place.rstrip("`")] = f"{message}."
        return NODEFAULT


def _texts(path: str, given: object) -> Iterable[tuple[str, str]]:
    if isinstance(given, str):
        yield path, given
    elif isinstance(given, Mapping):
        for name, value in given.items():
            yield from _texts(f"{path}.{name}", value)
    elif isinstance(given, list | tuple):
        for place, value in enumerate(given):
            yield from _texts(f"{path}[{place}]", value)
