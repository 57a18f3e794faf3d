"""Encrypts what goes to a partner, for the partner's own key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from gateway import pgp
from outbound.carriers.base import Sender


class PgpSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For whom, and how.

    Attributes:
        recipient: a public key in armour, or the name of a secret that holds one.
        armor: whether it is written as text (`.asc`), else as bytes (`.pgp`).
    """

    recipient: str
    armor: bool = False


def encrypt(spec: PgpSpec, chunks: Iterable[bytes], sender: Sender) -> Iterator[bytes]:
    """A message with these bytes; each time another one, so whoever repeats a parcel keeps what was made first.

    Raises:
        KeyUnusable: see `gateway.pgp.encrypted`.
        Permanent: see `gateway.config.secret`.
    """
    recipient = spec.recipient if pgp.is_armour(spec.recipient) else sender.secret(spec.recipient)
    return pgp.encrypted(chunks, recipient, armor=spec.armor)


def ping(spec: PgpSpec, sender: Sender) -> str:
    """Encrypt nothing for the partner, and say that it went; raises as `encrypt` does."""
    for _ in encrypt(spec, [b""], sender):
        pass
    return "Files can be encrypted for the partner's key."


def named(spec: PgpSpec, name: str) -> str:
    """What a file is called once it is encrypted."""
    return f"{name}.{'asc' if spec.armor else 'pgp'}"
