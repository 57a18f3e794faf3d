"""A real OpenSSH server on loopback with keys of its own, whose SFTP begins in a folder of the test's.

`sshd` is the fixture; a test that takes it is skipped where OpenSSH's server is not installed. It lets in whoever runs
the tests, with `key`; passwords are asked for, and none is right.
"""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from helpers.servers import free_port, until

PROGRAM = shutil.which("sshd") or shutil.which("/usr/sbin/sshd")

CONFIG = """
Port {port}
ListenAddress 127.0.0.1
{host_keys}
AuthorizedKeysFile {folder}/authorized
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication yes
MaxAuthTries 6
PidFile none
LogLevel VERBOSE
Subsystem sftp internal-sftp -d {home} {options}
"""


class Sshd:
    """One server.

    Attributes:
        home: where a session begins, so where a relative path leads.
        key: the private key that lets `user` in, as a secret would hold it.
        host_keys: lines such as `ssh-ed25519 AAAA...`, as settings pin them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self.home, self.port = folder, folder / "home", free_port()
        self.host, self.user = "127.0.0.1", getpass.getuser()
        self.home.mkdir(parents=True)
        self.key, public = pair()
        (folder / "authorized").write_text(f"{public}\n")
        self.host_keys: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self.add_host_key()

    def add_host_key(self, kind: str = "ed25519") -> str:
        """One more, for `start`."""
        private, public = pair(kind)
        file = self._folder / f"host{len(self.host_keys)}"
        file.write_text(private)
        file.chmod(0o600)
        self.host_keys.append(public)
        return public

    def start(self, options: str = "", host_keys: tuple[int, ...] = (0,)) -> None:
        """Listen; again after `stop`, with other options of sftp-server(8) (`-R`, `-P posix-rename`) or host keys."""
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # where sshd shuts its children in
        config, log = self._folder / "config", self._folder / "log"
        shown = "\n".join(f"HostKey {self._folder}/host{number}" for number in host_keys)
        config.write_text(
            CONFIG.format(port=self.port, host_keys=shown, folder=self._folder, home=self.home, options=options)
        )
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [PROGRAM, "-D", "-e", "-f", str(config)], stdout=out, stderr=out, start_new_session=True
            )
        until(self._is_up)

    def stop(self) -> None:
        """End it, with all of its sessions: a child just forked holds the port until it has died, too."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(30)
            self._process = None
            until(lambda: not self._answers())

    def _is_up(self) -> bool:
        said = (self._folder / "log").read_text()
        assert self._process.poll() is None, said
        return f"Server listening on 127.0.0.1 port {self.port}." in said

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def pair(kind: str = "ed25519") -> tuple[str, str]:
    """A private key (`ed25519` or `rsa`) and its public line, both as OpenSSH writes them."""
    key = Ed25519PrivateKey.generate() if kind == "ed25519" else generate_private_key(65_537, 2_048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return private.decode(), key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    """A server that runs."""
    if PROGRAM is None:
        pytest.skip("OpenSSH's server is not installed (Debian: openssh-server)")
    server = Sshd(tmp_path / "sshd")
    server.start()
    yield server
    server.stop()
