"""What taking in facts brings to the installation."""

from __future__ import annotations

from gateway.wing import Wing
from ingest import erasing, jobs, previews, retention, searching, silence
from ingest.arrivals import polling
from ingest.arrivals.rest import pulling
from ingest.decided.layout import OUTCOMES
from ingest.feeds import FEEDS
from ingest.studio import drafts, trials

INGEST = Wing(
    kinds=(
        *jobs.KINDS,
        *previews.KINDS,
        *trials.KINDS,
        *retention.KINDS,
        *searching.KINDS,
        *polling.KINDS,
        *pulling.KINDS,
        *silence.KINDS,
    ),
    sections=(FEEDS, OUTCOMES),
    erasers=(*erasing.ERASERS, *drafts.ERASERS, *trials.ERASERS),
)
