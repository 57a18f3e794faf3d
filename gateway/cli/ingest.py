"""`gateway ingest`: files from this machine, taken to their end one after the other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from time import perf_counter
from typing import cast
from uuid import UUID

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.cli.failing import FAILED, note_done
from gateway.cli.office import ImportAccount, When, instant_of, me, opened, told
from gateway.cli.output import console, examples, json_option, plain, print_json
from gateway.cli.telling import UNDONE, tell
from gateway.domain.partners.homes import Home, find_home
from gateway.errors import Permanent
from gateway.office import Office
from ingest import pipeline
from ingest.account import dry_account, grouped
from ingest.arrival import Asked
from ingest.reception import files_in, receive
from ingest.running import dry_run, finish

_CHUNK_BYTES = 1 << 20


def _regular(_ctx: click.Context, _parameter: click.Parameter, files: tuple[Path, ...]) -> tuple[Path, ...]:
    for file in files:
        if not file.is_file():  # a pipe can be read once only, a device never ends
            raise click.BadParameter(f"File {str(file)!r} is not a regular file.")
    return files


@click.command(
    "ingest",
    epilog=examples(
        "gateway ingest roster_20260501.csv --partner acme",
        "gateway ingest may.csv --partner acme --feed roster --as-of 2026-05-01 --dry-run",
    ),
)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    callback=_regular,
)
@click.option("--partner", required=True, metavar="PARTNER", help="The partner's slug.")
@click.option("--feed", metavar="FEED", help="Which of its feeds; otherwise the file's name decides.")
@click.option("--as-of", type=When(), help="The date (midnight in the partner's zone) or instant it speaks of.")
@click.option("--dry-run", "dry", is_flag=True, help="Show counts and differences, and write nothing.")
@click.option("--force", is_flag=True, help="Take it even if the same content was loaded already.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[Path, ...],
    partner: str,
    feed: str | None,
    as_of: date | datetime | None,
    dry: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Take files of a partner to their end, now, in the order given.

    Exit code 1 if any of them was held, refused or failed. With --json a list with one object a file, or one for each
    file of an archive; should a file not be taken at all (a full disk), an object with `error`, `message` and, in
    `done`, the files before it.
    """
    accounts: list[dict[str, object]] = []
    note_done(ctx, accounts)
    with opened() as office:
        home = find_home(office, partner)
        asked = Asked(feed, instant_of(as_of, home.time_zone), force)
        for file in files:
            for result in (_try_out if dry else take)(office, home, file, asked):
                accounts.append(result.account)
                if not as_json:
                    tell(console(), partner, *result)
    if as_json:
        print_json(accounts)
    if any(account["state"] in UNDONE for account in accounts):
        ctx.exit(FAILED)


def take(office: Office, home: Home, file: Path, asked: Asked) -> Iterator[ImportAccount]:
    """Receive and finish one file, or all files of an archive.

    Raises:
        Permanent: `unreadable_file`; whatever `receive` and `finish` raise.
    """
    import_id = receive(office, home, file.name, _chunks(file), via="cli", by=me(), asked=asked)
    yield from _finished(office, home, import_id, file.name)


def _finished(office: Office, home: Home, import_id: UUID, name: str) -> Iterator[ImportAccount]:
    with following(name) as progress:
        finish(office, home, import_id, progress)
    result = told(office, home, import_id)
    files = cast("list[dict[str, str]]", result.account["files"])
    if not files:
        yield result
    for one in files:
        yield from _finished(office, home, UUID(one["import_id"]), one["file"])


def _try_out(office: Office, home: Home, file: Path, asked: Asked) -> Iterator[ImportAccount]:
    for source in files_in(office, home, OnDisk(file)):
        begun = perf_counter()
        sha256 = hashlib.sha256()
        for chunk in source.chunks():
            sha256.update(chunk)
        with following(source.name) as progress:
            outcome = dry_run(office, home, source, sha256.hexdigest(), asked, progress)
        account = dry_account(source.name, sha256.hexdigest(), outcome, seconds=round(perf_counter() - begun, 3))
        yield ImportAccount(account, grouped(outcome.problems))


@dataclass(frozen=True)
class OnDisk:
    """A file that was not received; satisfies `ingest.formats.base.Source`."""

    path: Path

    @property
    def name(self) -> str:
        """Its own, without the folder."""
        return self.path.name

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size

    def chunks(self) -> Iterator[bytes]:
        """The content, anew each time."""
        return _chunks(self.path)


def _chunks(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise Permanent("unreadable_file", f"{file} cannot be read: {error.strerror}.") from error


@contextmanager
def following(name: str) -> Iterator[pipeline.Progress]:
    """A bar over the bytes of one file, on a terminal's stderr only; gone when the file is done."""
    stderr = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as bar:
        task = bar.add_task(str(plain(name)), total=None)

        def follow(rows: int, position: int, size: int) -> None:
            words = "writing records" if position >= size else f"{rows:,} rows"
            bar.update(task, description=f"{plain(name)}: {words}", completed=position, total=size)

        yield follow
