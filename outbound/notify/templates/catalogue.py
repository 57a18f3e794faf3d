"""The templates that there are: what each tells, what it is given, samples of that, and the house's own texts."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from msgspec import Meta, Struct
from msgspec.structs import replace

from gateway.config import decode, nearest, read
from gateway.errors import Missing
from outbound.notify.templates import shapes
from outbound.notify.templates.forms import FORMS, Form
from outbound.notify.templates.language import Text, compiled

_HERE = Path(__file__).parent / "texts"
_FIRM, _PARTNER = "Northgate Law", "ACME Manufacturing, Inc."
_AUTUMN = date(2026, 10, 1)


class _Texts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of texts."""

    says: str
    subject: Annotated[str, Meta(min_length=1)]
    short: Annotated[str, Meta(min_length=1)]
    text: Annotated[str, Meta(min_length=1)]
    html: Annotated[str, Meta(min_length=1)]


class Template(NamedTuple):
    """One template.

    Attributes:
        samples: one of which everything is known, and one of which as little as there can be.
        by_request: whoever may send notifications may send it; others are the house's.
    """

    name: str
    shape: type[shapes.Shape]
    samples: tuple[shapes.Shape, shapes.Shape]
    by_request: bool = False

    @property
    def says(self) -> str:
        """What it tells, as a sentence."""
        return _texts(self.name).says

    def source(self, form: Form) -> str:
        """The house's own text."""
        text: str = getattr(_texts(self.name), form)
        return text

    def read(self, form: Form, source: str) -> Text:
        """A text of it.

        Raises:
            WrongTemplate: with what is wrong, by lines.
        """
        return compiled(self.name, form, source, self.shape, self._tried())

    def _tried(self) -> Iterator[shapes.Shape]:
        for one in self.samples:
            yield replace(one, firm=_FIRM, you=False)
            yield replace(one, firm=_FIRM, you=True)


@functools.cache
def _texts(name: str) -> _Texts:
    return decode(read(_HERE / f"{name}.yaml"), _Texts)


@functools.cache
def house(name: str, form: Form) -> Text:
    """The house's own text of a template, ready to be filled in."""
    return TEMPLATES[name].read(form, TEMPLATES[name].source(form))


def find(name: str) -> Template:
    """The template of this name.

    Raises:
        Missing: `not_found`, with the nearest name.
    """
    if name not in TEMPLATES:
        raise Missing("not_found", unknown(name, TEMPLATES))
    return TEMPLATES[name]


def unknown(name: str, among: Mapping[str, Any]) -> str:
    """What is said of a name that no template has."""
    meant = nearest(name, list(among))
    hint = f' Did you mean "{meant}"?' if meant else f" There are {', '.join(among)}."
    return f'There is no template "{name}".{hint}'


def form_of(word: str) -> Form:
    """The form of this name.

    Raises:
        Missing: `not_found`.
    """
    for form in FORMS:
        if form == word:
            return form
    raise Missing("not_found", f'A template has no "{word}"; it has {", ".join(FORMS)}.')


# ------------------------------------------------------------------------------------------------ samples

_BARE = shapes.Paper(
    initials="A. S.",
    employer=_PARTNER,
    what="I-94",
    expires_on=_AUTUMN,
    days_left=30,
    why="The stay in the United States ends on this day.",
    next_action="Open an extension.",
)
_PAPER = replace(
    _BARE,
    what="passport",
    days_left=-3,
    controlling="The I-94 ends first, on September 1, 2026.",
    case="NG-2026-0042, drafting",
    owner="Li Wei",
    needs_answer=True,
    step=1,
    fresh_on=date(2026, 8, 31),
)


def _many(*papers: shapes.Paper, fresh_on: date | None) -> shapes.ManyPapers:
    days = [
        shapes.InDays(days_left=one.days_left, employers=[shapes.OfEmployer(employer=one.employer, papers=[one])])
        for one in papers
    ]
    return shapes.ManyPapers(count=len(papers), days=days, fresh_on=fresh_on)


_FEED = shapes.OfFeed(partner=_PARTNER, feed="roster")
_KNOWN_FEED = replace(_FEED, due_on=_AUTUMN, last_on=date(2026, 9, 24), rows=12, usual=480)
_PLACE = shapes.OfPlace(partner=_PARTNER, place="sftp.acme.example", why="It does not answer.")
_DELIVERY = shapes.OfDelivery(partner=_PARTNER, delivery="receipts", code="timed_out", percent=50)
_PARCEL = shapes.OfParcel(partner=_PARTNER, delivery="receipts", code="refused")
_REJECTED = shapes.OfRejectedRows(
    partner=_PARTNER,
    file="roster_20261001.csv",
    rejected=27,
    loaded=173,
    until=_AUTUMN,
    address="https://gateway.example/r/0",
)
_CASES = shapes.OfNewCases(partner=_PARTNER, count=1, cases=["NG-2026-0042"])
_WAITING = shapes.OfWaitingCases(partner=_PARTNER, count=1, why="Nobody can take it: every attorney is full.")
_RESUMED = shapes.OfResumedCases(
    partner=_PARTNER, count=1, cases=["NG-2026-0042"], why="Holds 21, may hold 20: gets no more until 2 are closed."
)
_HANDOVER = shapes.OfHandovers(partner=_PARTNER, count=1, cases=["NG-2026-0042"], whose="Li Wei", planned=False)
_NEWS = shapes.Announcement(title="The office is closed on Friday", paragraphs=["We are back on Monday."])
_WANTED = shapes.DocumentsNeeded(documents=["A copy of your passport"])

TEMPLATES: Mapping[str, Template] = {
    one.name: one
    for one in (
        *(
            Template(name, shapes.OnePaper, (shapes.OnePaper(paper=_PAPER, more=[_BARE]), shapes.OnePaper(paper=_BARE)))
            for name in ("expiry", "escalation")
        ),
        Template(
            "digest", shapes.ManyPapers, (_many(_PAPER, _BARE, fresh_on=_PAPER.fresh_on), _many(_BARE, fresh_on=None))
        ),
        *(
            Template(name, shapes.OfFeed, (_KNOWN_FEED, _FEED))
            for name in ("feed_late", "feed_missing", "feed_empty", "feed_short")
        ),
        Template("place_unreachable", shapes.OfPlace, (_PLACE, _PLACE)),
        Template("delivery_failing", shapes.OfDelivery, (replace(_DELIVERY, percent=100), _DELIVERY)),
        Template("parcel_dead", shapes.OfParcel, (_PARCEL, _PARCEL)),
        Template("rows_rejected", shapes.OfRejectedRows, (_REJECTED, replace(_REJECTED, rejected=1, loaded=0))),
        Template("cases_assigned", shapes.OfNewCases, (replace(_CASES, count=25, more=24), _CASES)),
        Template("cases_waiting", shapes.OfWaitingCases, (replace(_WAITING, count=3, forecast_on=_AUTUMN), _WAITING)),
        Template(
            "cases_resumed", shapes.OfResumedCases, (replace(_RESUMED, count=25, more=24, whose="Li Wei"), _RESUMED)
        ),
        Template(
            "handover_proposed",
            shapes.OfHandovers,
            (
                replace(_HANDOVER, count=25, more=24, to=["Ana Diaz", "Bo Lund"], planned=True, deadline_on=_AUTUMN),
                _HANDOVER,
            ),
        ),
        Template("test", shapes.Nothing, (shapes.Nothing(), shapes.Nothing())),
        Template(
            "announcement",
            shapes.Announcement,
            (replace(_NEWS, paragraphs=["One.", "Two."], url="https://northgate.example/news"), _NEWS),
            by_request=True,
        ),
        Template(
            "documents_needed",
            shapes.DocumentsNeeded,
            (replace(_WANTED, documents=["A", "B"], by=_AUTUMN, note="Copies will do."), _WANTED),
            by_request=True,
        ),
    )
}
