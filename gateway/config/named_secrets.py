"""Secrets that configs name: each firm has its own, in a folder or in the environment, and no other's can be named."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from gateway.config.decoder import FieldError
from gateway.errors import Permanent
from gateway.settings import Settings

_NAME = re.compile(r"[A-Z](?:_?[A-Z0-9])*")  # no two _ in a row: they end the firm's name in the environment
_NAMED = "A secret is named with capital letters, digits and single _ (ACME_SFTP_KEY), never written itself."


def check_secret_names(key: str, names: Iterable[str]) -> None:
    """See that settings name secrets in this key, and do not hold them.

    Raises:
        FieldError: they do not; it does not repeat what they hold, which may be a secret.
    """
    if not all(map(_NAME.fullmatch, names)):
        raise FieldError(_NAMED, at=(key,))


def secret(name: str, settings: Settings, *, firm: str) -> str:
    """The value of a named secret of a firm, without a final line break.

    It stands in the file `FIRM/NAME` of the secrets folder, else in the environment variable `FIRM__NAME`, with the
    firm's slug in capitals and - as _.

    Args:
        name: as written in a partner.yaml.
        settings: of the installation.
        firm: the slug of the firm whose settings name it; ours, as no firm is called "", can never be named.

    Raises:
        Permanent: `secret_name_invalid` (which does not repeat the name: it may be a secret written in the wrong
            place), `secret_missing`, or `secret_unreadable`.
    """
    if not _NAME.fullmatch(name):
        raise Permanent("secret_name_invalid", _NAMED)
    path, variable = settings.secrets_dir / firm / name, f"{firm.upper().replace('-', '_')}__{name}"
    value = _from_file(path) or os.environ.get(variable)
    if not value:
        raise Permanent(
            "secret_missing",
            f"The secret {name} of the firm {firm} stands neither in the file {path} nor in the environment variable"
            f" {variable}.",
        )
    return value


def _from_file(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):  # the cause would show the bytes
        raise Permanent("secret_unreadable", f"The secret file {path} cannot be read as UTF-8 text.") from None
