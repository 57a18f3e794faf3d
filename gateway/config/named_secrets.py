"""Secrets that configs name: a file of that name in the secrets folder, else the environment."""

from __future__ import annotations

import os
import re
from pathlib import Path

from gateway.errors import Permanent
from gateway.settings import Settings

_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_OURS = "GATEWAY_"  # our own settings, the master key among them, must not leave with a partner's connection


def secret(name: str, settings: Settings) -> str:
    """The value of a named secret, without a final line break.

    Raises:
        Permanent: `secret_name_invalid` (which does not repeat the name: it may be a secret written in the wrong
            place), `secret_missing`, or `secret_unreadable`.
    """
    if not _NAME.fullmatch(name) or name.startswith(_OURS):
        raise Permanent(
            "secret_name_invalid",
            f"A secret is named with capital letters, digits and _ (ACME_SFTP_KEY), and not with {_OURS} in front.",
        )
    path = settings.secrets_dir / name
    value = _from_file(path) or os.environ.get(name)
    if not value:
        raise Permanent(
            "secret_missing",
            f"The secret {name} stands neither in the file {path} nor in the environment variable {name}.",
        )
    return value


def _from_file(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):  # the cause would show the bytes
        raise Permanent("secret_unreadable", f"The secret file {path} cannot be read as UTF-8 text.") from None
