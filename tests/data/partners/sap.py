"""umbrella-sap: infotypes of fixed width, places counted in bytes of UTF-8."""

from __future__ import annotations

from people import Person, person

PARTNER = "umbrella-sap"
PEOPLE = 60
NEVER, NOT_GIVEN = "99991231", "00000000"


def files() -> dict[str, bytes]:
    everybody, news = range(1, PEOPLE + 1), range(PEOPLE + 1, PEOPLE + 13)
    later = range(PEOPLE + 13, PEOPLE + 25)
    return {
        "PA_EXPORT_00041.TXT": _written(41, everybody),
        "PA_EXPORT_00042.TXT": _written(42, news),
        "PA_EXPORT_00042_R.TXT": _written(42, news, raised=1_000),  # sent again, and not the same
        "PA_EXPORT_00044.TXT": _written(44, later),  # 43 has not come yet
        "PA_EXPORT_00043.TXT": _written(43, range(3, 9), raised=2_500),
        "PA_EXPORT_00045.TXT": _written(45, everybody, lost_lines=2),
        "PA_EXPORT_00046.TXT": _written(46, everybody, lost_cents=1),
    }


def _written(number: int, people: range, *, raised: int = 0, lost_lines: int = 0, lost_cents: int = 0) -> bytes:
    lines = [line for one in people for line in _lines(person(one, PARTNER), raised)]
    cents = sum((person(one, PARTNER).salary + raised) * 100 for one in people)
    header = f"HDR{number:05}20260501UMB100"
    trailer = f"TRL{len(lines) + lost_lines:08}{_amount(cents + lost_cents, 15)}"
    lines[-1] = lines[-1].rstrip()  # whatever wrote the file cut off the blanks of its last line of data
    return b"\r\n".join([header.encode(), *lines, trailer.encode(), b"\x1a"])


def _lines(one: Person, raised: int) -> list[bytes]:
    """The infotypes of one person: actions, personal data, basic pay, and identification for those with papers."""
    left = one.number % 20 == 0
    lines = [
        _line("DTL0000", one.number, (f"{one.hired:%Y%m%d}", 8), ("20260331" if left else NEVER, 8), ("0" if left else "3", 1)),
        _line("DTL0002", one.number, (one.family, 25), (one.given, 25), (_born(one), 8), (_land(one), 2)),
        _line("DTL0008", one.number, (_amount((one.salary + raised) * 100, 13), 13), ("EUR", 5)),
    ]  # fmt: skip
    if one.number % 3 == 0:
        ends = NEVER if one.number % 9 == 0 else f"{one.passport_ends:%Y%m%d}"
        lines.append(_line("DTL0185", one.number, ("01", 2), (one.passport, 15), (NOT_GIVEN, 8), (ends, 8), ("", 10)))
    if one.number % 3 == 1:
        issued = f"{one.hired:%Y%m%d}"
        lines.append(
            _line("DTL0185", one.number, ("05", 2), ("", 15), (issued, 8), (f"{one.visa_ends:%Y%m%d}", 8), ("", 10))
        )
    return lines


def _amount(cents: int, width: int) -> str:
    return f"{cents // 100:0{width - 3}}.{cents % 100:02}"


def _born(one: Person) -> str:
    return NOT_GIVEN if one.number % 25 == 0 else f"{one.born:%Y%m%d}"


def _land(one: Person) -> str:
    return {"India": "IN", "China": "CN", "Mexico": "MX", "Brazil": "BR", "Germany": "DE"}.get(one.country, "CA")


def _line(mark: str, number: int, *cells: tuple[str, int]) -> bytes:
    """Blanks fill each cell to so many bytes: a name with umlauts gets fewer of them."""
    return f"{mark}{number:08}".encode() + b"".join(text.encode().ljust(width) for text, width in cells)
