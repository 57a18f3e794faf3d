"""`gateway notice`: what people are told, and how they want to be told."""

from __future__ import annotations

import rich_click as click

from gateway.cli import notifications, preferences, told
from gateway.cli.output import examples


@click.group(
    "notice",
    epilog=examples(
        "gateway notice list --firm northgate --state held",
        "gateway notice explain 01a1f8c2-20f6",
        "gateway notice preferences --firm northgate --channel email --pace daily",
    ),
)
def group() -> None:
    """See what people are told and why, tell them something, and say how people are told.

    An id may be shortened to a beginning that no other one has.
    """


for _command in (*told.COMMANDS, *notifications.COMMANDS, *preferences.COMMANDS):
    group.add_command(_command)
