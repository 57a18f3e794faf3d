"""A crowd of large archives, as awkward as they can be, is answered at once and keeps nobody else from being served."""

from __future__ import annotations

import io
import random
import zipfile
from concurrent.futures import ThreadPoolExecutor, wait

import httpx
import pytest
from helpers.inbox import ROSTER
from helpers.servers import until
from helpers.serving import installed

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

SENT, FILES, SIZE = 8, 1_000, 51_000
PATIENT = 30  # seconds after which a caller gives up; unpacked while they are sent, these took twice as many each
NO_IDLE = httpx.Limits(max_keepalive_connections=0)  # a server may close one at the moment at which it is used again


@pytest.fixture
def lab():
    with installed() as made:
        made.add_partners("northgate", "acme", roster=ROSTER.replace("format:", "unpack: {{zip: true}}\n    format:"))
        made.add_partners("harbor", "initech")
        made.serve("--role", "api")
        yield made


def a_zip(order=None) -> bytes:
    """A thousand files, which the directory names in the order in which they lie, or in another."""
    noise = random.Random(7).randbytes(FILES + SIZE)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for number in range(FILES):
            archive.writestr(f"roster_{number}.csv", noise[number : number + SIZE])
        place = {entry.filename: number for number, entry in enumerate(archive.filelist)}
        archive.filelist.sort(key=lambda entry: (order or float)(place[entry.filename]))
    return written.getvalue()


def to_and_fro(place: int) -> float:
    """The first file, the last, the second, the last but one."""
    return min(place, FILES - place - 0.5)


def test_a_crowd_of_archives_is_answered_at_once_and_others_are_served(lab):
    slow, quick = lab.key("acme"), lab.key("initech")

    def send(number: int, archive: bytes) -> int:
        file = (f"out{number}.zip", archive)
        return httpx.post(f"{lab.url}/v1/files", files={"file": file}, headers=slow, timeout=PATIENT).status_code

    def served_beside(archive: bytes) -> int:
        with httpx.Client(base_url=lab.url, timeout=PATIENT, limits=NO_IDLE) as http, ThreadPoolExecutor(SENT) as pool:
            until(lambda: lab.is_ready(http))
            answers, served = [pool.submit(send, number, archive) for number in range(SENT)], 0
            while not all(one.done() for one in answers):
                assert http.get("/v1/me", headers=quick).status_code == 200
                served += not all(one.done() for one in answers)
                wait(answers, timeout=0.1)  # or the quick one meets its limit
        assert {one.result() for one in answers} <= {202, 429}
        assert sum(one.result() == 202 for one in answers) >= 4
        return served

    for archive in (a_zip(), a_zip(to_and_fro)):
        assert served_beside(archive) >= 1
    assert lab.asked("SELECT DISTINCT state FROM imports") == [("received",)]
