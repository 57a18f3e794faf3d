"""The demo's tour of the API: a server of its own for a moment, and the three calls that are made most."""

from __future__ import annotations

import json
import socket
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec

from gateway.cli.office import me
from gateway.domain.access import passwords
from gateway.domain.access.accounts import find_staff, set_password
from gateway.domain.access.credentials import add_key, of_partner, revoke
from gateway.domain.access.permissions import SCOPES
from gateway.domain.partners.homes import Home
from gateway.errors import Transient
from gateway.office import Acting, Office
from gateway.settings import Settings

_KEY_NAME = "demo"


class Tour(NamedTuple):
    """What was tried, and the proofs with which a person can go on.

    Attributes:
        address: where `gateway serve` will listen.
        email: of the admin who asked, with their password.
        logins: the password of each member of the demo's staff, by e-mail address.
        calls: method and path, and the answer in a few words.
    """

    address: str
    email: str
    password: str
    logins: dict[str, str]
    key: str
    calls: list[tuple[str, str]]


def take(office: Office, home: Home, email: str, others: Sequence[str]) -> Tour:
    """Make logins and a key, start a server, and ask it: as the partner about an employee, as staff for clients.

    Args:
        office: of the demo.
        home: of the partner that asks.
        email: of an admin of its firm.
        others: of the firm's staff, who can sign in afterwards as well.
    """
    logins = {one: passwords.make() for one in (email, *others)}
    password = logins[email]
    with office.acting(home.firm_id, me()) as acting:
        for one, word in logins.items():
            set_password(acting, find_staff(acting, one), word)
        key = _key(acting, home)
    with _serving(office.settings) as url:
        calls = [*_asked(url, key, home.slug, email, password)]
    settings = office.settings
    return Tour(f"http://{settings.http_host}:{settings.http_port}", email, password, logins, key, calls)


def _key(acting: Acting, home: Home) -> str:
    """A key of the demo's; the one of an earlier demo ends."""
    for old in of_partner(acting, home.slug):
        if old.name == _KEY_NAME:
            revoke(acting, old.id)
    return add_key(acting, home.partner_id, name=_KEY_NAME, scopes=SCOPES, expires_at=None).secret


def _asked(url: str, key: str, partner: str, email: str, password: str) -> Iterator[tuple[str, str]]:
    bearer = f"Bearer {key}"
    signed_in = _call(url, "POST", "/v1/auth/login", None, {"email": email, "password": password, "firm": "northgate"})
    staff = f"Bearer {signed_in['access_token']}"
    if question := _question(url, staff, partner):
        told = _call(url, "POST", "/v1/eligibility/check", bearer, question)
        yield "POST /v1/eligibility/check", f"eligible {told['eligible']}: {told['reason']}"
    page = _call(url, "GET", "/v1/imports?limit=1", bearer)
    yield "GET /v1/imports", f"the newest is {page['data'][0]['file']}: {page['data'][0]['state']}"
    page = _call(url, "GET", "/v1/clients?limit=1&total=true", staff)
    yield "GET /v1/clients", f"{page['pagination']['total_items']:,} clients"


def _question(url: str, staff: str, partner: str) -> dict[str, str] | None:
    """About somebody whose date of birth is known."""
    people = _call(url, "GET", f"/v1/clients?partner={partner}&limit=100", staff)["data"]
    known = next((one for one in people if one["date_of_birth"]), None)
    if known is None:
        return None
    whole = _call(url, "GET", f"/v1/clients/{known['id']}", staff)
    return {"employee_id": whole["key"], "date_of_birth": whole["date_of_birth"]}


def _call(url: str, method: str, path: str, bearer: str | None, body: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
    headers = {"Content-Type": "application/json"} | ({"Authorization": bearer} if bearer else {})
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url + path, data, headers, method=method)  # noqa: S310 - http, to ourselves
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
        return json.loads(answer.read())


@contextmanager
def _serving(settings: Settings) -> Iterator[str]:
    """The application on a free port of this machine, until the tour is over."""
    from gateway.web.server import make  # noqa: PLC0415 - takes half a second, which no other command should wait

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = make(msgspec.structs.replace(settings, http_host="127.0.0.1", http_port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, name="api", daemon=True)
    thread.start()
    try:
        _wait_until_served(port, thread)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def _wait_until_served(port: int, thread: threading.Thread) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 0.1).close()
        except OSError:
            if not thread.is_alive():
                break
            thread.join(0.05)
        else:
            return
    raise Transient("not_served", "The API did not start; the log above says why.")
