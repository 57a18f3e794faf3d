"""What goes wrong at a desk: a session that ends, somebody who was faster, two presses, the way back, a stream that breaks."""

from __future__ import annotations

import json
import re
from uuid import UUID

import pytest
from helpers import ending
from helpers.browsing import PROGRAM, fits, sign_in
from helpers.inbox import SENDER, as_csv, people, person
from helpers.servers import until
from playwright.sync_api import expect

from gateway.domain.partners.homes import find_home
from ingest.arrival import Asked
from ingest.reception import receive
from ingest.running import finish

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)"),
]
HOSTILE = (
    '"><script>document.title = "run"</script>',
    "=cmd|' /C calc'!A0",
    "\u202e\u2067drawkcab\u202d",
    "x" * 30_000,
)


@pytest.fixture
def acme(inbox, roster):
    inbox.apply(roster)
    return inbox


@pytest.fixture
def grid(acme) -> str:
    told = acme.drop("roster_20260301.csv", [*people(20), *(person(n) | {"DOB": "soon"} for n in (21, 22, 23))])
    return f"/files/{told['import_id']}/repair"


@pytest.fixture
def held(acme) -> str:
    acme.drop("roster_20260301.csv", people(20))
    return f"/files/{acme.drop('roster_20260302.csv', people(2))['import_id']}"


@pytest.fixture
def under_way(acme) -> str:
    """A file that no worker has taken up yet."""
    home = find_home(acme.office, "acme")
    raw = iter([as_csv(people(3))])
    import_id = receive(acme.office, home, "roster_20260301.csv", raw, via="test", by=SENDER, asked=Asked())
    return f"/files/{import_id}"


@pytest.fixture
def told(acme, tenants, monkeypatch):
    """Of two people's papers all were told."""
    monkeypatch.setenv("GATEWAY_NOW", ending.NOW)
    known = ending.load(acme, tenants)
    for name in ("E1", "E2"):
        ending.tell(acme, known[name])


def sign_out_everywhere(office):
    with office.db.system() as session:
        session.connection().exec_driver_sql("UPDATE sessions SET ended_at = gateway_now()")


def write(page, row, text):
    field = page.get_by_label(f"DOB, row {row}", exact=True)
    field.fill(text)
    field.press("Tab")
    return field


# ------------------------------------------------------------------------------------------------ a session that ends


def test_what_was_typed_when_the_session_had_ended_is_saved_on_coming_back(opened, grid, acme):
    page = opened()
    page.goto(f"{grid}?after=1")
    write(page, 22, "02/03/1980")
    expect(page.get_by_text("correct", exact=True)).to_have_count(1)
    sign_out_everywhere(acme.office)
    left = [write(page, row, f"02/03/198{row % 10}") for row in (23, 24)]
    page.get_by_text("Not saved: you are signed out.").first.wait_for()
    assert [one.input_value() for one in left] == ["02/03/1983", "02/03/1984"]
    with page.expect_popup() as coming:
        page.get_by_role("link", name="Sign in again").click()
    sign_in(coming.value, "paralegal")
    coming.value.wait_for_url(f"**{grid}?after=1")
    assert coming.value.get_by_label("DOB, row 22", exact=True).input_value() == "02/03/1980"
    page.evaluate("dispatchEvent(new Event('focus'))")  # as where somebody comes back to the tab
    expect(page.get_by_text("correct", exact=True)).to_have_count(3)
    expect(page.get_by_role("link", name="Sign in again")).to_be_hidden()
    assert acme.sql("SELECT count(*) FROM repair_cells") == [(3,)]


def test_without_a_script_one_is_led_to_sign_in_and_back_to_the_grid(opened, grid, acme):
    page = opened(java_script_enabled=False)
    page.goto(grid)
    page.get_by_label("DOB, row 22", exact=True).fill("02/03/1980")
    page.get_by_role("button", name="Save this page").click()
    page.get_by_text("Saved. Nothing is sent").first.wait_for()
    sign_out_everywhere(acme.office)
    page.get_by_role("button", name="Save this page").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    sign_in(page, "paralegal")
    page.wait_for_url(f"**{grid}")
    assert page.get_by_label("DOB, row 22", exact=True).input_value() == "02/03/1980"


# ------------------------------------------------------------------------------------------------ the last cell


@pytest.mark.parametrize(
    ("press", "comes", "there"),
    [("Send 1 row", "Sent. This is the file", (0, 2)), ("Check first", "being found out", (2, 0))],
)
def test_a_cell_that_is_left_by_pressing_a_button_goes_along(opened, grid, acme, press, comes, there):
    page = opened()
    page.goto(grid)
    write(page, 22, "02/03/1980")
    expect(page.get_by_text("correct", exact=True)).to_have_count(1)
    page.reload()
    held = []
    page.route("**/repair/cells", lambda route: held.append(route))  # noqa: PLW0108 - a builtin has no place for what it is called by
    page.get_by_label("DOB, row 23", exact=True).fill("02/03/1981")
    page.get_by_role("button", name=press).first.click()
    until(lambda: page.evaluate("true") and held)  # which has the browser tell what it did
    held[0].continue_()
    page.get_by_text(comes).first.wait_for()
    assert acme.sql("SELECT (SELECT count(*) FROM repair_cells), (SELECT count(*) FROM returned_rows)") == [there]


def test_where_the_last_cell_cannot_be_kept_nothing_is_sent(opened, grid, acme):
    page = opened()
    page.goto(grid)
    write(page, 22, "02/03/1980")
    expect(page.get_by_text("correct", exact=True)).to_have_count(1)
    page.route("**/repair/cells", lambda route: route.fulfill(status=409, body="{}"))
    page.get_by_label("DOB, row 23", exact=True).fill("02/03/1981")
    page.get_by_role("button", name="Send 1 row").first.click()
    expect(page.locator("[data-saves]")).to_be_focused()
    expect(page.locator("[data-saves]")).to_contain_text("Not saved")
    expect(page.get_by_role("button", name="Send 1 row").first).to_be_enabled()
    assert acme.sql("SELECT count(*) FROM imports") == [(1,)]


# ------------------------------------------------------------------------------------------------ twice, and back


def test_a_release_that_is_pressed_twice_or_again_on_the_way_back_is_done_once(opened, held, acme):
    page, other = opened(), opened("attorney")
    for one in (page, other):
        one.goto(held)
        one.get_by_text("Release without looking").click()
    page.get_by_role("button", name="Release").dblclick()
    page.get_by_text("Released. It runs again now").wait_for()
    other.get_by_role("button", name="Release").click()
    other.get_by_text("is not held; it is running").wait_for()
    other.go_back()
    expect(other.get_by_text("It is being read.")).to_be_visible()  # as it stands now, with nothing to press
    expect(other.get_by_role("button", name="Release")).to_have_count(0)
    assert acme.sql("SELECT count(*) FROM jobs WHERE kind = 'ingest.run'") == [(1,)]


def test_repairs_that_are_sent_twice_or_again_on_the_way_back_are_sent_once(opened, grid, acme):
    page, other = opened(), opened("attorney")
    page.goto(grid)
    write(page, 22, "02/03/1980")
    expect(page.get_by_text("correct", exact=True)).to_have_count(1)
    other.goto(grid)
    page.get_by_role("button", name="Send 1 row").first.dblclick()
    page.get_by_text("Sent. This is the file").wait_for()
    other.get_by_role("button", name="Send 1 row").first.click()
    other.get_by_text("somebody has sent it already").wait_for()
    page.go_back()
    expect(page.get_by_role("heading", name="Repair 2 rows")).to_be_visible()
    assert acme.sql("SELECT count(*) FROM imports") == [(2,)]


def test_a_value_that_somebody_else_wrote_meanwhile_is_shown_beside_ones_own(opened, acme):
    acme.drop("roster_20260301.csv", people(3))
    [(client_id,)] = acme.sql("SELECT id FROM clients WHERE employee_id = 'E1'")
    page, other = opened(), opened("admin")
    for one in (page, other):
        one.goto(f"/clients/{client_id}")
        one.get_by_role("link", name="Correct: family name").click()
    other.get_by_label("New value").fill("Okonkwo")
    other.get_by_role("button", name="Write it").dblclick()
    other.get_by_text("Written, and pinned").wait_for()
    page.get_by_label("New value").fill("Okafor")
    page.get_by_role("button", name="Write it").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("New value").input_value() == "Okafor"
    page.get_by_text("Okonkwo").first.wait_for()
    page.get_by_role("button", name="Write mine all the same").click()
    page.get_by_text("Written, and pinned").wait_for()
    assert acme.clients("employee_id, family_name")["E1"] == "Okafor"
    assert acme.sql("SELECT count(*) FROM audit_log WHERE action = 'client.update'") == [(2,)]


def test_papers_that_two_acknowledge_are_acknowledged_once(opened, told, acme):
    page, other = opened(), opened("attorney")
    page.goto("/expiring?within=60&tick=all")
    lines = page.locator('.ends input[type="checkbox"]:checked').count()
    other.goto("/expiring?within=60")
    other.locator('.ends input[type="checkbox"]').first.check()
    other.get_by_role("button", name="Acknowledge what is ticked").first.dblclick()
    other.get_by_text("Acknowledged. Nobody is told next of it").wait_for()
    page.get_by_role("button", name="Acknowledge what is ticked").first.click()
    page.get_by_text("Nobody is told next of any").wait_for()
    expect(page.get_by_text("attorney@northgate.example, Feb 1")).to_have_count(1)  # who was first
    page.go_back()
    expect(page.locator('.ends input[type="checkbox"]')).to_have_count(0)
    assert acme.sql("SELECT count(*) FROM audit_log WHERE action = 'notice.acknowledge'") == [(lines,)]


def test_papers_that_are_over_meanwhile_are_told_on_the_same_page(opened, told, acme):
    page = opened()
    page.goto("/expiring?within=60&tick=all")
    acme.sql("UPDATE notices SET state = 'cancelled' RETURNING 1")
    page.get_by_role("button", name="Acknowledge what is ticked").first.click()
    page.get_by_role("alert").get_by_text("There is nothing to answer any more").wait_for()
    expect(page).to_have_url(re.compile("/expiring/acknowledge[?]of=papers&within=60$"))
    assert page.locator(".ends tbody tr").count() > 1


# ------------------------------------------------------------------------------------------------ hostile cells


@pytest.mark.parametrize("width", [320, 1_280])
def test_nothing_of_a_hostile_cell_runs_or_pushes_the_page_aside(opened, acme, width):
    table = [*people(20), *(person(n) | {"DOB": text, "Last Name": text} for n, text in enumerate(HOSTILE, 21))]
    file = f"/files/{acme.drop('roster_20260301.csv', table)['import_id']}"
    page = opened(viewport={"width": width, "height": 700})
    asked = []
    page.on("dialog", lambda one: (asked.append(one.message), one.dismiss()))
    for path in (file, f"{file}/repair", f"{file}/repair/rows/23", f"{file}/repair/rows/24", f"{file}/lines/24"):
        fits(page, path)
        assert page.title() != "run", path
    page.goto(f"{file}/repair")
    values = [page.get_by_label(f"DOB, row {row}", exact=True).input_value() for row in range(22, 26)]
    assert values == list(HOSTILE)
    for text in HOSTILE:  # and the same typed
        with page.expect_response("**/repair/cells") as answer:
            write(page, 22, f"{text}!")
        assert answer.value.ok
    page.reload()
    assert page.get_by_label("DOB, row 22", exact=True).input_value() == HOSTILE[-1] + "!"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # what turns the direction of writing round ends with its cell
    turned = page.locator("td.who bdi, td.quiet bdi", has_text="drawkcab").first
    assert turned.evaluate("one => getComputedStyle(one).unicodeBidi") == "isolate"
    assert asked == []


# ------------------------------------------------------------------------------------------------ a stream that breaks


def worked(acme, path):
    finish(acme.office, find_home(acme.office, "acme"), UUID(path.rpartition("/")[2]))


def progress(rows):
    told = json.dumps({"state": "running", "rows": rows})
    return {"status": 200, "content_type": "text/event-stream", "body": f"event: progress\ndata: {told}\n\n"}


def test_a_stream_that_is_cut_in_the_middle_is_taken_up_again(opened, acme, under_way):
    page = opened()
    page.route("**/events", lambda route: route.fulfill(**progress(1_200)), times=1)
    page.goto(under_way)
    page.get_by_text("1,200 rows so far.").wait_for()
    worked(acme, under_way)
    page.locator("h1 .state", has_text="loaded").wait_for()


def test_where_it_cannot_be_followed_the_page_is_loaded_again_by_itself(opened, acme, under_way):
    page = opened()
    page.route("**/events", lambda route: route.fulfill(status=429, body="{}"))
    page.goto(under_way)
    worked(acme, under_way)
    page.locator("h1 .state", has_text="loaded").wait_for()


def test_whose_session_ends_while_a_file_is_read_is_led_to_sign_in_and_back_to_it(opened, acme, under_way):
    page = opened()
    with page.expect_response("**/events"):
        page.goto(under_way)
    sign_out_everywhere(acme.office)
    page.wait_for_url("**/sign-in?next=**")
    sign_in(page, "paralegal")
    page.wait_for_url(f"**{under_way}")
