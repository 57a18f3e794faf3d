"""A crowd of large archives, as awkward as they can be, is answered at once and keeps nobody else from being served."""

from __future__ import annotations

import io
import random
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor, wait

import httpx
import pytest
from helpers.inbox import ROSTER
from helpers.servers import until
from helpers.serving import installed

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

SENT, FILES, SIZE = 8, 1_000, 51_000
BOUND = 5.0  # seconds in which others hear something, while this test sends 400 MB from the same two cores
PROMPT = 30.0  # seconds in which all are answered


@pytest.fixture
def lab():
    with installed() as made:
        made.add_partners("northgate", "acme", roster=ROSTER.replace("format:", "unpack: {{zip: true}}\n    format:"))
        made.add_partners("harbor", "initech")
        made.serve("--role", "api")
        yield made


@pytest.fixture
def to_and_fro() -> bytes:
    """A zip whose directory names its first file, its last, its second, its last but one."""
    noise = random.Random(7).randbytes(FILES + SIZE)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for number in range(FILES):
            archive.writestr(f"roster_{number}.csv", noise[number : number + SIZE])
        place = {entry.filename: number for number, entry in enumerate(archive.filelist)}
        archive.filelist.sort(key=lambda entry: min(place[entry.filename], FILES - place[entry.filename] - 0.5))
    return written.getvalue()


def test_a_crowd_of_archives_is_answered_at_once_and_others_are_served(lab, to_and_fro):
    slow, quick = lab.key("acme"), lab.key("initech")

    def send(number: int) -> int:
        file = (f"out{number}.zip", to_and_fro)
        return httpx.post(f"{lab.url}/v1/files", files={"file": file}, headers=slow, timeout=200).status_code

    with httpx.Client(base_url=lab.url, timeout=60) as http, ThreadPoolExecutor(SENT) as pool:
        until(lambda: lab.is_ready(http))
        begun, longest = time.monotonic(), 0.0
        answers = [pool.submit(send, number) for number in range(SENT)]
        while not all(one.done() for one in answers):
            asked = time.monotonic()
            assert http.get("/v1/me", headers=quick).status_code == 200
            longest = max(longest, time.monotonic() - asked)
            wait(answers, timeout=0.1)  # or the quick one meets its limit
        took = time.monotonic() - begun
    assert {one.result() for one in answers} <= {202, 429}
    assert sum(one.result() == 202 for one in answers) >= 4
    assert lab.asked("SELECT DISTINCT state FROM imports") == [("received",)]
    assert took < PROMPT
    assert longest < BOUND
