"""One call to an HRIS: proven, made through the one door that leads outside, and its answer judged."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Annotated, NamedTuple
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway import clock, metrics
from gateway.config import secret
from gateway.db.models import RestSource
from gateway.errors import Permanent, Problem, Transient
from gateway.office import Office
from gateway.outward import Answer, Limits, Outward
from ingest.arrivals.rest import turns
from ingest.arrivals.rest.sources import Source, account_of, sharing
from ingest.arrivals.rest.spec import ClientAuth, KeyAuth
from ingest.arrivals.rest.turns import For, NotNow

MOST_BYTES = 32 << 20  # of one answer

_COLUMN = "rest_sources.token"  # what tokens are bound to
_OK, _UNAUTHORISED, _NO_SUCH = range(200, 300), 401, (400, 404, 410, 422)
_TOO_OFTEN, _AWAY = 429, 503
_OF_NO_USE = {"answer_too_large", "answer_unreadable"}  # the HRIS does answer
_WITHOUT_A_WORD = timedelta(minutes=1)  # that an HRIS is left alone which asks for it, and does not say for how long
_LONGEST = timedelta(days=1)
_ABSURD = 10  # digits of seconds, which are more than any wait has
_EARLY = timedelta(seconds=30)  # before its end a token is not used any more


class Told(NamedTuple):
    """What an HRIS answered, and when it was asked: of that instant the answer speaks."""

    asked_at: datetime
    body: bytes


class Unanswered(Transient):
    """The HRIS gave no answer that is any good; when to ask again is known (`turns`)."""


class NoSuch(Unanswered):
    """There is nothing of this kind, or no more: a person who is gone, a page that has run out."""


def ask(
    office: Office,
    source: Source,
    path: str,
    query: Mapping[str, str],
    purpose: For,
    also: Callable[[Session], None] | None = None,
) -> Told:
    """Ask an HRIS once; whatever is wrong with its answer is noted before this raises. For `also` see `take_turn`.

    Raises:
        NotNow: it may not be asked now.
        Unanswered: `hris_failed`.
        NoSuch: `hris_no_such`.
    """
    url = f"{source.arrival.url.rstrip('/')}{path}" + (f"?{urlencode(query)}" if query else "")
    headers = {"Accept": "application/json", **_proof(office, source, purpose)}
    asked_at = _turn(office, source, purpose, also)
    answer = _sent(office, source, "GET", url, headers)
    if answer.status == _UNAUTHORISED:
        _forget_token(office, source)
    _judge(office, source, answer)
    return Told(asked_at, answer.body)


def person_path(path: str, person: str) -> str:
    """A path with somebody's id in it, whatever that is made of."""
    return path.replace("{id}", quote(person, safe=""))


def _turn(office: Office, source: Source, purpose: For, also: Callable[[Session], None] | None = None) -> datetime:
    try:
        return turns.take_turn(office, source, purpose, also)
    except NotNow:
        _count(source, "not_now")
        raise


def _count(source: Source, outcome: str) -> None:
    metrics.HRIS_CALLS.add(source.home.slug, source.arrival.provider, outcome)


def _sent(
    office: Office, source: Source, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
) -> Answer:
    try:
        return Outward(office.settings).send(method, url, headers, body, limits=Limits(most=MOST_BYTES))
    except Problem as problem:
        note = turns.not_as_agreed if problem.code in _OF_NO_USE else turns.failed
        note(office, source, problem.sentence)
        _count(source, "failed")
        raise Unanswered("hris_failed", problem.sentence) from problem


def _judge(office: Office, source: Source, answer: Answer) -> None:
    """Note what an answer that is none says of the HRIS.

    Raises:
        Unanswered: it is none.
    """
    _count(source, _outcome(answer.status))
    if answer.status in _OK:
        return
    sentence = f"The HRIS answered {answer.status}."
    if answer.status in _NO_SUCH:
        raise NoSuch("hris_no_such", sentence)
    said = _retry_after(answer)
    if said is not None or answer.status == _TOO_OFTEN:
        turns.pause(office, source, clock.now() + (said or _WITHOUT_A_WORD), sentence)
    if answer.status != _TOO_OFTEN:
        turns.failed(office, source, sentence)
    raise Unanswered("hris_failed", sentence)


def _outcome(status: int) -> str:
    if status in _OK:
        return "answered"
    words = {**dict.fromkeys(_NO_SUCH, "unknown"), _UNAUTHORISED: "unproven", _TOO_OFTEN: "too_often"}
    return words.get(status, "failed")


def _retry_after(answer: Answer) -> timedelta | None:
    """For how long an HRIS asks to be left alone: seconds, or until a date (RFC 9110, 10.2.3)."""
    text = answer.headers.get("retry-after", "").strip()
    if not text or answer.status not in {_TOO_OFTEN, _AWAY}:
        return None
    try:
        wait = _seconds(text) if text.isdecimal() else _instant(text) - clock.now()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta(seconds=1)), _LONGEST)


def _seconds(text: str) -> timedelta:
    return timedelta(seconds=int(text)) if len(text) < _ABSURD else _LONGEST


def _instant(text: str) -> datetime:
    """A date of HTTP; those of mail say by -0000 that they are of UTC, and are read without a zone."""
    told = parsedate_to_datetime(text)
    return told if told.tzinfo else told.replace(tzinfo=UTC)


# ------------------------------------------------------------------------------------------------ proof


class _Token(msgspec.Struct, frozen=True):
    """What a header can hold: whatever else it is, it must not be kept, and used until it ends."""

    access_token: Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]+\Z")]
    expires_in: Annotated[float, msgspec.Meta(ge=0)] = 300  # some write "900", some 900.0


def _proof(office: Office, source: Source, purpose: For) -> dict[str, str]:
    auth = source.arrival.auth
    if isinstance(auth, KeyAuth):
        return {auth.header: f"{auth.prefix}{_secret(office, source, auth.secret)}"}
    return {"Authorization": f"Bearer {_token(office, source, auth, purpose)}"}


def _token(office: Office, source: Source, auth: ClientAuth, purpose: For) -> str:
    """One that the account has; else another one, which its feeds do not all fetch at once."""
    if kept := _kept_token(office, source, auth):
        return kept
    with _fetching(source.account, auth):
        return _kept_token(office, source, auth) or _new_token(office, source, auth, purpose)


@lru_cache(maxsize=1_000)
def _fetching(_account: tuple[UUID, UUID, str], _auth: ClientAuth) -> threading.Lock:
    """Of this process; two processes may fetch one each, and both will do."""
    return threading.Lock()


def _secret(office: Office, source: Source, name: str) -> str:
    try:
        return secret(name, office.settings, firm=source.firm)
    except Problem as problem:
        turns.failed(office, source, problem.sentence)
        raise Unanswered("hris_failed", problem.sentence) from problem


def _kept_token(office: Office, source: Source, auth: ClientAuth) -> str | None:
    """What any feed of the account was given for the same login; for another one, it cannot be decrypted."""
    with office.acting(source.home.firm_id, source.actor) as acting:
        lasts = RestSource.token.is_not(None), RestSource.token_until > clock.now() + _EARLY
        found = select(RestSource.token).where(RestSource.feed_id.in_(sharing(source)), *lasts)
        for token in acting.session.scalars(found.order_by(RestSource.token_until.desc())):
            with suppress(Permanent):
                return acting.cipher.decrypt(token or b"", _bound_to(auth))
    return None


def _bound_to(auth: ClientAuth) -> str:
    login = hashlib.sha256(msgspec.json.encode([auth.token_url, auth.client_id, auth.secret, auth.scope]))
    return f"{_COLUMN}/{login.hexdigest()}"


def _new_token(office: Office, source: Source, auth: ClientAuth, purpose: For) -> str:
    """A token counts as a call: some budgets do, and none is hurt by it."""
    pair = f"{quote(auth.client_id, safe='')}:{quote(_secret(office, source, auth.secret), safe='')}"
    headers = {
        "Accept": "application/json",
        "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    form = {"grant_type": "client_credentials"} | ({"scope": auth.scope} if auth.scope else {})
    now = _turn(office, source, purpose)
    answer = _sent(office, source, "POST", auth.token_url, headers, urlencode(form).encode())
    if answer.status in _NO_SUCH:
        turns.failed(office, source, f"There is no token endpoint: it answered {answer.status}.")
    _judge(office, source, answer)
    try:
        token = msgspec.json.decode(answer.body, type=_Token, strict=False)
    except msgspec.MsgspecError as error:
        sentence = "The token endpoint answered without an access_token that can be used."
        turns.failed(office, source, sentence)
        raise Unanswered("hris_failed", sentence) from error
    _keep_token(office, source, auth, token, now)
    return token.access_token


def _keep_token(office: Office, source: Source, auth: ClientAuth, token: _Token, now: datetime) -> None:
    with office.acting(source.home.firm_id, source.actor) as acting:
        row = acting.session.get_one(RestSource, source.key, with_for_update=True)
        [row.token] = acting.cipher.encrypt_column([token.access_token], _bound_to(auth))
        row.token_until = now + timedelta(seconds=min(token.expires_in, 86_400))


def _forget_token(office: Office, source: Source) -> None:
    """The next call of the account fetches another one."""
    with office.db.firm(source.home.firm_id) as session:
        account_of(session, source)
        mine = update(RestSource).where(RestSource.feed_id.in_(sharing(source)))
        session.execute(mine.values(token=None, token_until=None))


__all__ = ["MOST_BYTES", "NoSuch", "NotNow", "Told", "Unanswered", "ask", "person_path"]
