"""Text as bytes of an agreed encoding: which there are, and what becomes of a letter that it does not have."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import IO

from gateway.config import FieldError
from gateway.config.findings import quoted
from outbound.forms.columns import Misfit

LINE_ENDS = {"crlf": "\r\n", "lf": "\n", "cr": "\r", "none": ""}

_ASCII = bytes(range(0x20, 0x7F)).decode()
_BOM = "\ufeff"
_MARKED = frozenset({"utf-8-sig", "utf-16", "utf-32"})  # Python writes their mark by itself


def check_encoding(name: str) -> str:
    """The encoding, if Python knows it as one of text in which every letter of ASCII can be written.

    Raises:
        FieldError: it is none.
    """
    try:
        _ASCII.encode(name)
    except (LookupError, UnicodeError):
        raise FieldError(f"{quoted(name)} is not an encoding of text; usual are utf-8, cp1252 and ascii.") from None
    return name


def check_marks(encoding: str, *, bom: bool, replacement: str | None) -> None:
    """Whether an encoding has a byte order mark where one is wanted, and the letter that stands for others.

    Raises:
        FieldError: it has not.
    """
    if bom and not _codec(encoding).startswith("utf"):
        raise FieldError(f"Only Unicode has a byte order mark, and {encoding} is none of it.", at=("bom",))
    try:
        (replacement or "").encode(encoding)
    except UnicodeEncodeError:
        raise FieldError(f"{encoding} cannot hold this letter either.", at=("replacement",)) from None


def keeping_ascii(encoding: str) -> bool:
    """Whether each letter of ASCII is one byte of it."""
    return len(_ASCII.encode(encoding)) == len(_ASCII)


def holding(encoding: str, replacement: str | None) -> Callable[[str], str]:
    """What gives back a text that the encoding can hold, with the replacement for each letter that it cannot.

    Raises:
        Misfit: without a replacement; names the letter.
    """

    def held(text: str) -> str:
        if text.isascii():
            return text
        try:
            text.encode(encoding)
        except UnicodeEncodeError as error:
            if replacement is None:
                raise Misfit(_lacks(encoding, text[error.start])) from None
            return "".join(letter if _is_in(letter, encoding) else replacement for letter in text)
        return text

    return held


def writing(out: IO[bytes], encoding: str, *, bom: bool) -> Callable[[str], object]:
    """What writes text to a file; a byte order mark comes first where one is wanted, or the encoding has one."""
    encode = codecs.getincrementalencoder(encoding)().encode
    if bom and _codec(encoding) not in _MARKED:
        out.write(encode(_BOM))
    return lambda text: out.write(encode(text))


def _codec(encoding: str) -> str:
    return codecs.lookup(encoding).name


def _is_in(letter: str, encoding: str) -> bool:
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _lacks(encoding: str, letter: str) -> str:
    return (
        f"{encoding} does not have the letter {quoted(letter)} (U+{ord(letter):04X}); choose another `encoding`,"
        " or a `replacement`"
    )
