"""A partner's bucket, from which we fetch.

An object is whole or not there. Reading asks for the version that was seen, by its etag. S3 cannot rename, nor delete
on condition everywhere, so that an object is compared right before it is deleted, and once more after it was copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import uuid4

import obstore
from msgspec import Meta
from obstore.exceptions import BaseError, PermissionDeniedError, PreconditionError, UnauthenticatedError
from obstore.store import S3Store

from gateway.config import FieldError
from gateway.dialing import Place as Address
from gateway.dialing import checked
from ingest.arrivals.base import CHUNK_BYTES, NotYet, PlaceFailed, PlaceSpec, Sighting, Taken, Whose
from ingest.arrivals.drop import is_draft

_SECONDS = 15.0  # for a name, and for a connection
_PORTS = {"https": 443, "http": 80}
_LISTED_AT_ONCE = 1_000
_REFUSALS = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch")
_MOST_SAID = 300  # characters of what the other side says


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

    def place(self, whose: Whose) -> str:  # noqa: ARG002 - other places need it
        """Where it is."""
        at = f" at {self.endpoint}" if self.endpoint else ""
        return f"s3://{self.bucket}/{self.folder}{at}"

    @contextmanager
    def open(self, whose: Whose) -> Iterator[S3Place]:
        """Look at where it is; a connection is made when something is asked.

        Raises:
            Problem: those of `gateway.dialing.checked`.
            PlaceFailed: what was asked was refused; `http_refused`.
        """
        self._check_address(whose)
        store = S3Store(
            self.bucket,
            endpoint=self.address,
            region=self.region,
            access_key_id=whose.secret(self.access_key),
            secret_access_key=whose.secret(self.secret_key),
            client_options={"connect_timeout": "15s", "read_timeout": "60s", "timeout": "1h", "allow_http": True},
            retry_config={"max_retries": 1, "retry_timeout": timedelta(seconds=30)},
        )
        with _telling(self):
            yield S3Place(self, store)

    def _check_address(self, whose: Whose) -> None:
        parts = urlsplit(self.address)
        address = Address(parts.hostname or "", parts.port or _PORTS[parts.scheme])
        _, is_ours = checked(address, whose.settings.allow_private, _SECONDS)
        if parts.scheme == "http" and not is_ours:
            told = f"{self.address} is no https, and in no network that GATEWAY_ALLOW_PRIVATE opens."
            raise PlaceFailed("http_refused", f"{told} Use https.")


class S3Place:
    """A bucket that we may ask."""

    is_far = True

    def __init__(self, spec: S3Arrival, store: S3Store) -> None:
        self._spec, self._store = spec, store

    def look(self) -> Iterator[Sighting]:
        """The objects under the prefix; those deeper down where that is agreed."""
        aside = (
            self._spec.after.removeprefix("move:").strip("/") + "/" if self._spec.after.startswith("move:") else None
        )
        for batch in obstore.list(self._store, self._spec.folder or None, chunk_size=_LISTED_AT_ONCE):
            for one in batch:
                path = one["path"]
                inner, name = path.removeprefix(self._spec.folder), path.rpartition("/")[2]
                is_here = self._spec.recursive or "/" not in inner
                if is_here and not is_draft(name) and not (aside and path.startswith(aside)):
                    yield Sighting(path, name, one["size"], _mark(one))

    @contextmanager
    def hold(self, seen: Sighting) -> Iterator[FarObject]:
        """See that it is there as it was seen.

        Raises:
            NotYet: it is not.
        """
        self.compare(seen)
        yield FarObject(self._spec, self, self._store, seen)

    def drop(self, seen: Sighting) -> None:
        """Remove a done-file."""
        with suppress(NotYet):
            self.compare(seen)
            obstore.delete(self._store, seen.path)

    def ping(self) -> Iterator[str]:
        """Whether it can be listed, and written where something is to be moved or deleted."""
        listed = sum(1 for _ in self.look())
        told = f"{self._spec.address} answers, and lets {self._spec.access_key} list {self._spec.bucket}"
        yield f"{told}: {listed} objects."
        if not self._spec.keeps:
            probe = f"{self._spec.folder}.gateway-{uuid4()}"
            obstore.put(self._store, probe, b"")
            obstore.delete(self._store, probe)
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
        try:
            found = obstore.head(self._store, path)
        except FileNotFoundError:
            return False
        return (found["size"], _mark(found)) == (seen.size, seen.mark)

    def is_free(self, path: str) -> bool:
        """Whether nothing lies there."""
        try:
            obstore.head(self._store, path)
        except FileNotFoundError:
            return True
        return False


class FarObject:
    """An object of the bucket."""

    def __init__(self, spec: S3Arrival, place: S3Place, store: S3Store, seen: Sighting) -> None:
        self._spec, self._place, self._store, self._seen = spec, place, store, seen

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
        try:
            wanted: obstore.GetOptions = {"if_match": self._seen.mark, "range": {"offset": offset}}
            for piece in obstore.get(self._store, self._seen.path, options=wanted).stream(min_chunk_size=CHUNK_BYTES):
                whole = memoryview(piece)
                for start in range(0, len(whole), CHUNK_BYTES):
                    yield bytes(whole[start : start + CHUNK_BYTES])
        except (PreconditionError, FileNotFoundError):
            raise NotYet("it was changed while it was read") from None

    def settle(self, taken: Taken) -> bool:
        """Delete it, after a copy was made where that is agreed, as long as it is what was taken."""
        if not self._place.is_seen(self._seen.path, self._seen):
            return False
        if self._spec.after.startswith("move:"):
            target = self._copied(str(taken.import_id))
            if not self._place.is_seen(self._seen.path, self._seen):
                obstore.delete(self._store, target)
                return False
        obstore.delete(self._store, self._seen.path)
        return True

    def _copied(self, import_id: str) -> str:
        folder = self._spec.after.removeprefix("move:").strip("/")
        target = f"{folder}/{self._seen.name}"
        if not self._place.is_free(target):
            target = f"{folder}/{import_id}-{self._seen.name}"
        obstore.copy(self._store, self._seen.path, target)
        return target


@contextmanager
def _telling(spec: S3Arrival) -> Iterator[None]:
    """What goes wrong with the bucket, for people."""
    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        raise _problem(spec, error) from error


def _problem(spec: S3Arrival, error: Exception) -> PlaceFailed:
    """By S3's own word for it, which stands in the text: for a list there is no class that says as much."""
    text = str(error)
    if "NoSuchBucket" in text:
        return PlaceFailed("bucket_missing", f"There is no bucket {spec.bucket} at {spec.address}.")
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or any(word in text for word in _REFUSALS):
        told = f"{spec.address} does not let {spec.access_key} do what was asked of {spec.bucket}."
        wanted = "list and read" if spec.keeps else "list, read, write and delete"
        return PlaceFailed("permission_denied", f"{told} Are both secrets right, and may it {wanted} there?")
    said = text.partition("\n")[0][:_MOST_SAID]
    return PlaceFailed("s3_failed", f"{spec.address} does not do what was asked: {said}")


def _mark(found: obstore.ObjectMeta) -> str:
    return found["e_tag"] or found["last_modified"].isoformat()
