"""The command `gateway`: its list of commands, and how every one of them fails.

A command's module is imported when it is called, so that `gateway --help` answers at once.
"""

from __future__ import annotations

import atexit
import gc
from importlib import import_module
from typing import NamedTuple, NoReturn

import rich_click as click

from gateway.cli.failing import failures_told


class Entry(NamedTuple):
    """Where a command stands, and the sentence by which people find it."""

    module: str
    name: str
    sentence: str


COMMANDS: dict[str, Entry] = {
    "demo": Entry("demo", "command", "Set up a demo firm, take its partners' sample files, and show what happened."),
    "ingest": Entry("ingest", "command", "Take files of a partner to their end, now."),
    "import": Entry("imports", "group", "Look at imports; release or refuse those that wait for a person."),
    "repair": Entry("repairs", "group", "See and send the links by which partners' people repair rejected rows."),
    "arrivals": Entry("arrivals", "group", "Look at the places from which files are fetched, and look there now."),
    "serve": Entry("serve", "command", "Run the API, the workers and the scheduler."),
    "webhook": Entry("webhooks", "group", "Try out the webhooks by which partners' systems send files."),
    "hris": Entry("hris", "group", "See how far partners' HRIS systems are read; disconnect and reconnect them."),
    "job": Entry("jobs", "group", "Look at the work that waits, runs or is dead; retry what is dead."),
    "partner": Entry("partners", "group", "Propose, check, try and apply the settings of partners."),
    "deliveries": Entry(
        "deliveries", "group", "Look at what leaves for partners; send it again, resume it, try it out."
    ),
    "expiry": Entry("expiry", "group", "See whose papers end and who is to be told; look for what is due."),
    "attorney": Entry(
        "attorneys", "group", "See who can take cases and how many more; say what they know, and when they are away."
    ),
    "assign": Entry(
        "assign", "group", "See who gets which case and why, what waits for an attorney, and pass cases on."
    ),
    "profile": Entry(
        "profiles",
        "group",
        "See and say what is known of a person for eligibility checks: degrees, awards, articles, the job offered.",
    ),
    "links": Entry("links", "group", "Make short links, see how often they are followed, and let them end."),
    "notice": Entry(
        "notices", "group", "See what people are told and why, tell them something, and say how people are told."
    ),
    "templates": Entry("templates", "group", "Look at the words of messages; give a firm its own, and try them out."),
    "rules": Entry(
        "rules", "group", "Look at the dated rules: since when they hold, by which source, whom a change meets."
    ),
    "eligibility": Entry(
        "eligibility",
        "group",
        "Look at what the law asks for each visa, check which of them a profile fits, and see how such cases ended.",
    ),
    "models": Entry("models", "group", "See and say which language models a firm has asked, and what that may cost."),
    "report": Entry("reports", "group", "Print a report about one firm, or write it to a file."),
    "firm": Entry("people", "firm", "Add law firms."),
    "staff": Entry("people", "staff", "Add the people who work at a firm, and give them passwords."),
    "client": Entry("clients", "group", "Erase people."),
    "key": Entry("keys", "group", "Give partners API keys; list and revoke them."),
    "db": Entry("database", "group", "Reach, migrate and stop the database."),
    "doctor": Entry("doctor", "command", "Check this installation and say what to fix."),
}


class Gateway(click.RichGroup):
    """Shows each command by its sentence, and loads the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order of the list above, not of the alphabet."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command itself instead of the sentence that stood for it."""
        name, stub, rest = super().resolve_command(ctx, args)
        return name, stub and _load(str(stub.name)), rest

    def invoke(self, ctx: click.Context) -> object:
        """Run it; however it fails, say so in a sentence."""
        with failures_told(ctx):
            return super().invoke(ctx)


@click.group(
    cls=Gateway,
    commands=[click.RichCommand(name=name, help=entry.sentence) for name, entry in COMMANDS.items()],
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with:\n\ngateway demo\n\ngateway ingest --help",
)
def cli() -> None:
    """Partner HR files in; firm-scoped records and receipts out.

    State lives in the folder `data`, or where GATEWAY_DATA_DIR says. Any command starts the embedded database and
    migrates it when needed. Exit codes: 0 done, 1 refused, held, invalid or failed, 2 wrong usage.
    """


def main() -> NoReturn:
    """The entry point.

    What a program has read is no waste, and goes with its process. To look through all of it once more at the end would
    take a short command as long as to read it.
    """
    atexit.register(gc.freeze)
    cli(prog_name="gateway")
    raise SystemExit(0)


def _load(name: str) -> click.Command:
    """The command of a name. What is read for it stays: nothing is looked for among it, neither meanwhile nor later."""
    entry, was_on = COMMANDS[name], gc.isenabled()
    gc.disable()
    try:
        command: click.Command = getattr(import_module(f"gateway.cli.{entry.module}"), entry.name)
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
    return command
