"""`gateway partner`: settings of partners, checked, applied, and described to editors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import rich_click as click

from gateway.cli.failing import FAILED
from gateway.cli.infer import command as infer
from gateway.cli.names import command as learned_names
from gateway.cli.office import me, opened, settings_here
from gateway.cli.output import console, examples, json_option, plain, print_json
from gateway.cli.ping import command as ping
from gateway.cli.trial import command as test_samples
from gateway.config import ConfigError, Finding, PartnerSettings
from gateway.domain.partners import names, versions
from gateway.domain.partners.homes import find_home
from gateway.errors import Problem
from gateway.office import Office
from gateway.settings import Settings
from gateway.wings import PARTNER_YAML
from ingest.feeds import FEEDS, remarks_on

FILE = "partner.yaml"

Learned = dict[str, dict[str, list[str]]]  # feed -> expected column -> names accepted for it


@dataclass
class Checked:
    """One partner.yaml: what it holds, or all that is wrong with it."""

    path: Path
    settings: PartnerSettings | None = None
    findings: list[Finding] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    learned: Learned = field(default_factory=dict)


def expand(_ctx: click.Context, _parameter: click.Parameter, paths: tuple[Path, ...]) -> list[Path]:
    """A folder means its partner.yaml, or those of the folders in it."""
    return [file for path in paths for file in _files(path)]


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    if (path / FILE).exists():
        return [path / FILE]
    if found := sorted(path.glob(f"*/{FILE}")):
        return found
    raise click.BadParameter(f"There is no {FILE} in the folder {str(path)!r}, nor in a folder of it.")


_paths: Callable[..., Callable[..., object]] = click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="PATH...",
    type=click.Path(exists=True, path_type=Path),
    callback=expand,
)


@click.group("partner", epilog=examples("gateway partner check partner_configs/acme", "gateway partner test acme"))
def group() -> None:
    """Propose, check and apply the settings of partners.

    A PATH is a partner.yaml, the folder that holds it, or a folder of such folders.
    """


@group.command("check", epilog=examples("gateway partner check partner_configs/acme"))
@_paths
@json_option
@click.pass_context
def check(ctx: click.Context, paths: list[Path], as_json: bool) -> None:
    """Say everything that is wrong with settings, each with its file, line and column.

    Needs no database; where there is one already, column names that were accepted since are shown as well.
    """
    results = [read(path) for path in paths]
    _look_up_learned(settings_here(), results)
    if as_json:
        print_json([_checked_account(one) for one in results])
    else:
        for one in results:
            _tell_checked(one)
    if any(one.findings for one in results):
        ctx.exit(FAILED)


@group.command("apply", epilog=examples("gateway partner apply partner_configs/acme"))
@_paths
@json_option
@click.pass_context
def apply(ctx: click.Context, paths: list[Path], as_json: bool) -> None:
    """Put settings in force as a new version, unless they are already; a firm that is missing is added.

    With one error anywhere, nothing is applied.
    """
    results = [read(path) for path in paths]
    if any(one.findings for one in results):
        if as_json:
            print_json([_checked_account(one) for one in results])
        for one in results if not as_json else []:
            _tell_checked(one)
        ctx.exit(FAILED)
    with opened() as office:
        applied = [put_in_force(office, one) for one in results]
    if as_json:
        print_json(applied)
        return
    for account in applied:
        console().print(plain(_applied_sentence(account)))


@group.command("schema", epilog=examples("gateway partner schema", "gateway partner schema --check"))
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 if the file is not current.")
@json_option
@click.pass_context
def schema(ctx: click.Context, only_check: bool, as_json: bool) -> None:
    """Write partner.schema.json, from which editors complete and check partner.yaml."""
    path = settings_here().config_dir / "partner.schema.json"
    current = path.exists() and json.loads(path.read_text(encoding="utf-8")) == PARTNER_YAML.json_schema()
    if not only_check:
        path.parent.mkdir(parents=True, exist_ok=True)
        PARTNER_YAML.write_schema(path)
    if as_json:
        print_json({"path": str(path), "was_current": current})
    elif only_check:
        console().print(f"{path} is {'current' if current else 'out of date; write it with: gateway partner schema'}.")
    else:
        console().print(f"{path} {'was current' if current else 'is written'}.")
    if only_check and not current:
        ctx.exit(FAILED)


group.add_command(test_samples)
group.add_command(infer)
group.add_command(learned_names)
group.add_command(ping)


# ---------------------------------------------------------------- checking


def read(path: Path) -> Checked:
    """Read and check one file, database or not."""
    try:
        settings = PARTNER_YAML.read(path)
    except ConfigError as error:
        return Checked(path, findings=error.findings)
    folder = path.resolve().parent.name
    partner = settings.head.partner
    strange = path.name == FILE and folder != partner
    remark = f"The folder is called {folder!r}, the partner {partner!r}; people will look under its name."
    return Checked(path, settings, remarks=[*([remark] if strange else []), *remarks_on(FEEDS.of(settings))])


def _look_up_learned(settings: Settings, results: list[Checked]) -> None:
    """Column names accepted since, where a database is there already; checking must not need one."""
    valid = [one for one in results if one.settings]
    if not valid or not (settings.database_url or (settings.data_dir / "postgres" / "PG_VERSION").exists()):
        return
    try:
        with opened() as office:
            for one in valid:
                one.learned = _learned(office, one)
    except Problem as problem:
        for one in valid:
            one.remarks.append(f"Accepted column names are not shown: {problem.sentence}")


def _learned(office: Office, checked: Checked) -> Learned:
    assert checked.settings is not None  # noqa: S101 - asked for valid ones only
    try:
        home = find_home(office, checked.settings.head.partner)
    except Problem:
        return {}  # not applied yet
    learned: Learned = {}
    with office.acting(home.firm_id, me()) as acting:
        for feed, alias in names.of_partner(acting, home):
            learned.setdefault(feed, {}).setdefault(alias.expected, []).append(alias.found)
    return learned


def _checked_account(checked: Checked) -> dict[str, object]:
    settings = checked.settings
    return {
        "path": str(checked.path),
        "valid": settings is not None,
        "partner": settings.head.partner if settings else None,
        "firm": settings.head.firm if settings else None,
        "feeds": settings.names("feeds") if settings else [],
        "findings": checked.findings,
        "remarks": checked.remarks,
        "learned": checked.learned,
    }


def _tell_checked(checked: Checked) -> None:
    out = console()
    for finding in checked.findings:
        out.print(plain(finding, "red"), soft_wrap=True)
    if settings := checked.settings:
        head, named = settings.head, {name: settings.names(name) for name in ("feeds", "outcomes")}
        parts = [f"{name}: {', '.join(names) or 'none'}" for name, names in named.items() if names or name == "feeds"]
        told = f"{checked.path}: valid; partner {head.partner} of {head.firm}, {', '.join(parts)}"
        out.print(plain(told, "green"), soft_wrap=True)
    for sentence in [*checked.remarks, *_learned_sentences(checked)]:
        out.print(plain(f"  Note: {sentence}", "cyan"))


def _learned_sentences(checked: Checked) -> Iterator[str]:
    for feed, accepted in checked.learned.items():
        for expected, found in accepted.items():
            yield f"In {feed}, {expected!r} may also be called {', '.join(map(repr, found))}."


# ---------------------------------------------------------------- applying


def put_in_force(office: Office, checked: Checked) -> dict[str, object]:
    """Apply checked settings, and say what that changed.

    Raises:
        Permanent: `partner_elsewhere`, before anything is added.
    """
    assert checked.settings is not None  # noqa: S101 - invalid ones stop before
    settled = versions.settle(office, checked.settings, me())
    return {
        "path": str(checked.path),
        "partner": checked.settings.head.partner,
        "firm": checked.settings.head.firm,
        "firm_added": settled.firm_added,
        "version": settled.applied.config.version,
        "new": settled.applied.is_new,
        "feeds": checked.settings.names("feeds"),
    }


def _applied_sentence(account: dict[str, object]) -> str:
    firm = f"Added the firm {account['firm']}, which was missing. " if account["firm_added"] else ""
    what = "is in force now" if account["new"] else "was in force already; nothing changed"
    return f"{firm}{account['partner']}: version {account['version']} {what}."
