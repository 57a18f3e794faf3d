"""Which date formats a column's values fit, and what proves the order of day and month."""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter
from dataclasses import dataclass, field

from gateway.values.base import BadValue, Parser
from gateway.values.dates import day, describe
from ingest.infer.counting import counted

DAY_FIRST, MONTH_FIRST = "day", "month"

_PIVOT = 50  # for the trial only; the proposed one depends on the years that are found
_TIME = re.compile(
    r"(?P<gap>[T ]?)(?P<clock>[0-9]{1,2}:[0-9]{2}(?P<seconds>:[0-9]{2}(?P<fraction>\.[0-9]{1,6})?)?)"
    r"(?P<half> ?[AaPp][Mm])?(?P<offset>[zZ]|[-+][0-9]{2}:?[0-9]{2})?$"
)
_OFFSET = re.compile(r"(?<=[0-9]{4}-[0-9]{2}-[0-9]{2})(?:[zZ]|[-+][0-9]{2}:[0-9]{2})$")
_MARK = r"(?P<mark>[-/. ])"
_SHAPES: list[tuple[re.Pattern[str], tuple[str, ...]]] = [
    (re.compile(rf"[0-9]{{4}}{_MARK}[0-9]{{1,2}}(?P=mark)[0-9]{{1,2}}"), ("%Y{0}%m{0}%d",)),
    (re.compile(rf"[0-9]{{1,2}}{_MARK}[0-9]{{1,2}}(?P=mark)[0-9]{{4}}"), ("%m{0}%d{0}%Y", "%d{0}%m{0}%Y")),
    (re.compile(rf"[0-9]{{1,2}}{_MARK}[0-9]{{1,2}}(?P=mark)[0-9]{{2}}"), ("%m{0}%d{0}%y", "%d{0}%m{0}%y")),
    (re.compile(r"[0-9]{8}"), ("%Y%m%d", "%m%d%Y", "%d%m%Y")),
    (re.compile(rf"[0-9]{{1,2}}{_MARK}[A-Za-z]{{3}}(?P=mark)[0-9]{{4}}"), ("%d{0}%b{0}%Y",)),
    (re.compile(rf"[0-9]{{1,2}}{_MARK}[A-Za-z]{{3}}(?P=mark)[0-9]{{2}}"), ("%d{0}%b{0}%y",)),
    (re.compile(rf"[0-9]{{1,2}}{_MARK}[A-Za-z]{{4,9}}(?P=mark)[0-9]{{4}}"), ("%d{0}%B{0}%Y",)),
    (re.compile(r"[0-9]{1,2}[A-Za-z]{3}[0-9]{4}"), ("%d%b%Y",)),
    (re.compile(r"[A-Za-z]{3} [0-9]{1,2}, [0-9]{4}"), ("%b %d, %Y",)),
    (re.compile(r"[A-Za-z]{4,9} [0-9]{1,2}, [0-9]{4}"), ("%B %d, %Y",)),
    (re.compile(r"[A-Za-z]{3} [0-9]{1,2} [0-9]{4}"), ("%b %d %Y",)),
]
_PROOF = 60  # values that are none, after which a column is given up
_SHORTEST, _LONGEST = 6, 40  # characters of a date


@dataclass
class DateTally:
    """The values of one column, by the formats that read them.

    Attributes:
        read: formats that read the same values -> distinct values.
        cells: the same -> rows.
        proofs: formats -> how the first such value begins, without its year.
        bad: distinct values that no format reads.
    """

    read: Counter[tuple[str, ...]] = field(default_factory=Counter)
    cells: Counter[tuple[str, ...]] = field(default_factory=Counter)
    proofs: dict[tuple[str, ...], str] = field(default_factory=dict)
    years: Counter[int] = field(default_factory=Counter)  # two-digit years
    bad: int = 0

    def add(self, value: str, count: int) -> None:
        """A distinct value, and how often it stands there; a column that mostly holds none is looked at no more."""
        if self.is_hopeless:
            return
        readings = readings_of(value)
        if not readings:
            self.bad += 1
            return
        self.read[readings] += 1
        self.cells[readings] += count
        self.proofs.setdefault(readings, value)
        if "%y" in readings[0] and (short := re.search(r"([0-9]{2})(?:$|[ T])", value)):
            self.years[int(short[1])] += 1

    def count(self, value: str, rows: int) -> None:
        """More rows with a value that was added before."""
        if readings := readings_of(value):
            self.cells[readings] += rows

    @property
    def is_hopeless(self) -> bool:
        """Whether most of the first values are no dates."""
        return self.bad > _PROOF and self.bad > self.read.total()

    @property
    def share(self) -> float:
        """Which part of the distinct values is a date in some format."""
        total = self.read.total() + self.bad
        return self.read.total() / total if total else 0.0

    def order(self) -> str | None:
        """Which of day and month comes first, where some value proves it and none the other."""
        days, months = self._proved(DAY_FIRST), self._proved(MONTH_FIRST)
        if bool(days) == bool(months):
            return None
        return DAY_FIRST if days else MONTH_FIRST

    def _proved(self, order: str) -> int:
        return sum(
            count for readings, count in self.read.items() if len(readings) == 1 and order_of(readings[0]) == order
        )


@dataclass(frozen=True)
class DateFormats:
    """The formats to propose for a column.

    Attributes:
        formats: strptime patterns.
        pivot: for two-digit years.
        because: what speaks for them.
        unsure: what nothing in the file decides.
    """

    formats: list[str]
    pivot: int | None
    because: str
    unsure: str | None


def readings_of(value: str) -> tuple[str, ...]:
    """The formats in which a value is a day."""
    if not _SHORTEST <= len(value) <= _LONGEST:
        return ()
    day, suffix = _parted(value)
    for shape, patterns in _SHAPES:
        if match := shape.fullmatch(day):
            mark = match.groupdict().get("mark", "")
            candidates = (pattern.format(mark) + suffix for pattern in patterns)
            return tuple(pattern for pattern in candidates if _reads(pattern, value))
    return ()


def order_of(pattern: str) -> str | None:
    """Which of day and month a numeric format has first; None where it cannot be mistaken."""
    if pattern.startswith("%Y") or "%b" in pattern or "%B" in pattern:
        return None
    return DAY_FIRST if pattern.find("%d") < pattern.find("%m") else MONTH_FIRST


def formats_of(tally: DateTally, elsewhere: str | None, hint: str) -> DateFormats:
    """What to propose for a column of dates.

    Args:
        tally: its values.
        elsewhere: the order that other columns of the file prove.
        hint: the order that the country of the file makes likelier.
    """
    order, because, unsure = _decided(tally, elsewhere, hint)
    chosen: Counter[str] = Counter()
    for readings, count in tally.read.items():
        fitting = [one for one in readings if order_of(one) in (None, order)]
        chosen[fitting[0] if fitting else ""] += count
    chosen.pop("", None)
    formats = [pattern for pattern, _ in chosen.most_common()]
    pivot = _pivot(tally) if any("%y" in one for one in formats) else None
    if pivot is not None:
        later = f", {pivot + 1:02} to 99 for 19{pivot + 1:02} to 1999" if pivot < 99 else ""  # noqa: PLR2004 - two digits
        note = f"two-digit years: 00 to {pivot:02} are taken for 2000 to 20{pivot:02}{later}"
        unsure = f"{unsure}; {note}" if unsure else note
    told = f"{' or '.join(map(describe, formats))} in {counted(tally.cells.total(), 'row')}"
    return DateFormats(formats, pivot, f"{told}{because}", unsure)


def _parted(value: str) -> tuple[str, str]:
    """The day, and the format of the time or offset behind it."""
    if match := _OFFSET.search(value):
        return value[: match.start()], "%z"
    match = _TIME.search(value)
    if not match or not match.start():
        return value, ""
    hour = "%I" if match["half"] else "%H"
    clock = f"{hour}:%M" + (":%S" if match["seconds"] else "") + (".%f" if match["fraction"] else "")
    half = match["half"].replace(match["half"].strip(), "%p") if match["half"] else ""
    return value[: match.start()], f"{match['gap']}{clock}{half}{'%z' if match['offset'] else ''}"


def _reads(pattern: str, value: str) -> bool:
    try:
        _parser(pattern)(value)
    except BadValue:
        return False
    return True


@functools.lru_cache(maxsize=1_000)
def _parser(pattern: str) -> Parser:
    return day([pattern], _PIVOT if "%y" in pattern else None)


def _decided(tally: DateTally, elsewhere: str | None, hint: str) -> tuple[str, str, str | None]:
    """The order of day and month, the words that tell why, and the doubt that remains."""
    numeric = [readings for readings in tally.read if any(order_of(one) for one in readings)]
    if not numeric:
        return hint, "", None
    days, months = _proof(tally, DAY_FIRST), _proof(tally, MONTH_FIRST)
    if days and months:
        order = DAY_FIRST if days[0] >= months[0] else MONTH_FIRST
        return (
            order,
            f"; {order} first in most",
            (
                f"both orders occur: day first is proven in {counted(days[0], 'row')}, month first in {months[0]:,}; "
                f"{order} first is proposed, the others will not be read"
            ),
        )
    if days or months:
        order, (rows, proof) = (DAY_FIRST, days) if days else (MONTH_FIRST, months or (0, ""))
        where = f"{proof}..." if order == DAY_FIRST else f"../{proof}"
        return order, f"; {order} first is proven: day above 12 in {counted(rows, 'row')}, such as {where}", None
    if elsewhere:
        return (
            elsewhere,
            f"; {elsewhere} first, as other columns of the file prove",
            (f"no day above 12 in this column: {elsewhere} first is taken from the other date columns"),
        )
    return hint, "", f"AMBIGUOUS: no day above 12 anywhere. {hint.capitalize()} first is only a guess; ask the partner"


def _proof(tally: DateTally, order: str) -> tuple[int, str] | None:
    """In how many rows an order is proved, and the day by which."""
    proving = {
        readings: rows for readings, rows in tally.cells.items() if {order_of(one) for one in readings} == {order}
    }
    if not proving:
        return None
    value = tally.proofs[max(proving, key=lambda readings: proving[readings])]
    parts = re.findall("[0-9]+", value)
    packed = len(parts[0]) == 8  # noqa: PLR2004 - DDMMYYYY
    first = parts[0][:2] if packed else parts[0]
    second = parts[0][2:4] if packed else parts[1]
    return sum(proving.values()), first if order == DAY_FIRST else second


def _pivot(tally: DateTally) -> int:
    """The middle of the widest gap between the years that occur, so that none of them is near it."""
    years = sorted(tally.years) or [30, 31]
    around = [*years, years[0] + 100]
    gap, start = max((after - before, before) for before, after in itertools.pairwise(around))
    return min(99, max(0, (start + gap // 2) % 100)) if len(years) > 1 else min(99, years[0] + 10)
