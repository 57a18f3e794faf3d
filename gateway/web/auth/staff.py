"""Staff: signed in with a password, then known by the token of their session, in a header or in a cookie."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection
from msgspec import Struct

from gateway.domain.access import passwords, sessions, sign_in_delays
from gateway.domain.access.sessions import Account, Opened
from gateway.logging import get_logger
from gateway.office import Office
from gateway.web.auth import cookies
from gateway.web.auth.cookies import CSRF_HEADER, given_token
from gateway.web.auth.crossing import refuse_foreign
from gateway.web.auth.tokens import Keyring
from gateway.web.calls import Call, Identity
from gateway.web.problems import Rejected

log = get_logger(__name__)

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})  # RFC 9110, 9.2.1


class Login(Struct, frozen=True):
    """Who somebody says to be."""

    email: str
    password: str
    firm: str | None
    origin: str


def sign_in(office: Office, wanted: Login) -> Opened:
    """Open a session for whoever knows the password.

    A wrong password, an unknown address, a firm that is missing although the address works at two, and somebody who
    was deactivated take the same way and get the same answer. The only difference is one audit entry, for there is no
    log of acts against nobody: a write of another kind takes its time.

    Raises:
        Rejected: 401 `sign_in_failed`, 429 `too_many_tries`.
    """
    with office.db.signing_in() as session:
        accounts = sessions.accounts_of(session, wanted.email, wanted.firm, wanted.origin)
    account = accounts[0] if len(accounts) == 1 else None
    counters = sign_in_delays.counters(
        wanted.email.strip().lower(), wanted.origin, is_usual=account is not None and account.was_here
    )
    _count(office, counters)
    good = passwords.matches(wanted.password, account.password_hash if account else None)
    opened = _open(office, account, wanted) if good and account else None
    if opened is None:
        raise _refused(office, accounts, counters, wanted.origin)
    with office.db.system() as session:
        sign_in_delays.forgive(session, counters)
    return opened


def confirm(call: Call, password: str) -> None:
    """Ask somebody who is signed in for the password again; wrong ones are slowed down as at the sign-in.

    Raises:
        Rejected: 403 `password_wrong`, 429 `too_many_tries`.
    """
    counters = sign_in_delays.counters(call.who.name, call.origin, is_usual=True)
    _count(call.office, counters)
    if not passwords.matches(password, _kept(call)):
        raise Rejected(403, "password_wrong", "This is not your current password.")
    with call.office.db.system() as session:
        sign_in_delays.forgive(session, counters)


def by_token(office: Office, keyring: Keyring, token: str) -> Identity | None:
    """The member of staff whose session a token belongs to, while it goes on."""
    found = _found(office, keyring, token)
    if found is None:
        return None
    who, live = found
    _renewed(office, who, live)
    return who


def still(office: Office, who: Identity) -> Identity | None:
    """A member of staff as of this moment; None when the session has ended."""
    found = _live(office, who.firm_id, who.session_id) if who.session_id else None
    return found[0] if found else None


def by_cookie(connection: ASGIConnection[Any, Any, Any, Any], office: Office, keyring: Keyring) -> Identity | None:
    """The same by cookie, which browsers send along unasked: an unsafe request must repeat the CSRF token.

    A form has it in a field; see `gateway.web.console.forms`, which is left what to hold it against.

    Raises:
        Rejected: 403 `csrf`.
    """
    token = given_token(connection, office.settings)
    found = _found(office, keyring, token) if token else None
    if found is None:
        return None
    who, live = found
    if connection.scope.get("method") not in _SAFE:
        _refuse_forged(connection, live)
    if (until := _renewed(office, who, live)) is not None:
        cookies.renew(connection, office.settings, live, until)
    return who


def _refuse_forged(connection: ASGIConnection[Any, Any, Any, Any], live: sessions.Live) -> None:
    refuse_foreign(connection)
    if connection.route_handler.opt.get("form"):
        connection.state.is_bound_to = live.is_bound_to
    elif not live.is_bound_to(connection.headers.get(CSRF_HEADER, "")):
        sentence = f"Repeat the CSRF token of your session in the header {CSRF_HEADER}; signing in gives it."
        raise Rejected(403, "csrf", sentence)


def _renewed(office: Office, who: Identity, live: sessions.Live) -> datetime | None:
    """Until when the session goes on, where that has changed; a transaction of its own, whatever comes of the rest."""
    if not live.is_due or who.session_id is None:
        return None
    with office.db.firm(who.firm_id) as session:
        return sessions.renew(session, who.session_id)


def _kept(call: Call) -> str | None:
    with call.office.db.signing_in() as session:
        accounts = sessions.accounts_of(session, call.who.name, None, call.origin)
    return next((one.password_hash for one in accounts if one.staff_id == call.who.id), None)


def _count(office: Office, counters: list[sign_in_delays.Counter]) -> None:
    try:
        with office.db.system() as session:
            sign_in_delays.count(session, counters)
    except sign_in_delays.TooManyTries as error:
        wait = {"Retry-After": str(error.seconds)}
        raise Rejected(429, error.code, error.sentence, headers=wait) from error


def _open(office: Office, account: Account, wanted: Login) -> Opened | None:
    with office.db.firm(account.firm_id) as session:
        return sessions.start(session, account, wanted.password, wanted.origin)


def _refused(office: Office, accounts: list[Account], counters: list[sign_in_delays.Counter], origin: str) -> Rejected:
    """What whoever is refused hears; of an address that nobody has as much is written as of one that somebody has."""
    with office.db.system() as session:
        for account in accounts:
            sessions.note_refusal(session, account, origin)
        if not accounts:
            sign_in_delays.touch(session, counters[0])
    log.warning("sign-in refused", origin=origin)
    return Rejected(
        401,
        "sign_in_failed",
        "E-mail address and password do not belong together. Whoever works at several firms must name the firm.",
    )


def _found(office: Office, keyring: Keyring, token: str) -> tuple[Identity, sessions.Live] | None:
    claims = keyring.read(token)
    return _live(office, claims.firm_id, claims.sid) if claims else None


def _live(office: Office, firm_id: UUID, session_id: UUID) -> tuple[Identity, sessions.Live] | None:
    rows = office.db.look_up(sessions.FIND_LIVE, {"firm": firm_id, "session": session_id}, firm_id)
    if not rows:
        return None
    live = sessions.Live(*rows[0])
    who = Identity(firm_id=firm_id, id=live.staff_id, name=live.email, role=live.role, session_id=session_id)
    return who, live
