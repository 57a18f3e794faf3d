"""The API as it is served: own processes, real sockets, a partner and staff who call it."""

from __future__ import annotations

import io
import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import openpyxl
import pytest
from helpers.inbox import as_csv, people, person
from helpers.servers import Rabbit
from helpers.serving import answering, installed, own_folder

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def rabbitmq_url():
    if shutil.which(Rabbit.program) is None:
        pytest.skip("no rabbitmq-server on this machine")
    with own_folder() as folder:
        server = Rabbit(folder)
        yield server.url
        server.close()


@pytest.fixture(scope="module", params=["database", "rabbitmq"])
def served(request):
    more = {} if request.param == "database" else {"GATEWAY_BROKER_URL": request.getfixturevalue("rabbitmq_url")}
    with installed(more) as installation:
        installation.add_partners("northgate", "acme", "globex")
        installation.add_partners("harbor", "initech", "umbrella")
        with answering(installation) as http:
            installation.http = http
            yield installation


def followed(http: httpx.Client, url: str, headers: dict[str, str]) -> str:
    """The state in which an import ends, told by its events."""
    with http.stream("GET", f"{url}/events", headers=headers) as events:
        lines = [line for line in events.iter_lines() if line.startswith("data: ")]
    return json.loads(lines[-1].removeprefix("data: "))["state"]


def sent(http: httpx.Client, headers: dict[str, str], name: str, content: bytes) -> str:
    answer = http.post("/v1/files", files={"file": (name, content)}, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.json()["imports"][0]["status_url"]


def test_a_file_goes_from_upload_over_errors_to_repair_and_the_persons_history_names_both(served):
    http, acme = served.http, served.key("acme")
    url = sent(http, acme, "roster_20260301.csv", as_csv([*people(20), person(21, dob="soon")]))
    assert followed(http, url, acme) == "loaded_with_errors"

    told = http.get(url, headers=acme).json()
    book = openpyxl.load_workbook(io.BytesIO(http.get(told["receipts"]["xlsx"], headers=acme).content))
    [sheet] = book.worksheets
    place = next(cell.column for cell in sheet[1] if cell.value == "DOB")
    sheet.cell(2, place, "02/03/1980")
    out = io.BytesIO()
    book.save(out)
    repaired = sent(http, acme, "errors.xlsx", out.getvalue())
    assert followed(http, repaired, acme) == "loaded"
    changed = sent(http, acme, "roster_20260302.csv", as_csv([*people(20), person(21, salary="60000")]))
    assert followed(http, changed, acme) == "loaded"

    staff = served.staff(http, "northgate", "ana")
    [client] = http.get("/v1/clients", params={"search": "E21"}, headers=staff).json()["data"]
    history = http.get(f"/v1/clients/{client['id']}/history", headers=staff).json()["data"]
    sources = [one["source"] for one in history if one["source"]]
    files = {(one["file"], one["line"]) for one in sources}
    assert files == {("errors.xlsx", 2), ("roster_20260302.csv", 22)}


def test_two_hundred_callers_of_two_firms_never_see_each_others_people(served):
    http = served.http
    marks = {"acme": "Northgate", "globex": "Northgate", "initech": "Harbor", "umbrella": "Harbor"}
    keys = {partner: served.key(partner) for partner in marks}
    for partner, mark in marks.items():
        rows = [person(n, last_name=f"{mark}-{partner}-{n}") for n in range(1, 21)]
        url = sent(http, keys[partner], "roster_20260401.csv", as_csv([*rows, person(99, last_name=mark, dob="x")]))
        assert followed(http, url, keys[partner]).startswith("loaded"), partner
    staff = {firm: served.staff(http, firm, "vera", "viewer") for firm in ("northgate", "harbor")}

    def ask(number: int) -> tuple[str, str, int]:
        partner = list(marks)[number % 4]
        firm = marks[partner].lower()
        with httpx.Client(base_url=served.url, timeout=60) as own:
            kind = number % 5
            if kind == 0:
                answer = own.get("/v1/clients", params={"limit": 100}, headers=staff[firm])
            elif kind == 1:
                answer = own.get("/v1/imports", headers=keys[partner])
            elif kind == 2:
                answer = own.get("/v1/reports/import_errors", params={"format": "json"}, headers=keys[partner])
            elif kind == 3:
                answer = own.get("/v1/documents", headers=staff[firm])
            else:
                question = {"employee_id": f"E{number % 20 + 1}", "date_of_birth": "1980-02-03"}
                answer = own.post("/v1/eligibility/check", json=question, headers=keys[partner])
        return marks[partner], answer.text, answer.status_code

    with ThreadPoolExecutor(200) as bulkhead:
        answers = list(bulkhead.map(ask, range(1000)))
    assert {status for _, _, status in answers} == {200}
    other = {"Northgate": "Harbor", "Harbor": "Northgate"}
    assert [text for mark, text, _ in answers if f"{other[mark]}-" in text] == []
    assert any(f"{mark}-" in text for mark, text, _ in answers)


def test_a_revoked_key_stops_at_once(served):
    http = served.http
    made = served.json("key", "add", "--partner", "umbrella", "--name", "to go")
    headers = {"Authorization": f"Bearer {made['secret']}"}
    assert http.get("/v1/imports", headers=headers).status_code == 200
    served.run("key", "revoke", made["prefix"])
    assert http.get("/v1/imports", headers=headers).status_code == 401


def test_all_services_together_open_no_more_connections_than_the_database_has(served):
    question = {"employee_id": "nobody", "date_of_birth": "1990-02-03"}
    served.add_partners("northgate", "hooli")  # the others have two keys by now, and may have no third
    key = served.key("hooli")
    assert served.http.post("/v1/eligibility/check", json=question, headers=key).status_code == 404
    [found] = [check for check in served.json("doctor") if check["name"] == "connections"]
    assert found["level"] == "ok", found


def test_no_check_is_answered_from_before_a_commit(served):
    """Readers ask all the time while a writer loads files; whoever asks after a commit must hear of it."""
    http, globex = served.http, served.key("globex")
    done = threading.Event()
    wide = {"windows": {"minute": 10_000_000, "day": 10_000_000}}
    admin = served.staff(http, "northgate", "otto")
    for tier in ("standard", "firm"):
        assert http.put(f"/v1/rate-limits/{tier}", json=wide, headers=admin).status_code == 200
    readers = [threading.Thread(target=_ask_until, args=(served.url, globex, done)) for _ in range(6)]
    for one in readers:
        one.start()
    try:
        _write_and_ask(http, globex)
    finally:
        done.set()
        for one in readers:
            one.join()


def _ask_until(url, headers, done):
    with httpx.Client(base_url=url, timeout=30) as http:
        while not done.is_set():
            question = {"employee_id": "E7", "date_of_birth": "1980-02-03"}
            assert http.post("/v1/eligibility/check", json=question, headers=headers).status_code in {200, 404}


def _write_and_ask(http, globex):
    for day in range(1, 9):
        number = 500 + day
        rows = [*people(30), person(number)]
        url = sent(http, globex, f"roster_202605{day:02}.csv", as_csv(rows))
        assert followed(http, url, globex) == "loaded"
        question = {"employee_id": f"E{number}", "date_of_birth": "1980-02-03"}
        assert http.post("/v1/eligibility/check", json=question, headers=globex).status_code == 200, day
