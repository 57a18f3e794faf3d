"""The mapping studio without a script: from a file to settings in force, and what stands in the way told on the page."""

import html

import pytest
from helpers.inbox import people
from helpers.studio import STAFF
from sqlalchemy import update

from gateway.db.models import File
from ingest.studio.drafts import MOST_SAMPLE

NEW, HERE = "/studio", "/partners/cyberdyne/studio"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def admin(browser):
    browser.sign_in("admin", NEW)
    return browser


def drafted(browser):
    """The text of the page as a browser shows it."""
    return html.unescape(
        browser.page.text.split('<textarea id="source"', 1)[1].split(">\n", 1)[1].split("</textarea>")[0]
    )


def sample(content=STAFF, name="staff_20260504.csv"):
    return {"file": (name, content)}


@pytest.fixture
def proposed(admin):
    """A draft with what was inferred from its sample."""
    admin.press(NEW, partner="cyberdyne", name="Cyberdyne Ltd", files=sample())
    admin.press(f"{HERE}/proposal")
    return admin


def test_a_partner_comes_from_a_file(admin, inbox):
    begun = admin.press(NEW, partner="cyberdyne", name="Cyberdyne Ltd", files=sample())
    assert (admin.path, "The draft is begun." in begun.text) == (HERE, True)
    told = admin.press(f"{HERE}/proposal").text
    assert "Settings are inferred." in told
    assert "3 of its 3 rows load as was proposed" in told
    assert "31/02/1985" in told
    assert told.index("Birth Date") < told.index("Surname")
    assert "not stored" in told
    admin.get(f"{HERE}?edit=0")
    tried = admin.press(f"{HERE}/preview#tried").text
    assert "Of 3 rows, 3 would be stored" in tried
    assert "1988-04-03" in tried
    assert "536-90" not in admin.page.text
    admin.get(HERE)
    assert "in force, as a new version" in admin.press(f"{HERE}/apply", reason="They begin in May.").text
    assert inbox.sql(
        "SELECT version FROM partner_configs c JOIN partners p ON p.id = c.partner_id WHERE p.slug = 'cyberdyne'"
    ) == [(1,)]
    assert "Nobody works at these settings" in admin.forms.text


def test_a_column_is_changed_in_its_row(proposed):
    page = proposed.page.text
    place = page[: page.index("<bdi>Forename</bdi>")].rsplit('id="column-', 1)[1].split('"')[0]
    proposed.get(f"{HERE}?edit={place}")
    assert "Saved." in proposed.press(f"{HERE}/columns", field="client.middle_name").text
    proposed.get(f"{HERE}?edit={place}")
    again = proposed.press(f"{HERE}/columns", field="client.family_name")
    assert proposed.page.status_code == 409
    assert "client.family_name is read from another column already" in again.text
    assert again.found[f"{HERE}/columns"]["field"] == "client.family_name"


def test_what_is_typed_is_never_lost(proposed):
    old = proposed.forms.found[f"{HERE}/source"]
    assert "Saved." in proposed.press(f"{HERE}/source", source="partner: cyberdyne\n# first\n").text
    late = proposed.send(f"{HERE}/source", old | {"source": f"# {HOSTILE}\n"})
    assert late.status_code == 412
    assert "Somebody else has changed this draft" in late.text
    assert "# first" in late.text
    assert HOSTILE not in late.text
    assert "&lt;script&gt;alert(1)" in late.text


def test_what_is_wrong_stands_with_its_line_and_cannot_be_put_in_force(proposed):
    source = "partner: cyberdyne\nfirm: northgate\nname: C\ntime_zone: America/Chicago\nfeeds: {staff: {fil: x}}\n"
    told = proposed.press(f"{HERE}/source", source=source)
    assert "are wrong" in told.text
    assert f"{HERE}/apply" not in told.found
    assert "feeds.staff" in told.text
    assert "The columns cannot be told." in told.text
    answer = proposed.send(f"{HERE}/apply", proposed.forms.found[f"{HERE}/source"] | {"in_force": "0", "reason": "x"})
    assert answer.status_code == 422
    assert "not right yet" in answer.text


def test_what_is_wrong_leads_to_its_line_and_to_the_row_of_its_column(proposed):
    source = drafted(proposed)
    place = next(n for n, line in enumerate(source.split("\n"), start=1) if "Forename" in line)
    told = proposed.press(f"{HERE}/source", source=source.replace("from: Forename", "from: Forename, type: tekst"))
    page = proposed.page.text
    row = page[: page.index("<bdi>Forename</bdi>")].rsplit('id="column-', 1)[1].split('"')[0]
    assert {f"#line-{place}", f"#column-{row}"} <= {*told.links}
    assert f'<li id="line-{place}" class="wrong">{place}</li>' in page
    assert page.count('class="wrong"') == 1
    assert "<details open>\n<summary>The settings as YAML" in page
    assert '<span class="state bad">wrong</span>' in page[page.index("<bdi>Forename</bdi>") :].split("</tr>")[0]


def test_each_field_leads_to_its_line(proposed):
    lines = drafted(proposed).split("\n")
    page = proposed.page.text
    for name in ("Forename", "Surname", "Birth Date"):
        cell = page[page.index(f"<bdi>{name}</bdi>") :]
        line = int(cell.split('href="#line-', 1)[1].split('"')[0])
        assert name in lines[line - 1]
    assert "<details>\n<summary>The settings as YAML" in page


def test_hostile_words_of_a_file_are_words(admin):
    content = f"Emp No;Surname;{HOSTILE}\n1;=cmd|x;{HOSTILE}\n2;Li;a\n"
    admin.press(NEW, partner="cyberdyne", files=sample(content, f"{HOSTILE}.csv"))
    admin.press(f"{HERE}/proposal")
    assert "=cmd|x" in admin.page.text
    assert HOSTILE not in admin.page.text
    admin.press(f"{HERE}/preview#tried")
    assert HOSTILE not in admin.page.text


@pytest.mark.parametrize(
    ("fields", "files", "told"),
    [
        ({"partner": "Cyber Dyne"}, None, "There can be no such partner."),
        ({"partner": ""}, None, "There can be no such partner."),
        ({"partner": "cyberdyne"}, sample(b"x" * 2_200_000), "at most 2 MB"),
    ],
)
def test_what_cannot_begin_says_why_and_keeps_what_was_typed(admin, fields, files, told, inbox):
    page = admin.press(NEW, files=files, **fields)
    assert told in page.text
    assert page.found[NEW]["partner"] == fields["partner"]
    assert inbox.sql("SELECT count(*) FROM config_drafts") == [(0,)]


def test_settings_in_force_are_where_a_draft_begins_and_what_it_is_held_against(admin, inbox, roster):
    assert "Nobody works at these settings" in admin.get("/partners/acme/studio").text
    admin.press("/partners/acme/studio")
    text = admin.forms.found["/partners/acme/studio/apply"]
    assert text["in_force"] == "1"
    told = admin.press("/partners/acme/studio/source", source=roster.replace("close", "ignore"))
    assert "    absent: ignore" in told.text
    inbox.apply(roster + "\n# by somebody else\n")
    old = told.found["/partners/acme/studio/apply"]
    answer = admin.send("/partners/acme/studio/apply", old | {"reason": f"June {HOSTILE}"})
    assert answer.status_code == 409
    assert f'value="June {html.escape(HOSTILE)}"' in answer.text
    late = admin.press("/partners/acme/studio/drop")
    assert "given up" in late.text


def test_why_settings_are_put_in_force_is_asked_and_stands_with_the_version(admin, inbox, roster):
    here = "/partners/acme/studio"
    inbox.apply(roster)
    admin.get(here)
    admin.press(here)
    admin.press(f"{here}/source", source=roster.replace("close", "ignore"))
    for nothing in ("", "   "):
        admin.get(here)
        told = admin.press(f"{here}/apply", reason=nothing)
        assert admin.page.text.count('id="reason-fault"') == 1
        assert f"{here}/apply" in told.found
    assert inbox.sql("SELECT count(*) FROM partner_configs") == [(1,)]
    admin.press(f"{here}/apply", reason=f"The new layout comes in June {HOSTILE}")
    page = admin.get("/partners/acme")
    assert f"The new layout comes in June {HOSTILE}" in page.text
    assert HOSTILE not in admin.page.text
    assert inbox.sql("SELECT reason FROM partner_configs WHERE active") == [
        (f"The new layout comes in June {HOSTILE}",)
    ]


def test_a_partner_may_be_called_anything_that_a_partner_can(admin):
    assert "The draft is begun." in admin.press(NEW, partner="new", files=sample()).text
    assert admin.path == "/partners/new/studio"
    admin.press("/partners/new/studio/proposal")
    assert "in force, as a new version" in admin.press("/partners/new/studio/apply", reason="New.").text
    assert "Nobody works at these settings" in admin.forms.text


def test_only_admins_of_the_firm_come_here(elsewhere, admin):
    admin.press(NEW, partner="cyberdyne", files=sample())
    elsewhere.sign_in("paralegal")
    for path in (NEW, HERE):
        assert elsewhere.get(path)
        assert elsewhere.page.status_code == 403
    assert 'href="/studio"' not in elsewhere.page.text
    admin.get("/partners/nobody/studio")
    assert admin.page.status_code == 404


def test_the_newest_file_that_came_is_taken_with_one_press(admin, inbox, roster):
    here = "/partners/acme/studio"
    inbox.apply(roster)
    admin.get(here)
    assert "Take the newest file" not in admin.press(here).text
    inbox.drop("roster_20260301.csv", people(3))
    inbox.drop(f"roster_20260302{HOSTILE}.csv".replace("/", ""), people(4))
    page = admin.get(here)
    assert "Take the newest file of acme" in page.text
    assert f"roster_20260302{HOSTILE}.csv".replace("/", "") in page.text
    assert "<script>alert" not in admin.page.text
    old = admin.forms.found[f"{here}/sample/newest"]
    taken = admin.press(f"{here}/sample/newest")
    assert "The newest file is taken as the sample" in taken.text
    assert "Last Name" in taken.text
    assert admin.send(f"{here}/sample/newest", old).status_code == 412
    with inbox.office.db.system() as session:
        session.execute(update(File).values(size=MOST_SAMPLE + 1))
    admin.get(here)
    assert "A sample holds at most 2 MB" in admin.press(f"{here}/sample/newest").text


def test_of_several_feeds_one_is_chosen(admin, inbox, roster):
    here = "/partners/acme/studio"
    feeds = roster + '  staff:\n    file: "staff*.csv"\n    format: {type: csv}\n    contents: changes\n'
    inbox.apply(f"{feeds}    client: {{key: employee_id, fields: {{employee_id: {{from: EMP_ID, required: true}}}}}}\n")
    inbox.drop("roster_20260301.csv", people(3))
    inbox.drop("staff_1.csv", b"EMP_ID\nE1\n")
    admin.get(here)
    assert "whichever came last" in admin.press(here).text
    admin.press(f"{here}/sample/newest", feed="roster")
    assert "<p><bdi>roster_20260301.csv</bdi>.</p>" in admin.page.text
    admin.get(here)
    admin.press(f"{here}/sample/newest")
    assert "<p><bdi>staff_1.csv</bdi>.</p>" in admin.page.text
