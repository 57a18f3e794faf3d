"""Clients: the people of a firm, found and changed by its staff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from gateway.crypto import FirmCipher
from gateway.db.models import Client
from gateway.domain.audit import Change, write
from gateway.domain.partners import homes
from gateway.domain.people import changes, pins
from gateway.domain.people.changes import Unfit
from gateway.domain.people.erasure import free_key
from gateway.domain.people.fields import FIELDS
from gateway.errors import Conflict, NotFound
from gateway.office import Actor

IDENTIFIERS = tuple(name for name, field in FIELDS["client"].items() if field.sensitive)


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


def find(session: Session, client_id: UUID) -> Client:
    """One client of the session's firm.

    Raises:
        NotFound: the firm has no such client.
    """
    client = session.scalar(select(Client).where(Client.id == client_id))
    if client is None:
        raise NotFound("client", str(client_id))
    return client


def listed(*, status: str | None, search: str | None, partner: str | None = None) -> Select[Client]:
    """The clients in a state, of a partner, whose names, e-mail or employee id hold a text, whatever its case."""
    found = select(Client)
    if status:
        found = found.where(Client.status == status)
    if partner:
        found = found.where(Client.partner_id.in_(homes.named(partner)))
    if search:
        columns = (Client.family_name, Client.given_name, Client.email, Client.employee_id)
        found = found.where(or_(*(column.icontains(search, autoescape=True) for column in columns)))
    return found


def take(session: Session, client_id: UUID) -> Client:
    """A client to be changed, locked; see `changes.by_hand`.

    Raises:
        NotFound: the firm has no such client.
        Permanent: `client_erased`.
    """
    client = changes.take(session, Client, "client", client_id)
    if client.erased_at is not None:
        raise Conflict("client_erased", "This person was erased; the record can no longer change.")
    return client


def add(session: Session, firm_id: UUID, new: NewClient, cipher: FirmCipher, actor: Actor) -> Client:
    """Add a person by hand. The partner's files will find the record by its key.

    Raises:
        Unfit: an unknown partner, or no value for the key.
        Permanent: `client_exists`.
    """
    partner_id = session.scalar(homes.named(new.partner))
    if partner_id is None:
        raise Unfit({"partner": "The firm has no such partner."})
    key = _key(new, cipher)
    free_key(session, partner_id, key, cipher)
    client = Client(firm_id=firm_id, partner_id=partner_id, key=key, pins={})
    change = changes.fill(client, "client", new.values, cipher, actor)
    sentence = f"The partner has a client with this {new.known_by} already."
    with changes.unique(session, "client_exists", sentence):
        session.add(client)
    told = changes.created("client", client, change)
    write(session, firm_id, actor, "client.create", client_id=client.id, changes=[told])
    return client


def change(session: Session, client: Client, values: Mapping[str, object], cipher: FirmCipher, actor: Actor) -> None:
    """Change fields of a client that is locked.

    Raises:
        Unfit: the field by which the partner's files name the person.
        Permanent: `client_exists`, when a person added by hand gets another's key.
    """
    rekeyed = _rekeyed(client, values, cipher)
    told = changes.fill(client, "client", values, cipher, actor)
    with changes.unique(session, "client_exists", "The partner has a client of this key already."):
        client.key = rekeyed
    if told:
        write(session, client.firm_id, actor, "client.update", client_id=client.id, changes=[told])


def unpin(session: Session, client: Client, name: str, actor: Actor) -> None:
    """Let imports change a field again.

    Raises:
        NotFound: it is not pinned.
    """
    pins.unpin(client, name)
    changes.touch(client)
    told = Change("client", client.id, "unpinned", {"pin": name})
    write(session, client.firm_id, actor, "client.unpin", client_id=client.id, changes=[told])


def put(session: Session, client: Client, status: str, actor: Actor) -> None:
    """Archive a client, or bring one back; the records stay, and imports go on."""
    if client.status == status:
        return
    told = Change("client", client.id, "updated", {"status": client.status}, {"status": status})
    client.status = status
    changes.touch(client)
    write(
        session,
        client.firm_id,
        actor,
        "client.archive" if status == "archived" else "client.restore",
        client_id=client.id,
        changes=[told],
    )


def identifiers(client: Client, cipher: FirmCipher) -> dict[str, str | None]:
    """The sensitive identifiers of a person in clear; who looks at them goes on record as having done so."""
    stored = {name: getattr(client, name) for name in IDENTIFIERS}
    return {name: value and cipher.decrypt(value, name) for name, value in stored.items()}


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
