"""Tells a person what became of a file: its state, counts and problems, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from gateway.cli.output import invocation, plain, table

STATES: Mapping[str, tuple[str, str]] = {  # state -> in words, style
    "received": ("received, not yet taken", "blue"),
    "running": ("running, or interrupted: the next command for this partner finishes it", "blue"),
    "unpacking": ("being unpacked, or interrupted: the next command for this partner finishes it", "blue"),
    "unpacked": ("unpacked: each file in it is an import of its own", "bold green"),
    "loaded": ("loaded", "bold green"),
    "loaded_with_errors": ("loaded, except for the rejected rows", "bold yellow"),
    "no_change": ("no change", "bold cyan"),
    "held": ("held: a person must decide", "bold magenta"),
    "released": ("released and loaded", "bold green"),
    "refused": ("refused: the partner must act", "bold red"),
    "failed": ("failed: not the partner's fault", "bold red"),
}
UNDONE = frozenset({"received", "running", "unpacking", "held", "refused", "failed"})

_MOST_KINDS = 20
_MOST_DIFFERENCES = 20


def tell(out: Console, partner: str, account: Mapping[str, Any], summary: Sequence[Mapping[str, Any]]) -> None:
    """One file, from its name down to the next command."""
    out.print(_heading(account), soft_wrap=True)
    out.print(_provenance(partner, account), soft_wrap=True)
    for sentence in (account["reason"], account["fix"]):
        if sentence:
            out.print(plain(f"  {sentence}"))
    _tell_counts(out, account)
    _tell_problems(out, account, summary)
    _tell_differences(out, account)
    _tell_closing(out, account)
    for remark in account["remarks"]:
        out.print(plain(f"  Note: {remark}", "cyan"))
    for file in account["files"]:
        out.print(plain(f"  {file['file']}: import {file['import_id']}"), soft_wrap=True)
    _tell_next(out, partner, account)
    out.print()


def state_text(account: Mapping[str, Any]) -> Text:
    """The state in words and colour."""
    words, style = STATES[str(account["state"])]
    return Text(f"would be {words}" if account.get("dry_run") else words, style=style)


def state_word(account: Mapping[str, Any]) -> Text:
    """The state in short, for tables."""
    state = str(account["state"])
    return Text(state.replace("_", " "), style=STATES[state][1])


def _heading(account: Mapping[str, Any]) -> Text:
    return Text.assemble(plain(account["file"], "bold"), "  ", state_text(account))


def _provenance(partner: str, account: Mapping[str, Any]) -> Text:
    parts = [f"{partner}/{account['feed']}" if account["feed"] else partner]
    if account["config_version"]:
        parts.append(f"settings version {account['config_version']}")
    if account["as_of"]:
        parts.append(f"as of {account['as_of']}")
    if account["import_id"]:
        parts.append(f"import {account['import_id']}")
    if account["corrects"]:
        parts.append(f"corrects {account['corrects']}")
    if account["seconds"] is not None:
        parts.append(f"{account['seconds']:.2f} s")
    return plain(f"  {', '.join(parts)}", "dim")


def _tell_counts(out: Console, account: Mapping[str, Any]) -> None:
    rows, records = account["rows"], account["records"]
    if not rows["read"]:
        return
    if account["state"] == "held":
        out.print("  What it would do, if it is released:")
    counted = table("  rows", *rows, numbers=list(rows))
    counted.add_row("", *(f"{count:,}" for count in rows.values()))
    out.print(counted)
    made = table("  records", "created", "updated", "closed", numbers=["created", "updated", "closed"])
    for kind, counts in records.items():
        if any(counts.values()):
            made.add_row(f"  {kind}", *(f"{counts[name]:,}" for name in ("created", "updated", "closed")))
    if made.row_count:
        out.print(made)


def _tell_problems(out: Console, account: Mapping[str, Any], summary: Sequence[Mapping[str, Any]]) -> None:
    for kind in summary[:_MOST_KINDS]:
        where = f" in {kind['column']}" if kind["column"] else ""
        style = "red" if kind["severity"] == "error" else "yellow"
        head = plain(f"  {kind['count']:,} x {kind['code']}{where}", style)
        sheet = plain(f" of “{kind['first_sheet']}”" if kind["first_sheet"] else "")
        head.append(f" ({kind['severity']}), first in row {kind['first_row']}", style="default")
        out.print(head.append_text(sheet))
        if sample := _sample(account["problems"], kind):
            out.print(plain(f"      {sample}"))
        out.print(plain(f"      {kind['fix']}", "italic"))
    if len(summary) > _MOST_KINDS:
        out.print(f"  and {len(summary) - _MOST_KINDS} more kinds of problems")


def _sample(problems: Sequence[Mapping[str, Any]], kind: Mapping[str, Any]) -> str | None:
    same = (one for one in problems if (one["code"], one["column"]) == (kind["code"], kind["column"]))
    return next((one["message"] for one in same), None)


def _tell_differences(out: Console, account: Mapping[str, Any]) -> None:
    found = account.get("differences") or []
    if not found:
        return
    shown = table("  row", "record", "key", "field", "is", "would be", numbers=["  row"])
    for one in found[:_MOST_DIFFERENCES]:
        shown.add_row(_place(one), *(plain(one[name]) for name in ("record", "key", "field", "old", "new")))
    out.print(shown)
    if len(found) > _MOST_DIFFERENCES:
        out.print(f"  and {len(found) - _MOST_DIFFERENCES:,} more differences; --json lists up to 1,000")


def _tell_closing(out: Console, account: Mapping[str, Any]) -> None:
    found = account.get("closing") or []
    if not found:
        return
    names = ", ".join(one["name"] or one["key"] for one in found[:_MOST_DIFFERENCES])
    more = account["records"]["clients"]["closed"] - len(found[:_MOST_DIFFERENCES])
    out.print(plain(f"  Would be closed, for they are listed no more: {names}{f' and {more:,} more' if more else ''}"))


def _place(one: Mapping[str, Any]) -> Text:
    return plain(f"{one['sheet']} {one['row']}" if one["sheet"] else one["row"])


def _tell_next(out: Console, partner: str, account: Mapping[str, Any]) -> None:
    for kind, path in account["receipts"].items():
        out.print(plain(f"  {kind}: {path}", "dim"), soft_wrap=True)
    for words, command in _next_steps(partner, account):
        out.print(Text.assemble(f"  {words}: ", plain(command, "bold")), soft_wrap=True)


def _next_steps(partner: str, account: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    import_id = account["import_id"]
    if account.get("dry_run"):
        if account["state"].startswith("loaded"):
            yield "Nothing was written. To load it", "the same command without --dry-run"
    elif account["state"] == "held":
        yield "Load it all the same", f"{invocation()} import release {import_id}{_acceptances(account)}"
        yield "Or end it", f"{invocation()} import refuse {import_id} --reason 'Why'"
    elif account["rows"]["rejected"]:
        rejected = f"{invocation()} import errors {import_id} --format csv --out repaired.csv"
        yield "Take the rejected rows to repair", rejected
        yield "Send them back repaired", f"{invocation()} ingest repaired.csv --partner {partner}"


def _acceptances(account: Mapping[str, Any]) -> str:
    """The names to accept, as far as they could be guessed."""
    if "header_missing" not in account["guards"]:
        return ""
    pairs = [f"{one['expected']}={one['found']}" for one in account["suggestions"]] or ["Expected=Found"]
    return "".join(f" --accept {shlex.quote(pair)}" for pair in pairs)
