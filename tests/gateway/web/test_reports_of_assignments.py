"""Reports of assignments are the same in every form and through every door, and none of them a partner's."""

import csv
import io
import json
import random
from datetime import date, datetime
from uuid import UUID

import openpyxl
import pytest
from helpers.assignments_told import NOW, OF_ASSIGNMENTS, approximately, furnish, told
from helpers.doing import do_jobs

from gateway.errors import Problem

DELIVERY = """
deliveries:
  loads:
    report: workload_distribution
    schedule: "0 6 * * *"
    carrier: {via: download}
"""


@pytest.fixture
def world(db, tenants, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", NOW.isoformat())
    return furnish(db, tenants, random.Random(13))


@pytest.mark.parametrize("name", OF_ASSIGNMENTS)
def test_a_report_is_the_same_in_every_form_and_through_every_door(
    http, as_staff, gateway, office, db, tenants, world, name
):
    rows, viewer = told(db, tenants, name), as_staff("viewer")
    assert rows

    def asked(form):
        return http.get(f"/v1/reports/{name}?format={form}", headers=viewer)

    plain = [{key: as_json(value) for key, value in row.items()} for row in rows]
    assert asked("json").json() == plain
    assert list(csv.DictReader(io.StringIO(asked("csv").text))) == [
        {key: "" if value is None else str(value) for key, value in row.items()} for row in plain
    ]
    sheet = openpyxl.load_workbook(io.BytesIO(asked("xlsx").content)).worksheets[0]
    header, *cells = sheet.iter_rows(values_only=True)
    assert [dict(zip(header, map(as_day, row), strict=True)) for row in cells] == approximately(plain)

    typed = gateway("report", name, "--firm", "northgate", "--format", "json")
    assert json.loads(typed.stdout) == plain
    ordered = http.post(f"/v1/reports/{name}", headers=viewer, json={"format": "json"})
    do_jobs(office, ["bulk"])
    assert http.get(f"{ordered.headers['location']}/file", headers=viewer).json() == plain


def as_day(value):
    """A cell's day, which a workbook has as the midnight before it."""
    return str(value.date()) if isinstance(value, datetime) else value


def as_json(value):
    return str(value) if isinstance(value, UUID | date) else value


@pytest.mark.parametrize("name", OF_ASSIGNMENTS)
def test_a_partner_neither_takes_them_out_nor_has_them_delivered(http, acme_key, inbox, roster, name):
    assert http.get(f"/v1/reports/{name}", headers=acme_key).status_code == 403
    assert http.post(f"/v1/reports/{name}", headers=acme_key, json={"format": "csv"}).status_code == 403
    with pytest.raises(Problem, match=f'There is no report "{name}". Partners can have '):
        inbox.apply(roster + DELIVERY.replace("workload_distribution", name))
