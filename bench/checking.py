"""The row about asking for an eligibility check: how long whoever asks waits until it is accepted."""

from __future__ import annotations

import os
import sys
from statistics import quantiles
from time import perf_counter
from uuid import UUID, uuid4

import httpx
from fabricate import FIRM
from laboratory import Laboratory
from measuring import Budget, Sample, Samples, Scenario
from realtime import ME, free_port, running

from gateway import settings
from gateway.db.models import Client, Partner
from gateway.db.session import Database
from gateway.domain.access import accounts
from gateway.domain.eligibility import entries, policies
from gateway.domain.eligibility.entries import Said
from gateway.wings import office_of
from outbound.llm import PROVIDERS, RULES

ENTRIES, ASKED, WARM = 60, 200, 20
SLOWEST = 0.1  # seconds, of 95 in 100

_PASSWORD = "fig-tree-lamp-owl"  # noqa: S105 - of a firm that lasts as long as the bench
_EMAIL = "bench@bench.example"
_KNOWN = {
    "award": {"name": "Silver Sprocket", "scope": "national", "is_for_excellence": True},
    "press": {"outlet": "The Gear Post", "is_about_person": True, "is_major": True},
    "judging": {"role": "reviewer", "is_done": True, "times": 4},
    "contribution": {"summary": "A way to grind gears.", "is_original": True, "adopted_by": 4, "citations": 120},
    "article": {"venue": "Gears", "is_peer_reviewed": True, "citations": 30},
    "employment": {"employer": "Zorvex Robotics, Inc.", "title": "Engineer", "from_on": "2019-01-07"},
}


def _ask(lab: Laboratory) -> Samples:
    client = _furnished(lab)
    port = free_port()
    serve = [sys.executable, "-c", "from gateway.cli import main; main()", "serve", "--role", "api"]
    ours = {
        "GATEWAY_DATA_DIR": str(lab.server.data_dir),
        "GATEWAY_HTTP_PORT": str(port),
        "GATEWAY_LOG_LEVEL": "warning",
    }
    at = f"http://127.0.0.1:{port}"
    with running(serve, port, os.environ | ours), httpx.Client(base_url=at, timeout=60) as http:
        told = http.post("/v1/auth/login", json={"email": _EMAIL, "password": _PASSWORD}).raise_for_status().json()
        http.headers["Authorization"] = f"Bearer {told['access_token']}"
        taken = [_asked(http, client) for _ in range(WARM + ASKED)][WARM:]
    yield "ask_check", Sample(quantiles(taken, n=20)[-1], SLOWEST, 0.0)


def _asked(http: httpx.Client, client: UUID) -> float:
    """Of all visas; nobody works on it, so that none is answered by an earlier one."""
    begun = perf_counter()
    answer = http.post(f"/v1/clients/{client}/eligibility-checks", json={})
    taken = perf_counter() - begun
    if answer.status_code != httpx.codes.ACCEPTED:
        raise SystemExit(f"The bench is broken: {answer.status_code} {answer.text}")
    return taken


def _furnished(lab: Laboratory) -> UUID:
    """A firm with somebody who may ask often, and a person of whom much is known."""
    loaded = settings.load({"GATEWAY_DATA_DIR": str(lab.server.data_dir)})
    database = Database.open(loaded)
    office = office_of(database, loaded)
    firm = accounts.add_firm(office, FIRM, "Bench", time_zone="America/Chicago", actor=ME).id
    with office.acting(firm, ME) as acting:
        staff = accounts.add_staff(acting, _EMAIL, name="Bench", role="admin")
        accounts.set_password(acting, staff, _PASSWORD)
        policies.change(acting, {"checks_per_hour": 1_000}, [*PROVIDERS, RULES.name])
        partner, client = uuid4(), uuid4()
        acting.session.add(Partner(firm_id=firm, id=partner, slug="bench", name="Bench", time_zone="UTC"))
        acting.session.flush()
        acting.session.add(Client(firm_id=firm, id=client, partner_id=partner, key="E1", employee_id="E1", pins={}))
        acting.session.flush()
        for number in range(ENTRIES):
            kind = [*_KNOWN][number % len(_KNOWN)]
            entries.add(acting, client, kind, Said(facts=_KNOWN[kind], backing="documented", proof="folder 3"))
    database.close()
    lab.settle()
    return client


SCENARIOS = (
    Scenario(
        {
            "ask_check": Budget(
                f"95th percentile of asking for a check of all visas, {ENTRIES} entries being known",
                f"{1000 * SLOWEST:.0f} ms",
                1.0,
            )
        },
        _ask,
        rounds=1,
    ),
)
