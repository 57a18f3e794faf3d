"""Clients: the list, one person with what runs and ends, each value with its source, and what is done to them."""

from gateway.web.console.clients import browsing, keeping, looking, values
from gateway.web.console.clients.browsing import ENTRY

__all__ = ["ENTRY", "HANDLERS", "SAID"]

SAID = {**values.SAID, **keeping.SAID}
HANDLERS = (*browsing.HANDLERS, *looking.HANDLERS, *values.HANDLERS, *keeping.HANDLERS)
