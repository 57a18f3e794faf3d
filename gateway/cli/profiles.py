"""`gateway profile`: what is known of a person for eligibility checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import rich_click as click

from gateway.cli.office import at_firm, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json, table
from gateway.db.models import ProfileEntry
from gateway.domain.eligibility import entries, profiles
from gateway.domain.eligibility.completeness import completeness
from gateway.domain.eligibility.entries import Ref, Said
from gateway.domain.eligibility.facts import kind_of
from gateway.domain.eligibility.facts import plain as written
from gateway.domain.eligibility.terms import BACKINGS, Entry
from gateway.domain.rules.profile_kinds import profile_kinds

F = TypeVar("F", bound=Callable[..., Any])

_CLIENT = "0197f2c1-6a3e-7bd0-9c11-2f5e8a4b6d70"

_whom = click.argument("client_id", metavar="CLIENT", type=click.UUID)
_which = click.argument("ref", metavar="ENTRY")
_facts = click.argument("facts", metavar="FIELD=VALUE...", nargs=-1, required=True)


def _said_options(command: F) -> F:
    """By what it is shown."""
    for option in reversed(
        [
            click.option("--backing", type=click.Choice(BACKINGS), default="asserted", help="By what it is shown."),
            click.option("--document", "document_id", type=click.UUID, help="The person's document that shows it."),
            click.option("--proof", metavar="TEXT", help="Where the paper lies, or who confirms it."),
        ]
    ):
        command = option(command)
    return command


@click.group(
    "profile",
    epilog=examples(
        "gateway profile kinds award",
        f"gateway profile add {_CLIENT} award name='Best Paper' scope=international --firm northgate",
        f"gateway profile show {_CLIENT} --firm northgate",
    ),
)
def group() -> None:
    """See and say what is known of a person for eligibility checks: degrees, awards, articles, the job offered."""


@group.command("kinds", epilog=examples("gateway profile kinds", "gateway profile kinds award --json"))
@click.argument("kind", metavar="[KIND]", required=False)
@json_option
def kinds(kind: str | None, as_json: bool) -> None:
    """List what can be known of a person: kinds of entries, or the fields of one."""
    found = {kind: kind_of(kind)} if kind else profile_kinds()
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    shown = table("field" if kind else "kind", "means", *(["holds"] if kind else []))
    for name, one in found.items():
        if not kind:
            shown.add_row(*map(plain, (name, one.means)))
            continue
        for field, of in one.fields.items():
            shown.add_row(*map(plain, (field, of.means, ", ".join(of.of or [of.holds.replace("_", " or ")]))))
    console().print(shown)


@group.command("show", epilog=examples(f"gateway profile show {_CLIENT} --firm northgate --json"))
@_whom
@firm_option
@json_option
def show(client_id: UUID, firm: str, as_json: bool) -> None:
    """Show what is known of a person, from the records and from staff; that you looked is on record."""
    with opened() as office, at_firm(office, firm) as acting:
        known = profiles.view(acting, client_id)
        found = [_entry(one, known.rows.get(one.ref)) for one in known.profile.entries]
    if as_json:
        told = {"client_id": str(client_id), "as_of": f"{known.profile.as_of}", "entries": found}
        print_json(told | {"digest": profiles.digest(known.profile)})
        return
    shown = table("entry", "facts", "backing", "proof")
    for one in found:
        proof = one["proof"] or (f"document {one['document_id']}" if one["document_id"] else "")
        shown.add_row(*map(plain, (one["ref"], _listed(one["facts"]), one["backing"], proof)))
    console().print(shown if found else plain("Nothing is known yet: `gateway profile add` notes something."))


@group.command(
    "missing",
    epilog=examples(
        f"gateway profile missing {_CLIENT} EB1A --firm northgate",
        f"gateway profile missing {_CLIENT} --firm northgate --json",
    ),
)
@_whom
@click.argument("visas", metavar="[VISA...]", nargs=-1)
@firm_option
@json_option
def missing(client_id: UUID, visas: tuple[str, ...], firm: str, as_json: bool) -> None:
    """Show how much is known of what visas look at, and what is not; that you looked is on record."""
    with opened() as office, at_firm(office, firm) as acting:
        found = completeness(acting, client_id, visas)
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    shown = table("visa", "known", "not known")
    for one in found:
        lacking = "; ".join(f"{kind}: {', '.join(fields)}" for kind, fields in one.missing.items())
        shown.add_row(*map(plain, (one.visa, f"{one.known} of {one.asked}", lacking)))
    console().print(shown)


@group.command(
    "add",
    epilog=examples(
        f"gateway profile add {_CLIENT} award name='Best Paper' scope=international --firm northgate",
        f"gateway profile add {_CLIENT} degree level=doctorate subject=Physics --firm northgate"
        " --backing documented --proof 'diploma, folder 3'",
    ),
)
@_whom
@click.argument("kind", metavar="KIND")
@_facts
@firm_option
@_said_options
@json_option
def add(client_id: UUID, kind: str, facts: tuple[str, ...], firm: str, as_json: bool, **options: Any) -> None:  # noqa: ANN401 - as click gives them
    """Note something that is known of a person; `gateway profile kinds KIND` lists the fields."""
    with opened() as office, at_firm(office, firm) as acting:
        made = entries.add(acting, client_id, kind, _said(kind, facts, options))
        _print(made, as_json=as_json)


@group.command(
    "change",
    epilog=examples(f"gateway profile change {_CLIENT} award.1 name='Best Paper' scope=national --firm northgate"),
)
@_whom
@_which
@_facts
@firm_option
@_said_options
@json_option
def change(client_id: UUID, ref: str, facts: tuple[str, ...], firm: str, as_json: bool, **options: Any) -> None:  # noqa: ANN401 - as click gives them
    """Say something else of an entry, whole: what is not named is not known any more. What it was is kept."""
    with opened() as office, at_firm(office, firm) as acting:
        made = entries.change(acting, client_id, ref, _said(Ref.of(ref).kind, facts, options))
        _print(made, as_json=as_json)


@group.command("withdraw", epilog=examples(f"gateway profile withdraw {_CLIENT} award.1 --firm northgate"))
@_whom
@_which
@firm_option
@json_option
def withdraw(client_id: UUID, ref: str, firm: str, as_json: bool) -> None:
    """Let an entry count no more; what it was is kept."""
    with opened() as office, at_firm(office, firm) as acting:
        entries.withdraw(acting, client_id, ref)
    if as_json:
        print_json({"client_id": str(client_id), "ref": ref, "state": "withdrawn"})
        return
    console().print(plain(f"{ref} counts no more."))


@group.command("history", epilog=examples(f"gateway profile history {_CLIENT} award.1 --firm northgate --json"))
@_whom
@_which
@firm_option
@json_option
def history(client_id: UUID, ref: str, firm: str, as_json: bool) -> None:
    """List what an entry was, the newest first; that you looked is on record."""
    with opened() as office, at_firm(office, firm) as acting:
        found = [_version(one) for one in entries.history(acting, client_id, ref)]
    if as_json:
        print_json(found)
        return
    shown = table("version", "facts", "backing", "by", "at", "until", "")
    for one in found:
        names = ("version", "facts", "backing", "by", "at", "until", "ended")
        cells = {**one, "facts": _listed(one["facts"])}
        shown.add_row(*(plain("" if cells[name] is None else cells[name]) for name in names))
    console().print(shown)


# ------------------------------------------------------------------------------------------------ read and printed


def _said(kind: str, given: tuple[str, ...], options: Mapping[str, Any]) -> Said:
    return Said(facts=dict(_pair(kind, one) for one in given), **options)


def _pair(kind: str, text: str) -> tuple[str, object]:
    """A field and its value; yes, no and numbers are read as what the field holds."""
    name, found, value = text.partition("=")
    if not found:
        raise click.BadParameter(f"{text!r} is no FIELD=VALUE, such as scope=national.", param_hint="FIELD=VALUE")
    field = kind_of(kind).fields.get(name.strip())
    return name.strip(), _value(field.holds if field else "text", value.strip())


def _value(holds: str, text: str) -> object:
    if holds == "yes_no":
        return {"yes": True, "true": True, "no": False, "false": False}.get(text.casefold(), text)
    if holds == "whole" and text.isdecimal():
        return int(text)
    if holds == "number":
        try:
            return float(text)
        except ValueError:
            return text
    return text


def _entry(one: Entry, row: ProfileEntry | None) -> dict[str, Any]:
    facts = {"ref": one.ref, "kind": one.kind, "facts": written(one.facts), "backing": one.backing}
    kept = {"from_records": row is None, "document_id": row and row.document_id, "proof": row and row.proof}
    return facts | kept | {"version": row and row.version}


def _version(row: ProfileEntry) -> dict[str, Any]:
    names = ("facts", "backing", "document_id", "proof", "version", "by", "at", "until", "ended")
    return {"ref": str(Ref(row.kind, row.number))} | {name: getattr(row, name) for name in names}


def _listed(facts: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items())


def _print(row: ProfileEntry, *, as_json: bool) -> None:
    told = _version(row)
    if as_json:
        print_json(told)
        return
    console().print(plain(f"{told['ref']}: {_listed(told['facts'])} ({told['backing']})"), soft_wrap=True)
