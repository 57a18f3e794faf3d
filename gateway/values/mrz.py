"""Passport numbers from the machine-readable zone, proved by their check digits (ICAO Doc 9303, parts 3 and 4)."""

from __future__ import annotations

import re

from gateway.values.base import BadValue

_NUMBER = re.compile("[A-Z0-9<]{9}[0-9]")  # document number and its check digit
_LOWER_LINE = re.compile("[A-Z0-9<]{9}[0-9][A-Z<]{3}[0-9<]{6}[0-9][MFX<][0-9]{6}[0-9][A-Z0-9<]{14}[0-9<][0-9]")
_VALUES = {mark: value for value, mark in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}
_WEIGHTS = (7, 3, 1)

# the lower line of a TD3 passport: (what is checked, where its check digit stands); Doc 9303-4, 4.2.2.2 and 4.2.2.4
_FIELDS = ((slice(0, 9), 9), (slice(13, 19), 19), (slice(21, 27), 27), (slice(28, 42), 42))
_COMPOSITE = (slice(0, 10), slice(13, 20), slice(21, 43))


def passport_number(text: str) -> str:
    """The passport number from its field with check digit (10 characters) or from the lower line (44 characters)."""
    zone = text.upper().replace(" ", "")
    proved = (_NUMBER.fullmatch(zone) and _is_proved(zone[:9], zone[9])) or (
        _LOWER_LINE.fullmatch(zone) and _is_line(zone)
    )
    number = zone[:9].rstrip("<")
    if not proved or not number:
        raise BadValue("bad_identifier", expected="machine-readable passport number with its check digit")
    return number


def check_digit(text: str) -> int:
    """Weights 7, 3, 1 over and over, modulo 10; letters count from A = 10, fillers 0 (Doc 9303-3, 4.9)."""
    return sum(_VALUES[mark] * _WEIGHTS[index % 3] for index, mark in enumerate(text)) % 10


def _is_line(line: str) -> bool:
    composite = "".join(line[part] for part in _COMPOSITE)
    return all(_is_proved(line[part], line[at]) for part, at in _FIELDS) and _is_proved(composite, line[43])


def _is_proved(text: str, digit: str) -> bool:
    """A filler may stand for the check digit of an unused optional field, and counts 0."""
    return check_digit(text) == _VALUES[digit]
