"""Regular expressions of configs, matched in a time that grows with the text and never faster.

Python's matcher tries one way through an expression after the other, and no reading of an expression tells reliably
how many there are: one row could keep a process, and everybody in it, busy for days. RE2 goes all ways at once, outside
of the interpreter's lock. So it has no lookaround and no references to groups, for which there is no such way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import re2
from re2 import _re2

LONGEST = 1_000  # characters of a text that is held against an expression
MOST_CHARACTERS = 300  # of an expression
MOST_STEPS = (
    20_000  # of its program: every one may be looked at for every byte, which comes to 60 ms for the longest text
)
_MEMORY = 2 * 1024 * 1024  # bytes that it may take
_WHOLE = _re2.RE2.Anchor.ANCHOR_BOTH

# What Python has and RE2 has not, as RE2 names it where it refuses -> how people call it, and the way out.
_ABSENT = {
    r"\(\?<?[=!]": (
        "looking ahead or back, `{}`",
        "Write alternatives of what may stand there, or count with `length`.",
    ),
    r"\(\?P|\\[1-9][0-9]*": ("a reference to a group, `{}`", "Write what the group takes once more."),
    r"\(\?\(": ("a condition on a group, `{}`", "Write both cases as alternatives, `(a|b)`."),
    r"\(\?>": ("an atomic group, `{}`", "Write `(?:`: nothing is tried twice here."),
    r".*[*+?}]\+": ("a possessive repeat, `{}`", "Write it without the last `+`: nothing is tried twice here."),
    r"\(\?#": ("a comment, `{}`", "In YAML it stands on the line, `#` behind it."),
    r"\(\?[a-zA-Z-]+": ("the flag `{}`", "There are i, m and s."),
    r"\\Z": ("`{}`", "The whole value must fit anyway: leave it out."),
    r"\\[uUN]": ("`{}`", r"Write a character itself, or its number as in `\x{e9}`."),
    r"\{,[0-9]*\}": ("`{}`", "Write the least, too, as in `{0,5}`."),
    r"\{[0-9,]+\}": ("`{}`", "Repeats, and repeats of repeats, go up to 1,000, the least before the most."),
    r"\\C": ("`{}`", "Any character is `.`."),
}
# What both read, but differently: in RE2 these are characters, or half of one. Classes and escapes are stepped over.
_MISREAD = re.compile(
    r"(?P<one>\\[1-9][0-9]*|\\C|\{,[0-9]*\}|\{[0-9]{5,}(?:,[0-9]*)?\}|\{[0-9]+,[0-9]{5,}\})"
    r"|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]",
    re.DOTALL,
)


def matcher(expression: str, *, ignore_case: bool = False) -> Callable[[str], bool]:
    """Whether the whole of a text fits an expression; what is longer than `LONGEST` does not.

    `re2.compile` gives the same answers, but wraps the engine's object in Python that takes ten times as long as it.

    Raises:
        ValueError: it is none, has what is not supported, or is too large; the sentence tells which, and a way out.
    """
    if len(expression) > MOST_CHARACTERS:
        raise ValueError(f"A regular expression of {len(expression):,} characters: {MOST_CHARACTERS} is the most.")
    _refuse_misread(expression)
    match = _program(expression, ignore_case=ignore_case).Match

    def fits(text: str) -> bool:
        if len(text) > LONGEST:
            return False
        written = text.encode() if text.isascii() else text.encode("utf-8", "surrogatepass")  # half characters count
        return bool(match(_WHOLE, written, 0, len(written))[0][0] == 0)

    return fits


@lru_cache(maxsize=32)
def _program(expression: str, *, ignore_case: bool) -> _re2.RE2:
    options = re2.Options()
    options.max_mem = _MEMORY
    options.case_sensitive = not ignore_case
    options.never_capture = True
    options.log_errors = False  # on stderr
    program = _re2.RE2(expression.encode("utf-8", "surrogatepass"), options)
    if not program.ok():
        raise _refusal(expression, program.error().decode("utf-8", "replace"))
    if program.ProgramSize() > MOST_STEPS:
        raise _too_large(expression)
    return program


def _refuse_misread(expression: str) -> None:
    for found in _MISREAD.finditer(expression):
        if found["one"]:
            raise _refusal(expression, f": {found['one']}")


def _refusal(expression: str, error: str) -> ValueError:
    """In our words.

    Args:
        expression: what was refused.
        error: as RE2 writes them, `invalid perl operator: (?=`.
    """
    if error.startswith("pattern too large"):
        return _too_large(expression)
    piece = error.partition(": ")[2]
    for absent, (name, way_out) in _ABSENT.items():
        if re.fullmatch(absent, piece):
            return ValueError(f"`{expression}` has {name.format(piece)}, which is not supported. {way_out}")
    return ValueError(f"`{expression}` is not a regular expression: {error}.")


def _too_large(expression: str) -> ValueError:
    return ValueError(
        f"`{expression}` comes to too many steps: {MOST_STEPS:,} is the most. `\\pL` and the like are a thousand each, "
        "and each is counted as often as it may be repeated up to a number: repeat with `+`, and count with `length`."
    )
