"""A field compiled to a function over a column of cells: blank, tokens, cleaning, type and checks in one pass."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from gateway.domain.people.fields import Room
from gateway.values.base import BadValue
from gateway.values.spoiled import may_be_spoiled
from ingest.feed import FieldSpec
from ingest.mapping.checks import Check, compile_checks, compile_suspicion
from ingest.mapping.cleaners import compile_cleaners, strip
from ingest.mapping.errors import SpecError
from ingest.mapping.turned import Turned, watch_for
from ingest.mapping.types import parser_for

LONGEST_CELL = 100_000  # characters
_MOST_REMEMBERED = 4_000  # distinct cells of one column
_LONGEST_REMEMBERED = 200  # characters: longer text hardly repeats, and would fill the memory
_UNREADABLE = re.compile("[\0\ud800-\udfff]")  # PostgreSQL takes no NUL, UTF-8 no surrogates


@dataclass(slots=True)
class ColumnResult:
    """What a batch of cells came to.

    Attributes:
        values: one for each cell; None where blank, bad, cleared or a token.
        bad: (index, what is wrong).
        cleared: indexes of cells that ask for the value on record to go.
        tokens: (index, meaning) of cells that stand for something else than a value.
    """

    values: list[object | None]
    bad: list[tuple[int, BadValue]] = field(default_factory=list)
    cleared: list[int] = field(default_factory=list)
    tokens: list[tuple[int, str]] = field(default_factory=list)


def compile_column(
    spec: FieldSpec,
    *,
    none_values: frozenset[str],
    today: date,
    max_length: int | None = None,
    room: Room | None = None,
    typed_cells: bool = False,
    identifies: bool = False,
) -> Column:
    """Compile one field.

    Args:
        spec: the field.
        none_values: what the feed writes for "no value"; compared with the stripped and with the cleaned cell.
        today: the date of receipt in the partner's zone, so that a replay comes to the same.
        max_length: characters that the record can hold.
        room: numbers that the record can hold.
        typed_cells: the file has real dates and numbers, see `FormatSpec`.
        identifies: somebody or something is known by it, so that a digit less is another's.

    Raises:
        SpecError: the field makes no sense.
    """
    if spec.required and (spec.blank == "clear" or spec.clear_token is not None):
        raise SpecError(
            "clear_token" if spec.clear_token is not None else "blank", "A required value cannot be cleared."
        )
    parse = parser_for(spec, typed_cells=typed_cells)
    checks = compile_checks(spec, parse, today=today, max_length=max_length, room=room)
    turned = watch_for(spec, typed_cells=typed_cells)
    watched = turned.watch(parse) if turned else parse
    read = _reader(spec, none_values, _checked(watched, checks), identifies=identifies)
    return Column(read, identifies=identifies, turned=turned)


class Column:
    """A compiled field. Distinct cells are read once: a roster of 50,000 rows holds a few thousand distinct dates.

    Attributes:
        identifies: as in `compile_column`.
        turned: what its dates look like, where they may have been turned around.
    """

    def __init__(
        self, read: Callable[[str], object], *, identifies: bool = False, turned: Turned | None = None
    ) -> None:
        self._memo = Memo(read)
        self.identifies = identifies
        self.turned = turned

    def __call__(self, cells: Sequence[str]) -> ColumnResult:
        """Read a batch; never raises for what a cell holds."""
        memo = self._memo
        memo.forget_when_full()
        outcomes = list(map(memo.__getitem__, cells))
        return _sorted_out(outcomes) if memo.has_marks else ColumnResult(outcomes)


class Memo(dict[str, object]):
    """Cell -> outcome, remembered. `has_marks` says whether any outcome so far was more than a value."""

    __slots__ = ("has_marks", "read")

    def __init__(self, read: Callable[[str], object]) -> None:
        super().__init__()
        self.read = read
        self.has_marks = False

    def __missing__(self, cell: str) -> object:
        outcome = self.read(cell)
        if outcome.__class__ in _MARKS:
            self.has_marks = True
        if len(cell) <= _LONGEST_REMEMBERED:
            self[cell] = outcome
        return outcome

    def forget_when_full(self) -> None:
        """Between batches only: within one, marks already met must not be forgotten."""
        if len(self) > _MOST_REMEMBERED:
            self.clear()
            self.has_marks = False


@dataclass(frozen=True, slots=True)
class _Token:
    meaning: str


class _Cleared:
    pass


_CLEARED = _Cleared()
_MARKS = frozenset({BadValue, _Token, _Cleared})


def _sorted_out(outcomes: list[object]) -> ColumnResult:
    result = ColumnResult(outcomes)
    for index, outcome in enumerate(outcomes):
        if isinstance(outcome, BadValue | _Token | _Cleared):
            _file(result, index, outcome)
            outcomes[index] = None
    return result


def _file(result: ColumnResult, index: int, mark: BadValue | _Token | _Cleared) -> None:
    if isinstance(mark, BadValue):
        result.bad.append((index, mark))
    elif isinstance(mark, _Token):
        result.tokens.append((index, mark.meaning))
    else:
        result.cleared.append(index)


# ---------------------------------------------------------------- one cell
def _reader(
    spec: FieldSpec, none_values: frozenset[str], parse: Callable[[str], object], *, identifies: bool
) -> Callable[[str], object]:
    clean, only_strip, nothing = compile_cleaners(spec.clean), spec.clean == ["strip"], none_values | {""}
    words = _special_words(spec, nothing)
    blank = _blank_outcome(spec)
    suspect = compile_suspicion(spec, clean) if identifies else None

    def read(cell: str) -> object:
        try:
            if cell.isascii() and "\0" not in cell and len(cell) <= LONGEST_CELL:
                bare = cell.strip()
            else:
                _refuse_unreadable(cell)
                bare = strip(unicodedata.normalize("NFC", cell))
            if bare in words:
                return words[bare]
            if suspect is not None and not bare.isalnum() and may_be_spoiled(bare):
                suspect(bare)
            if only_strip:
                return parse(bare)
            text = clean(bare)
            return blank if strip(text) in nothing else parse(text)
        except BadValue as problem:
            problem.__traceback__ = problem.__context__ = None  # it is kept: without the frames it came from
            return problem

    return read


def _special_words(spec: FieldSpec, nothing: frozenset[str]) -> dict[str, object]:
    """Stripped cells that are not read as values: blank ones, then the clear token, then tokens (the later wins)."""
    words: dict[str, object] = dict.fromkeys(nothing, _blank_outcome(spec))
    if spec.clear_token is not None:
        words[spec.clear_token] = _CLEARED
    return words | {word: _Token(meaning) for word, meaning in (spec.tokens or {}).items()}


def _blank_outcome(spec: FieldSpec) -> object | None:
    if spec.required or spec.blank == "reject":
        return BadValue("missing_value")
    return _CLEARED if spec.blank == "clear" else None


def _refuse_unreadable(cell: str) -> None:
    if len(cell) > LONGEST_CELL:
        raise BadValue("too_long", expected=f"{len(cell):,} characters, at most {LONGEST_CELL:,} are read")
    if _UNREADABLE.search(cell):
        raise BadValue("undecodable", expected="UTF-8")


def _checked(parse: Callable[[str], object], checks: list[Check]) -> Callable[[str], object]:
    if not checks:
        return parse

    def parse_and_check(text: str) -> object:
        value = parse(text)
        for check in checks:
            check(value)
        return value

    return parse_and_check
