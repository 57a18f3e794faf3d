"""What of a text is shown in a terminal: nothing that it would obey, or that would change the order of what is read."""

from __future__ import annotations

import re

_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """The text with U+FFFD for each such character; line feeds stay."""
    return _UNSEEN.sub("\ufffd", text)


def visible_table(text: str) -> str:
    """The same of what a program wrote as a table, whose tabs and ends of lines are meant."""
    return "\t".join(map(visible, text.replace("\r\n", "\n").split("\t")))
