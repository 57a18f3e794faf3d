"""What taking in facts brings to the installation."""

from __future__ import annotations

from gateway.wing import Wing
from ingest import jobs, retention
from ingest.feeds import FEEDS

INGEST = Wing(kinds=(*jobs.KINDS, *retention.KINDS), sections=(FEEDS,))
