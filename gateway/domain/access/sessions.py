"""Sessions of staff: who may sign in, a session opened, found again at each request, prolonged by it, and ended."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, delete, func, select, text, update
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import Staff, StaffSession
from gateway.domain.access import passwords
from gateway.domain.audit import Change, record, write
from gateway.errors import NotFound
from gateway.office import Acting, Actor

IDLE = timedelta(hours=1)  # without a request, after which a session has ended
AT_MOST = timedelta(hours=12)  # after the sign-in, however much a session was used
_RENEWED = timedelta(minutes=5)  # at most so often; a write at each request would cost more than finding the session
_KEPT = timedelta(days=30)  # ended ones: they tell from where somebody usually signs in (`accounts_of` in the database)


class Account(NamedTuple):
    """Somebody who may sign in.

    Attributes:
        firm: the slug.
        was_here: whether this person has lately signed in from the address that asks.
    """

    firm_id: UUID
    firm: str
    staff_id: UUID
    email: str
    password_hash: str
    was_here: bool


class Opened(NamedTuple):
    """A new session.

    Attributes:
        ends_at: at the latest.
        csrf_token: what unsafe requests by cookie must repeat; shown now and never again.
    """

    session_id: UUID
    firm_id: UUID
    staff_id: UUID
    role: str
    ends_at: datetime
    csrf_token: str


class Live(NamedTuple):
    """A session that has not ended, of somebody who still works here; the role is today's, not the sign-in's.

    Attributes:
        is_due: it should be prolonged.
    """

    staff_id: UUID
    email: str
    role: str
    csrf_digest: bytes
    is_due: bool

    def is_bound_to(self, csrf_token: str) -> bool:
        """Whether a token is this session's."""
        return hmac.compare_digest(_digest(csrf_token), self.csrf_digest)


def accounts_of(session: Session, email: str, firm: str | None, origin: str) -> list[Account]:
    """Who may sign in with an e-mail address, at one firm or at any; in a session that signs people in."""
    found = session.execute(_ACCOUNTS_OF, {"email": email.strip().lower(), "origin": origin})
    accounts = [Account(*row) for row in found]
    return [one for one in accounts if firm is None or one.firm == firm]


def usual_places(session: Session) -> frozenset[str]:
    """Network addresses from which anybody's staff lately signed in; in a session that signs people in."""
    return frozenset(session.scalars(text("SELECT usual_places()")))


def start(session: Session, account: Account, password: str, origin: str) -> Opened | None:
    """Open a session for somebody whose password was right; None when it was changed meanwhile.

    Args:
        session: of the account's firm.
        account: whose.
        password: as it was given; kept anew where it is kept in an old way.
        origin: the network address that asks.
    """
    theirs = select(Staff).where(Staff.id == account.staff_id, Staff.active)
    staff = session.scalar(theirs.with_for_update())  # whoever changes it at this moment has done so, or waits for us
    if staff is None or not session.scalar(_IS_STILL_KEPT, {"person": staff.id, "kept": account.password_hash}):
        return None
    if passwords.is_outdated(account.password_hash):
        staff.password_hash = passwords.hashed(password)
    forgotten = StaffSession.expires_at < clock.now() - _KEPT
    session.execute(delete(StaffSession).where(StaffSession.staff_id == staff.id, forgotten))
    return _open(session, staff, origin)


def note_refusal(session: Session, account: Account, origin: str) -> None:
    """Put on record that somebody tried a wrong password."""
    write(session, account.firm_id, Actor("staff", account.email, account.staff_id, origin), "session.refuse")


# Whose session it is: no row when it has ended, or its owner or firm is no longer active. Asked at each request, so it
# is a query for `Database.look_up`; the columns are those of `Live`.
FIND_LIVE = f"""
SELECT m.id, m.email, m.role, s.csrf_digest,
       s.expires_at < least(gateway_now() + interval '{int((IDLE - _RENEWED).total_seconds())} seconds',
                            s.created_at + interval '{int(AT_MOST.total_seconds())} seconds')
FROM sessions s
JOIN staff m ON m.firm_id = s.firm_id AND m.id = s.staff_id AND m.active
JOIN firms f ON f.id = s.firm_id AND f.status = 'active'
WHERE s.firm_id = %(firm)s AND s.id = %(session)s AND s.ended_at IS NULL AND s.expires_at > gateway_now()
"""


def renew(session: Session, session_id: UUID) -> datetime | None:
    """Prolong a session that was used, in a session of its firm; until when, or None where it has ended meanwhile."""
    now = clock.now()
    live = (StaffSession.id == session_id, StaffSession.ended_at.is_(None), StaffSession.expires_at > now)
    until = func.least(now + IDLE, StaffSession.created_at + AT_MOST)
    return session.scalar(update(StaffSession).where(*live).values(expires_at=until).returning(StaffSession.expires_at))


def end(acting: Acting, session_id: UUID) -> None:
    """Sign out: the session's token is good nowhere any more."""
    ended = update(StaffSession).where(StaffSession.id == session_id, StaffSession.ended_at.is_(None))
    acting.session.execute(ended.values(ended_at=clock.now()))
    record(acting, "session.end")


def own(acting: Acting) -> Sequence[StaffSession]:
    """The sessions in which whoever acts is signed in, the newest first."""
    return acting.session.scalars(_live_ones(acting.actor.id).order_by(StaffSession.created_at.desc())).all()


def end_own(acting: Acting, session_id: UUID) -> None:
    """Sign oneself out where one is signed in besides, or here.

    Raises:
        NotFound: whoever acts has no such session, or it has ended.
    """
    one = acting.session.scalar(_live_ones(acting.actor.id).where(StaffSession.id == session_id).with_for_update())
    if one is None:
        raise NotFound("session", str(session_id), "It may have ended by itself.")
    one.ended_at = clock.now()
    record(acting, "session.end", changes=[Change("session", one.id, "ended", old={"origin": one.origin})])


def end_others(acting: Acting, keeping: UUID) -> None:
    """Sign oneself out everywhere but here."""
    assert acting.actor.id is not None  # noqa: S101 - whoever has a session is somebody
    end_all(acting.session, acting.actor.id, but=keeping)
    record(acting, "session.end_all", changes=[Change("staff", acting.actor.id, "signed out elsewhere")])


def _live_ones(staff_id: UUID | None) -> Select[StaffSession]:
    live = (StaffSession.ended_at.is_(None), StaffSession.expires_at > clock.now())
    return select(StaffSession).where(StaffSession.staff_id == staff_id, *live)


def end_all(session: Session, staff_id: UUID, *, but: UUID | None = None) -> None:
    """Sign somebody out everywhere, except in one session."""
    ended = update(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None))
    if but is not None:
        ended = ended.where(StaffSession.id != but)
    session.execute(ended.values(ended_at=clock.now()))


def end_everybodys(session: Session, actor: Actor) -> int:
    """Sign all staff of all firms out, in a system session; how many sessions ended."""
    live = (StaffSession.ended_at.is_(None), StaffSession.expires_at > clock.now())
    ended = update(StaffSession).where(*live).values(ended_at=clock.now()).returning(StaffSession.firm_id)
    firms = session.scalars(ended).all()
    for firm_id in set(firms):
        write(session, firm_id, actor, "session.end_all")
    return len(firms)


_ACCOUNTS_OF = text("SELECT * FROM accounts_of(:email, :origin)")
_IS_STILL_KEPT = text("SELECT is_still_kept(:person, :kept)")


def _open(session: Session, staff: Staff, origin: str) -> Opened:
    csrf_token, now = secrets.token_urlsafe(32), clock.now()
    opened = StaffSession(
        firm_id=staff.firm_id,
        staff_id=staff.id,
        csrf_digest=_digest(csrf_token),
        origin=origin,
        created_at=now,
        expires_at=now + IDLE,
    )
    session.add(opened)
    write(session, staff.firm_id, Actor("staff", staff.email, staff.id, origin), "session.start")
    session.flush()
    return Opened(opened.id, staff.firm_id, staff.id, staff.role, now + AT_MOST, csrf_token)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
