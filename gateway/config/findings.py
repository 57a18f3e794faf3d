"""What is wrong with a config, and where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from msgspec import Struct
from rapidfuzz import fuzz, process

from gateway.errors import Permanent

KeyPath = tuple[str | int, ...]  # keys as written and 0-based places in lists: ("feeds", "roster", "documents", 0)

_SHOWN_CHARACTERS = 80
_ALIKE_PERCENT = 60  # below it, a suggestion confuses more than it helps: "req" is not offered for "region"
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class Finding(Struct, frozen=True):
    """One thing that is wrong.

    Attributes:
        line, column: 1-based, as editors count.
        path: keys from the top, `feeds.roster.documents[0].fields`; empty for the file as a whole.
        found: what stands there, shortened; None where nothing does.
        message: a whole sentence.
        suggestion: the nearest valid word, if one is near.
    """

    file: str
    line: int
    column: int
    path: str
    found: str | None
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: "
        subject = f"{self.path}: " if self.path else ""
        hint = f" Did you mean {quoted(self.suggestion)}?" if self.suggestion else ""
        return f"{where}{subject}{self.message}{hint}"


class ConfigError(Permanent):
    """A config that cannot be used; `findings` holds everything that is wrong with it, in the order of the file."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = sorted(
            dict.fromkeys(findings), key=lambda finding: (finding.file, finding.line, finding.column)
        )
        super().__init__("config_invalid", "\n".join(map(str, self.findings)))


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The valid word that was probably meant; case, `-` and spaces do not count."""
    best = process.extractOne(word, list(words), scorer=fuzz.ratio, processor=_folded, score_cutoff=_ALIKE_PERCENT)
    return best[0] if best else None


def dotted(path: KeyPath) -> str:
    """A path as people write it; keys that are not plain words stand in brackets: `map["H-1B"]`."""
    text = ""
    for step in path:
        if isinstance(step, str) and _PLAIN_KEY.fullmatch(step):
            text += f".{step}"
        else:
            text += f"[{step}]" if isinstance(step, int) else f"[{quoted(step)}]"
    return text.removeprefix(".")


def quoted(text: str) -> str:
    """Text between double quotes on one line, shortened, so that a finding stays one line."""
    return json.dumps(shortened(text), ensure_ascii=False)


def shortened(text: str) -> str:
    """Text that fits a line of output."""
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"


def _folded(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")
