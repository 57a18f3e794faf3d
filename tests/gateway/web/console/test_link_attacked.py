"""A link to rejected rows in the hands of somebody who means harm, of two browsers at once, or of the wrong firm."""

import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from helpers.doing import do_jobs
from helpers.inbox import COLUMNS, ROSTER, Inbox, people, person
from helpers.servers import until

from gateway.domain.links import repairs
from gateway.domain.partners.homes import find_home
from gateway.limits import Window
from gateway.office import Actor
from gateway.web.auth import visits
from ingest.running import finish

CONTACTS = "contacts: {errors: [ana@acme.example]}\n"
NAME = COLUMNS.index("Last Name")
HOSTILE = "<script>alert(1)</script>\"'{{7*7}}"


@pytest.fixture
def acme(inbox, roster):
    inbox.apply(roster + CONTACTS)
    return inbox


@pytest.fixture
def bad(acme):
    table = [*people(20), *(person(n) | {"DOB": "soon"} for n in (21, 22)), person(23, ssn="523-45-67")]
    return UUID(acme.drop("roster_20260301.csv", table)["import_id"])


@pytest.fixture
def link(office, tenants):
    """Makes a link to the rejected rows of an import; its path."""

    def made(import_id, firm=None, partner=None):
        with office.acting(firm or tenants.northgate, Actor("system", "tests")) as acting:
            _, address = repairs.make(acting, import_id, partner or tenants.acme)
        return urlsplit(address).path

    return made


@pytest.fixture
def hr(browser, link, bad):
    """Somebody of the partner's, who is let in."""
    browser.code = enter(browser, link(bad))
    return browser


@pytest.fixture
def staff(elsewhere):
    elsewhere.sign_in("paralegal")
    return elsewhere


def enter(browser, path):
    browser.get(path)
    browser.press(path)
    assert browser.path == "/repair"
    return path


def fields(browser):
    """Names of the grid's fields, by place."""
    names = [one for one in browser.forms.found["/repair"] if one.startswith("cell:")]
    return sorted(names, key=lambda one: int(one.split(":")[1]))


def post(browser, path, **data):
    return browser.http.post(path, data={"csrf": browser.forms.found["/repair"]["csrf"]} | data)


def drafted(acme):
    return acme.sql("SELECT (SELECT count(*) FROM repair_cells), (SELECT count(*) FROM repair_rules)")[0]


def arrived(acme):
    found = acme.sql("SELECT i.id FROM imports i JOIN files f ON f.id = i.file_id WHERE f.via = 'console'")
    return [one for (one,) in found]


def at_once(*calls):
    with ThreadPoolExecutor(len(calls)) as pool:
        return [one.result() for one in [pool.submit(call) for call in calls]]


def is_shut(answer):
    return answer.status_code in (401, 403) or answer.headers.get("location", "").startswith("/sign-in")


# ------------------------------------------------------------------------------------------------ at the same moment


def test_presses_at_the_same_moment_share_the_tenth_opening(acme, browser, link, bad):
    path = link(bad)
    for _ in range(9):
        assert browser.http.post(path).status_code == 303
    told = at_once(*[lambda: browser.http.post(path).status_code] * 6)
    assert told.count(303) == 1
    assert set(told) <= {303, 409, 410}
    assert acme.sql("SELECT openings, (SELECT count(*) FROM repair_visits) FROM repair_links") == [(10, 10)]


def test_partner_and_staff_who_send_at_the_same_moment_send_once(acme, hr, staff, bad):
    hr.press("/repair", **{fields(hr)[0]: "02/03/1980"})
    staff.get(f"/files/{bad}/repair")
    theirs = staff.forms.found[f"/files/{bad}/repair/send"]
    told = at_once(
        *[lambda: post(hr, "/repair/send").status_code] * 3,
        *[lambda: staff.http.post(f"/files/{bad}/repair/send", data=theirs).status_code] * 3,
    )
    assert told.count(303) == 1
    assert len(arrived(acme)) == 1
    assert (
        post(hr, "/repair/send").status_code == 409
    )  # the link is open to what is left, and of that nothing was typed
    assert len(arrived(acme)) == 1


# ------------------------------------------------------------------------------------------------ elsewhere


def test_the_cookie_is_good_at_no_other_address(hr, bad):
    cookie = hr.http.cookies["gateway_repair"]
    pages = "/", "/files", f"/files/{bad}", f"/files/{bad}/repair", "/clients", "/audit", "/messages"
    calls = "/v1/me", "/v1/imports", f"/v1/imports/{bad}/repair", f"/v1/imports/{bad}/errors"
    for path in (*pages, *calls):
        assert is_shut(hr.http.get(path)), path
        assert is_shut(hr.http.get(path, headers={"Cookie": f"gateway_session={cookie}"})), path
    for path in calls:
        assert hr.http.get(path, headers={"Authorization": f"Bearer {cookie}"}).status_code == 401
    for path in ("/send", "/links", "/drop", ""):
        assert is_shut(post(hr, f"/files/{bad}/repair{path}")), path


def test_neither_staff_nor_a_key_open_what_is_behind_a_link(browser, staff, bad, link, acme_key):
    link(bad)
    for path in ("/repair", "/repair/rows/22"):
        assert staff.http.get(path).status_code == 401
        assert browser.http.get(path, headers=acme_key).status_code == 401
    assert staff.http.get("/repair/sent").status_code == 404


def test_a_link_of_another_firm_shows_that_firms_rows_alone(office, tenants, browser, link, bad):
    theirs = Inbox(office, tenants.harbor, "initech")
    theirs.apply(ROSTER.format(partner="initech", firm="harbor") + CONTACTS)
    table = [*people(20), person(77, last_name="Harborite") | {"DOB": "soon"}]
    other = UUID(theirs.drop("roster_20260301.csv", table)["import_id"])
    enter(browser, link(other, tenants.harbor, tenants.initech))
    assert "Harborite" in browser.page.text
    assert "Name2" not in browser.page.text
    told = [browser.http.get(f"/repair/rows/{place}").status_code for place in (21, 22, 23, 24)]
    assert told == [404, 200, 404, 404]  # theirs is the 22nd; ours were the 22nd to 24th
    assert is_shut(post(browser, f"/files/{bad}/repair/links"))


# ------------------------------------------------------------------------------------------------ forms made up


def test_cells_of_rows_that_were_not_rejected_are_refused(acme, hr):
    acme.drop("roster_20260302.csv", [*people(20), *(person(n) | {"DOB": "soon"} for n in range(40, 50))])
    for place in (0, 1, 20, 25, 30, 999_999_999):
        for path in ("/repair", "/repair/cells"):
            assert post(hr, path, **{f"cell:{place}:2": "x"}).status_code == 422
    for name in ("cell:-1:2", "cell:22:-1", f"cell:{'9' * 40}:1", "cell:1e3:2", "cell::", "cell:22:2:1", "cell:22:²"):
        post(hr, "/repair/cells", **{name: "x"})
    assert drafted(acme) == (0, 0)


def test_rules_for_what_is_not_wrong_are_refused(acme, hr):
    made_up = [
        {"column": "Salary", "code": "bad_date", "value": "50000"},
        {"column": "DOB", "code": "bad_date", "value": "never"},
        {"column": "SSN", "code": "bad_ssn"},
        {"column": "x" * 100_000, "code": "bad_date"},
        {},
    ]
    assert {post(hr, "/repair/rules", **one, to="x").status_code for one in made_up} == {422}
    assert drafted(acme) == (0, 0)


def test_a_page_of_one_file_writes_nothing_into_another_that_was_opened_since(acme, hr, link):
    table = [*people(20), *(person(n) | {"DOB": "soon"} for n in (21, 22))]
    other = UUID(acme.drop("roster_20260302.csv", table)["import_id"])
    earlier = hr.forms.found["/repair"] | {fields(hr)[0]: "02/03/1980"}
    enter(hr, link(other))
    for path in ("/repair", "/repair/cells", "/repair/rules", "/repair/send", "/repair/drop"):
        assert hr.http.post(path, data=earlier).status_code == 403
    assert drafted(acme) == (0, 0)
    assert arrived(acme) == []


@pytest.mark.parametrize("action", ["", "/cells", "/rules", "/send", "/drop"])
def test_a_form_without_its_token_does_nothing(hr, action):
    token = hr.forms.found["/repair"]["csrf"]
    for how in (
        {},
        {"data": {"csrf": ""}},
        {"data": {"csrf": "é"}},
        {"json": {"csrf": token}},
        {"content": b"\xff\xfe"},
    ):
        assert hr.http.post(f"/repair{action}", **how).status_code == 403
    for header in ({"Origin": "null"}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "same-site"}):
        assert hr.http.post(f"/repair{action}", data={"csrf": token}, headers=header).status_code == 403


# ------------------------------------------------------------------------------------------------ what is typed


def test_nothing_that_is_typed_breaks_out_of_a_page(hr, staff, bad):
    name = f"cell:{fields(hr)[0].split(':')[1]}:{NAME}"
    for text in (HOSTILE, "\u202eevil\u2066", "a\0b", "x" * 32_767, "\t=1"):
        assert post(hr, "/repair/cells", **{name: text}).status_code == 200
        hr.get("/repair")
        staff.get(f"/files/{bad}/repair")
        for one in (hr, staff):
            assert one.page.status_code == 200
            assert "<script>alert" not in one.page.text
        assert hr.forms.found["/repair"][name] == text
    assert post(hr, "/repair/cells", **{name: "x" * 32_768}).status_code == 422


@pytest.mark.parametrize("text", [HOSTILE, "=cmd|' /C calc'!A0", 'a"\n,b'])
def test_what_is_typed_arrives_as_it_is_and_as_one_cell(acme, hr, staff, text):
    first = fields(hr)[0]
    post(hr, "/repair", **{first: "02/03/1980", f"cell:{first.split(':')[1]}:{NAME}": text})
    assert post(hr, "/repair/send").status_code == 303
    [sent] = arrived(acme)
    finish(acme.office, find_home(acme.office, "acme"), sent)
    assert acme.sql("SELECT family_name FROM clients WHERE employee_id = 'E21'") == [(text,)]
    staff.get(f"/files/{sent}")
    assert "<script>alert" not in staff.page.text


def test_what_cannot_be_text_is_rejected_again(acme, hr):
    first = fields(hr)[0]
    post(hr, "/repair", **{first: "02/03/1980", f"cell:{first.split(':')[1]}:{NAME}": "a\0b"})
    post(hr, "/repair/send")
    [sent] = arrived(acme)
    finish(acme.office, find_home(acme.office, "acme"), sent)
    assert acme.account(sent)["rows"]["rejected"] == 1


def test_neither_code_nor_cookie_nor_what_is_typed_is_logged_or_kept(hr, all_rows, capfd):
    code, value = hr.code.rpartition("/")[2], "Qxzzy12345"
    for method in ("GET", "HEAD", "OPTIONS", "POST"):
        answer = hr.http.request(method, hr.code, headers={"Referer": f"http://gateway.example{hr.code}"})
        assert code not in str(answer.headers)
    hr.get("/repair")
    post(hr, "/repair", **{fields(hr)[0]: value, "cell:1:1": value, value: value})
    post(hr, "/repair/cells", **{fields(hr)[0]: value})
    post(hr, "/repair/rules", column=value, code=value, value=value, to=value)
    hr.http.get(f"/repair?kind={value}&after={value}")
    written = "".join(capfd.readouterr())
    assert "path=/repair/cells" in written
    for secret in (code, hr.http.cookies["gateway_repair"], value):
        assert secret not in written + str(all_rows())


# ------------------------------------------------------------------------------------------------ how much, how long


def test_all_who_opened_one_link_have_one_measure_of_calls(hr, elsewhere, monkeypatch):
    enter(elsewhere, hr.code)
    monkeypatch.setattr(visits, "MOST_CALLS", Window("visits", 5, 60))
    told = [one.http.get("/repair/rows/22") for one in (hr, elsewhere) for _ in range(4)]
    assert told[0].status_code == 200
    assert told[-1].status_code == 429
    assert int(told[-1].headers["retry-after"]) >= 1


def test_of_a_person_who_was_erased_nothing_stands_behind_the_link(acme, hr, elsewhere, office):
    acme.drop("roster_20260305.csv", people(22))
    [(client,)] = acme.sql("SELECT id FROM clients WHERE employee_id = 'E21'")
    post(hr, "/repair", **{fields(hr)[0]: "02/03/1980"})
    elsewhere.sign_in("admin")
    elsewhere.get(f"/clients/{client}")
    elsewhere.press(f"/clients/{client}/erase", typed="Name21", reason="Asked for it")
    do_jobs(office, ["bulk"])
    for path in ("/repair", "/repair/rows/22", hr.code):
        answer = hr.http.get(path)
        assert answer.status_code == 410
        assert "Name21" not in answer.text
    assert drafted(acme) == (0, 0)


def test_what_was_sent_is_told_to_nobody_without_the_cookie(hr, elsewhere):
    assert hr.http.get("/repair/sent").status_code == 404
    post(hr, "/repair", **dict.fromkeys(fields(hr), "02/03/1980"))
    post(hr, "/repair/send")
    assert hr.http.get("/repair/sent").status_code == 200
    assert elsewhere.http.get("/repair/sent").status_code == 404
    assert elsewhere.http.get("/repair/sent", headers={"Cookie": "gateway_repair=x"}).status_code == 404


SECRETS = {"SSN": "523-45-6789", "Passport": "X1234567"}


def test_no_secret_of_a_row_is_handed_out_though_nothing_was_wrong_with_it(acme, browser, link):
    told = acme.drop("roster_20260302.csv", [*people(20), person(21) | {"DOB": "soon"} | SECRETS])
    enter(browser, link(UUID(told["import_id"])))
    for path in ("/repair", "/repair/rows/22", "/repair/workbook"):
        answer = browser.http.get(path)
        assert not any(secret.encode() in answer.content for secret in SECRETS.values()), path
    assert answer.status_code == 404


def test_a_secret_that_was_said_of_all_is_shown_to_nobody_again(acme, roster, browser, staff, link):
    acme.apply(roster.replace("{from: SSN", "{from: SSN, required: true") + CONTACTS)
    bad = UUID(acme.drop("roster_20260302.csv", [*people(20, ssn="523-45-6789"), person(21)])["import_id"])
    staff.get(f"/files/{bad}/repair")
    way = {"column": "SSN", "code": "missing_value", "value": "", "to": "523-45-6788"}  # which no page asks for
    staff.page = staff.send(f"/files/{bad}/repair/rules", staff.forms.found[f"/files/{bad}/repair"] | way)
    assert "Saved for all of them." in staff.forms.text
    enter(browser, link(bad))
    for one in (staff, browser):
        assert "523-45-6788" not in one.page.text
        assert "6788" in one.page.text  # masked, so that they see that something stands there


@pytest.mark.parametrize("column", [8, 2000, 99999])
def test_a_column_that_the_file_does_not_have_is_refused(acme, hr, staff, bad, column):
    answer = post(hr, "/repair", **{f"cell:22:{column}": "x"})
    assert (answer.status_code, "has no column" in answer.text) == (422, True)
    staff.get(f"/files/{bad}/repair")
    kept = {"csrf": staff.forms.found[f"/files/{bad}/repair"]["csrf"], f"cell:22:{column}": "x"}
    assert staff.http.post(f"/files/{bad}/repair", data=kept).status_code == 422
    assert acme.sql("SELECT count(*) FROM repair_cells") == [(0,)]
    assert hr.http.get("/repair").status_code == 200


@pytest.mark.parametrize(
    "path", ["/repair?after=2147483648", "/repair/rows/2147483648", "/repair/rows/99999999999999999999"]
)
def test_numbers_that_no_row_has_are_no_fault_of_ours(hr, path):
    answer = hr.http.get(path)
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"].startswith("text/html")


def test_a_rule_with_what_no_text_can_hold_is_refused(acme, hr):
    for name in ("column", "value", "to"):
        said = {"column": "DOB", "code": "bad_date", "value": "soon", "to": "02/03/1980"}
        assert post(hr, "/repair/rules", **{**said, name: "a\0b"}).status_code == 422
    good = {"column": "DOB", "code": "bad_date", "value": "soon", "to": "02/03/1980"}
    assert post(hr, "/repair/rules", **good, after="\u0663").status_code == 303


@pytest.mark.parametrize("action", ["/repair", "/repair/send"])
def test_a_request_that_began_before_the_link_was_withdrawn_does_nothing(acme, office, tenants, service, hr, action):
    """Its head is read, and its body comes when the link has ended."""
    name = fields(hr)[0]
    hr.press("/repair", **{name: "02/03/1980"})
    body = httpx.QueryParams({"csrf": hr.forms.found["/repair"]["csrf"], name: "02/03/1981"}).__str__().encode()
    head = [
        f"POST {action} HTTP/1.1",
        f"Host: 127.0.0.1:{service.config.port}",
        f"Cookie: gateway_repair={hr.http.cookies['gateway_repair']}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    with socket.create_connection(("127.0.0.1", service.config.port), timeout=20) as half:
        half.sendall("\r\n".join([*head, "", ""]).encode() + body[:-3])
        until(lambda: acme.sql("SELECT count(*) FROM repair_links WHERE ended_at IS NULL") == [(1,)])
        [(link_id, import_id)] = acme.sql("SELECT id, import_id FROM repair_links")
        assert hr.http.get("/repair").status_code == 200  # whoever asks later is through the guard, so is the first
        with office.acting(tenants.northgate, Actor("system", "tests")) as acting:
            repairs.revoke(acting, import_id, link_id)
        half.sendall(body[-3:])
        assert half.makefile("rb").readline().split()[1] == b"410"
    assert acme.sql("SELECT count(*) FROM files WHERE via = 'console'") == [(0,)]
    assert acme.sql("SELECT count(*), min(state) FROM repairs") == [(1, "open")]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "{0}/new"), ("HEAD", "{0}/new"), ("PUT", "{0}"), ("GET", "{0}/x"), ("GET", "/R/{1}"), ("PUT", "/l/a/{1}")],
)
def test_what_opens_something_is_in_no_log_though_no_route_takes_it(hr, capfd, method, path):
    code = hr.code.rpartition("/")[2]
    capfd.readouterr()
    hr.http.request(method, path.format(hr.code, code))
    said = []

    def logged():  # once the answer has left
        told = capfd.readouterr()
        said.append(told.out + told.err)
        return "method=" in "".join(said)

    until(logged)
    assert code not in "".join(said)


def test_of_links_made_at_the_same_moment_one_is_good(acme, bad, link):
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: link(bad), range(6)))
    assert acme.sql("SELECT count(*) FROM repair_links WHERE ended_at IS NULL") == [(1,)]


def test_rows_that_are_gone_cost_no_opening_and_bring_no_message(acme, browser, link, bad, office, tenants):
    path = link(bad)
    with office.db.system() as session:
        session.connection().exec_driver_sql("UPDATE files SET destroyed_at = gateway_now()")
    assert browser.http.post(path).status_code == 410
    assert acme.sql("SELECT openings FROM repair_links") == [(0,)]
    do_jobs(office, ["normal"])  # that its rows were rejected is told now
    assert acme.sql("SELECT count(*) FROM repair_links") == [(1,)]
