"""Opens the office for one command, and finds what the person at the command line means."""

from __future__ import annotations

import contextlib
import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import rich_click as click

from gateway import tallies
from gateway.db.session import Database
from gateway.domain.access.accounts import find_firm
from gateway.domain.partners.homes import Home
from gateway.errors import Problem
from gateway.logging import COMMAND, configure
from gateway.office import Acting, Actor, Office
from gateway.settings import Settings, load
from gateway.wings import office_of
from ingest import imports
from ingest.account import summary_of


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


class ImportAccount(NamedTuple):
    """An import as it is told: the account, and its problems by kind."""

    account: dict[str, object]
    summary: list[dict[str, object]]


def told(office: Office, home: Home, import_id: UUID) -> ImportAccount:
    """What became of an import that this command has taken to where it is."""
    with office.acting(home.firm_id, me()) as acting:
        return ImportAccount(imports.told_of(acting, import_id), summary_of(acting.session, import_id))


@contextmanager
def at_firm(office: Office, slug: str) -> Iterator[Acting]:
    """Whoever is logged in, at work for the firm of a slug.

    Raises:
        NotFound: there is no such firm.
    """
    with office.acting(find_firm(office, slug).id, me()) as acting:
        yield acting


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
