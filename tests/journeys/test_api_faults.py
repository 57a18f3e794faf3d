"""The API while what it stands on fails: services are stalled, stopped and killed, and come back."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import NamedTuple

import httpx
import psycopg
import pytest
from helpers.inbox import ROSTER, as_csv, person
from helpers.servers import Rabbit, Redis, until
from helpers.serving import PASSWORD, QUEUES, answering, installed, own_folder

from gateway.db.embedded import ensure_running
from gateway.limits import REST_SECONDS

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

SWEEP = 4  # seconds between looks for jobs that no message told about, where messages are what is tested
CHANGES = ROSTER.replace("    contents: full\n    absent: close\n", "    contents: changes\n")  # each file for itself
PAUSE = 0.3  # seconds between a caller's files
BOUND = 3.0  # seconds in which whoever asks must hear something, on a machine that is busy with other things

_numbers = itertools.count(1000)  # of people, each in a file of their own


@pytest.fixture(scope="module")
def lab():
    """One installation for all journeys; each runs the services as it needs them."""
    with installed() as made:
        made.add_partners("northgate", "acme", roster=CHANGES)
        database = ensure_running(made.folder / "data")  # stays between the journeys
        made.acme = made.key("acme")
        made.vera = {"email": made.member("northgate", "vera"), "password": PASSWORD}
        allow(made, 10_000_000)
        yield made
        database.leave()


def allow(lab, most: int) -> None:
    """So many requests a minute for the partner."""
    lab.asked("DELETE FROM rate_limits")
    lab.asked("INSERT INTO rate_limits SELECT id, 'standard', 'minute', %s FROM firms", most)


@contextmanager
def serving(lab, **more: str) -> Iterator[httpx.Client]:
    """All services under some further settings, ended in peace."""
    lab.environment.update(more)
    try:
        with answering(lab) as http:
            yield http
    finally:
        lab.end()
        for name in more:
            del lab.environment[name]
    said = lab.said()
    assert "Traceback" not in said, "that a service is away is no surprise"
    assert "did not end in time" not in said


@contextmanager
def running(kind):
    """A server of this journey's own."""
    if shutil.which(kind.program) is None:
        pytest.skip(f"no {kind.program} on this machine")
    with own_folder() as folder:
        server = kind(folder)
        try:
            yield server
        finally:
            server.close()


# ---------------------------------------------------------------- files, and what became of them


def upload(http: httpx.Client, headers: dict[str, str], number: int, key: str | None = None) -> httpx.Response:
    """A file about one person whom no other file is about."""
    more = {"Idempotency-Key": key} if key else {}
    return http.post("/v1/files", files=file_about(number), headers=headers | more)


def file_about(number: int) -> dict[str, tuple[str, bytes]]:
    return {"file": (f"roster_{number}.csv", as_csv([person(number)]))}


def key_of(number: int) -> str:
    return f"file-{number}"


def send(http: httpx.Client, headers: dict[str, str]) -> str:
    """A new file; its import."""
    answer = upload(http, headers, next(_numbers))
    assert answer.status_code == 202, answer.text
    return answer.json()["imports"][0]["import_id"]


def begun(lab, import_id: str) -> float | None:
    """The instant at which the job of an import was begun, once it is done."""
    query = (
        "SELECT extract(epoch FROM started_at) FROM jobs WHERE kind = 'ingest.run' AND about = %s AND state = 'done'"
    )
    return next((instant for (instant,) in lab.asked(query, import_id)), None)


def wakes_flow(lab, http: httpx.Client) -> bool:
    """Whether files in a row were begun sooner than sweeps follow each other: somebody was woken."""
    instants = []
    for _ in range(3):
        import_id = send(http, lab.acme)
        instants.append(until(lambda one=import_id: begun(lab, one)))
    return instants[-1] - instants[0] < SWEEP


def are_done(lab, imports: list[str]) -> bool:
    query = "SELECT count(*) FROM jobs WHERE kind = 'ingest.run' AND about = ANY(%s::uuid[]) AND state = 'done'"
    return lab.sql(query, imports) == [(len(imports),)]


def all_is_done(lab) -> bool:
    return lab.sql("SELECT count(*) FROM jobs WHERE queue = 'ingest' AND state <> 'done'") == [(0,)]


def assert_each_file_was_loaded_once(lab) -> None:
    """Every person was created by a file, once; every file has its receipt, and nobody has another's name."""
    until(lambda: all_is_done(lab))
    assert lab.asked("SELECT DISTINCT state FROM imports WHERE receipt_at IS NOT NULL") == [("loaded",)]
    [(imports, names, clients, entries, receipts)] = lab.asked(
        "SELECT (SELECT count(*) FROM imports), (SELECT count(DISTINCT name) FROM files),"
        " (SELECT count(*) FROM clients WHERE version = 1), (SELECT count(*) FROM audit_log WHERE actor_kind = 'import'),"
        " (SELECT count(receipt_at) FROM imports)"
    )
    assert imports == names == clients == entries == receipts


def attempts(lab, since: int) -> set[int]:
    """How often the jobs of files were tried, of those about people from this number on."""
    query = (
        "SELECT DISTINCT j.attempts FROM jobs j JOIN imports i ON i.id = j.about JOIN files f ON f.id = i.file_id"
        " WHERE substring(f.name FROM '[0-9]+')::int >= %s"
    )
    return {count for (count,) in lab.asked(query, since)}


# ---------------------------------------------------------------- callers who ask all the time


class Told(NamedTuple):
    """An answer, and how long it took."""

    asked: float
    seconds: float
    answer: httpx.Response

    @property
    def is_fit(self) -> bool:
        """It is what was asked for, or says properly that it cannot be had now."""
        answer = self.answer
        if answer.is_success:
            return True
        is_document = answer.headers.get("content-type") == "application/problem+json"
        return answer.status_code == 503 and is_document and int(answer.headers.get("retry-after", 0)) > 0


Question = Callable[[httpx.Client], httpx.Response]


@contextmanager
def asking(lab, *questions: Question) -> Iterator[list[list[Told]]]:
    """Callers, one a question, who ask it again and again; what each was told."""
    told: list[list[Told]] = [[] for _ in questions]
    over = threading.Event()

    def ask(question: Question, heard: list[Told]) -> None:
        with httpx.Client(base_url=lab.url, timeout=30) as http:
            while not over.wait(0.02):
                at = time.perf_counter()
                answer = question(http)
                heard.append(Told(at, time.perf_counter() - at, answer))

    with ThreadPoolExecutor(len(questions)) as bulkhead:
        callers = [bulkhead.submit(ask, *pair) for pair in zip(questions, told, strict=True)]
        try:
            yield told
        finally:
            over.set()
        for caller in callers:
            caller.result()


def each_is_told(told: list[list[Told]], look: Callable[[Told], bool] = lambda _: True) -> None:
    """Wait until every caller was told something (such) that was asked for from now on."""
    now = time.perf_counter()
    until(lambda: all(any(one.asked > now and look(one) for one in heard[-50:]) for heard in told))


class Uploads:
    """Somebody who sends file after file, a few a second, each with a key and again until it is accepted."""

    def __init__(self, lab) -> None:
        self._lab = lab
        self._number = next(_numbers)
        self.accepted: dict[int, str] = {}

    def __call__(self, http: httpx.Client) -> httpx.Response:
        answer = upload(http, self._lab.acme, self._number, key_of(self._number))
        if answer.status_code == 202:
            self.accepted[self._number] = answer.json()["imports"][0]["import_id"]
            self._number = next(_numbers)
            time.sleep(PAUSE)
        return answer


def check(lab, number: int) -> Question:
    """Whether a person is in the programme."""
    question = {"employee_id": f"E{number}", "date_of_birth": "1980-02-03"}
    return lambda http: http.post("/v1/eligibility/check", json=question, headers=lab.acme)


def sign_in(lab, password: str = PASSWORD) -> Question:
    login = lab.vera | {"password": password}
    return lambda http: http.post("/v1/auth/login", json=login)


# ---------------------------------------------------------------- PostgreSQL


def test_the_database_is_restarted_and_killed_under_load(lab):
    first = next(_numbers)
    with serving(lab) as http:
        assert upload(http, lab.acme, first).status_code == 202
        until(lambda: check(lab, first)(http).status_code == 200)
        token = sign_in(lab)(http).json()["access_token"]
        children = lab.children(lab.services[-1])
        uploads = Uploads(lab)
        people = {"url": "/v1/clients", "headers": {"Authorization": f"Bearer {token}"}}
        questions = [check(lab, first), lambda http: http.get(**people), sign_in(lab), uploads]
        with asking(lab, *questions) as told:
            for number in (signal.SIGINT, signal.SIGKILL):
                each_is_told(told, lambda one: one.answer.is_success)
                back = fail_and_recover(lab, http, told, number)
                each_is_told(told)
                late = [
                    one.answer.text for heard in told for one in heard if one.asked > back and not one.answer.is_success
                ]
                assert late == [], "who asks once it says to be ready is served"
                sent = list(uploads.accepted.values())
                until(lambda sent=sent: are_done(lab, sent) and lab.workers() == QUEUES)
        until(lambda: uploads(http).status_code == 202)
        assert [one.answer.text for heard in told for one in heard if not one.is_fit] == []
        assert lab.children(lab.services[-1]) == children, "nothing had to be started again"
        known = dict(lab.asked("SELECT i.id::text, f.name FROM imports i JOIN files f ON f.id = i.file_id"))
        assert {one: f"roster_{number}.csv" for number, one in uploads.accepted.items()}.items() <= known.items()
        assert_each_file_was_loaded_once(lab)


def fail_and_recover(lab, http: httpx.Client, told: list[list[Told]], number: int) -> float:
    """End the server while it works; the instant from which on the gateway says that it is ready again."""
    with held(lab.folder / "data" / "postgres.start"):  # until everybody has noticed, nobody starts it again
        os.kill(lab.server_pid(), number)
        until(lambda: http.get("/health/ready").status_code == 503)
        each_is_told(told, lambda one: one.answer.status_code == 503)
    until(lambda: http.get("/health/ready").status_code == 200)
    return time.perf_counter()


@contextmanager
def held(path):
    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# ---------------------------------------------------------------- the API itself


def test_the_api_is_killed_in_mid_upload_and_the_file_sent_again_is_one_file(lab):
    first = next(_numbers)
    with serving(lab) as http:
        for kill_while_sending in (amid_the_body_and_the_transaction, as_soon_as_it_is_on_record):
            numbers, api = [next(_numbers), next(_numbers)], lab.children(lab.services[-1])["api"]
            kill_while_sending(lab, api, *numbers)
            until(lambda api=api: lab.children(lab.services[-1]).get("api", api) != api)
            until(lambda: lab.is_ready(http))
            for number in numbers:
                assert_accepted_once(lab, http, number)
        assert_each_file_was_loaded_once(lab)
    assert attempts(lab, first) == {1}


def assert_accepted_once(lab, http: httpx.Client, number: int) -> None:
    again = [upload(http, lab.acme, number, key_of(number)) for _ in range(2)]
    assert [one.status_code for one in again] == [202, 202], again[0].text
    assert again[0].json() == again[1].json()
    assert again[1].headers["idempotency-replayed"] == "true"


def amid_the_body_and_the_transaction(lab, api: int, read: int, recorded: int) -> None:
    """One file of which half was sent, and one that is stored, but waits with the commit that puts it on record."""
    waiting = (
        "SELECT count(*) > 0 FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE NOT granted AND relation = 'jobs'::regclass AND usename = 'gateway_app_login'"
    )
    with sending(lab, recorded), psycopg.connect(lab.database) as holder:
        holder.execute("SET ROLE gateway_system")
        holder.execute("LOCK TABLE jobs IN EXCLUSIVE MODE")
        until(lambda: lab.sql(waiting) == [(True,)])
        send_half(lab, read, lambda: os.kill(api, signal.SIGKILL))
    assert on_record(lab, read, recorded) == 0


def as_soon_as_it_is_on_record(lab, api: int, *numbers: int) -> None:
    """The answers may have left, or not."""
    with sending(lab, *numbers):
        until(lambda: on_record(lab, *numbers) > 0)
        os.kill(api, signal.SIGKILL)


def on_record(lab, *numbers: int) -> int:
    names = [f"roster_{number}.csv" for number in numbers]
    [(count,)] = lab.asked("SELECT count(*) FROM files WHERE name = ANY(%s)", names)
    return count


def send_half(lab, number: int, meanwhile: Callable[[], None]) -> None:
    """A file after the first half of which something happens that breaks the line."""
    with httpx.Client(base_url=lab.url) as http:
        request = http.build_request("POST", "/v1/files", files=file_about(number))
        whole = request.read()

        def halves() -> Iterator[bytes]:
            yield whole[: len(whole) // 2]
            meanwhile()
            yield whole[len(whole) // 2 :]

        headers = lab.acme | {"Content-Type": request.headers["content-type"], "Idempotency-Key": key_of(number)}
        with pytest.raises(httpx.TransportError):
            http.post("/v1/files", content=halves(), headers=headers)


@contextmanager
def sending(lab, *numbers: int) -> Iterator[None]:
    """Files on their way, whose senders may hear nothing."""

    def work(number: int) -> None:
        with httpx.Client(base_url=lab.url) as http, suppress(httpx.TransportError):
            upload(http, lab.acme, number, key_of(number))

    with ThreadPoolExecutor(len(numbers)) as senders:
        sent = [senders.submit(work, number) for number in numbers]
        yield
    for one in sent:
        one.result()


# ---------------------------------------------------------------- Redis


def test_a_stalled_redis_holds_nobody_up_and_is_used_again_when_it_wakes_up(lab):
    first = next(_numbers)
    with running(Redis) as redis:
        both = {"GATEWAY_LIMITS_URL": redis.url, "GATEWAY_BROKER_URL": redis.url}
        with serving(lab, **both, GATEWAY_JOB_SWEEP_SECONDS=str(SWEEP)) as http:
            assert sign_in(lab)(http).is_success
            until(lambda: redis_counts_alone(lab, http))
            redis.stall()
            held_up_by_nothing(lab, http, first)
            refused_as_ever(lab, http)
            until(lambda: all_is_done(lab))
            until(lambda: lab.figure(http, "gateway_job_nudges_total", outcome="failed") > 0)
            redis.resume()
            before = counted(lab, http, "redis")
            until(lambda: wakes_flow(lab, http) and counted(lab, http, "redis") > before)
            assert_each_file_was_loaded_once(lab)
            redis.stall()  # and whoever must end meanwhile, does
    assert attempts(lab, first) == {1}


def redis_counts_alone(lab, http: httpx.Client) -> bool:
    """A busy machine may have it taken for stalled for a while."""
    redis, stand_in = counted(lab, http, "redis"), counted(lab, http, "stand-in")
    return wakes_flow(lab, http) and counted(lab, http, "redis") > redis and counted(lab, http, "stand-in") == stand_in


def counted(lab, http: httpx.Client, by: str, decision: str = "allowed") -> float:
    return lab.figure(http, "gateway_limit_decisions_total", counted_by=by, decision=decision)


def held_up_by_nothing(lab, http: httpx.Client, first: int) -> None:
    """Readers and senders are answered in time, for longer than Redis is left alone."""
    uploads, alone = Uploads(lab), "limits are counted by each process alone"
    begun, before, spared = time.perf_counter(), lab.said().count(alone), counted(lab, http, "stand-in")
    with asking(lab, check(lab, first), uploads, sign_in(lab)) as told:
        until(lambda: time.perf_counter() - begun > REST_SECONDS + 2)
    seconds = time.perf_counter() - begun
    assert [one.answer.text for heard in told for one in heard if one.answer.status_code not in {200, 202, 404}] == []
    assert max(one.seconds for heard in told for one in heard) < BOUND
    assert statistics.median(one.seconds for one in told[0]) < 0.1
    assert lab.said().count(alone) - before <= 2 * (seconds / REST_SECONDS + 1), "it is left alone for a while"
    assert counted(lab, http, "stand-in") > spared
    assert len(uploads.accepted) > 0


def refused_as_ever(lab, http: httpx.Client) -> None:
    """Whoever asks too often, or guesses."""
    allow(lab, 5)
    asked = [check(lab, 1)(http) for _ in range(20)]
    assert asked[-1].status_code == 429
    assert int(asked[-1].headers["retry-after"]) > 0
    assert counted(lab, http, "stand-in", "refused") > 0
    allow(lab, 10_000_000)
    guesses = [sign_in(lab, "fig-tree-lamp-elk")(http).status_code for _ in range(8)]
    assert set(guesses[:4]) == {401}
    assert guesses[-1] == 429


# ---------------------------------------------------------------- RabbitMQ


def test_a_rabbitmq_that_is_stopped_emptied_and_started_again_loses_no_job(lab):
    first = next(_numbers)
    with running(Rabbit) as rabbit:
        more = {"GATEWAY_BROKER_URL": rabbit.url, "GATEWAY_JOB_SWEEP_SECONDS": str(SWEEP)}
        with serving(lab, **more) as http:
            until(lambda: wakes_flow(lab, http))
            uploads = Uploads(lab)
            with asking(lab, uploads) as [told]:
                rabbit.stop()
                each_is_told([told])
                until(lambda: are_done(lab, list(uploads.accepted.values())[:3]))
                until(lambda: lab.figure(http, "gateway_job_nudges_total", outcome="failed") > 0)
                rabbit.start()
                rabbit.empty()
                each_is_told([told])
            assert [one.answer.text for one in told if one.answer.status_code != 202] == []
            assert max(one.seconds for one in told) < BOUND
            until(lambda: wakes_flow(lab, http))
            assert_each_file_was_loaded_once(lab)
    assert attempts(lab, first) == {1}
