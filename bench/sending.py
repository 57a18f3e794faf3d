"""The row about our SFTP endpoint: a large file put by OpenSSH's client, against OpenSSH's own server."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from uuid import UUID

from laboratory import Laboratory
from measuring import Budget, Sample, Samples, Scenario
from realtime import ME, free_port, installation, running

from gateway import settings
from gateway.db.session import Database
from gateway.domain.access.credentials import add_key
from gateway.wings import office_of

MEGABYTES = 100
SSHD, SFTP, KEYGEN = "/usr/sbin/sshd", "/usr/lib/openssh/sftp-server", "/usr/bin/ssh-keygen"


def _put(lab: Laboratory) -> Samples:
    """Both listen on this machine, know the same key, and get the same file; the first of each is not counted."""
    if not (Path(SSHD).exists() and shutil.which("sftp")):
        raise SystemExit("The bench needs OpenSSH's client and server (Debian: openssh-server).")
    path = lab.folder / "roster.csv"
    path.write_bytes(secrets.token_bytes(MEGABYTES << 20))
    key = lab.folder / "key"
    subprocess.run([KEYGEN, "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    with _endpoint(lab, key) as (port, pid), _openssh(lab, key) as other:
        _sent(port, "bench", key, path, "inbox/roster.csv")
        _sent(other, _me(), key, path, str(lab.folder / "taken"))
        lab.settle()
        ours = _sent(port, "bench", key, path, "inbox/roster.csv")
        theirs = _sent(other, _me(), key, path, str(lab.folder / "taken"))
        yield "sftp_put", Sample(ours, theirs, _peak_mb(pid))


def _sent(port: int, user: str, key: Path, path: Path, target: str) -> float:
    options = ("UserKnownHostsFile=/dev/null", "StrictHostKeyChecking=no", "IdentitiesOnly=yes", "LogLevel=ERROR")
    words = ["sftp", "-q", "-b", "-", "-F", "/dev/null", "-P", str(port), "-i", str(key)]
    words += [word for one in options for word in ("-o", one)]
    begun = perf_counter()
    said = f"put {path} {target}\n".encode()
    done = subprocess.run([*words, f"{user}@127.0.0.1"], input=said, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise SystemExit("The bench is broken: the file was not taken.")
    return perf_counter() - begun


@contextmanager
def _endpoint(lab: Laboratory, key: Path) -> Iterator[tuple[int, int]]:
    firm, partner, _ = installation(lab)
    loaded = settings.load({"GATEWAY_DATA_DIR": str(lab.server.data_dir)})
    office = office_of(Database.open(loaded), loaded)
    with office.acting(UUID(firm), ME) as acting:
        public = key.with_suffix(".pub").read_text(encoding="ascii")
        scopes = ["files:write"]
        add_key(acting, UUID(partner), name="b", scopes=scopes, expires_at=None, kind="ssh_key", public_key=public)
    office.db.close()
    port = free_port()
    ours = {"GATEWAY_DATA_DIR": str(lab.server.data_dir), "GATEWAY_SFTP_PORT": str(port), "GATEWAY_LOG_LEVEL": "error"}
    serve = [sys.executable, "-c", "from gateway.cli import main; main()", "serve", "--role", "sftp"]
    with running(serve, port, os.environ | ours) as process:
        yield port, process.pid


@contextmanager
def _openssh(lab: Laboratory, key: Path) -> Iterator[int]:
    """As Debian has it: its own choice of ciphers, sftp-server as a process of its own."""
    host, known, port = lab.folder / "host_key", lab.folder / "known_keys", free_port()
    subprocess.run([KEYGEN, "-q", "-t", "ed25519", "-N", "", "-f", str(host)], check=True)
    known.write_bytes(key.with_suffix(".pub").read_bytes())
    Path("/run/sshd").mkdir(exist_ok=True)
    told = {"AuthorizedKeysFile": known, "StrictModes": "no", "UsePAM": "no", "Subsystem": f"sftp {SFTP}"}
    options = [word for name, value in told.items() for word in ("-o", f"{name}={value}")]
    command = [SSHD, "-D", "-q", "-f", "/dev/null", "-h", str(host), "-p", str(port), "-o", "ListenAddress=127.0.0.1"]
    with running([*command, *options], port, dict(os.environ)):
        yield port


def _me() -> str:
    return os.environ.get("USER") or "root"


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


SCENARIOS = (
    Scenario(
        {
            "sftp_put": Budget(
                f"{MEGABYTES} MB over SFTP: stored twice encrypted, on record",
                "OpenSSH's server with its sftp-server, which writes it to a file",
                2.0,
                200,
            )
        },
        _put,
        rounds=3,
    ),
)
