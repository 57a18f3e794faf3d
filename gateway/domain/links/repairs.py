"""Links to rejected rows: sent to the partner's people, opened by a press, and good for that one import alone.

What stands in the address, and what a browser is given that opened it, is random and kept nowhere; by the digest alone
it is found. Mail scanners open addresses, so looking changes nothing, and a press is counted. Whoever holds a link acts
as the partner whose file it is, and sees what is wrong in that file.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, cast
from uuid import UUID

from msgspec import Struct
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import Firm, LinkEnd, RepairLink, RepairVisit
from gateway.domain.access.credentials import digest_of
from gateway.domain.audit import Action, Change, record
from gateway.errors import Conflict, Gone, NotFound
from gateway.jobs.handling import Handling
from gateway.office import Acting, Actor, Office

PATH = "/r/"
LASTS = timedelta(days=14)
VISIT_LASTS = timedelta(hours=8)
MOST_OPENINGS = 10
KEPT = timedelta(days=30)  # an expired link, so that whoever follows it hears that it is one
CONTACT = "errors"  # to whom of the partner's contacts they go
VIA = "link"

_SETTING = "repair_links"  # of a firm
_TOKEN_BYTES = 16
_AT_ONCE = 10_000  # links a transaction deletes


class Found(NamedTuple):
    """A link that was found by what somebody showed.

    Attributes:
        visit_id: of the browser that opened it; None where what stands in the address was shown.
        partner: the slug of the partner whose file it is.
        firm, time_zone: of the firm that asks for repairs.
    """

    firm_id: UUID
    link_id: UUID
    visit_id: UUID | None
    import_id: UUID
    partner_id: UUID
    partner: str
    firm: str
    time_zone: str
    expires_at: datetime
    openings: int
    asked_at: datetime | None
    ended_at: datetime | None
    ended_code: LinkEnd | None
    rows_sent: int | None
    rows_left: int | None

    @property
    def is_open(self) -> bool:
        """Whether rows can be repaired by it now."""
        return self.ended_at is None and self.expires_at > clock.now()

    @property
    def actor(self) -> Actor:
        """As whom it acts."""
        return Actor("partner", self.partner, self.link_id, VIA, self.partner_id)


class Standing(Struct, frozen=True, kw_only=True):
    """A link as the firm's staff see it: to whom it went and how it stands; of its address nothing is kept.

    Attributes:
        state: `open`, `expired`, or why it ended.
        openings: how often somebody pressed its button, of `most_openings`.
        asked_at: when somebody who came too late asked for another one.
    """

    id: UUID
    contact: str
    state: Literal["open", "expired"] | LinkEnd
    created_at: datetime
    created_by: str
    expires_at: datetime
    openings: int
    most_openings: int
    asked_at: datetime | None


class Opening(NamedTuple):
    """What a browser keeps that opened a link."""

    token: str
    expires_at: datetime


def make(acting: Acting, import_id: UUID, partner_id: UUID) -> tuple[RepairLink, str]:
    """A link to the rejected rows of an import, which replaces others; and its address, told now and never again.

    Raises:
        Conflict: `links_off`, the firm wants none.
    """
    # one at a time for a firm, and not while it switches them off; records of it can be added meanwhile
    acting.session.execute(select(Firm.id).where(Firm.id == acting.firm_id).with_for_update(key_share=True))
    if not are_on(acting.session, acting.firm_id):
        raise Conflict("links_off", "This firm has switched off links by which partners repair rows.")
    _end(acting, import_id, "replaced")
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    link = RepairLink(
        firm_id=acting.firm_id,
        digest=digest_of(token),
        import_id=import_id,
        partner_id=partner_id,
        contact=CONTACT,
        created_by=acting.actor.name,
        expires_at=clock.now() + LASTS,
    )
    acting.session.add(link)
    acting.session.flush()
    _note(acting, "repair_link.make", link.id, import_id, "created")
    return link, f"{acting.office.settings.reached_at}{PATH}{token}"


def are_on(session: Session, firm_id: UUID) -> bool:
    """Whether a firm lets its partners' people repair rows by links; it does unless it said that it does not."""
    settings = session.scalars(select(Firm.settings).where(Firm.id == firm_id)).one()
    return bool(settings.get(_SETTING, True))


def switch(acting: Acting, *, on: bool) -> None:
    """Let the partners' people repair rows by links, or no more: then those that were sent end as well."""
    firm = acting.session.get_one(Firm, acting.firm_id, with_for_update=True)
    was = bool(firm.settings.get(_SETTING, True))
    if was == on:
        return
    firm.settings = {**firm.settings, _SETTING: on}
    if not on:
        values = {"ended_at": clock.now(), "ended_code": "revoked"}
        acting.session.execute(update(RepairLink).where(RepairLink.ended_at.is_(None)).values(values))
    told = Change("firm", acting.firm_id, "set", old={_SETTING: was}, new={_SETTING: on})
    record(acting, "repair_link.switch", changes=[told])


def find(office: Office, token: str) -> Found | None:
    """What somebody shows, in an address or in a cookie; the same question for whatever it is."""
    rows = office.db.look_up("SELECT * FROM find_repair(%(proof)s)", {"proof": digest_of(token)})
    return Found(*rows[0]) if rows else None


def open_(acting: Acting, link_id: UUID) -> Opening:
    """Let one more browser in.

    Raises:
        Gone: `link_over`.
        Conflict: `opened_too_often`.
    """
    link = acting.session.get_one(RepairLink, (acting.firm_id, link_id), with_for_update=True)
    if link.ended_at is not None or link.expires_at <= clock.now():
        raise Gone("link_over", "This link has ended meanwhile. Open it again to see why.")
    if link.openings >= MOST_OPENINGS:
        raise Conflict("opened_too_often", "This link was opened as often as it may be. Ask the firm for a new one.")
    link.openings += 1
    opening = Opening(secrets.token_urlsafe(_TOKEN_BYTES), min(link.expires_at, clock.now() + VISIT_LASTS))
    visit = RepairVisit(
        firm_id=acting.firm_id, link_id=link_id, digest=digest_of(opening.token), expires_at=opening.expires_at
    )
    acting.session.add(visit)
    _note(acting, "repair_link.open", link_id, link.import_id, "opened")
    return opening


def check_open(acting: Acting, *, held: bool = False) -> None:
    """Whoever acts by a link does so as long as it is open, also where a request of theirs began before it ended.

    Args:
        acting: who; whoever acts by no link is none of this.
        held: it stays as it is until the transaction ends; for whoever has locked the draft before.

    Raises:
        Gone: `link_over`.
    """
    if acting.actor.kind != "partner" or acting.actor.id is None:
        return
    wanted = select(RepairLink).where(RepairLink.id == acting.actor.id)
    link = acting.session.scalar(wanted.with_for_update() if held else wanted)
    if link is not None and (link.ended_at is not None or link.expires_at <= clock.now()):
        raise Gone("link_over", "This link has ended meanwhile, and nothing was done. Open it again to see why.")


def ask_again(acting: Acting, link_id: UUID) -> None:
    """Let the firm know that somebody who came too late wants another link; asking twice asks once."""
    link = acting.session.get_one(RepairLink, (acting.firm_id, link_id), with_for_update=True)
    if link.asked_at is None:
        link.asked_at = clock.now()
        _note(acting, "repair_link.ask", link_id, link.import_id, "asked")


def listed(acting: Acting, import_id: UUID) -> list[Standing]:
    """The links to the rows of an import, the newest first."""
    wanted = select(RepairLink).where(RepairLink.import_id == import_id)
    return [_standing(one) for one in acting.session.scalars(wanted.order_by(RepairLink.id.desc()))]


def revoke(acting: Acting, import_id: UUID, link_id: UUID) -> None:
    """Let a link lead nowhere from now on, for those who have opened it too; one that has ended stays as it is.

    Raises:
        NotFound: the import has no such link.
    """
    wanted = select(RepairLink).where(RepairLink.id == link_id, RepairLink.import_id == import_id)
    link = acting.session.scalar(wanted.with_for_update())
    if link is None:
        raise NotFound("link", str(link_id))
    if link.ended_at is None:
        link.ended_at, link.ended_code = clock.now(), "revoked"
        _note(acting, "repair_link.revoke", link_id, import_id, "revoked")


def note_sent(acting: Acting, import_id: UUID, rows: int, left: int) -> None:
    """Have the links to an import tell that rows were sent, whoever did; they end where none is left.

    Args:
        acting: who sent them.
        import_id: of which they were rejected.
        rows: how many were sent up to now.
        left: how many can still be repaired.
    """
    counted = {"rows_sent": rows, "rows_left": left}
    if left:
        live = RepairLink.import_id == import_id, RepairLink.ended_at.is_(None)
        acting.session.execute(update(RepairLink).where(*live).values(counted))
    else:
        _end(acting, import_id, "sent" if acting.actor.kind == "partner" else "sent_by_firm", **counted)


def proof_of_visit(token: str) -> str:
    """What a form of a page repeats that was shown to a browser with this in its cookie."""
    return hashlib.sha256(f"form:{token}".encode()).hexdigest()


def purge(handling: Handling) -> None:
    """Delete links a month after they have expired."""
    old = select(RepairLink.id).where(RepairLink.expires_at < clock.now() - KEPT)
    gone, last = 0, _AT_ONCE
    while last == _AT_ONCE:
        with handling.office.db.system() as session:
            some = old.limit(_AT_ONCE).with_for_update(skip_locked=True)
            last = len(
                session.scalars(delete(RepairLink).where(RepairLink.id.in_(some)).returning(RepairLink.id)).all()
            )
        gone += last
        handling.tell(deleted=gone)


def _standing(link: RepairLink) -> Standing:
    ended = cast("LinkEnd | None", link.ended_code)
    return Standing(
        id=link.id,
        contact=link.contact,
        state=ended or ("open" if link.expires_at > clock.now() else "expired"),
        created_at=link.created_at,
        created_by=link.created_by,
        expires_at=link.expires_at,
        openings=link.openings,
        most_openings=MOST_OPENINGS,
        asked_at=link.asked_at,
    )


def _end(acting: Acting, import_id: UUID, why: LinkEnd, **more: int) -> None:
    live = RepairLink.import_id == import_id, RepairLink.ended_at.is_(None)
    values = {"ended_at": clock.now(), "ended_code": why, **more}
    acting.session.execute(update(RepairLink).where(*live).values(values))


def _note(acting: Acting, action: Action, link_id: UUID, import_id: UUID, done: str) -> None:
    record(acting, action, import_id=import_id, changes=[Change("repair_link", link_id, done)])
