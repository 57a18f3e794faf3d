"""A partner's bucket, from which we fetch.

An object is whole or not there. Reading and copying ask for the version that was seen, by its etag. S3 cannot rename,
nor delete on condition everywhere, so that an object is compared right before it is deleted, and once more after it was
copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import uuid4

from msgspec import Meta

from gateway import buckets, sigv4
from gateway.buckets import Bucket
from gateway.config import FieldError
from gateway.dialing import Place as Address
from gateway.dialing import checked, is_example
from gateway.outward import Answer, Outward
from ingest.arrivals.base import CHUNK_BYTES, NotYet, PlaceFailed, PlaceSpec, Sighting, Taken, Whose
from ingest.arrivals.drop import is_draft

_SECONDS = 15.0  # for a name, and for a connection
_PORTS = {"https": 443, "http": 80}


class S3Arrival(PlaceSpec, frozen=True, kw_only=True, tag="s3"):
    """Which bucket, and what becomes of an object that was taken. Secrets are named, never written."""

    bucket: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    prefix: str = ""
    recursive: bool = False
    endpoint: str | None = None
    region: str = "us-east-1"
    access_key: str
    secret_key: str
    after: Annotated[str, Meta(pattern=r"^(leave|delete|move:.+)$")] = "leave"

    def __post_init__(self) -> None:
        if self.endpoint and urlsplit(self.endpoint).scheme not in _PORTS:
            raise FieldError(
                "An endpoint begins with https:// (or with http:// in a network of ours).", at=("endpoint",)
            )

    @property
    def keeps(self) -> bool:
        """Whether what was taken stays where it is."""
        return self.after == "leave"

    @property
    def needs_patience(self) -> bool:
        """An object is whole."""
        return False

    @property
    def folder(self) -> str:
        """The prefix with its slash, or nothing."""
        return f"{self.prefix.strip('/')}/" if self.prefix.strip("/") else ""

    @property
    def address(self) -> str:
        """Where S3 is."""
        return self.endpoint or f"https://s3.{self.region}.amazonaws.com"

    @property
    def is_example(self) -> bool:
        """By its endpoint."""
        return is_example(urlsplit(self.endpoint or "").hostname or "")

    def place(self, whose: Whose) -> str:  # noqa: ARG002 - other places need it
        """Where it is."""
        at = f" at {self.endpoint}" if self.endpoint else ""
        return f"s3://{self.bucket}/{self.folder}{at}"

    @contextmanager
    def open(self, whose: Whose) -> Iterator[S3Place]:
        """Look at where it is; a connection is made when something is asked.

        Raises:
            Problem: those of `gateway.dialing.checked`, and of `gateway.outward.Outward.send`.
            PlaceFailed: what was asked was refused; `http_refused`.
        """
        self._check_address(whose)
        keys = sigv4.Keys(whose.secret(self.access_key), whose.secret(self.secret_key), self.region)
        yield S3Place(self, Bucket(self.bucket, self.endpoint, keys, Outward(whose.settings)))

    def _check_address(self, whose: Whose) -> None:
        """So that nobody is even connected to who would be asked over http."""
        parts = urlsplit(buckets.address(self.bucket, self.region, self.endpoint)[0])
        address = Address(parts.hostname or "", parts.port or _PORTS[parts.scheme])
        _, is_ours = checked(address, whose.settings.allow_private, _SECONDS)
        if parts.scheme == "http" and not is_ours:
            told = f"{self.address} is no https, and in no network that GATEWAY_ALLOW_PRIVATE opens."
            raise PlaceFailed("http_refused", f"{told} Use https.")


class S3Place:
    """A bucket that we may ask."""

    is_far = True

    def __init__(self, spec: S3Arrival, bucket: Bucket) -> None:
        self._spec, self._bucket = spec, bucket

    def look(self) -> Iterator[Sighting]:
        """The objects under the prefix; those deeper down where that is agreed."""
        aside = f"{folder}/" if (folder := folder_of(self._spec)) else None
        try:
            for one in self._bucket.list(self._spec.folder, deep=self._spec.recursive):
                name = one.key.rpartition("/")[2]
                if name and not is_draft(name) and not (aside and one.key.startswith(aside)):
                    yield Sighting(one.key, name, one.size, one.etag)
        except buckets.RefusedError as refused:
            raise _problem(self._spec, refused.args[0]) from None
        except buckets.UnreadableError as problem:
            told = f"{self._spec.address} does not list {self._spec.bucket} as S3 does: {problem}."
            raise PlaceFailed("s3_failed", f"{told} Is the endpoint right?") from problem

    @contextmanager
    def hold(self, seen: Sighting) -> Iterator[FarObject]:
        """See that it is there as it was seen.

        Raises:
            NotYet: it is not.
        """
        self.compare(seen)
        yield FarObject(self._spec, self, self._bucket, seen)

    def drop(self, seen: Sighting) -> None:
        """Remove a done-file."""
        with suppress(NotYet):
            self.compare(seen)
            self.delete(seen.path)

    def ping(self) -> Iterator[str]:
        """Whether it can be listed, and written where something is to be moved or deleted."""
        listed = sum(1 for _ in self.look())
        told = f"{self._spec.address} answers, and lets {self._spec.access_key} list {self._spec.bucket}"
        yield f"{told}: {listed} objects."
        if not self._spec.keeps:
            probe = f"{self._spec.folder}.gateway-{uuid4()}"
            self.check(self._bucket.ask("PUT", probe))
            self.delete(probe)
            yield f"Objects under {self._spec.folder or 'no prefix'} can be written and deleted."

    def compare(self, seen: Sighting) -> None:
        """See that what lies there is what was seen.

        Raises:
            NotYet: it is not.
        """
        if not self.is_seen(seen.path, seen):
            raise NotYet("it was changed right now, or is gone")

    def is_seen(self, path: str, seen: Sighting) -> bool:
        """Whether an object has the size and etag that were seen."""
        found = self._head(path)
        if found is None:
            return False
        known = found.headers.get("content-length"), found.headers.get("etag", "").strip('"')
        return known == (str(seen.size), seen.mark.strip('"'))

    def is_free(self, path: str) -> bool:
        """Whether nothing lies there."""
        return self._head(path) is None

    def delete(self, path: str) -> None:
        """It is not there from now on."""
        self.check(self._bucket.ask("DELETE", path))

    def check(self, answer: Answer) -> None:
        """Nothing, where it is done.

        Raises:
            PlaceFailed: what was asked was refused.
        """
        if answer.status not in {200, 204, 206} or buckets.code(answer):  # a copy says 200 before it is made
            raise _problem(self._spec, answer)

    def _head(self, path: str) -> Answer | None:
        found = self._bucket.ask("HEAD", path)
        if found.status == HTTPStatus.NOT_FOUND:
            return None
        self.check(found)
        return found


class FarObject:
    """An object of the bucket."""

    def __init__(self, spec: S3Arrival, place: S3Place, bucket: Bucket, seen: Sighting) -> None:
        self._spec, self._place, self._bucket, self._seen = spec, place, bucket, seen

    def is_whole(self) -> Literal[True]:
        """It always is."""
        return True

    def chunks(self, offset: int) -> Iterator[bytes]:
        """Its bytes from there on, of the version that was seen.

        Raises:
            NotYet: that is no longer there.
        """
        if offset >= self._seen.size:
            return
        wanted = {"range": f"bytes={offset}-"} | self._version("if-match")
        with self._bucket.read(self._seen.path, wanted, self._seen.size - offset) as streamed:
            if streamed.status in {404, 412, 416}:
                raise NotYet("it was changed while it was read")
            if streamed.status != HTTPStatus.PARTIAL_CONTENT:
                raise _problem(self._spec, Answer(streamed.status, streamed.headers, next(streamed.pieces, b"")))
            yield from _regular(streamed.pieces)

    def settle(self, taken: Taken) -> bool:
        """Delete it, after a copy was made where that is agreed, as long as it is what was taken."""
        if not self._place.is_seen(self._seen.path, self._seen):
            return False
        if (folder := folder_of(self._spec)) and not self._copied(folder, str(taken.import_id)):
            return False
        self._place.delete(self._seen.path)
        return True

    def _copied(self, folder: str, import_id: str) -> bool:
        """Whether a copy lies in the folder, and the object is still the one that was seen.

        The same bytes are not copied twice: whoever is killed in between leaves one copy all the same.
        """
        target = f"{folder}/{self._seen.name}"
        if self._place.is_seen(target, self._seen):
            return True
        if not self._place.is_free(target):
            target = f"{folder}/{import_id}-{self._seen.name}"
        source = {"x-amz-copy-source": sigv4.quoted(f"/{self._spec.bucket}/{self._seen.path}")}
        answer = self._bucket.ask("PUT", target, source | self._version("x-amz-copy-source-if-match"))
        if answer.status in {404, 412}:
            return False
        self._place.check(answer)
        if self._place.is_seen(self._seen.path, self._seen):
            return True
        self._place.delete(target)
        return False

    def _version(self, header: str) -> dict[str, str]:
        return {header: '"' + self._seen.mark.strip('"') + '"'}


def folder_of(spec: S3Arrival) -> str | None:
    """The prefix below which objects go that were taken, without its slash."""
    return spec.after.removeprefix("move:").strip("/") if spec.after.startswith("move:") else None


def _regular(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """In chunks, however they came."""
    chunk = bytearray()
    for piece in pieces:
        chunk += piece
        while len(chunk) >= CHUNK_BYTES:
            yield bytes(chunk[:CHUNK_BYTES])
            del chunk[:CHUNK_BYTES]
    if chunk:
        yield bytes(chunk)


def _problem(spec: S3Arrival, answer: Answer) -> PlaceFailed:
    """By S3's own word for it, where it says one."""
    said = buckets.code(answer)
    if said == "NoSuchBucket":
        return PlaceFailed("bucket_missing", f"There is no bucket {spec.bucket} at {spec.address}.")
    if said in buckets.REGION or answer.status in {301, 302, 303, 307, 308}:
        right = answer.headers.get("x-amz-bucket-region", "another region")[:30]
        told = f"The bucket {spec.bucket} is not in {spec.region}, but in {right}; {spec.address} sends us elsewhere"
        return PlaceFailed("region_wrong", f"{told}, and redirects are not followed. Mend `region` or `endpoint`.")
    if said in buckets.LOGIN or answer.status in {401, 403}:
        told = f"{spec.address} does not let {spec.access_key} do what was asked of {spec.bucket}."
        wanted = "list and read" if spec.keeps else "list, read, write and delete"
        return PlaceFailed("permission_denied", f"{told} Are both secrets right, and may it {wanted} there?")
    told = f"{spec.address} does not do what was asked: it answers {answer.status} {said}"
    return PlaceFailed("s3_failed", f"{told.rstrip()}.")
