"""The section `outcomes` of partner.yaml: how a table of decided cases is read, and whether that makes sense."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Final

from msgspec import Meta
from msgspec import field as option

from gateway.config import Beside, Checked, ConfigError, Document, Name, Section, nearest, read
from gateway.db.models import PAST_OUTCOMES
from gateway.db.models.eligibility import DecisionStage
from gateway.domain.people.fields import Field, Holds, Room
from gateway.domain.rules.criteria import VISAS
from gateway.errors import Missing
from ingest import feed
from ingest.feed import CaseSpec, Condition, Feed, FieldSpec
from ingest.formats import Format
from ingest.mapping.errors import FeedError, SpecError, unknown_name
from ingest.mapping.fitting import compile_target

KEY: Final = "case_number"
SEVERAL: Final = "several"  # the token of a word that stands for several of our visas
_YEARS = Room(Decimal(1900), Decimal(2200), 0)
_ANY_DAY = date(2000, 1, 1)  # whether options make sense depends on no day


def _field(
    name: str,
    holds: Holds = "text",
    choices: frozenset[str] | None = None,
    *,
    lasting: bool = False,
    room: Room | None = None,
) -> Field:
    return Field(name, holds, sensitive=False, choices=choices, lasting=lasting, room=room)


FIELDS: Mapping[str, Field] = {
    one.name: one
    for one in (
        _field(KEY, lasting=True),
        _field("visa", choices=frozenset(VISAS)),
        _field("outcome", choices=frozenset(PAST_OUTCOMES), lasting=True),
        _field("received_on", "date"),
        _field("decided_on", "date"),
        _field("soc_code"),
        _field("fiscal_year", "integer", room=_YEARS),
    )
}


class Layout(feed.Section, frozen=True):
    """How a table of decided cases is read: one row a case, and no person in it.

    `source` and `case_number` tell a case for good: the same file again, or a later edition of it, updates.
    """

    source: Annotated[str, Meta(min_length=1, max_length=200)]  # `firm`, or the name of the publication
    stage: DecisionStage  # what was decided on
    format: Format
    fields: dict[str, FieldSpec]
    where: Condition | None = None
    none_values: list[str] = option(default_factory=lambda: [""])

    @property
    def as_feed(self) -> Feed:
        """The same as feeds are read, for what reads both."""
        case = CaseSpec(fields=self.fields)
        return Feed(
            file="*",
            format=self.format,
            contents="changes",
            where=self.where,
            none_values=self.none_values,
            case=case,
        )


Layouts = dict[Name, Layout]


def named(layouts: Layouts, name: str) -> Layout:
    """The layout of a name.

    Raises:
        Missing: `layout_unknown`, with the nearest.
    """
    if name in layouts:
        return layouts[name]
    meant = nearest(name, layouts)
    there = f" Did you mean {meant!r}?" if meant else f" There are {', '.join(layouts) or 'none yet'}."
    raise Missing("layout_unknown", f"There is no layout {name!r} among the outcomes of this partner.{there}")


def _check(layouts: Layouts, document: Document, _beside: Beside) -> Checked:
    wrong = ((name, error) for name, layout in layouts.items() for error in errors_of(layout))
    return Checked([document.finding(("outcomes", name, *error.path), error.sentence) for name, error in wrong], {})


OUTCOMES: Section[Layouts] = Section("outcomes", Layouts, _check)


def applied(source: str, name: str) -> Layouts:
    """The layouts of a stored version.

    Raises:
        ConfigError: it was applied when other things were allowed.
    """
    document = read(source, name)
    layouts = OUTCOMES.decoded(document)
    if findings := _check(layouts, document, None).findings:
        raise ConfigError(findings)
    return layouts


def errors_of(layout: Layout) -> Iterator[FeedError]:
    """Everything that is wrong with a layout beyond its shape."""
    for name, spec in layout.fields.items():
        yield from _field_errors(layout, name, spec)
    yield from (
        FeedError(("fields",), f"A decided case needs the field {name}.")
        for name in (KEY, "outcome")
        if name not in layout.fields
    )
    for name in (KEY, "outcome", *(["visa"] if layout.stage == "petition" else [])):
        told = layout.fields.get(name)
        if told is not None and told.value is None and not told.required:
            yield FeedError(("fields", name), f"A row without {name} tells nothing: say `required: true`.")
    if layout.stage == "petition" and "visa" not in layout.fields:
        yield FeedError(("fields",), "A petition is for a visa: it needs the field visa.")


def _field_errors(layout: Layout, name: str, spec: FieldSpec) -> Iterator[FeedError]:
    at = ("fields", name)
    if name not in FIELDS:
        error = unknown_name("", "field of a decided case", name, FIELDS)
        yield FeedError(at, str(error), error.suggestion)
        return
    try:
        compile_target(
            FIELDS[name], spec, none_values=frozenset(), today=_ANY_DAY, typed_cells=layout.format.typed_cells
        )
    except SpecError as error:
        yield FeedError((*at, error.option) if error.option else at, str(error), error.suggestion)
    if spec.tokens and (name != "visa" or set(spec.tokens.values()) != {SEVERAL} or layout.stage == "petition"):
        sentence = f"The only token is {SEVERAL}, of a visa, and not of a petition, which is for one visa."
        yield FeedError((*at, "tokens"), sentence)
    if name in {KEY, "outcome"} and spec.if_bad == "drop":
        yield FeedError((*at, "if_bad"), f"A row without {name} tells nothing: a bad one must reject the row.")
