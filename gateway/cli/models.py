"""`gateway models`: which language models a firm has asked, and what that may cost."""

from __future__ import annotations

import msgspec
import rich_click as click

from gateway.cli import given
from gateway.cli.office import at_firm, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json, table
from gateway.domain.eligibility import policies
from gateway.domain.eligibility.policies import Policy, Step, Version
from outbound.llm import NAMES
from outbound.llm.offered import lacking, offered

_STEPS = ("--step 'openai gpt-5'", "--step 'anthropic claude-sonnet-5-5'")


@click.group(
    "models",
    epilog=examples(
        "gateway models show --firm northgate",
        f"gateway models set --firm northgate {' '.join(_STEPS)}",
        "gateway models off --firm northgate",
    ),
)
def group() -> None:
    """See and say which language models a firm has asked, in which order, and what that may cost."""


@group.command("show", epilog=examples("gateway models show --firm northgate --json"))
@firm_option
@json_option
def show(firm: str, as_json: bool) -> None:
    """Show whom the next check asks, and what a day may cost."""
    with opened() as office, at_firm(office, firm) as acting:
        found = policies.newest(acting)
    _print(found, as_json=as_json)


@group.command(
    "set",
    epilog=examples(
        f"gateway models set --firm northgate {' '.join(_STEPS)}",
        "gateway models set --firm northgate --step 'openai house-model https://models.example/v1'",
        "gateway models set --firm northgate --set most.tokens=500000 --set most.cost=5.00",
        "gateway models set --firm northgate --set without_answer=fail --set checks_per_hour=20",
        "gateway models set --firm northgate --set steps=null --set most=null",
    ),
)
@firm_option
@click.option(
    "--step",
    "steps",
    metavar="'PROVIDER MODEL [URL]'",
    multiple=True,
    help="Whom to ask, in this order; they take the place of all that were named before.",
)
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="As in JSON; null takes the usual again.")
@json_option
def change(firm: str, steps: tuple[str, ...], settings: tuple[str, ...], as_json: bool) -> None:
    """Add a version, by which the next check goes; what was checked stays.

    Where the key or the price of a model is missing, it says so, and adds the version all the same.
    """
    if not (steps or settings):
        raise click.UsageError("Say what is to be different: --step 'PROVIDER MODEL', or --set KEY=VALUE.")
    wanted = given.settings(settings, "checks_per_hour=20")
    if steps:
        wanted["steps"] = [_step(one) for one in steps]
    _change(firm, wanted, as_json=as_json)


@group.command("off", epilog=examples("gateway models off --firm northgate"))
@firm_option
@json_option
def off(firm: str, as_json: bool) -> None:
    """From the next check on no model sees anything of the firm's clients: rules alone.

    What else was set stays; `gateway models set --set uses_models=true` has them asked again.
    """
    _change(firm, {"uses_models": False}, as_json=as_json)


@group.command("history", epilog=examples("gateway models history --firm northgate --json"))
@firm_option
@json_option
def history(firm: str, as_json: bool) -> None:
    """List all versions, the newest first."""
    with opened() as office, at_firm(office, firm) as acting:
        found = policies.history(acting)
    if as_json:
        print_json([_told(one) for one in found])
        return
    shown = table("version", "asks", "settings", "by", "at", numbers=("version",))
    for one in found:
        settings = ", ".join(f"{name}={value}" for name, value in _settings_of(one.policy) if name != "steps")
        shown.add_row(
            *map(plain, (one.policy.version, _asked(one.policy), settings, one.by, f"{one.at:%Y-%m-%d %H:%M}"))
        )
    console().print(shown if found else plain("The firm has said nothing: the usual holds."))


@group.command("providers", epilog=examples("gateway models providers --firm northgate --json"))
@firm_option
@json_option
def providers(firm: str, as_json: bool) -> None:
    """List who can be asked, whether the firm's key is there, and the models whose price is known.

    Prices are in dollars for a million tokens, read and written. Of a key its name is shown, and never what it is.
    """
    with opened() as office, at_firm(office, firm) as acting:
        found = offered(acting)
    if as_json:
        print_json(found)
        return
    shown = table("provider", "secret", "key", "model", "read", "written", numbers=("read", "written"))
    for one in found:
        key = "is there" if one.secret and one.has_key else "is missing" if one.secret else "needs none"
        shown.add_row(*map(plain, (one.name, one.secret, key)))
        for model in one.models:
            shown.add_row("", "", "", *map(plain, (model.model, f"{model.tokens_in:.2f}", f"{model.tokens_out:.2f}")))
    console().print(shown)


def _change(firm: str, wanted: dict[str, object], *, as_json: bool) -> None:
    with opened() as office, at_firm(office, firm) as acting:
        policies.change(acting, wanted, NAMES)
        found = policies.newest(acting)
        warnings = lacking(acting, found.policy)
    _print(found, as_json=as_json)
    for one in warnings:
        click.echo(f"Warning: {one}", err=True)


def _step(text: str) -> dict[str, str]:
    """No name of a model and no address holds a blank."""
    words = text.split()
    if not 1 <= len(words) <= len(Step.__struct_fields__):
        raise click.BadParameter(f"{text!r} is no step, such as 'openai gpt-5'.", param_hint="--step")
    return dict(zip(Step.__struct_fields__, words, strict=False))


def _print(one: Version, *, as_json: bool) -> None:
    if as_json:
        print_json(_told(one))
        return
    who = f"by {one.by}, {one.at:%Y-%m-%d %H:%M}" if one.by else "the usual: the firm has said nothing"
    console().print(plain(f"Version {one.policy.version}: {_asked(one.policy)} ({who})"), soft_wrap=True)
    for name, value in _settings_of(one.policy):
        console().print(plain(f"  {name} = {value}"), soft_wrap=True)


def _asked(policy: Policy) -> str:
    """Who answers, in order, as it is read in a line."""
    if not policy.uses_models:
        return "rules alone, no model sees anything"
    named = [" ".join(filter(None, (one.provider, one.model, one.url))) for one in policy.steps]
    if set(named) <= {policies.RULES}:
        return "rules alone, no model is named"
    last = ", else the check fails" if policy.without_answer == "fail" else f", then {policies.RULES}"
    return ", then ".join(one for one in named if one != policies.RULES) + last


def _settings_of(policy: Policy) -> list[tuple[str, str]]:
    """Each setting as it would be written in JSON."""
    told = msgspec.to_builtins(policy)
    return [(name, msgspec.json.encode(value).decode()) for name, value in told.items() if name != "version"]


def _told(one: Version) -> dict[str, object]:
    return {**msgspec.to_builtins(one.policy), "by": one.by, "at": one.at}
