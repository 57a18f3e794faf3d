"""The one way in which the gateway calls anybody over HTTP: guarded, bounded, and with failures told for people.

httpcore carries it: its network backend is the one public seam, among the usual libraries, at which the connection is
made while name, certificate and Host stay those of the address; and it reads no proxies from the environment, follows
no redirect, keeps no cookies and unpacks nothing. httpx has all of those to be switched off, and hides the seam.
"""

from __future__ import annotations

import re
import socket
import ssl
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

import httpcore

from gateway import certificates
from gateway.dialing import Deadline, Failed, Place, Refused, Resolve, Timeout, dial, look_up
from gateway.settings import Settings

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
TOTAL_SECONDS = 60.0
MOST_BYTES = 1 << 20
USER_AGENT = "partner-integration-gateway"

_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_HTTPCORES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # it writes into the one it is given; threads share the door's
_GZIP_OR_ZLIB = 47  # zlib's word for: look which of the two it is, with the largest window


class Answer(NamedTuple):
    """What the other side said.

    Attributes:
        headers: by name in small letters; those that came several times joined by a comma.
        body: unpacked.
    """

    status: int
    headers: dict[str, str]
    body: bytes


class Streamed(NamedTuple):
    """What the other side says, as it comes.

    Attributes:
        headers: as of an `Answer`.
        pieces: of the body, as sent; errors as of `Outward.send`.
    """

    status: int
    headers: dict[str, str]
    pieces: Iterator[bytes]


class Limits(NamedTuple):
    """How long a call may take, and how much may come back.

    Attributes:
        connect: seconds until the connection stands, name and certificate looked at.
        read: seconds of silence.
        total: seconds for all of it.
        most: bytes of the answer, as sent and unpacked.
        whole: a longer answer is refused; else its beginning will do, and the call ends there.
    """

    connect: float = CONNECT_SECONDS
    read: float = READ_SECONDS
    total: float = TOTAL_SECONDS
    most: int = MOST_BYTES
    whole: bool = True


class Outward:
    """The door. It keeps no connection, may be shared by threads, and costs nothing to make.

    Args:
        resolve: what is asked for the addresses of a name.
        trust: whose certificates count; without, those that the system trusts (`SSL_CERT_FILE` names others).
    """

    def __init__(self, settings: Settings, *, resolve: Resolve = look_up, trust: ssl.SSLContext | None = None) -> None:
        self._allowed = settings.allow_private
        self._resolve = resolve
        self._trust = trust or certificates.system_trust()

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterable[bytes] = b"",
        *,
        limits: Limits | None = None,
    ) -> Answer:
        """Ask, and take the answer, whatever its status; a redirect is an answer like any other.

        Args:
            method: such as POST.
            url: https, without a login in it; http only where `GATEWAY_ALLOW_PRIVATE` allows the network.
            headers: a `Content-Length` where the body comes in pieces, or it is sent chunked.
            body: a slow one counts into the total.
            limits: the usual ones if unsaid.

        Raises:
            Refused: `address_invalid`, `private_address`, `call_invalid`.
            Failed: `name_not_found`, `connection_refused`, `connection_failed`, `certificate_refused`, `tls_failed`,
                `connection_broken`, `answer_too_large`, `answer_unreadable`.
            Timeout: `connection_timed_out`, `answer_timed_out`.
        """
        limits = limits or Limits()
        with self._called(method, url, headers or {}, body, limits) as (place, response):
            taken = _taken(response, place, limits)
            return Answer(response.status, _plain(response.headers), taken)

    @contextmanager
    def stream(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, *, limits: Limits | None = None
    ) -> Iterator[Streamed]:
        """The same, of a body that need not fit into memory: `limits.most` does not count, the times do."""
        with self._called(method, url, headers or {}, b"", limits or Limits()) as (_, response):
            yield Streamed(response.status, _plain(response.headers), response.iter_stream())

    @contextmanager
    def _called(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Iterable[bytes], limits: Limits
    ) -> Iterator[tuple[Place, httpcore.Response]]:
        place, target = _split(url)
        backend = _Backend(self, place, target.scheme == b"https", limits)
        request = httpcore.Request(
            method=method, url=target, headers=_headers(place, target, headers, body), content=body or None
        )
        with (
            _told(place),
            httpcore.HTTPConnection(target.origin, ssl_context=_HTTPCORES, network_backend=backend) as connection,
        ):
            yield place, connection.handle_request(request)

    def connect(self, place: Place, seconds: float) -> tuple[socket.socket, bool]:
        """See `gateway.dialing.dial`."""
        return dial(place, self._allowed, seconds, resolve=self._resolve)

    def secure(self, connection: socket.socket, place: Place, seconds: float) -> ssl.SSLSocket:
        """See `gateway.certificates.secure`."""
        return certificates.secure(connection, place, self._trust, seconds)


class _Backend(httpcore.NetworkBackend):
    """Connects httpcore to an address that was looked at."""

    def __init__(self, door: Outward, place: Place, tls: bool, limits: Limits) -> None:
        self._door, self._place, self._tls, self._limits = door, place, tls, limits
        self._deadline = Deadline(limits.total)

    def connect_tcp(self, *_args: object, **_kwargs: object) -> _Stream:
        """What httpcore asks for is what `send` has found in the address."""
        seconds = min(self._limits.connect, self._limits.total)
        connection, opened = self._door.connect(self._place, seconds)
        if not (self._tls or opened):
            connection.close()
            raise Refused(
                "address_invalid",
                f"{self._place} would be called over http, which anybody on the way can read and change; write https.",
            )
        return _Stream(self._door, connection, self._place, self._deadline, self._limits)


class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends by the deadline of the call."""

    def __init__(
        self, door: Outward, connection: socket.socket, place: Place, deadline: Deadline, limits: Limits
    ) -> None:
        self._door, self._socket, self._place, self._deadline, self._limits = door, connection, place, deadline, limits

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - httpcore's name
        """A read of httpcore's, which does not know the deadline."""
        with self._in_time():
            return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - httpcore's name
        """What cannot be written any more may have been answered already, so httpcore goes on to read."""
        rest = memoryview(buffer)
        while rest:
            with self._in_time():
                try:
                    rest = rest[self._socket.send(rest) :]
                except TimeoutError:
                    raise
                except OSError as failure:
                    raise httpcore.WriteError(str(failure)) from failure

    def start_tls(self, *_args: object, **_kwargs: object) -> _Stream:
        """The certificate is held against the name that was asked for, wherever the connection leads."""
        seconds = self._deadline.left(self._limits.connect, _late(self._place, self._limits))
        self._socket = self._door.secure(self._socket, self._place, seconds)
        return self

    def close(self) -> None:
        """Closes the connection."""
        self._socket.close()

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        late = _late(self._place, self._limits)
        self._socket.settimeout(self._deadline.left(self._limits.read, late))
        try:
            yield
        except TimeoutError as failure:
            raise late from failure
        except OSError as failure:
            raise _broken(self._place, failure.strerror or str(failure)) from failure


def _split(url: str) -> tuple[Place, httpcore.URL]:
    """Where to, and the address as httpcore takes it: in parts, so that nobody reads it another way than we did.

    Only the host of the address is ever shown: what follows it may be a secret.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _invalid("is not an address such as https://host/path") from None
    host = parts.hostname or ""
    for wrong, sentence in _faults(url, parts, host):
        if wrong:
            raise _invalid(sentence)
    scheme, target = parts.scheme, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    place = Place(host, _PORTS[scheme] if port is None else port)
    return place, httpcore.URL(scheme=scheme, host=host, port=place.port, target=target)


def _faults(url: str, parts: SplitResult, host: str) -> Iterator[tuple[bool, str]]:
    odd = (
        "holds a blank, a backslash, a line break or a letter beyond ASCII; write them as %20 and the like, and a"
        " name with such letters as its registry has it (xn--...)"
    )
    yield not (url.isascii() and url.isprintable()) or " " in url or "\\" in url, odd
    yield parts.scheme not in _PORTS, "must start with https://"
    yield "@" in parts.netloc, "holds a login (what stands before @); name a secret instead"
    yield not _HOST.fullmatch(host), "names no host; it must look like https://host/path"


def _invalid(sentence: str) -> Refused:
    return Refused("address_invalid", f"An address that should be called {sentence}.")


def _headers(
    place: Place, target: httpcore.URL, headers: Mapping[str, str], body: bytes | Iterable[bytes]
) -> list[tuple[bytes, bytes]]:
    usual_port = _PORTS[target.scheme.decode()] == place.port
    host = str(place).rpartition(":")[0] if usual_port else str(place)
    ours = {"host": host, "user-agent": USER_AGENT, "accept-encoding": "identity", "connection": "close"}
    theirs = {name.lower(): value for name, value in headers.items()}
    if isinstance(body, bytes):
        theirs["content-length"] = str(len(body))
    elif "content-length" not in theirs:
        theirs["transfer-encoding"] = "chunked"
    try:
        return [
            (name.encode("ascii"), value.encode("ascii")) for name, value in (ours | theirs | {"host": host}).items()
        ]
    except UnicodeEncodeError:
        raise _unsendable(place) from None


def _unsendable(place: Place) -> Refused:
    """It is not repeated: a header may be a secret."""
    return Refused(
        "call_invalid",
        f"A header for {place} holds a line break or a letter beyond ASCII, or is no header; nothing was sent.",
    )


@contextmanager
def _told(place: Place) -> Iterator[None]:
    """Tell what httpcore says for people."""
    try:
        yield
    except httpcore.LocalProtocolError:  # the cause would show the header
        raise _unsendable(place) from None
    except httpcore.RemoteProtocolError as failure:
        raise _broken(place, str(failure)) from failure


def _taken(response: httpcore.Response, place: Place, limits: Limits) -> bytes:
    """The body, unpacked; neither as it came nor unpacked is it ever held beyond the limit."""
    unpacker = _unpacker(_plain(response.headers).get("content-encoding", "").lower(), place)
    taken, came = bytearray(), 0
    for piece in response.iter_stream():
        came += len(piece)
        taken += _unpacked(unpacker, piece, limits.most + 1 - len(taken), place) if unpacker else piece
        if max(came, len(taken)) > limits.most:
            break
    else:
        if unpacker and came and not unpacker.eof:
            raise _unreadable(place, "packed, and ends too early")
        return bytes(taken)
    if limits.whole:
        raise Failed("answer_too_large", f"{place} answered with more than {limits.most:,} bytes, which are not taken.")
    return bytes(taken[: limits.most])


def _unpacker(coding: str, place: Place) -> zlib._Decompress | None:
    """We ask for a plain answer; some pack it nonetheless."""
    if coding in {"", "identity"}:
        return None
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise _unreadable(place, f"packed in a way that was not asked for ({coding[:20]!r})")
    return zlib.decompressobj(_GZIP_OR_ZLIB)


def _unpacked(unpacker: zlib._Decompress, piece: bytes, most: int, place: Place) -> bytes:
    try:
        unpacked = unpacker.decompress(piece, most)
    except zlib.error:
        raise _unreadable(place, "not packed as it says") from None
    if unpacker.unused_data:
        raise _unreadable(place, "packed in several parts")
    return unpacked


def _plain(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    plain: dict[str, str] = {}
    for raw, value in headers:
        name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
        plain[name] = f"{plain[name]}, {text}" if name in plain else text
    return plain


def _late(place: Place, limits: Limits) -> Timeout:
    return Timeout(
        "answer_timed_out",
        f"{place} was reached and then said nothing for {limits.read:g} s, or took more than {limits.total:g} s in all;"
        " it may have done what was asked.",
    )


def _broken(place: Place, why: str) -> Failed:
    return Failed(
        "connection_broken",
        f"{place} ended the connection before its answer was complete, or answered in no HTTP: {why}",
    )


def _unreadable(place: Place, why: str) -> Failed:
    return Failed("answer_unreadable", f"The answer of {place} cannot be read: it is {why}.")
