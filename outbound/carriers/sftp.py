"""Carries parcels to a partner's SFTP server: whole under their name, or not at all."""

from __future__ import annotations

import hashlib
import posixpath
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from gateway import sftp
from gateway.config import FieldError, check_secret_names
from gateway.dialing import Failed, Refused, is_example
from gateway.late import Late
from outbound.carriers.base import Carrier, CarrierSpec, Declined, Parcel, Sender, Unreachable

if TYPE_CHECKING:
    import paramiko
else:
    paramiko = Late("paramiko")

_PIECE = 1 << 15  # of a file that is read back


class SftpCarrier(CarrierSpec, frozen=True, kw_only=True, tag="sftp"):
    """Where it is, how to log in, and which host keys it may show.

    Attributes:
        host_keys: public keys as `ssh-keyscan` prints them; several while the partner changes theirs.
        folder: relative to where a session begins, or absolute.
        make_folder: whether it may be made where it is missing, with those above it.
        overwrite: whether a file of the same name and other bytes is replaced.
    """

    host: str
    port: int = 22
    user: str
    key: str | None = None
    password: str | None = None
    host_keys: tuple[str, ...]
    folder: str = "."
    make_folder: bool = False
    overwrite: bool = False

    def __post_init__(self) -> None:
        check_secret_names("key", [] if self.key is None else [self.key])
        check_secret_names("password", [] if self.password is None else [self.password])
        if self.key is None and self.password is None:
            raise ValueError("A login needs the name of a secret: `key`, `password`, or both.")
        if not self.host_keys:
            raise FieldError("The host key is not learned: pin it, `ssh-keyscan HOST` prints it.", at=("host_keys",))
        try:
            sftp.pins(self.host_keys)
        except ValueError as fault:
            raise FieldError(str(fault), at=("host_keys",)) from None

    @property
    def is_example(self) -> bool:
        """By its host."""
        return is_example(self.host)


def send(spec: SftpCarrier, parcel: Parcel, sender: Sender) -> str:
    """Put it under another name, look at its size, and rename it; see `Carrier.send`.

    Without `overwrite` it is renamed as SFTP has it, which OpenSSH refuses where the name is taken: looking first would
    leave a moment in which somebody else takes it. With it, `posix-rename` replaces a file in one step.
    """
    with _session(spec, sender) as (client, _):
        _enter(client, spec)
        final, beside = parcel.name, f".{parcel.id}.part"
        if _lies_there(client, final, parcel):
            return f"{final} lies in {spec.folder} already, whole."
        if _size(client, final) is not None and not spec.overwrite:
            raise _taken(spec, final)
        _write(client, spec, beside, parcel)
        _rename(client, spec, beside, parcel)
        return f"{final} lies in {spec.folder}, {parcel.size:,} bytes."


def ping(spec: SftpCarrier, sender: Sender) -> list[str]:
    """See `Carrier.ping`; what it writes is renamed, as a parcel is, and removed."""
    with _session(spec, sender) as (client, steps):
        _enter(client, spec)
        steps.append(f"The folder {spec.folder} is there.")
        steps.append(_tried(client, spec))
        return steps


SFTP = Carrier(send, ping)


@contextmanager
def _session(spec: SftpCarrier, sender: Sender) -> Iterator[sftp.Session]:
    server = sftp.Server(
        spec.host,
        spec.port,
        spec.user,
        sender.secret(spec.key) if spec.key else None,
        sender.secret(spec.password) if spec.password else None,
        spec.host_keys,
    )
    try:
        with sftp.session(server, sender.settings.allow_private) as opened:
            yield opened
    except (Failed, Refused) as problem:
        raise Unreachable(problem.code, problem.sentence) from problem


def _enter(client: paramiko.SFTPClient, spec: SftpCarrier) -> None:
    try:
        if spec.make_folder:
            _make(client, spec.folder)
        client.chdir(spec.folder)
    except (OSError, paramiko.SFTPError) as failure:
        raise _no_folder(spec, failure) from failure


def _make(client: paramiko.SFTPClient, folder: str) -> None:
    if not folder.strip("/.") or _is_folder(client, folder):
        return
    _make(client, posixpath.dirname(folder))
    with suppress(FileExistsError):
        try:
            client.mkdir(folder)
        except OSError:
            if not _is_folder(client, folder):  # else somebody else has made it meanwhile
                raise


def _is_folder(client: paramiko.SFTPClient, path: str) -> bool:
    try:
        return stat.S_ISDIR(client.stat(path).st_mode or 0)
    except OSError:
        return False


def _no_folder(spec: SftpCarrier, failure: Exception) -> Unreachable:
    if isinstance(failure, PermissionError):
        return _forbidden(spec, f"enter or make the folder {spec.folder}")
    made = "" if spec.make_folder else ", and `make_folder` does not say to make it"
    return Unreachable(
        "folder_missing", f"{spec.user} finds no folder {spec.folder} at {spec.host}{made} ({sftp.said(failure)})."
    )


def _forbidden(spec: SftpCarrier, what: str) -> Unreachable:
    return Unreachable(
        "permission_denied",
        f"{spec.user} may not {what} at {spec.host}; the partner must allow it, or name another folder.",
    )


def _taken(spec: SftpCarrier, name: str) -> Declined:
    return Declined(
        "name_taken",
        f"Another file lies under the name {name} in {spec.folder} at {spec.host}, or one that may not be read; it was"
        " left alone. Take it away, or say `overwrite: true`.",
    )


def _size(client: paramiko.SFTPClient, name: str) -> int | None:
    try:
        return client.stat(name).st_size
    except FileNotFoundError:
        return None


def _lies_there(client: paramiko.SFTPClient, name: str, parcel: Parcel) -> bool:
    """Whether an attempt before has come through; a size says that it may have, its bytes that it has."""
    if _size(client, name) != parcel.size:
        return False
    found = hashlib.sha256()
    try:
        with client.open(name, "rb") as file:
            file.prefetch(parcel.size)
            while piece := file.read(_PIECE):
                found.update(piece)
    except PermissionError:
        return False
    return found.hexdigest() == parcel.sha256


def _write(client: paramiko.SFTPClient, spec: SftpCarrier, name: str, parcel: Parcel) -> None:
    """From the start, over what an attempt before may have left."""
    try:
        with client.open(name, "wb") as file:
            file.set_pipelined(pipelined=True)
            for chunk in parcel.chunks():
                file.write(chunk)
        size = _size(client, name)
    except PermissionError as failure:
        raise _forbidden(spec, f"write into the folder {spec.folder}") from failure
    except OSError:
        _tidy(client, name)
        raise
    if size != parcel.size:
        _tidy(client, name)
        raise Unreachable(
            "size_differs",
            f"Of {parcel.size:,} bytes {size or 0:,} came to lie at {spec.host}; what lay there was removed.",
        )


def _rename(client: paramiko.SFTPClient, spec: SftpCarrier, beside: str, parcel: Parcel) -> None:
    try:
        if spec.overwrite:
            _replace(client, beside, parcel.name)
        else:
            client.rename(beside, parcel.name)
    except PermissionError as failure:
        _tidy(client, beside)
        raise _forbidden(spec, f"rename files in the folder {spec.folder}") from failure
    except OSError as failure:
        taken = _size(client, parcel.name) is not None
        same = taken and _lies_there(client, parcel.name, parcel)  # somebody was faster: at best another of our workers
        _tidy(client, beside)
        if taken and not same:
            raise _taken(spec, parcel.name) from failure
        if not same:
            raise


def _replace(client: paramiko.SFTPClient, beside: str, name: str) -> None:
    """In one step, or in two at a server that does not know `posix-rename`, or forbids it."""
    try:
        client.posix_rename(beside, name)
    except OSError:
        with suppress(FileNotFoundError):
            client.remove(name)
        client.rename(beside, name)


def _tidy(client: paramiko.SFTPClient, name: str) -> None:
    """Take away what nobody shall find; where that is not possible, the next attempt writes over it."""
    with suppress(OSError, EOFError, paramiko.SSHException):
        client.remove(name)


def _tried(client: paramiko.SFTPClient, spec: SftpCarrier) -> str:
    name = f".{uuid4()}.part"
    try:
        client.open(name, "wb").close()
        client.rename(name, f"{name}.tried")
    except PermissionError as failure:
        raise _forbidden(spec, f"write or rename files in the folder {spec.folder}") from failure
    try:
        client.remove(f"{name}.tried")
    except OSError:
        return f"A file can be written and renamed there, but not removed: {name}.tried stays behind."
    return "A file can be written, renamed and removed there."
