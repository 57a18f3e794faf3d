"""How mail leaves: over the installation's relay, or, where there is none, into a folder, for trying things out."""

from __future__ import annotations

import os
import smtplib
import socket
import ssl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from gateway import clock, private
from gateway.certificates import refused
from gateway.dialing import Failed, Place
from gateway.errors import Permanent, Problem, Transient
from gateway.settings import Settings

ANSWER_SECONDS = 60.0
KEPT_DAYS = 7  # for which a message lies in the folder
_MOST_SAID = 200
_PORTS = {"smtps": 465, "smtp": 587, "smtp+plain": 25}
_GONE = (smtplib.SMTPServerDisconnected, OSError)


class Unsent(Transient):
    """The relay does not take mail now, ours or anybody's; the same message may be sent again."""


class Rejected(Permanent):
    """The relay works and refuses this message, or all whom it is for."""


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
    relay = Relay.of(settings)
    if relay is None:
        return _kept(settings, message, name)
    with _connected(relay) as smtp, _told(relay, "message"):
        declined = smtp.send_message(message, from_addr=settings.mail_from, to_addrs=list(to))
    taken = f"{relay.place} took {message['Message-ID']} for {len(to) - len(declined)} of {len(to)} recipients."
    others = [f" It refused {address}: {_said(code, said)}." for address, (code, said) in declined.items()]
    return "".join([taken, *others])


def forget(settings: Settings, names: Iterable[str]) -> None:
    """Remove messages that were put into the folder, as far as they are there."""
    for name in names:
        (settings.data_dir / "sent" / f"{name}.eml").unlink(missing_ok=True)


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
    with _connected(relay) as smtp, _told(relay, "sender or recipient"):
        steps = [f"{relay.place} answers{'' if relay.kind == 'smtp+plain' else ', over TLS'}."]
        steps += [f"It lets {relay.user} in."] if relay.user else []
        code, said = smtp.mail(settings.mail_from)
        if code != 250:  # noqa: PLR2004 - RFC 5321: done
            raise smtplib.SMTPSenderRefused(code, said, settings.mail_from)
        answers = {address: smtp.rcpt(address) for address in to}
        if all(code >= 400 for code, _ in answers.values()):  # noqa: PLR2004 - RFC 5321: refused
            raise smtplib.SMTPRecipientsRefused(answers)
        smtp.rset()
        return [*steps, *(f"Mail for {address}: {_said(*answer)}." for address, answer in answers.items())]


def _kept(settings: Settings, message: EmailMessage, name: str) -> str:
    folder = settings.data_dir / "sent"
    private.make_folder(folder)
    path, beside = folder / f"{name}.eml", folder / f".{name}.part"
    with private.create(beside) as file:
        file.write(message.as_bytes())
    os.replace(beside, path)  # noqa: PTH105 - Path.replace says the same
    return f"No relay is set (GATEWAY_SMTP_URL): the message was put into {path}, and nobody got it."


@contextmanager
def _connected(relay: Relay) -> Iterator[smtplib.SMTP]:
    """A session that is secured as the settings say, and logged in."""
    trust = ssl.create_default_context()
    us = socket.gethostname()  # smtplib would ask the name service for more
    with _told(relay, "connection"):
        host, port = relay.place
        if relay.kind == "smtps":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, port, us, timeout=ANSWER_SECONDS, context=trust)
        else:
            smtp = smtplib.SMTP(host, port, us, timeout=ANSWER_SECONDS)
    try:
        with _told(relay, "connection"):
            if relay.kind == "smtp":
                smtp.starttls(context=trust)
            smtp.ehlo_or_helo_if_needed()
            if relay.user:
                smtp.login(relay.user, relay.password)
        yield smtp
    finally:
        with suppress(*_GONE, smtplib.SMTPException):
            smtp.quit()
        smtp.close()


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
    """4xx asks to come again; 5xx refuses what was asked: the message, or whoever asks."""
    sentence = f"{relay.place} refuses the {what}: {_said(code, said)}."
    if code < 500 or what == "connection":  # noqa: PLR2004 - RFC 5321: 4 is not now, 5 is no
        return Unsent("relay_refuses", sentence)
    return Rejected("mail_rejected", sentence)


def _away(relay: Relay, failure: Exception) -> Unsent:
    why = getattr(failure, "strerror", None) or failure
    return Unsent(
        "relay_away",
        f"The mail relay {relay.place} does not answer, or hung up ({str(why)[:_MOST_SAID]}); what it was given may"
        " have been taken, and has the same Message-ID when it is sent again.",
    )


def _said(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(text.split())}"[:_MOST_SAID].rstrip(". ")
