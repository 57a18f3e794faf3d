"""Carries parcels into a bucket of Amazon S3, or of what speaks like it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Literal, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from gateway import buckets, clock, sigv4
from gateway.buckets import Bucket
from gateway.config import FieldError, check_secret_names
from gateway.dialing import Failed, Refused, is_example
from gateway.outward import Answer, Outward
from outbound.carriers.base import Carrier, CarrierSpec, Declined, Parcel, Sender, Undelivered, Unreachable

_FILLED = ("id", "name", "partner")


class S3Carrier(CarrierSpec, frozen=True, kw_only=True, tag="s3"):
    """Which bucket, and under which key a parcel comes to lie.

    Attributes:
        endpoint: such as `https://minio.acme.example`; without, Amazon's own of the region.
        key: with `{name}`, `{id}` (of the parcel) and `{partner}`, which stay the same over repetitions.
        access_key, secret_key: names of secrets.
        encryption, kms_key, storage_class: what the bucket is asked to do with it, where its defaults do not do.
        overwrite: whether what lies under the key is replaced.
    """

    bucket: str
    region: str = "us-east-1"
    endpoint: str | None = None
    key: str = "{name}"
    access_key: str
    secret_key: str
    encryption: Literal["AES256", "aws:kms"] | None = None
    kms_key: str | None = None
    storage_class: str | None = None
    overwrite: bool = False

    def __post_init__(self) -> None:
        check_secret_names("access_key", [self.access_key])
        check_secret_names("secret_key", [self.secret_key])
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", self.bucket):
            raise FieldError("A bucket has 3 to 63 small letters, digits, dots and hyphens.", at=("bucket",))
        unknown = set(re.findall(r"\{(.*?)\}", self.key)) - set(_FILLED)
        if unknown:
            raise FieldError(f"A key knows {{name}}, {{id}} and {{partner}}, not {{{min(unknown)}}}.", at=("key",))
        if not {"{name}", "{id}"} & set(re.findall(r"\{.*?\}", self.key)):
            raise FieldError("A key without {name} or {id} is the same for every file.", at=("key",))
        if self.kms_key and self.encryption != "aws:kms":
            raise FieldError("A key of KMS needs `encryption: aws:kms`.", at=("kms_key",))

    @property
    def is_example(self) -> bool:
        """By its endpoint."""
        return is_example(urlsplit(self.endpoint or "").hostname or "")


class _Object(NamedTuple):
    """One key of a bucket, and how it is asked for."""

    spec: S3Carrier
    sender: Sender
    door: Outward
    key: str

    def ask(
        self,
        method: str,
        headers: dict[str, str] | None = None,
        body: bytes | Iterable[bytes] = b"",
        sha256: str = sigv4.NOTHING,
        size: int = 0,
    ) -> Answer:
        """One request; whatever its status."""
        keys = sigv4.Keys(
            self.sender.secret(self.spec.access_key), self.sender.secret(self.spec.secret_key), self.spec.region
        )
        bucket = Bucket(self.spec.bucket, self.spec.endpoint, keys, self.door)
        try:
            return bucket.ask(method, self.key, headers, body, sha256, size)
        except (Failed, Refused) as problem:
            raise Unreachable(problem.code, problem.sentence) from problem


def send(spec: S3Carrier, parcel: Parcel, sender: Sender) -> str:
    """Put it, unless it is there; see `Carrier.send`.

    What lies there is asked for its parcel's id, which goes along as metadata. `If-None-Match` keeps two from writing
    at once; whoever may only write has nothing but that.
    """
    one = _Object(spec, sender, Outward(sender.settings), _filled(spec, sender, parcel.name, parcel.id))
    if _lies_there(one, parcel):
        return f"{one.key} lies in {spec.bucket} already, whole."
    answer = _put(one, parcel, {} if spec.overwrite else {"if-none-match": "*"})
    if answer.status == HTTPStatus.NOT_IMPLEMENTED:  # an older kind of S3, which cannot be asked so
        answer = _put(one, parcel, {})
    if answer.status in {409, 412}:
        if _lies_there(one, parcel):
            return f"{one.key} lies in {spec.bucket}, whole; another of our workers was faster."
        raise _taken(one)
    _check(one, answer, "put")
    return f"{one.key} lies in {spec.bucket}, {parcel.size:,} bytes, ETag {answer.headers.get('etag', 'unknown')}."


def ping(spec: S3Carrier, sender: Sender) -> list[str]:
    """See `Carrier.ping`; what it puts it deletes."""
    number = uuid4()
    at = _filled(spec, sender, f".{number}.part", number)
    one = _Object(spec, sender, Outward(sender.settings), at)
    steps = [f"{_address(spec)[1]} answers."]
    _check(one, one.ask("PUT", _asked_of(spec)), "put")
    steps.append(f"The bucket {spec.bucket} takes files of this login under {at}.")
    if one.ask("DELETE").status in {200, 204}:
        return [*steps, "What was put there was deleted again."]
    return [*steps, f"This login may not delete: {at}, which is empty, stays behind."]


S3 = Carrier(send, ping)


def _filled(spec: S3Carrier, sender: Sender, name: str, number: UUID) -> str:
    return spec.key.replace("{partner}", sender.partner).replace("{id}", str(number)).replace("{name}", name)


def _address(spec: S3Carrier) -> tuple[str, str]:
    return buckets.address(spec.bucket, spec.region, spec.endpoint)


def _put(one: _Object, parcel: Parcel, condition: dict[str, str]) -> Answer:
    headers = {
        "content-type": parcel.media_type,
        "content-length": str(parcel.size),
        "x-amz-meta-parcel": str(parcel.id),
        "x-amz-meta-sha256": parcel.sha256,
    }
    return one.ask(
        "PUT", headers | _asked_of(one.spec) | condition, iter(parcel.chunks()), parcel.sha256, size=parcel.size
    )


def _asked_of(spec: S3Carrier) -> dict[str, str]:
    asked = {
        "x-amz-server-side-encryption": spec.encryption,
        "x-amz-server-side-encryption-aws-kms-key-id": spec.kms_key,
        "x-amz-storage-class": spec.storage_class,
    }
    return {name: value for name, value in asked.items() if value}


def _lies_there(one: _Object, parcel: Parcel) -> bool:
    """Whether this parcel, or its bytes, lie there.

    Raises:
        Declined: something else does, and may not be replaced.
    """
    answer = one.ask("HEAD")
    if answer.status != HTTPStatus.OK:  # not there, or not for us to see: writing will tell
        return False
    known = {answer.headers.get("x-amz-meta-parcel"), answer.headers.get("x-amz-meta-sha256")}
    if {str(parcel.id), parcel.sha256} & known and answer.headers.get("content-length") == str(parcel.size):
        return True
    if one.spec.overwrite:
        return False
    raise _taken(one)


def _taken(one: _Object) -> Declined:
    return Declined(
        "name_taken",
        f"Something else lies under {one.key} in {one.spec.bucket}, or something that may not be read; it was left"
        " alone. Take it away, or say `overwrite: true`.",
    )


def _check(one: _Object, answer: Answer, what: str) -> None:
    """Nothing, where it is done; else what is wrong."""
    if answer.status in {200, 201, 204}:
        return
    said = buckets.code(answer)
    for holds, problem in _problems(one, answer, said, what):
        if holds:
            raise problem
    raise Declined("parcel_declined", f"{one.spec.bucket} answers {answer.status} {said}: it does not take {one.key}.")


def _problems(one: _Object, answer: Answer, said: str, what: str) -> Iterable[tuple[bool, Undelivered]]:
    spec, status, host = one.spec, answer.status, _address(one.spec)[1]
    right = answer.headers.get("x-amz-bucket-region", "another region")[:30]
    yield (
        said in buckets.REGION or status in {301, 307},
        Unreachable("region_wrong", f"The bucket {spec.bucket} is not in {spec.region}, but in {right}."),
    )
    yield (
        said in buckets.LOGIN or status == HTTPStatus.UNAUTHORIZED,
        Unreachable(
            "login_refused",
            f"{host} does not know the secrets {spec.access_key} and {spec.secret_key} ({said}); were they changed?",
        ),
    )
    yield (
        said == "RequestTimeTooSkewed",
        Unreachable("clock_wrong", f"{host} says that our clock is wrong: {clock.now():%Y-%m-%d %H:%M:%S} UTC."),
    )
    yield (
        said == "NoSuchBucket" or status == HTTPStatus.NOT_FOUND,
        Unreachable("bucket_missing", f"There is no bucket {spec.bucket} at {host}; look for a typing error."),
    )
    yield (
        status == HTTPStatus.FORBIDDEN,
        Unreachable("permission_denied", f"This login may not {what} {one.key} in {spec.bucket} ({said})."),
    )
    yield (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in {408, 429},
        Unreachable("place_out_of_order", f"{host} answers {status} {said}; it may be better later."),
    )
