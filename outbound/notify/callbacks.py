"""What a provider of texts calls us about, proven by its signature: what became of a text, and what was answered.

The signature is Twilio's: HMAC-SHA1 with the account's token over the address that was called and the fields of the
form, sorted; so it covers the ids which our own address holds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID
from xml.sax.saxutils import escape

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from gateway import clock
from gateway.db.models import Dispatch, SmsHeard, SmsSender
from gateway.office import Acting, Office
from gateway.settings import Settings
from outbound.notify import news, opting
from outbound.notify.channels.sms import FATES, OPTED_OUT, SMS, number_of
from outbound.notify.news import News

Fields = Sequence[tuple[str, str]]

STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"})
START = frozenset({"START", "UNSTOP", "YES"})
HELP = frozenset({"HELP", "INFO"})

_MOST_FIELDS = 200
_KEPT = timedelta(days=30)  # of answers that were acted on: no provider repeats one later
_PORTS = {"https": 443, "http": 80}
_STOPPED = "You will get no more messages from this number. Reply START to get them again."
_STARTED = "You will get messages from this number again. Reply STOP to end them."
_HELPED = "These are notices of your law firm. Reply STOP to end them. Message and data rates may apply."
_CODES = {  # how the provider says why a text did not arrive
    21610: "sms_opted_out",
    30003: "sms_unreachable",
    30004: "sms_blocked",
    30005: "sms_number_unknown",
    30006: "sms_landline",
    30007: "sms_filtered",
}


class Proven(NamedTuple):
    """A call that comes from our provider.

    Attributes:
        asked: what our own address held.
        form: what the provider says.
    """

    asked: Mapping[str, str]
    form: Mapping[str, str]


def sign(url: str, fields: Iterable[tuple[str, str]], token: str) -> str:
    """The signature of a call; a field that stands there twice with the same value counts once."""
    said = url + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()).decode()


def prove(settings: Settings, path: str, query: str, body: bytes, signature: str) -> Proven | None:
    """A call that was signed with our account's token for the address by which others know us; else None."""
    if settings.sms_url is None or settings.public_url is None:
        return None
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        asked = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None
    url = f"{settings.public_url}{path}{f'?{query}' if query else ''}"
    given = signature.encode()
    good = [hmac.compare_digest(sign(one, fields, settings.sms_token).encode(), given) for one in _spelled(url)]
    form = {name: value.replace("\0", "") for name, value in fields}  # PostgreSQL keeps no NUL
    if not any(good) or form.get("AccountSid", settings.sms_account) != settings.sms_account:
        return None
    return Proven(dict(asked), form)


def _spelled(url: str) -> set[str]:
    """An address as given, with its port and without: the provider signs now the one, now the other."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    with_port = parts._replace(netloc=f"{host}:{parts.port or _PORTS[parts.scheme]}").geturl()
    return {url, parts._replace(netloc=host).geturl(), with_port}


def status(office: Office, call: Proven) -> None:
    """Note what became of a text; what is not ours, comes twice or too late changes nothing."""
    fate, ids = FATES.get(call.form.get("MessageStatus", "").lower()), _ids(call.asked)
    if fate is None or ids is None:
        return
    firm_id, dispatch_id = ids
    number, sid = call.form.get("ErrorCode", ""), call.form.get("MessageSid") or None
    code = _code(number) if fate == "failed" else None
    with office.acting(firm_id, opting.ACTOR) as acting:
        if acting.session.scalar(select(Dispatch.channel).where(Dispatch.id == dispatch_id)) != SMS.name:
            return
        heard = news.hear(acting.session, firm_id, News(dispatch_id, fate, sid, code))
        to = number_of(call.form.get("To"))
        if heard != "stale" and number == str(OPTED_OUT) and to is not None:
            opting.stop(acting, to, "provider")


def _ids(asked: Mapping[str, str]) -> tuple[UUID, UUID] | None:
    try:
        return UUID(asked.get("firm_id", "")), UUID(asked.get("dispatch_id", ""))
    except ValueError:
        return None


def _code(number: str) -> str:
    return _CODES.get(int(number), f"sms_{number}") if re.fullmatch(r"[0-9]{5}", number) else "sms_undelivered"


def inbound(office: Office, call: Proven) -> str:
    """Act on what somebody answered to a text, and what they are answered, as TwiML.

    STOP and START hold for the number in every firm whose texts left from the sender that was answered.
    """
    word = _word(call.form.get("Body", ""))
    number, sid = number_of(call.form.get("From")), call.form.get("MessageSid") or call.form.get("SmsSid", "")
    if number is not None and sid and word in STOP | START:
        for firm_id in _firms(office, call.form):
            with office.acting(firm_id, opting.ACTOR) as acting:
                if _is_new(acting, sid):
                    (opting.stop if word in STOP else opting.start)(acting, number)
    return _twiml(None if call.form.get("OptOutType") else _answer(word))


def _word(body: str) -> str:
    """What was written, in capitals and without anything but letters: `Stop!` and `opt out` mean what they say."""
    return re.sub(r"[^A-Z]", "", body.upper()) if len(body) <= max(map(len, STOP)) * 4 else ""


def _firms(office: Office, form: Mapping[str, str]) -> Sequence[UUID]:
    senders = {form.get("To", ""), form.get("MessagingServiceSid", "")} - {""}
    with office.db.system() as session:
        return session.scalars(select(SmsSender.firm_id).where(SmsSender.sender.in_(senders)).distinct()).all()


def _is_new(acting: Acting, sid: str) -> bool:
    """An old STOP that comes again after a START must not count again."""
    acting.session.execute(delete(SmsHeard).where(SmsHeard.at < clock.now() - _KEPT))
    new = insert(SmsHeard).values(firm_id=acting.firm_id, sid=sid).on_conflict_do_nothing().returning(SmsHeard.sid)
    return acting.session.scalar(new) is not None


def _answer(word: str) -> str | None:
    """None where nothing is to be answered: to other words, or where the provider has answered itself (OptOutType)."""
    answers = ((STOP, _STOPPED), (START, _STARTED), (HELP, _HELPED))
    return next((answer for words, answer in answers if word in words), None)


def _twiml(answer: str | None) -> str:
    message = f"<Message>{escape(answer)}</Message>" if answer else ""
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{message}</Response>'
