"""What is doubtful about a file as a whole, whatever its rows say: a number out of turn, an instant yet to come, an
encoding that was not agreed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from ingest import history
from ingest.binding import Held
from ingest.catalogue import describe_file
from ingest.formats.base import Refused, Source, Table
from ingest.formats.encodings import Tally, is_silent, tally
from ingest.formats.text import codec_of, spoken

AHEAD = timedelta(days=2)  # a payroll dated tomorrow, by a partner whose day begins before ours, is no mistake


def check_instant(as_of: datetime, received_at: datetime, waived: Collection[str]) -> None:
    """A mistyped year must not make all later files count as older, nor end people on a day that has not come.

    Raises:
        Held: `future_guard`.
    """
    if as_of - received_at > AHEAD and "future_guard" not in waived:
        details: dict[str, object] = {"day": f"{as_of:%Y-%m-%d}", "days": (as_of - received_at).days}
        raise Held("future_guard", details, [], [])


def check_encoding(source: Source, table: Table, waived: Collection[str]) -> list[str]:
    """UTF-8 that is read as Windows-1252 loads without a word, but as `MÃ¼ller`; a remark where some of it may be.

    The bytes are read once for that, before anything is made of them; only where such an encoding was agreed.

    Raises:
        Held: `wrong_encoding`.
    """
    codec = codec_of(getattr(table, "encoding", "utf-8"))
    found = tally(source) if is_silent(codec) else Tally()
    details: dict[str, object] = {"agreed": spoken(codec), "utf8": found.utf8, "high": found.utf8 + found.others}
    if found.is_utf8 and "wrong_encoding" not in waived:
        raise Held("wrong_encoding", details, [], [])
    return [describe_file("wrong_encoding", **details)[0]] if found.utf8 else []


def check_number(
    due: int | None, table: Table, header: Sequence[str], waived: Collection[str], *, forced: bool, complete: bool
) -> None:
    """Full files may leave numbers out, for each says all; changes may not.

    Args:
        due: the number that the file should have, where that is known.
        table: of which all rows have been read.
        header: of all its parts.
        waived: what a person set aside.
        forced: a number that was taken is no hindrance.
        complete: whether it is a full file.

    Raises:
        Refused: `sequence_gap`, the number was taken already.
        Held: `sequence_gap`, a number was left out.
    """
    odd = history.misnumbered(due, table)
    if odd is None or "sequence_gap" in waived:
        return
    if odd.is_replay and not forced:
        raise Refused("sequence_gap", **odd.details)
    if not odd.is_replay and not complete:
        raise Held("sequence_gap", odd.details, [], list(header))
