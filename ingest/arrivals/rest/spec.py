"""How an HRIS is asked: the structs of `via: rest`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from gateway.config import FieldError, KeyPath, check_secret_names
from ingest.arrivals.base import ArrivalSpec
from ingest.arrivals.names import FileName, check_name, name_faults
from ingest.arrivals.proofs import Header
from ingest.formats.json import JsonFormat

if TYPE_CHECKING:
    from ingest.feed import Feed  # which is made of arrivals

Word = Annotated[str, Meta(min_length=1, max_length=200)]
Way = Annotated[str, Meta(pattern=r"^[^.]+(\.[^.]+)*$", max_length=200)]  # keys with dots between them
Path = Annotated[str, Meta(pattern=r"^/[^?#\s]*$", max_length=500)]
Url = Annotated[str, Meta(pattern=r"^https?://[^/?#\s@]+(/[^?#\s]*)?$", max_length=500)]
Calls = Annotated[int, Meta(ge=1, le=1_000_000)]

POLLS = 3  # within the time in which a change must be here
PERSONS = 80  # per cent of each budget beyond which people are not asked about one by one: the rest is for polls


class _Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping below an entry of `arrivals:`."""


class KeyAuth(_Part, frozen=True, kw_only=True, tag_field="type", tag="key"):
    """A key in a header: `Authorization: Bearer ...`, unless header and prefix say otherwise."""

    secret: str
    header: Header = "Authorization"
    prefix: str = "Bearer "

    def __post_init__(self) -> None:
        check_secret_names("secret", [self.secret])


class ClientAuth(_Part, frozen=True, kw_only=True, tag_field="type", tag="oauth2"):
    """OAuth2 client credentials (RFC 6749, 4.4): tokens are fetched with the client's id and secret by HTTP Basic."""

    token_url: Url
    client_id: Word
    secret: str
    scope: str | None = None

    def __post_init__(self) -> None:
        check_secret_names("secret", [self.secret])


class CursorPaging(_Part, frozen=True, kw_only=True, tag_field="by", tag="cursor"):
    """An answer says in `next` what `parameter` must be to get the next page; on the last page it says nothing."""

    parameter: Word
    next: Way


class PagePaging(_Part, frozen=True, kw_only=True, tag_field="by", tag="page"):
    """Pages have numbers; an empty one is the last, or where `size` is said a first one of less records than that."""

    parameter: Word
    size: Calls | None = None
    first: Annotated[int, Meta(ge=0, le=1)] = 1


class Since(_Part, frozen=True, kw_only=True):
    """How to ask for what changed since an instant.

    Attributes:
        parameter: says since when.
        until: says up to when, for windows of the past; without it the past is one long list.
        field: of each record, says when it changed.
        form: of instants; one without an offset is taken for UTC.
        overlap: seconds that are asked for again, for changes that the HRIS shows late.
        key: of each record, tells it from all others; then of one that was seen newer, no older version is taken.
    """

    parameter: Word
    field: Way
    until: Word | None = None
    form: Literal["iso", "seconds", "milliseconds"] = "iso"
    overlap: Annotated[int, Meta(ge=0, le=86_400)] = 300
    key: Way | None = None


class ListCall(_Part, frozen=True, kw_only=True):
    """Who there is. The records stand where the feed's format says."""

    path: Path
    paging: CursorPaging | PagePaging
    query: dict[str, str] = {}


class PersonCall(_Part, frozen=True, kw_only=True):
    """One person, `{id}` in the path; `record` is where the person stands in the answer, if it is not the answer."""

    path: Path
    record: Way | None = None

    def __post_init__(self) -> None:
        if "{id}" not in self.path:
            raise FieldError("The path of one person says where the id stands: /employees/{id}.", at=("path",))


class Budget(_Part, frozen=True, kw_only=True):
    """How many calls the HRIS allows: in any 60 minutes, in any 24 hours, and about one person a day."""

    hour: Calls | None = None
    day: Calls | None = None
    person: Calls | None = None

    def too_small_for(self, hourly: int) -> Iterator[tuple[str, int, int]]:
        """The spans whose part for polls does not suffice for so many an hour: which, its budget, polls in it."""
        for key, most, polls in (("hour", self.hour, hourly), ("day", self.day, 24 * hourly)):
            if most is not None and most * (100 - PERSONS) < 100 * polls:
                yield key, most, polls

    def least(self, other: Budget) -> Budget:
        """What both allow."""
        spans = ("hour", "day", "person")
        pairs = {span: [most for one in (self, other) if (most := getattr(one, span)) is not None] for span in spans}
        return Budget(**{span: min(both) for span, both in pairs.items() if both})


class History(_Part, frozen=True, kw_only=True):
    """What is asked for when an HRIS is first connected: windows of the past, the newest first, then all before them.

    Attributes:
        days: that are asked for in windows.
        window: days of one window.
        share: per cent of each budget beyond which the past waits for what happens today.
    """

    days: Annotated[int, Meta(ge=1, le=36_500)] = 730
    window: Annotated[int, Meta(ge=1, le=36_500)] = 90
    share: Annotated[int, Meta(ge=1, le=70)] = 50


class RestArrival(ArrivalSpec, frozen=True, kw_only=True, tag="rest"):
    """Where the HRIS is, how it is asked, and how often.

    Attributes:
        account: at the provider, by a name of ours; feeds of a partner that name the same one share its budget.
        target: minutes within which a change must be here.
    """

    url: Url
    account: Word | None = None
    name: FileName
    auth: KeyAuth | ClientAuth
    list: ListCall
    since: Since
    person: PersonCall | None = None
    budget: Budget = Budget()
    history: History = History()
    target: Annotated[int, Meta(ge=3, le=1_440)] = 15

    def __post_init__(self) -> None:
        check_name(self.name)
        for key, most, polls in self.budget.too_small_for(self.polls_an_hour):
            sentence = (
                f"Asking who changed {POLLS} times in {self.target} minutes takes {polls} calls, which must be at"
                f" most {100 - PERSONS} % of the budget of {most}; allow a longer `target`."
            )
            raise FieldError(sentence, at=("budget", key))

    @property
    def provider(self) -> str:
        """The account that is asked: its name, or else the host."""
        return self.account or urlsplit(self.url).netloc.lower()

    @property
    def every(self) -> timedelta:
        """How often the HRIS is asked who changed."""
        return timedelta(minutes=self.target) / POLLS

    @property
    def polls_an_hour(self) -> int:
        """Rounded up."""
        return -(-60 * POLLS // self.target)

    def written(self, instant: datetime) -> str:
        """An instant as the HRIS takes it."""
        if self.since.form == "iso":
            return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        seconds = instant.timestamp()
        return str(int(seconds * 1_000) if self.since.form == "milliseconds" else int(seconds))

    def faults(self, feed: Feed) -> Iterator[tuple[KeyPath, str]]:
        """Whether answers are files of the feed."""
        if not isinstance(feed.format, JsonFormat):
            yield ("via",), "What an HRIS answers is JSON: `format: {type: json}`."
        if feed.contents != "changes":
            yield ("via",), "What an HRIS answers is who changed, not everybody: `contents: changes`."
        for sentence in name_faults(self.name, feed):
            yield ("name",), sentence
