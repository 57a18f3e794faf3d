"""`gateway assign policy`: how a firm gives its cases to attorneys."""

from __future__ import annotations

import msgspec
import rich_click as click

from gateway.cli import given
from gateway.cli.office import at_firm, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json, table
from gateway.domain.assignment import policies
from gateway.domain.assignment.policies import Version


@click.group(
    "policy",
    epilog=examples(
        "gateway assign policy show --firm northgate",
        "gateway assign policy set --firm northgate --rule workload_based",
    ),
)
def policy() -> None:
    """See and say how a firm gives its cases to attorneys."""


@policy.command("show", epilog=examples("gateway assign policy show --firm northgate --json"))
@firm_option
@json_option
def show(firm: str, as_json: bool) -> None:
    """Show by which rule and settings the next case is assigned."""
    with opened() as office, at_firm(office, firm) as acting:
        found = policies.newest(acting)
    _print(found, as_json=as_json)


@policy.command(
    "set",
    epilog=examples(
        "gateway assign policy set --firm northgate --rule workload_based",
        "gateway assign policy set --firm northgate --set senior_from=9 --set weights.expertise=0.4",
        'gateway assign policy set --firm northgate --set \'certifications={"I526": ["eb5"]}\' --set tell_after=null',
    ),
)
@firm_option
@click.option("--rule", metavar="RULE", help=f"One of {', '.join(policies.rules())}.")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="As in JSON; null takes the usual again.")
@json_option
def change(firm: str, rule: str | None, settings: tuple[str, ...], as_json: bool) -> None:
    """Add a version, by which the next case is assigned; what was decided stays, and what waits is tried again."""
    if rule is None and not settings:
        raise click.UsageError("Say what is to be different: --rule RULE, or --set KEY=VALUE.")
    with opened() as office, at_firm(office, firm) as acting:
        policies.change(acting, rule, given.settings(settings, "senior_from=9"))
        found = policies.newest(acting)
    _print(found, as_json=as_json)


@policy.command("history", epilog=examples("gateway assign policy history --firm northgate --json"))
@firm_option
@json_option
def history(firm: str, as_json: bool) -> None:
    """List all versions, the newest first; every assignment names the one it was decided by."""
    with opened() as office, at_firm(office, firm) as acting:
        found = policies.history(acting)
    if as_json:
        print_json([_told(one) for one in found])
        return
    shown = table("version", "rule", "settings", "by", "at", numbers=("version",))
    for one in found:
        settings = ", ".join(f"{name}={value}" for name, value in _settings_of(one))
        shown.add_row(*map(plain, (one.policy.version, one.policy.rule, settings, one.by, f"{one.at:%Y-%m-%d %H:%M}")))
    console().print(shown if found else plain("The firm has said nothing: the usual holds."))


def _settings_of(one: Version) -> list[tuple[str, str]]:
    """Each setting as it would be written in JSON."""
    told = msgspec.to_builtins(one.policy.settings)
    return [(name, msgspec.json.encode(value).decode()) for name, value in told.items()]


def _told(one: Version) -> dict[str, object]:
    return {**msgspec.to_builtins(one.policy), "by": one.by, "at": one.at}


def _print(one: Version, *, as_json: bool) -> None:
    if as_json:
        print_json(_told(one))
        return
    who = f"by {one.by}, {one.at:%Y-%m-%d %H:%M}" if one.by else "the usual: the firm has said nothing"
    console().print(plain(f"Version {one.policy.version}: {one.policy.rule} ({who})"), soft_wrap=True)
    for name, value in _settings_of(one):
        console().print(plain(f"  {name} = {value}"), soft_wrap=True)
