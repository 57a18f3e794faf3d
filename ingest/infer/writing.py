"""Writes a proposed feed as partner.yaml: the evidence stands beside each line, doubts stand above it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gateway.config.editing import flow
from ingest.infer.counting import counted
from ingest.infer.draft import FeedDraft, RecordDraft, SectionDraft

_UNPRINTABLE = re.compile("[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]")
_WIDTH = 90  # characters of a field, above which its comment does not align
_LEAST_ASIDE = 44
_PAGE = 118  # columns of a comment
_LONGEST_COMMENT = 600  # characters


@dataclass(frozen=True)
class Identity:
    """Who the partner is, as asked for."""

    partner: str
    firm: str
    name: str
    time_zone: str
    guessed: dict[str, str]  # which of these were guessed, and why


@dataclass
class Written:
    """The text, what speaks for its lines, and what remains in doubt; each by its path in the file."""

    lines: list[str] = field(default_factory=list)
    evidence: list[dict[str, str]] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    at: list[str] = field(default_factory=list)
    aside: int = _LEAST_ASIDE  # the column in which comments begin, where the text is not longer

    @property
    def text(self) -> str:
        """The whole file."""
        return "\n".join(self.lines) + "\n"

    def line(self, indent: int, key: str, value: str, because: str = "", doubts: list[str] | None = None) -> None:
        """One line `key: value  # because`, its doubts above it."""
        path = ".".join([*self.at, key.lstrip("- ")])
        for doubt in doubts or []:
            self.remark(indent, f"UNSURE: {doubt}")
            self.unsure.append(f"{path}: {doubt}")
        text = f"{' ' * indent}{key}: {value}".rstrip()
        if because:
            self.evidence.append({"path": path, "because": because})
            text = f"{text.ljust(self.aside)}  # {_comment(because)}"
        self.lines.append(text)

    def remark(self, indent: int, sentence: str) -> None:
        """A comment on lines of its own."""
        start = f"{' ' * indent}# "
        self.lines += textwrap.wrap(_comment(sentence), _PAGE, initial_indent=start, subsequent_indent=f"{start}  ",
                                    break_long_words=False, break_on_hyphens=False) or [""]  # fmt: skip


def written(draft: FeedDraft, identity: Identity, opening: list[str]) -> Written:
    """The whole partner.yaml.

    Args:
        draft: the feed.
        identity: the partner.
        opening: sentences for its beginning.
    """
    out = Written()
    out.lines.append("# yaml-language-server: $schema=../partner.schema.json")
    for sentence in opening:
        out.remark(0, sentence)
    for key in ("partner", "firm", "name", "time_zone"):
        guessed = identity.guessed.get(key)
        out.line(0, key, flow(getattr(identity, key)), "", [guessed] if guessed else [])
    out.lines += ["", "feeds:"]
    out.lines.append(f"  {draft.naming.feed}:")
    out.at = ["feeds", draft.naming.feed]
    _file(out, draft)
    _format(out, draft)
    _contents(out, draft)
    _section(out, 4, draft.sections[0])
    _parts(out, draft)
    _kept(out, draft)
    _closing(out)
    return out


def _comment(sentence: str) -> str:
    text = " ".join(_UNPRINTABLE.sub("\ufffd", sentence.replace("\n", " ").replace("\t", " ")).split())
    return text if len(text) <= _LONGEST_COMMENT else f"{text[: _LONGEST_COMMENT - 1]}…"


# ---------------------------------------------------------------- the file


def _file(out: Written, draft: FeedDraft) -> None:
    naming = draft.naming
    doubts = (
        []
        if "*" in naming.glob
        else ["the name holds neither date nor number: put `*` where it changes from file to file"]
    )
    out.line(4, "file", flow(naming.glob), "names of files that belong to this feed", doubts)
    if draft.unpack:
        out.line(4, "unpack", flow({draft.unpack: True}), f"the sample is a {draft.unpack} archive with one file in it")


def _format(out: Written, draft: FeedDraft) -> None:
    layout = draft.layout
    for doubt in layout.unsure:
        out.unsure.append(f"{'.'.join(out.at)}.format: {doubt}")
        out.remark(4, f"UNSURE: {doubt}")
    for name, why in layout.aside.items():
        out.remark(4, f"not read: {name} ({why})")
    out.line(4, "format", "", layout.because.get("", ""))
    out.at.append("format")
    for key, value in layout.options.items():
        if key == "records" and isinstance(value, dict):
            _records(out, value, layout.because.get(key, ""))
        elif key == "columns" and isinstance(value, dict):
            out.line(6, key, "", layout.because.get(key, ""))
            out.lines += [f"        {flow(column)}: {flow(path)}" for column, path in value.items()]
        else:
            out.line(6, key, flow(value), layout.because.get(key, ""))
    out.at.pop()


def _records(out: Written, records: dict[str, Any], because: str) -> None:
    out.line(6, "records", "", because)
    for name, record in records.items():
        out.lines.append(f"        {flow(name)}:")
        out.lines += [f"          {key}: {flow(value)}" for key, value in record.items() if key != "columns"]
        out.lines.append("          columns:")
        out.lines += [f"            {flow(column)}: {flow(place)}" for column, place in record["columns"].items()]


def _contents(out: Written, draft: FeedDraft) -> None:
    doubt = (
        "a single file cannot tell. `changes` is safe: nobody is closed for being missing. If every file lists "
        "everybody, write `contents: full`, and `absent: close` if whoever is missing has left"
    )
    out.line(4, "contents", "changes", "the safe one of the two", [doubt])
    if draft.naming.as_of:
        doubts = ["day and month of the file's name may be the other way round"] if draft.naming.is_ambiguous else []
        out.line(4, "as_of", flow({"file_name": draft.naming.as_of}), f"the name says {draft.naming.day}", doubts)
    if draft.none_values:
        told = ", ".join(f"{word} {counted(count, 'time')}" for word, count in draft.none_values.items())
        out.line(4, "none_values", flow(["", *draft.none_values]), told)
    for doubt in draft.unsure:
        out.unsure.append(f"{'.'.join(out.at)}: {doubt}")
        out.remark(4, f"UNSURE: {doubt}")


# ---------------------------------------------------------------- records


def _section(out: Written, indent: int, section: SectionDraft) -> None:
    out.lines.append("")
    for doubt in section.unsure:
        out.unsure.append(f"{'.'.join(out.at)}: {doubt}")
        out.remark(indent, f"UNSURE: {doubt}")
    if section.where:
        out.line(indent, "where", flow(section.where), section.where_because)
    for kind, record in (("client", section.client), ("case", section.case)):
        if record:
            out.line(indent, kind, "", record.because or section.repeats)
            _record(out, indent + 2, kind, record)
    if section.documents:
        out.line(indent, "documents", "")
    for number, record in enumerate(section.documents):
        out.line(indent + 2, "- type", flow(record.type), record.because, record.unsure)
        _record(out, indent + 4, f"documents[{number}]", record)


def _record(out: Written, indent: int, name: str, record: RecordDraft) -> None:
    out.at.append(name)
    if record.kind == "client" or record.key:
        out.line(indent, "key", flow(record.key))
    if record.when:
        out.line(indent, "when", flow(record.when), "rows that bring one")
    out.lines.append(f"{' ' * indent}fields:")
    out.at.append("fields")
    width = max(map(len, record.fields))
    told = {one: " " * (width - len(one)) + flow(made.options) for one, made in record.fields.items()}
    out.aside = max([indent + width + 4 + len(text) for text in told.values() if len(text) < _WIDTH], default=_WIDTH)
    for field_name, made in record.fields.items():
        out.line(indent + 2, field_name, told[field_name], made.because, made.unsure)
    out.aside = _LEAST_ASIDE
    del out.at[-2:]


def _parts(out: Written, draft: FeedDraft) -> None:
    others = [(name, section) for section in draft.sections[1:] for name in section.names]
    if not others:
        return
    out.line(4, "parts", "", "these have columns of their own")
    for name, section in others:
        out.lines.append(f"      {flow(name)}:")
        out.at += ["parts", name]
        _section(out, 8, section)
        del out.at[-2:]


def _kept(out: Written, draft: FeedDraft) -> None:
    keep = {name: why for section in draft.sections for name, why in section.keep.items()}
    if keep:
        out.lines.append("")
        told = ", ".join(f"{name}: {why}" for name, why in keep.items())
        out.line(4, "keep", flow(list(keep)), f"about the organisation; {told}")
    aside = list(_aside(draft))
    if aside:
        out.lines.append("")
        out.remark(4, "Not stored (the file itself is kept, encrypted):")
        for name, why in aside:
            out.remark(4, f"  {name}: {why}")


def _aside(draft: FeedDraft) -> Iterator[tuple[str, str]]:
    several = len(draft.sections) > 1
    for section in draft.sections:
        for name, why in section.aside.items():
            yield (f"{', '.join(section.names)}: {name}" if several else name), why


def _closing(out: Written) -> None:
    out.lines += ["", "# ------------------------------------------------------------ What I was unsure of"]
    for number, doubt in enumerate(out.unsure, 1):
        out.remark(0, f"{number}. {doubt}")
