"""The key by which the SFTP endpoint proves that it is itself: made once, or given; its fingerprint is for partners."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from gateway import private
from gateway.domain.access import ssh_keys
from gateway.errors import Permanent
from gateway.logging import get_logger
from gateway.settings import Settings

log = get_logger(__name__)


def path_of(settings: Settings) -> Path:
    """Where it lies, or will."""
    return settings.sftp_host_key_file or settings.data_dir / "sftp_host_key"


def load(settings: Settings) -> bytes:
    """The private key in OpenSSH's format; made on first use where none is given.

    Raises:
        Permanent: `host_key_invalid`, the file that was named cannot be read, or holds no key without a passphrase.
    """
    path = path_of(settings)
    if settings.sftp_host_key_file is None and not path.exists():
        _make(path)
    try:
        text = path.read_bytes()
    except OSError as error:
        raise _invalid(path, f"cannot be read: {error.strerror}") from error
    _public(path, text)
    return text


def fingerprint(settings: Settings) -> str:
    """As `ssh-keygen -l` shows it.

    Raises:
        Permanent: as `load`.
    """
    return ssh_keys.fingerprint(public(settings))


def public(settings: Settings) -> str:
    """Its public half, as it stands in a known_hosts file behind the host's name.

    Raises:
        Permanent: as `load`.
    """
    return _public(path_of(settings), load(settings))


def _public(path: Path, text: bytes) -> str:
    try:
        key = load_ssh_private_key(text, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _invalid(path, "holds no private key in OpenSSH's format without a passphrase") from None
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def _make(path: Path) -> None:
    """Under another name first, then linked: of two processes that make one, the first wins and nobody reads half."""
    private.make_folder(path.parent)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with private.create(draft) as file:
        file.write(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()
    log.info("made a host key for sftp", path=str(path))


def _invalid(path: Path, why: str) -> Permanent:
    told = f"The host key of the SFTP endpoint, {path}, {why}; see GATEWAY_SFTP_HOST_KEY_FILE."
    return Permanent("host_key_invalid", told)
