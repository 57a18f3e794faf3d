"""Files sent over HTTP, what became of them, and who may see it."""

import csv
import io
import json
import zipfile
from uuid import UUID

import openpyxl
import pytest
from helpers.inbox import as_csv, people, person

from gateway.domain.partners.homes import find_home
from ingest.running import finish

FILES, IMPORTS = "/v1/files", "/v1/imports"


def send(http, headers, content, name="roster_20260301.csv", **more):
    raw = content if isinstance(content, bytes) else as_csv(content)
    return http.post(FILES, files={"file": (name, raw)}, data=more, headers=headers)


@pytest.fixture
def worked(inbox):
    """Does what a worker does with an import."""

    def work(answer):
        import_id = UUID(answer.json()["imports"][0]["import_id"])
        finish(inbox.office, find_home(inbox.office, "acme"), import_id)
        return str(import_id)

    return work


@pytest.fixture
def globex_key(key_of, tenants):
    return key_of(tenants.northgate, tenants.globex)


def test_a_file_is_on_record_and_queued_when_the_answer_leaves(http, acme_key, inbox):
    answer = send(http, acme_key, people(3))
    assert answer.status_code == 202, answer.text
    [one] = answer.json()["imports"]
    assert answer.headers["location"] == one["status_url"] == f"{IMPORTS}/{one['import_id']}"
    assert http.get(one["status_url"], headers=acme_key).json()["state"] == "received"
    assert inbox.sql("SELECT kind, about::text, state FROM jobs") == [("ingest.run", one["import_id"], "waiting")]


def test_an_archive_is_one_import_that_names_its_files(http, acme_key, worked, inbox, roster):
    inbox.apply(roster.replace("    format:", "    unpack: {zip: true}\n    format:"))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("roster_20260301.csv", as_csv(people(3)))
        archive.writestr("roster_20260302.csv", as_csv(people(3, salary="60000")))
    key = acme_key | {"Idempotency-Key": "march"}
    answer = send(http, key, out.getvalue(), name="march.zip")
    [one] = answer.json()["imports"]
    assert http.get(one["status_url"], headers=acme_key).json()["state"] == "received"

    worked(answer)
    told = http.get(one["status_url"], headers=acme_key).json()
    assert (told["state"], told["file"]) == ("unpacked", "march.zip")
    assert [file["file"] for file in told["files"]] == ["roster_20260301.csv", "roster_20260302.csv"]
    for file in told["files"]:
        found = http.get(file["status_url"], headers=acme_key).json()
        assert (found["import_id"], found["state"], found["files"]) == (file["import_id"], "received", [])

    again = send(http, key, out.getvalue(), name="march.zip")
    assert (again.json(), again.headers["idempotency-replayed"]) == (answer.json(), "true")
    assert inbox.sql("SELECT count(*) FROM imports") == [(3,)]


def test_who_sent_a_file_is_on_record_and_who_took_it_up_again(http, acme_key, as_staff, worked, inbox):
    sent = worked(send(http, acme_key, people(3)))
    http.post(f"{IMPORTS}/{sent}/replay", headers=as_staff("admin")).raise_for_status()
    send(http, as_staff("paralegal"), people(4), partner="acme", name="roster_20260302.csv").raise_for_status()
    found = inbox.sql(
        "SELECT actor_kind, actor, changes -> 0 -> 'new' FROM audit_log WHERE action = 'import.receive' ORDER BY id"
    )
    assert found == [
        ("partner", "acme", {"via": "api", "forced": False}),
        ("staff", "admin@northgate.example", {"via": "replay", "forced": True}),
        ("staff", "paralegal@northgate.example", {"via": "api", "forced": False}),
    ]


def test_a_file_goes_from_upload_to_errors_to_repair(http, acme_key, worked, inbox):
    import_id = worked(send(http, acme_key, [*people(4), person(5, dob="soon")]))
    told = http.get(f"{IMPORTS}/{import_id}", headers=acme_key).json()
    assert (told["state"], told["rows"]["created"], told["rows"]["rejected"]) == ("loaded_with_errors", 4, 1)
    assert told["receipts"]["xlsx"] == f"{IMPORTS}/{import_id}/errors?format=xlsx"

    found = http.get(told["receipts"]["csv"], headers=acme_key)
    assert found.headers["content-type"].startswith("text/csv")
    [row] = csv.DictReader(io.StringIO(found.content.decode("utf-8-sig")))
    assert row["EMP_ID"] == "E5"
    [problem] = http.get(told["receipts"]["json"], headers=acme_key).json()
    assert problem["code"] == "bad_date"

    book = openpyxl.load_workbook(io.BytesIO(http.get(told["receipts"]["xlsx"], headers=acme_key).content))
    [sheet] = book.worksheets
    place = next(cell.column for cell in sheet[1] if cell.value == "DOB")
    sheet.cell(2, place, "02/03/1980")
    out = io.BytesIO()
    book.save(out)
    back = worked(send(http, acme_key, out.getvalue(), name="errors.xlsx"))
    assert http.get(f"{IMPORTS}/{back}", headers=acme_key).json()["rows"]["created"] == 1
    assert len(inbox.clients()) == 5


def test_whoever_is_shown_what_stood_in_rows_is_on_record(http, acme_key, as_staff, worked, inbox):
    clean = worked(send(http, acme_key, people(2)))
    wrong = worked(send(http, acme_key, [person(1, dob="soon")], name="roster_20260302.csv"))
    for one in (clean, wrong):
        assert http.get(f"{IMPORTS}/{one}", headers=as_staff("viewer")).status_code == 200
    looks = inbox.sql("SELECT actor, import_id::text FROM audit_log WHERE action = 'import.view'")
    assert looks == [("viewer@northgate.example", wrong)]


def test_a_partner_sees_its_own_imports_alone(http, acme_key, globex_key, key_of, tenants, worked, inbox):
    import_id = worked(send(http, acme_key, [*people(2), person(3, dob="soon")]))
    [seen] = http.get(IMPORTS, headers=acme_key).json()["data"]
    assert (seen["import_id"], seen["partner"], seen["feed"], seen["file"]) == (
        import_id, "acme", "roster", "roster_20260301.csv",
    )  # fmt: skip
    for key in (globex_key, key_of(tenants.harbor, tenants.initech)):
        assert http.get(IMPORTS, headers=key).json()["data"] == []
        for path in ("", "/errors", "/events"):
            assert http.get(f"{IMPORTS}/{import_id}{path}", headers=key).status_code == 404


def test_a_partner_may_send_for_itself_only(http, acme_key, inbox):
    answer = send(http, acme_key, people(1), partner="globex")
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
    assert inbox.sql("SELECT count(*) FROM files") == [(0,)]


def test_a_partner_may_not_decide(http, acme_key, inbox):
    told = inbox.drop("roster_20260301.csv", people(9))
    for act, body in (("release", {}), ("refuse", {"reason": "no"}), ("replay", None)):
        answer = http.post(f"{IMPORTS}/{told['import_id']}/{act}", json=body, headers=acme_key)
        assert answer.status_code == 403, act


def test_who_decided_is_told_to_the_firm_and_to_its_partner_only_that_and_when(http, acme_key, as_staff, inbox):
    inbox.drop("roster_20260301.csv", people(9))
    held = f"{IMPORTS}/{inbox.drop('roster_20260302.csv', people(1))['import_id']}"
    me = as_staff("paralegal")
    assert http.get(held, headers=me).json()["decided"] is None
    assert http.post(f"{held}/refuse", json={"reason": "no"}, headers=me).status_code == 200
    told, theirs = (http.get(held, headers=who).json()["decided"] for who in (me, acme_key))
    assert (told["what"], told["by"]) == ("refused", "paralegal@northgate.example")
    assert theirs == told | {"by": None}


def test_the_same_key_brings_the_same_answer_and_one_import(http, acme_key, inbox):
    keyed = acme_key | {"Idempotency-Key": "nightly-2026-03-01"}
    first, again = send(http, keyed, people(3)), send(http, keyed, people(3))
    assert (again.status_code, again.json()) == (202, first.json())
    assert (again.headers["idempotency-replayed"], again.headers["location"]) == ("true", first.headers["location"])
    assert inbox.sql("SELECT count(*) FROM imports") == [(1,)]

    other = send(http, keyed, people(4))
    assert (other.status_code, other.json()["error"]) == (422, "idempotency_key_reused")


def test_a_destroyed_original_is_not_taken_for_a_lost_one(http, as_staff, inbox):
    told = inbox.drop("roster_20260301.csv", people(3))
    inbox.sql("UPDATE files SET destroyed_at = '2027-04-05'")
    answer = http.post(f"{IMPORTS}/{told['import_id']}/replay", headers=as_staff("admin"))
    assert (answer.status_code, answer.json()["error"]) == (410, "original_destroyed"), answer.text
    assert "2027-04-05" in answer.json()["message"]


def test_an_idempotency_key_is_its_callers_alone(http, acme_key, globex_key, inbox):
    first = send(http, acme_key | {"Idempotency-Key": "k"}, people(1))
    other = send(http, globex_key | {"Idempotency-Key": "k"}, people(1))
    assert "idempotency-replayed" not in other.headers
    assert other.json() != first.json()


@pytest.mark.parametrize(
    ("more", "status", "error"),
    [
        ({"feed": "rooster"}, 422, "not_found"),
        ({"as_of": "yesterday"}, 400, "invalid_request"),
        ({"as_of": "1767225600"}, 400, "invalid_request"),
        ({"as_of": "2026-05-01T00:00:00"}, 400, "invalid_request"),
        ({"as_of": "2999-05-01T00:00:00Z"}, 422, "as_of_out_of_range"),
    ],
)
def test_what_is_said_of_a_file_must_make_sense(http, acme_key, inbox, more, status, error):
    answer = send(http, acme_key, people(1), **more)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_form_whose_fields_nobody_should_read_is_refused(http, acme_key, inbox):
    """They are held in memory, and punycode takes minutes for a megabyte."""
    large = send(http, acme_key, people(1), feed="x" * 100_000)
    assert (large.status_code, large.json()["error"]) == (413, "too_large")
    form = b'--x\r\nContent-Disposition: form-data; name="feed"\r\nContent-Type: text/plain; charset=punycode\r\n\r\na'
    headers = acme_key | {"Content-Type": "multipart/form-data; boundary=x"}
    packed = http.post(FILES, content=form + b"\r\n--x--\r\n", headers=headers)
    assert (packed.status_code, packed.json()["message"]) == (400, "Fields of a form are UTF-8.")


@pytest.mark.parametrize("field", ["feed", "partner", "as_of"])
def test_a_nul_in_a_form_is_refused(http, acme_key, field):
    answer = send(http, acme_key, people(1), **{field: "acme\0"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_form_without_a_file_is_told_so(http, acme_key):
    answer = http.post(FILES, data={"feed": "roster"}, files={"other": ("a", b"x")}, headers=acme_key)
    assert answer.status_code == 400
    assert "file" in answer.text


def test_an_import_is_followed_to_its_end(http, acme_key, worked, inbox):
    import_id = worked(send(http, acme_key, people(3)))
    with http.stream("GET", f"{IMPORTS}/{import_id}/events", headers=acme_key) as events:
        lines = [line for line in events.iter_lines() if line]
    assert lines[0] == "event: end"
    assert json.loads(lines[1].removeprefix("data: "))["state"] == "loaded"
