"""Who may log in to the SFTP endpoint: the user name is a partner's slug, the proof one of its keys or passwords.

A partner that does not exist, one without such a credential and a wrong proof take the same way and the same time, so
that nobody learns which partners there are. Passwords are slowed down as those of staff (`sign_in_delays`). A
connection that offered wrong keys alone counts as one try, too; but the right key lets its partner in at any time, for
nobody guesses keys.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_, select, text, update

from gateway import clock
from gateway.db.models import Credential, Firm, Partner
from gateway.domain.access import passwords, sign_in_delays
from gateway.domain.access.credentials import MOST_LIVE
from gateway.domain.access.permissions import holds
from gateway.domain.audit import Change, write
from gateway.logging import get_logger
from gateway.office import Actor, Office

_PLACES = 5  # addresses that are usual for a credential
_MOST_PASSWORD = 1_000  # characters that are hashed; ours have 23

log = get_logger(__name__)


class Login(NamedTuple):
    """A partner that has proved itself.

    Attributes:
        partner: its slug.
        origin: the address from which it came.
    """

    firm_id: UUID
    partner_id: UUID
    partner: str
    time_zone: str
    credential_id: UUID
    prefix: str
    scopes: frozenset[str]
    origin: str

    @property
    def actor(self) -> Actor:
        """As the audit log names it."""
        return Actor("partner", self.partner, self.credential_id, self.origin, self.partner_id)

    def may(self, permission: str) -> bool:
        """Whether the credential holds a permission."""
        return holds(permission, role=None, scopes=self.scopes)


class _Kept(NamedTuple):
    """A row of `sftp_logins`."""

    firm_id: UUID
    partner_id: UUID
    partner: str
    time_zone: str
    credential_id: UUID
    kind: str
    prefix: str
    scopes: list[str]
    public_key: str | None
    password_hash: str | None
    was_here: bool


def by_key(office: Office, name: str, public_key: str, origin: str) -> Login | None:
    """Whose login a public key is; that its owner holds the private one as well, the protocol sees to.

    Args:
        office: the surroundings.
        name: the user name that was given.
        public_key: in the form of `ssh_keys.normalised`.
        origin: the address that asks.
    """
    found = (one for one in _kept(office, name, origin) if one.kind == "ssh_key" and one.public_key == public_key)
    return next((_login(one, origin) for one in found), None)


def by_password(office: Office, name: str, password: str, origin: str) -> Login | None:
    """Whose login a password is; takes as long for whom there is none. A wrong one is on record.

    Raises:
        TooManyTries: it was not looked at.
    """
    kept = [one for one in _kept(office, name, origin) if one.kind == "sftp_password"]
    counters = sign_in_delays.counters(_account(name), origin, is_usual=any(one.was_here for one in kept))
    with office.db.system() as session:
        sign_in_delays.count(session, counters)
    matched = _matching(kept, password)
    if matched is None:
        note_refusal(office, name, origin)
        return None
    with office.db.system() as session:
        sign_in_delays.forgive(session, counters)
    return _login(matched, origin)


def count_keys(office: Office, name: str, origin: str) -> None:
    """Count a connection that offered wrong keys and nothing that was right; it is on record."""
    kept = _kept(office, name, origin)
    counters = sign_in_delays.counters(_account(name), origin, is_usual=any(one.was_here for one in kept))
    try:
        with office.db.system() as session:
            sign_in_delays.count(session, counters)
    except sign_in_delays.TooManyTries:
        return  # it waits already, and its tries are on record
    note_refusal(office, name, origin)


def note(office: Office, login: Login) -> None:
    """Put on record that somebody logged in, and from where."""
    with office.db.firm(login.firm_id) as session:
        write(session, login.firm_id, login.actor, "sftp.login", changes=[_told(login.credential_id, login.prefix)])
        before = session.scalar(select(Credential.usual_from).where(Credential.id == login.credential_id)) or []
        usual = [login.origin, *(one for one in before if one != login.origin)][:_PLACES]
        used = update(Credential).where(Credential.id == login.credential_id)
        session.execute(used.values(last_used_at=clock.now(), usual_from=usual))


def note_refusal(office: Office, name: str, origin: str) -> None:
    """Put on record that somebody did not get in; where there is no such partner, there is no log to hold it."""
    log.warning("sftp login refused", origin=origin)
    with office.db.system() as session:
        owner = session.scalar(select(Partner).where(Partner.slug == name))
        if owner is not None:
            write(session, owner.firm_id, Actor("partner", owner.slug, None, origin), "sftp.refuse")


def still_good(office: Office, credentials: Collection[UUID]) -> set[UUID]:
    """Those of some credentials by which their partners may still be in."""
    live = (
        select(Credential.id)
        .join(Partner, (Partner.firm_id == Credential.firm_id) & (Partner.id == Credential.partner_id))
        .join(Firm, Firm.id == Credential.firm_id)
        .where(Credential.id.in_(credentials), Credential.revoked_at.is_(None))
        .where(or_(Credential.expires_at.is_(None), Credential.expires_at > clock.now()))
        .where(Partner.status == "active", Firm.status == "active")
    )
    with office.db.system() as session:
        return set(session.scalars(live))


def _kept(office: Office, name: str, origin: str) -> list[_Kept]:
    if "\x00" in name:
        return []
    with office.db.signing_in() as session:
        rows = session.execute(text("SELECT * FROM sftp_logins(:login, :origin)"), {"login": name, "origin": origin})
        return [_Kept(*row) for row in rows]


def _matching(kept: list[_Kept], password: str) -> _Kept | None:
    """As many are tried as a partner may have, however many there are."""
    matched = None
    for number in range(max(MOST_LIVE, len(kept))):
        one = kept[number] if number < len(kept) else None
        if passwords.matches(password[:_MOST_PASSWORD], one.password_hash if one else None):
            matched = one
    return matched


def _login(kept: _Kept, origin: str) -> Login:
    return Login(
        firm_id=kept.firm_id,
        partner_id=kept.partner_id,
        partner=kept.partner,
        time_zone=kept.time_zone,
        credential_id=kept.credential_id,
        prefix=kept.prefix,
        scopes=frozenset(kept.scopes),
        origin=origin,
    )


def _account(name: str) -> str:
    """Apart from the accounts of staff, whatever they are called."""
    return f"sftp\x00{name}"


def _told(credential_id: UUID, prefix: str) -> Change:
    return Change("credential", credential_id, "used", new={"prefix": prefix})
