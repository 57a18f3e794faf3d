"""Clients: the people of a firm, found and changed by its staff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select

from gateway.crypto import FirmCipher
from gateway.db.folding import holds_words
from gateway.db.models import Client
from gateway.db.paging import Found, Paging
from gateway.domain.audit import Action, Change
from gateway.domain.partners import homes
from gateway.domain.people import changes, records
from gateway.domain.people.changes import Expected, Unfit, by_hand
from gateway.domain.people.erasure import free_key
from gateway.domain.people.fields import FIELDS
from gateway.office import Acting

SEARCHED = (Client.given_name, Client.middle_name, Client.family_name, Client.email, Client.employee_id)
IDENTIFIERS = tuple(name for name, field in FIELDS["client"].items() if field.sensitive)

_ERASED = "This person was erased; the record can no longer change."


class NewClient(NamedTuple):
    """A person to be added.

    Attributes:
        partner: its slug or id.
        known_by: the field by which the partner's files name the person, as the `key` of its feed says.
        values: as stored, sensitive ones in clear.
    """

    partner: str
    known_by: str
    values: Mapping[str, object]


class ClientFilter(NamedTuple):
    """Which clients a list is about; what is None does not matter.

    Attributes:
        search: words, each of which the names, the e-mail address or the employee id hold; whatever their order, their
            case and their accents.
        partner: its slug or id.
    """

    status: str | None = None
    search: str | None = None
    partner: str | None = None


def look_through(acting: Acting, wanted: ClientFilter, paging: Paging) -> Found[Client]:
    """Some of the clients that fit, the newest first; that they were seen is on record."""
    return records.look_through(acting, "client.list", Client, _fitting(wanted), paging)


def view(acting: Acting, client_id: UUID) -> Client:
    """One client; that it was looked at is on record.

    Raises:
        NotFound: the firm has no such client.
    """
    client = records.find(acting, Client, client_id)
    records.note(acting, "client.view", client)
    return client


def identifiers(acting: Acting, client_id: UUID) -> dict[str, str | None]:
    """The sensitive identifiers of a person in clear; who looks at them goes on record as having done so.

    Raises:
        NotFound: the firm has no such client.
    """
    client = records.find(acting, Client, client_id)
    records.note(acting, "client.identifiers", client)
    stored = {name: getattr(client, name) for name in IDENTIFIERS}
    return {name: value and acting.cipher.decrypt(value, name) for name, value in stored.items()}


def add(acting: Acting, new: NewClient) -> Client:
    """Add a person by hand. The partner's files will find the record by its key.

    Raises:
        Unfit: an unknown partner, or no value for the key.
        Conflict: `client_exists`.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        partner_id = acting.session.scalar(homes.named(new.partner))
        if partner_id is None:
            raise Unfit({"partner": "The firm has no such partner."})
        key = _key(new, acting.cipher)
        free_key(acting.session, partner_id, key, acting.cipher)
        client = Client(firm_id=acting.firm_id, partner_id=partner_id, key=key, pins={})
        change = changes.fill(acting, client, new.values)
        sentence = f"The partner has a client with this {new.known_by} already."
        with changes.unique(acting.session, "client_exists", sentence):
            acting.session.add(client)
        records.note(acting, "client.create", client, changes.created(client, change))
    return client


def change(acting: Acting, client_id: UUID, values: Mapping[str, object], expected: Expected = None) -> Client:
    """Change fields of a client.

    Raises:
        NotFound: the firm has no such client.
        Unfit: the field by which the partner's files name the person.
        Conflict: `client_erased`; `client_exists`, when a person added by hand gets another's key.
        Outdated: somebody else was faster.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        client = records.take(acting, Client, client_id, expected, _ERASED)
        rekeyed = _rekeyed(client, values, acting.cipher)
        told = changes.fill(acting, client, values)
        with changes.unique(acting.session, "client_exists", "The partner has a client of this key already."):
            client.key = rekeyed
        if told:
            records.note(acting, "client.update", client, told)
    return client


def unpin(acting: Acting, client_id: UUID, name: str, expected: Expected = None) -> None:
    """Let imports change a field again.

    Raises:
        NotFound: the firm has no such client, or the field is not pinned.
        Conflict: `client_erased`.
        Outdated: somebody else was faster.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        client = records.take(acting, Client, client_id, expected, _ERASED)
        records.unpin(acting, "client.unpin", client, name)


def archive(acting: Acting, client_id: UUID, expected: Expected = None) -> Client:
    """Archive a client; the records stay, and imports go on.

    Raises:
        NotFound: the firm has no such client.
        Conflict: `client_erased`.
        Outdated: somebody else was faster.
        Busy: `import_running`.
    """
    return _put(acting, "client.archive", client_id, "archived", expected)


def restore(acting: Acting, client_id: UUID, expected: Expected = None) -> Client:
    """Bring an archived client back.

    Raises:
        NotFound: the firm has no such client.
        Conflict: `client_erased`.
        Outdated: somebody else was faster.
        Busy: `import_running`.
    """
    return _put(acting, "client.restore", client_id, "active", expected)


def _put(acting: Acting, action: Action, client_id: UUID, status: str, expected: Expected) -> Client:
    with by_hand(acting.session):
        client = records.take(acting, Client, client_id, expected, _ERASED)
        if client.status != status:
            told = Change("client", client.id, "updated", {"status": client.status}, {"status": status})
            client.status = status
            changes.touch(client)
            records.note(acting, action, client, told)
    return client


def _fitting(wanted: ClientFilter) -> Select[Client]:
    found = select(Client)
    if wanted.status:
        found = found.where(Client.status == wanted.status)
    if wanted.partner:
        found = found.where(Client.partner_id.in_(homes.named(wanted.partner)))
    if wanted.search:
        found = found.where(holds_words(SEARCHED, wanted.search))
    return found


def _key(new: NewClient, cipher: FirmCipher) -> str:
    """What the partner's files will call the person; a sensitive key is kept as its blind index, as imports do."""
    value = new.values.get(new.known_by)
    if value is None:
        raise Unfit({new.known_by: "By this the partner's files know the person, so it needs a value."})
    if not FIELDS["client"][new.known_by].sensitive:
        return str(value)
    [index] = cipher.index_column([str(value)], new.known_by)
    return f"{new.known_by}:{index.hex()}" if index else ""


def _rekeyed(client: Client, values: Mapping[str, object], cipher: FirmCipher) -> str:
    """The key after a change: it follows its field while no feed has seen the person, and is fixed from then on."""
    for name in ("employee_id", *IDENTIFIERS):
        known = client.key == getattr(client, name) or client.key.startswith(f"{name}:")
        if name not in values or not known:
            continue
        key = _key(NewClient("", name, values), cipher)
        if key != client.key and client.source_import_id is not None:
            raise Unfit({name: "By this the partner's files know the person; changed, they would bring another one."})
        return key
    return client.key
