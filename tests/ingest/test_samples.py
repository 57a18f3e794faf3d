"""Every partner's samples come to what its expected.yaml says; a new partner's folder needs no test of its own."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.config import ConfigError, decode, read
from gateway.errors import Permanent
from gateway.wings import PARTNER_YAML
from ingest.catalogue import ROW_CODES
from ingest.samples import Difference, Expectation, ExpectedProblem, arrivals, run_samples

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "partner_configs"
PUBLISHED = ROOT.parent / "shared" / "data" / "perm_fy2016.csv"

# what no CSV roster can bring about, and why
NOT_OF_A_ROSTER = {
    "formula_error": "only the cells of a workbook hold errors of formulas",
    "lost_zeros": "only a workbook's numbers can tell that zeros were lost",
    "lost_digits": "only a spreadsheet takes identifiers for numbers",
    "pinned_field": "staff must have corrected a record by hand before",
    "other_source": "two feeds must speak of the same person",
    "erased_person": "the firm must have erased the person before",
    "likely_renumbered": "somebody must have been known under another number before",
    "unknown_record": "only fixed width has record types",
    "key_part_blank": "only a key that is joined from several columns has parts",
    "bad_json": "only a JSON file has records that are no JSON",
    "unknown_row": "only a corrections file has the column Row",
    "cell_changed": "only corrections are held against the rows that they correct",
    "row_stale": "of whole files the count says enough",
}


@pytest.mark.parametrize("folder", sorted(path.parent.name for path in CONFIGS.glob("*/expected.yaml")))
def test_the_samples_of_a_partner_come_to_what_was_agreed(office, folder):
    assert [str(one) for one in run_samples(office, CONFIGS / folder, PARTNER_YAML).differences] == []


def test_every_partner_says_what_its_samples_must_come_to():
    assert {path.parent for path in CONFIGS.glob("*/samples")} == {
        path.parent for path in CONFIGS.glob("*/expected.yaml")
    }


def test_acmes_first_roster_shows_every_problem_that_a_roster_can_have():
    shown = (CONFIGS / "acme" / "expected.yaml").read_text(encoding="utf-8")
    assert {code for code in ROW_CODES if f"code: {code}}}" not in shown} == set(NOT_OF_A_ROSTER)


def test_the_committed_samples_of_six_layouts_are_what_their_script_fabricates(tmp_path):
    script = ROOT / "tests" / "data" / "partners" / "make.py"
    subprocess.run([sys.executable, script, tmp_path], check=True)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    folders = {path.parts[0] for path in made}
    assert made == sorted(
        path.relative_to(CONFIGS) for name in folders for path in (CONFIGS / name / "samples").iterdir()
    )
    assert [path for path in made if (tmp_path / path).read_bytes() != (CONFIGS / path).read_bytes()] == []


@pytest.fixture
def make_samples(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "data"))
    import make_samples

    yield make_samples
    sys.modules.pop("make_samples")


def test_the_committed_rosters_are_what_their_script_fabricates(make_samples):
    samples = CONFIGS / "acme" / "samples"
    assert (samples / "roster_20260301.csv").read_bytes() == make_samples.first_day()
    assert (samples / "roster_20260302.csv").read_bytes() == make_samples.second_day()


def test_the_sample_of_perm_is_a_cut_of_the_published_file(make_samples):
    if not PUBLISHED.exists():
        pytest.skip("the published file of the Department of Labor is not at hand")
    assert (CONFIGS / "perm" / "samples" / "perm_sample.csv").read_bytes() == make_samples.perm_cut(PUBLISHED)


# ---------------------------------------------------------------- comparing
PARTNER = """
partner: umbrella
firm: northgate
name: Umbrella
time_zone: America/Chicago
feeds:
  people:
    file: "*.csv"
    format: {type: csv}
    contents: changes
    client:
      key: employee_id
      fields:
        employee_id: {from: Id, required: true}
        email: {from: Email, type: email}
"""
AGREED = """
samples:
  - file: a.csv
    state: loaded_with_errors
    rows: {read: 2, created: 1, rejected: 1}
    records: {clients: {created: 1}}
    problems:
      - {row: 3, column: Email, code: bad_email}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "samples").mkdir()
    (tmp_path / "partner.yaml").write_text(PARTNER)
    (tmp_path / "expected.yaml").write_text(AGREED)
    (tmp_path / "samples" / "a.csv").write_text("Id,Email\n1,a@acme.example\n2,nobody\n")
    return tmp_path


def test_a_folder_that_comes_to_what_it_says_has_no_differences(office, folder):
    assert run_samples(office, folder, PARTNER_YAML).differences == []


@pytest.mark.parametrize(
    ("old", "new", "differences"),
    [
        ("state: loaded_with_errors", "state: loaded", [Difference("a.csv", "state", "loaded", "loaded_with_errors")]),
        ("state: loaded_with_errors", "state: loaded_with_errors\n    code: reject_guard", [Difference("a.csv", "code", "reject_guard", None)]),
        ("created: 1, rejected", "created: 2, rejected", [Difference("a.csv", "rows.created", 2, 1)]),
        (", rejected: 1}", "}", [Difference("a.csv", "rows.rejected", 0, 1)]),
        ("{clients: {created: 1}}", "{clients: {created: 1, closed: 4}}", [Difference("a.csv", "records.clients.closed", 4, 0)]),
        (
            "row: 3, column: Email",
            "row: 2, column: Email",
            [
                Difference("a.csv", "problem", ExpectedProblem(row=2, column="Email", code="bad_email"), None),
                Difference("a.csv", "problem", None, ExpectedProblem(row=3, column="Email", code="bad_email")),
            ],
        ),
        (
            "code: bad_email}",
            "code: bad_email}\n      - {row: 3, column: Email, code: bad_email}",
            [Difference("a.csv", "problem", ExpectedProblem(row=3, column="Email", code="bad_email"), None)],
        ),
    ],
)  # fmt: skip
def test_whatever_is_not_as_agreed_is_told(office, folder, old, new, differences):
    assert old in AGREED
    (folder / "expected.yaml").write_text(AGREED.replace(old, new))
    assert run_samples(office, folder, PARTNER_YAML).differences == differences


def test_a_difference_reads_as_a_sentence_and_a_problem_as_a_line_of_expected_yaml():
    told = ExpectedProblem(row=3, column="Email", code="bad_email")
    assert str(Difference("a.csv", "rows.created", 2, 1)) == "a.csv: rows.created: 2 expected, 1 found"
    assert (
        str(Difference("a.csv", "problem", None, told))
        == "a.csv: problem: nothing expected, {row: 3, column: Email, code: bad_email} found"
    )


def test_a_file_that_nobody_expects_and_one_that_is_missing_are_told(office, folder):
    shutil.move(folder / "samples" / "a.csv", folder / "samples" / "b.csv")
    assert run_samples(office, folder, PARTNER_YAML).differences == [
        Difference("a.csv", "file", "a.csv", None),
        Difference("b.csv", "file", None, "b.csv"),
    ]


VALUES = """
    values:
      - {client: "1", says: {email: a@acme.example, family_name: ""}}
"""


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        (
            "a@acme",
            "b@acme",
            'a.csv: client 1: {email: "b@acme.example"} expected, {email: "a@acme.example"} found',
        ),
        (
            'client: "1"',
            'client: "2"',
            'a.csv: client 2: {email: "a@acme.example", family_name: ""} expected, nothing found',
        ),
        (
            'client: "1", says: {email: a@acme.example, family_name: ""}',
            'client: "1", document: i94, says: {duration_of_status: "true"}',
            'a.csv: client 1 document i94: {duration_of_status: "true"} expected, nothing found',
        ),
    ],
)
def test_a_record_that_does_not_hold_what_it_must_is_told_by_those_fields(office, folder, old, new, difference):
    assert old in VALUES
    (folder / "expected.yaml").write_text(AGREED + VALUES.replace(old, new).lstrip("\n"))
    assert [str(one) for one in run_samples(office, folder, PARTNER_YAML).differences] == [difference]


def test_records_that_hold_what_they_must_are_no_difference(office, folder):
    (folder / "expected.yaml").write_text(AGREED + VALUES.lstrip("\n"))
    assert run_samples(office, folder, PARTNER_YAML).differences == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("email:", "emial:", "A client has no field 'emial'.*email"),
        ('client: "1"', 'client: "1", case: "2"', "A value is that of"),
        ('client: "1"', 'case: "2", document: i94', "A value is that of"),
    ],
)
def test_a_value_of_nothing_that_we_know_is_an_error_of_expected_yaml(office, folder, old, new, told):
    (folder / "expected.yaml").write_text(AGREED + VALUES.replace(old, new).lstrip("\n"))
    with pytest.raises(ConfigError, match=told):
        run_samples(office, folder, PARTNER_YAML)


def test_a_file_that_stands_there_twice_arrives_twice(office, folder):
    again = "  - {file: a.csv, state: no_change, code: no_change}\n"
    (folder / "expected.yaml").write_text(AGREED + again)
    assert run_samples(office, folder, PARTNER_YAML).differences == []
    assert [path.name for path in arrivals(folder)] == ["a.csv", "a.csv"]


def test_without_expected_yaml_samples_arrive_by_name(folder):
    (folder / "expected.yaml").unlink()
    for name in ("b.csv", ".hidden"):
        (folder / "samples" / name).write_text("")
    assert [path.name for path in arrivals(folder)] == ["a.csv", "b.csv"]


def test_what_was_found_is_written_as_it_would_be_expected(office, folder):
    said = 'values: [{client: "1", says: {email: a@acme.example, family_name: b}}]'
    (folder / "expected.yaml").write_text(f"samples: [{{file: a.csv, state: held, {said}}}]")
    [found] = run_samples(office, folder, PARTNER_YAML).found
    (folder / "expected.yaml").write_text("\n".join(["samples:", *(f"  {line}" for line in str(found).splitlines())]))
    assert decode(read(folder / "expected.yaml"), Expectation) == decode(read(AGREED + VALUES[1:]), Expectation)


def test_samples_of_which_nothing_is_agreed_are_tried_and_written_out(office, folder):
    (folder / "expected.yaml").unlink()
    trial = run_samples(office, folder, PARTNER_YAML)
    assert trial.differences == [Difference("a.csv", "file", None, "a.csv")]
    assert trial.files == 1
    [found] = trial.found
    agreed = "\n".join(["samples:", *(f"  {line}" for line in str(found).splitlines())])
    assert decode(read(agreed), Expectation) == decode(read(AGREED), Expectation)


def test_a_sample_that_is_not_agreed_arrives_after_those_that_are(office, folder):
    (folder / "samples" / "0.csv").write_text("Id,Email\n1,b@acme.example\n")
    [found] = run_samples(office, folder, PARTNER_YAML).found
    assert (found.file, found.rows["updated"]) == ("0.csv", 1)


def test_words_that_yaml_would_take_for_something_else_are_quoted():
    told = ExpectedProblem(row=3, column="File #", code="bad_number")
    assert str(told) == '{row: 3, column: "File #", code: bad_number}'
    assert decode(read(f"problems: [{told}]"), list[ExpectedProblem], ("problems",)) == [told]


def test_a_misspelt_count_is_told_with_its_line(office, folder):
    (folder / "expected.yaml").write_text(AGREED.replace("created: 1, rejected", "craeted: 1, rejected"))
    with pytest.raises(ConfigError, match=r"expected.yaml:5:.*craeted.*created"):
        run_samples(office, folder, PARTNER_YAML)


def test_samples_are_not_loaded_beside_the_imports_of_a_partner(office, folder):
    run_samples(office, folder, PARTNER_YAML)
    with pytest.raises(Permanent, match="fresh one"):
        run_samples(office, folder, PARTNER_YAML)


def test_the_firm_of_a_partner_is_added_where_it_is_missing(office, folder):
    (folder / "partner.yaml").write_text(PARTNER.replace("northgate", "southgate"))
    assert run_samples(office, folder, PARTNER_YAML).differences == []
