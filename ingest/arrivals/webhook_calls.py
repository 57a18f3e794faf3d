"""Takes calls by which a partner's system sends a file, or says that there is news: each once, whenever it comes.

Nothing of a call is looked into before it is proven, and whoever proves nothing learns nothing: not who is a partner,
nor which feeds take calls, nor what was wrong with the proof.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.config import ConfigError, read, secret
from gateway.db.models import Firm, Partner, PartnerConfig, WebhookCall
from gateway.domain.access import tiers
from gateway.domain.partners.homes import Home
from gateway.domain.partners.names import feed_id
from gateway.errors import Invalid, NotFound, Permanent
from gateway.logging import get_logger
from gateway.metrics import WEBHOOKS
from gateway.office import Acting, Actor, Office
from ingest.arrival import Asked
from ingest.arrivals import polling
from ingest.arrivals.names import name_at
from ingest.arrivals.proofs import Call, Standard
from ingest.arrivals.rest import notices, pulling
from ingest.arrivals.rest.answers import Unreadable, ids_in
from ingest.arrivals.webhook import WebhookArrival
from ingest.feeds import FEEDS
from ingest.reception import receive

VIA = "webhook"
NOBODY = "nobody"  # who the figures say called, where no partner is named so

_COLUMN = "webhook_calls.digest"  # what digests are bound to
_DECOY = Standard()  # against which calls are held that nobody expects, so that they take their time

log = get_logger(__name__)


class Sender(NamedTuple):
    """Whose a proven call is.

    Attributes:
        limits: what the firm set of its partners' limits.
    """

    home: Home
    feed: str
    arrival: WebhookArrival
    rate_tier: str
    limits: Mapping[str, Mapping[str, int]]

    def actor(self, origin: str) -> Actor:
        """The partner, as the audit log names it."""
        return Actor("partner", self.home.slug, None, origin, self.home.partner_id)


class Taken(NamedTuple):
    """What a call has become, now or when it first came.

    Attributes:
        import_id: of the file that it brought; None for a notice.
        people: that a notice names.
    """

    import_id: UUID | None
    is_new: bool
    people: int = 0


def sender_of(office: Office, partner: str, feed: str, call: Call, origin: str) -> Sender | None:
    """The partner that a call comes from, if it proves so; None for whatever reason it does not."""
    found = _find(office, partner, feed)
    if not found.arrivals:
        _DECOY.proves(call, [f"whsec_{secrets.token_hex()}"], clock.now(), None)
    for arrival in found.arrivals:
        if not _is_proven(office, found.firm, arrival, call):
            continue
        sender = Sender(found.home, feed, arrival, found.rate_tier, {})
        with office.acting(found.home.firm_id, sender.actor(origin)) as acting:
            return sender._replace(limits=tiers.set_by_firm(acting))
    WEBHOOKS.add(found.home.slug or NOBODY, "unproven")
    return None


def take(office: Office, sender: Sender, call: Call, origin: str) -> Taken:
    """Put what a call brings on record and leave it to a worker; one that came before is what it was then.

    Two at once that are the same wait for each other in the database, and one of them finds the other's import.

    Raises:
        Invalid: `id_missing`, `empty_body`, `notice_unreadable`.
        Permanent: see `receive`.
    """
    _check(sender, call)
    people, by = _people(sender, call), sender.actor(origin)
    with office.acting(sender.home.firm_id, by) as acting:
        this = _this(acting, sender, call)
        earlier = acting.session.get(WebhookCall, this)
        if earlier is not None:
            taken = Taken(earlier.import_id, is_new=False)
        elif sender.arrival.pull:
            taken = _noticed(acting, this, people)
        elif sender.arrival.look:
            taken = _looked(acting, sender, this)
    if earlier is None and sender.arrival.name:
        taken = _received(office, sender, sender.arrival.name, call, by, this)
    WEBHOOKS.add(sender.home.slug, "taken" if taken.is_new else "repeated")
    return taken._replace(people=len(people))


def way_of(office: Office, home: Home, feed: str) -> tuple[WebhookArrival, str]:
    """How calls to a feed are proven, and the newest secret for it: for whoever tries it out.

    Raises:
        NotFound: calls to this feed are not agreed.
        Permanent: see `gateway.config.secret`.
    """
    found = _find(office, home.slug, feed)
    if not found.arrivals:
        raise NotFound("webhook of the feed", f"{home.slug}/{feed}")
    return found.arrivals[0], secret(found.arrivals[0].secrets[0], office.settings, firm=found.firm)


# ------------------------------------------------------------------------------------------------ whose it is


class _Found(NamedTuple):
    """Who would be meant; nobody, where no arrivals are agreed."""

    home: Home
    firm: str
    rate_tier: str
    arrivals: Sequence[WebhookArrival]


_NOBODY = _Found(Home(UUID(int=0), UUID(int=0), "", "UTC"), "", "standard", ())


def _find(office: Office, partner: str, feed: str) -> _Found:
    wanted = (
        select(Partner, Firm.slug, PartnerConfig.source)
        .join(Firm, Firm.id == Partner.firm_id)
        .join(PartnerConfig, (PartnerConfig.partner_id == Partner.id) & PartnerConfig.active)
        .where(Partner.slug == partner.replace("\0", "/"), Partner.status == "active", Firm.status == "active")
    )
    with office.db.system() as session:
        row = session.execute(wanted).one_or_none()
        if row is None:
            return _NOBODY
        one, firm, source = row
        return _Found(Home.of(one), firm, one.rate_tier, _agreed(source).get(feed, ()))


@lru_cache(maxsize=256)
def _agreed(source: str) -> Mapping[str, Sequence[WebhookArrival]]:
    """By feed, the calls that settings expect, as they were checked when they were applied."""
    try:
        feeds = FEEDS.decoded(read(source))
    except ConfigError as error:
        log.error("settings in force cannot be read any more", findings=len(error.findings))  # noqa: TRY400 - told
        return {}
    return {name: [one for one in feed.arrivals if isinstance(one, WebhookArrival)] for name, feed in feeds.items()}


def _is_proven(office: Office, firm: str, arrival: WebhookArrival, call: Call) -> bool:
    known = [one for one in (_known(office, firm, name) for name in arrival.secrets) if one]
    try:
        return bool(known) and arrival.proof.proves(call, known, clock.now(), arrival.id)
    except Permanent as problem:
        log.error("a webhook's secret is of no use", firm=firm, names=arrival.secrets, reason=problem.sentence)  # noqa: TRY400 - told
        return False


def _known(office: Office, firm: str, name: str) -> str | None:
    """A secret, as far as it is there: while one takes the place of another, one of them may be missing."""
    try:
        return secret(name, office.settings, firm=firm)
    except Permanent as problem:
        log.error("a webhook's secret is missing", firm=firm, secret=name, reason=problem.sentence)  # noqa: TRY400 - told
        return None


# ------------------------------------------------------------------------------------------------ each of them once


class _Faster(Exception):  # noqa: N818 - it is caught here
    """The same call came at the same time, and was first."""


This = tuple[UUID, UUID, bytes]  # a call: its firm, feed and digest


def _check(sender: Sender, call: Call) -> None:
    proof = sender.arrival.proof
    header = proof.says_id_in(sender.arrival.id)
    if header and proof.id_of(call, sender.arrival.id) is None:
        told = "1 to 255 visible ASCII characters, without the dot by which Standard Webhooks end it."
        raise Invalid("id_missing", f"Say in the header {header} which call it is: {told}")
    if not call.body:
        raise Invalid("empty_body", "The call brings nothing: send the file as its body.")


def _this(acting: Acting, sender: Sender, call: Call) -> This:
    call_id = sender.arrival.proof.id_of(call, sender.arrival.id)
    told = f"id {call_id}" if call_id else f"body {hashlib.sha256(call.body).hexdigest()}"
    [digest] = acting.cipher.index_column([told], _COLUMN)
    return acting.firm_id, feed_id(acting.session, sender.home.partner_id, sender.feed), digest or b""


def _people(sender: Sender, call: Call) -> list[str]:
    """Whom a notice names; nobody where the call brings a file."""
    if sender.arrival.pull is None:
        return []
    try:
        people = ids_in(call.body, sender.arrival.pull.ids)
    except Unreadable as problem:
        raise Invalid("notice_unreadable", "The body is no JSON that says who changed.") from problem
    if len(people) > notices.MOST:
        raise Invalid("notice_unreadable", f"One call may name {notices.MOST:,} people, not {len(people):,}.")
    return people


def _noticed(acting: Acting, this: This, people: list[str]) -> Taken:
    """Keep whom a notice names, and leave it to a worker to ask about them."""
    firm_id, feed, _ = this
    is_new = _note(this, acting.session, None)
    if is_new and people:
        notices.note(acting, feed, people)
        pulling.queue(acting.session, pulling.PULL, firm_id, feed, anew=True)
    return Taken(None, is_new)


def _looked(acting: Acting, sender: Sender, this: This) -> Taken:
    """Leave it to a worker to look at the feed's places: what lies there, the notice need not say rightly."""
    is_new = _note(this, acting.session, None)
    if is_new:
        polling.look_soon(acting, sender.home.slug, sender.feed)
    return Taken(None, is_new)


def _received(office: Office, sender: Sender, name: str, call: Call, by: Actor, this: This) -> Taken:
    """The import of this call, or of the other one that was faster."""
    named, asked, body = name_at(name, clock.now()), Asked(feed=sender.feed), iter([call.body])

    def note(session: Session, import_id: UUID) -> None:
        if not _note(this, session, import_id):
            raise _Faster

    try:
        import_id = receive(office, sender.home, named, body, via=VIA, by=by, asked=asked, queued=True, note=note)
        return Taken(import_id, is_new=True)
    except _Faster:
        with office.acting(sender.home.firm_id, by) as acting:
            return Taken(acting.session.get_one(WebhookCall, this).import_id, is_new=False)


def _note(this: This, session: Session, import_id: UUID | None) -> bool:
    """Note a call; whether it is there for the first time."""
    firm_id, feed, digest = this
    made = insert(WebhookCall).values(firm_id=firm_id, feed_id=feed, digest=digest, import_id=import_id)
    return session.execute(made.on_conflict_do_nothing().returning(WebhookCall.at)).first() is not None
