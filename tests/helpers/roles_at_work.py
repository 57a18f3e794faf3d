"""The console as each of a firm's roles sees it: pages asked for by the routes that there are, each thing in turn."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest

from gateway.db.engine import Addresses
from gateway.db.session import Database
from gateway.settings import Settings
from gateway.web.app import routes_of
from gateway.web.console import is_page
from gateway.wings import office_of
from helpers import ending
from helpers.callers import PASSWORD, asking
from helpers.drawn import Drawn
from helpers.inbox import as_csv, people
from helpers.one_of_each import OneOfEach, Thing, one_of_each
from helpers.studio import STAFF
from helpers.who_may import BY_LINK, OPEN, ROWS, TABLE, row_of

ROLES = {  # who asks -> the role that they have at their firm
    "nobody": None,
    "viewer": "viewer",
    "paralegal": "paralegal",
    "attorney": "attorney",
    "admin": "admin",
    "walled": "attorney",
    "stranger": "admin",
}
ASKED = {"/eligibility/compare": ("a", "b")}  # what a page asks for in its query and cannot do without
QUERIES = {  # further ways to look at a page
    "/eligibility/compare": ["?a={a}&b={b}"],
    "/expiring": ["", "?within=60&tick=all", "?of=work&within=60"],
    "/partners/{slug}/studio": ["", "?edit=0"],
    "/workload/what-if": ["", "?rule=round_robin&from=2027-01-01"],
    "/admin/jobs": ["", "?which=waiting"],
}
FILLED: Mapping[str, Mapping[str, str]] = {  # what somebody types before pressing
    "POST /files": {"partner": "acme"},
    "POST /files/{import_id}/refuse": {"reason": "Half of it is missing."},
    "POST /files/{import_id}/repair/rules": {"to": "02/03/1980"},
    "POST /cases/{case_id}/candidates": {"reason": "Knows them."},
    "POST /cases/{case_id}/stage": {"stage": "review"},
    "POST /cases/{case_id}/close": {"outcome": "withdrawn"},
    "POST /cases/{case_id}/reopen": {"stage": "review"},
    "POST /cases/{case_id}/handovers/{handover_id}": {"answer": "yes"},
    "POST /partners/{slug}/versions/{number}/activate": {"reason": "It was better."},
    "POST /partners/{slug}/studio/apply": {"reason": "The new layout."},
    "POST /studio": {"partner": "wonka", "name": "Wonka Ltd"},
    "POST /workload": {"email": "admin@northgate.example", "capacity": "12"},
    "POST /workload/{attorney_id}/capacity": {"capacity": "12"},
    "POST /workload/{attorney_id}/expertise": {"new_type": "PERM", "new_level": "3"},
    "POST /workload/{attorney_id}/time-off": {"first": "2027-03-08", "last": "2027-03-09"},
    "POST /clients/{client_id}/eligibility": {"visa:EB1A": "on"},
    "POST /clients/{client_id}/values/{field}": {"job_title": "Smith"},
    "POST /clients/{client_id}/erase": {"reason": "They asked for it."},
    "POST /eligibility/{check_id}/{recommendation_id}": {"verdict": "accepted"},
    "POST /admin/walls": {"reason": "Acted for them."},
    "POST /admin/limits/{tier}": {"minute": "77"},
    "POST /admin/credentials": {"partner": "acme", "name": "Night", "scope:status:read": "on"},
    "POST /admin/staff": {"email": "new@northgate.example", "name": "New", "role": "viewer"},
    "POST /me/password": {"current": PASSWORD, "new": "owl-lamp-tree-fig", "again": "owl-lamp-tree-fig"},
}
UPLOADS = {
    "POST /files": ("roster_20270120.csv", as_csv(people(5))),
    "POST /studio": ("staff_20260504.csv", STAFF.encode()),
    "POST /partners/{slug}/studio/sample": ("staff_20260504.csv", STAFF.encode()),
}


MASTER_KEY = b"fabricated master key of 32 byte"


@contextmanager
def console_of(addresses: Addresses, tenants: Any, folder: Path) -> Iterator[Console]:
    """The console of a firm that has one of each thing, over a database of one's own, at the time of `ending`."""
    settings = Settings(
        data_dir=folder / "data",
        config_dir=folder / "partner_configs",
        secrets_dir=folder / "secrets",
        database_url=addresses.app,
        system_database_url=addresses.system,
        owner_database_url=addresses.owner,
        master_key=MASTER_KEY,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEWAY_NOW", ending.NOW)
        database = Database(addresses)
        try:
            there = one_of_each(office_of(database, settings), tenants)
            with asking(settings) as http:
                yield Console(http, there)
        finally:
            database.close()


class Caller(NamedTuple):
    """Who asks, with the cookies and the token of a session of their own."""

    name: str
    role: str | None
    headers: Mapping[str, str]
    csrf: str


class Target(NamedTuple):
    """A row of the table at one thing."""

    row: str
    thing: Thing
    address: str


class Drawing(NamedTuple):
    """Something that can be done on a page: who saw it where, and the form."""

    who: str
    page: str
    fields: Mapping[str, str]


class Console:
    """An application, and whoever asks it."""

    def __init__(self, http: Any, there: OneOfEach) -> None:
        self.http, self.there = http, there
        self.callers = {name: self._signed_in(name, role) for name, role in ROLES.items()}
        self._seen: dict[tuple[str, str], httpx.Response] = {}
        self._drawn: dict[tuple[str, str], Drawn] = {}
        self._things: dict[str, Thing] = {}

    def _signed_in(self, name: str, role: str | None) -> Caller:
        if role is None:
            return Caller(name, None, {}, "")
        firm = "harbor" if name == "stranger" else "northgate"
        email = f"{role if name != 'walled' else name}@{firm}.example"
        answer = self.http.post("/sign-in", data={"email": email, "password": PASSWORD}, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        cookies = [one.partition(";")[0] for one in answer.headers.get_list("set-cookie")]
        headers = {"Cookie": "; ".join(cookies)}
        page = Drawn(self.http.get("/me", headers=headers).text)
        return Caller(name, role, headers, page.acts["/sign-out"]["csrf"])

    # ------------------------------------------------------------ asking

    def look(self, who: str, address: str) -> httpx.Response:
        """A page, as it was when it was first asked for."""
        if (who, address) not in self._seen:
            self._seen[who, address] = self.ask(who, address)
        return self._seen[who, address]

    def ask(self, who: str, address: str) -> httpx.Response:
        headers = {**self.callers[who].headers, "Accept": "text/html"}
        return self.http.get(address, headers=headers, follow_redirects=False)

    def drawn(self, who: str, address: str) -> Drawn:
        if (who, address) not in self._drawn:
            self._drawn[who, address] = Drawn(self.look(who, address).text)
        return self._drawn[who, address]

    def send(self, who: str, row: str, address: str, fields: Mapping[str, str]) -> httpx.Response:
        """Send a form under somebody's own session."""
        caller = self.callers[who]
        data = {
            **fields,
            **FILLED.get(row, {}),
            **self.there.typed.get(row, {}),
            "csrf": caller.csrf,
            "key": uuid4().hex,
        }
        files = {"file": UPLOADS[row]} if row in UPLOADS else None
        return self.http.post(address, data=data, files=files, headers=caller.headers, follow_redirects=False)

    # ------------------------------------------------------------ what there is

    def routes(self) -> Iterator[tuple[str, str]]:
        """Method and path of each page and each act of the console, whether the table speaks of it or not."""
        for path, method, handler in routes_of(self.http.app):
            plain = re.sub(r":\w+}", "}", path)
            if is_page(handler) and f"{method} {plain}" not in OPEN | BY_LINK:
                yield method, plain

    def targets(self, method: str) -> Iterator[Target]:
        """Each page, or each act, at each thing of the firm that can stand in its address."""
        for one, path in self.routes():
            if one == method:
                yield from self._at_each(method, path)

    def _at_each(self, method: str, path: str) -> Iterator[Target]:
        names = ASKED.get(path) or tuple(re.findall(r"{(\w+)}", path))
        assert names in self.there.things, f"{method} {path}: give the firm of helpers/one_of_each.py its {names}"
        for thing in self.there.things[names]:
            address = path.format(**thing.values)
            row = row_of(method, address)
            assert row, f"{method} {path}: say in helpers/who_may.py who may do it"
            for query in QUERIES.get(path, [""]) if method == "GET" else [""]:
                yield Target(row, thing, address + query.format(**thing.values))

    def drawings(self) -> dict[str, dict[str, Drawing]]:
        """By row and address: where an act is drawn for the admin, or for whomever it is about."""
        found: dict[str, dict[str, Drawing]] = {}
        for target in self.targets("GET"):
            for who in ("admin", "attorney"):
                if self.look(who, target.address).status_code == 200:
                    for address, fields in self.drawn(who, target.address).acts.items():
                        row = row_of("POST", address) or f"POST {address}"
                        found.setdefault(row, {}).setdefault(address, Drawing(who, target.address, fields))
        return found

    def forms(self) -> Iterator[tuple[str, str, Mapping[str, str]]]:
        """Each act that is drawn: its row, its address, and its fields as they stand."""
        for row, found in self.drawings().items():
            yield from ((row, address, drawing.fields) for address, drawing in found.items())

    def about(self, address: str) -> Thing:
        """What an address is about; nobody's in particular where it is about none of the things that there are."""
        if not self._things:
            self._things = {one.address: one.thing for method in ("GET", "POST") for one in self.targets(method)}
        return self._things.get(address.partition("?")[0], Thing({}, is_ours=False))

    def press(self, row: str, drawn: Mapping[str, Drawing]) -> httpx.Response | None:
        """Do something as its form stands now on the first of these pages that still has one; None: no page has."""
        for who, page, _ in drawn.values():
            text = self.ask(who, page).text
            for address, fields in Drawn(text).acts.items():
                if row_of("POST", address) == row:
                    return self.send(who, row, address, {**fields, **typed(row, text)})
        return None


# ---------------------------------------------------------------- what should be


def expected(who: str, row: str, thing: Thing, usual: int) -> set[int]:
    """The status that somebody gets, by the table alone; `usual` is what whoever may all of it gets."""
    role, told = ROLES[who], TABLE[row]
    if role is None:
        return {303}
    if role not in told.roles | told.own:
        return {403}
    if (who == "stranger" and thing.is_ours) or (who == "walled" and thing.is_behind):
        return {404}
    if role not in told.roles and thing.whose != who:
        return {403, 404}  # it is about somebody else
    return {403} if who == "walled" and thing.is_screened and row in ROWS else {usual}


def is_hidden(there: OneOfEach, who: str, method: str, address: str) -> bool:
    """Whether a wall takes something off a page that colleagues are shown."""
    if who != "walled":
        return False
    path = address.partition("?")[0]
    is_of_rows = row_of(method, address) in ROWS and any(one in path for one in there.screened)
    return is_of_rows or any(one in address for one in there.hidden)


def typed(row: str, page: str) -> dict[str, str]:
    """What is read off a page and typed again."""
    if row != "POST /clients/{client_id}/erase":
        return {}
    found = re.search(r"type the name: <bdi>(.*?)</bdi>", page)
    assert found
    return {"typed": html.unescape(found[1])}
