"""Everybody at once: a partner who sends files and rows, and its firm's staff, all at the same people through the API.

What they were answered goes into the crowd's books, for a reckoning (`helpers.reckoning`) afterwards.
"""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

import httpx

from helpers.inbox import COLUMNS, as_csv
from helpers.reckoning import Act, Source

PEOPLE = [f"E{number}" for number in range(1, 31)]
GOERS = PEOPLE[:4]  # whom a file may leave out: too few for the guard
MORTALS = PEOPLE[4:10]  # who may be erased
FIRST = dt.datetime(2026, 3, 1, 18, tzinfo=dt.UTC)  # day 0 of the account; each number is a second later
CLOSED_ON = "2026-03-01"
HALF = len(PEOPLE) // 2
BUSY = {"import_running", "conflict", "locked", "deadlock", "in_flight", "too_many_at_once"}
REFUSED = {"not_held", "client_erased", "changed_meanwhile", "original_destroyed", "no_errors", "not_found"}
Headers = dict[str, str]

log = logging.getLogger(__name__)


def instant(number: int) -> str:
    return (FIRST + dt.timedelta(seconds=number)).isoformat()


@dataclass
class Books:
    """What was acknowledged, by import and by record; and what should not have been answered."""

    sources: dict[str, Source] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    decided: dict[str, str] = field(default_factory=dict)
    acts: defaultdict[str, list[Act]] = field(default_factory=lambda: defaultdict(list))
    erased: dict[str, str] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def report(self, partner: str) -> None:
        """Into pytest's log: how much went on."""
        acts = sum(map(len, self.acts.values()))
        counts = (
            f"{len(self.sources)} imports, {acts} acts of staff, {len(self.erased)} erased, {len(self.added)} added"
        )
        log.warning("%s: %s; %s; %s", partner, counts, Counter(self.decided.values()), dict(sorted(self.told.items())))


class Crowd:
    """One partner and the staff of its firm.

    Attributes:
        records: person -> kind -> id.
        strangers: ids of records of another firm.
    """

    def __init__(self, http: httpx.Client, partner: str, key: Headers, staff: list[Headers], seed: int) -> None:
        self.http, self.partner, self.key, self.staff = http, partner, key, staff
        self.books = Books()
        self.records: dict[str, dict[str, str]] = {}
        self.strangers: list[str] = []
        self.over, self._pause = threading.Event(), threading.Event()  # the latter is never set
        self._seed = seed
        self._numbers, self._marks, self._rounds = itertools.count(1), itertools.count(1), itertools.count()
        self._ways = itertools.cycle(["rows", "file", "client", "rows", "replay", "erase"])
        self._pool = ThreadPoolExecutor(8)

    def actors(self) -> list[Callable[[], None]]:
        """What each of them does until it is over."""
        draws = (Random(f"{self._seed}-{self.partner}-{number}") for number in itertools.count())
        those = [self._send_files, self._send_rows, self._repeat, *([self._write] * 3)]
        return [partial(self._go_on, *one) for one in zip(those, draws, itertools.cycle(self.staff), strict=False)]

    def _go_on(self, act: Callable[[Random, Headers], None], draw: Random, who: Headers) -> None:
        while not self.over.wait(0.02):
            act(draw, who)

    def ask(self, method: str, url: str, who: Headers, **more: Any) -> httpx.Response:
        """An answer; those that nobody should get are noted."""
        headers = who | more.pop("headers", {})
        answer = self.http.request(method, url, headers=headers, **more)
        word = "" if answer.is_success else answer.json()["error"]
        self.books.told[f"{method} {answer.status_code} {word}".strip()] += 1
        later = answer.status_code == 503 and int(answer.headers.get("retry-after", 0)) > 0
        if not (answer.is_success or later or word in BUSY | REFUSED):
            self.books.faults.append(f"{method} {url}: {answer.status_code} {answer.text}")
        return answer

    # ------------------------------------------------------------ the partner

    def row(self, number: int, person: str) -> dict[str, str]:
        """A person as of an instant."""
        told = self._said(number, person)
        expires = dt.date.fromisoformat(told["document"]["expires_on"])
        return {
            "EMP_ID": person,
            "Last Name": told["client"]["family_name"],
            "DOB": "02/03/1980",
            "Salary": told["client"]["annual_salary"],
            "Passport": f"P{person[1:]:>06}",
            "Passport Expiry": f"{expires:%m/%d/%Y}",
            "Case": f"C-{person}",
            "Priority": told["case"]["priority"],
        }

    def _said(self, number: int, person: str) -> dict[str, dict[str, str]]:
        place = int(person[1:])
        return {
            "client": {
                "family_name": f"File{number}-{person}-{self.partner}",
                "annual_salary": f"{number * 100 + place}.00",
            },
            "document": {"expires_on": str(dt.date(2050, 1, 1) + dt.timedelta(days=number))},
            "case": {"priority": f"File{number}-{person}-{self.partner}"},
        }

    def send(self, people: list[str], unread: list[str] | None = None, key: str | None = None) -> str | None:
        """A full file; its import."""
        number = next(self._numbers)
        rows = [self.row(number, one) | ({"DOB": "never"} if one in (unread or []) else {}) for one in people]
        content = as_csv(rows, [*COLUMNS, "Case", "Priority"])
        source = self._source(number, people, frozenset(unread or []), full=True)
        return self._sent(f"roster_{number}.csv", content, source, len(rows), key)

    def _source(self, number: int, people: list[str], unread: frozenset[str], *, full: bool) -> Source:
        said = {one: self._said(number, one) for one in people if one not in unread}
        return Source(number, said, unread, full, CLOSED_ON)

    def _sent(self, name: str, content: bytes, source: Source, rows: int, key: str | None = None) -> str | None:
        def ask() -> httpx.Response:
            more = {"Idempotency-Key": key} if key else {}
            data = {"as_of": instant(source.as_of)} if source.full else {}
            files = {"file": (name, content)}
            return self.ask("POST", "/v1/files", self.key, files=files, data=data, headers=more)

        answer = self._replayed(ask) if key else ask()
        if answer is None or not answer.is_success:
            return None
        import_id = answer.json()["imports"][0]["import_id"]
        self._enter(import_id, source, rows)
        return import_id

    def _enter(self, import_id: str, source: Source, rows: int) -> None:
        self.books.sources[import_id], self.books.rows[import_id] = source, rows

    def _send_files(self, draw: Random, _: Headers) -> None:
        """Two different files at a time; one of them may have bad rows, and comes back repaired, or be held."""
        turn = next(self._rounds)
        stay = [one for one in PEOPLE if one not in GOERS or draw.random() < 0.7]
        bad = draw.sample(PEOPLE[10:], 2) if turn % 2 else []
        other = PEOPLE[:HALF] if turn % 3 == 0 or not self.books.decided else PEOPLE
        first, second = self._pool.map(lambda one: self.send(*one), [(stay, bad), (other,)])
        state = self.ended(first)
        if bad and state == "loaded_with_errors":
            self._repair(first or "", bad)
        if self.ended(second) == "held":
            self._decide(second or "", draw)
        self.over.wait(1)  # time for rows, which are refused while files wait

    def ended(self, import_id: str | None) -> str | None:
        """The state in which an import ends, though it be over meanwhile; None where there is none."""
        states = iter(lambda: self._state(import_id or ""), None) if import_id else iter([])
        return next((state for state in states if state not in {"received", "running"}), None)

    def _state(self, import_id: str) -> str:
        self._pause.wait(0.1)
        return str(self.ask("GET", f"/v1/imports/{import_id}", self.key).json()["state"])

    def _repair(self, import_id: str, bad: list[str]) -> None:
        errors = self.ask("GET", f"/v1/imports/{import_id}/errors", self.key)
        if errors.is_success:
            number = self.books.sources[import_id].as_of
            source = self._source(number, bad, frozenset(), full=False)
            self._sent(f"errors_{number}.csv", errors.content.replace(b"never", b"02/03/1980"), source, len(bad))

    def _decide(self, import_id: str, draw: Random) -> None:
        """Two release it, one refuses it, all at once; one of them does, and the others hear so."""
        url = f"/v1/imports/{import_id}"
        ways: list[tuple[str, dict[str, str]]] = [
            ("release", {}),
            ("release", {}),
            ("refuse", {"reason": "By mistake"}),
        ]
        asked = draw.sample(list(zip(ways, self.staff, strict=False)), 3)
        done = self._pool.map(lambda one: self.ask("POST", f"{url}/{one[0][0]}", one[1], json=one[0][1]), asked)
        answers = list(zip((way for (way, _), _ in asked), done, strict=True))
        won = [way for way, answer in answers if answer.is_success]
        lost = {answer.json()["error"] for _, answer in answers if not answer.is_success}
        if len(won) != 1 or lost != {"not_held"}:
            self.books.faults.append(f"decided: {[(way, answer.text) for way, answer in answers]}")
        self.books.decided[import_id] = {"release": "released", "refuse": "refused"}[won[0]] if won else "held"

    def _send_rows(self, draw: Random, _: Headers, key: str | None = None) -> None:
        """One person as a single row, in real time."""
        number, person = next(self._numbers), draw.choice(PEOPLE)
        body = {"rows": [self.row(number, person)], "as_of": instant(number)}
        more = {"Idempotency-Key": key} if key else {}

        def ask() -> httpx.Response:
            return self.ask("POST", "/v1/records/roster", self.key, json=body, headers=more)

        answer = self._replayed(ask) if key else ask()
        if answer is not None and answer.is_success:
            self._enter(answer.json()["import_id"], self._source(number, [person], frozenset(), full=False), 1)
        else:
            self.over.wait(0.1)

    # ------------------------------------------------------------ who sends again

    def _repeat(self, draw: Random, who: Headers) -> None:
        """The same request twice at once, and once more; in between, somebody may be erased."""
        key, way = f"key-{next(self._marks)}", next(self._ways)
        if way == "file":
            self.ended(self.send(PEOPLE, key=key))
        elif way == "rows":
            self._send_rows(draw, who, key)
        elif way == "client":
            self._add(key, who)
        elif way == "replay":
            self._take_again(draw, key, who)
        elif draw.random() < 0.4:
            self._erase(draw, who)
        self.over.wait(0.5)

    def _replayed(self, ask: Callable[[], httpx.Response]) -> httpx.Response | None:
        """What a request with a key came to; all answers to it are the same, and the last says that it is a repeat."""
        answers = [*self._pool.map(lambda _: ask(), range(2)), ask()]
        done = [one for one in answers if one.is_success]
        if len({one.content for one in done}) > 1:
            self.books.faults.append(f"replays differ: {[one.text for one in done]}")
        if len(done) > 1 and done[-1] is answers[-1] and "idempotency-replayed" not in answers[-1].headers:
            self.books.faults.append(f"done again: {answers[-1].text}")
        return done[-1] if done else None

    def _add(self, key: str, who: Headers) -> None:
        body = {"partner": self.partner, "employee_id": f"N-{key}", "family_name": f"By hand-{self.partner}"}
        answer = self._replayed(
            lambda: self.ask("POST", "/v1/clients", who, json=body, headers={"Idempotency-Key": key})
        )
        if answer is not None:
            self.books.added.append(answer.json()["id"])

    def _take_again(self, draw: Random, key: str, who: Headers) -> None:
        import_id = draw.choice(sorted(self.books.sources))
        if self.books.rows[import_id] == 1:
            return
        url = f"/v1/imports/{import_id}/replay"
        answer = self._replayed(lambda: self.ask("POST", url, who, headers={"Idempotency-Key": key}))
        if answer is not None:
            again = answer.json()["import_id"]
            self._enter(again, self.books.sources[import_id], self.books.rows[import_id])
            self.ended(again)

    def _erase(self, draw: Random, who: Headers) -> None:
        person = draw.choice(MORTALS)
        client_id = self.records[person]["client"]
        url = f"/v1/clients/{client_id}/erasure"
        if self.ask("POST", url, who, json={"reason": "Asked for it"}).is_success:
            self.books.erased[client_id] = person

    # ------------------------------------------------------------ staff

    def _write(self, draw: Random, who: Headers) -> None:
        """Change a person, a case or a document, let go of a field, archive or restore; now and then reach too far."""
        kind = draw.choice(["client", "client", "case", "document"])
        record_id = self.records[draw.choice(PEOPLE)][kind]
        url = f"/v1/{kind}s/{record_id}"
        if draw.random() < 0.03:
            self._reach(draw, who)
        seen = self.ask("GET", url, who)
        if not seen.is_success:
            return
        told, tag = seen.json(), {"If-Match": seen.headers["etag"]}
        way = draw.random()
        if way < 0.6:
            self._patch(draw, who, kind, url, tag if draw.random() < 0.5 else {})
        elif way < 0.85 and told["pins"].keys() - {"number"}:  # without its pin, files would take it for another one
            pin = draw.choice(sorted(told["pins"].keys() - {"number"}))
            if self.ask("DELETE", f"{url}/pins/{pin}", who, headers=tag).is_success:
                self.books.acts[record_id].append(Act(told["version"] + 1, unpins=pin))
        elif kind == "client":
            self._shelve(who, url, told, tag)

    def _patch(self, draw: Random, who: Headers, kind: str, url: str, tag: Headers) -> None:
        values = next(self._news(kind, draw))
        answer = self.ask("PATCH", url, who, json=values, headers=tag)
        if answer.is_success:
            self.books.acts[url.rpartition("/")[2]].append(Act(_version(answer), values))

    def _news(self, kind: str, draw: Random) -> Iterator[dict[str, str | None]]:
        """Values that nobody wrote before."""
        mark = next(self._marks)
        text, day = f"Staff{mark}-{self.partner}", str(dt.date(2027, 1, 1) + dt.timedelta(days=mark % 8_000))
        if kind == "document":
            yield draw.choice([{"expires_on": day}, {"issued_on": day}, {"number": f"S{mark:06}"}])
        elif kind == "case":
            yield {"priority": text} if draw.random() < 0.6 else {"wage": f"{mark}.50"}
        else:
            more: list[dict[str, str | None]] = [
                {"family_name": text},
                {"annual_salary": f"{mark}.50"},
                {"job_title": text},
                {"job_title": text, "enrollment_status": draw.choice(["active", "terminated", "withdrawn"])},
                {"job_title": text, "termination_date": draw.choice([day, None])},
            ]
            yield draw.choice(more)

    def _shelve(self, who: Headers, url: str, told: dict[str, Any], tag: Headers) -> None:
        acts = self.books.acts[told["id"]]
        if told["status"] == "active":
            if self.ask("DELETE", url, who, headers=tag).is_success:
                acts.append(Act(told["version"] + 1, {"status": "archived"}, pins=False))
        elif (answer := self.ask("POST", f"{url}/restorations", who)).is_success:
            acts.append(Act(_version(answer), {"status": "active"}, pins=False))

    def _reach(self, draw: Random, who: Headers) -> None:
        """For another firm's record."""
        url = f"/v1/clients/{draw.choice(self.strangers)}"
        for method, body in [("GET", None), ("PATCH", {"job_title": f"Staff-{self.partner}"})]:
            if (answer := self.ask(method, url, who, json=body)).status_code != 404:
                self.books.faults.append(f"a stranger's: {answer.text}")


def _version(answer: httpx.Response) -> int:
    return int(answer.headers["etag"].strip('"'))
