"""The mapping studio: a draft of a partner's settings on one page, from a sample to a version in force."""

from __future__ import annotations

from gateway.web.console.studio import beginning, changing, one

SAID = beginning.SAID | changing.SAID
HANDLERS = (*beginning.HANDLERS, *one.HANDLERS, *changing.HANDLERS)
