"""Carries parcels by e-mail: attached, or told of without their content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Annotated

from msgspec import Meta

from gateway import clock
from gateway.config import EMAIL_SCHEMA, Contacts, FieldError, KeyPath, check_email, nearest
from outbound import mail
from outbound.carriers.base import LONGEST_ANSWER, Carrier, CarrierSpec, Declined, Parcel, Sender, Unreachable

_ODD = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029/\\\\]+")  # ends a header, or is taken for a folder
_MB = 1_000_000
_CONTACTS = "contacts."
_NAMED = tuple(f"{_CONTACTS}{name}" for name in Contacts.__struct_fields__)


def _check_recipient(word: str) -> str:
    """An address as it is stored everywhere, or which of the partner's contacts.

    Raises:
        FieldError: it is neither.
    """
    if "@" in word or not word.startswith("contact"):
        return check_email(word)
    if word not in _NAMED:
        told = f'"{word}" is none of the contacts that a file has: {", ".join(_NAMED)}.'
        raise FieldError(told, suggestion=nearest(word, _NAMED))
    return word


def _check_to(to: str | list[str]) -> str | list[str]:
    """Recipients; those of a list were looked at one by one.

    Raises:
        FieldError: see `_check_recipient`.
    """
    return _check_recipient(to) if isinstance(to, str) else to


_SCHEMA = {"maxLength": EMAIL_SCHEMA["maxLength"], "pattern": f"{EMAIL_SCHEMA['pattern']}|^contacts\\.[a-z_]+$"}
Recipient = Annotated[str, Meta(extra={"check": _check_recipient}, extra_json_schema=_SCHEMA)]
Recipients = Annotated[
    Recipient | Annotated[list[Recipient], Meta(min_length=1, max_length=20)], Meta(extra={"check": _check_to})
]


class EmailCarrier(CarrierSpec, frozen=True, kw_only=True, tag="email"):
    """To whom; from whom and over which relay is for whoever runs the installation to say.

    Attributes:
        to: addresses, and `contacts.NAME` for those whom the partner's settings name there.
        subject: with `{name}` and `{partner}`.
        attach_mb: a larger parcel is told of without its content.
        link: whether every parcel is.
    """

    to: Recipients
    subject: Annotated[str, Meta(min_length=1, max_length=200)] = "{name}"
    attach_mb: Annotated[int, Meta(ge=1, le=25)] = 10
    link: bool = False

    def named_contacts(self) -> Iterable[tuple[KeyPath, str]]:
        """See `CarrierSpec.named_contacts`."""
        if isinstance(self.to, str):
            words: list[tuple[KeyPath, str]] = [(("to",), self.to)]
        else:
            words = [(("to", place), word) for place, word in enumerate(self.to)]
        return [(place, word.removeprefix(_CONTACTS)) for place, word in words if word in _NAMED]

    def addresses(self, sender: Sender) -> list[str]:
        """To whom a parcel goes now, nobody twice.

        Raises:
            Unreachable: `no_recipient`, the contacts that it names are nobody any more.
        """
        words = [self.to] if isinstance(self.to, str) else self.to
        found = dict.fromkeys(one for word in words for one in _behind(word, sender))
        if not found:
            told = f"The settings of {sender.partner} have nobody under {', '.join(words)}; add somebody there."
            raise Unreachable("no_recipient", told)
        return list(found)


def send(spec: EmailCarrier, parcel: Parcel, sender: Sender) -> str:
    """See `Carrier.send`. A repetition has the same Message-ID, by which mailboxes know it."""
    to = spec.addresses(sender)
    message = _message(spec, to, parcel, sender)
    try:
        return mail.post(sender.settings, message, to, str(parcel.id))[:LONGEST_ANSWER]
    except mail.Unsent as problem:
        raise Unreachable(problem.code, problem.sentence) from problem
    except mail.Rejected as problem:
        raise Declined(problem.code, problem.sentence) from problem


def ping(spec: EmailCarrier, sender: Sender) -> list[str]:
    """See `Carrier.ping`; the relay is asked whether it would take a message, and is given none."""
    try:
        return mail.tried(sender.settings, spec.addresses(sender))
    except (mail.Unsent, mail.Rejected) as problem:
        raise Unreachable(problem.code, problem.sentence) from problem


EMAIL = Carrier(send, ping)


def _message(spec: EmailCarrier, to: list[str], parcel: Parcel, sender: Sender) -> EmailMessage:
    name, settings = _harmless(parcel.name), sender.settings
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = ", ".join(to)
    message["Subject"] = _harmless(spec.subject.replace("{partner}", sender.partner).replace("{name}", name))
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{parcel.id}@{settings.mail_from.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office notes
    attached = not spec.link and parcel.size <= spec.attach_mb * _MB
    message.set_content(_text(parcel, name, attached=attached))
    if attached:
        main, _, sub = parcel.media_type.partition(";")[0].partition("/")
        message.add_attachment(
            b"".join(parcel.chunks()), maintype=main or "application", subtype=sub or "octet-stream", filename=name
        )
    return message


def _behind(word: str, sender: Sender) -> Sequence[str]:
    """The addresses for which a word of `to` stands."""
    return sender.contacts.get(word.removeprefix(_CONTACTS), ()) if word in _NAMED else (word,)


def _harmless(text: str) -> str:
    """One line, in which nothing is an encoded word (RFC 2047): Python decodes those of headers, line ends included."""
    return " ".join(_ODD.sub(" ", text).split()).replace("=?", "= ?") or "file"


def _text(parcel: Parcel, name: str, *, attached: bool) -> str:
    size = f"{parcel.size / _MB:,.1f} MB" if parcel.size >= _MB else f"{parcel.size:,} bytes"
    if attached:
        begin = f"attached is the file {name} ({size})."
    else:
        begin = (
            f"the file {name} ({size}) is ready for you. It is not attached; ask the law firm for it, or fetch\n"
            "it from their gateway."
        )
    return (
        f"Good day,\n\n{begin}\n\nIts number is {parcel.id};\nanother message with this number repeats this one.\n"
        f"Its SHA-256 is\n{parcel.sha256}\n\nThis message was written by a machine; answers to it are not read.\n"
    )
