"""Cases: one's own first, one with its people and whoever had it, and who could take it."""

from __future__ import annotations

from gateway.web.console.cases import listing, moving, one, passing
from gateway.web.console.cases.listing import ENTRY as ENTRY

SAID = {
    "moved": "Moved on. What was chosen here is pinned: imports leave it alone.",
    "closed": "Closed.",
    "reopened": "Taken up again.",
    "passed": "The case has passed on, with your reason and note.",
    "asked": "They have been asked. The case stays where it is until they say yes.",
    "taken": "The case is yours.",
    "left": "You have declined; the case stays where it is.",
}
HANDLERS = (*listing.HANDLERS, *one.HANDLERS, *moving.HANDLERS, *passing.HANDLERS)
