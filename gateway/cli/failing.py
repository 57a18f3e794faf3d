"""How a command fails: a sentence instead of a traceback, and an exit code that scripts can rely on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import rich_click as click
from click.exceptions import Exit, NoArgsIsHelpError

from gateway.cli.visible import visible
from gateway.errors import Problem

DONE, FAILED, INTERRUPTED = 0, 1, 130  # 2 is click's, for wrong usage; 128 + SIGINT is the shell's

_JSON, _DONE = "gateway.cli.json", "gateway.cli.done"


def wants_json(ctx: click.Context) -> bool:
    """Whether stdout belongs to one JSON document."""
    return bool(ctx.meta.get(_JSON))


def note_json(ctx: click.Context, _parameter: click.Parameter, value: bool) -> bool:
    """Callback of `--json`: remember it for the case that the command fails."""
    ctx.meta[_JSON] = value
    return value


def note_done(ctx: click.Context, done: list[dict[str, object]]) -> None:
    """What was done before a failure, as far as it grows, goes out with the failure."""
    ctx.meta[_DONE] = done


@contextmanager
def failures_told(ctx: click.Context) -> Iterator[None]:
    """Turn whatever ends a command early into words and an exit code; what click tells better passes."""
    try:
        yield
    except (NoArgsIsHelpError, Exit, click.Abort, BrokenPipeError):
        raise
    except click.ClickException as error:
        _tell_usage(ctx, error)
    except Problem as problem:
        _tell(ctx, problem.code, problem.sentence)
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        ctx.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the edge: nobody above could tell it better
        _log_whole(error)
        hint = "Set GATEWAY_LOG_LEVEL=debug and run it again to see where it comes from."
        _tell(ctx, "internal_error", f"Internal error ({type(error).__name__}). {hint}")


def _tell(ctx: click.Context, code: str, sentence: str) -> NoReturn:
    if wants_json(ctx):
        done = ctx.meta.get(_DONE)
        document = {"error": code, "message": sentence} | ({"done": done} if done else {})
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    click.secho(visible(sentence), err=True, fg="red")
    ctx.exit(FAILED)


def _tell_usage(ctx: click.Context, error: click.ClickException) -> NoReturn:
    """In one line that nothing breaks: a panel would fold the very file name that somebody must look for."""
    click.secho(visible(error.format_message()), err=True, fg="red")
    where = getattr(error, "ctx", None) or ctx
    click.echo(f"Try: {where.command_path} --help", err=True)
    ctx.exit(error.exit_code)


def _log_whole(error: Exception) -> None:
    """A traceback may hold what a row held, so it is written only where somebody asked for it."""
    if os.environ.get("GATEWAY_LOG_LEVEL", "").lower() == "debug":
        from gateway.logging import get_logger  # noqa: PLC0415 - takes longer than most commands' own imports

        get_logger(__name__).error("internal error", exc_info=error)
