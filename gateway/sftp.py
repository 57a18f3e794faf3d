"""Sessions on partners' SFTP servers: the host key is pinned, the login a secret, and what is wrong told for people."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import itertools
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from gateway.dialing import Failed, Place, Refused, Timeout, dial
from gateway.late import Late

if TYPE_CHECKING:
    import paramiko
else:
    paramiko = Late("paramiko")

CONNECT_SECONDS = 15.0
ANSWER_SECONDS = 60.0  # of silence

_CLASSES: dict[type, str] = {
    Ed25519PrivateKey: "Ed25519Key",
    EllipticCurvePrivateKey: "ECDSAKey",
    RSAPrivateKey: "RSAKey",
}
_RSA = ("rsa-sha2-512", "rsa-sha2-256")  # how an ssh-rsa key signs
logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # it logs with a traceback what is told as a problem here
_MOST_SAID = 200  # characters of what a server says that stand in a sentence


class Server(NamedTuple):
    """Where it is, who we are there, and how we know that it is it.

    Attributes:
        key: the text of a private key; tried before the password.
        host_keys: public keys as known_hosts holds them, any of which may be shown; several while they change.
    """

    host: str
    port: int
    user: str
    key: str | None
    password: str | None
    host_keys: Sequence[str]

    @property
    def place(self) -> Place:
        """Its host and port."""
        return Place(self.host, self.port)


class Session(NamedTuple):
    """A session that is logged in.

    Attributes:
        steps: what has worked so far, a sentence each.
    """

    sftp: paramiko.SFTPClient
    steps: list[str]


class Limit:
    """How long a session may last: a server that says a byte now and then is never silent.

    Args:
        seconds: from when it is connected.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds, self.is_over = seconds, False
        self._transport: paramiko.Transport | None = None
        self._timer: threading.Timer | None = None

    def allow(self, seconds: float) -> None:
        """So many seconds from now, whatever was left."""
        self.stop()
        self.seconds = seconds
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def begin(self, transport: paramiko.Transport) -> None:
        """From now on; this is what is closed at the end."""
        self._transport = transport
        self.allow(self.seconds)

    def stop(self) -> None:
        """It ended by itself."""
        if self._timer:
            self._timer.cancel()

    def _end(self) -> None:
        self.is_over = True
        if self._transport:
            self._transport.close()


@contextmanager
def session(server: Server, allowed: Sequence[str], limit: Limit | None = None) -> Iterator[Session]:
    """A session on a server, for as long as it lasts; what goes wrong within is told as well.

    Args:
        server: its host is looked at before it is connected to.
        allowed: `settings.allow_private`.
        limit: of all of it, which whoever has more to do may move; without, a slow server may take for ever.

    Raises:
        Refused: `private_address`, `host_key_unknown`, `key_invalid`, `login_refused`.
        Failed: those of `gateway.dialing.dial`, and `ssh_failed`, `sftp_failed`.
        Timeout: `connection_timed_out`, `answer_timed_out`.
    """
    connection, _ = dial(server.place, allowed, CONNECT_SECONDS)
    transport = paramiko.Transport(connection)
    transport.banner_timeout = transport.auth_timeout = CONNECT_SECONDS
    if limit:
        limit.begin(transport)
    try:
        steps = [f"{server.place} answers.", _meet(transport, server), _log_in(transport, server)]
        with _telling(server, limit), _opened(transport) as sftp:
            yield Session(sftp, steps)
    finally:
        if limit:
            limit.stop()
        transport.close()


def pins(lines: Sequence[str]) -> list[tuple[str, bytes]]:
    """Kinds and bytes of public keys as settings pin them; a host before and a comment behind are let be.

    Raises:
        ValueError: a line is no public key.
    """
    return [_pin(line) for line in lines]


def fingerprint(key: bytes) -> str:
    """A public key as OpenSSH shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def _pin(line: str) -> tuple[str, bytes]:
    words = line.split()
    for kind, text in itertools.pairwise(words):
        try:
            key = base64.b64decode(text, validate=True)
        except binascii.Error:
            continue
        name = kind.encode()
        if key.startswith(len(name).to_bytes(4, "big") + name):
            return kind, key
    raise ValueError(
        f"{line[:60]!r} is no host key; it looks like `ssh-ed25519 AAAA...`, as `ssh-keyscan HOST` prints it."
    )


def _meet(transport: paramiko.Transport, server: Server) -> str:
    """The host key, which must be one that is pinned: kinds that are pinned are asked for first."""
    pinned = pins(server.host_keys)
    options = transport.get_security_options()
    ours = [
        name for kind, _ in pinned for name in (_RSA if kind == "ssh-rsa" else (kind,)) if name in options.key_types
    ]
    options.key_types = list(dict.fromkeys([*ours, *options.key_types]))
    try:
        transport.start_client(timeout=CONNECT_SECONDS)
        shown = transport.get_remote_server_key().asbytes()
    except (paramiko.SSHException, EOFError, OSError) as failure:
        raise _no_ssh(server, failure) from failure
    if shown not in [key for _, key in pinned]:
        raise _stranger(server, shown, [key for _, key in pinned])
    return f"Its host key is {fingerprint(shown)}, as pinned."


def _no_ssh(server: Server, failure: Exception) -> Failed:
    why = str(failure)[:_MOST_SAID] or "it hung up"
    return Failed("ssh_failed", f"{server.place} speaks no SSH that we do ({why}); is the port right?")


def _stranger(server: Server, shown: bytes, pinned: list[bytes]) -> Refused:
    known = ", ".join(fingerprint(key) for key in pinned) or "none"
    return Refused(
        "host_key_unknown",
        f"{server.place} shows the host key {fingerprint(shown)}, and pinned is {known}. It was given no login and no"
        " file. Ask the partner, over another way, whether their key has changed, and pin it in `host_keys` then.",
    )


def _log_in(transport: paramiko.Transport, server: Server) -> str:
    """With the key, with the password, or with both where the server wants both."""
    ways = []
    if server.key is not None:
        key = private_key(server.key)
        ways.append(f"the key {fingerprint(key.asbytes())}")
        _try(server, lambda: transport.auth_publickey(server.user, key))
    if server.password is not None and not transport.is_authenticated():
        password = server.password
        ways.append("the password")
        _try(server, lambda: transport.auth_password(server.user, password))
    if transport.is_authenticated():
        return f"{server.user} is let in with {' and '.join(ways[-1:])}."
    raise Refused(
        "login_refused",
        f"{server.place} does not let {server.user!r} in with {' or '.join(ways) or 'nothing'}; is the name right, and"
        " does the partner know this key or password?",
    )


def _try(server: Server, ask: Callable[[], object]) -> None:
    try:
        ask()
    except paramiko.AuthenticationException:
        pass  # whoever asks looks whether it is let in, for a server may want more than one proof
    except (paramiko.SSHException, EOFError, OSError) as failure:
        raise _no_ssh(server, failure) from failure


def private_key(text: str) -> paramiko.PKey:
    """A private key in whatever form OpenSSH or OpenSSL writes it.

    Raises:
        Refused: `key_invalid`, which shows nothing of it.
    """
    raw = text.encode() + b"\n"
    load = serialization.load_ssh_private_key if b"OPENSSH" in raw else serialization.load_pem_private_key
    try:
        key = load(raw, password=None)
        kind: type[paramiko.PKey] = getattr(
            paramiko, next(word for base, word in _CLASSES.items() if isinstance(key, base))
        )
    except (ValueError, TypeError, UnsupportedAlgorithm, StopIteration):  # the cause might show the key
        raise Refused(
            "key_invalid",
            "The secret that holds the private key holds none that can be used: an Ed25519, ECDSA or RSA key as"
            " ssh-keygen writes it, without a passphrase.",
        ) from None
    form = serialization.PrivateFormat.OpenSSH
    plain = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return kind.from_private_key(io.StringIO(plain.decode()))


@contextmanager
def _opened(transport: paramiko.Transport) -> Iterator[paramiko.SFTPClient]:
    channel = transport.open_session(timeout=CONNECT_SECONDS)
    channel.settimeout(ANSWER_SECONDS)
    channel.invoke_subsystem("sftp")
    with paramiko.SFTPClient(channel) as sftp:
        yield sftp


@contextmanager
def _telling(server: Server, limit: Limit | None) -> Iterator[None]:
    try:
        yield
    except TimeoutError as failure:
        raise Timeout("answer_timed_out", f"{server.place} fell silent for {ANSWER_SECONDS:g} s.") from failure
    except (paramiko.SSHException, EOFError, OSError) as failure:
        if limit and limit.is_over:
            told = f"{server.place} is too slow: what was asked was not done within {limit.seconds:g} s."
            raise Timeout("answer_timed_out", told) from failure
        why = said(failure) or "it ended the connection"
        raise Failed("sftp_failed", f"{server.place} does not do what was asked over SFTP: {why}.") from failure


def said(failure: Exception) -> str:
    """What a server said, short enough for a sentence."""
    return str(getattr(failure, "strerror", None) or failure).strip()[:_MOST_SAID].rstrip(".")
