"""Public keys of partners that lie beside their partner.yaml; they belong to an applied version as its tables do."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gateway.config import Beside, nearest

_MOST_BYTES = 200_000
_BEGINNING = "-----BEGIN PGP PUBLIC KEY BLOCK-----"


class KeyFile(NamedTuple):
    """The text of a key, or what is wrong with it and the name that was probably meant."""

    text: str | None = None
    fault: str | None = None
    near: str | None = None


def public_key(beside: Beside, name: str) -> KeyFile:
    """A key by the name of its file."""
    names = _names(beside)
    if name not in names:
        return KeyFile(
            fault=f"The key {name} did not come with these settings; it lies beside them.", near=nearest(name, names)
        )
    try:
        text = (
            (beside / name).read_bytes()[: _MOST_BYTES + 1].decode()
            if isinstance(beside, Path)
            else (beside or {})[name]
        )
    except (OSError, UnicodeDecodeError):
        text = ""
    if len(text) > _MOST_BYTES or not text.strip().startswith(_BEGINNING) or "\0" in text:
        return KeyFile(fault=f"{name} is no public key in armour; it begins with {_BEGINNING}.")
    return KeyFile(text)


def _names(beside: Beside) -> list[str]:
    return [one.name for one in beside.iterdir() if one.is_file()] if isinstance(beside, Path) else list(beside or ())
