"""Writes the bytes of a message: as the standard library would, without reading each of its headers first."""

from __future__ import annotations

import binascii
import secrets
from collections.abc import Iterable, Mapping
from email import policy
from typing import NamedTuple

_LONGEST = 78  # characters of a line of a header, where words allow it (RFC 5322, 2.1.1)
_LONGEST_WORD = 900  # that stands in a line of its own as it is; no line may have 998
_END = b"\r\n"


class Letter(NamedTuple):
    """A message, complete: lines of `content` end as SMTP has it."""

    content: bytes
    message_id: str


def letter(headers: Mapping[str, str], text: str, html: str | None) -> Letter:
    """A message of these headers, as plain text, and as a page beside it.

    Args:
        headers: complete but for those of MIME; `Message-ID` among them.
        text: as a reader without pages sees it.
        html: as a page; None where there is none.

    Raises:
        ValueError: a header would be more than one.
    """
    head = b"".join(_header(name, value) for name, value in headers.items()) + b"MIME-Version: 1.0\r\n"
    plain = _part(b"plain", text)
    body = plain if html is None else _either(plain, _part(b"html", html))
    return Letter(head + body, headers["Message-ID"])


def _header(name: str, value: str) -> bytes:
    """What is plain is folded between its words; the rest is encoded and folded by the standard library.

    That would encode words that are too long for a line as well, and of an encoded address nobody can unsubscribe.
    """
    line = f"{name}: {value}"
    if not line.isascii() or not line.isprintable():
        return policy.SMTP.fold_binary(*policy.SMTP.header_store_parse(name, value))
    if len(line) <= _LONGEST:
        return line.encode() + _END
    words = value.split(" ")
    if "" in words or "=?" in value or max(map(len, words)) > _LONGEST_WORD:
        return policy.SMTP.fold_binary(*policy.SMTP.header_store_parse(name, value))
    return _folded(f"{name}:", words).encode() + _END


def _folded(line: str, words: Iterable[str]) -> str:
    lines = [line]
    for word in words:
        if len(lines[-1]) + 1 + len(word) <= _LONGEST:
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return "\r\n".join(lines)


def _either(*parts: bytes) -> bytes:
    """Parts of which a reader shows the last that it can; nothing quoted-printable has the "=_" of what is between."""
    between = f"=_{secrets.token_hex(16)}".encode()
    kind = b'Content-Type: multipart/alternative;\r\n boundary="%s"\r\n\r\n' % between
    return kind + b"".join(b"--%s\r\n%s\r\n" % (between, part) for part in parts) + b"--%s--\r\n" % between


def _part(kind: bytes, text: str) -> bytes:
    lines = _END.join([*text.encode().splitlines(), b""])
    head = b'Content-Type: text/%s; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n' % kind
    return head + binascii.b2a_qp(lines)
