"""How the providers' SDKs call out: through the gateway's one door, with what a call needs and nothing besides.

Their own way out knows no private addresses, follows redirects, reads proxies, organisations and further headers from
the environment, and tells which machine it runs on. What comes back is judged here, before an SDK sees it: so none
tries again by itself, and one provider's refusal reads like another's.

It imports the library that the SDKs call out with, so it is loaded when it is first used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import httpx2
import msgspec
from msgspec import Struct

from gateway.config import secret
from gateway.dialing import Refused
from gateway.errors import Permanent, Problem
from gateway.outward import Answer, Limits, Outward
from outbound.asked import asked_wait
from outbound.llm.base import Account, Never, NotNow, Unanswered

_SENT = frozenset({"accept", "anthropic-version", "authorization", "content-type"})
_NAMED = "Idempotency-Key"  # draft-ietf-httpapi-idempotency-key-header
_FINE, _REDIRECTS, _FAULTY = range(200, 300), range(300, 400), range(500, 600)
_TOO_OFTEN, _LATE, _LOGIN, _NOT_FOUND = 429, 408, frozenset({401, 402, 403}), 404
_NO_MONEY = frozenset({"insufficient_quota", "billing_error"})  # waiting does not fill an account
_MOST_BYTES = 1 << 20


def key_of(account: Account, name: str) -> str:
    """The firm's key.

    Raises:
        Never: there is none, or none that a call could carry.
    """
    try:
        key = secret(name, account.settings, firm=account.firm)
    except Permanent as problem:
        raise Never(problem.code, problem.sentence) from problem
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise Never("key_invalid", f"The secret {name} of the firm {account.firm} holds a blank, or is no key at all.")
    return key


@contextmanager
def client(account: Account, within: timedelta) -> Iterator[httpx2.Client]:
    """What an SDK makes one call with; from the block come `NotNow` and `Never`, whatever the SDK made of them.

    One of the SDKs takes whatever is raised below it for a connection that failed.
    """
    door = _Door(account, within)
    with httpx2.Client(transport=door, trust_env=False) as opened:
        try:
            yield opened
        except httpx2.InvalidURL:
            raise Never("address_invalid", "The address of a provider looks like https://host/path.") from None
        except Exception:
            if door.problem is None:
                raise
            raise door.problem from None


class _Door(httpx2.BaseTransport):
    """A transport that is the gateway's door; `problem` is why the last call came to nothing."""

    def __init__(self, account: Account, within: timedelta) -> None:
        self.problem: Unanswered | None = None
        self._settings = account.settings
        self._named = {_NAMED: account.request} if account.request else {}
        seconds = within.total_seconds()
        self._limits = Limits(read=seconds, total=seconds, most=_MOST_BYTES)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Call, and hand on what is fine."""
        try:
            body = self._called(request)
        except Unanswered as problem:
            self.problem = problem
            raise
        return httpx2.Response(200, headers={"content-type": "application/json"}, content=body)

    def _called(self, request: httpx2.Request) -> bytes:
        headers = {name: value for name, value in request.headers.items() if name.lower() in _SENT} | self._named
        url = str(request.url)
        try:
            answer = Outward(self._settings).send(request.method, url, headers, request.read(), limits=self._limits)
        except Refused as problem:
            raise Never(problem.code, problem.sentence) from problem
        except Problem as problem:
            raise NotNow(problem.code, problem.sentence) from problem
        if answer.status not in _FINE:
            raise _refusal(urlsplit(url).netloc, answer)
        return answer.body


class _Detail(Struct):
    code: str | int | None = None
    type: str | None = None


class _Said(Struct):
    error: _Detail | None = None


def _refusal(host: str, answer: Answer) -> Unanswered:
    """By the status; what is said besides is not repeated, for it may repeat what was asked."""
    status = answer.status
    if status == _TOO_OFTEN and not _is_out_of_money(answer.body):
        sentence = f"{host} asks to come later (429): more was asked of it than the firm's account allows."
        return NotNow("too_many_requests", sentence, wait=asked_wait(answer))
    if status == _LATE or status in _FAULTY:
        return NotNow("provider_away", f"{host} has an error of its own ({status}).", wait=asked_wait(answer))
    if status in _LOGIN or status == _TOO_OFTEN:
        sentence = f"{host} does not let the firm's account in ({status}): look at its key, and at what was paid."
        return Never("login_refused", sentence)
    if status == _NOT_FOUND:
        return Never("model_unknown", f"{host} knows no such model, or is no such provider (404): look at both names.")
    if status in _REDIRECTS:
        return Never("redirected", f"{host} leads elsewhere ({status}), which is not followed: write the new address.")
    return Never("request_refused", f"{host} refuses the request ({status}): the model may not know JSON schemas.")


def _is_out_of_money(body: bytes) -> bool:
    try:
        said = msgspec.json.decode(body, type=_Said)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return said.error is not None and bool(_NO_MONEY & {said.error.code, said.error.type})
