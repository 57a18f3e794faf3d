"""Servers that tests start for themselves: the database as a broker, Redis, RabbitMQ; all on loopback."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path

from gateway.db.embedded import ensure_running

PATIENCE = 100.0  # seconds for what other processes do; it costs nothing where they are quick
LOOKS = (
    0.01,
    0.05,
)  # seconds between the first looks and between later ones: to look takes time from those who are at it


def free_port() -> int:
    """Below those that the system hands out to clients: one that tries again and again might get it, and keep it."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


def until(look, seconds: float = PATIENCE, told=lambda: "it did not come about"):
    """What is found at last, looking again and again: others do it, and announce nothing. `told` says why it is not."""
    deadline, pause = time.perf_counter() + seconds, LOOKS[0]
    while not (found := look()):
        assert time.perf_counter() < deadline, told()
        time.sleep(pause)
        pause = min(pause * 1.2, LOOKS[1])
    return found


def is_alive(pid: int) -> bool:
    """Nobody reaps an orphan in a container without an init; what is left of it does nothing any more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Postgres:
    """The database as its own broker: a server of this test's, so that it can be stopped."""

    def __init__(self, folder: Path) -> None:
        self.url, self._folder = None, folder / "data"
        self.start()

    def start(self) -> None:
        self._server = ensure_running(self._folder, durable=False)
        self.database = self._server.url("app", "gateway")

    def stop(self) -> None:
        pid = int((self._folder / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        until(lambda: not answers_unix(self._folder))

    empty = None  # nothing is stored

    def close(self) -> None:
        self._server.leave()


def answers_unix(folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        status = folder / "postgres" / "postmaster.pid"
        if not status.exists():
            return False
        return probe.connect_ex(f"{status.read_text().split(chr(10))[4]}/.s.PGSQL.5432") == 0


class Served:
    """A server on a port of its own, with a folder of its own."""

    database = ""

    def __init__(self, folder: Path) -> None:
        self.port, self._folder = free_port(), folder
        self.start()

    def start(self) -> None:
        with (self._folder / "server.log").open("ab") as out:
            self._process = subprocess.Popen(
                self.command(),
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(self.is_up)

    def stop(self) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(PATIENCE)

    def stall(self) -> None:
        """Say nothing more, while connections stay open and new ones are taken."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.killpg(self._process.pid, signal.SIGCONT)

    def close(self) -> None:
        if self._process.poll() is None:
            self.resume()
            self.stop()

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def is_up(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Redis(Served):
    program = "redis-server"

    def command(self) -> list[str]:
        return [
            "redis-server",
            "--bind",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--dir",
            str(self._folder),
            "--save",
            "",
        ]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def empty(self) -> None:
        import redis

        with redis.Redis.from_url(self.url) as client:
            client.flushall()


class Rabbit(Served):
    program = "rabbitmq-server"
    _debian = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # the one on the PATH hands over to another account

    def __init__(self, folder: Path) -> None:
        self._names, self._peers = free_port(), free_port()  # of its own Erlang port mapper, so that none is left
        self._mapper = subprocess.Popen(["epmd", "-port", str(self._names), "-address", "127.0.0.1"])
        super().__init__(folder)

    def close(self) -> None:
        super().close()
        self._mapper.kill()
        self._mapper.wait()

    def command(self) -> list[str]:
        return [str(self._debian) if self._debian.exists() else self.program]

    def environment(self) -> dict[str, str]:
        folder = str(self._folder)
        return os.environ | {
            "HOME": folder,  # where its cookie lies
            "ERL_EPMD_PORT": str(self._names),
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._peers),
            "RABBITMQ_MNESIA_BASE": folder,
            "RABBITMQ_LOG_BASE": folder,
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_PID_FILE": f"{folder}/pid",
        }

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/%2F"

    def empty(self) -> None:
        import pika

        connection = pika.BlockingConnection(pika.URLParameters(self.url))
        for queue in ("gateway.normal", "gateway.ingest"):
            connection.channel().queue_delete(queue)
        connection.close()


SERVERS = {"postgres": Postgres, "redis": Redis, "rabbitmq": Rabbit}
