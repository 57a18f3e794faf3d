"""Partners, the versions of their settings and what their feeds learned, as staff see and change them."""

import threading
from uuid import UUID

import pytest
from helpers.inbox import ROSTER, people, person
from sqlalchemy import text

from gateway.domain.partners.homes import find_home
from ingest.running import finish

NOBODYS = UUID("01900000-0000-7000-8000-0000000000ff")
PARTNERS = "/v1/partners"
ACME = f"{PARTNERS}/acme"
CONFIGS = f"{ACME}/configs"
CHECK = f"{CONFIGS}/check"

LOOKED_UP = """
    enrich:
      - {step: lookup, table: sites.csv, by: Site, give: {client.work_city: City}}
"""
SITES = "Site,City\nHQ,Chicago\n"


@pytest.fixture
def admin(as_staff):
    return as_staff("admin")


@pytest.fixture
def stranger(as_staff):
    """Harbor's admin."""
    return as_staff("stranger")


def apply(http, headers, source, **more):
    return http.post(CONFIGS, json={"source": source, **more}, headers=headers)


# ---------------------------------------------------------------- partners


def test_staff_see_their_firms_partners_and_no_others(http, admin, stranger):
    told = [one["partner"] for one in http.get(PARTNERS, headers=admin).json()["data"]]
    assert sorted(told) == ["acme", "globex"]
    assert [one["partner"] for one in http.get(PARTNERS, headers=stranger).json()["data"]] == ["initech"]


def test_a_partner_is_shown_with_how_fresh_its_feeds_are(http, admin, inbox, roster):
    inbox.drop("roster_20260301.csv", people(3))
    held = inbox.drop("roster_20260302.csv", b"EMP_ID,Surname\nE1,Name1\n")
    other = roster.replace("  roster:", "  leavers:").replace('"roster*.csv"', '"leavers*.csv"').split("feeds:")[1]
    inbox.apply(roster.replace("contents: full", 'expected: {by: "06:00"}\n    contents: full') + other)
    answer = http.get(ACME, headers=admin)
    assert answer.headers["etag"] == '"2"'
    told = answer.json()
    assert (told["partner"]["name"], told["config_version"]) == ("ACME Manufacturing, Inc.", 2)
    leavers, roster_feed = told["feeds"]
    assert (leavers["feed"], leavers["last_import"], leavers["fresh_at"]) == ("leavers", None, None)
    assert (roster_feed["in_force"], roster_feed["contents"], roster_feed["expected_by"]) == (True, "full", "06:00")
    assert (roster_feed["last_import"]["import_id"], roster_feed["last_import"]["state"]) == (held["import_id"], "held")
    assert 0 <= roster_feed["age_seconds"] < 60
    inbox.apply(roster)
    assert [one["in_force"] for one in http.get(ACME, headers=admin).json()["feeds"]] == [False, True]


def test_a_partner_without_settings_is_shown_all_the_same(http, admin):
    answer = http.get(f"{PARTNERS}/globex", headers=admin)
    assert (answer.json()["config_version"], answer.json()["feeds"], answer.headers["etag"]) == (None, [], '"0"')


PATHS = [
    ("GET", ""), ("GET", "/configs"), ("GET", "/configs/1"), ("GET", "/configs/1/diff/1"),
    ("POST", "/configs/check"), ("POST", "/configs"), ("POST", "/configs/1/activations"),
    ("GET", "/feeds/roster/learned-names"), ("DELETE", f"/feeds/roster/learned-names/{NOBODYS}"),
]  # fmt: skip
BODIES = {"/configs/1/activations": {"reason": "so"}}


def ask(http, headers, method, path, partner="acme"):
    body = {"json": BODIES.get(path, {"source": "partner: acme"})} if method == "POST" else {}
    return http.request(method, f"{PARTNERS}/{partner}{path}", headers=headers, **body)


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_another_firms_partner_does_not_exist(http, stranger, inbox, method, path):
    answer = ask(http, stranger, method, path)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
    assert answer.json()["message"] == "There is no partner 'acme'."


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_partners_themselves_see_none_of_it(http, acme_key, inbox, method, path):
    assert ask(http, acme_key, method, path).status_code == 403


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_only_admins_change_settings(http, inbox, as_staff, method, path):
    for role in ("viewer", "paralegal", "attorney"):
        assert (ask(http, as_staff(role), method, path).status_code == 403) == (method != "GET")


@pytest.mark.parametrize("partner", ["%00", "x" * 200, "'", "%FF", "ACME"])
@pytest.mark.parametrize(("method", "path"), PATHS)
def test_a_strange_name_is_never_our_fault(http, admin, inbox, method, path, partner):
    assert ask(http, admin, method, path, partner).status_code in {400, 404}


# ---------------------------------------------------------------- versions


def test_versions_are_listed_and_shown_as_they_were_applied(http, admin, inbox, roster):
    inbox.apply(roster + "# again\n")
    answer = http.get(CONFIGS, headers=admin)
    assert answer.headers["etag"] == '"2"'
    told = answer.json()["data"]
    assert [(one["version"], one["active"], one["applied_by"]) for one in told] == [
        (2, True, "paralegal@northgate.example"), (1, False, "paralegal@northgate.example"),
    ]  # fmt: skip
    shown = http.get(f"{CONFIGS}/1", headers=admin).json()
    assert (shown["source"], shown["tables"], shown["config"]["sha256"]) == (roster, {}, told[1]["sha256"])


@pytest.mark.parametrize("number", ["3", "0", "-1", "9" * 30, "9" * 5000, "1.5", "%00"])
def test_a_version_that_is_none_is_refused(http, admin, inbox, number):
    for path in (number, f"{number}/diff/1", f"1/diff/{number}"):
        assert http.get(f"{CONFIGS}/{path}", headers=admin).status_code in {400, 404}, path


def test_what_is_wrong_with_settings_is_told_with_its_place(http, admin, inbox, roster):
    answer = http.post(CHECK, json={"source": roster.replace("absent: close", "absent: clos")}, headers=admin)
    assert answer.status_code == 200
    told = answer.json()
    line = roster.splitlines().index("    absent: close") + 1
    [finding] = told["findings"]
    assert (told["valid"], finding["line"], finding["column"], finding["suggestion"]) == (False, line, 13, "close")
    assert finding["path"] == "feeds.roster.absent"
    assert finding["message"].endswith(".")
    assert http.post(CHECK, json={"source": roster}, headers=admin).json() == {
        "valid": True, "feeds": ["roster"], "findings": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [("partner: acme", "partner: globex", "partner"), ("firm: northgate", "firm: harbor", "firm")],
)
def test_settings_of_another_partner_or_firm_are_not_taken(http, admin, inbox, roster, old, new, path):
    source = roster.replace(old, new)
    [finding] = http.post(CHECK, json={"source": source}, headers=admin).json()["findings"]
    assert (finding["path"], finding["suggestion"]) == (path, old.split(": ")[1])
    answer = apply(http, admin, source)
    assert (answer.status_code, answer.json()["error"]) == (422, "config_invalid")
    assert answer.json()["details"] == [finding]
    assert inbox.sql("SELECT count(*) FROM partner_configs") == [(1,)]


def test_settings_are_put_in_force_and_the_next_file_is_read_by_them(http, admin, inbox, roster):
    answer = apply(http, admin, roster.replace("from: Last Name", "from: Surname"))
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{CONFIGS}/2"
    assert answer.headers["etag"] == '"2"'
    assert (answer.json()["version"], answer.json()["active"]) == (2, True)
    told = inbox.drop("roster_20260301.csv", b"EMP_ID,Surname,Passport,I94 Expiry\nE1,Name1,,\n")
    assert (told["state"], told["config_version"]) == ("loaded", 2)
    found = inbox.sql(
        "SELECT action, actor_kind, actor, origin FROM audit_log WHERE action = 'partner.apply' ORDER BY at"
    )
    assert found[-1] == ("partner.apply", "staff", "admin@northgate.example", "10.0.0.1")


def test_the_same_settings_again_change_nothing(http, admin, inbox, roster):
    answer = apply(http, admin, roster)
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert inbox.sql("SELECT count(*) FROM partner_configs") == [(1,)]


def test_two_admins_do_not_overwrite_each_other(http, admin, inbox, roster):
    seen = http.get(CONFIGS, headers=admin).headers["etag"]
    assert apply(http, admin | {"If-Match": seen}, roster + "# one\n").status_code == 201
    answer = apply(http, admin | {"If-Match": seen}, roster + "# other\n")
    assert (answer.status_code, answer.json()["error"], answer.headers["etag"]) == (412, "changed_meanwhile", '"2"')
    assert inbox.sql("SELECT count(*) FROM partner_configs") == [(2,)]


def test_of_two_admins_at_the_same_moment_one_is_told(http, admin, inbox, roster):
    codes = []
    threads = [
        threading.Thread(
            target=lambda n=n: codes.append(apply(http, admin | {"If-Match": '"1"'}, f"{roster}# {n}\n").status_code)
        )
        for n in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(codes) == [201, 412, 412, 412]


def test_an_idempotency_key_brings_the_same_version(http, admin, inbox, roster):
    keyed = admin | {"Idempotency-Key": "layout-of-june", "If-Match": '"1"'}
    first, again = apply(http, keyed, roster + "# june\n"), apply(http, keyed, roster + "# june\n")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"


def test_tables_come_with_the_settings_and_stay_when_left_out(http, admin, inbox, roster):
    looked_up = roster + LOOKED_UP
    [finding] = http.post(CHECK, json={"source": looked_up}, headers=admin).json()["findings"]
    assert finding["path"].endswith("table")
    near = http.post(CHECK, json={"source": looked_up, "tables": {"site.csv": SITES}}, headers=admin).json()
    assert near["findings"][0]["suggestion"] == "site.csv"
    assert apply(http, admin, looked_up, tables={"sites.csv": SITES, "unread.csv": "x"}).status_code == 201
    assert http.get(f"{CONFIGS}/2", headers=admin).json()["tables"] == {"sites.csv": SITES}
    assert apply(http, admin, looked_up + "# more\n").status_code == 201
    assert http.get(f"{CONFIGS}/3", headers=admin).json()["tables"] == {"sites.csv": SITES}


def test_a_partner_with_tables_is_shown_and_its_rows_are_read(http, admin, acme_key, inbox, roster):
    assert apply(http, admin, roster + LOOKED_UP, tables={"sites.csv": SITES}).status_code == 201
    assert [one["in_force"] for one in http.get(ACME, headers=admin).json()["feeds"]] == [True]
    sent = http.post("/v1/records/roster", json={"rows": [person(1) | {"Site": "HQ"}]}, headers=acme_key)
    assert [one["outcome"] for one in sent.json()["results"]] == ["created"]
    assert inbox.clients("employee_id, work_city") == {"E1": "Chicago"}


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("Site,City\nHQ,Chi\x00cago\n", "NUL"),
        ("Place,City\nHQ,Chicago\n", "Site"),
        ("Site,City\n" + "HQ,x\n" * 1_100_000, "larger than 5,000,000 bytes"),
        ("", "holds no rows"),
    ],
)
def test_a_bad_table_is_a_finding(http, admin, inbox, roster, table, sentence):
    answer = http.post(CHECK, json={"source": roster + LOOKED_UP, "tables": {"sites.csv": table}}, headers=admin)
    assert answer.status_code == 200, answer.text
    assert any(sentence in one["message"] for one in answer.json()["findings"]), answer.json()["findings"]


def test_versions_are_compared_by_line_and_by_feed(http, admin, inbox, roster):
    apply(http, admin, roster + LOOKED_UP, tables={"sites.csv": SITES})
    changed = (
        (roster + LOOKED_UP)
        .replace("type: money", "type: money, min: 0")
        .replace("contents: full", "contents: full\n    keep: [Team]")
    )
    changed = changed.replace("name: ACME Manufacturing, Inc.", "name: ACME")
    apply(http, admin, changed, tables={"sites.csv": SITES + "LA,Los Angeles\n"})
    told = http.get(f"{CONFIGS}/2/diff/3", headers=admin).json()
    assert told["text"].startswith("--- version 2\n+++ version 3\n@@ ")
    assert "\n-name: ACME Manufacturing, Inc.\n+name: ACME\n" in told["text"]
    assert told["settings"] == ["name"]
    assert told["feeds"] == [
        {"feed": "roster", "change": "changed", "paths": ["client.fields.annual_salary.min", "keep"]}
    ]
    assert told["tables"] == {"sites.csv": "changed"}
    back = http.get(f"{CONFIGS}/2/diff/1", headers=admin).json()
    assert (back["tables"], back["feeds"][0]["paths"]) == ({"sites.csv": "removed"}, ["enrich"])
    same = http.get(f"{CONFIGS}/1/diff/1", headers=admin).json()
    assert (same["text"], same["settings"], same["feeds"], same["tables"]) == ("", [], [], {})


def test_a_feed_that_came_or_went_is_told_so(http, admin, inbox, roster):
    apply(http, admin, roster.replace("  roster:\n", "  staff:\n"))
    told = http.get(f"{CONFIGS}/1/diff/2", headers=admin).json()["feeds"]
    assert told == [
        {"feed": "roster", "change": "removed", "paths": []},
        {"feed": "staff", "change": "added", "paths": []},
    ]


def test_texts_beyond_any_persons_are_not_compared(http, admin, inbox, roster):
    apply(http, admin, roster + "#\n" * 6_000)
    answer = http.get(f"{CONFIGS}/1/diff/2", headers=admin)
    assert (answer.status_code, answer.json()["error"]) == (422, "too_long_to_compare")


def test_an_older_version_comes_back_as_the_newest_with_who_and_why(http, admin, inbox, roster):
    apply(http, admin, roster + LOOKED_UP, tables={"sites.csv": SITES})
    apply(http, admin, roster + "# third\n")
    path = f"{CONFIGS}/2/activations"
    answer = http.post(path, json={"reason": "The sites are needed"}, headers=admin | {"If-Match": '"3"'})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["version"], answer.headers["location"]) == (4, f"{CONFIGS}/4")
    shown = http.get(f"{CONFIGS}/4", headers=admin).json()
    assert (shown["source"], shown["tables"]) == (roster + LOOKED_UP, {"sites.csv": SITES})
    [(actor, changes)] = inbox.sql("SELECT actor, changes FROM audit_log WHERE action = 'partner.activate'")
    assert actor == "admin@northgate.example"
    assert changes[0]["new"] == {"version": 4, "text_of": 2, "reason": "The sites are needed"}
    again = http.post(path, json={"reason": "Twice"}, headers=admin)
    assert (again.status_code, again.json()["version"]) == (200, 4)
    assert http.post(path, json={"reason": "Late"}, headers=admin | {"If-Match": '"3"'}).status_code == 412
    assert len(inbox.sql("SELECT 1 FROM audit_log WHERE action = 'partner.activate'")) == 1


def test_a_version_that_would_not_be_taken_today_does_not_come_back(http, admin, inbox, roster):
    apply(http, admin, roster + "# second\n")
    broken = roster.replace("absent: close", "absent: vanish")
    with inbox.office.db.system() as session:
        session.execute(
            text("INSERT INTO partner_configs (firm_id, partner_id, version, sha256, source, tables, applied_by, active)"
                 " SELECT firm_id, partner_id, 9, 'x', :source, '{}', 'long ago', false FROM partner_configs LIMIT 1"),
            {"source": broken},
        )  # fmt: skip
    answer = http.post(f"{CONFIGS}/9/activations", json={"reason": "back"}, headers=admin)
    assert (answer.status_code, answer.json()["error"]) == (422, "config_invalid")
    assert answer.json()["details"][0]["path"] == "feeds.roster.absent"


HOSTILE = {
    "no body": b"",
    "no source": b"{}",
    "a number": b'{"source": 1' + b"0" * 30 + b"}",
    "half a pair": b'{"source": "\\ud800"}',
    "very deep": b'{"source": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "another key": b'{"source": "a", "force": true}',
    "too many tables": b'{"source": "a", "tables": {' + b",".join(b'"%d": ""' % n for n in range(60)) + b"}}",
    "25 MB": b'{"source": "' + b"a" * 26_000_000 + b'"}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("path", [CHECK, CONFIGS])
def test_a_hostile_body_is_refused(http, admin, inbox, path, body):
    answer = http.post(path, content=body, headers=admin)
    assert 400 <= answer.status_code < 500, answer.text


TEXTS = {
    "nothing": "",
    "NUL": "partner: a\x00b",
    "no mapping": "- a\n- b\n",
    "very deep": "[" * 100_000,
    "aliases": "a: &a [x]\n"
    + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)),
    "2 MB": "# " + "a" * 2_000_000,
    "20 MB": "a" * 20_000_000,
    "tabs": "partner:\tacme\n\tfirm: x",
    "a tag": "partner: !!python/object:os.system x",
    "another feed type": "partner: acme\nfirm: northgate\nname: x\ntime_zone: UTC\nfeeds: {roster: 1}",
}


@pytest.mark.parametrize("source", TEXTS.values(), ids=TEXTS)
def test_hostile_settings_are_findings_and_never_in_force(http, admin, inbox, source):
    answer = http.post(CHECK, json={"source": source}, headers=admin)
    assert answer.status_code == 200, answer.text
    assert answer.json()["findings"]
    assert apply(http, admin, source).json()["error"] == "config_invalid"


# ---------------------------------------------------------------- learned names


@pytest.fixture
def learned(inbox):
    content = b"EMP_ID,Surname,Passport,I94 Expiry\nE1,Name1,,\n"
    held = inbox.drop("roster_20260301.csv", content)
    assert inbox.release(held, {"Last Name": "Surname"})["state"] == "released"
    return content


def test_learned_names_are_listed_and_one_is_forgotten(http, admin, inbox, learned, as_staff):
    path = f"{ACME}/feeds/roster/learned-names"
    [told] = http.get(path, headers=as_staff("viewer")).json()
    assert (told["expected"], told["found"], told["accepted_by"]) == (
        "Last Name",
        "Surname",
        "paralegal@northgate.example",
    )
    assert inbox.drop("roster_20260302.csv", learned + b"E2,Name2,,\n")["state"] == "loaded"
    answer = http.delete(f"{path}/{told['id']}", headers=admin)
    assert (answer.status_code, answer.content) == (204, b"")
    assert http.get(path, headers=admin).json() == []
    assert inbox.drop("roster_20260303.csv", learned + b"E3,Name3,,\n")["state"] == "held"
    [(actor, changes)] = inbox.sql("SELECT actor, changes FROM audit_log WHERE action = 'feed.forget'")
    assert (actor, changes[0]["old"]) == ("admin@northgate.example", {"Last Name": "Surname"})
    assert http.delete(f"{path}/{told['id']}", headers=admin).status_code == 404


def test_a_learned_name_of_another_feed_or_partner_is_not_found(http, admin, inbox, roster, learned, tenants):
    other = roster.replace("  roster:", "  leavers:").replace('"roster*.csv"', '"leavers*.csv"').split("feeds:")[1]
    inbox.apply(roster + other)
    inbox.apply(ROSTER.format(partner="globex", firm="northgate"))
    [(name_id,)] = inbox.sql("SELECT id FROM header_aliases")
    for path in ("acme/feeds/leavers", "globex/feeds/roster", "acme/feeds/rooster", "acme/feeds/%00"):
        answer = http.delete(f"{PARTNERS}/{path}/learned-names/{name_id}", headers=admin)
        assert answer.status_code in {400, 404}, path
    assert inbox.sql("SELECT count(*) FROM header_aliases") == [(1,)]


def test_rows_sent_are_read_by_learned_names_as_well(http, admin, acme_key, inbox, learned):
    row = person(2)
    row["Surname"] = row.pop("Last Name")
    answer = http.post("/v1/records/roster", json={"rows": [row]}, headers=acme_key)
    assert [one["outcome"] for one in answer.json()["results"]] == ["created"]
    assert inbox.sql("SELECT family_name FROM clients WHERE employee_id = 'E2'") == [("Name2",)]


def test_rows_that_are_replayed_are_read_as_rows_again(http, admin, acme_key, inbox):
    inbox.drop("roster_20260301.csv", people(9))
    sent = http.post("/v1/records/roster", json={"rows": [person(1, salary="70000")]}, headers=acme_key).json()
    [again] = [http.post(f"/v1/imports/{sent['import_id']}/replay", headers=admin).json()["import_id"]]
    finish(inbox.office, find_home(inbox.office, "acme"), UUID(again))
    told = http.get(f"/v1/imports/{again}", headers=admin).json()
    assert (told["state"], told["rows"]["read"], told["records"]["clients"]["closed"]) == ("loaded", 1, 0)
    assert len(inbox.open_clients()) == 9


def test_every_operation_shows_an_example(http):
    document = http.get("/v1/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, told in operations.items():
            if path.startswith((PARTNERS, "/v1/records", "/v1/employees")) and method != "delete":
                assert _has_example(document, told), (method, path)


def _has_example(document, told):
    seen = str(told)
    for name, schema in document["components"]["schemas"].items():
        if f"#/components/schemas/{name}'" in seen:
            seen += str(schema)
    return "example" in seen
