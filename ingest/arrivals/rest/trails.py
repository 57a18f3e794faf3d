"""What the pages of a list were like so far: by that a list is known that never ends, or whose pages changed size.

Numbered pages may shrink: some records then come twice. Where one is longer than one before it, some were passed
over; where they have grown and none shows it, nothing can be known.
A page that comes again is found as Brent finds cycles: each is held against one that is kept, and the kept one is
replaced at the first, second, fourth, eighth page and so on. So a list of millions costs one mark.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, convert, to_builtins

from ingest.arrivals.rest.answers import Page, Unreadable
from ingest.arrivals.rest.spec import ListCall, PagePaging


class Adrift(Unreadable):
    """The list cannot be read on from here; it is begun anew."""


class Trail(Struct, frozen=True):
    """Of a list that is being read.

    Attributes:
        pages: so far.
        least: records of the shortest one.
        mark: of the page that is kept.
    """

    pages: int = 0
    least: int = 0
    mark: str | None = None

    @classmethod
    def of(cls, kept: dict[str, Any] | None) -> Trail:
        """As it was kept; a new one where nothing was."""
        return convert(kept, cls) if kept else cls()

    def after(self, page: Page, call: ListCall) -> Trail:
        """With one page more.

        Raises:
            Adrift: it was there before, or the HRIS has changed the size of its pages, which moves all borders.
        """
        if self.mark and page.next is not None and page.mark == self.mark:
            raise Adrift("hris_unreadable", "The HRIS did not answer as agreed: a page comes again and again.")
        if isinstance(call.paging, PagePaging) and self.pages and len(page.records) > self.least:
            sentence = (
                f"The HRIS did not answer as agreed: its pages had {self.least} records, and now one has"
                f" {len(page.records)}."
            )
            raise Adrift("hris_unreadable", sentence)
        pages = self.pages + 1
        is_kept = pages & (pages - 1) == 0  # a power of two
        least = min(self.least, len(page.records)) if self.pages else len(page.records)
        return Trail(pages, least, page.mark if is_kept else self.mark)

    def kept(self) -> dict[str, Any]:
        """As it is kept."""
        told: dict[str, Any] = to_builtins(self)
        return told
