"""The demo's file over SFTP: an endpoint of its own for a moment, a file put by paramiko, its receipt fetched."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgspec

from gateway.cli.office import me
from gateway.domain.access import host_key
from gateway.domain.access.credentials import add_key, of_partner, revoke
from gateway.domain.access.permissions import SCOPES
from gateway.domain.partners.homes import Home
from gateway.errors import Transient
from gateway.late import Late
from gateway.office import Office
from ingest import imports
from ingest.running import finish

if TYPE_CHECKING:
    import paramiko
else:
    paramiko = Late("paramiko")

_NAME = "demo over SFTP"
_HERE = "127.0.0.1"
_SECONDS = 30.0


class Posted(NamedTuple):
    """What was tried, and the proof with which a person can go on.

    Attributes:
        steps: what was asked of the endpoint, and what came of it in a few words.
        command: that logs in while `gateway serve` runs.
        password: that it asks for.
    """

    steps: list[tuple[str, str]]
    command: str
    password: str


def send(office: Office, home: Home, file: Path) -> Posted:
    """Put a file into the partner's inbox/ as its own program would, read it, and fetch its receipt from outbox/."""
    password = _password(office, home)
    with _serving(office) as port, _client(office, home, port, password) as client:
        client.put(str(file), f"inbox/{file.name}")
        steps = [(f"put inbox/{file.name}", "arrived")]
        import_id = _newest(office, home)
        finish(office, home, import_id)
        name = next(one for one in client.listdir("outbox") if one.endswith(f"{import_id}.receipt.json"))
        fetched = io.BytesIO()
        client.getfo(f"outbox/{name}", fetched)
        steps.append((f"get outbox/{name}", str(msgspec.json.decode(fetched.getvalue())["state"])))
    settings = office.settings
    return Posted(steps, f"sftp -P {settings.sftp_port} {home.slug}@{settings.sftp_host}", password)


def _password(office: Office, home: Home) -> str:
    """A password of the demo's; the one of an earlier demo ends."""
    with office.acting(home.firm_id, me()) as acting:
        for old in of_partner(acting, home.slug):
            if old.name == _NAME:
                revoke(acting, old.id)
        made = add_key(acting, home.partner_id, name=_NAME, scopes=tuple(SCOPES), expires_at=None, kind="sftp_password")
        return made.secret


def _newest(office: Office, home: Home) -> UUID:
    told = imports.newest_anywhere(office, me(), imports.ImportFilter(partner=home.slug), 1)
    return UUID(str(told[0]["import_id"]))


@contextmanager
def _client(office: Office, home: Home, port: int, password: str) -> Iterator[paramiko.SFTPClient]:
    """A client that knows the host's key, as every client should.

    Raises:
        Transient: the endpoint refused what it was asked; its own words say why.
    """
    kind, key = host_key.public(office.settings).split()
    with paramiko.SSHClient() as ssh:
        known = paramiko.PKey.from_type_string(kind, base64.b64decode(key))
        ssh.get_host_keys().add(f"[{_HERE}]:{port}", kind, known)
        ssh.connect(_HERE, port, home.slug, password, look_for_keys=False, allow_agent=False, timeout=_SECONDS)
        try:
            yield ssh.open_sftp()
        except OSError as error:
            raise Transient("sftp_refused", f"The SFTP endpoint refused: {error}") from error


@contextmanager
def _serving(office: Office) -> Iterator[int]:
    """The endpoint on a free port of this machine, until the file has been posted."""
    from ingest.arrivals.endpoint.server import serve  # noqa: PLC0415 - takes a quarter of a second, only here

    settings = msgspec.structs.replace(office.settings, sftp_host=_HERE, sftp_port=0)
    here = Office(office.db, office.store, settings, office.heard)
    ending, listening = threading.Event(), threading.Event()
    ports: list[int] = []

    def listen(port: int) -> None:
        ports.append(port)
        listening.set()

    thread = threading.Thread(target=serve, args=[here, ending, lambda _sign: None, listen], name="sftp", daemon=True)
    thread.start()
    try:
        if not listening.wait(_SECONDS):
            raise Transient("not_served", "The SFTP endpoint did not start; the log above says why.")
        yield ports[0]
    finally:
        ending.set()
        thread.join()
