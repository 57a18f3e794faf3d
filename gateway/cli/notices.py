"""`gateway notice`: what people are told, and how they want to be told."""

from __future__ import annotations

import rich_click as click

from gateway.cli import notifications, preferences
from gateway.cli.output import examples


@click.group(
    "notice",
    epilog=examples(
        "gateway notice status 01a1f8c2-20f6",
        "gateway notice preferences --firm northgate --channel email --pace daily",
    ),
)
def group() -> None:
    """Tell people something and see what became of it; say how people are told, and who is not."""


for _command in (*notifications.COMMANDS, *preferences.COMMANDS):
    group.add_command(_command)
