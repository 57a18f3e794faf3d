"""What a partner may fetch: files that wait in the outbox, and the receipts of its last imports."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path, PurePath
from typing import IO, Literal, NamedTuple, cast
from uuid import UUID

from sqlalchemy import select

from gateway.db.models import File, Import
from gateway.domain.access.sftp_logins import Login
from gateway.domain.audit import record
from gateway.domain.partners import outbox
from gateway.domain.partners.homes import Home
from gateway.errors import NotFound
from gateway.office import Acting, Office
from ingest import imports, receipts
from ingest.arrivals.endpoint.paths import MOST_NAME

MOST_RECEIPTS = 100  # imports

_IN_MEMORY = 1 << 20
_RECEIPT, _ERRORS = "receipt.json", "errors.csv"
_TAKES = {_RECEIPT: "imports.read", _ERRORS: "imports.errors"}  # as over the API
_TAIL = 12  # characters of an id that tell two files of one name apart


class Item(NamedTuple):
    """One file that can be fetched.

    Attributes:
        id: of the file in the outbox, or of the import.
    """

    kind: Literal["outbox", "receipt.json", "errors.csv"]
    id: UUID
    size: int
    at: datetime


def items(office: Office, home: Home, login: Login) -> dict[str, Item]:
    """All that this credential may fetch, by the names under which it is seen."""
    found: dict[str, Item] = {}
    with office.acting(home.firm_id, login.actor) as acting:
        if login.may("outbox.read"):
            for one in reversed(outbox.listed(acting, home.partner_id)):  # the oldest has its name to itself
                found[_free(found, one.name, one.id)] = Item("outbox", one.id, one.size, one.at)
        kinds = tuple(kind for kind, permission in _TAKES.items() if login.may(permission))
        for name, item in _receipts(acting, home, kinds) if kinds else ():
            found[_free(found, name, item.id)] = item
    return found


def opened(office: Office, home: Home, login: Login, item: Item) -> IO[bytes]:
    """A file to be read, open: whoever makes it anew or destroys it does not take it from its reader. It is on record.

    Raises:
        NotFound: it went meanwhile.
    """
    if item.kind == "outbox":
        with office.acting(home.firm_id, login.actor) as acting:
            chunks = outbox.read(acting, home.partner_id, item.id)
        out = tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(office.settings.data_dir))  # noqa: SIM115 - its handle's to close
        out.writelines(chunks)
        return cast("IO[bytes]", out)
    if item.kind == _ERRORS:
        found = imports.open_errors(office, home.firm_id, login.actor, item.id, "csv")
    else:
        found = _open_receipt(office, home, login, item.id)
    if found is None:
        raise NotFound("receipt", str(item.id))
    return found


def _open_receipt(office: Office, home: Home, login: Login, import_id: UUID) -> IO[bytes] | None:
    with office.acting(home.firm_id, login.actor) as acting:
        imports.home_of(acting, import_id)
        record(acting, "import.view", import_id=import_id)  # its problems quote what stood in the rows
    try:
        return (receipts.folder_of(office.settings, home, import_id) / _RECEIPT).open("rb")
    except FileNotFoundError:
        return None


def _receipts(acting: Acting, home: Home, kinds: tuple[str, ...]) -> list[tuple[str, Item]]:
    wanted = (
        select(Import.id, File.name, Import.receipt_at)
        .join(File, File.id == Import.file_id)
        .where(Import.partner_id == home.partner_id, Import.receipt_at.is_not(None))
        .order_by(Import.received_at.desc())
        .limit(MOST_RECEIPTS)
    )
    told = []
    for import_id, name, at in acting.session.execute(wanted):
        folder = receipts.folder_of(acting.office.settings, home, import_id)
        for kind in kinds:
            if at and (size := _size(folder / kind)) is not None:
                item = Item(cast("Literal['receipt.json', 'errors.csv']", kind), import_id, size, at)
                told.append((_fitting(name, f".{import_id}.{kind}"), item))
    return told


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _free(known: dict[str, Item], name: str, file_id: UUID) -> str:
    """A name that nothing else has, and that stays when others come."""
    plain = _fitting(name, "")
    if plain not in known:
        return plain
    parts = PurePath(plain)
    return _fitting(parts.stem, f"-{str(file_id)[-_TAIL:]}{parts.suffix}")


def _fitting(name: str, ending: str) -> str:
    """A name as a path may hold it, with all of its ending."""
    clean = "".join("_" if one in "/\\\0" or ord(one) < ord(" ") else one for one in name).strip(".") or "file"
    room = MOST_NAME - len(ending.encode())
    return clean.encode()[:room].decode(errors="ignore") + ending
