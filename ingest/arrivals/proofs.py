"""How a call proves that it comes from a partner: by signatures over its raw bytes, or by a secret that it brings.

Standard Webhooks is the specification of standardwebhooks.com, symmetric signatures (`v1`); services built on Svix send
the same under names of their own. Whatever is compared with a secret, or with what was made of one, takes the same time
wherever the two differ.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

from gateway.config import FieldError
from gateway.errors import Permanent

Header = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$")]
Seconds = Annotated[int, Meta(ge=1, le=86_400)]

_ID, _TIMESTAMP, _SIGNATURE = "id", "timestamp", "signature"
_FAMILIES = ("webhook", "svix")  # of the headers of Standard Webhooks
_MOST_SIGNATURES = 16  # in one header: rotation takes two
_MARK = "whsec_"
_PARTS = re.compile(r"\{(id|timestamp|body)\}")
_ASCII_ID = re.compile(r"[\x21-\x7e]{1,255}")
_MILLISECONDS = 100_000_000_000  # a number from here on counts them: as seconds it is the year 5138


class Call(NamedTuple):
    """A request as it came.

    Attributes:
        headers: by their names in lower case; all values of each, for one that stands there twice proves nothing.
    """

    headers: Mapping[str, Sequence[str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The one value of a header; None where it is missing, or stands there twice."""
        values = self.headers.get(name.lower(), ())
        return values[0] if len(values) == 1 else None


class Proof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """The base of all kinds."""

    def proves(self, call: Call, secrets: Sequence[str], now: datetime, id_header: str | None) -> bool:
        """Whether the call is proven by any of the secrets, none of which is worth more than another.

        Raises:
            Permanent: `secret_unfit`, a secret is none of this kind.
        """
        raise NotImplementedError

    def sign(self, call_id: str, body: bytes, secret: str, now: datetime, id_header: str | None) -> dict[str, str]:
        """The headers with which a sender proves a call.

        Raises:
            Permanent: `secret_unfit`.
        """
        raise NotImplementedError

    def id_of(self, call: Call, id_header: str | None) -> str | None:
        """What the sender calls the call; None where it does not say, or not in a form that we take."""
        return _fit(call.header(id_header) if id_header else None)

    def says_id_in(self, id_header: str | None) -> str | None:
        """The header that must say what the sender calls a call; None where calls are known by their bodies."""
        return id_header


class Standard(Proof, frozen=True, kw_only=True, tag="standard"):
    """Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`; secrets are `whsec_` and base64."""

    tolerance: Seconds = 300

    def proves(self, call: Call, secrets: Sequence[str], now: datetime, id_header: str | None) -> bool:  # noqa: ARG002
        """See `Proof`."""
        keys = [_standard_key(one) for one in secrets]
        call_id, timestamp, given = (self._header(call, part) for part in (_ID, _TIMESTAMP, _SIGNATURE))
        if not (call_id and timestamp and given):
            return False
        content = b".".join((_bytes(call_id), _bytes(timestamp), call.body))
        signatures = [one[3:] for one in given.split(" ") if one.startswith("v1,")][:_MOST_SIGNATURES]
        wanted = [_digested(content, key, "sha256", "base64") for key in keys]
        return _any_same(signatures, wanted) and _is_timely(timestamp, now, self.tolerance)

    def sign(self, call_id: str, body: bytes, secret: str, now: datetime, id_header: str | None) -> dict[str, str]:  # noqa: ARG002
        """See `Proof`."""
        timestamp = str(int(now.timestamp()))
        content = b".".join((_bytes(call_id), _bytes(timestamp), body))
        signature = _digested(content, _standard_key(secret), "sha256", "base64")
        return {"webhook-id": call_id, "webhook-timestamp": timestamp, "webhook-signature": f"v1,{signature}"}

    def id_of(self, call: Call, id_header: str | None) -> str | None:  # noqa: ARG002
        """See `Proof`."""
        return _fit(self._header(call, _ID), ends=".")

    def says_id_in(self, id_header: str | None) -> str | None:  # noqa: ARG002
        """See `Proof`."""
        return f"{_FAMILIES[0]}-{_ID}"

    def _header(self, call: Call, part: str) -> str | None:
        family = next((one for one in _FAMILIES if f"{one}-id" in call.headers), _FAMILIES[0])
        return call.header(f"{family}-{part}")


class Hmac(Proof, frozen=True, kw_only=True, tag="hmac"):
    """A keyed digest in a header, as many systems have it in forms of their own.

    Attributes:
        prefix: what stands before the digest: `sha256=`.
        timestamp: the header with the time of the call, in seconds or milliseconds since 1970, or as ISO 8601.
        signed: of what the digest is made: `{body}`, or with what `timestamp` and the arrival's `id` say.
    """

    header: Header
    prefix: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    algorithm: Literal["sha256", "sha384", "sha512", "sha1"] = "sha256"
    timestamp: Header | None = None
    tolerance: Seconds = 300
    signed: str | None = None  # {timestamp}.{body} where there is a timestamp, else {body}

    def __post_init__(self) -> None:
        if "{body}" not in self.content:
            raise FieldError("What is signed must have the body in it: `{timestamp}.{body}`.", at=("signed",))
        if (self.timestamp is not None) != ("{timestamp}" in self.content):
            sentence = "A time counts where it is signed: name its header in `timestamp`, and {timestamp} in `signed`."
            raise FieldError(sentence, at=("signed",))

    @property
    def content(self) -> str:
        """What is signed, with its default."""
        return self.signed or ("{timestamp}.{body}" if self.timestamp else "{body}")

    def proves(self, call: Call, secrets: Sequence[str], now: datetime, id_header: str | None) -> bool:
        """See `Proof`."""
        given, timestamp = call.header(self.header), call.header(self.timestamp or "")
        call_id = self.id_of(call, id_header)
        if not given or not given.startswith(self.prefix):
            return False
        if (self.timestamp and not timestamp) or ("{id}" in self.content and not call_id):
            return False
        content = self._filled(call_id or "", timestamp or "", call.body)
        wanted = [_digested(content, _bytes(one), self.algorithm, self.encoding) for one in secrets]
        given = given.removeprefix(self.prefix)
        fits = _any_same([given.lower() if self.encoding == "hex" else given], wanted)
        return fits and (timestamp is None or _is_timely(timestamp, now, self.tolerance))

    def sign(self, call_id: str, body: bytes, secret: str, now: datetime, id_header: str | None) -> dict[str, str]:
        """See `Proof`."""
        timestamp = str(int(now.timestamp()))
        digest = _digested(self._filled(call_id, timestamp, body), _bytes(secret), self.algorithm, self.encoding)
        told = {self.header: f"{self.prefix}{digest}"}
        return told | _named(self.timestamp, timestamp) | _named(id_header, call_id)

    def id_of(self, call: Call, id_header: str | None) -> str | None:
        """See `Proof`."""
        _, _, after = self.content.partition("{id}")
        return _fit(super().id_of(call, id_header), ends=after.partition("{")[0])

    def _filled(self, call_id: str, timestamp: str, body: bytes) -> bytes:
        values = {"id": _bytes(call_id), "timestamp": _bytes(timestamp), "body": body}
        pieces = _PARTS.split(self.content)  # text, name, text, name, ... text
        return b"".join(values[one] if at % 2 else one.encode() for at, one in enumerate(pieces))


class Bearer(Proof, frozen=True, kw_only=True, tag="bearer"):
    """A secret that comes along: `Authorization: Bearer ...`, or whole in a header of another name."""

    header: Header = "Authorization"

    def proves(self, call: Call, secrets: Sequence[str], now: datetime, id_header: str | None) -> bool:  # noqa: ARG002
        """See `Proof`."""
        given = call.header(self.header)
        if given is not None and self._is_standard:
            scheme, _, given = given.partition(" ")
            given = given.strip() if scheme.lower() == "bearer" else None
        return bool(given) and _any_same([given or ""], secrets)

    def sign(self, call_id: str, body: bytes, secret: str, now: datetime, id_header: str | None) -> dict[str, str]:  # noqa: ARG002
        """See `Proof`."""
        return {self.header: f"Bearer {secret}" if self._is_standard else secret} | _named(id_header, call_id)

    @property
    def _is_standard(self) -> bool:
        return self.header.lower() == "authorization"


AnyProof = Standard | Hmac | Bearer


# ------------------------------------------------------------------------------------------------ helpers


def _fit(call_id: str | None, ends: str = "") -> str | None:
    """An id, if it may be one.

    Args:
        call_id: as it came.
        ends: what stands after it in what is signed. With that in an id, one signature would prove two calls: the other
            one's id ends sooner, and its time and body begin there.
    """
    fits = call_id and _ASCII_ID.fullmatch(call_id) and not (ends and ends in call_id)
    return call_id if fits else None


def _named(header: str | None, value: str) -> dict[str, str]:
    return {header: value} if header else {}


def _bytes(text: str) -> bytes:
    """Headers are Latin-1 where they are not ASCII (RFC 9110, 5.5); a secret of ours is UTF-8, as it was written."""
    return text.encode("utf-8", "surrogateescape")


def _standard_key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_MARK), validate=True)
    except (binascii.Error, ValueError):
        sentence = f"A secret of Standard Webhooks is {_MARK} and base64; this one is neither."
        raise Permanent("secret_unfit", sentence) from None


def _digested(content: bytes, key: bytes, algorithm: str, encoding: str) -> str:
    digest = hmac.new(key, content, getattr(hashlib, algorithm)).digest()
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


def _any_same(given: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether one of the first is one of the second; all pairs are compared whatever the first ones come to."""
    found = [hmac.compare_digest(_bytes(one), _bytes(other)) for one in given for other in wanted]
    return any(found)


def _is_timely(text: str, now: datetime, tolerance: int) -> bool:
    """Whether a call was signed so lately, or so little ahead of our clock."""
    try:
        return abs((now - _instant(text)).total_seconds()) <= tolerance
    except (ValueError, OverflowError):
        return False


def _instant(text: str) -> datetime:
    if re.fullmatch("[0-9]{1,13}", text):
        number = int(text)
        return datetime.fromtimestamp(number / 1_000 if number >= _MILLISECONDS else number, UTC)
    said = datetime.fromisoformat(text)
    if said.tzinfo is None:
        raise ValueError("it has no offset")
    return said
