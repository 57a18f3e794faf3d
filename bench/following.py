"""The rows about short links: led on, against a bare handler with the same look-up; and how long the slowest wait."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from uuid import UUID

from fabricate import FIRM
from laboratory import Laboratory
from measuring import Budget, Sample, Samples, Scenario
from realtime import CALLS, ME, PACE, call, free_port, running

from gateway import settings
from gateway.db.session import Database, driver
from gateway.domain.access import accounts
from gateway.domain.links import links
from gateway.wings import office_of

HERE = Path(__file__).parent
LINKS = 10_000
_LINKS = """
INSERT INTO short_links (firm_id, code, target, created_by)
SELECT %(firm)s, 'bench-' || n, 'https://firm.example/' || n, 'bench' FROM generate_series(1, %(links)s) n
"""
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def _follow(lab: Laboratory) -> Samples:
    firm, code = _furnished(lab)
    bare_port, port = free_port(), free_port()
    bare = [sys.executable, str(HERE / "bare.py"), lab.server.url("superuser"), str(bare_port)]
    serve = [sys.executable, "-c", "from gateway.cli import main; main()", "serve", "--role", "api"]
    ours = {
        "GATEWAY_DATA_DIR": str(lab.server.data_dir),
        "GATEWAY_HTTP_PORT": str(port),
        "GATEWAY_LOG_LEVEL": "warning",
    }
    environ = os.environ | {"BENCH_FIRM": str(firm), "BENCH_PARTNER": str(firm)}
    head = f"GET /l/{code} HTTP/1.1\r\nHost: x\r\nUser-Agent: {BROWSER}\r\n"
    with running(bare, bare_port, environ), running(serve, port, environ | ours):
        for each in (port, bare_port):
            call(each, 500, 0, head, "302")
        floor, real = call(bare_port, CALLS, 0, head, "302"), call(port, CALLS, 0, head, "302")
        paced = call(port, CALLS, PACE, head, "302")
    yield "follow", Sample(real["seconds"], floor["seconds"], 0.0)
    yield "follow_p99", Sample(paced["p99"], 0.050, 0.0)


def _furnished(lab: Laboratory) -> tuple[UUID, str]:
    """A firm with many links, and the code of one."""
    loaded = settings.load({"GATEWAY_DATA_DIR": str(lab.server.data_dir)})
    database = Database.open(loaded)
    office = office_of(database, loaded)
    firm = accounts.add_firm(office, FIRM, "Bench", time_zone="America/Chicago", actor=ME).id
    with office.acting(firm, ME) as acting:
        driver(acting.session).execute(_LINKS, {"firm": firm, "links": LINKS})
        code = links.shorten(acting, "https://firm.example/intake").code
    database.close()
    lab.settle()
    return firm, code


SCENARIOS = (
    Scenario(
        {
            "follow": Budget(
                f"{CALLS:,} short links followed and counted, of {LINKS:,}",
                "the same look-up in a bare handler",
                1 / 0.6,
            ),
            "follow_p99": Budget(f"99th percentile of that at {PACE:,} a second", "50 ms", 1.0),
        },
        _follow,
        rounds=3,
    ),
)
