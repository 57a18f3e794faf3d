"""What commands print: one JSON document for scripts, or text and tables for people; and the options they share."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec
import rich_click as click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.cli.failing import note_json
from gateway.cli.visible import visible, visible_table
from gateway.errors import Permanent

F = TypeVar("F", bound=Callable[..., Any])

_PIPED_COLUMNS = 120  # a pipe has no width; rich would take 80 and wrap tables
json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    callback=note_json,
    help="Print one JSON document on stdout, and nothing else.",
)
firm_option = click.option("--firm", required=True, metavar="FIRM", help="The firm's slug.")


def invocation() -> str:
    """What to type to call us again: the bare word where it is on the PATH, else the way that led here."""
    called = Path(sys.argv[0])
    if shutil.which("gateway") or called.name != "gateway":
        return "gateway"
    return os.path.relpath(called)


def examples(*lines: str) -> str:
    """The end of a help text; an empty line is what keeps two lines apart there."""
    return "\n\n".join([f"Example{'s' if len(lines) > 1 else ''}:", *lines])


def console() -> Console:
    """Stdout for people. Nothing in what is printed is taken for markup: much of it comes from partners' files."""
    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(width=None if known else _PIPED_COLUMNS, markup=False, emoji=False, highlight=False)


def plain(value: object, style: str = "") -> Text:
    """A value as text that a terminal cannot take for an instruction, or show in another order than it has."""
    return Text("" if value is None else visible(str(value)), style=style)


def table(*columns: str, numbers: Sequence[str] = (), title: str | None = None) -> Table:
    """An airy table; `numbers` names the columns that align to the right."""
    made = Table(box=None, pad_edge=False, header_style="bold", title=title, title_justify="left", padding=(0, 1, 0, 0))
    for name in columns:
        made.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
    return made


def print_json(value: object) -> None:
    """One document on stdout."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


@contextmanager
def sink(path: Path | None) -> Iterator[BinaryIO]:
    """Stdout, or a file that stands there once it is whole; only its owner reads it, for it may hold personal data.

    A terminal is shown what a partner wrote, and does not obey it; a pipe gets every byte.

    Raises:
        Permanent: `not_written`.
    """
    if path is None:
        sys.stdout.flush()
        shown = io.BytesIO()
        yield shown if sys.stdout.isatty() else sys.stdout.buffer
        sys.stdout.write(visible_table(shown.getvalue().decode("utf-8", "replace")))
        sys.stdout.flush()
        return
    draft = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
        draft.replace(path)
    except OSError as error:
        raise Permanent("not_written", f"{path} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)


def copy(source: Path, path: Path | None) -> None:
    """A file of ours to where a person wants it."""
    with source.open("rb") as file, sink(path) as out:
        shutil.copyfileobj(file, out)
