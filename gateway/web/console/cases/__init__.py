"""Cases: one's own first, one with its people and whoever had it, and who could take it."""

from __future__ import annotations

from gateway.web.console.cases import listing, moving, one, passing
from gateway.web.console.cases.listing import ENTRY as ENTRY

SAID = {
    "case_moved": "Moved on. What was chosen here is pinned: imports leave it alone.",
    "case_closed": "Closed.",
    "case_reopened": "Taken up again.",
    "case_passed": "The case has passed on, with your reason and note.",
    "case_asked": "They have been asked. The case stays where it is until they say yes.",
    "case_taken": "The case is yours.",
    "case_left": "You have declined; the case stays where it is.",
}
HANDLERS = (*listing.HANDLERS, *one.HANDLERS, *moving.HANDLERS, *passing.HANDLERS)
