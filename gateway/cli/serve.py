"""`gateway serve`: one role in the foreground, or several as children that are kept alive."""

from __future__ import annotations

import errno
import gc
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from typing import NamedTuple

import rich_click as click

from gateway import tallies
from gateway.cli.beating import Heart, Sign
from gateway.cli.failing import FAILED
from gateway.cli.office import settings_here
from gateway.cli.output import examples
from gateway.cli.starting import Program
from gateway.cli.supervising import Supervisor
from gateway.db.embedded import ensure_running
from gateway.db.session import Database
from gateway.domain.access import host_key
from gateway.errors import Permanent, Problem
from gateway.jobs.broker import kind_of
from gateway.jobs.broker.nudging import Nudger
from gateway.jobs.kinds import Kinds
from gateway.jobs.queues import Queue
from gateway.jobs.schedule import Scheduler
from gateway.jobs.worker import Worker, connections_for
from gateway.logging import get_logger, log_surprises
from gateway.office import Office
from gateway.settings import Settings
from gateway.tracing import tracing
from gateway.wings import KINDS, office_of
from ingest.arrivals.watching import watching

log = get_logger(__name__)

_FEW = 2  # connections of each role, for a process with one thread that asks, and one that counts


class Role(NamedTuple):
    """What a process can be, and the sentence that tells people.

    Attributes:
        reads: a module that takes a while to read, so that it is for whoever needs it.
    """

    run: Callable[[Settings, threading.Event, Heart], None]
    sentence: str
    reads: str | None = None


def _answer(settings: Settings, ending: threading.Event, heart: Heart) -> None:
    from gateway.web.server import serve  # noqa: PLC0415 - takes half a second, which other roles should not wait

    serve(settings, ending, heart.needs)


def _work(settings: Settings, ending: threading.Event, heart: Heart) -> None:
    pools: dict[Queue, int] = {
        "urgent": settings.urgent_workers,
        "normal": settings.normal_workers,
        "bulk": settings.bulk_workers,
    }
    run_worker(settings, pools, KINDS, ending, heart)


def _ingest(settings: Settings, ending: threading.Event, heart: Heart) -> None:
    run_worker(settings, {"ingest": settings.ingest_workers}, KINDS, ending, heart)


def _fetch(settings: Settings, ending: threading.Event, heart: Heart) -> None:
    run_worker(settings, {"arrivals": settings.arrivals_workers}, KINDS, ending, heart, watching)


def _send(settings: Settings, ending: threading.Event, heart: Heart) -> None:
    pools: dict[Queue, int] = {
        "deliveries": settings.deliveries_workers,
        "notices": settings.notices_workers,
        "models": settings.models_workers,
    }
    run_worker(settings, pools, KINDS, ending, heart)


def run_worker(
    settings: Settings,
    pools: dict[Queue, int],
    kinds: Kinds,
    ending: threading.Event,
    heart: Heart,
    beside: Callable[[Office], AbstractContextManager[Sign]] | None = None,
) -> None:
    """Do jobs of these kinds until told to end, and what else is done beside them."""
    database = Database.open(settings, connections=connections_for(pools))
    office = office_of(database, settings)
    worker = Worker(office, kinds, pools)
    with tallies.kept(database):
        worker.start()
        heart.needs(worker.is_whole)
        with beside(office) if beside else nullcontext(worker.is_whole) as sign:
            heart.needs(sign)
            ending.wait()
        drained = worker.stop()
    if not drained:
        os._exit(0)  # threads are at jobs that were given back; they end with the process, and cannot commit
    database.close()


def _schedule(settings: Settings, ending: threading.Event, heart: Heart) -> None:
    database = Database.open(settings, connections=_FEW)
    scheduler = Scheduler(database, settings, KINDS)
    with tallies.kept(database):
        scheduler.start()
        heart.needs(scheduler.is_whole)
        ending.wait()
        scheduler.stop()
    database.close()


def _take_in(settings: Settings, ending: threading.Event, heart: Heart) -> None:
    from ingest.arrivals.endpoint import server  # noqa: PLC0415 - takes a quarter of a second, see `_answer`

    database = Database.open(settings, connections=server.CONNECTIONS)
    nudger = Nudger(settings, database.addresses)
    database.tell = nudger.nudge  # whoever reads what arrived
    with tallies.kept(database):
        server.serve(office_of(database, settings), ending, heart.needs)
    nudger.close()
    database.close()


ROLES: dict[str, Role] = {
    "api": Role(_answer, "answers partners and staff over HTTP", "gateway.web.server"),
    "worker": Role(_work, "jobs of the queues urgent, normal and bulk"),
    "ingest": Role(_ingest, "jobs that read partners' files"),
    "arrivals": Role(_fetch, "watches drop folders, and fetches files from partners' servers"),
    "deliveries": Role(_send, "makes what leaves for partners, and sends it; tells people what they are to be told"),
    "sftp": Role(_take_in, "takes and hands out partners' files over SFTP", "ingest.arrivals.endpoint.server"),
    "scheduler": Role(_schedule, "makes jobs by the clock"),
}


@click.command(
    "serve",
    epilog=examples("gateway serve", "gateway serve --role worker", "gateway serve --role worker --role scheduler"),
)
@click.option("--role", "roles", multiple=True, type=click.Choice(list(ROLES)), help="Only this one; may be repeated.")
@click.option("--lifeline", is_flag=True, hidden=True, help="End when stdin ends: the parent holds its other end.")
@click.option("--beats-to", "pipe", type=int, hidden=True, help="Say there that it lives: the parent listens.")
def command(roles: tuple[str, ...], lifeline: bool, pipe: int | None) -> None:
    """Run the services until SIGTERM or Ctrl-C.

    A single role runs in the foreground, as under a process manager. Otherwise each role is a child process, and one
    that dies or hangs is started again. To end, jobs get GATEWAY_DRAIN_SECONDS; what is not done by then goes to other
    workers.
    """
    wanted = list(dict.fromkeys(roles)) or list(ROLES)
    if len(wanted) == 1:
        _be(wanted[0], pipe, lifeline=lifeline)
    else:
        with _ready(wanted) as settings:
            _run_several(wanted, settings)


def _be(name: str, pipe: int | None, *, lifeline: bool = True) -> None:
    """Be one role: the whole of this process, or of a copy of the one that supervises it."""
    with _ready([name]) as settings:
        run_one(name, settings, lifeline=lifeline, pipe=pipe)


@contextmanager
def _ready(names: list[str]) -> Iterator[Settings]:
    """The settings, for a process that is these roles, and may listen where they say."""
    settings = settings_here(names[0] if len(names) == 1 else "serve")
    log_surprises()
    with _failures_logged():
        for address in _addresses(names, settings):
            _refuse_taken(address)
        yield settings


_OURS = "from gateway.cli import main; main()"  # by this interpreter, wherever the command is installed


@contextmanager
def _failures_logged() -> Iterator[None]:
    """Services have no reader at a terminal: what ends them stands in the log, in its form."""
    try:
        yield
    except Problem as problem:
        log.error("cannot serve", code=problem.code, why=problem.sentence)  # noqa: TRY400 - the sentence is enough
        raise SystemExit(FAILED) from None
    except Exception:
        log.exception("unexpected end")
        raise SystemExit(FAILED) from None


class _Address(NamedTuple):
    """Where a role listens."""

    what: str
    host: str
    port: int
    variable: str


def _addresses(roles: list[str], settings: Settings) -> list[_Address]:
    own = {
        "api": _Address("The API", settings.http_host, settings.http_port, "GATEWAY_HTTP"),
        "sftp": _Address("The SFTP endpoint", settings.sftp_host, settings.sftp_port, "GATEWAY_SFTP"),
    }
    return [address for role, address in own.items() if role in roles]


def _refuse_taken(one: _Address) -> None:
    """Ask for an address before anything is started: else a child would die of it over and over.

    Raises:
        Permanent: `address_taken`, `address_refused`.
    """
    where = f"{one.host}:{one.port}"
    try:
        socket.create_server((one.host, one.port), family=_family_of(one.host)).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            told = f"Something listens at {where} already: end it, or choose another port by {one.variable}_PORT."
            raise Permanent("address_taken", told) from error
        why = f"{one.what} cannot listen at {where}: {error.strerror}. See {one.variable}_HOST and {one.variable}_PORT."
        raise Permanent("address_refused", why) from error


def _family_of(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def run_one(name: str, settings: Settings, *, lifeline: bool = False, pipe: int | None = None) -> None:
    """Be one role until told to end.

    Args:
        name: the role.
        settings: of the installation.
        lifeline: end when stdin ends, too.
        pipe: where a supervisor listens for signs of life.
    """
    ending = threading.Event()
    heart = Heart(pipe, ending)
    _end_on_signals(ending)
    if lifeline:
        threading.Thread(target=_hold_lifeline, args=[ending], daemon=True).start()
    with tracing(settings, name):
        ROLES[name].run(settings, ending, heart)


def _run_several(names: list[str], settings: Settings) -> None:
    ending = threading.Event()
    _end_on_signals(ending)
    database = Database.open(settings, connections=_FEW)  # holds the embedded server for all, and migrates once
    database.rest()  # no copy of this process may find a connection of ours
    _read(names)
    where = "of your own" if settings.database_url else f"embedded in {settings.data_dir}"
    click.echo(f"The database is {where}; workers are woken by {kind_of(settings).name}.")
    supervisor = Supervisor(names, settings.drain_seconds, settings.hang_seconds, Program(_be, _OURS))
    for name in names:
        click.echo(f"{name:<10} process {supervisor.start(name)}: {ROLES[name].sentence}")
    if "api" in names:
        click.echo(f"The API is at http://{settings.http_host}:{settings.http_port}; its calls can be tried at /docs.")
    if "sftp" in names:
        key = host_key.fingerprint(settings)
        click.echo(f"Partners reach SFTP at {settings.sftp_host}:{settings.sftp_port}; its host key is {key}.")
    click.echo("Ctrl-C ends them.")
    supervisor.watch(ending, lambda: _keep_database(settings))
    database.close()


def _read(names: list[str]) -> None:
    """Read what the children need, once for all; looking for waste in it would copy it for each."""
    for name in names:
        if module := ROLES[name].reads:
            import_module(module)
    gc.collect()
    gc.freeze()


def _keep_database(settings: Settings) -> None:
    """Start the embedded server again if it has crashed; one of your own is yours to keep."""
    if settings.database_url:
        return
    try:
        ensure_running(settings.data_dir)
    except Problem as problem:
        log.warning("cannot start the database again", why=problem.sentence)


def _end_on_signals(ending: threading.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())


def _hold_lifeline(ending: threading.Event) -> None:
    """Reads what nobody ever writes: it ends when the parent has ended, however that came about."""
    while os.read(0, 1):
        pass
    ending.set()
