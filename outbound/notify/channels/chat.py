"""A firm's own chat: an incoming webhook as Slack's or Teams', whose address is a secret of the firm.

What is told may hold anything, so it is never markup there: Slack is told to read none and its signs are escaped, Teams
gets runs of text, which know none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.config import secret
from gateway.db.models import Firm, Staff
from gateway.dialing import Refused
from gateway.errors import Permanent, Problem
from gateway.office import Office
from gateway.outward import Answer, Outward
from gateway.settings import Settings
from outbound.asked import asked_wait
from outbound.notify.channels.base import Envelope, Limits, Never, NotNow, Recipient, Taken, Words
from outbound.notify.channels.calls import unreached
from outbound.notify.deciding import Passed

_TAKEN, _FAULTY, _TOO_OFTEN = range(200, 300), range(500, 600), 429
_UNREADABLE = 400  # what Slack says to a message without words, where the webhook is good
_MOST = 3_000  # letters of a message; whoever reads on follows the link
_JOINER = "\u2060"  # unseen; what stands before a name is no mention any more


class _Kind(NamedTuple):
    """How one kind of chat is spoken to.

    Attributes:
        body: of a message: for whom, words.
        probe: how a webhook is tried without a message: a method, and a status that says that it is good.
    """

    body: Callable[[str, Words, str], dict[str, Any]]
    probe: tuple[str, Callable[[int], bool]]


def _slack(text: str, words: Words, firm: str) -> dict[str, Any]:
    shown = _quiet(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if words.link:
        shown += f"\n<{words.link.replace('|', '%7C').replace('>', '%3E')}>"
    return {
        "text": shown,
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "username": firm,
    }


def _teams(text: str, words: Words, firm: str) -> dict[str, Any]:
    runs = [{"type": "TextRun", "text": line} for line in (firm, f"\n{_quiet(text)}")]
    card: dict[str, Any] = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",
        "body": [{"type": "RichTextBlock", "inlines": runs}],
    }
    if words.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Read on", "url": words.link}]
    attached = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attached]}


# by the name of the firm's secret
KINDS: Mapping[str, _Kind] = {
    "SLACK_WEBHOOK": _Kind(_slack, ("POST", lambda status: status in _TAKEN or status == _UNREADABLE)),
    "TEAMS_WEBHOOK": _Kind(_teams, ("GET", lambda status: status not in _FAULTY)),
}


class Chat:
    """The channel; see `Channel`."""

    name = "chat"

    def limits(self, office: Office) -> Limits:
        """As set, for each firm: its chat is its own."""
        return Limits(office.settings.chat_a_second or None, is_firms=True)

    def addresses(
        self, office: Office, session: Session, recipients: Iterable[Recipient]
    ) -> Mapping[Recipient, Sequence[str]]:
        """The names of the firm's secrets, for its staff; nobody else reads the firm's chat."""
        firm = session.scalars(select(Firm.slug)).one()
        named = [name for name in KINDS if _webhook(office.settings, firm, name)]
        wanted = {one.staff_id: one for one in recipients if one.staff_id} if named else {}
        there = session.scalars(select(Staff.id).where(Staff.id.in_(wanted), Staff.active))
        return {wanted[one]: named for one in there}

    @contextmanager
    def open(self, office: Office) -> Iterator[_Line]:
        """A way out; each message is a call of its own."""
        yield _Line(office)

    def ask(self, office: Office, ref: str | None, envelope: Envelope) -> None:
        """Webhooks tell nothing of what they have taken."""
        del office, ref, envelope

    def ping(self, office: Office) -> list[str]:
        """Whether the webhooks of all firms are good, as far as that can be seen without a message."""
        with office.db.system() as session:
            firms = session.scalars(select(Firm.slug).where(Firm.status == "active").order_by(Firm.slug)).all()
        steps = [step for firm in firms for name in KINDS for step in _tried(office.settings, firm, name)]
        return steps or [f"No firm has a webhook: the secret {' or '.join(KINDS)} of a firm holds its address."]


CHAT = Chat()


class _Line:
    """See `Line`."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def send(self, passed: Passed, envelope: Envelope, words: Words) -> Taken:
        """One message to each of the firm's chats; where one took it and another did not, it was told."""
        del passed
        firm, reader = self._named(envelope)
        text = _cut(
            f"{'(Maybe once more) ' if envelope.is_repeat else ''}For {reader}: {words.short or words.subject}", words
        )
        problems: list[NotNow | Never] = []
        hosts: list[str] = []
        for name in envelope.to:
            try:
                hosts.append(_posted(self._office.settings, firm, name, KINDS[name].body(text, words, envelope.firm)))
            except (NotNow, Never) as problem:
                problems.append(problem)
        if problems and not hosts:
            raise next((one for one in problems if isinstance(one, NotNow)), problems[0])
        return Taken(str(envelope.id), f"{' and '.join(hosts)} took it.", "delivered")

    def _named(self, envelope: Envelope) -> tuple[str, str]:
        with self._office.db.firm(envelope.firm_id) as session:
            firm = session.scalars(select(Firm.slug)).one()
            reader = session.scalar(select(Staff.name).where(Staff.id == envelope.recipient.staff_id))
        if reader is None:
            raise Never("no_chat", "Only staff read the firm's chat; choose e-mail or a text for clients and contacts.")
        return firm, reader


def _webhook(settings: Settings, firm: str, name: str) -> str | None:
    try:
        return secret(name, settings, firm=firm)
    except Permanent:
        return None


def _posted(settings: Settings, firm: str, name: str, body: Mapping[str, object]) -> str:
    """Who took it. Only the host of the address is ever told: what follows it is the secret."""
    url = _webhook(settings, firm, name)
    if url is None:
        raise Never("chat_gone", f"The secret {name} of the firm {firm} is not there any more.")
    host, answer = _called(settings, "POST", url, msgspec.json.encode(body))
    if answer.status in _TAKEN:
        return host
    if answer.status == _TOO_OFTEN or answer.status in _FAULTY:
        raise NotNow("chat_away", f"{host} takes no messages now ({answer.status}).", wait=asked_wait(answer))
    told = f"{host} refuses the message ({answer.status}): make the webhook anew and set the secret {name}."
    raise Never("chat_refused", told)


def _called(settings: Settings, method: str, url: str, body: bytes = b"") -> tuple[str, Answer]:
    try:
        answer = Outward(settings).send(method, url, {"content-type": "application/json"}, body)
    except Refused as problem:  # the address of this firm's webhook is wrong; others' may be right
        raise Never(problem.code, problem.sentence) from problem
    except Problem as problem:
        raise unreached(problem) from problem
    return urlsplit(url).netloc, answer


def _tried(settings: Settings, firm: str, name: str) -> list[str]:
    url = _webhook(settings, firm, name)
    if url is None:
        return []
    method, is_good = KINDS[name].probe
    host, answer = _called(settings, method, url, b"{}" if method == "POST" else b"")
    if not is_good(answer.status):
        told = f"{host} does not know the webhook of {firm} ({answer.status}): set the secret {name} anew."
        raise Never("chat_refused", told)
    return [f"{host} knows the webhook of {firm} ({name})."]


def _cut(text: str, words: Words) -> str:
    """Without the link, which stands beside it, and not endlessly long."""
    shown = text.replace(words.link, "").rstrip() if words.link else text
    return shown if len(shown) <= _MOST else f"{shown[: _MOST - 3]}..."


def _quiet(text: str) -> str:
    """Nobody is called by what a text says: neither @name, nor @here and the like."""
    plain = "".join(one if one.isprintable() or one == "\n" else " " for one in text)
    return plain.replace("@", f"@{_JOINER}")
