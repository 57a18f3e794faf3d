"""Measures the budgets, prints them, and writes bench/results.json and the table in bench/README.md."""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import alike
import assigning
import checking
import deciding
import delivering
import ending
import following
import holding
import loading
import mailing
import pages
import psycopg
import realtime
import repairing
import sending
import starting
import trail
from measuring import Row

from gateway import clock, logging, settings
from gateway.db.cluster import VERSION

ROOMS = (
    loading, ending, realtime, repairing, alike, following, sending, delivering, mailing, assigning, deciding, holding,
    checking, pages, trail, starting,
)  # fmt: skip
SCENARIOS = [one for room in ROOMS for one in room.SCENARIOS]

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
README = HERE / "README.md"
MARKS = ("<!-- results -->\n", "<!-- end of results -->\n")


def main() -> int:
    """Run what was asked for; 1 when a budget is missed."""
    asked = _arguments()
    gc.freeze()  # as the command does with what it has read: workers that run in here are not to look through all of it
    logging.configure(settings.load({"GATEWAY_LOG_LEVEL": "warning"}))
    names = asked.only or [name for one in SCENARIOS for name in one.rows if not one.long or asked.long]
    rows = [row for one in SCENARIOS if set(one.rows) & set(names) for row in one.measure() if row.name in names]
    results = {"machine": _machine(), "date": f"{clock.now():%Y-%m-%d}", "rows": _kept(rows)}
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    _fill_readme(_table(results["rows"]))
    print(json.dumps([asdict(row) for row in rows], indent=2) if asked.json else _table([asdict(row) for row in rows]))
    return 0 if all(row.met for row in rows) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    rows = [name for one in SCENARIOS for name in one.rows]
    parser.add_argument("--only", action="append", choices=rows, help="measure one row; may be repeated")
    parser.add_argument("--long", action="store_true", help="the rows that take minutes as well")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


def _kept(rows: Iterable[Row]) -> list[dict[str, object]]:
    """The rows just measured in place of their last figures; the others as they were."""
    before = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"] if RESULTS.exists() else []
    found = {row["name"]: row for row in before} | {row.name: asdict(row) for row in rows}
    return [found[name] for one in SCENARIOS for name in one.rows if name in found]


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = ".".join(map(str, sys.version_info[:2]))
    what = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, {memory:.0f} GB"
    return f"{what}; Python {python}, psycopg {psycopg.__version__}, embedded PostgreSQL {VERSION} with fsync"


def _table(rows: Iterable[dict[str, object]]) -> str:
    head = "| work | seconds | measured against | seconds | ratio | budget | MB | budget | met |\n" + "|---" * 9 + "|\n"
    return head + "".join(_line(row) for row in rows)


def _line(row: dict[str, object]) -> str:
    memory = f"{row['rss_mb']:.0f} | {row['rss_budget']}" if row["rss_budget"] else f"{row['rss_mb']:.0f} | -"
    unit = row.get("unit", "")
    against = f"{row['floor']} | {row['floor_seconds']:.3g}{unit} | {row['ratio']:.2f} | {row['budget']:.3g}"
    times = f"{row['seconds']:.3g}{unit} | {against}"
    return f"| {row['work']} | {times} | {memory} | {'yes' if row['met'] else '**no**'} |\n"


def _fill_readme(table: str) -> None:
    before, rest = README.read_text(encoding="utf-8").split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    README.write_text(before + MARKS[0] + table + MARKS[1] + after, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
