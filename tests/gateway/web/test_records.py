"""Rows sent as JSON: what became of each, and what they must not do."""

import json
import threading

import pytest
from helpers.inbox import SENDER, people, person
from helpers.servers import until

from gateway.db.session import driver, lock_partner
from gateway.domain.partners.homes import find_home
from gateway.web.bulkheads import SENDING_EACH
from ingest.arrival import Asked
from ingest.reception import receive
from ingest.running import finish, write_receipts

RECORDS = "/v1/records/roster"


def send(http, headers, rows, path=RECORDS, **more):
    return http.post(path, json={"rows": rows, **more}, headers=headers)


def outcomes(answer):
    assert answer.status_code == 200, answer.text
    return [one["outcome"] for one in answer.json()["results"]]


@pytest.fixture
def staffed(inbox):
    inbox.drop("roster_20260301.csv", people(5))
    return inbox


def test_each_row_is_told_what_became_of_it(http, acme_key, staffed):
    answer = send(http, acme_key, [person(1), person(2, salary="70000"), person(9), person(3, dob="soon")])
    assert outcomes(answer) == ["unchanged", "updated", "created", "rejected"]
    told = answer.json()
    assert told["state"] == "loaded_with_errors"
    assert told["rows"] == {
        "read": 4, "created": 1, "updated": 1, "unchanged": 1, "stale": 0, "superseded": 0, "rejected": 1, "skipped": 0,
    }  # fmt: skip
    [problem] = told["results"][3]["problems"]
    assert (problem["code"], problem["column"], problem["row"], problem["line"]) == ("bad_date", "DOB", 4, 4)
    assert staffed.clients()["E2"] == 70000


def test_rows_close_nobody_and_trip_no_guard_though_the_feeds_files_list_everybody(http, acme_key, staffed):
    assert outcomes(send(http, acme_key, [person(1)])) == ["unchanged"]
    bad = [person(number, dob="soon") for number in range(2, 42)]
    answer = send(http, acme_key, bad)
    assert (outcomes(answer), answer.json()["state"]) == (["rejected"] * 40, "loaded_with_errors")
    assert staffed.open_clients() == {"E1", "E2", "E3", "E4", "E5"}


def test_the_next_file_is_weighed_against_the_last_file_and_not_against_rows(http, acme_key, staffed):
    send(http, acme_key, [person(1)])
    told = staffed.drop("roster_20260302.csv", people(1))
    assert (told["state"], told["guards"]) == ("held", ["shrink_guard"])
    assert not told["remarks"]


def test_a_file_from_before_rows_changes_none_of_what_they_said(http, acme_key, staffed):
    send(http, acme_key, [person(1, salary="70000"), person(6)], as_of="2026-03-05T12:00:00Z")
    told = staffed.drop("roster_20260302.csv", people(5))
    assert (told["state"], told["rows"]["stale"]) == ("loaded", 1)
    assert staffed.clients()["E1"] == 70000
    assert "E6" in staffed.open_clients()
    staffed.drop("roster_20260306.csv", people(5))
    assert staffed.clients()["E1"] == 50000
    assert "E6" not in staffed.open_clients()


def test_rows_of_an_earlier_time_than_what_is_known_are_stale(http, acme_key, staffed):
    answer = send(http, acme_key, [person(1, salary="70000"), person(7)], as_of="2026-02-01T00:00:00Z")
    assert outcomes(answer) == ["stale", "created"]


def test_the_same_rows_twice_are_unchanged_the_second_time(http, acme_key, staffed):
    assert outcomes(send(http, acme_key, [person(7)])) == ["created"]
    assert outcomes(send(http, acme_key, [person(7)])) == ["unchanged"]


def test_the_same_key_is_answered_again_without_being_done_again(http, acme_key, staffed):
    keyed = acme_key | {"Idempotency-Key": "hire-7"}
    first, again = send(http, keyed, [person(7)]), send(http, keyed, [person(7)])
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert staffed.sql("SELECT count(*) FROM files WHERE via = 'records'") == [(1,)]
    assert send(http, keyed, [person(8)]).json()["error"] == "idempotency_key_reused"


def test_rows_are_an_arrival_on_record_like_any_other(http, acme_key, staffed):
    import_id = send(http, acme_key, [person(7), person(8, dob="soon")]).json()["import_id"]
    told = http.get(f"/v1/imports/{import_id}", headers=acme_key).json()
    assert (told["file"], told["feed"], told["rows"]["read"]) == ("roster.jsonl", "roster", 2)
    assert staffed.sql("SELECT kind, about::text FROM jobs") == [("ingest.receipts", import_id)]
    [(key,)] = staffed.sql("SELECT storage_key FROM files WHERE via = 'records'")
    stored = staffed.office.settings.data_dir / "files" / key
    assert b"EMP_ID" not in stored.read_bytes()
    found = staffed.sql(
        "SELECT a.action, a.actor_kind, a.row, c.employee_id FROM audit_log a LEFT JOIN clients c ON c.id = a.client_id"
        " WHERE a.import_id = %s AND a.action <> 'import.view' ORDER BY a.actor_kind", import_id,
    )  # fmt: skip
    assert [one[1:] for one in found] == [("import", 1, "E7"), ("partner", None, None)]
    assert found[1][0] == "import.receive"
    write_receipts(staffed.office, find_home(staffed.office, "acme"))
    assert http.get(told["receipts"]["csv"], headers=acme_key).text.count("E8") == 1


def test_a_rejected_row_may_come_back_in_its_errors_file(http, acme_key, staffed):
    import_id = send(http, acme_key, [person(7), person(8, dob="soon")]).json()["import_id"]
    errors = http.get(f"/v1/imports/{import_id}/errors?format=csv", headers=acme_key).content
    told = staffed.drop("errors.csv", errors.replace(b"soon", b"02/03/1980"))
    assert (told["rows"]["read"], told["rows"]["created"], told["corrects"]) == (1, 1, import_id)


def test_rows_taken_up_again_are_read_as_rows_again(http, acme_key, staffed):
    """As a replay would, or a worker that finds them."""
    content = json.dumps(person(1, salary="70000")).encode()
    home = find_home(staffed.office, "acme")
    import_id = receive(
        staffed.office, home, "roster.jsonl", iter([content]), via="records", by=SENDER, asked=Asked(feed="roster")
    )
    finish(staffed.office, home, import_id)
    assert staffed.account(import_id)["rows"]["updated"] == 1
    assert len(staffed.open_clients()) == 5


def test_a_column_that_no_row_has_costs_the_rows_that_need_it_and_nothing_else(http, acme_key, staffed):
    answer = send(http, acme_key, [{"EMP_ID": "E7"}, {"Last Name": "Nobody"}])
    assert outcomes(answer) == ["rejected", "rejected"]
    assert [one["problems"][0]["code"] for one in answer.json()["results"]] == ["missing_value", "missing_value"]
    answer = send(http, acme_key, [{"EMP_ID": "E7", "Last Name": "Somebody", "Cost Center": 7}])
    assert outcomes(answer) == ["created"]
    assert answer.json()["remarks"] == ["Keys that nothing uses: Cost Center."]


def test_objects_are_reached_into_and_numbers_keep_their_digits(http, acme_key, inbox, roster):
    inbox.apply(roster.replace("from: Salary", "from: pay.amount"))
    row = person(1) | {"pay": {"amount": 0}}
    del row["Salary"]
    body = json.dumps({"rows": [row]}, indent=2).replace('"amount": 0', '"amount": 81234567890.10')
    answer = http.post(RECORDS, content=body, headers=acme_key)
    assert outcomes(answer) == ["created"]
    assert str(inbox.clients()["E1"]) == "81234567890.10"


def test_a_key_that_stands_twice_refuses_the_request_and_is_named(http, acme_key, inbox):
    rows = b'{"rows": [{"EMP_ID": "E0"}, {"EMP_ID": "E1", "EMP_ID": "E2"}]}'
    answer = http.post(RECORDS, content=rows, headers=acme_key | {"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "rows[1].EMP_ID")
    assert inbox.clients() == {}


def test_rows_that_the_feed_skips_are_told_so(http, acme_key, inbox, roster):
    inbox.apply(roster.replace("    client:\n", "    where: {column: Kind, is: [D]}\n    client:\n"))
    answer = send(http, acme_key, [person(1) | {"Kind": "T"}, person(2) | {"Kind": "D"}])
    assert outcomes(answer) == ["skipped", "created"]


def test_a_feed_that_explodes_a_list_tells_each_element(http, acme_key, inbox, roster):
    exploding = roster.replace("{type: csv}", "{type: json, explode: papers}").replace("Passport", "papers.no")
    inbox.apply(exploding.replace("papers.no Expiry", "papers.until"))
    row = {key: value for key, value in person(1).items() if value}
    rows = [row | {"papers": [{"no": "X1"}, {"no": "X2", "until": "soon"}]}, person(2)]
    answer = send(http, acme_key, rows)
    assert outcomes(answer) == ["created", "rejected", "created"]
    assert answer.json()["results"][1]["problems"][0]["line"] == 1


def test_rows_for_a_feed_of_workbooks_have_dates_as_iso_too(http, acme_key, inbox, roster):
    inbox.apply(roster.replace("type: csv", "type: excel"))
    answer = send(http, acme_key, [person(1, dob="1980-02-03"), person(2, dob="02/03/1980")])
    assert outcomes(answer) == ["created", "created"]


def test_a_column_that_ends_in_a_dot_may_be_missing_as_well(http, acme_key, inbox, roster):
    inbox.apply(roster.replace("from: Last Name", 'from: "Last N."'))
    assert outcomes(send(http, acme_key, [{"EMP_ID": "E1"}])) == ["rejected"]
    assert outcomes(send(http, acme_key, [{"EMP_ID": "E1", "Last N.": "One"}])) == ["created"]


def test_odd_keys_are_told_and_not_too_many_of_them(http, acme_key, inbox):
    answer = send(http, acme_key, [person(1) | {f"k\0{n:03}": 1 for n in range(500)}])
    assert outcomes(answer) == ["created"]
    [remark] = answer.json()["remarks"]
    assert remark.endswith("and 480 more.")


def test_rows_with_more_keys_than_any_sheet_are_refused_whole(http, acme_key, inbox):
    answer = send(http, acme_key, [{f"k{n}_{m}": 1 for m in range(1_000)} for n in range(20)])
    assert (answer.status_code, answer.json()["error"]) == (422, "too_large")
    assert inbox.sql("SELECT count(*) FROM files") == [(0,)]


def test_of_two_rows_about_one_person_the_later_one_counts(http, acme_key, staffed):
    answer = send(http, acme_key, [person(1, salary="60000"), person(1, salary="70000")])
    assert outcomes(answer) == ["superseded", "updated"]
    assert answer.json()["results"][0]["problems"][0]["code"] == "duplicate_key"


@pytest.mark.parametrize(
    ("feed", "status", "error"),
    [("rooster", 404, "unknown_feed"), ("%00", 404, "unknown_feed"), ("x" * 3000, 404, "unknown_feed")],
)
def test_an_unknown_feed_is_told_with_the_nearest_name(http, acme_key, inbox, feed, status, error):
    answer = send(http, acme_key, [person(1)], path=f"/v1/records/{feed}")
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert ("Did you mean 'roster'?" in answer.json()["message"]) == (feed == "rooster")
    assert inbox.sql("SELECT count(*) FROM files") == [(0,)]


def test_a_feed_whose_sheets_differ_takes_files_only(http, acme_key, inbox, roster):
    lines = roster.split("    client:\n")
    parts = "    parts:\n      Left:\n        client:\n" + "\n".join(
        f"    {line}" for line in lines[1].split("    documents:")[0].splitlines()
    )
    inbox.apply(lines[0].replace("type: csv", "type: excel").replace("absent: close", "absent: ignore") + parts)
    answer = send(http, acme_key, [person(1)])
    assert (answer.status_code, answer.json()["error"]) == (422, "rows_not_taken")


def test_another_partners_feed_does_not_exist(http, key_of, tenants, staffed):
    for firm, partner in ((tenants.northgate, tenants.globex), (tenants.harbor, tenants.initech)):
        assert send(http, key_of(firm, partner), [person(1)]).status_code == 404
    assert len(staffed.clients()) == 5


def test_a_key_without_the_scope_may_not_send_rows(http, key_of, tenants, inbox):
    narrow = key_of(tenants.northgate, tenants.acme, scopes=["files:write"])
    assert send(http, narrow, [person(1)]).status_code == 403


def test_while_another_import_runs_rows_are_asked_to_wait(http, acme_key, staffed, tenants):
    with staffed.office.db.firm(tenants.northgate) as session:
        lock_partner(session, tenants.acme)
        answer = send(http, acme_key, [person(7)])
    assert (answer.status_code, answer.json()["error"]) == (409, "import_running")
    assert answer.headers["retry-after"] == "5"
    assert answer.elapsed.total_seconds() < 10
    assert outcomes(send(http, acme_key, [person(7)])) == ["created"]


def test_rows_do_not_overtake_a_file_that_waits_for_a_worker(http, acme_key, staffed):
    home = find_home(staffed.office, "acme")
    content = b"EMP_ID,Last Name\nE1,Name1\n"
    import_id = receive(
        staffed.office, home, "roster_20260302.csv", iter([content]), via="test", by=SENDER, asked=Asked()
    )
    assert send(http, acme_key, [person(7)]).json()["error"] == "import_running"
    assert [path for (path,) in staffed.sql("SELECT via FROM files ORDER BY received_at")] == ["test", "test"]
    finish(staffed.office, home, import_id)
    assert outcomes(send(http, acme_key, [person(7)])) == ["created"]


def test_rows_that_waited_are_newer_than_what_was_loaded_meanwhile(http, acme_key, staffed, tenants, locks):
    answers = []
    sender = threading.Thread(target=lambda: answers.append(send(http, acme_key, [person(1, salary="70000")])))
    with staffed.office.db.firm(tenants.northgate) as session:
        lock_partner(session, tenants.acme)
        sender.start()
        until(locks.waiting_for_advisory_locks)
        driver(session).execute("UPDATE sightings SET as_of = clock_timestamp()")
    sender.join()
    assert outcomes(answers[0]) == ["updated"]


def test_rows_sent_at_once_are_taken_one_after_the_other(http, acme_key, staffed):
    answers = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(send(http, acme_key, [person(1, salary=str(n))])))
        for n in range(60_000, 60_000 + SENDING_EACH)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(outcomes(one) for one in answers) == [["updated"]] * SENDING_EACH


def test_what_could_not_be_kept_was_not_done(http, acme_key, staffed, monkeypatch):
    """The answer and the records are one transaction."""
    monkeypatch.setattr("gateway.web.api.records.keep", lambda *_: 1 / 0)
    assert send(http, acme_key, [person(7)]).status_code == 500
    assert "E7" not in staffed.clients()
    assert staffed.sql("SELECT count(*) FROM files WHERE via = 'records'") == [(0,)]
    folder = staffed.office.settings.data_dir / "files"
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 1  # the roster


def test_a_thousand_rows_are_taken_and_one_more_is_too_many(http, acme_key, inbox):
    assert set(outcomes(send(http, acme_key, people(1_000)))) == {"created"}
    answer = send(http, acme_key, people(1_001))
    assert (answer.status_code, answer.json()["error"]) == (413, "too_many_rows")


HOSTILE = {
    "no body": b"",
    "no rows": b'{"rows": []}',
    "no object": b'{"rows": ["x", 1, null]}',
    "another key": b'{"rows": [{}], "feed": "roster"}',
    "rows twice": b'{"rows": null, "rows": [{}]}',
    "no offset": b'{"rows": [{}], "as_of": "2026-05-01T00:00:00"}',
    "a year beyond": b'{"rows": [{}], "as_of": "99999-05-01T00:00:00Z"}',
    "broken": b'{"rows": [{"EMP_ID": ',
    "no UTF-8": b'{"rows": [{"EMP_ID": "\xff"}]}',
    "half a pair": b'{"rows": [{"EMP_ID": "\\ud800"}]}',
    "very deep": b'{"rows": [{"EMP_ID": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]}",
    "very long number": b'{"rows": [{"EMP_ID": ' + b"1" * 300_000 + b"}]}",
    "infinite": b'{"rows": [{"EMP_ID": 1e999}]}',
    "not a number": b'{"rows": [{"EMP_ID": NaN}]}',
    "20 MB": b'{"rows": [{"EMP_ID": "' + b"a" * 20_000_000 + b'"}]}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_body_is_refused_and_leaves_nothing(http, acme_key, inbox, body):
    answer = http.post(RECORDS, content=body, headers=acme_key)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["message"]
    assert inbox.sql("SELECT count(*) FROM files") == [(0,)]


ODD = {
    "NUL": b'"E1\\u0000"',
    "10^30": b"1" + b"0" * 30,
    "nested": b'{"a": ' * 500 + b"1" + b"}" * 500,
    "a list": b'["E1", "E2"]',
    "null": b"null",
    "a megabyte": b'"' + b"E" * 1_000_000 + b'"',
}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_an_odd_value_costs_its_own_row(http, acme_key, inbox, value):
    good = json.dumps(person(1)).encode()
    body = b'{"rows": [{"EMP_ID": ' + value + b', "Last Name": "Odd"},' + good + b"]}"
    answer = http.post(RECORDS, content=body, headers=acme_key)
    assert outcomes(answer) == ["rejected", "created"]


@pytest.mark.parametrize("as_of", ["2999-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"])
def test_rows_speak_of_no_time_that_nobody_can_know(http, acme_key, inbox, as_of):
    """Rows from the future would keep every later file from changing what they said."""
    answer = send(http, acme_key, [person(1)], as_of=as_of)
    assert (answer.status_code, answer.json()["error"]) == (422, "as_of_out_of_range")


def test_the_document_of_the_api_shows_an_example(http):
    told = http.get("/v1/openapi.json").json()["components"]["schemas"]
    assert told["Rows"]["properties"]["rows"]["examples"]
