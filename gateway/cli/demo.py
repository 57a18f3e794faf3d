"""`gateway demo`: a firm, its staff, its partners and their sample files, from nothing to receipts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import rich_click as click
from rich.console import Console

from gateway.cli import checking, finding, posting, qualifying, reminding, tour
from gateway.cli.finding import Found
from gateway.cli.ingest import take
from gateway.cli.office import ImportAccount, me, opened
from gateway.cli.output import console, examples, invocation, json_option, plain, print_json, table
from gateway.cli.partners import FILE, Checked, put_in_force, read
from gateway.cli.qualifying import Qualified
from gateway.cli.reminding import Reminded
from gateway.cli.telling import state_word
from gateway.config import ConfigError
from gateway.db.models.firms import STAFF_ROLES
from gateway.domain.access.accounts import ensure_firm, ensure_staff
from gateway.domain.access.permissions import ADMIN
from gateway.domain.partners.homes import Home, find_home
from gateway.errors import Permanent
from gateway.office import Office
from gateway.settings import Settings
from ingest.arrival import Asked
from ingest.samples import arrivals

FIRM, NAME, ZONE = "northgate", "Northgate Law", "America/New_York"
_TOLD = 12  # recipients that are shown


class Taken(NamedTuple):
    """One sample file of one partner."""

    partner: str
    result: ImportAccount


@click.command("demo", epilog=examples("gateway demo"))
@json_option
def command(as_json: bool) -> None:
    """Set up a demo firm, take its partners' sample files, and show what happened.

    Adds the firm northgate with one of each staff role, applies every partner.yaml of the settings folder, and ingests
    the files in each partner's `samples`, in the order in which they arrive. Run it again: what did not change is told
    so.
    """
    with opened() as office:
        ready = _configs(office.settings)
        _ensure_people(office)
        applied = [put_in_force(office, one) for one in ready]
        click.echo(f"Firm {FIRM} and {len(applied)} partners are ready; taking their files.", err=True)
        taken = [one for checked in ready for one in _take_samples(office, checked)]
        home = find_home(office, _of_firm(applied))
        posted = _post(office, home, ready)
        reminded = reminding.remind(office, home.firm_id)
        found = finding.find(office, home.firm_id, f"{FIRM}.example")
        qualified = qualifying.qualify(office, home.firm_id)
        others = [_email(role) for role in STAFF_ROLES if role != ADMIN]
        seen = tour.take(office, home, _email(ADMIN), others)  # its application gives up our embedded database, too
    if as_json:
        told = {"partners": applied, "files": [one.result.account for one in taken], "api": seen._asdict()}
        notices = reminded._asdict() | {"told": [one._asdict() for one in reminded.told]}
        notices["letters"] = [str(one) for one in reminded.letters]
        rest = {"cases": _told(found), "checks": qualifying.told(qualified)}
        print_json({**told, **rest, "sftp": posted and posted._asdict(), "notices": notices})
        return
    out = console()
    _show_partners(out, applied)
    _show_files(out, taken)
    _show_problems(out, taken)
    _show_tour(out, seen)
    if posted:
        _show_posted(out, posted)
    _show_reminded(out, reminded)
    _show_found(out, found)
    _show_qualified(out, qualified)
    _show_where_next(out, office.settings, taken)


def _configs(settings: Settings) -> list[Checked]:
    """Every partner of the settings folder.

    Raises:
        Permanent: `no_partners`; ConfigError where one is wrong.
    """
    found = [read(path) for path in sorted(settings.config_dir.glob(f"*/{FILE}"))]
    if not found:
        hint = "Start the command where partner_configs lies, or say where it is in GATEWAY_CONFIG_DIR."
        raise Permanent("no_partners", f"There is no {FILE} in a folder of {settings.config_dir}. {hint}")
    if wrong := [finding for one in found for finding in one.findings]:
        raise ConfigError(wrong)
    return found


def _ensure_people(office: Office) -> None:
    firm = ensure_firm(office, FIRM, NAME, time_zone=ZONE, actor=me())
    with office.acting(firm.id, me()) as acting:
        for role in STAFF_ROLES:
            ensure_staff(acting, _email(role), name=f"Demo {role.title()}", role=role)


def _email(role: str) -> str:
    return f"{role}@{FIRM}.example"


def _take_samples(office: Office, checked: Checked) -> list[Taken]:
    assert checked.settings is not None  # noqa: S101 - invalid ones stopped before
    slug = checked.settings.head.partner
    home = find_home(office, slug)
    paths = arrivals(checked.path.parent)
    return [Taken(slug, told) for path in paths for told in take(office, home, path, Asked())]


# ---------------------------------------------------------------- what happened


def _show_partners(out: Console, applied: Sequence[dict[str, Any]]) -> None:
    made = table("partner", "firm", "settings", "feeds", title="Partners")
    for one in applied:
        version = f"version {one['version']}{', new' if one['new'] else ''}"
        made.add_row(plain(one["partner"]), plain(one["firm"]), version, plain(", ".join(one["feeds"])))
    out.print(made)
    out.print()


def _show_files(out: Console, taken: Sequence[Taken]) -> None:
    made = table("from", "file", "state", "rows", "of them", numbers=["rows"], title="Files")
    for partner, (account, _) in taken:
        rows: dict[str, int] = account["rows"]  # type: ignore[assignment]  # see account_of
        outcomes = ", ".join(f"{count:,} {name}" for name, count in rows.items() if count and name != "read")
        told = (plain(partner), plain(account["file"]), state_word(account))
        made.add_row(*told, f"{rows['read']:,}" if rows["read"] else "", outcomes)
    out.print(made)
    out.print()
    for _, (account, _) in taken:
        if account["code"]:  # else the table says all there is to say
            out.print(plain(f"{account['file']}: {account['reason']}"))
    out.print()


def _show_problems(out: Console, taken: Sequence[Taken]) -> None:
    counted: Counter[tuple[str, ...]] = Counter()
    for partner, (_, summary) in taken:
        for kind in summary:
            said = (str(kind[name] or "") for name in ("severity", "code", "column", "fix"))
            counted[partner, *said] += int(str(kind["count"]))
    made = table("from", "problem", "column", "times", "what to do", numbers=["times"], title="Problems by kind")
    order = list(dict.fromkeys(one.partner for one in taken))
    ranked = sorted(counted.items(), key=lambda item: (order.index(item[0][0]), -item[1]))
    for (partner, severity, code, column, fix), count in ranked:
        told = plain(code, "red" if severity == "error" else "yellow")
        made.add_row(plain(partner), told, plain(column), f"{count:,}", plain(fix))
    if made.row_count:
        out.print(made)
        out.print()


def _show_tour(out: Console, seen: tour.Tour) -> None:
    made = table("call", "answer", title="Through the API")
    for asked, answered in seen.calls:
        made.add_row(plain(asked), plain(answered))
    out.print(made)
    out.print()
    out.print(
        f"`make serve` serves it: the console for staff at {seen.address}, every call to try at {seen.address}/docs"
    )
    for email, password in seen.logins.items():
        out.print(plain(f"  staff:   {email}, password {password}"), soft_wrap=True)
    out.print(plain(f"  partner: Authorization: Bearer {seen.key}"), soft_wrap=True)
    out.print()


def _post(office: Office, home: Home, ready: Sequence[Checked]) -> posting.Posted | None:
    """The partner's last sample once more, the way its own program would send it; None where it has none."""
    own = [one.path.parent for one in ready if one.settings and one.settings.head.partner == home.slug]
    files = [path for folder in own for path in arrivals(folder)]
    return posting.send(office, home, files[-1]) if files else None


def _show_posted(out: Console, posted: posting.Posted) -> None:
    made = table("request", "what came of it", title="Over SFTP")
    for asked, answered in posted.steps:
        made.add_row(plain(asked), plain(answered))
    out.print(made)
    out.print()
    out.print(plain(f"`make serve` takes files over SFTP too: {posted.command}"), soft_wrap=True)
    out.print(plain(f"  password {posted.password}"), soft_wrap=True)
    out.print()


def _show_reminded(out: Console, reminded: Reminded) -> None:
    made = table("who", "by", "messages", "papers", "first of all", "state", numbers=["messages", "papers"])
    made.title = f"Told today: {reminded.due} papers are due"
    for one in reminded.told[:_TOLD]:
        counts = (str(one.messages), str(one.papers))
        made.add_row(plain(one.recipient), plain(one.channel), *counts, plain(one.why), plain(", ".join(one.states)))
    out.print(made)
    if len(reminded.told) > _TOLD:
        out.print(f"And {len(reminded.told) - _TOLD} more: {invocation()} notice list --firm {FIRM}")
    out.print()
    out.print(f"Nothing left this machine. {FIRM} is told at all hours here; elsewhere nights and weekends are quiet.")
    for letter in reminded.letters:
        out.print(plain(f"  read {letter}"), soft_wrap=True)
    if reminded.repair:
        out.print(
            plain(f"  repair rejected rows as a partner does, once it is served: {reminded.repair}"), soft_wrap=True
        )
    if reminded.example:
        out.print(plain(f"  {invocation()} notice explain {reminded.example}", "bold"), soft_wrap=True)
    out.print()


def _told(found: Found) -> dict[str, Any]:
    told = found._asdict() | {"given": [msgspec.to_builtins(one) for one in found.given]}
    return told | {"waits": found.waits and msgspec.to_builtins(found.waits)}


def _show_found(out: Console, found: Found) -> None:
    out.print(plain(f"Cases that found an attorney: {found.held}; {found.waiting} wait for one", "bold"))
    for one in found.given:
        out.print(plain(f"{one.attorney.name} has case {one.case_id}:"), soft_wrap=True)
        for sentence in one.sentences:
            out.print(plain(f"  {sentence}"), soft_wrap=True)
    if found.waits:
        out.print(plain(f"Case {found.waits.case_number} waits. {found.waits.reason or ''}", "yellow"), soft_wrap=True)
    if found.given:
        asked = f"{invocation()} assign explain {found.given[0].case_id} --firm {FIRM}"
        out.print(plain(f"  {asked}", "bold"), soft_wrap=True)
    out.print()


def _show_qualified(out: Console, qualified: Sequence[Qualified]) -> None:
    out.print(plain("What two people qualify for, by rules alone", "bold"))
    for one in qualified:
        head = one.head
        out.print(plain(f"{head.person}: answered {head.answered}. Strengths by {head.strengths_by}"), soft_wrap=True)
        checking.tell(out, one.seen)
        out.print(plain(f"  read {one.path}", "bold"), soft_wrap=True)
    out.print()


def _of_firm(applied: Sequence[dict[str, Any]]) -> str:
    """The first partner of the demo's own firm; whoever has none there sees the first of all."""
    return str(next((one["partner"] for one in applied if one["firm"] == FIRM), applied[0]["partner"]))


def _show_where_next(out: Console, settings: Settings, taken: Sequence[Taken]) -> None:
    out.print(
        f"Receipts lie in {settings.data_dir / 'receipts'}, a folder for each partner and import.", soft_wrap=True
    )
    out.print("Try next:")
    for command_line in _next_commands(taken):
        out.print(plain(f"  {command_line}", "bold"), soft_wrap=True)


def _next_commands(taken: Sequence[Taken]) -> list[str]:
    held = [one.result.account["import_id"] for one in taken if one.result.account["state"] == "held"]
    last = taken[-1].result.account["import_id"] if taken else "ID"
    decide = f"{invocation()} import release {held[0]}" if held else f"{invocation()} import show {last}"
    look = f'psql "$({invocation()} db url)" -c "TABLE imports"'
    return [decide, f"{invocation()} report import_errors --firm {FIRM}", look]
