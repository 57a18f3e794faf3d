"""Whether a spreadsheet read the dates of a column the other way round.

A spreadsheet that puts the month first makes 5 June of the text 06/05/2026 where the sender meant 6 May, and leaves
25/05/2026 the text that it was. What comes of it is a column whose real dates all have days up to 12, while the days of
all dates in text are above.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from ingest.feed import FieldSpec

D = TypeVar("D", bound=object)

# by chance, less than one column in 500 looks so: two days of five are up to 12
LEAST, LEAST_OF_EACH = 10, 3
_LAST_MONTH = 12  # a day above is no month
_REAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TURNABLE = re.compile(r"%[dm][^%]+%[dm][^%]+%[yY]")


@dataclass(slots=True)
class Turned:
    """The different dates of a column so far.

    Attributes:
        real, late: real dates, and those of them that cannot have been turned.
        texts, early: dates in text, and those that would have been.
    """

    real: int = 0
    late: int = 0
    texts: int = 0
    early: int = 0

    @property
    def is_likely(self) -> bool:
        """Whether they look turned, be it by chance."""
        return bool(self.real and self.texts) and not self.late and not self.early

    @property
    def is_certain(self) -> bool:
        """Whether chance is no explanation."""
        return self.is_likely and self.real + self.texts >= LEAST and min(self.real, self.texts) >= LEAST_OF_EACH

    def watch(self, parse: Callable[[str], D]) -> Callable[[str], D]:
        """The parser, with its dates counted."""

        def watched(text: str) -> D:
            day = parse(text)
            if isinstance(day, date):
                self._count(day, is_real=_REAL.match(text) is not None)
            return day

        return watched

    def _count(self, day: date, *, is_real: bool) -> None:
        if is_real:
            self.real, self.late = self.real + 1, self.late + (day.day > _LAST_MONTH)
        else:
            self.texts, self.early = self.texts + 1, self.early + (day.day <= _LAST_MONTH)


def watch_for(spec: FieldSpec, *, typed_cells: bool) -> Turned | None:
    """What to watch a field's dates with; None where real dates cannot stand beside dates that have two readings."""
    formats = spec.formats or []
    mixed = typed_cells or "%Y-%m-%d" in formats
    turnable = any(_TURNABLE.fullmatch(one) for one in formats)
    return Turned() if spec.type == "date" and mixed and turnable else None
