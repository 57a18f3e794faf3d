"""The API while what it stands on fails: services are stalled, stopped and killed, and come back."""

from __future__ import annotations

import itertools
import shutil
import threading
import time

import httpx
import pytest
from desk import ROSTER, as_csv, people, person
from served import PASSWORD, answering, installed, own_folder
from servers import Rabbit, Redis, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

SWEEP = 6  # seconds between looks for jobs that no message told about
CHANGES = ROSTER.replace("    contents: full\n    absent: close\n", "    contents: changes\n")  # each file for itself
QUESTION = {"employee_id": "E1", "date_of_birth": "1980-02-03"}
BOUND = 3.0  # seconds in which whoever asks must hear something, on a machine that is busy with other things

_numbers = itertools.count(1000)


@pytest.fixture(params=[Redis])
def service(request):
    if shutil.which(request.param.program) is None:
        pytest.skip(f"no {request.param.program} on this machine")
    with own_folder() as folder:
        server = request.param(folder)
        yield server
        server.close()


# ---------------------------------------------------------------- a file, and what became of it


def send(http: httpx.Client, headers: dict[str, str]) -> str:
    """A file about one person whom no other file is about; its import."""
    number = next(_numbers)
    files = {"file": (f"roster_{number}.csv", as_csv([person(number)]))}
    answer = http.post("/v1/files", files=files, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.json()["imports"][0]["import_id"]


def job_of(served, import_id):
    """State, attempts, and the instant at which it was begun."""
    [job] = served.asked(
        "SELECT state, attempts, extract(epoch FROM started_at) FROM jobs WHERE kind = 'ingest.run' AND about = %s",
        import_id,
    )
    return job


def load(served, http, headers) -> float:
    """Send a file and wait until it is loaded; the instant at which its job was begun."""
    import_id = send(http, headers)
    until(lambda: job_of(served, import_id)[0] == "done")
    return job_of(served, import_id)[2]


def wakes_flow(served, http, headers) -> bool:
    """Whether files in a row were begun sooner than sweeps follow each other: somebody was woken."""
    begun = [load(served, http, headers) for _ in range(3)]
    return begun[-1] - begun[0] < SWEEP


def assert_each_file_was_loaded_once(served):
    assert served.asked("SELECT DISTINCT kind, state, attempts FROM jobs WHERE queue = 'ingest'") == [
        ("ingest.run", "done", 1)
    ]
    assert served.asked("SELECT DISTINCT state FROM imports WHERE receipt_at IS NOT NULL") == [("loaded",)]
    [(files, clients, entries)] = served.asked(
        "SELECT (SELECT count(*) FROM imports), (SELECT count(*) FROM clients WHERE version = 1),"
        " (SELECT count(*) FROM audit_log WHERE actor_kind = 'import')"
    )
    assert files == clients == entries


# ---------------------------------------------------------------- Redis


def test_a_stalled_redis_holds_nobody_up_and_is_used_again_when_it_wakes_up(service):
    more = {"GATEWAY_LIMITS_URL": service.url, "GATEWAY_BROKER_URL": service.url, "GATEWAY_JOB_SWEEP_SECONDS": str(SWEEP)}
    with installed(more) as served:
        served.add_partners("northgate", "acme", roster=CHANGES)
        served.add_partners("harbor", "initech", roster=CHANGES)
        with answering(served) as http:
            acme, initech = served.key("acme"), served.key("initech")
            harbors = served.staff(http, "harbor", "otto")
            narrow = {"windows": {"minute": 5}}
            assert http.put("/v1/rate-limits/standard", json=narrow, headers=harbors).status_code == 200
            until(lambda: wakes_flow(served, http, acme))
            assert served.figure(http, "gateway_limit_decisions_total", decision="allowed", counted_by="redis") > 0
            service.stall()
            t=time.perf_counter()
            import_id = send(http, acme)
            took = []
            while time.perf_counter() - t < 20:
                b = time.perf_counter()
                r = http.post("/v1/eligibility/check", json=QUESTION, headers=acme)
                took.append(time.perf_counter() - b)
                assert r.status_code == 404
                time.sleep(0.02)
            print(len(took), sorted(took)[-10:], sorted(took)[len(took)//2])
            print(job_of(served, import_id))
            print([l for l in http.get("/metrics").text.splitlines() if "limit_dec" in l or "nudges" in l])
            service.resume()
            b=time.perf_counter()
            until(lambda: wakes_flow(served, http, acme))
            print("recovered", time.perf_counter()-b)
            print([l for l in http.get("/metrics").text.splitlines() if "limit_dec" in l or "nudges" in l])
            assert_each_file_was_loaded_once(served)
            service.stall()
            time.sleep(1)
            b=time.perf_counter()
            served.services[0].terminate()
            print("ended", served.services[0].wait(60), time.perf_counter()-b)
            print("\n".join(l for l in served.said().splitlines() if "path=" not in l))
