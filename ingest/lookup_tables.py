"""The CSV tables that a partner.yaml names: found beside it, held against the steps that look things up in them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from operator import attrgetter
from pathlib import Path

from gateway.config import Document, Finding, nearest
from ingest.feed import Feed, Lookup
from ingest.mapping.errors import Path as KeyPath
from ingest.mapping.tables import LookupTable, Trouble, column_errors, index_of, parse

MAX_BYTES = 5_000_000
_MOST_FINDINGS = 20  # of one table in one step: a table with a wrong column is wrong in every row

_Place = tuple[KeyPath, Feed, Lookup]


def read_tables(folder: Path, feeds: Mapping[str, Feed], document: Document) -> tuple[dict[str, str], list[Finding]]:
    """The tables of sound feeds as text, by name, and everything that is wrong with them.

    Args:
        folder: where they lie.
        feeds: those whose steps make sense.
        document: of the partner.yaml, for findings in it.
    """
    places = list(_lookups(feeds))
    texts: dict[str, str] = {}
    findings: list[Finding] = []
    for name, path in {step.table: (*path, "table") for path, _, step in reversed(places)}.items():
        try:
            texts[name] = _text(folder / name)
        except _NoTextError as error:
            findings.append(_finding(folder / name, error.trouble))
        except FileNotFoundError:
            near = nearest(name, (one.name for one in folder.glob("*.csv")))
            findings.append(document.finding(path, f"There is no file {name} beside this one.", near))
        except OSError as error:
            findings.append(document.finding(path, f"The file {name} cannot be read: {error.strerror}."))
    return texts, [*findings, *_wrong(folder, places, texts, document)]


def lacking_tables(feeds: Mapping[str, Feed], tables: Collection[str], document: Document) -> list[Finding]:
    """A finding for each step whose table did not come with a text: it has no folder from which one could be read."""
    return [
        document.finding(
            (*path, "table"),
            f"The table {step.table} did not come with these settings. "
            f"Apply them as a file, with {step.table} beside it.",
        )
        for path, _, step in _lookups(feeds)
        if step.table not in tables
    ]


def given_tables(
    given: Mapping[str, str], feeds: Mapping[str, Feed], document: Document
) -> tuple[dict[str, str], list[Finding]]:
    """As `read_tables`, of tables that came with the text of a partner.yaml; those that no step names are left out."""
    places = list(_lookups(feeds))
    texts: dict[str, str] = {}
    findings: list[Finding] = []
    for name, path in {step.table: (*path, "table") for path, _, step in reversed(places)}.items():
        if name not in given:
            findings.append(
                document.finding(path, f"The table {name} did not come with these settings.", nearest(name, given))
            )
            continue
        try:
            texts[name] = _decoded(given[name].encode("utf-8", "surrogatepass"))
        except _NoTextError as error:
            findings.append(_finding(Path(name), error.trouble))
    return texts, [*findings, *_wrong(Path(), places, texts, document)]


class _NoTextError(ValueError):
    def __init__(self, before: bytes, sentence: str) -> None:
        super().__init__(sentence)
        self.trouble = Trouble(before.count(b"\n") + 1, sentence)


def _text(path: Path) -> str:
    with path.open("rb") as stream:
        return _decoded(stream.read(MAX_BYTES + 1))


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise _NoTextError(b"", f"The table is larger than {MAX_BYTES:,} bytes.")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        found = f"byte 0x{data[error.start]:02X}"
        raise _NoTextError(
            data[: error.start], f"The table is not UTF-8 text here ({found}); save it as UTF-8."
        ) from None
    before, nul, _ = data.partition(b"\0")
    if nul:
        raise _NoTextError(before, "The table holds a NUL character here, which cannot be stored.")
    return data.decode("utf-8-sig")


def _lookups(feeds: Mapping[str, Feed]) -> Iterator[_Place]:
    for name, feed in feeds.items():
        sections: list[tuple[KeyPath, Feed]] = [(("feeds", name), feed)]
        sections += [(("feeds", name, "parts", part), feed.section(part)) for part in feed.parts]
        for path, section in sections:
            if not (section.client or section.case):
                continue  # what the feed says for itself, where its parts say all
            steps = enumerate(section.enrich)
            yield from (((*path, "enrich", n), section, step) for n, step in steps if isinstance(step, Lookup))


def _wrong(folder: Path, places: list[_Place], texts: dict[str, str], document: Document) -> Iterator[Finding]:
    tables = {name: parse(name, text) for name, text in texts.items()}
    for path, section, step in places:
        if (table := tables.get(step.table)) is not None:
            yield from _wrong_in_step(folder, path, section, step, table, document)


def _wrong_in_step(
    folder: Path, path: KeyPath, section: Feed, step: Lookup, table: LookupTable, document: Document
) -> Iterator[Finding]:
    errors = [] if table.troubles and not table.headers.found else list(column_errors(step, table))
    yield from (document.finding((*path, *error.path), error.sentence) for error in errors)
    troubles = table.troubles if errors or not table.headers.found else index_of(section, step, table).troubles
    for number, trouble in enumerate(sorted(troubles, key=attrgetter("line"))):
        if number == _MOST_FINDINGS:
            rest = f"{len(troubles) - number:,} more findings in this table."
            yield _finding(folder / table.name, Trouble(trouble.line, rest))
            return
        yield _finding(folder / table.name, trouble)


def _finding(path: Path, trouble: Trouble) -> Finding:
    return Finding(str(path), trouble.line, 1, "", trouble.found, trouble.sentence)
