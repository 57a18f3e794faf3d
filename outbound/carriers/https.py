"""Posts parcels to an address of the partner's, signed as Standard Webhooks has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid4

import msgspec
from msgspec import Meta

from gateway import clock
from gateway.config import FieldError, check_secret_names
from gateway.dialing import is_example
from gateway.errors import Problem
from gateway.outward import TOTAL_SECONDS, Answer, Limits, Outward
from outbound import signing
from outbound.asked import asked_wait
from outbound.carriers.base import (
    LONGEST_ANSWER,
    Carrier,
    CarrierSpec,
    Closed,
    Declined,
    Parcel,
    Sender,
    Undelivered,
    Unreachable,
)

Chunks = Callable[[], Iterable[bytes]]

_GONE, _REDIRECTS, _FINE = 410, range(300, 400), range(200, 300)
_REFUSES_ALL = frozenset({401, 402, 403, 404, 405, 407, 408, 421, 425, 429})  # whatever the parcel
_FAULTY = range(500, 600)
_SLOWEST = 50_000  # bytes a second


def _check_url(url: str) -> str:
    """The address, if it may be one.

    Raises:
        FieldError: it is none.
    """
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"https", "http"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        fits = False
    if not fits or not url.isascii() or not url.isprintable() or " " in url:
        raise FieldError("An address looks like https://host/path, without a login in it.")
    return url


class HttpsCarrier(CarrierSpec, frozen=True, kw_only=True, tag="https"):
    """Where to, and with which secrets it is signed: names, `whsec_` and base64 each.

    Attributes:
        url: https; http only where whoever runs the installation allows the network.
        old_secret: signs as well while `secret` takes its place.
    """

    url: Annotated[str, Meta(max_length=2_000, extra={"check": _check_url})]
    secret: str
    old_secret: str | None = None

    def __post_init__(self) -> None:
        check_secret_names("secret", [self.secret])
        check_secret_names("old_secret", [] if self.old_secret is None else [self.old_secret])

    @property
    def is_example(self) -> bool:
        """By its host."""
        return is_example(urlsplit(self.url).hostname or "")


def _send(spec: HttpsCarrier, parcel: Parcel, sender: Sender) -> str:
    name = quote(parcel.name, safe="")
    told = {
        "content-type": parcel.media_type,
        "content-length": str(parcel.size),
        "content-disposition": f"attachment; filename*=UTF-8''{name}",
    }
    answer = _posted(spec, sender, parcel.id, told, parcel.chunks, parcel.size)
    return _judged(spec, answer)


def _ping(spec: HttpsCarrier, sender: Sender) -> list[str]:
    """A message of the type `ping`, signed as all are; whoever does not know the type says so by its status."""
    body = msgspec.json.encode({"type": "ping", "timestamp": clock.now(), "data": {"partner": sender.partner}})
    told = {"content-type": "application/json", "content-length": str(len(body))}
    answer = _judged(spec, _posted(spec, sender, uuid4(), told, lambda: [body], len(body)))
    host = urlsplit(spec.url).netloc
    return ["The secrets are there.", f"{host} was reached.", f"It took a signed message of type ping: {answer}"]


HTTPS = Carrier(_send, _ping)


def _posted(
    spec: HttpsCarrier, sender: Sender, message_id: UUID, told: Mapping[str, str], chunks: Chunks, size: int
) -> Answer:
    """What was answered.

    Raises:
        Unreachable: nothing was; the secrets are not as they must be; or the address may not be called.
    """
    try:
        names = [name for name in (spec.secret, spec.old_secret) if name]
        keys = [signing.key_of(sender.secret(name), name) for name in names]
        signed = signing.headers(str(message_id), clock.now(), chunks(), keys)
        limits = Limits(total=TOTAL_SECONDS + size / _SLOWEST, most=LONGEST_ANSWER, whole=False)
        return Outward(sender.settings).send("POST", spec.url, {**told, **signed}, chunks(), limits=limits)
    except Problem as problem:
        raise Unreachable(problem.code, problem.sentence) from problem


def _judged(spec: HttpsCarrier, answer: Answer) -> str:
    """What was said, where the parcel was taken.

    Raises:
        Undelivered: by the status.
    """
    said = f"{answer.status} {answer.body.decode('utf-8', 'replace')}".strip()
    if answer.status in _FINE:
        return said
    host = urlsplit(spec.url).netloc
    raise _refusal(host, answer, said)


def _refusal(host: str, answer: Answer, said: str) -> Undelivered:
    if answer.status == _GONE:
        return Closed("gone", f"{host} wants nothing more (410 Gone). Resume once it does again: {said}")
    if answer.status in _REDIRECTS:
        target = answer.headers.get("location", "nowhere")
        return Unreachable("redirected", f"{host} leads to {target}, which is not followed; write the new address.")
    if answer.status in _REFUSES_ALL or answer.status in _FAULTY:
        told = f"{host} takes nothing at the moment, or not from us: {said}"
        return Unreachable("http_refused", told, wait=asked_wait(answer))
    return Declined("http_declined", f"{host} refused it: {said}")
