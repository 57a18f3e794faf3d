"""What stands in a column, over all rows: every distinct value is weighed once, and memory stays flat."""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable

from gateway.values.base import BadValue
from gateway.values.spoiled import is_spoiled
from ingest.feed import FieldSpec
from ingest.infer.dates import DateTally
from ingest.infer.words import PLACEHOLDERS
from ingest.mapping.types import parser_for

LEAST_SHARE = 0.97  # of the distinct values, for a type to be proposed

_KEPT_CELLS = 400_000  # distinct values kept, shared by the columns of a file
_KEPT_LEAST, _KEPT_MOST = 30, 20_000
_LONGEST_KEPT = 200  # characters
_FLAGS = 1 << 21  # bytes a column: a count of distinct values is within a percent up to some millions
_ALL_FLAGS = 40 * _FLAGS  # shared by the columns of a file
_PROOF = 40  # distinct values after which a type that mostly fails is given up
_HOPELESS_SHARE = 0.5
_SLOW_TESTS = 2_000  # distinct telephone numbers that are looked up; of the others only the shape is
_PHONE = re.compile(r"\+?[0-9()./ \u00a0-]{6,24}(?:\s*(?:x|ext\.?)\s*[0-9]{1,6})?", re.IGNORECASE)
_COMPANY = re.compile(
    r"[\s,.](?:inc|incorporated|llc|l\.l\.c|llp|pllc|lp|corp|corporation|co|company|ltd|limited|plc|pvt|gmbh|ag|kg|se|bv|nv|sa"
    r"|sarl|group|holdings?|technolog(?:y|ies)|solutions|systems|services|consulting|associates|partners|university|college"
    r"|institute|hospital|clinic|foundation|enterprises|industries|international)[\s.,)]*$",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"\s*[;|]\s*")

Test = Callable[[str], object]

# name -> the field options that it stands for
TESTED: dict[str, dict[str, str]] = {
    "email": {"type": "email"},
    "phone": {"type": "phone"},
    "phone US": {"type": "phone", "region": "US"},
    "phone DE": {"type": "phone", "region": "DE"},
    "phone GB": {"type": "phone", "region": "GB"},
    "phone IN": {"type": "phone", "region": "IN"},
    "country": {"type": "country"},
    "us_state": {"type": "us_state"},
    "boolean": {"type": "boolean"},
    "receipt_number": {"type": "receipt_number"},
    "a_number": {"type": "a_number"},
    "i94_number": {"type": "i94_number"},
    "ssn": {"type": "ssn"},
    "fein": {"type": "fein"},
    "soc": {"type": "soc"},
    "lca_number": {"type": "lca_number"},
    "perm_number": {"type": "perm_number"},
    "sevis": {"type": "sevis"},
    "passport_mrz": {"type": "passport_mrz"},
    "integer": {"type": "integer"},
    "integer ,": {"type": "integer", "decimal": ","},
    "decimal": {"type": "decimal"},
    "decimal ,": {"type": "decimal", "decimal": ","},
    "money": {"type": "money"},
    "money ,": {"type": "money", "decimal": ","},
}


class ColumnProfile:
    """One column.

    Attributes:
        name: as the header has it.
        rows, filled: cells seen, and those of them that say something (placeholders do not).
        counts: distinct values and how often each stands there, as far as they are kept.
        nothings: placeholders for "no value", and how often each stands there.
        dates: which date formats read its values.
        shortest, longest: characters.
        companies: distinct values that end as companies' names do, such as `Acme Widgets, Inc.`
        several: distinct values of several parts, such as `English; Hindi`.
        spoiled: distinct values that a spreadsheet may have made of others, such as `1.00235E+12`, and one of them.
    """

    def __init__(self, name: str, kept: int = _KEPT_MOST, places: int = _FLAGS) -> None:
        self.name = name
        self.rows = self.filled = 0
        self.counts: dict[str, int] = {}
        self.nothings: Counter[str] = Counter()
        self.dates = DateTally()
        self.shortest, self.longest = math.inf, 0
        self.several = self.digits = self.zeros = self.commas = self.underscored = self.worded = self.lettered = 0
        self.companies = 0
        self.spoiled, self.spoiled_one = 0, ""
        self.seen = (
            0  # distinct values that were weighed; those beyond the kept ones count as often as batches have them
        )
        self._kept, self._places = kept, places
        self._flags: bytearray | None = None
        self._good: Counter[str] = Counter()
        self._alive = dict(_tests())

    @property
    def distinct(self) -> int:
        """How many distinct values there are; beyond those that are kept, an estimate (linear counting)."""
        if self._flags is None:
            return len(self.counts)
        free = self._flags.count(0)
        estimate = round(-self._places * math.log(free / self._places)) if free else self.filled
        return min(estimate, self.filled)

    @property
    def is_estimated(self) -> bool:
        """Whether there are more distinct values than are kept, so that how many is an estimate."""
        return self._flags is not None

    @property
    def distinct_told(self) -> str:
        """The same for a sentence."""
        return f"{self.distinct:,}" if self._flags is None else f"about {self.distinct:,}"

    def share(self, test: str) -> float:
        """Which part of the distinct values a type reads; nought where it was given up."""
        return self._good[test] / self.seen if test in self._alive and self.seen else 0.0

    def fits(self, test: str) -> bool:
        """Whether a type reads enough of the distinct values."""
        return self.share(test) >= LEAST_SHARE

    def add(self, cells: Iterable[str]) -> None:
        """A batch of cells, as the file has them."""
        for cell, count in Counter(cells).items():
            self.rows += count
            value = cell.strip()
            if not value:
                continue
            if value in PLACEHOLDERS:
                self.nothings[value] += count
                continue
            self.filled += count
            if value in self.counts:
                self.counts[value] += count
            else:
                self._meet(value, count)

    def settle(self) -> None:
        """Count the rows of dates, once all rows have been added."""
        if not self.dates.is_hopeless:
            for value, count in self.counts.items():
                self.dates.count(_first_part(value), count)

    def _meet(self, value: str, count: int) -> None:
        if len(self.counts) < self._kept and len(value) <= _LONGEST_KEPT:
            self.counts[value] = count
            count = 0  # counted by `settle`, when all of them are known
        else:
            self._flag(value)
        self.seen += 1
        self._look_at(value)
        if not self._alive and self.dates.is_hopeless:
            return
        first = _first_part(value)
        self.dates.add(first, count)
        for test, parse in tuple(self._alive.items()):
            self._try(test, parse, first)

    def _try(self, test: str, parse: Test, value: str) -> None:
        if test.startswith("phone") and self.seen > _SLOW_TESTS:
            self._good[test] += _PHONE.fullmatch(value) is not None
            return
        try:
            parse(value)
            self._good[test] += 1
        except BadValue:
            if self.seen > _PROOF and self._good[test] < _HOPELESS_SHARE * self.seen:
                del self._alive[test]

    def _look_at(self, value: str) -> None:
        length = len(value)
        self.shortest, self.longest = min(self.shortest, length), max(self.longest, length)
        if value.isdecimal():
            self.digits += 1
            self.zeros += value[0] == "0"
            return
        if is_spoiled(value):
            self.spoiled, self.spoiled_one = self.spoiled + 1, value
        self.several += ";" in value or "|" in value
        self.commas += "," in value
        self.underscored += value[0] == "_"
        self.worded += " " in value
        self.lettered += not any(map(str.isdecimal, value))
        self.companies += " " in value and _COMPANY.search(value) is not None

    def _flag(self, value: str) -> None:
        """Linear counting: memory stays flat however many values there are."""
        if self._flags is None:
            self._flags = bytearray(self._places)
            for known in self.counts:
                self._flags[hash(known) % self._places] = 1
        self._flags[hash(value) % self._places] = 1


class TableProfile:
    """All columns of one part, or of several with the same header."""

    def __init__(self, header: list[str]) -> None:
        kept = max(_KEPT_LEAST, min(_KEPT_MOST, _KEPT_CELLS // max(1, len(header))))
        places = min(_FLAGS, _ALL_FLAGS // max(1, len(header)))
        self.columns = [ColumnProfile(name, kept, places) for name in header]
        self.rows = 0

    def add(self, rows: list[list[str]]) -> None:
        """A batch of rows, each as long as the header."""
        self.rows += len(rows)
        for column, cells in zip(self.columns, zip(*rows, strict=True), strict=False):
            column.add(cells)


def _first_part(value: str) -> str:
    return value if ";" not in value and "|" not in value else _SEVERAL.split(value)[0]


@functools.cache
def _tests() -> dict[str, Test]:
    return {name: parser_for(FieldSpec(**options)) for name, options in TESTED.items()}  # type: ignore[arg-type]
