"""What a draft makes of its sample: columns with their evidence, edits in the text, and rows before and after."""

import pytest
from helpers.studio import STAFF

from gateway.errors import Conflict, Invalid
from gateway.wings import PARTNER_YAML
from ingest.studio import drafts, editing, working
from ingest.studio.editing import Edit


def test_columns_say_what_they_become_unsure_ones_first(proposed):
    found = proposed.do(working.columns)
    unsure = [one.is_unsure for one in found.columns]
    assert unsure == sorted(unsure, reverse=True)
    assert any(unsure)
    birth = proposed.column("Birth Date")
    assert [use.target for use in birth.uses] == ["client.date_of_birth"]
    assert birth.values == ["03/04/1988", "25/12/1990", "31/02/1985"]
    assert "by its name" in birth.uses[0].because
    assert birth.uses[0].doubts
    cost = proposed.column("Cost")
    assert (cost.uses, cost.values) == ([], ["12", "13", "14"])
    assert any(one.startswith("feeds.staff.contents: ") for one in found.doubts)
    targets = {one.name for one in found.targets[None]}
    assert {"client.family_name", "case.case_type"} <= targets


def test_secrets_are_masked_whether_or_not_they_are_stored(proposed):
    assert proposed.column("SSN").values[0] == "•••••••4399"
    proposed.do(editing.edit, Edit(None, "SSN", "client.ssn", None), None)
    column = proposed.column("SSN")
    assert (column.uses, column.values[0]) == ([], "•••••••4399")
    assert "536-90" not in str(proposed.preview())


def test_a_row_edits_the_text_and_keeps_its_comments(proposed):
    before = proposed.text
    asked = Edit(
        None, "Birth Date", "client.date_of_birth", "client.date_of_birth", "date", ("%d/%m/%Y",), required=True
    )
    proposed.do(editing.edit, asked, None)
    after = proposed.text
    [changed] = set(after.splitlines()) - set(before.splitlines())
    assert "required: true" in changed
    assert (
        changed.partition("#")[2]
        == next(one for one in before.splitlines() if "date_of_birth:" in one).partition("#")[2]
    )
    [use] = proposed.column("Birth Date").uses
    assert (use.doubts, use.because) == ((), None)
    assert use.proposed["if_bad"] == "drop"


def test_a_column_moves_is_left_out_and_comes_back(proposed):
    proposed.do(editing.edit, Edit(None, "Forename", "client.given_name", "client.middle_name"), None)
    [use] = proposed.column("Forename").uses
    assert (use.target, use.spec["from"]) == ("client.middle_name", "Forename")
    proposed.do(editing.edit, Edit(None, "Forename", "client.middle_name", None), None)
    assert proposed.column("Forename").uses == []
    proposed.do(editing.edit, Edit(None, "Forename", None, "client.given_name"), None)
    assert proposed.column("Forename").uses[0].spec == {"from": "Forename"}
    assert proposed.do(working.look, PARTNER_YAML).checked.findings == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (Edit(None, "Cost", None, "client.family_name"), "field_taken"),
        (Edit(None, "Staff No", "client.employee_id", None), "is_key"),
        (Edit(None, "Cost", "client.family_name", None), "only_as_text"),
        (Edit(None, "Cost", None, "client.shoe_size"), "no_such_field"),
        (Edit(None, "Cost", None, "documents[7].number"), "no_such_field"),
        (Edit(None, "Cost", None, "client.job_title", "shoe"), "no_such_type"),
        (Edit(None, "x", "case.case_number", "case.case_number"), "only_as_text"),
    ],
)
def test_an_edit_that_cannot_be_is_refused_and_changes_nothing(proposed, asked, code):
    before = proposed.text
    with pytest.raises((Conflict, Invalid)) as refused:
        proposed.do(editing.edit, asked, None)
    assert refused.value.code == code
    assert proposed.text == before


def test_a_preview_shows_rows_before_and_after_and_each_problem_once(proposed):
    found = proposed.preview()
    assert (found.read, found.stored, found.rejected) == (3, 3, 0)
    [part] = found.parts
    place = [one.field for one in part.headings].index("client date of birth")
    assert [row.values[place] for row in part.rows] == [
        ("03/04/1988", "1988-04-03"),
        ("25/12/1990", "1990-12-25"),
        ("31/02/1985", None),
    ]
    [bad] = [one for one in found.problems if one.code == "bad_date"]
    assert (bad.column, bad.rows, bad.first_row, bad.is_error) == ("Birth Date", 1, 4, False)
    proposed.do(drafts.save, proposed.text.replace(", if_bad: drop", ""), None)
    again = proposed.preview()
    assert (again.stored, again.rejected) == (2, 1)
    assert [row.fate for row in again.parts[0].rows] == ["stored", "stored", "rejected"]


def test_a_preview_counts_all_rows_and_shows_the_first_ones(studio):
    studio.begin()
    head, row = STAFF.splitlines()[:2]
    studio.send(content="\n".join([head, *(row.replace("00101", f"{n:05d}") for n in range(1, 3_001))]))
    studio.propose()
    found = studio.preview()
    assert (found.read, len(found.parts[0].rows)) == (3_000, 200)


def test_what_cannot_be_tried_says_why(proposed):
    proposed.do(drafts.save, proposed.text.replace("from: Staff No", "from: Stuff No"), None)
    with pytest.raises(Invalid) as refused:
        proposed.preview()
    assert (refused.value.code, "Stuff No" in refused.value.sentence) == ("header_missing", True)
    proposed.do(drafts.save, proposed.text.replace("type: csv", "type: csw"), None)
    for act in (proposed.preview, lambda: proposed.do(working.columns)):
        with pytest.raises(Invalid) as refused:
            act()
        assert refused.value.code == "config_invalid"
        assert "csv" in str(refused.value)


@pytest.mark.parametrize(
    "odd",
    ["{key: x, fields: [x]}", "{key: x, fields: {given_name: {from: Forename, type: [x], formats: 5}}}", "x"],
)
def test_a_text_that_says_odd_things_is_refused_and_never_surprises(proposed, odd):
    proposed.do(drafts.save, "feeds: {staff: {format: {type: csv, delimiter: ;}, client: " + odd + "}}", None)
    proposed.do(working.columns)
    with pytest.raises((Conflict, Invalid)):
        proposed.do(editing.edit, Edit(None, "Forename", "client.given_name", "client.given_name"), None)


def test_the_name_of_a_sample_holds_nothing_that_cannot_be_kept(proposed):
    proposed.send(name="a\0\ud800\n" + "b" * 300 + ".csv")
    name = proposed.do(drafts.read).row.sample_name
    assert (len(name), name.endswith("b.csv")) == (200, True)
