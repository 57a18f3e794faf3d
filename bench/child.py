"""One import in a process of its own, so that its memory is its own: prints what it took and came to, as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter

from fabricate import partner_yaml

from gateway import settings
from gateway.db.session import Database
from gateway.domain.partners import homes, versions
from gateway.domain.partners.homes import find_home
from gateway.office import Actor, Office
from gateway.wings import PARTNER_YAML, office_of
from ingest import receipts
from ingest.account import account_of
from ingest.arrival import Asked
from ingest.reception import receive
from ingest.running import finish

ME = Actor("system", "bench")


def main(data_dir: str, slug: str, path: str, forced: str) -> None:
    """Receive the file and take it to its end; only that is timed."""
    office = _office(data_dir)
    home = _home(office, slug)
    begun = perf_counter()
    arrival = receive(
        office, home, Path(path).name, _pieces(path), via="cli", by=ME, asked=Asked(forced=forced == "forced")
    )
    finish(office, home, arrival, lambda *_: None)
    seconds = perf_counter() - begun
    with office.db.firm(home.firm_id) as session:
        told = account_of(session, arrival, receipts.folder_of(office.settings, home, arrival), problems=False)
    kept = {key: told[key] for key in ("state", "reason", "rows", "records", "problem_count")}
    print(json.dumps({"seconds": seconds, "rss_mb": _peak_mb(), **kept}))
    office.db.close()


def _office(data_dir: str) -> Office:
    loaded = settings.load({"GATEWAY_DATA_DIR": data_dir})
    return office_of(Database.open(loaded), loaded)


def _home(office: Office, slug: str) -> homes.Home:
    versions.settle(office, PARTNER_YAML.read(partner_yaml(slug)), ME)
    return find_home(office, slug)


def _pieces(path: str):  # noqa: ANN202 - see `receive`
    with Path(path).open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece


def _peak_mb() -> float:
    """VmHWM is this process's own; ru_maxrss would start with its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes) / 1024
