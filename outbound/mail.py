"""How mail leaves: over the installation's relay, or, where there is none, into a folder, for trying things out."""

from __future__ import annotations

import os
import smtplib
import socket
import ssl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from gateway import clock, private
from gateway.certificates import refused
from gateway.dialing import Failed, Place
from gateway.errors import Permanent, Problem, Transient
from gateway.settings import Settings
from outbound.letters import Letter

ANSWER_SECONDS = 60.0
KEPT_DAYS = 7  # for which a message lies in the folder
_MOST_SAID = 200
_PORTS = {"smtps": 465, "smtp": 587, "smtp+plain": 25}
_GONE = (smtplib.SMTPServerDisconnected, OSError)
_DONE, _GO_ON, _REFUSED, _CLOSING = 250, 354, 400, 421  # RFC 5321, 4.2.3; from 400 on it is refused


class Unsent(Transient):
    """The relay does not take mail now; the same message may be sent again.

    Args:
        is_doubtful: it may have been taken: the connection broke when all was said.
        is_alone: this message has to come again; others are taken.
    """

    def __init__(self, code: str, sentence: str, *, is_doubtful: bool = False, is_alone: bool = False) -> None:
        super().__init__(code, sentence)
        self.is_doubtful, self.is_alone = is_doubtful, is_alone


class Rejected(Permanent):
    """The relay works and refuses this message, or all whom it is for.

    Args:
        is_alone: others are taken; not so where it refuses who we say that we are.
    """

    def __init__(self, code: str, sentence: str, *, is_alone: bool = True) -> None:
        super().__init__(code, sentence)
        self.is_alone = is_alone


class Relay(NamedTuple):
    """Where mail is taken.

    Attributes:
        kind: `smtps` is TLS from the start, `smtp` STARTTLS or nothing, `smtp+plain` neither.
    """

    kind: str
    place: Place
    user: str
    password: str

    @classmethod
    def of(cls, settings: Settings) -> Relay | None:
        """The one of the settings, if they name one."""
        if settings.smtp_url is None:
            return None
        parts = urlsplit(settings.smtp_url)
        place = Place(parts.hostname or "", parts.port or _PORTS[parts.scheme])
        return cls(parts.scheme, place, unquote(parts.username or ""), unquote(parts.password or ""))


class Way:
    """The way to the relay, for messages that follow each other: one connection for as long as it holds.

    It is one thread's at a time. Where no relay is set, messages are put into a folder.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings, self._relay = settings, Relay.of(settings)
        self._smtp: smtplib.SMTP | None = None

    def post(self, message: Letter, to: Sequence[str], name: str) -> str:
        """Hand a message over, and say what became of it; see `post`."""
        if self._relay is None:
            return _kept(self._settings, message.content, name)
        relay, data = self._relay, _stuffed(message.content)
        said = self._begun(relay, len(data), to)
        try:
            declined = _given(relay, said, data, to)
        except Problem as problem:
            self._end_transaction(said, problem)
            raise
        taken = f"{relay.place} took {message.message_id} for {len(to) - len(declined)} of {len(to)} recipients."
        others = [f" It refused {address}: {_said(code, said)}." for address, (code, said) in declined.items()]
        return "".join([taken, *others])

    def close(self) -> None:
        """Say good-bye, as far as somebody is there to hear it."""
        if self._smtp is not None:
            _leave(self._smtp)
            self._smtp = None

    def _begun(self, relay: Relay, size: int, to: Sequence[str]) -> _Said:
        """A message that the relay begins to take; a connection that was kept may have been closed by it since."""
        if self._smtp is not None:
            with suppress(Unsent, Rejected):
                return self._with_sender(relay, self._smtp, size, to)
            self.close()
        self._smtp = _connected(relay)
        try:
            return self._with_sender(relay, self._smtp, size, to)
        except Problem:
            self.close()
            raise

    def _with_sender(self, relay: Relay, smtp: smtplib.SMTP, size: int, to: Sequence[str]) -> _Said:
        with _told(relay, "sender"):
            told = f" size={size}" if smtp.has_extn("size") else ""
            sender = f"MAIL FROM:<{self._settings.mail_from}>{told}"  # `mail` and `rcpt` would parse the addresses
            said = _Said(smtp, [sender, *(f"RCPT TO:<{address}>" for address in to), "DATA"])
            code, answer = said.answer()
            if code != _DONE:
                raise smtplib.SMTPSenderRefused(code, answer, self._settings.mail_from)
        return said

    def _end_transaction(self, said: _Said, problem: Problem) -> None:
        """After a refusal the connection is good for the next message; otherwise it is given up."""
        try:
            if self._smtp is None or (isinstance(problem, Unsent) and not problem.is_alone):
                self.close()
            else:
                said.end()
                self._smtp.rset()
        except (*_GONE, smtplib.SMTPException):
            self.close()


class _Said:
    """Commands of one message, in order; they leave together where the relay takes that (RFC 2920)."""

    def __init__(self, smtp: smtplib.SMTP, commands: Sequence[str]) -> None:
        self.smtp = smtp
        if any("\r" in one or "\n" in one for one in commands):
            raise ValueError("A command to a relay is one line.")
        self._later = [] if smtp.has_extn("pipelining") else list(reversed(commands))
        self._unheard = 0 if self._later else len(commands)
        if self._unheard:
            smtp.send("".join(f"{one}\r\n" for one in commands))

    def answer(self) -> tuple[int, bytes]:
        """To the next one."""
        if self._later:
            return self.smtp.docmd(self._later.pop())
        self._unheard -= 1
        return self.smtp.getreply()

    def end(self) -> None:
        """Hear the rest after a refusal.

        A relay that waits for a message all the same is hung up on without a word: an empty one might be delivered.
        """
        codes = [self.answer()[0] for _ in range(self._unheard)]
        if _GO_ON in codes:
            self.smtp.close()


@contextmanager
def way(settings: Settings) -> Iterator[Way]:
    """A way to the relay, closed at the end; it connects when it is first used."""
    found = Way(settings)
    try:
        yield found
    finally:
        found.close()


def post(settings: Settings, message: EmailMessage, to: Sequence[str], name: str) -> str:
    """Hand a message over, and say what became of it.

    Args:
        settings: they name the relay.
        message: complete.
        to: addresses alone, which the message's headers need not name.
        name: of its file, where there is no relay: the same message overwrites itself.

    Raises:
        Unsent: `relay_away`, `relay_refuses`, `login_refused`, `certificate_refused`, `tls_missing`.
        Rejected: `mail_rejected`.
    """
    with way(settings) as once:
        content = message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
        return once.post(Letter(content, message["Message-ID"]), to, name)


def keep(settings: Settings, name: str, content: bytes) -> Path:
    """Put what nobody carries into the folder, whole or not at all; the same name again overwrites."""
    folder = settings.data_dir / "sent"
    private.make_folder(folder)
    path, beside = folder / name, folder / f".{name}.part"
    with private.create(beside) as file:
        file.write(content)
    os.replace(beside, path)  # noqa: PTH105 - Path.replace says the same
    return path


def forget(settings: Settings, names: Iterable[str]) -> None:
    """Remove messages that were put into the folder, as far as they are there."""
    folder = settings.data_dir / "sent"
    for name in names:
        (folder / f"{name}.eml").unlink(missing_ok=True)
        (folder / f"{name}.txt").unlink(missing_ok=True)


def is_kept(settings: Settings, name: str) -> bool:
    """Whether a message of this name lies in the folder."""
    return (settings.data_dir / "sent" / f"{name}.eml").exists()


def forget_old(settings: Settings) -> None:
    """Remove what lies in the folder for long, half-written ones included."""
    oldest = clock.now().timestamp() - KEPT_DAYS * 86_400
    folder = settings.data_dir / "sent"
    for one in folder.iterdir() if folder.is_dir() else ():
        with suppress(FileNotFoundError):
            if one.stat().st_mtime < oldest:
                one.unlink()


def tried(settings: Settings, to: Sequence[str]) -> list[str]:
    """Whether the relay would take a message for these, as a sentence a step; it is given none. Errors as of `post`."""
    relay = Relay.of(settings)
    if relay is None:
        return [f"No relay is set (GATEWAY_SMTP_URL): messages are put into {settings.data_dir / 'sent'}."]
    with _leaving(_connected(relay)) as smtp, _told(relay, "sender or recipient"):
        steps = [f"{relay.place} answers{'' if relay.kind == 'smtp+plain' else ', over TLS'}."]
        steps += [f"It lets {relay.user} in."] if relay.user else []
        code, said = smtp.mail(settings.mail_from)
        if code != _DONE:
            raise smtplib.SMTPSenderRefused(code, said, settings.mail_from)
        answers = {address: smtp.rcpt(address) for address in to}
        if answers and all(code >= _REFUSED for code, _ in answers.values()):
            raise smtplib.SMTPRecipientsRefused(answers)
        smtp.rset()
        return [*steps, *(f"Mail for {address}: {_said(*answer)}." for address, answer in answers.items())]


def _kept(settings: Settings, content: bytes, name: str) -> str:
    path = keep(settings, f"{name}.eml", content)
    return f"No relay is set (GATEWAY_SMTP_URL): the message was put into {path}, and nobody got it."


def _connected(relay: Relay) -> smtplib.SMTP:
    """A session that is secured as the settings say, and logged in."""
    with _told(relay, "connection"):
        smtp = _dialed(relay)
        try:
            if relay.kind == "smtp":
                smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo_or_helo_if_needed()
            if relay.user:
                smtp.login(relay.user, relay.password)
        except BaseException:
            _leave(smtp)
            raise
        return smtp


def _dialed(relay: Relay) -> smtplib.SMTP:
    us = socket.gethostname()  # smtplib would ask the name service for more
    if relay.kind == "smtps":
        return smtplib.SMTP_SSL(*relay.place, us, timeout=ANSWER_SECONDS, context=ssl.create_default_context())
    return smtplib.SMTP(*relay.place, us, timeout=ANSWER_SECONDS)


def _leave(smtp: smtplib.SMTP) -> None:
    with suppress(*_GONE, smtplib.SMTPException):
        smtp.quit()
    smtp.close()


@contextmanager
def _leaving(smtp: smtplib.SMTP) -> Iterator[smtplib.SMTP]:
    try:
        yield smtp
    finally:
        _leave(smtp)


def _stuffed(content: bytes) -> bytes:
    """A message as it travels: a dot that begins a line is doubled (RFC 5321, 4.5.2)."""
    lines = content.replace(b"\n.", b"\n..")
    lines = b"." + lines if lines.startswith(b".") else lines
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def _given(relay: Relay, said: _Said, data: bytes, to: Sequence[str]) -> dict[str, tuple[int, bytes]]:
    """Hear for whom it is taken, and say what it is; who of them was refused."""
    with _told(relay, "recipients"):
        answers = {address: said.answer() for address in to}
        declined = {address: answer for address, answer in answers.items() if answer[0] >= _REFUSED}
        if len(declined) == len(to):
            raise smtplib.SMTPRecipientsRefused(declined)
    with _told(relay, "message"):
        code, answer = said.answer()
        if code != _GO_ON:
            raise smtplib.SMTPDataError(code, answer)
        code, answer = _answer_to(relay, said.smtp, data)
        if code != _DONE:
            raise smtplib.SMTPDataError(code, answer)
    return declined


def _answer_to(relay: Relay, smtp: smtplib.SMTP, data: bytes) -> tuple[int, bytes]:
    """What the relay says of a message; where it says nothing, nobody knows whether it was taken."""
    try:
        smtp.send(data + b".\r\n")
        return smtp.getreply()
    except (*_GONE, smtplib.SMTPException) as failure:
        raise _away(relay, failure, is_doubtful=True) from failure


@contextmanager
def _told(relay: Relay, what: str) -> Iterator[None]:
    try:
        yield
    except Problem:
        raise
    except ssl.SSLCertVerificationError as failure:
        told: Failed = refused(relay.place, failure, "")
        raise Unsent(told.code, told.sentence) from failure
    except smtplib.SMTPAuthenticationError as failure:  # its text may repeat what was said
        raise Unsent("login_refused", f"{relay.place} does not let {relay.user} in ({failure.smtp_code}).") from None
    except smtplib.SMTPNotSupportedError:
        raise Unsent(
            "tls_missing",
            f"{relay.place} offers no STARTTLS, or no login: smtps:// is TLS from the start, and smtp+plain:// goes"
            " without, for a relay on this machine.",
        ) from None
    except smtplib.SMTPRecipientsRefused as failure:
        code, said = min(failure.recipients.values())  # a 4xx among them: coming again helps one at least
        raise _by_code(relay, code, said, "recipients") from failure
    except smtplib.SMTPResponseException as failure:
        raise _by_code(relay, failure.smtp_code, failure.smtp_error, what) from failure
    except (*_GONE, smtplib.SMTPException) as failure:
        raise _away(relay, failure) from failure


def _by_code(relay: Relay, code: int, said: bytes | str, what: str) -> Problem:
    """4xx asks to come again, 421 of everybody; 5xx refuses what was asked: the message, or whoever asks."""
    sentence = f"{relay.place} refuses the {what}: {_said(code, said)}."
    is_alone = what in {"recipients", "message"} and code != _CLOSING
    if code < 500 or what == "connection":  # noqa: PLR2004 - RFC 5321: 4 is not now, 5 is no
        return Unsent("relay_refuses", sentence, is_alone=is_alone)
    return Rejected("mail_rejected", sentence, is_alone=is_alone)


def _away(relay: Relay, failure: Exception, *, is_doubtful: bool = False) -> Unsent:
    why = getattr(failure, "strerror", None) or failure
    taken = "what it was given may have been taken, and has the same Message-ID when it is sent again"
    told = taken if is_doubtful else "it took nothing"
    sentence = f"The mail relay {relay.place} does not answer, or hung up ({str(why)[:_MOST_SAID]}); {told}."
    return Unsent("relay_away", sentence, is_doubtful=is_doubtful)


def _said(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(text.split())}"[:_MOST_SAID].rstrip(". ")
