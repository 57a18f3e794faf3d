"""`gateway templates`: the words of messages, and a firm's own."""

from __future__ import annotations

from itertools import groupby
from typing import TextIO
from uuid import UUID

import rich_click as click
from msgspec import to_builtins

from gateway.cli.office import at_firm, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json, table
from outbound.notify.templates import firm as firms
from outbound.notify.templates import trying
from outbound.notify.templates.firm import Shown
from outbound.notify.templates.forms import FORMS

_name = click.argument("name", metavar="NAME")
_form = click.argument("form", metavar="FORM", type=click.Choice(FORMS))


@click.group(
    "templates",
    epilog=examples(
        "gateway templates list --firm northgate",
        "gateway templates show expiry subject --firm northgate",
        "gateway templates set expiry subject --firm northgate --file subject.txt",
    ),
)
def group() -> None:
    """Look at the words of messages; give a firm its own, try them out, and go back.

    A template has four texts (FORM): `subject`, `text` and `html` for mail, `short` for telephones and the bell.
    """


@group.command("list", epilog=examples("gateway templates list --firm northgate --json"))
@firm_option
@json_option
def list_templates(firm: str, as_json: bool) -> None:
    """List every template: what it tells, and which of its texts the firm has words of its own for."""
    with opened() as office, at_firm(office, firm) as acting:
        found = firms.listed(acting)
    if as_json:
        print_json(to_builtins(found))
        return
    shown = table("template", "the firm's own", "to be asked for", "what it tells")
    for name, texts in groupby(found, lambda one: one.name):
        theirs = list(texts)
        own = ", ".join(f"{one.form} (version {one.version})" for one in theirs if one.own)
        shown.add_row(*map(plain, (name, own or "-", "yes" if theirs[0].by_request else "-", theirs[0].says)))
    console().print(shown)


@group.command(
    "show",
    epilog=examples(
        "gateway templates show expiry subject --firm northgate",
        "gateway templates show expiry subject --firm northgate --versions",
    ),
)
@_name
@_form
@firm_option
@click.option("--versions", "all_versions", is_flag=True, help="The firm's versions of it instead, the newest first.")
@json_option
def show(name: str, form: str, firm: str, all_versions: bool, as_json: bool) -> None:
    """Show one text as it is in force, and all that it may say."""
    with opened() as office, at_firm(office, firm) as acting:
        versions = firms.versions(acting, name, form) if all_versions else None
        found = firms.show(acting, name, form) if versions is None else None
    if as_json:
        print_json(to_builtins(found if versions is None else versions))
    elif found is not None:
        _print(found)
    else:
        for one in versions or ():
            told = f"Version {one.version}, by {one.created_by}, {one.created_at:%Y-%m-%d %H:%M} UTC"
            console().print(plain(told, "bold"), plain(one.source or "(the house's own again)"), sep="\n")


@group.command(
    "set",
    epilog=examples(
        "gateway templates set expiry subject --firm northgate --file subject.txt",
        "gateway templates set expiry subject --firm northgate --version 1",
    ),
)
@_name
@_form
@firm_option
@click.option("--file", "file", type=click.File(encoding="utf-8"), help="The text; - for standard input.")
@click.option("--version", type=int, help="An older version of the firm's instead.")
@json_option
def change(name: str, form: str, firm: str, file: TextIO | None, version: int | None, as_json: bool) -> None:
    """Put a text of the firm's own in force; one that is wrong is refused, with its lines."""
    if (file is None) == (version is None):
        raise click.UsageError("Give --file or --version.")
    with opened() as office, at_firm(office, firm) as acting:
        if version is not None:
            found = firms.back(acting, name, form, version)
        else:
            found = firms.change(acting, name, form, file.read() if file else "")
    _tell(found, as_json=as_json)


@group.command("reset", epilog=examples("gateway templates reset expiry subject --firm northgate"))
@_name
@_form
@firm_option
@json_option
def reset(name: str, form: str, firm: str, as_json: bool) -> None:
    """Take the house's own text again; the firm's versions stay."""
    with opened() as office, at_firm(office, firm) as acting:
        found = firms.reset(acting, name, form)
    _tell(found, as_json=as_json)


@group.command(
    "preview",
    epilog=examples(
        "gateway templates preview expiry text --firm northgate",
        "gateway templates preview expiry text --firm northgate --file text.txt",
        "gateway templates preview announcement html --firm northgate --dispatch 01a1f8c2-20f6-7d11-8a63-1e0000000012",
    ),
)
@_name
@_form
@firm_option
@click.option("--file", "file", type=click.File(encoding="utf-8"), help="Try this text; - for standard input.")
@click.option("--dispatch", type=click.UUID, help="Of what this dispatch tells now, instead of samples.")
@json_option
def preview(name: str, form: str, firm: str, file: TextIO | None, dispatch: UUID | None, as_json: bool) -> None:
    """Show what a text says, or would say; nothing is sent or kept."""
    with opened() as office, at_firm(office, firm) as acting:
        source = file.read() if file else None
        found = trying.preview(acting, name, form, source=source, dispatch_id=dispatch)
    if as_json:
        print_json({"said": found})
        return
    for one in found:
        console().print(plain(one.rstrip()), "", sep="\n", soft_wrap=True)


def _tell(found: Shown, *, as_json: bool) -> None:
    if as_json:
        print_json(to_builtins(found))
        return
    whose = f"version {found.version} of the firm's own" if found.own else "the house's own text"
    console().print(plain(f"The {found.form} of {found.name} is now {whose}."))


def _print(found: Shown) -> None:
    out = console()
    whose = f"the firm's own, version {found.version}" if found.own else "the house's own"
    out.print(plain(found.says, "bold"), plain(f"The {found.form}, {whose}:"), "", sep="\n", soft_wrap=True)
    out.print(plain(found.source.rstrip()), "", sep="\n", soft_wrap=True)
    shown = table("it may say", "which is")
    for one in found.values:
        shown.add_row(plain(one.name), plain(one.kind))
    out.print(shown)
