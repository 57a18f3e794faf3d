"""The one place above both wings: what domain, ingest and outbound declare, put together for services and doors."""

from __future__ import annotations

from gateway.config import Reader
from gateway.db.session import Database
from gateway.domain.wing import DOMAIN
from gateway.jobs.kinds import Kinds
from gateway.jobs.subscriptions import Subscriptions
from gateway.office import Office
from gateway.reports.wing import REPORTING
from gateway.settings import Settings
from ingest.wing import INGEST
from outbound.wing import OUTBOUND

WINGS = (DOMAIN, REPORTING, INGEST, OUTBOUND)

PARTNER_YAML = Reader(section for wing in WINGS for section in wing.sections)
SUBSCRIPTIONS = Subscriptions(one for wing in WINGS for one in wing.subscriptions)
KINDS = Kinds([*(kind for wing in WINGS for kind in wing.kinds), *SUBSCRIPTIONS.kinds])

# the domain's first: whoever writes takes clients, cases, documents, and then the rest
ERASERS = tuple(eraser for wing in WINGS for eraser in wing.erasers)


def office_of(db: Database, settings: Settings) -> Office:
    """The office of an installation, in which all wings hear what is told."""
    return Office.of(db, settings, SUBSCRIPTIONS.wake)
