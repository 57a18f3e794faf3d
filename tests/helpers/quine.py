"""A zip whose only member is that same zip, byte for byte: whoever unpacks what is in it never comes to an end.

How a program in deflate prints itself is told by Russ Cox, "Zip Files All The Way Down". It has two words of five bytes
each, so that words can be printed as words: `_print`, a stored block, prints what follows, and `_repeat`, matches in
the fixed code, prints once more what was printed last. That the checksum stands among the bytes of which it is one is a
matter of 32 linear equations, for a CRC is linear.
"""

from __future__ import annotations

import struct
import zlib
from itertools import count

NAME = 30  # letters: with so many, and with that comment, head and tail can be repeated in five bytes
_COMMENT = 153
_WORD = 5
_END = b"\x03\x00"  # a last block, with nothing in it
_BITS = [1 << place for place in range(32)]


def quine(name: str) -> bytes:
    """The zip, and at once its member, which has this name of 30 letters."""
    assert len(name) == NAME
    for number in count():
        comment = f"{number:0{_COMMENT}}"
        without, *each = (zlib.crc32(_zip(name, comment, checksum)) for checksum in (0, *_BITS))
        checksum = _solved([one ^ without ^ bit for one, bit in zip(each, _BITS, strict=True)], without)
        if checksum is not None:
            return _zip(name, comment, checksum)
    raise AssertionError


def _solved(columns: list[int], wanted: int) -> int | None:
    """Which columns give what is wanted, added without carrying; None where no choice of them does."""
    reduced: dict[int, tuple[int, int]] = {}  # by its highest bit: a sum of columns, and of which
    for place, column in enumerate(columns):
        rest, chosen = _reduce(column, 1 << place, reduced)
        if rest:
            reduced[rest.bit_length()] = (rest, chosen)
    rest, chosen = _reduce(wanted, 0, reduced)
    return None if rest else chosen


def _reduce(rest: int, chosen: int, reduced: dict[int, tuple[int, int]]) -> tuple[int, int]:
    while rest and rest.bit_length() in reduced:
        more, others = reduced[rest.bit_length()]
        rest, chosen = rest ^ more, chosen ^ others
    return rest, chosen


def _zip(name: str, comment: str, checksum: int) -> bytes:
    """All of it with this checksum, right or not (APPNOTE 4.3.7, 4.3.12, 4.3.16)."""
    head, tail = 30 + NAME, 46 + NAME + 22 + _COMMENT
    packed = len(_program(bytes(head), bytes(tail))) - tail
    told = struct.pack("<5H3I2H", 20, 0, 8, 0, 33, checksum, packed, head + packed + tail, NAME, 0)
    first = b"PK\x03\x04" + told + name.encode()
    entry = b"PK\x01\x02" + struct.pack("<H", 20) + told + struct.pack("<3H2I", 0, 0, 0, 0, 0) + name.encode()
    places = struct.pack("<4H2IH", 0, 0, 1, 1, len(entry), head + packed, _COMMENT)
    return first + _program(first, entry + b"PK\x05\x06" + places + comment.encode())


def _program(head: bytes, tail: bytes) -> bytes:
    """What prints the head, itself and the tail; and the tail."""
    tail = _END + tail
    one, four, heads, tails = _WORD, 4 * _WORD, len(head) + _WORD, len(tail) + _WORD
    words = [_print(heads), head, _print(heads), _repeat(heads)]
    words += [_print(one), _repeat(heads), _print(one), _print(one)]
    words += [_print(four), _repeat(heads), _print(one), _print(one), _print(four), _repeat(four)]
    words += [_print(four), _repeat(four), _print(four), _repeat(four), _print(four), _repeat(four)]
    words += [_print(four), _repeat(four), _print(0), _print(0), _print(tails), _repeat(four), _print(0), _print(0)]
    words += [_print(tails), _repeat(tails), tail, _repeat(tails), tail]
    return b"".join(words)


def _print(size: int) -> bytes:
    return struct.pack("<BHH", 0, size, size ^ 0xFFFF)


def _repeat(size: int) -> bytes:
    """Blocks of the fixed code (RFC 1951, 3.2.5 and 3.2.6); one with nothing in it fills what is left of five bytes."""
    matches = {
        20: 2 * (f"{264 - 256:07b}" + f"{8:05b}" + _more(20 - 17, 3)),  # twice ten
        65: f"{276 - 256:07b}" + _more(65 - 59, 3) + f"{12:05b}" + _more(65 - 65, 5),
        258: f"{285 - 280 + 0b11000000:08b}" + f"{16:05b}" + _more(258 - 257, 7),
    }[size]
    bits = (f"010{matches}0000000" + "0100000000")[: 8 * _WORD]
    return int(bits[::-1], 2).to_bytes(_WORD, "little")


def _more(value: int, bits: int) -> str:
    """Extra bits come with the lowest first, unlike those of a code."""
    return f"{value:0{bits}b}"[::-1]
