"""Pushes to browsers of staff, by the push services that the browsers name; nothing sensitive is in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import PushSubscription, Staff
from gateway.errors import Problem
from gateway.office import Actor, Office
from gateway.outward import Answer, Outward
from outbound.asked import asked_wait
from outbound.notify import pushing, subscribing
from outbound.notify.channels.base import Envelope, Limits, Never, NotNow, Recipient, Taken, Unsent, Words
from outbound.notify.channels.calls import unreached
from outbound.notify.deciding import Passed
from outbound.notify.pushing import Browser

_ACTOR = Actor("system", "web_push")
_TAKEN, _FAULTY, _GONE, _TOO_OFTEN, _LOGIN = range(200, 300), range(500, 600), {404, 410}, 429, {401, 403}
_DAY = 86_400
# for how long a service keeps what it cannot deliver, in seconds, and how much battery it may cost (RFC 8030, 5.2, 5.3)
_KEPT = {"critical": 3 * _DAY, "urgent": 3 * _DAY, "normal": _DAY, "low": _DAY // 2}
_URGENCY = {"critical": "high", "urgent": "high", "normal": "normal", "low": "low"}


class WebPush:
    """The channel; see `Channel`."""

    name = "web_push"

    def limits(self, office: Office) -> Limits:
        """As set, for all push services together."""
        return Limits(office.settings.push_a_second or None)

    def addresses(
        self, office: Office, session: Session, recipients: Iterable[Recipient]
    ) -> Mapping[Recipient, Sequence[str]]:
        """The ids of their browsers: where these are reached is a secret."""
        del office
        wanted = {one.staff_id: one for one in recipients if one.staff_id}
        theirs = select(PushSubscription.staff_id, PushSubscription.id).join(
            Staff, (Staff.firm_id == PushSubscription.firm_id) & (Staff.id == PushSubscription.staff_id)
        )
        found: defaultdict[Recipient, list[str]] = defaultdict(list)
        for staff_id, key in session.execute(theirs.where(Staff.id.in_(wanted), Staff.active)):
            found[wanted[staff_id]].append(str(key))
        return dict(found)

    @contextmanager
    def open(self, office: Office) -> Iterator[_Line]:
        """A way out; each push is a call of its own."""
        yield _Line(office)

    def ask(self, office: Office, ref: str | None, envelope: Envelope) -> None:
        """Push services tell nothing of what they have taken."""
        del office, ref, envelope

    def ping(self, office: Office) -> list[str]:
        """Whether our key is one, and the push services that are named in full answer."""
        settings = office.settings
        steps = [f"The key is there: pushes are signed as {pushing.public_key(settings)[:16]}..."]
        scheme = "http" if settings.allow_private else "https"
        for host in (one for one in settings.push_hosts if "*" not in one):
            try:
                Outward(settings).send("GET", f"{scheme}://{host}/")
            except Problem as problem:
                raise unreached(problem) from problem
            steps.append(f"{host} answers.")
        return steps


WEB_PUSH = WebPush()


class _Gone(Never):
    """This browser takes no pushes any more."""


class _Line:
    """See `Line`."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def send(self, passed: Passed, envelope: Envelope, words: Words) -> Taken:
        """To all browsers of one recipient; one that takes it is enough, and the others are not asked twice."""
        del passed
        with self._office.acting(envelope.firm_id, _ACTOR) as acting:
            browsers = subscribing.browsers(acting, map(UUID, envelope.to))
        outcomes = {key: self._pushed(browser, envelope, words) for key, browser in browsers.items()}
        gone = [key for key, outcome in outcomes.items() if isinstance(outcome, _Gone)]
        if gone:
            with self._office.acting(envelope.firm_id, _ACTOR) as acting:
                subscribing.forget(acting, gone)
        return _judged(envelope, list(outcomes.values()), len(gone))

    def _pushed(self, browser: Browser, envelope: Envelope, words: Words) -> Unsent | None:
        settings, message = self._office.settings, _message(envelope, words)
        if not subscribing.is_known(settings, browser.endpoint):  # it was, when the browser was added
            return _Gone("push_host_unknown", "The browser's push service is no longer one of GATEWAY_PUSH_HOSTS.")
        headers = {
            "authorization": pushing.authorization(settings, browser.endpoint),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(_KEPT[envelope.priority]),
            "urgency": _URGENCY[envelope.priority],
            "topic": pushing.encoded(envelope.id.bytes),  # the same one again takes the place of the first
        }
        try:
            answer = Outward(settings).send("POST", browser.endpoint, headers, pushing.seal(browser, message))
        except Problem as problem:
            return unreached(problem, is_alone=True)  # there are several push services, and others may be there
        return _refusal(urlsplit(browser.endpoint).netloc, answer)


def _message(envelope: Envelope, words: Words) -> bytes:
    """Cut to what every push service takes."""
    told = {"title": words.subject, "body": words.short or words.subject, "url": words.link, "tag": str(envelope.id)}
    while len(raw := msgspec.json.encode(told)) > pushing.MOST:
        text = told["body"] or ""
        if not text:
            raise Never("push_too_long", "Subject and link alone are longer than a push may be (3,993 bytes).")
        told["body"] = text[: len(text) * 2 // 3]
    return raw


def _refusal(host: str, answer: Answer) -> Unsent | None:
    status = answer.status
    if status in _TAKEN:
        return None
    if status in _GONE:
        return _Gone("push_gone", f"The browser takes no pushes any more ({host}: {status}).")
    if status == _TOO_OFTEN or status in _FAULTY:
        told = f"{host} takes no pushes now ({status})."
        return NotNow("push_away", told, wait=asked_wait(answer), is_alone=True)
    if status in _LOGIN:
        told = f"{host} does not take our signature ({status}): was GATEWAY_PUSH_KEY, or the master key, changed?"
        return NotNow("push_login_refused", told, is_alone=True)
    return Never("push_refused", f"{host} refuses this push ({status}).")


def _judged(envelope: Envelope, outcomes: Sequence[Unsent | None], gone: int) -> Taken:
    """Taken where one browser's service took it; else not now where one may later."""
    taken = sum(outcome is None for outcome in outcomes)
    if taken:
        told = f"{taken} of {len(outcomes)} browsers; {gone} are forgotten, which take no pushes any more."
        return Taken(str(envelope.id), f"Taken for {told}")
    for outcome in (*(one for one in outcomes if isinstance(one, NotNow)), *outcomes):
        if outcome is not None:
            raise outcome
    raise Never("push_gone", "No browser of the recipient takes pushes any more.")
