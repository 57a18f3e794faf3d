"""The memo of a check as a page to be read and printed: it runs no script, loads nothing, and all it holds is text."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.domain.eligibility.memo import GateLine, Memo

_DOTS: Final[Mapping[str, str]] = {"nothing": "○○○", "asserted": "●○○", "documented": "●●○", "corroborated": "●●●"}
_LONGEST: Final = 90  # characters of a line that runs on every page


class Page(NamedTuple):
    """A page, and the policy under which a browser is to show it."""

    html: str
    policy: str


def page(memo: Memo) -> Page:
    """The memo as it is shown, kept and printed.

    What runs on top of each printed page can only be said in its style, so there are as many styles as memos; the
    policy names this one's.
    """
    running = {"left": _quoted(memo.head.firm), "right": _quoted(_matter(memo))}
    styles = [_JINJA.get_template(name).render(running) for name in ("memo.css", "memo.running.css")]
    policy = f"default-src 'none'; style-src {' '.join(map(_hash, styles))}; base-uri 'none'; form-action 'none'"
    html = _JINJA.get_template("memo.html").render(memo=memo, policy=policy, **running)
    return Page(html, f"{policy}; frame-ancestors 'none'")


def _matter(memo: Memo) -> str:
    return f"{memo.head.person}; law as of {_day(memo.head.as_of)}"


def _hash(style: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


def _quoted(text: str) -> str:
    """A text as a string of CSS may hold it: what is neither letter nor digit as its number (CSS Syntax 3, 4.3.7)."""
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()} ..."
    return "".join(one if one.isascii() and one.isalnum() else f"\\{ord(one):06x}" for one in shown)


def _day(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def _whole(share: float) -> str:
    return f"{100 * share:.0f}"


def _percent(share: float) -> str:
    return f"{_whole(share)}\N{NO-BREAK SPACE}%"


def _gates(gates: Sequence[GateLine]) -> str:
    """`all passed`, or those that are not."""
    told = [f"{one.gate} {one.state}" for one in gates if one.state != "passed"]
    return ", ".join(told) or ("all passed" if gates else "none")


def _first_words(line: str) -> str:
    return line.partition(" from ")[0]


_JINJA: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_JINJA.filters.update(
    {
        "day": _day,
        "percent": _percent,
        "whole": _whole,
        "gates": _gates,
        "first_words": _first_words,
        "dots": lambda word: _DOTS[word],
    }
)
