"""`gateway partner test`: partners' samples through the whole pipeline, in a database that is gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_bytes

import rich_click as click
from msgspec.structs import replace
from rich.console import Console

from gateway.cli.failing import FAILED
from gateway.cli.office import settings_here
from gateway.cli.output import console, examples, json_option, plain, print_json
from gateway.config import nearest
from gateway.db import cluster, embedded
from gateway.db.session import Database
from gateway.errors import Problem
from gateway.office import Office
from gateway.settings import MASTER_KEY_BYTES, Settings
from gateway.wings import PARTNER_YAML, office_of
from ingest.samples import EXPECTED, PARTNER, SAMPLES, Trial, run_samples

# the installation's database is not the one to try samples in
_NO_ADDRESS = {"database_url": None, "system_database_url": None, "owner_database_url": None}


@click.command("test", epilog=examples("gateway partner test", "gateway partner test acme globex-workday"))
@click.argument("partners", nargs=-1, metavar="[PARTNER...]")
@json_option
@click.pass_context
def command(ctx: click.Context, partners: tuple[str, ...], as_json: bool) -> None:
    """Load the samples of partners and compare what they come to with expected.yaml.

    PARTNER is a folder of the settings folder, or the path of one elsewhere; without any, all are tried. Runs in a
    database of its own, which is gone afterwards: the installation's is not touched. Exit code 1 where something is not
    as agreed; what was found is printed as it would stand in expected.yaml.
    """
    settings = settings_here()
    results = list(_tried(settings, _folders(settings, partners)))
    if as_json:
        print_json([_account(*one) for one in results])
    else:
        for folder, outcome in results:
            _tell(folder, outcome)
    if not all(_is_good(outcome) for _, outcome in results):
        ctx.exit(FAILED)


TrialOutcome = Trial | Problem | None  # a problem where it could not be tried, None where there is nothing to try


def _folders(settings: Settings, named: tuple[str, ...]) -> list[Path]:
    known = {path.parent.name: path.parent for path in sorted(settings.config_dir.glob(f"*/{PARTNER}"))}
    if named:
        return [_folder(name, known) for name in named]
    if not known:
        raise click.UsageError(
            f"There is no {PARTNER} in a folder of {settings.config_dir}; GATEWAY_CONFIG_DIR names it."
        )
    return list(known.values())


def _folder(name: str, known: dict[str, Path]) -> Path:
    if name in known:
        return known[name]
    if (Path(name) / PARTNER).is_file():
        return Path(name)
    hint = nearest(name, known)
    raise click.BadParameter(
        f"{name!r} is no folder with a {PARTNER}; there are {', '.join(known) or 'none'}."
        + (f" Did you mean {hint!r}?" if hint else "")
    )


def _tried(settings: Settings, folders: list[Path]) -> Iterator[tuple[Path, TrialOutcome]]:
    with Console(stderr=True).status("Starting a database for the samples") as shown, _throwaway(settings) as office:
        for number, folder in enumerate(folders, start=1):
            shown.update(plain(f"{folder.name}, {number} of {len(folders)}"))
            yield folder, _outcome(office, folder)


def _outcome(office: Office, folder: Path) -> TrialOutcome:
    if not (folder / SAMPLES).exists() and not (folder / EXPECTED).exists():
        return None
    try:
        return run_samples(office, folder, PARTNER_YAML)
    except Problem as problem:
        return problem


@contextmanager
def _throwaway(settings: Settings) -> Iterator[Office]:
    """An office on a server of its own, of which nothing stays."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-test-"))
    try:
        folder.chmod(0o711)  # root's server runs as another account, which must pass
        own = replace(settings, data_dir=folder, master_key=token_bytes(MASTER_KEY_BYTES), **_NO_ADDRESS)
        embedded.ensure_running(folder, durable=False)
        database = Database.open(own)
        try:
            yield office_of(database, own)
        finally:
            database.close()
            embedded.stop(folder)
    finally:
        shutil.rmtree(cluster.socket_folder(folder), ignore_errors=True)  # elsewhere, where the path was too long
        shutil.rmtree(folder, ignore_errors=True)


# ---------------------------------------------------------------- telling


def _is_good(outcome: TrialOutcome) -> bool:
    return outcome is None or (isinstance(outcome, Trial) and not outcome.differences)


def _tell(folder: Path, outcome: TrialOutcome) -> None:
    out = console()
    if outcome is None:
        out.print(plain(f"{folder.name}: no samples.", "cyan"))
    elif isinstance(outcome, Problem):
        out.print(plain(f"{folder.name}: {outcome.sentence}", "red"), soft_wrap=True)
    elif not outcome.differences:
        out.print(plain(f"{folder.name}: {_files(outcome)} as expected.", "green"))
    else:
        _tell_differences(out, folder, outcome)


def _tell_differences(out: Console, folder: Path, trial: Trial) -> None:
    count = len(trial.differences)
    out.print(plain(f"{folder.name}: {_files(trial)}, {count} difference{'s' * (count != 1)}:", "red"))
    for one in trial.differences:
        out.print(plain(f"  {one}"), soft_wrap=True)
    if trial.found:
        out.print(f"  Found, as it would stand in {EXPECTED}:")
        for sample in trial.found:
            out.print(plain("\n".join(f"  {line}" for line in str(sample).splitlines())), soft_wrap=True)


def _files(trial: Trial) -> str:
    return f"{trial.files} file{'s' * (trial.files != 1)}"


def _account(folder: Path, outcome: TrialOutcome) -> dict[str, object]:
    told: dict[str, object] = {"folder": str(folder), "passed": _is_good(outcome), "files": 0, "differences": []}
    if isinstance(outcome, Problem):
        return told | {"error": outcome.code, "message": outcome.sentence}
    if outcome is None:
        return told
    differences = [{"sentence": str(one), "file": one.file, "what": one.what} for one in outcome.differences]
    return told | {"files": outcome.files, "differences": differences, "found": outcome.found}
