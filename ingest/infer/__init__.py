"""Proposes a partner.yaml from one sample: what the file is, what its columns mean, and what remains in doubt."""

from __future__ import annotations

from collections import Counter
from typing import Any

from msgspec import Struct

from gateway.config import ConfigError, Reader
from gateway.config.editing import flow
from gateway.config.findings import dotted
from gateway.errors import Invalid
from ingest.feeds import FEEDS
from ingest.formats.base import Source
from ingest.infer import elements, fixedwidth, objects, separated, workbooks
from ingest.infer.draft import FeedDraft, SectionDraft
from ingest.infer.layout import Layout
from ingest.infer.measure import Measured, measured
from ingest.infer.names import named
from ingest.infer.rehearsal import Rehearsed, mend, rehearse
from ingest.infer.section import main_of, record_types, section_of, terrain_of
from ingest.infer.sniffing import NotUnderstood, container_of, head_of, taken_out, text_of
from ingest.infer.words import NAMIBIA, NUMERIC_PLACEHOLDERS
from ingest.infer.writing import Identity, Written, written

__all__ = ["Asked", "NotUnderstood", "Proposal", "infer"]

# kinds of text that are known by how they begin
_BY_BEGINNING = ((objects.is_json, objects.layout_of), (elements.is_xml, elements.layout_of))
_MOST_REPAIRS = 25
_LEAST_LOADED = 0.5  # of the rows, for a proposal to be worth anything
_AMERICAN, _EUROPEAN = "America/New_York", "Europe/Berlin"


class Asked(Struct, frozen=True):
    """What whoever has the sample says about the partner; what is None is guessed, and said to be."""

    partner: str
    firm: str
    name: str | None = None
    time_zone: str | None = None


class Proposal(Struct, frozen=True):
    """A partner.yaml that is valid, and that its own sample loads under.

    Attributes:
        config: the text, commented.
        feed: the name of its feed.
        unsure: each doubt, behind the path that it is about.
        evidence: what speaks for each line: its `path`, and `because`.
        rows, loaded: of the sample, and how many of them load as proposed.
    """

    config: str
    feed: str
    unsure: list[str]
    evidence: list[dict[str, str]]
    rows: int
    loaded: int


def infer(source: Source, asked: Asked, reader: Reader) -> Proposal:
    """Read a sample to its end, several times, and propose the settings for files like it.

    Raises:
        NotUnderstood: no settings can be proposed; the sentence says why, and what to do.
    """
    _check(asked, reader)
    taken = taken_out(source)
    layout = layout_of(taken.source)
    found = measured(taken.source, layout)
    draft, time_zone = _drafted(taken.source, layout, found)
    draft.unpack = taken.archive
    identity = _identity(asked, time_zone)
    out, seen = _rehearsed(taken.source, draft, identity, reader)
    return Proposal(out.text, draft.naming.feed, out.unsure, out.evidence, seen.rows, seen.loaded)


def _check(asked: Asked, reader: Reader) -> None:
    """Refuse names that no partner.yaml can have, before anything is read."""
    known = {
        "partner": asked.partner,
        "firm": asked.firm,
        "name": asked.name,
        "time_zone": asked.time_zone or _AMERICAN,
    }
    text = "".join(f"{key}: {flow(value)}\n" for key, value in (known | {"name": asked.name or asked.partner}).items())
    try:
        reader.read(text)
    except ConfigError as error:
        said = " ".join(f"{one.path}: {one.message}" for one in error.findings)
        raise Invalid("bad_name", f"There can be no such partner. {said}") from error


def layout_of(source: Source) -> Layout:
    """How a file is to be read, by its content.

    Raises:
        NotUnderstood: it is nothing that is read here.
    """
    if container_of(source) == "workbook":
        return workbooks.layout_of(source)
    text = text_of(source)
    if not head_of(source, 512 * 1024).decode(text.encoding, "replace").strip("\ufeff \t\r\n\x1a"):
        raise NotUnderstood(f"{source.name} holds nothing but blanks. Ask the partner for one with rows.", "empty_file")
    for begins, layout in _BY_BEGINNING:
        if begins(source, text):
            return layout(source, text)
    return separated.if_clear(source, text) or fixedwidth.layout_of(source, text) or separated.layout_of(source, text)


# ---------------------------------------------------------------- the draft


def _drafted(source: Source, layout: Layout, found: list[Measured]) -> tuple[FeedDraft, str]:
    hint = "day" if layout.options.get("delimiter") == ";" else ""
    terrain = terrain_of([one.profile for one in found], hint=hint)
    main = main_of([one.profile for one in found])
    sections = []
    for number, one in enumerate(found):
        where, because = _where(one, layout.named_by_row)
        section = section_of(one.names, one.profile, terrain, where, is_main=number == main, shared=layout.shared)
        section.where_because = because
        sections.append(section)
    kept = _with_records(source, layout, sections)
    nothings = _none_values(kept, found)
    draft = FeedDraft(named(source.name), layout, kept, nothings, None)
    return draft, _EUROPEAN if terrain.hint == "day" and terrain.order != "month" else _AMERICAN


def _where(one: Measured, names: tuple[str, str] | None) -> tuple[dict[str, Any] | None, str]:
    if names:
        return {"column": names[0], "is_not": [names[1]]}, "the first line holds the names of the columns"
    if one.totals:
        column, words = next(iter(one.totals.items()))
        return {"column": column, "is_not": sorted(set(words))}, "a row of totals at the end is no data"
    if rare := record_types(one.profile):
        column, usual, others = rare
        told = ", ".join(f"{word} in {count:,}" for word, count in others.items())
        return {"column": column, "is": usual}, f"rows that are data; {told} are not"
    return None, ""


def _with_records(source: Source, layout: Layout, sections: list[SectionDraft]) -> list[SectionDraft]:
    """The sections whose rows yield something, the largest first; parts without any are left out of the layout."""
    good = [one for one in sections if not one.is_empty]
    good.sort(key=lambda one: (-one.rows, -sum(len(record.fields) for record in one.records())))
    if not good:
        raise NotUnderstood(
            f"Nothing in {source.name} tells people or cases apart: no column is called an employee or case number, "
            "and none holds a different identifier or address in each row. Ask the partner to add one.",
            "no_key",
        )
    key = good[0].client.key if good[0].client else None
    for section in sections:
        differs = section.client is not None and section.client.key != key
        if (section.is_empty or differs) and layout.without:
            for name in section.names:
                layout.without(layout, name)
                layout.aside[name] = "no column tells people or cases apart" if section.is_empty else "another key"
    return [one for one in good if one is good[0] or one.client is None or one.client.key == key]


def _none_values(sections: list[SectionDraft], found: list[Measured]) -> dict[str, int]:
    """Placeholders in the columns that become something, with how often they stand there."""
    used = {column for one in sections for record in one.records() for made in record.fields.values()
            for column in made.columns} | {name for one in sections for name in one.keep}  # fmt: skip
    total: Counter[str] = Counter()
    for column in (one for group in found for one in group.profile.columns):
        if not {column.name.strip(), *(f"{column.name.strip()}#{nth}" for nth in range(2, 10))} & used:
            continue
        dated = column.dates.share > 0.5  # noqa: PLR2004 - a half
        for word, count in column.nothings.items():
            if word in NUMERIC_PLACEHOLDERS and not dated:
                continue
            if not (word == NAMIBIA and column.fits("country")):
                total[word] += count
    return dict(sorted(total.items()))


def _identity(asked: Asked, time_zone: str) -> Identity:
    guessed = {}
    if asked.time_zone is None:
        guessed["time_zone"] = "guessed from how dates and numbers are written; it decides which day `today` is"
    if asked.name is None:
        guessed["name"] = "made of the short name; write the name that people read"
    name = asked.name or asked.partner.replace("-", " ").title()
    return Identity(asked.partner, asked.firm, name, asked.time_zone or time_zone, guessed)


# ---------------------------------------------------------------- proving it


def _rehearsed(source: Source, draft: FeedDraft, identity: Identity, reader: Reader) -> tuple[Written, Rehearsed]:
    """The text that is valid and loads; fields that are mostly bad are given up on the way."""
    given_up = True
    seen = Rehearsed()
    while given_up:
        out = _valid(draft, identity, [], reader)
        feeds = FEEDS.of(reader.read(out.text))
        try:
            seen = rehearse(source, feeds[draft.naming.feed], identity.time_zone)
        except NotUnderstood as error:
            if error.code != "control_total" or not draft.layout.options.pop("controls", None):
                raise
            draft.layout.unsure.append(f"controls: left out, for they do not hold for this sample. {error.sentence}")
            continue
        given_up = mend(draft, seen)
    if seen.loaded + seen.spoiled < _LEAST_LOADED * seen.rows:
        raise NotUnderstood(
            f"Most rows of {source.name} would not load under any settings that were found: {seen.loaded:,} of "
            f"{seen.rows:,}. Write partner.yaml by hand (docs/config.md), or ask the partner for a better sample."
        )
    return _valid(draft, identity, _opening(source, seen), reader), seen


def _opening(source: Source, seen: Rehearsed) -> list[str]:
    return [
        f"Proposed by `gateway partner infer` from {source.name}: of its {seen.rows:,} rows, {seen.loaded:,} load so.",
        "Beside each line stands what speaks for it; UNSURE marks what a person must look at. Check it against the",
        "partner's own description before it is applied: a sample shows what is there, not what will come.",
        "",
    ]


def _valid(draft: FeedDraft, identity: Identity, opening: list[str], reader: Reader) -> Written:
    """The text, without fields that the config language refuses.

    Raises:
        NotUnderstood: what is refused is not a field.
    """
    for _ in range(_MOST_REPAIRS):
        out = written(draft, identity, opening)
        try:
            reader.read(out.text)
        except ConfigError as error:
            if not _without_refused(draft, error):
                raise NotUnderstood(
                    f"The settings that were found for {identity.partner} do not hold: {error.findings[0].message} "
                    "Check the names that were given, or write partner.yaml by hand (docs/config.md)."
                ) from error
        else:
            return out
    raise NotUnderstood("No valid settings were found for this sample. Write partner.yaml by hand (docs/config.md).")


def _without_refused(draft: FeedDraft, error: ConfigError) -> bool:
    """Take the refused fields out; whether there were any."""
    refused = False
    for section in draft.sections:
        for record in section.records():
            for name in list(record.fields):
                place = dotted(("fields", name))
                hits = [one for one in error.findings if place in one.path]
                if hits and name != record.key and len(record.fields) > 1:
                    for column in record.fields.pop(name).columns:
                        section.aside[column] = f"would be {name}, but: {hits[0].message}"
                    refused = True
    return refused
