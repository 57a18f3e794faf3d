"""OpenPGP: what partners encrypt for a firm is opened, what goes to them is encrypted, as a stream of any size.

The library works on whole messages, and holds the interpreter's lock while it does; a message of some kilobytes may
unpack to gigabytes. So it works in a process of its own (`gateway.pgp_worker`), between two pipes: what it writes is
read piece by piece, and whoever reads may stop. What was read counts only once the end has come without an error: a
damaged message, or one signed wrongly, is known for that at its end.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import IO

import msgspec

from gateway.errors import Permanent, Problem, Transient

_PIECE = 1 << 16
_MOST_SAID = 4_096


class Unopened(Permanent):
    """A message that cannot be opened, or may not be believed; whoever sent it must send another."""


class KeyUnusable(Permanent):
    """A key of the settings cannot be used; whoever wrote those must change them."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker is told.

    Attributes:
        key: a private key in armour, which opens; without, it is encrypted.
        certificate: a public key in armour: of the only one who may have signed, or of whom it is for.
        armor: whether what is encrypted is written as text.
    """

    key: str | None = None
    certificate: str | None = None
    armor: bool = False


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker says when it cannot: a code and a sentence."""

    code: str
    sentence: str


def opened(chunks: Iterable[bytes], key: str, signer: str | None) -> Iterator[bytes]:
    """What is in an encrypted message, binary or armoured.

    Args:
        chunks: the message.
        key: the private key, in armour, without a passphrase.
        signer: the public key, in armour, of whoever must have signed; without, no signature is looked at.

    Raises:
        Unopened: `pgp_wrong_key`, `pgp_unsigned`, `pgp_wrong_signer`, `pgp_compressed`, `pgp_damaged`;
            possibly after bytes were given.
        KeyUnusable: `pgp_key_invalid`, `pgp_key_expired`, `pgp_key_revoked`.
    """
    return _worked(chunks, Order(key=key, certificate=signer))


def encrypted(chunks: Iterable[bytes], recipient: str, *, armor: bool = False) -> Iterator[bytes]:
    """A message that only the owner of a public key can open.

    Raises:
        KeyUnusable: `pgp_key_invalid`, `pgp_key_expired`, `pgp_key_revoked`.
    """
    return _worked(chunks, Order(certificate=recipient, armor=armor))


def is_armour(text: str) -> bool:
    """Whether a setting is a public key itself, and not the name of a secret that holds one."""
    return text.lstrip().startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----")


def _worked(chunks: Iterable[bytes], order: Order) -> Iterator[bytes]:
    told = msgspec.json.encode(order)
    with _process() as process:
        assert process.stdin and process.stdout and process.stderr  # noqa: S101, PT018 - pipes, for mypy
        fed = _Feeding(process.stdin, [len(told).to_bytes(4, "big"), told], chunks)
        fed.start()
        while piece := process.stdout.read(_PIECE):
            yield piece
        said = process.stderr.read(_MOST_SAID)
        fed.join()
        if fed.failure:
            raise fed.failure
        if process.wait():
            raise _problem(said)


@contextlib.contextmanager
def _process() -> Iterator[subprocess.Popen[bytes]]:
    """The worker; whoever leaves before its end ends it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    command = [sys.executable, "-m", "gateway.pgp_worker"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment) as process:  # noqa: S603
        try:
            yield process
        finally:
            process.kill()


class _Feeding(threading.Thread):
    """Writes while the other side reads, so that neither waits for the other's pipe.

    Attributes:
        failure: of whoever gives the chunks.
    """

    def __init__(self, pipe: IO[bytes], first: list[bytes], chunks: Iterable[bytes]) -> None:
        super().__init__(name="feeding pgp", daemon=True)
        self._pipe, self._first, self._chunks = pipe, first, chunks
        self.failure: Exception | None = None

    def run(self) -> None:
        with contextlib.suppress(BrokenPipeError), self._pipe:  # it has seen enough, and says why
            try:
                for chunk in self._all():
                    self._pipe.write(chunk)
            except BrokenPipeError:
                raise
            except Exception as failure:  # noqa: BLE001 - raised again where the chunks are asked for
                self.failure = failure

    def _all(self) -> Iterator[bytes]:
        yield from self._first
        yield from self._chunks


def _problem(said: bytes) -> Problem:
    try:
        refusal = msgspec.json.decode(said.rpartition(b"\n")[2], type=Refusal)
    except msgspec.DecodeError:
        return Transient("pgp_failed", "The process that opens and writes PGP messages ended before it was done.")
    kind = KeyUnusable if refusal.code.startswith("pgp_key") else Unopened
    return kind(refusal.code, refusal.sentence)
