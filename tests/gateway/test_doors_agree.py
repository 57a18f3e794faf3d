"""What can be done through the API and at the command line leaves the same entries in the audit log through both.

The API acts on acme, the command on globex, which are furnished alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
import rich_click as click
from helpers.callers import asking, staff_headers
from helpers.doors import use_cases
from helpers.doors.base import Door
from helpers.inbox import ROSTER
from sqlalchemy import select

from gateway.cli import COMMANDS, cli
from gateway.db.models import AuditEntry

USE_CASES = use_cases()

# what has no route of the API beside it: the machine's own affairs, and what only an operator does
AT_THE_MACHINE = set(
    "demo,serve,doctor,db url,db run,db migrate,db stop,firm add,key rotate-signing,"
    "partner check,partner infer,partner test,partner schema,webhook send,job dead,"
    "notice ping,expiry sweep,expiry plan,rules list,rules show,rules affected,eligibility criteria,"
    "profile kinds".split(",")
)


@pytest.fixture
def api(settings, office, tenants, tmp_path) -> Iterator[Door]:
    headers = staff_headers(office, tenants.northgate, tenants.staff["admin"])
    with asking(settings) as http:

        def call(method: str, path: str, **more: Any) -> None:
            answer = http.request(method, f"/v1/{path}", headers=headers, **more)
            assert answer.status_code < 300, answer.text

        yield furnished(Door(office, tenants.northgate, "acme", tmp_path, call))


@pytest.fixture
def command(gateway, office, tenants, tmp_path) -> Door:
    def call(*words: object) -> None:
        result = gateway(*words)
        assert result.exit_code == 0, result.output

    return furnished(Door(office, tenants.northgate, "globex", tmp_path, call))


def furnished(door: Door) -> Door:
    door.inbox.apply(ROSTER.format(partner=door.partner, firm="northgate"))
    return door


@pytest.mark.parametrize("name", USE_CASES)
def test_both_doors_leave_the_same_entries(api, command, name):
    one = USE_CASES[name]
    on_api, on_command = one.ready(api), one.ready(command)
    through_api = entries(api, lambda: one.by_api(api, on_api))
    at_command = entries(command, lambda: one.by_command(command, on_command))
    assert [told["action"] for told in through_api] == one.acts
    assert at_command == through_api


def test_every_command_is_held_against_the_api_or_has_none_beside_it():
    tried = {one.command for one in USE_CASES.values()}
    assert not tried & AT_THE_MACHINE
    assert set(commands()) == tried | AT_THE_MACHINE


def commands() -> Iterator[str]:
    """Every command that does something, in words."""
    with click.Context(cli) as context:
        for name in COMMANDS:
            _, command, _ = cli.resolve_command(context, [name])
            if isinstance(command, click.Group):
                yield from (f"{name} {below}" for below in command.commands)
            else:
                yield name


def entries(door: Door, act: Callable[[], Any]) -> list[dict[str, Any]]:
    """What people and commands put on record meanwhile; who they are, when and from where left out.

    Ids and the partner's name stand there as which of them it is, from the first that is named on.
    """
    before = set(recorded(door))
    act()
    after = recorded(door)
    told = [after[entry_id] for entry_id in sorted(set(after) - before)]
    text = json.dumps(told, default=str)
    named = re.sub(r"gwk_\w+", "KEY", text).replace(f'"{door.partner}"', '"PARTNER"').replace('"cli"', '"VIA"')
    named = named.replace('"api"', '"VIA"').replace(f"-{door.partner}", "-PARTNER")
    for number, one in enumerate(dict.fromkeys(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", named))):
        named = named.replace(one, f"ID {number}")
    return json.loads(named)


def recorded(door: Door) -> dict[UUID, dict[str, Any]]:
    told = ("action", "client_id", "case_id", "import_id", "changes")
    with door.office.db.firm(door.firm_id) as session:
        found = session.scalars(select(AuditEntry).where(AuditEntry.actor_kind != "import"))
        return {one.id: {name: getattr(one, name) for name in told} for one in found}
