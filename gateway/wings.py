"""The one place above both wings: what domain, ingest and outbound declare, put together for services and doors."""

from __future__ import annotations

from gateway.config import Reader
from gateway.domain.wing import DOMAIN
from gateway.jobs.kinds import Kinds
from ingest.wing import INGEST
from outbound.wing import OUTBOUND

WINGS = (DOMAIN, INGEST, OUTBOUND)

PARTNER_YAML = Reader(section for wing in WINGS for section in wing.sections)
KINDS = Kinds(kind for wing in WINGS for kind in wing.kinds)
