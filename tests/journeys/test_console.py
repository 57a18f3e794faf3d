"""A firm's days at the console of a served installation: by keyboard alone, and then without JavaScript.

Workers do what pages ask of them; nobody waits by the clock, and no page is loaded by hand where it goes on by itself.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import httpx
import pytest
from helpers.browsing import PROGRAM, launched, windows
from helpers.hands import WAYS, Hands
from helpers.inbox import ROSTER, as_csv, people, person
from helpers.servers import until
from helpers.serving import PASSWORD, Installation, answering, installed
from helpers.studio import STAFF
from playwright.sync_api import Page

from gateway import clock

pytestmark = [
    pytest.mark.journey,
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]
MANY = {"keyboard": 25_000, "scriptless": 250}  # alike in one file: the larger one once, for it takes its time
LENIENT = ROSTER.replace("    client:\n", "    guards: {{reject_percent: 100}}\n    client:\n", 1)


class Firm(NamedTuple):
    """A served installation, the API as its admin has it, and windows on the console."""

    made: Installation
    http: httpx.Client
    window: object


@pytest.fixture(scope="module")
def firm():
    """Partners of each way's own, so that no journey stands in another's."""
    with installed() as made:
        partners = [f"{of}-{way}" for of in ("held", "rows", "case", "papers", "value") for way in WAYS]
        made.add_partners("northgate", *partners, roster=LENIENT)
        for role in ("paralegal", "admin"):
            made.member("northgate", role, role)
        with answering(made) as http, launched() as browser, windows(browser, made.url) as window:
            http.headers.update(made.staff(http, "northgate", "root"))
            yield Firm(made, http, window)


@pytest.fixture(params=WAYS)
def way(request) -> str:
    return str(request.param)


@pytest.fixture
def sits_down(firm, way):
    """Somebody signs in, and goes on with these hands."""

    def come(role: str) -> Hands:
        page = firm.window(**WAYS[way].window)
        page.set_default_timeout(60_000)
        hands = WAYS[way](page)
        page.goto("/sign-in")
        hands.write(page.get_by_label("E-mail address"), f"{role}@northgate.example")
        hands.write(page.get_by_label("Password"), PASSWORD)
        hands.press(page.get_by_role("button", name="Sign in"))
        page.wait_for_url(f"{firm.made.url}/")
        return hands

    return come


def sent(firm, partner: str, name: str, rows: list[dict[str, str]]) -> str:
    """The import of a file that has come to its end."""
    files = {"file": (name, as_csv(rows))}
    answer = firm.http.post("/v1/files", files=files, data={"partner": partner}).raise_for_status()
    [one] = answer.json()["imports"]
    until(lambda: state_of(firm, one["import_id"]) not in ("received", "running"))
    return str(one["import_id"])


def state_of(firm, import_id: str) -> str:
    return str(firm.http.get(f"/v1/imports/{import_id}").raise_for_status().json()["state"])


def clients_of(firm, partner: str) -> list[dict[str, str]]:
    found = firm.http.get("/v1/clients", params={"partner": partner, "limit": 100}).raise_for_status().json()["data"]
    return sorted(found, key=lambda one: int(one["employee_id"][1:]))


def shown(page: Page, text: str) -> None:
    page.get_by_text(text).first.wait_for()


def test_a_held_file_is_looked_at_and_then_released(firm, way, sits_down):
    sent(firm, f"held-{way}", "roster_20260301.csv", people(20))
    held = sent(firm, f"held-{way}", "roster_20260302.csv", people(2))
    assert state_of(firm, held) == "held"
    hands = sits_down("paralegal")
    page = hands.page
    hands.press(page.locator(f'a[href="/files/{held}"]').first)
    page.wait_for_url(f"**/files/{held}")
    hands.press(page.get_by_role("button", name="See what releasing would do"))
    shown(page, "18 people would be closed.")  # once a worker has found out
    hands.press(page.get_by_role("button", name="Release"))
    shown(page, "Released.")
    page.locator("h1 .state", has_text="released").wait_for()  # by itself
    assert state_of(firm, held) == "released"


def test_three_cells_and_a_group_are_put_right_checked_sent_and_loaded(firm, way, sits_down):
    partner, many = f"rows-{way}", MANY[way]
    three = [person(n) | {"DOB": f"{n} days ago"} for n in (1, 2, 3)]
    file = sent(firm, partner, "roster_20260301.csv", [*three, *people(many + 3, without=range(1, 4), dob="soon")])
    hands = sits_down("paralegal")
    page = hands.page
    page.goto(f"/files/{file}")
    hands.press(page.get_by_role("link", name=f"Repair {many + 3:,} rows"))
    hands.write(page.get_by_label(f"What all {many} are to be: DOB, now soon"), "02/03/1980")
    page.keyboard.press("Enter")
    shown(page, "Saved for all of them.")
    for row in (2, 3, 4):
        hands.write(page.get_by_label(f"DOB, row {row}", exact=True), "02/03/1981")
    hands.press(page.get_by_role("button", name="Save and check"))
    shown(page, f"{many + 3:,} people would be created.")
    hands.press(page.get_by_role("button", name="Send"))
    shown(page, "Sent. This is the file that corrects the earlier one")
    page.locator("h1 .state", has_text="loaded").wait_for()  # by itself
    counted = "SELECT count(*), count(DISTINCT date_of_birth) FROM clients c JOIN partners p ON p.id = c.partner_id"
    assert firm.made.sql(f"{counted} WHERE p.slug = %s", partner) == [(many + 3, 2)]


def test_a_sample_becomes_settings_in_force_that_are_changed_and_taken_back(firm, way, sits_down):
    slug = f"cyberdyne-{way}"
    hands = sits_down("admin")
    page = hands.page
    page.goto("/studio")
    hands.write(page.get_by_label("Short name"), slug)
    hands.write(page.locator("#name"), "Cyberdyne Ltd")
    page.locator("#file").set_input_files({"name": "staff_1.csv", "mimeType": "text/csv", "buffer": STAFF.encode()})
    hands.press(page.get_by_role("button", name="Begin"))
    shown(page, "The draft is begun.")
    hands.press(page.get_by_role("button", name="Propose settings from it"))
    shown(page, "3 of its 3 rows load as was proposed")
    hands.write(page.get_by_label("Why this partner is set up"), "They begin in May.")
    hands.press(page.get_by_role("button", name="Put these settings in force"))
    shown(page, "in force, as a new version")
    hands.press(page.get_by_role("button", name="Begin a draft"))
    text = page.locator("#source")
    changed = text.input_value().replace("Cyberdyne Ltd", "Cyberdyne Systems")
    text.fill(changed)  # a text of many lines: how it is written into is no matter of the page
    hands.press(page.get_by_role("button", name="Save the text"))
    shown(page, "Saved.")
    hands.write(page.get_by_label("Why they are put in force"), "They have another name now.")
    hands.press(page.get_by_role("button", name="Put these settings in force"))
    shown(page, "in force, as a new version")
    hands.press(page.get_by_role("link", name=slug, exact=True))
    hands.press(page.get_by_role("link", name="Version 1"))
    hands.write(page.get_by_label("Why it is to be in force again"), "The name was right.")
    hands.press(page.get_by_role("button", name="Go back to version 1"))
    shown(page, "Back to version 1")
    [newest, *_] = firm.http.get(f"/v1/partners/{slug}/configs").raise_for_status().json()["data"]
    assert (newest["version"], newest["active"]) == (3, True)


def test_a_case_passes_to_another_attorney(firm, way, sits_down):
    sent(firm, f"case-{way}", "roster_20260301.csv", people(1))
    for name in ("ann", "ben"):
        email = firm.made.member("northgate", f"{name}-{way}", "attorney")
        firm.http.post("/v1/attorneys", json={"email": email, "licence": "NY 1"}).raise_for_status()
    [client] = clients_of(firm, f"case-{way}")
    body = {"case_number": f"C-{way}", "client_id": client["id"], "case_type": "H1B_EXT"}
    case = firm.http.post("/v1/cases", json=body).raise_for_status().json()["id"]
    holder = lambda: firm.http.get(f"/v1/cases/{case}").raise_for_status().json()["attorney_id"]  # noqa: E731
    before = until(holder)  # the rule has given it to one of them
    hands = sits_down("admin")
    page = hands.page
    page.goto(f"/cases/{case}")
    hands.press(page.get_by_role("link", name="Who else could take it"))
    give = page.locator('summary[id^="give-"]').first
    wanted = str(give.get_attribute("id")).removeprefix("give-")
    hands.press(give)
    hands.write(page.locator(f"#reason-{wanted}"), "Knows the employer.")
    hands.press(page.locator("details[open]").get_by_role("button", name="Give the case"))
    shown(page, "The case has passed on")
    assert holder() == wanted != before


def test_ten_papers_are_acknowledged_at_once(firm, way, sits_down):
    today = clock.day_in("America/Chicago", clock.now())
    ends = [f"{today + timedelta(days=20 + n):%m/%d/%Y}" for n in range(12)]
    rows = [person(n, i94_expiry=day) for n, day in enumerate(ends, 101)]
    sent(firm, f"papers-{way}", "roster_20260301.csv", rows)
    firm.made.run("expiry", "sweep")
    hands = sits_down("paralegal")
    page = hands.page
    hands.press(page.get_by_role("link", name="Expiring"))
    page.goto("/expiring?within=60")
    names = [f"Name{n}" for n in range(101, 111)]
    for name in names:
        hands.tick(page.get_by_label(f"Acknowledge: {name}").first)
    hands.press(page.get_by_role("button", name="Acknowledge what is ticked").last)
    shown(page, "Acknowledged: 10 lines.")
    assert page.locator("tr", has_text="acknowledged").count() >= 10


def test_a_value_leads_to_its_line_and_to_its_file(firm, way, sits_down):
    file = sent(firm, f"value-{way}", "roster_20260301.csv", [person(1, salary="61000")])
    [client, *_] = clients_of(firm, f"value-{way}")
    hands = sits_down("paralegal")
    page = hands.page
    page.goto(f"/clients/{client['id']}")
    hands.press(page.locator("#value-annual_salary td.source a").first)
    page.wait_for_url(f"**/files/{file}/lines/2?**")
    assert "61000" in page.locator("tr.marked").inner_text()
    hands.press(page.locator(f'.crumbs a[href="/files/{file}"]'))
    page.wait_for_url(f"**/files/{file}")
