"""Where the columns of fixed width begin: after blanks, where digits meet letters, and around dates."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import date

_BLANKS, _FILLED = 0.98, 0.9  # shares of blank lines at a place: before a column, and at its first place
_JUMP = 0.5  # by which a column that is rarely blank begins
_TURN = 0.8  # of the lines that have a digit where the place before has none, or the other way round
_RUN = 0.98  # of the lines with a digit or a blank, in a run of digits
_DATE = 8  # places of YYYYMMDD
_DATES = 0.97  # of the lines that must hold one
_NO_DATES = frozenset({"00000000", "99991231", "99999999", " " * _DATE})
_YEARS = range(1900, 2101)
_SHORTEST_NUMBER = 4  # places of a number that tells people apart: shorter ones recur by chance
_DIFFERENT = 0.2  # of the lines of a kind, that speak of different people
_SAME = 0.5  # of the people of one kind of line, that another speaks of too
_SEX = re.compile("[MFXWD]")
_LONGEST_CODES = 6  # letters of codes side by side


@dataclass
class Span:
    """One column: its first place, counted from 1, its length, and its name."""

    start: int
    length: int
    name: str = ""

    def __post_init__(self) -> None:
        self.name = self.name or f"col_{self.start}_{self.length}"


def spans_of(lines: list[str], marks: list[tuple[int, int, str]]) -> list[Span]:
    """The columns that some lines have, the marks that they are known by left out."""
    width = max(map(len, lines))
    padded = [line.ljust(width) for line in lines]
    places = ["".join(place) for place in zip(*padded, strict=True)]
    blank = [place.count(" ") / len(place) for place in places]
    digit = [sum(map(str.isdecimal, place)) / len(place) for place in places]
    letter = [sum(map(str.isalpha, place)) / len(place) for place in places]
    starts = _starts(blank, digit, letter) | _dates(padded, blank, digit)
    taken = {place for start, length, _ in marks for place in range(start - 1, start - 1 + length)}
    starts |= {end for start, length, _ in marks for end in (start - 1, start - 1 + length)}
    bounds = [*sorted(start for start in starts if start < width), width]
    cuts = [(start, end) for start, end in itertools.pairwise(bounds) if start not in taken]
    filled = [(start, end) for start, end in cuts if min(blank[start:end]) < 1]
    return [Span(start + 1, end - start) for one in filled for start, end in _letters(one, padded, blank)]


def cut_at_shared(kinds: list[tuple[list[str], list[Span]]]) -> str | None:
    """Cut the columns of all kinds of lines where one of them has the number that tells people apart.

    That number is known by standing at the same place, with the same values, in the lines of every other kind.

    Args:
        kinds: the lines of each, and its columns, which are changed.

    Returns:
        the name of the shared column; None where there is none.
    """
    if len(kinds) < 2:  # noqa: PLR2004 - nothing to share with
        return None
    for lines, spans in kinds:
        for span in spans:
            number = _trimmed(lines, span)
            values = set(_cells(lines, number))
            if _tells_apart(lines, number) and all(_recurs(values, set(_cells(other, number))) for other, _ in kinds):
                for others, columns in kinds:
                    _cut(others, columns, number)
                return number.name
    return None


def _cells(lines: list[str], span: Span) -> list[str]:
    return [line[span.start - 1 : span.start - 1 + span.length] for line in lines]


def _trimmed(lines: list[str], span: Span) -> Span:
    """A column without the blanks at its end."""
    return Span(span.start, max(len(cell.rstrip()) for cell in _cells(lines, span)))


def _tells_apart(lines: list[str], span: Span) -> bool:
    cells = _cells(lines, span)
    whole = all(len(cell.strip()) == span.length for cell in cells)
    return (
        span.length >= _SHORTEST_NUMBER
        and whole
        and any(map(str.isdecimal, cells[0]))
        and len(set(cells)) >= _DIFFERENT * len(cells)
    )


def _recurs(values: set[str], others: set[str]) -> bool:
    """Whether two kinds of lines speak of the same people; one may speak of a few of them only."""
    return len(values & others) >= _SAME * min(len(values), len(others))


def _cut(lines: list[str], spans: list[Span], shared: Span) -> None:
    """Make a place a column of its own, and what is filled of others on either side."""
    first, last = shared.start, shared.start + shared.length
    touched = [span for span in spans if span.start < last and first < span.start + span.length]
    if not touched:
        return
    left, right = touched[0].start, touched[-1].start + touched[-1].length
    bounds = [(left, first), (first, last), (last, right)]
    pieces = [Span(start, end - start) for start, end in bounds if start < end]
    place = spans.index(touched[0])
    spans[place : place + len(touched)] = [piece for piece in pieces if "".join(_cells(lines, piece)).strip()]


def _starts(blank: list[float], digit: list[float], letter: list[float]) -> set[int]:
    """Places where a column begins; the marks within a date or an amount are no ends."""
    starts = {next((place for place, share in enumerate(blank) if share < 1), 0)}
    for place in range(1, len(blank)):
        before, here = blank[place - 1], blank[place]
        if (before >= _BLANKS and here < _FILLED) or before - here >= _JUMP:
            starts.add(place)
        elif max(before, here) < _JUMP and _turns(digit, letter, place):
            starts |= set() if _is_prefix(blank, digit, place) else {place}
        elif before >= 1 and here < 1:
            starts.add(place)
    return starts


def _turns(digit: list[float], letter: list[float], place: int) -> bool:
    """Whether digits follow letters here, or letters digits."""
    before = place - 1
    return max(digit[before] + letter[place], letter[before] + digit[place]) >= 2 * _TURN


def _is_prefix(blank: list[float], digit: list[float], place: int) -> bool:
    """Whether the digits from here belong to a letter or two before them: the number of a passport, of a visa."""
    letters = next((back for back in range(1, 4) if place - back < 0 or blank[place - back] >= _JUMP), 4)
    return digit[place] > digit[place - 1] and 1 < letters <= 3  # noqa: PLR2004 - letters, and the blank before them


def _dates(lines: list[str], blank: list[float], digit: list[float]) -> set[int]:
    """Both ends of every date in a run of digits."""
    ends: set[int] = set()
    place = 0
    while place + _DATE <= len(blank):
        run = [blank[one] + digit[one] >= _RUN for one in range(place, place + _DATE)]
        if all(run) and _are_dates([line[place : place + _DATE] for line in lines]):
            ends |= {place, place + _DATE}
            place += _DATE
        else:
            place += 1
    return ends


def _are_dates(cells: list[str]) -> bool:
    real = [cell for cell in cells if cell not in _NO_DATES]
    return len(real) > 0 and sum(map(_is_date, real)) >= _DATES * len(real) and len(real) * 50 >= len(cells)


def _is_date(cell: str) -> bool:
    if not cell.isdecimal() or int(cell[:4]) not in _YEARS:
        return False
    try:
        date(int(cell[:4]), int(cell[4:6]), int(cell[6:]))
    except ValueError:
        return False
    return True


def _letters(cut: tuple[int, int], lines: list[str], blank: list[float]) -> list[tuple[int, int]]:
    """Short codes that stand side by side without a blank: a sex before a country, a country before a status."""
    start, end = cut
    inner = end - next((back for back in range(end - start) if blank[end - 1 - back] < 1), 0)
    cells = [line[start:inner] for line in lines]
    if inner - start > _LONGEST_CODES or not all(re.fullmatch(f"[A-Z]{{{inner - start}}}", cell) for cell in cells):
        return [cut]
    bounds = {start, end}
    if (country := _country(cells)) is not None:
        bounds |= {start + country, start + country + 3} & set(range(start, inner))
    elif inner - start > 1 and len({cell[0] for cell in cells}) > 1 and _are_sexes(cells):
        bounds.add(start + 1)
    return list(itertools.pairwise(sorted(bounds)))


def _are_sexes(cells: list[str]) -> bool:
    """Whether each begins with a letter for the sex, and there are few of them."""
    return len(set(cells)) <= _LONGEST_CODES and all(map(_SEX.match, cells))


def _country(cells: list[str]) -> int | None:
    """Where three letters stand that are a country in every line; None where there are no such."""
    from gateway.values.countries import country_codes  # noqa: PLC0415 - loads its tables on import

    codes = set(country_codes().values())
    for place in range(len(cells[0]) - 2):
        if all(cell[place : place + 3] in codes for cell in cells) and len(cells[0]) > 3:  # noqa: PLR2004 - alpha-3
            return place
    return None
