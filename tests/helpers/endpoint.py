"""Our SFTP endpoint in a thread of the test's process, and partners' logins to it."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncssh
import paramiko
from msgspec.structs import replace

from gateway.domain.access import credentials, host_key
from gateway.domain.access.permissions import SCOPES
from gateway.office import Actor, Office
from helpers.servers import PATIENCE
from ingest.arrivals.endpoint.server import serve

ADMIN = Actor("system", "tests")


@dataclass
class Served:
    """An endpoint that listens; `key` is the private key of the partner that goes by the name."""

    office: Office
    port: int
    folder: Path

    def key_for(self, firm_id: UUID, partner_id: UUID, *, name: str = "key", scopes: Any = tuple(SCOPES)) -> Path:
        """Let a partner in by a key; the file of its private half."""
        path = self.folder / name
        made = asyncssh.generate_private_key("ssh-ed25519")
        made.write_private_key(str(path))
        path.chmod(0o600)
        with self.office.acting(firm_id, ADMIN) as acting:
            public = made.export_public_key().decode()
            credentials.add_key(
                acting, partner_id, name=name, scopes=scopes, expires_at=None, kind="ssh_key", public_key=public
            )
        return path

    def password_for(self, firm_id: UUID, partner_id: UUID, *, scopes: Any = tuple(SCOPES)) -> str:
        with self.office.acting(firm_id, ADMIN) as acting:
            made = credentials.add_key(
                acting, partner_id, name="password", scopes=scopes, expires_at=None, kind="sftp_password"
            )
            return made.secret

    @contextmanager
    def paramiko(self, user: str, *, key: Path | None = None, password: str | None = None) -> Iterator[Any]:
        """A client of paramiko's; its `.transport` is closed at the end."""
        transport = paramiko.Transport(("127.0.0.1", self.port))
        try:
            pkey = paramiko.Ed25519Key.from_private_key_file(str(key)) if key else None
            transport.connect(username=user, pkey=pkey, password=password)
            yield paramiko.SFTPClient.from_transport(transport)
        finally:
            transport.close()

    def sftp(self, user: str, key: Path, commands: str, *options: str) -> subprocess.CompletedProcess[str]:
        """OpenSSH's client, with these commands."""
        known = self.folder / "known_hosts"
        known.write_text(f"[127.0.0.1]:{self.port} {host_key.public(self.office.settings)}\n")
        words = ["sftp", "-q", "-b", "-", "-P", str(self.port), "-i", str(key), *options]
        words += ["-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes"]
        words += ["-F", "/dev/null", f"{user}@127.0.0.1"]
        return subprocess.run(words, input=commands, capture_output=True, text=True, timeout=PATIENCE, check=False)


@contextmanager
def serving(office: Office, folder: Path) -> Iterator[Served]:
    """An endpoint on a free port, until the end."""
    here = Office(office.db, office.store, replace(office.settings, sftp_port=0, drain_seconds=5), office.heard)
    ending, listening = threading.Event(), threading.Event()
    ports: list[int] = []

    def listen(port: int) -> None:
        ports.append(port)
        listening.set()

    thread = threading.Thread(target=serve, args=[here, ending, lambda _sign: None, listen])
    thread.start()
    assert listening.wait(20)
    try:
        yield Served(here, ports[0], folder)
    finally:
        ending.set()
        thread.join(20)
