"""What taking in facts brings to the installation."""

from __future__ import annotations

from gateway.wing import Wing
from ingest import jobs, retention

INGEST = Wing(kinds=(*jobs.KINDS, *retention.KINDS))
