"""The mapping studio: a draft of a partner's settings on one page, from a sample to a version in force."""

from __future__ import annotations

from gateway.web.console.studio import beginning, changing, one, trying

SAID = beginning.SAID | changing.SAID | trying.SAID
HANDLERS = (*beginning.HANDLERS, *one.HANDLERS, *changing.HANDLERS, *trying.HANDLERS)
