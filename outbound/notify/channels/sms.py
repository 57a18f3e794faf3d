"""Texts to telephones: over a Twilio-compatible API, or, where none is set, into a folder, for trying things out."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway.db.models import Client, SmsSender, Staff
from gateway.errors import Problem
from gateway.office import Office
from gateway.outward import Answer, Outward
from gateway.settings import Settings
from gateway.values.base import BadValue
from gateway.values.contacts import phone
from outbound import mail
from outbound.asked import asked_wait
from outbound.notify import opting, segments
from outbound.notify.channels.base import Envelope, Fate, Limits, Never, NotNow, Recipient, Taken, Words
from outbound.notify.channels.calls import unreached
from outbound.notify.deciding import Passed

CALLBACK = "/v1/callbacks/sms/status"

FATES: Mapping[str, Fate] = {
    "accepted": "sent",
    "queued": "sent",
    "scheduled": "sent",
    "sending": "sent",
    "sent": "sent",
    "delivered": "delivered",
    "read": "opened",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
"""What the provider's words for the state of a text mean to us."""

OPTED_OUT = 21610
_NO_NUMBER = frozenset({21211, 21214, 21217, 21614})
# of our account, our sender or their queue: others would fare no better
_OURS = frozenset({14107, 20003, 20005, 20404, 20429, 21212, 21603, 21606, 21611, 21701, 21703, 21704, 30001, 30002})
_TOO_OFTEN, _TAKEN, _FAULTY, _LOGIN = 429, range(200, 300), range(500, 600), frozenset({401, 403})
_REPEAT = "(Maybe once more) "


class Said(Struct, frozen=True):
    """What the provider says of a text, or of why it takes none."""

    sid: str = ""
    status: str | int | None = None  # of the text a word, of an error that of HTTP
    code: int | None = None

    @property
    def fate(self) -> Fate | None:
        """What that means to us; None for a word that we do not know."""
        return FATES.get(str(self.status))


class Sms:
    """The channel; see `Channel`."""

    name = "sms"

    def limits(self, office: Office) -> Limits:
        """As set: of all firms together, for they share the account."""
        return Limits(office.settings.sms_a_second or None, office.settings.sms_a_day or None)

    def addresses(
        self, office: Office, session: Session, recipients: Iterable[Recipient]
    ) -> Mapping[Recipient, Sequence[str]]:
        """Numbers in E.164; whoever's cannot be read as one has none. Partners' contacts have e-mail alone."""
        del office
        wanted = list(recipients)
        names = {one.staff_id for one in wanted if one.staff_id}
        staff = select(Staff.id, Staff.phone).where(Staff.id.in_(names), Staff.active)
        clients = {one.client_id for one in wanted if one.client_id}
        people = select(Client.id, Client.phone).where(Client.id.in_(clients))
        found = {key: number_of(text) for key, text in session.execute(staff.union_all(people))}
        keyed = ((one, one.staff_id or one.client_id) for one in wanted)
        return {one: [number] for one, key in keyed if key and (number := found.get(key))}

    @contextmanager
    def open(self, office: Office) -> Iterator[_Line]:
        """A way out; each text is a call of its own."""
        yield _Line(office)

    def ask(self, office: Office, ref: str | None, envelope: Envelope) -> Fate | None:
        """What became of a text of which we know its id; what we call it ourselves the provider does not know."""
        if office.settings.sms_url is None:
            return "sent" if (office.settings.data_dir / "sent" / f"{envelope.id}.txt").exists() else None
        if ref is None:
            return None
        return _Provider(office.settings).call("GET", f"/Messages/{quote(ref, safe='')}.json").fate

    def ping(self, office: Office) -> list[str]:
        """Whether the account lets us in; no text is sent."""
        settings = office.settings
        if settings.sms_url is None:
            return [f"No provider is set (GATEWAY_SMS_URL): texts are put into {settings.data_dir / 'sent'}."]
        provider = _Provider(settings)
        provider.call("GET", ".json")
        told = "It will tell us what becomes of texts." if settings.public_url else _UNTOLD
        return [f"{provider.host} answers.", f"It lets the account {settings.sms_account} in.", told]


SMS = Sms()
_UNTOLD = "It cannot tell us what becomes of texts: set GATEWAY_PUBLIC_URL."


def number_of(text: str | None) -> str | None:
    """A number in E.164; None where there is none."""
    try:
        return phone()(text) if text else None
    except BadValue:
        return None


class _Line:
    """See `Line`."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._noted: set[UUID] = set()

    def send(self, passed: Passed, envelope: Envelope, words: Words) -> Taken:
        """One text, to one number."""
        del passed
        number = number_of(envelope.to[0])
        if number is None:
            raise Never("sms_number_invalid", "The number is no telephone number; write it with its country (+1...).")
        settings = self._office.settings
        text = _text(words, envelope, settings.sms_segments)
        if settings.sms_url is None:
            return _kept(settings, envelope, number, text)
        self._look_at(envelope.firm_id, number)
        provider = _Provider(settings)
        try:
            said = provider.call("POST", "/Messages.json", _form(settings, envelope, number, text))
        except Refusal as refusal:
            if refusal.number == OPTED_OUT:
                opting.out(self._office, envelope.firm_id, number)
            raise
        if said.fate == "failed" or not said.sid:
            raise Never("sms_refused", f"{provider.host} took the text and gave it up at once ({said.code}).")
        told = f"{provider.host} took it as {said.sid} ({said.status}), {segments.count(text)} segments."
        return Taken(said.sid, told)

    def _look_at(self, firm_id: UUID, number: str) -> None:
        """Nothing leaves for a number that said STOP, and none before its sender is on record.

        By the sender we know which firms somebody means who answers STOP to it.
        """
        with self._office.acting(firm_id, opting.ACTOR) as acting:
            if opting.is_out(acting, number):
                raise Never("sms_opted_out", "Whoever has the number has answered STOP; START from there ends that.")
            if firm_id not in self._noted:
                new = insert(SmsSender).values(firm_id=firm_id, sender=self._office.settings.sms_from)
                acting.session.execute(new.on_conflict_do_nothing())
        self._noted.add(firm_id)


class Refusal(Never):
    """The provider refuses this text; `number` is its code for why."""

    def __init__(self, code: str, sentence: str, number: int | None) -> None:
        super().__init__(code, sentence)
        self.number = number


class _Provider(NamedTuple):
    """The API, as our account sees it."""

    settings: Settings

    @property
    def host(self) -> str:
        """As people are told it."""
        return urlsplit(self.settings.sms_url or "").netloc

    def call(self, method: str, path: str, form: Mapping[str, str] | None = None) -> Said:
        """What is answered to a call below the account.

        Raises:
            NotNow, Never: by the answer, or for want of one.
        """
        settings = self.settings
        login = base64.b64encode(f"{settings.sms_account}:{settings.sms_token}".encode()).decode()
        headers = {"authorization": f"Basic {login}", "accept": "application/json"}
        if form is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        url = f"{settings.sms_url}/2010-04-01/Accounts/{quote(settings.sms_account, safe='')}{path}"
        try:
            answer = Outward(settings).send(method, url, headers, urlencode(form or {}).encode())
        except Problem as problem:
            raise unreached(problem) from problem
        return self._judged(answer)

    def _judged(self, answer: Answer) -> Said:
        """Its sentences repeat numbers, so only its codes are told."""
        said = _read(answer)
        if answer.status in _TAKEN:
            return said
        why = f"{answer.status}, code {said.code}" if said.code else str(answer.status)
        if answer.status == _TOO_OFTEN or said.code in {20429, 14107}:
            raise NotNow("sms_too_often", f"{self.host} asks to come later ({why}).", wait=asked_wait(answer))
        if answer.status in _LOGIN and said.code not in {OPTED_OUT, *_NO_NUMBER}:
            raise NotNow("sms_login_refused", f"{self.host} does not let our account in ({why}): look at its token.")
        if answer.status in _FAULTY or said.code in _OURS or said.code is None:
            told = f"{self.host} takes no texts of ours now ({why}); its console says what is wrong with the account."
            raise NotNow("sms_away", told, wait=asked_wait(answer))
        raise self._refusal(said.code, why)

    def _refusal(self, code: int, why: str) -> Refusal:
        if code == OPTED_OUT:
            return Refusal("sms_opted_out", f"Whoever has the number has answered STOP ({why}).", code)
        if code in _NO_NUMBER:
            told = f"{self.host} says that the number takes no texts ({why}); correct it in the record."
            return Refusal("sms_number_invalid", told, code)
        return Refusal("sms_refused", f"{self.host} refuses this text ({why}).", code)


def _read(answer: Answer) -> Said:
    """What is no JSON says nothing beyond its status."""
    try:
        return msgspec.json.decode(answer.body, type=Said)
    except msgspec.MsgspecError:
        return Said()


def _text(words: Words, envelope: Envelope, most: int) -> str:
    text = words.short or words.subject
    if words.link and words.link not in text:
        text = f"{text} {words.link}"
    return segments.fit(_REPEAT + text if envelope.is_repeat else text, words.link, most)


def _form(settings: Settings, envelope: Envelope, number: str, text: str) -> dict[str, str]:
    sender = "MessagingServiceSid" if settings.sms_from.startswith("MG") else "From"
    form = {"To": number, sender: settings.sms_from, "Body": text}
    if settings.public_url is not None:
        asked = urlencode({"firm_id": envelope.firm_id, "dispatch_id": envelope.id})
        form["StatusCallback"] = f"{settings.public_url}{CALLBACK}?{asked}"
    return form


def _kept(settings: Settings, envelope: Envelope, number: str, text: str) -> Taken:
    count = segments.count(text)
    path = mail.keep(settings, f"{envelope.id}.txt", f"To: {number}\nSegments: {count}\n\n{text}\n".encode())
    told = f"No provider is set (GATEWAY_SMS_URL): the text was put into {path}, and nobody got it."
    return Taken(f"file:{envelope.id}", told)
