"""The SFTP endpoint as a service: listens, lets partners in, keeps their inboxes, ends what is good no more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial as bound
from uuid import UUID

import asyncssh
import uvloop

from gateway.domain.access import host_key, sftp_logins, ssh_keys
from gateway.domain.access.sftp_logins import Login
from gateway.domain.partners.homes import Home
from gateway.errors import Busy, Problem
from gateway.logging import get_logger
from gateway.office import Office
from ingest.arrivals.endpoint.desk import Desk
from ingest.arrivals.endpoint.inbox import Inbox, root_of, sweep
from ingest.arrivals.endpoint.logins import Door, Threads
from ingest.arrivals.endpoint.session import Session

MOST_CONNECTIONS = 200
MOST_OF_PARTNER = 16
MOST_STRANGERS = 20  # of one address that have not logged in yet

_LOOKING, _STORING, _HASHING = 6, 4, 2  # threads
CONNECTIONS = _LOOKING + _STORING + _HASHING  # to the database, of each role
_LOOK_SECONDS = 3.0  # between looks at whether whoever is in may still be
_SWEEP_SECONDS = 60.0
_TURN_SECONDS = 1.0
_LOGIN_SECONDS = 60
_ALIVE_SECONDS, _ALIVE_TIMES = 30, 4  # a peer that answers nothing for two minutes is gone

# The first that a client knows is taken, in its own order. Those with a tag of their own are the fast ones here; what
# OpenSSH likes best, ChaCha20, costs us three times as much a byte.
_CIPHERS = ("aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-ctr")

_SIGNATURES = (*ssh_keys.TYPES[:-1], "rsa-sha2-256", "rsa-sha2-512")  # an RSA key signs with SHA-2, or not at all

log = get_logger(__name__)


class Endpoint:
    """The endpoint of an installation.

    Args:
        office: the surroundings.
    """

    def __init__(self, office: Office) -> None:
        self._office = office
        sizes = {"looking": _LOOKING, "storing": _STORING, "hashing": _HASHING}
        self._threads = Threads(**{name: ThreadPoolExecutor(size, name) for name, size in sizes.items()})
        self._doors: set[Door] = set()
        self._inboxes: dict[UUID, Inbox] = {}
        self._opening = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._has_turned = True

    async def run(self, ending: asyncio.Event, listening: Callable[[int], None]) -> None:
        """Serve until told to end; then let arrivals come to theirs.

        Args:
            ending: set when told.
            listening: told the port once somebody may come.
        """
        settings = self._office.settings
        acceptor = await asyncssh.listen(
            settings.sftp_host,
            settings.sftp_port,
            server_factory=self._door,
            server_host_keys=[asyncssh.import_private_key(host_key.load(settings))],
            server_version="gateway",
            encryption_algs=_CIPHERS,
            signature_algs=_SIGNATURES,
            compression_algs=["none"],
            login_timeout=_LOGIN_SECONDS,
            keepalive_interval=_ALIVE_SECONDS,
            keepalive_count_max=_ALIVE_TIMES,
            allow_pty=False,
            agent_forwarding=False,
            x11_forwarding=False,
            gss_host=None,
            backlog=MOST_CONNECTIONS,
        )
        listening(acceptor.get_port())
        watching = [asyncio.create_task(one()) for one in (self._turn, self._look, self._sweep)]
        await ending.wait()
        acceptor.close()
        for one in watching:
            one.cancel()
        await self._drain(settings.drain_seconds)

    def has_turned(self) -> bool:
        """Whether the loop came round since somebody last asked; threads may wait for the database, it does not."""
        turned, self._has_turned = self._has_turned, False
        return turned

    def _door(self) -> Door:
        door = Door(self._office, self._threads, self._came, self._doors.discard, self._has_room)
        self._doors.add(door)
        return door

    def _has_room(self, door: Door) -> bool:
        """Whoever proves nothing takes no place from those who do, wherever else they come from."""
        strangers = sum(one.login is None and one.origin == door.origin for one in self._doors)
        return len(self._doors) <= MOST_CONNECTIONS and strangers <= MOST_STRANGERS

    async def _came(self, login: Login) -> Callable[[], Session]:
        here = sum(one.login is not None and one.login.partner_id == login.partner_id for one in self._doors)
        if here > MOST_OF_PARTNER:
            raise Busy("too_many_at_once", f"{MOST_OF_PARTNER} connections of a partner at once are the most.")
        home = Home(login.firm_id, login.partner_id, login.partner, login.time_zone)
        desk = Desk(self._office, home, login, await self._inbox(home), self._threads.looking)
        return bound(Session, desk, self._tasks)

    async def _inbox(self, home: Home) -> Inbox:
        async with self._opening:
            if home.partner_id not in self._inboxes:
                opening = bound(Inbox.of, self._office, home, self._threads.storing)
                opened = await asyncio.get_running_loop().run_in_executor(self._threads.looking, opening)
                self._inboxes[home.partner_id] = opened
        return self._inboxes[home.partner_id]

    async def _look(self) -> None:
        """End connections whose credential was revoked or has ended, or whose partner is no more."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            logins = {door: door.login for door in self._doors if door.login is not None}
            if not logins:
                continue
            ask = bound(sftp_logins.still_good, self._office, {one.credential_id for one in logins.values()})
            try:
                good = await asyncio.get_running_loop().run_in_executor(self._threads.looking, ask)
            except Problem as problem:
                log.warning("cannot see who may still be in", why=problem.sentence)
                continue
            for door, login in logins.items():
                if login.credential_id not in good and door.connection is not None:
                    door.connection.disconnect(asyncssh.DISC_BY_APPLICATION, "This login has ended.")

    async def _sweep(self) -> None:
        """Remove what nobody went on with, of partners who are not here as well."""
        while True:
            for inbox in self._inboxes.values():
                inbox.forget()
            sweep(root_of(self._office.settings), {str(one) for one in self._inboxes})
            await asyncio.sleep(_SWEEP_SECONDS)

    async def _turn(self) -> None:
        while True:
            self._has_turned = True
            await asyncio.sleep(_TURN_SECONDS)

    async def _drain(self, seconds: int) -> None:
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        for door in list(self._doors):
            if door.connection is not None:
                door.connection.abort()
        await asyncio.sleep(0)
        for pool in self._threads:
            pool.shutdown(wait=pool is not self._threads.hashing, cancel_futures=True)


def serve(
    office: Office,
    ending: threading.Event,
    vital: Callable[[Callable[[], bool]], None],
    listening: Callable[[int], None] = lambda _port: None,
) -> None:
    """Serve partners over SFTP until `ending` is set.

    Args:
        office: of the installation.
        ending: set when told to end.
        vital: takes what tells whether the endpoint moves.
        listening: told the port once somebody may come.
    """
    asyncssh.set_log_level("WARNING")  # its own words for each connection and each request are not ours

    async def run() -> None:
        endpoint, ended = Endpoint(office), asyncio.Event()
        vital(endpoint.has_turned)
        loop = asyncio.get_running_loop()
        threading.Thread(target=_tell, args=[ending, loop, ended], name="ending", daemon=True).start()
        await endpoint.run(ended, listening)

    uvloop.run(run())


def _tell(ending: threading.Event, loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    ending.wait()
    with suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(ended.set)
