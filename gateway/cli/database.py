"""`gateway db`: the way to the database for people and their tools."""

from __future__ import annotations

import os
import subprocess
from typing import get_args

import rich_click as click
from psycopg.conninfo import conninfo_to_dict

from gateway.cli.failing import FAILED
from gateway.cli.office import opened, settings_here
from gateway.cli.output import console, examples, json_option, print_json
from gateway.db import embedded, migrate
from gateway.db.embedded import Role
from gateway.settings import Settings

_ROLES = [role for role in get_args(Role) if role != "superuser"]
_PG = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "options": "PGOPTIONS",  # chooses the role
}

_role = click.option(
    "--role",
    type=click.Choice(_ROLES),
    default="system",
    show_default=True,
    help="system sees all firms; app sees the firm in app.firm_id; owner may change tables but sees no rows.",
)


@click.group("db", epilog=examples('psql "$(gateway db url)" -c "TABLE firms"', "gateway db stop"))
def group() -> None:
    """Reach, migrate and stop the database."""


@group.command("url", epilog=examples('psql "$(gateway db url)"', "gateway db stop"))
@_role
def url(role: Role) -> None:
    """Print the address of the database, password included, as psql takes it.

    The embedded server is left running for whoever uses the address, until `gateway db stop`. With a database of your
    own whose login plays several roles, start your session with SET ROLE gateway_system (or gateway_app).
    """
    with opened() as office:
        address = _address(office.settings, role)
        if not office.settings.database_url:
            embedded.ensure_running(office.settings.data_dir).keep()
    click.echo(address)


@group.command(
    "run",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog=examples("gateway db run -- psql", "gateway db run --role owner -- pg_dump --schema-only"),
)
@_role
@click.argument("words", nargs=-1, required=True, metavar="COMMAND...", type=click.UNPROCESSED)
@click.pass_context
def run(ctx: click.Context, role: Role, words: tuple[str, ...]) -> None:
    """Run a command with the database in its environment (DATABASE_URL, PGHOST and so on), up as long as it lasts."""
    with opened() as office:
        address = _address(office.settings, role)
        known = conninfo_to_dict(address)
        named = {variable: str(known[name]) for name, variable in _PG.items() if known.get(name)}
        try:
            done = subprocess.run(words, env=os.environ | named | {"DATABASE_URL": address}, check=False)  # noqa: S603 - the person's own command
        except OSError as error:
            raise click.BadParameter(f"{words[0]} cannot be run: {error.strerror}.") from error
    ctx.exit(done.returncode)


@group.command("migrate", epilog=examples("gateway db migrate"))
@json_option
def migrate_database(as_json: bool) -> None:
    """Bring the database to the newest revision; every other command does so as well."""
    with opened():
        revision = migrate.revisions()[-1]
    if as_json:
        print_json({"revision": revision})
    else:
        console().print(f"The database is at revision {revision}.")


@group.command("stop", epilog=examples("gateway db stop"))
@json_option
@click.pass_context
def stop(ctx: click.Context, as_json: bool) -> None:
    """Stop the embedded server that `gateway db url` left running.

    Exit code 1 while other commands use it: it stops when the last of them ends.
    """
    settings = settings_here()
    if settings.database_url:
        state, sentence = "external", "The database is not ours to stop: GATEWAY_DATABASE_URL names it."
    elif embedded.stop(settings.data_dir):
        state, sentence = "stopped", "The embedded database is stopped."
    else:
        state, sentence = "in_use", "The embedded database is in use; it stops when the last command that uses it ends."
    if as_json:
        print_json({"state": state})
    else:
        console().print(sentence)
    if state != "stopped":
        ctx.exit(FAILED)


def _address(settings: Settings, role: Role) -> str:
    if not settings.database_url:
        return embedded.ensure_running(settings.data_dir).played(role)
    own = {"owner": settings.owner_database_url, "system": settings.system_database_url}
    return (own.get(role) or settings.database_url).replace("postgresql+psycopg://", "postgresql://", 1)
