"""`gateway partner infer`: settings proposed from one sample file."""

from __future__ import annotations

import shlex
from pathlib import Path

import rich_click as click
from rich.console import Console

from gateway.cli.ingest import OnDisk
from gateway.cli.output import examples, invocation, json_option, plain, print_json, sink
from gateway.errors import Permanent
from gateway.wings import PARTNER_YAML

_MOST_DOUBTS = 12  # told on the terminal; the file holds them all


@click.command(
    "infer",
    epilog=examples(
        "gateway partner infer roster_20260501.csv --partner globex --firm northgate",
        "gateway partner infer roster.xlsx --partner globex --firm northgate --name 'Globex Corporation' "
        "--time-zone America/Chicago --out partner_configs/globex/partner.yaml",
    ),
)
@click.argument("sample", metavar="SAMPLE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--partner", required=True, metavar="PARTNER", help="The slug that the partner shall have.")
@click.option("--firm", required=True, metavar="FIRM", help="The slug of the firm whose records these become.")
@click.option("--name", metavar="NAME", help="The name that people read; otherwise made of the slug.")
@click.option("--time-zone", metavar="ZONE", help="IANA zone of the partner; otherwise guessed, and said to be.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file instead of stdout.")
@click.option("--force", is_flag=True, help="Overwrite the file of --out.")
@json_option
def command(
    sample: Path,
    partner: str,
    firm: str,
    name: str | None,
    time_zone: str | None,
    out: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Propose a commented partner.yaml for files like SAMPLE: CSV, Excel, fixed width, JSON or XML, packed or not.

    All of the sample is read. Beside each line stands what speaks for it, and UNSURE marks what a person must look at;
    then it is proved: the proposal is valid, and the rows of the sample load under it. Nothing is stored, and no
    database is needed. A file that cannot be understood is refused in a sentence, with exit code 1.
    """
    from ingest.infer import Asked, infer  # noqa: PLC0415 - reads tables of countries and telephone numbers

    _refuse_overwriting(out, force=force)
    if not sample.is_file():
        raise click.BadParameter(f"File {str(sample)!r} is not a regular file.")
    proposal = infer(OnDisk(sample), Asked(partner, firm, name, time_zone), PARTNER_YAML)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
    if out or not as_json:
        with sink(out) as file:
            file.write(proposal.config.encode())
    if as_json:
        print_json(proposal)
        return
    _tell(sample, partner, out, proposal.rows, proposal.loaded, proposal.unsure)


def _refuse_overwriting(out: Path | None, *, force: bool) -> None:
    if out and out.exists() and not force:
        raise Permanent("exists", f"{out} exists already. Name another file, or overwrite it with --force.")


def _tell(sample: Path, partner: str, out: Path | None, rows: int, loaded: int, unsure: list[str]) -> None:
    """What is certain, what is not, and what to type next; on stderr, for stdout may be the file."""
    console = Console(stderr=True, markup=False, emoji=False, highlight=False, soft_wrap=True)
    console.print(plain(f"{loaded:,} of the {rows:,} rows of {sample.name} load as proposed.", "green"))
    console.print(
        plain(f"Unsure of {len(unsure)} thing{'s' * (len(unsure) != 1)}:" if unsure else "No doubts.", "yellow")
    )
    for doubt in unsure[:_MOST_DOUBTS]:
        console.print(plain(f"  - {doubt}"))
    if len(unsure) > _MOST_DOUBTS:
        console.print(plain(f"  and {len(unsure) - _MOST_DOUBTS} more, at the end of the file"))
    settings = out or Path("partner_configs") / partner / "partner.yaml"
    if out is None:
        console.print(plain(f"Save it as {settings} (--out does), then:"))
    else:
        console.print(plain("Next:"))
    for words in (
        ["partner", "check", settings],
        ["partner", "apply", settings],
        ["ingest", sample, "--partner", partner],
    ):
        dry = ["--dry-run"] if words[0] == "ingest" else []
        console.print(plain(f"  {invocation()} {shlex.join(map(str, [*words, *dry]))}"))
