"""Calls by which a partner's system sends a file, says who changed, or that files lie at a place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from gateway.config import FieldError, KeyPath, check_secret_names
from ingest.arrivals.base import ArrivalSpec, PlaceSpec
from ingest.arrivals.names import FileName, check_name, name_faults
from ingest.arrivals.proofs import AnyProof, Header, Hmac, Standard
from ingest.arrivals.rest.spec import RestArrival

if TYPE_CHECKING:
    from ingest.feed import Feed  # which is made of arrivals


class Pull(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call that brings no file and says who changed: `ids` is the way to an id in its JSON, through lists too."""

    ids: Annotated[str, Meta(pattern=r"^[^.]+(\.[^.]+)*$", max_length=200)]


class WebhookArrival(ArrivalSpec, frozen=True, kw_only=True, tag="webhook"):
    """How a call is proven, and what is done about it: exactly one of `name`, `pull` and `look` says that.

    Attributes:
        name: of the file; `{time}` is the instant of arrival in UTC, such as 2026-05-01T061500Z.
        pull: where the feed's HRIS is to be asked instead.
        look: the feed's places are looked at instead: a bucket sends such notices, and whatever is in them is not read.
        secret: the name of the secret, or of several while one takes the place of another.
        id: the header by which the sender tells its calls apart, where Standard Webhooks do not say it.
    """

    name: FileName | None = None
    secret: str | Annotated[list[str], Meta(min_length=1, max_length=5)]
    proof: AnyProof = Standard()
    id: Header | None = None
    pull: Pull | None = None
    look: bool = False

    def __post_init__(self) -> None:
        check_secret_names("secret", self.secrets)
        if self.id is not None and isinstance(self.proof, Standard):
            raise FieldError("Standard Webhooks say the id in `webhook-id`.", at=("id",))
        if self.id is None and isinstance(self.proof, Hmac) and "{id}" in self.proof.content:
            raise FieldError("{id} is what the header says that `id` names.", at=("proof", "signed"))
        if (self.name is not None) + (self.pull is not None) + self.look != 1:
            told = "A call brings a file, whose `name` is said, or says whom to `pull`, or that it is time to `look`."
            raise FieldError(told, at=())
        check_name(self.name or "")

    @property
    def secrets(self) -> list[str]:
        """Their names."""
        return [self.secret] if isinstance(self.secret, str) else [*self.secret]

    def faults(self, feed: Feed) -> Iterator[tuple[KeyPath, str]]:
        """Whether the feed takes such a file, has an HRIS that can be asked, or a place that can be looked at."""
        for sentence in name_faults(self.name, feed) if self.name else ():
            yield ("name",), sentence
        if self.pull and not any(isinstance(one, RestArrival) for one in feed.arrivals):
            yield ("pull",), "Nobody can be asked: the feed needs an HRIS among its arrivals, `via: rest`."
        if self.look and not any(isinstance(one, PlaceSpec) for one in feed.arrivals):
            yield ("look",), "There is nowhere to look: the feed needs a place among its arrivals, such as `via: s3`."
