"""Partners: who sends us files and how fresh they are, one partner with its settings, and what is done about it."""

from __future__ import annotations

from gateway.web.console import studio
from gateway.web.console.partners import doing, listing, one, versions
from gateway.web.console.partners.listing import ENTRY as ENTRY

SAID = {
    "partner-looked": "A worker looks there as soon as it is free; what is taken stands among the files.",
    "partner-looked-none": "Somebody is about to look there anyway, or no place is named.",
    "partner-resumed": "What waits is sent now, in order.",
    "partner-again": "It is sent again, under the id that it has.",
    "partner-forgotten": "Forgotten. The next file that has this name is held, and a person decides again.",
    "partner-activated": "In force. The next file is read by it; your reason stands beside the version.",
    "partner-same": "These very settings are in force already; nothing was done.",
    **studio.SAID,
}
HANDLERS = (*listing.HANDLERS, *one.HANDLERS, *versions.HANDLERS, *doing.HANDLERS, *studio.HANDLERS)
