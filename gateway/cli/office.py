"""Opens the office for one command, and finds what the person at the command line means."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import rich_click as click
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import tallies
from gateway.db.models import Import, Partner
from gateway.db.session import Database
from gateway.domain.partners.homes import Home
from gateway.errors import NotFound, Permanent, Problem
from gateway.logging import COMMAND, configure
from gateway.office import Actor, Office
from gateway.settings import Settings, load
from gateway.wings import office_of
from ingest import receipts
from ingest.account import account_of, summary_of

_ID = re.compile(r"[0-9a-f]{4,32}")
_CANDIDATES = 3  # of an abbreviation that fits several imports


def settings_here(role: str = COMMAND) -> Settings:
    """The settings, with logging as they want it, for a process that is this."""
    settings = load()
    configure(settings, role)
    return settings


@contextmanager
def opened() -> Iterator[Office]:
    """The office of this installation, until the command ends."""
    settings = settings_here()
    database = Database.open(settings)
    try:
        yield office_of(database, settings)
    finally:
        with contextlib.suppress(Problem):  # the database is away, as the command has found out itself
            tallies.settle(database)
        database.close()


def me() -> Actor:
    """Whoever is logged in at this machine."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        name = f"uid {os.getuid()}"
    return Actor("system", name, origin="cli")


class Told(NamedTuple):
    """An import as it is told: the account, and its problems by kind."""

    account: dict[str, object]
    summary: list[dict[str, object]]


def told(office: Office, home: Home, import_id: UUID) -> Told:
    """What became of an import."""
    folder = receipts.folder_of(office.settings, home, import_id)
    with office.db.firm(home.firm_id) as session:
        return Told(account_of(session, import_id, folder), summary_of(session, import_id))


def find_import(office: Office, wanted: str) -> tuple[Home, UUID]:
    """An import by its id or the unique beginning of one, whichever firm's it is.

    Raises:
        NotFound: there is none.
        Permanent: `ambiguous`.
    """
    digits = wanted.lower().replace("-", "")
    with office.db.system() as session:
        found = _starting_with(session, digits) if _ID.fullmatch(digits) else []
    if not found:
        raise NotFound("import", wanted)
    if len(found) > 1:
        several = ", ".join(str(import_id) for _, import_id in found)
        raise Permanent("ambiguous", f"{wanted!r} fits several imports, such as {several}.")
    return found[0]


def _starting_with(session: Session, digits: str) -> list[tuple[Home, UUID]]:
    first, last = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
    found = session.execute(
        select(Import.id, Partner)
        .join(Partner, Partner.id == Import.partner_id)
        .where(Import.id.between(first, last))
        .limit(_CANDIDATES)
    )
    return [(Home.of(one), import_id) for import_id, one in found]


class When(click.ParamType[date | datetime]):
    """An ISO 8601 date, or an instant with its offset."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date | datetime:
        """A date as a date; an instant must say its offset."""
        with contextlib.suppress(ValueError):  # then it is an instant, or nothing
            return date.fromisoformat(str(value))
        try:
            instant = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is neither a date such as 2026-05-01 nor an instant.", param, ctx)
        if instant.tzinfo is None:
            self.fail(f"{value!r} lacks its offset: write {value}Z, or {value}-05:00.", param, ctx)
        return instant


def instant_of(when: date | datetime | None, zone: str) -> datetime | None:
    """A date is midnight in its zone."""
    if when is None or isinstance(when, datetime):
        return when
    return datetime.combine(when, time(), ZoneInfo(zone))
