"""Tells people by e-mail, over the installation's relay; without one, messages are put into a folder and it says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import format_datetime, formataddr
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.config import FieldError, check_email
from gateway.db.models import Client, Partner, Staff
from gateway.office import Office
from gateway.settings import Settings
from outbound import mail
from outbound.letters import Letter, letter
from outbound.notify.channels.base import Envelope, Fate, Limits, Line, Never, NotNow, Recipient, Taken, Unsent, Words
from outbound.notify.deciding import Passed

_ODD = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")  # ends a header, or is taken for its end
_LONGEST_SUBJECT = 200


class _Line:
    """See `Line`; it connects when it is first used."""

    def __init__(self, settings: Settings, way: mail.Way) -> None:
        self._settings, self._way = settings, way

    def send(self, passed: Passed, envelope: Envelope, words: Words) -> Taken:
        """See `Line.send`. A repetition has the same Message-ID, by which mailboxes know it."""
        message = written(self._settings, envelope, words)
        try:
            answer = self._way.post(message, envelope.to, str(passed.dispatch_id))
        except (mail.Unsent, mail.Rejected) as problem:
            raise _told(problem) from problem
        return Taken(message.message_id, answer)


class EmailChannel:
    """See `Channel`."""

    name = "email"

    def limits(self, office: Office) -> Limits:
        """See `Channel.limits`."""
        settings = office.settings
        return Limits(settings.email_a_second or None, settings.email_a_day or None, lines=settings.email_lines)

    def addresses(
        self, office: Office, session: Session, recipients: Iterable[Recipient]
    ) -> Mapping[Recipient, Sequence[str]]:
        """See `Channel.addresses`; what is no address that a server would take is none."""
        del office
        found = dict(_known(session, list(recipients)))
        usable = {one: tuple(address for address in to if _is_usable(address)) for one, to in found.items()}
        return {one: to for one, to in usable.items() if to}

    @contextmanager
    def open(self, office: Office) -> Iterator[Line]:
        """See `Channel.open`."""
        with mail.way(office.settings) as way:
            yield _Line(office.settings, way)

    def ask(self, office: Office, ref: str | None, envelope: Envelope) -> Fate | None:
        """See `Channel.ask`: a relay cannot be asked; the folder can be looked into."""
        del ref
        is_there = office.settings.smtp_url is None and mail.is_kept(office.settings, str(envelope.id))
        return "sent" if is_there else None

    def ping(self, office: Office) -> list[str]:
        """See `Channel.ping`."""
        try:
            return mail.tried(office.settings, ())
        except (mail.Unsent, mail.Rejected) as problem:
            raise _told(problem) from problem


EMAIL = EmailChannel()


def written(settings: Settings, envelope: Envelope, words: Words) -> Letter:
    """The message, complete; whatever a header is given, it stays one header."""
    headers = {
        "From": formataddr((_line(envelope.firm), settings.mail_from)),
        "To": ", ".join(envelope.to),
        "Subject": _line(words.subject)[:_LONGEST_SUBJECT],
        "Date": format_datetime(clock.now()),
        "Message-ID": message_id(settings, envelope.id),
        "Auto-Submitted": "auto-generated",  # RFC 3834: no out-of-office notes
    }
    if envelope.one_click:
        headers["List-Unsubscribe"] = f"<{_line(envelope.one_click)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    return letter(headers, words.text, words.html)


def message_id(settings: Settings, dispatch_id: UUID) -> str:
    """What a dispatch is called in the mail, over all attempts at it."""
    return f"<{dispatch_id}@{settings.mail_from.rpartition('@')[2]}>"


def _known(session: Session, recipients: Sequence[Recipient]) -> Iterator[tuple[Recipient, Sequence[str]]]:
    """Addresses as the firm has them: a query for each kind of recipient that is there."""
    staff = {one.staff_id for one in recipients if one.staff_id}
    clients = {one.client_id for one in recipients if one.client_id}
    partners = {one.partner_id for one in recipients if one.partner_id}
    if staff:
        for id_, mine in session.execute(select(Staff.id, Staff.email).where(Staff.id.in_(staff))):
            yield Recipient(staff_id=id_), (mine,)
    if clients:
        for id_, theirs in session.execute(select(Client.id, Client.email).where(Client.id.in_(clients))):
            yield Recipient(client_id=id_), (theirs or "",)
    if partners:
        rows = session.execute(select(Partner.id, Partner.contacts).where(Partner.id.in_(partners)))
        told = {id_: names for id_, names in rows}  # noqa: C416 - as mypy sees rows
        for one in recipients:
            if one.partner_id in told:
                yield one, tuple(told[one.partner_id].get(one.contact or "", ()))


def _is_usable(address: str) -> bool:
    try:
        check_email(address)
    except FieldError:
        return False
    return True


def _line(text: str) -> str:
    """One line, in which nothing is an encoded word (RFC 2047): Python decodes those of headers, line ends included."""
    return " ".join(_ODD.sub(" ", text).split()).replace("=?", "= ?")


def _told(problem: mail.Unsent | mail.Rejected) -> Unsent:
    """What a relay that refuses us as sender says is said of all: nothing is wrong with this one."""
    code, sentence, is_alone = problem.code, problem.sentence, problem.is_alone
    if isinstance(problem, mail.Rejected) and is_alone:
        return Never(code, sentence)
    is_doubtful = isinstance(problem, mail.Unsent) and problem.is_doubtful
    return NotNow(code, sentence, is_doubtful=is_doubtful, is_alone=is_alone)
