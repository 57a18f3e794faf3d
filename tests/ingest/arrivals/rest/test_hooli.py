"""The sample partner hooli-hris arrives by being asked: its samples are what its HRIS answers."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from helpers.hris import CLIENT_SECRET
from helpers.inbox import Inbox

from gateway import clock

FOLDER = Path(__file__).parents[4] / "partner_configs" / "hooli-hris"
SAMPLES = {
    datetime.strptime(path.name, "hooli_workers_%Y-%m-%dT%H%M%S%z.json"): path.read_bytes()
    for path in sorted((FOLDER / "samples").glob("*.json"))
}
NOBODY = b'{"meta": {}, "data": {"employees": []}}'


@pytest.fixture
def hooli(office, tenants, hris, opened):
    (opened.secrets_dir / "northgate" / "HOOLI_CLIENT").write_text(CLIENT_SECRET)
    text = (FOLDER / "partner.yaml").read_text(encoding="utf-8")
    for address in ("https://api.hooli.example", "https://login.hooli.example"):
        assert address in text
        text = text.replace(address, hris.url)
    inbox = Inbox(office, tenants.northgate, "hooli-hris")
    inbox.apply(text)
    return inbox


def test_its_answers_become_records_as_its_samples_do(hooli, hris, day, minutes):
    hris._page = lambda query: NOBODY if "updatedBefore" in query else SAMPLES.get(clock.now(), NOBODY)
    for at in SAMPLES:
        day.set(at)
        day.move(minutes=-1)
        minutes(2)
    names = [name for (name,) in hooli.sql("SELECT name FROM files ORDER BY received_at")]
    assert names == [path.name for path in sorted((FOLDER / "samples").glob("*.json"))]
    assert [as_of for (as_of,) in hooli.sql("SELECT as_of FROM imports ORDER BY as_of")] == [*SAMPLES]
    pay = {key: float(value) for key, value in hooli.clients().items()}
    told = {one["employeeId"]: one for body in SAMPLES.values() for one in json.loads(body)["data"]["employees"]}
    rejected = {key for key, one in told.items() if one["nationality"] == "Ruritania"}
    assert pay == {key: one["employment"]["compensation"]["amount"] for key, one in told.items() if key not in rejected}
