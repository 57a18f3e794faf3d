"""How a sample is to be read: the `format:` that was found, what speaks for it, and what remains in doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ingest.formats import FORMATS, open_table
from ingest.formats.base import FormatSpec, Source, Table
from ingest.infer.sniffing import NotUnderstood

MOST_COLUMNS = 2_000  # of a table that settings are proposed for: a person has to read them


def check_width(source: Source, columns: int) -> None:
    """Refuse a table that is wider than anybody could check.

    Raises:
        NotUnderstood: says how wide it is.
    """
    if columns > MOST_COLUMNS:
        raise NotUnderstood(
            f"{source.name} has {columns:,} columns; settings are proposed for {MOST_COLUMNS:,} at most. "
            "Cut the sample to the columns that matter, and give that.",
            "too_large",
        )


@dataclass
class Layout:
    """A format as it stands in partner.yaml.

    Attributes:
        options: the keys of `format:`, `type` first.
        because: key -> evidence; the key `` is about the whole.
        unsure: doubts about the layout.
        aside: names of parts that hold no people or cases, and why.
        footers: whether rows below the data may be looked for.
        shared: a column that tells the same people in all record types.
        named_by_row: where a row of data is the header: a column, and its name as it stands in that row.
        without: makes the layout that leaves a part out.
    """

    options: dict[str, Any]
    because: dict[str, str] = field(default_factory=dict)
    unsure: list[str] = field(default_factory=list)
    aside: dict[str, str] = field(default_factory=dict)
    footers: bool = True
    shared: str | None = None
    named_by_row: tuple[str, str] | None = None
    without: Callable[[Layout, str], Layout] | None = None

    @property
    def spec(self) -> FormatSpec:
        """The struct that these keys are."""
        kinds: Any = next(kind for kind in FORMATS if kind.__struct_config__.tag == self.options["type"])
        spec: FormatSpec = msgspec.convert(self.options, kinds)
        return spec

    def open(self, source: Source) -> Table:
        """The sample, read as the format says.

        Raises:
            Refused: it cannot be.
        """
        return open_table(source, self.spec)
