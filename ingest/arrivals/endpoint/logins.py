"""Lets partners in: who they are is found out in threads, few at once where passwords are concerned.

Whoever is refused waits as long as everybody else who is, so that time tells nothing either.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial as bound
from time import perf_counter
from typing import NamedTuple, TypeVar

import asyncssh

from gateway.domain.access import sftp_logins
from gateway.domain.access.sftp_logins import Login
from gateway.domain.access.sign_in_delays import TooManyTries
from gateway.errors import Problem
from gateway.logging import get_logger
from gateway.office import Office
from ingest.arrivals.endpoint.session import Session

MOST_TRIES = 6  # of a connection, as OpenSSH has it

_SECONDS = 0.5  # that a wrong password takes; a right one takes what it takes

T = TypeVar("T")

log = get_logger(__name__)


class Threads(NamedTuple):
    """Where what blocks is done.

    Attributes:
        looking: asks the database.
        storing: stores what arrives, which takes as long as the file is large.
        hashing: hashes passwords: each takes 19 MiB and a core for a while.
    """

    looking: Executor
    storing: Executor
    hashing: Executor


class Door(asyncssh.SSHServer):
    """One connection, from its first byte on.

    Args:
        office: the surroundings.
        threads: for what blocks.
        came: told that somebody is here, and gives what opens a session of theirs; raises where there is no room.
        went: told that the connection is gone.
        has_room: whether one more connection may be.

    Attributes:
        origin: the address from which it comes.
    """

    def __init__(
        self,
        office: Office,
        threads: Threads,
        came: Callable[[Login], Awaitable[Callable[[], Session]]],
        went: Callable[[Door], None],
        has_room: Callable[[Door], bool],
    ) -> None:
        self._office, self._threads, self._came, self._went = office, threads, came, went
        self._has_room = has_room
        self.connection: asyncssh.SSHServerConnection | None = None
        self.login: Login | None = None
        self._proved: Login | None = None
        self._desk: asyncio.Future[Callable[[], Session]] = asyncio.get_running_loop().create_future()
        self._name, self.origin = "", "unknown"
        self._tries = self._wrong_keys = 0

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Somebody is there."""
        self.connection = conn
        if peer := conn.get_extra_info("peername"):  # it is forgotten as soon as they are gone
            self.origin = str(peer[0])
        if not self._has_room(self):
            log.warning("too many sftp connections", origin=self.origin)
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - however it came about
        """They are gone; whoever tried wrong keys alone is counted now."""
        self._went(self)
        if self._wrong_keys and self.login is None:
            with suppress(RuntimeError):  # the threads have ended, and so do we
                self._threads.looking.submit(sftp_logins.count_keys, self._office, self._name, self.origin)

    def begin_auth(self, username: str) -> bool:
        """Nobody comes in without proof."""
        self._name = username
        return True

    def public_key_auth_supported(self) -> bool:
        """For everybody, so that it tells nothing."""
        return True

    def password_auth_supported(self) -> bool:
        """For everybody, so that it tells nothing."""
        return True

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether a key is one of the partner's; that its owner has the private half, is seen to elsewhere."""
        told = key.export_public_key("openssh").decode().split()
        offered = " ".join(told[:2])
        found = await self._asked(sftp_logins.by_key, username, offered, self._threads.looking)
        self._wrong_keys += found is None
        return self._accept(found)

    async def validate_password(self, username: str, password: str) -> bool:
        """Whether a password is one of the partner's."""
        began = perf_counter()
        found = await self._asked(sftp_logins.by_password, username, password, self._threads.hashing)
        if found is None:
            await asyncio.sleep(max(0.0, _SECONDS - (perf_counter() - began)))
        return self._accept(found)

    async def auth_completed(self) -> None:
        """They are who they say: on record, and with a session to come."""
        if self._proved is None or self._proved.partner != self._name or self.connection is None:
            raise TypeError("nobody has proved who this is")
        self.login = self._proved
        try:
            await self._elsewhere(self._threads.looking, bound(sftp_logins.note, self._office, self.login))
            self._desk.set_result(await self._came(self.login))
        except Problem as problem:
            log.warning("sftp login failed", code=problem.code, why=problem.sentence)
            self.connection.disconnect(asyncssh.DISC_BY_APPLICATION, problem.sentence)

    def session_requested(self) -> tuple[asyncssh.SSHServerChannel[bytes], Awaitable[Session]] | bool:
        """SFTP, and nothing else; `Session` sees to that."""
        if self.connection is None:
            return False
        return self.connection.create_server_channel(encoding=None), self._session()

    async def _session(self) -> Session:
        """Clients hear that they are in before we have put it on record, and go on at once."""
        return (await asyncio.shield(self._desk))()

    def _accept(self, found: Login | None) -> bool:
        self._proved = found
        self._tries += found is None
        if self._tries >= MOST_TRIES and self.connection is not None:
            self.connection.disconnect(asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "Too many tries.")
        return found is not None

    async def _asked(
        self, ask: Callable[[Office, str, str, str], Login | None], name: str, proof: str, pool: Executor
    ) -> Login | None:
        """What cannot be found out is a no; whoever runs this reads in the log why."""
        try:
            return await self._elsewhere(pool, bound(ask, self._office, name, proof, self.origin))
        except TooManyTries:
            return None
        except Problem as problem:
            log.warning("sftp login failed", code=problem.code, why=problem.sentence)
            return None

    async def _elsewhere(self, pool: Executor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, work)
