"""What columns without telling names are, by what stands in them; each of these guesses says that it is one."""

from __future__ import annotations

import re
from collections.abc import Callable

from gateway.domain.people.fields import Kind
from ingest.infer.bench import MOST_COMPANIES, Bench, companies_in
from ingest.infer.draft import FieldDraft, RecordDraft
from ingest.infer.profile import ColumnProfile
from ingest.infer.vocabulary import is_of_others
from ingest.infer.words import meaning

NAMELESS = re.compile(r"col_[0-9]+_[0-9]+|column_[0-9]+")

_DOUBT = "the column has no name; what it is, is read off its content"
_LEAST_NAME = 4  # characters of the longest name in a column of names
_FEW = 3  # distinct values: fewer prove nothing
_BIRTH_YEARS = range(1935, 2012)
_HYPHENED = re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}|[Aa]-?[0-9]{8,9}|.*[A-Z].*")


def _strict(test: str) -> Callable[[ColumnProfile], bool]:
    """A type whose shape nothing else has."""
    return lambda column: column.fits(test) and column.distinct >= _FEW


def _shaped(test: str) -> Callable[[ColumnProfile], bool]:
    """A type that plain numbers would fit too, so that its own marks must be there."""
    return lambda column: column.fits(test) and all(map(_HYPHENED.fullmatch, list(column.counts)[:200]))


def _country(column: ColumnProfile) -> bool:
    return column.fits("country") and column.distinct >= _FEW and column.shortest >= 2  # noqa: PLR2004 - alpha-2


def _state(column: ColumnProfile) -> bool:
    return column.fits("us_state") and column.distinct >= _FEW and column.longest == 2  # noqa: PLR2004 - USPS


def _sex(column: ColumnProfile) -> bool:
    return column.longest == 1 and column.distinct > 1 and set(column.counts) <= {"M", "F", "X", "W", "D"}


def _status(column: ColumnProfile) -> bool:
    return 1 < column.distinct <= 6 and all(meaning("enrollment_status", word) for word in column.counts)  # noqa: PLR2004


def is_birth(column: ColumnProfile) -> bool:
    """Whether its dates are those of people who work."""
    years = _years(column)
    return len(years) >= _FEW and all(year in _BIRTH_YEARS for year in years) and min(years) < 2000  # noqa: PLR2004


def _name(column: ColumnProfile) -> bool:
    return (
        column.lettered >= 0.97 * column.seen > 0
        and companies_in(column) < MOST_COMPANIES
        and column.longest >= _LEAST_NAME
        and column.distinct >= min(8, 0.5 * column.filled)
    )


# in this order: what is certain by its shape first
_GUESSES: list[tuple[Kind, str, Callable[[ColumnProfile], bool]]] = [
    ("client", "email", _strict("email")),
    ("client", "soc_code", _strict("soc")),
    ("client", "ssn", _shaped("ssn")),
    ("client", "a_number", _shaped("a_number")),
    ("client", "sex", _sex),
    ("client", "work_state", _state),
    ("client", "citizenship", _country),
    ("client", "enrollment_status", _status),
    ("client", "date_of_birth", is_birth),
    ("client", "family_name", _name),
    ("client", "given_name", _name),
]
_BY_SHAPE = frozenset({"email", "soc_code", "ssn", "a_number"})  # taken whatever the column is called


def guess_client(bench: Bench, record: RecordDraft, *, is_main: bool) -> None:
    """Fields of the person that no column is called after, from columns without telling names.

    Words of letters are taken for names in the main part only: elsewhere they are streets and jobs.
    """
    for kind, name, fits in _GUESSES:
        if name in record.fields or (fits is _name and not is_main):
            continue
        for address, column in list(bench.free.items()):
            nameless = NAMELESS.fullmatch(column.name) is not None
            shaped = name in _BY_SHAPE and not is_of_others(column.name)
            if (nameless or shaped) and column.filled and fits(column):
                if made := bench.take(kind, name, address, "by its content"):
                    _doubted(made, nameless=nameless, guessed=name not in _BY_SHAPE)
                    record.fields[name] = made
                break


def _doubted(made: FieldDraft, *, nameless: bool, guessed: bool) -> None:
    if nameless and guessed:
        made.unsure.append(_DOUBT)


def _years(column: ColumnProfile) -> list[int]:
    if column.dates.share < 0.9:  # noqa: PLR2004 - dates, but for a few
        return []
    years = (re.search(r"(?:19|20)[0-9]{2}", value) for value in list(column.counts)[:500])
    return [int(year[0]) for year in years if year]
