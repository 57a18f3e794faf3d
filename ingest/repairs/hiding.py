"""Which cells of a row nobody is shown in clear: those of sensitive columns, and numbers that have left theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ingest.catalogue import mask
from ingest.mapping.plan import FeedPlan
from ingest.receipts.rejected import Fault

_SHIFTING = {"ragged_row", "bad_quotes"}  # of such a row nobody knows which column a cell belongs to
_NUMBER = re.compile(r"(?=(?:[^0-9]*[0-9]){6})[0-9A-Z]+", re.IGNORECASE)  # as passports, A-, I-94 and SS-numbers are


def secret_columns(plan: FeedPlan) -> set[int]:
    """The columns of which sensitive values are read."""
    fields = (one for each in plan.records for one in each.fields if one.target.sensitive)
    return {place for one in fields for place in one.places}


def hidden_cells(
    cells: Sequence[str], secret: set[int], bad: Mapping[int, Sequence[Fault]], faults: Iterable[Fault]
) -> set[int]:
    """The numbers of the cells that are masked.

    Args:
        cells: the row as it came.
        secret: columns of which sensitive values are read.
        bad: what is wrong with cells, by number.
        faults: all that is wrong with the row.
    """
    named = {number for number, some in bad.items() if any(_masks(fault, cells[number]) for fault in some)}
    is_shifted = bool(secret) and any(fault.code in _SHIFTING for fault in faults)
    astray = {number for number, cell in enumerate(cells) if is_shifted and _may_be_secret(cell)}
    return secret | named | astray


def _masks(fault: Fault, cell: str) -> bool:
    """Whether a problem masks what stands here, as of a column in which something secret is looked up."""
    return fault.value == mask(cell.strip()) != cell.strip()


def _may_be_secret(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(re.sub(r"[\s-]", "", cell)))
