"""Looks for values of a person in all that an installation holds: every table, every file, whatever can be decrypted."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from gateway.crypto import FirmCipher
from gateway.db.models import Firm
from gateway.errors import Permanent

TABLES = """
SELECT c.relname AS table, string_agg(quote_ident(a.attname), ', ') AS columns,
       array_agg(a.attname::text) FILTER (WHERE a.atttypid = 'bytea'::regtype) AS sealed
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND has_column_privilege(c.oid, a.attnum, 'SELECT') -- all but what is kept of passwords
GROUP BY c.relname {having} ORDER BY c.relname
"""


def found(office: Any, traces: Iterable[str]) -> dict[str, set[str]]:
    """Which of these values stand where: in a table, in a stored file, in any other file of the data folder."""
    wanted = list(traces)
    seen: dict[str, set[str]] = {}
    for place, content in everything(office):
        seen.setdefault(place, set()).update(one for one in wanted if one in content)
    return {place: values for place, values in seen.items() if values}


def everything(office: Any) -> Iterator[tuple[str, str]]:
    ciphers = _ciphers(office)
    yield from _rows(office, ciphers)
    yield from _files(office, ciphers)


def rows_of(office: Any, firm_id: UUID) -> dict[str, list[str]]:
    """All rows of a firm as text, by table."""
    with office.db.firm(firm_id) as session:
        known = session.execute(text(TABLES.format(having="HAVING bool_or(a.attname = 'firm_id')"))).all()
        return {
            table: sorted(session.scalars(text(f"SELECT ROW({columns})::text FROM {table} WHERE firm_id IS NOT NULL")))
            for table, columns, _ in known
        }


def _ciphers(office: Any) -> dict[UUID, FirmCipher]:
    with office.db.system() as session:
        return {one.id: office.cipher(session, one.id) for one in session.query(Firm)}


def _rows(office: Any, ciphers: dict[UUID, FirmCipher]) -> Iterator[tuple[str, str]]:
    with office.db.system() as session:
        for table, columns, sealed in session.execute(text(TABLES.format(having=""))).all():
            for row in session.execute(
                text(f"SELECT ROW({columns})::text AS whole, {columns} FROM {table}")
            ).mappings():
                yield table, row["whole"]
                for column in sealed or ():
                    if row[column] is not None and (cipher := ciphers.get(row.get("firm_id"))):
                        yield table, _opened(cipher, bytes(row[column]), (column, f"{table}.{column}"))


def _opened(cipher: FirmCipher, stored: bytes, columns: tuple[str, ...]) -> str:
    for column in columns:
        with suppress(Permanent):
            return cipher.decrypt(stored, column)
    return ""


def _files(office: Any, ciphers: dict[UUID, FirmCipher]) -> Iterator[tuple[str, str]]:
    folder = Path(office.settings.data_dir)
    for path in folder.rglob("*"):
        if path.is_file():
            name = str(path.relative_to(folder))
            yield name, name
            raw = path.read_bytes()
            if name.startswith("files/"):
                key = name.removeprefix("files/")
                raw = office.store.read_bytes(key, ciphers[UUID(key.split("/")[0])])
            for content in _unpacked(raw):
                yield name, content.decode("utf-8", "replace")


def _unpacked(raw: bytes) -> Iterator[bytes]:
    yield raw
    if raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)
    elif raw[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
