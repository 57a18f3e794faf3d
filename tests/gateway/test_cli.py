"""The command line inside one process: what each command prints, refuses and returns."""

import csv
import errno
import getpass
import io
import json
import os
import re
import shlex
import subprocess
import sys
import uuid
import zipfile
from pathlib import Path

import pytest
import rich_click as click
from click.testing import CliRunner
from helpers.inbox import as_csv, people, person

from gateway import private
from gateway.cli import COMMANDS, cli
from gateway.cli.failing import failures_told
from gateway.cli.output import plain
from gateway.db import migrate
from gateway.db.models import AuditEntry, Import, Staff
from gateway.db.models.firms import STAFF_ROLES
from gateway.domain.access import passwords, sessions
from ingest.arrivals.endpoint import inbox


@pytest.fixture
def config(tmp_path, roster):
    """A partner.yaml in a folder named after its partner."""

    def write(text=roster, partner="acme"):
        folder = tmp_path / "partner_configs" / partner
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "partner.yaml").write_text(text)
        return folder

    return write


@pytest.fixture
def drop(tmp_path):
    def write(name, rows):
        path = tmp_path / name
        path.write_bytes(rows if isinstance(rows, bytes) else as_csv(rows))
        return path

    return write


def document(result, exit_code=0):
    assert result.exit_code == exit_code, result.output
    return json.loads(result.stdout)


def every_command():
    def below(words, command):
        yield words
        for name in getattr(command, "commands", {}):
            loaded = cli.resolve_command(click.Context(cli), [name])[1] if command is cli else command.commands[name]
            yield from below([*words, name], loaded)

    return list(below([], cli))


# ---------------------------------------------------------------- help and failures


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_command_explains_itself_with_an_example(words):
    result = CliRunner().invoke(cli, [*words, "--help"])
    assert result.exit_code == 0
    assert "gateway " in result.output.split("Commands")[-1].split("Options")[-1], "no example below the options"


def test_the_help_of_the_whole_loads_no_command():
    code = "import sys; from gateway.cli import cli; cli(['--help'], standalone_mode=False); print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("False\n")
    assert all(entry.sentence in " ".join(done.stdout.replace("│", " ").split()) for entry in COMMANDS.values())


def test_a_word_that_is_no_command_is_wrong_usage():
    assert CliRunner().invoke(cli, ["ingst"]).exit_code == 2


def test_an_unexpected_error_shows_neither_its_text_nor_a_traceback(monkeypatch):
    @click.command()
    @click.pass_context
    def broken(ctx):
        with failures_told(ctx):
            raise KeyError("111-22-3333")

    monkeypatch.delenv("GATEWAY_LOG_LEVEL", raising=False)
    result = CliRunner().invoke(broken)
    assert result.exit_code == 1
    assert "Internal error (KeyError)" in result.stderr
    assert "GATEWAY_LOG_LEVEL=debug" in result.stderr
    assert "111-22-3333" not in result.output
    monkeypatch.setenv("GATEWAY_LOG_LEVEL", "debug")
    assert "Traceback" in CliRunner().invoke(broken).stderr


def test_wrong_settings_are_a_sentence(gateway, monkeypatch):
    monkeypatch.setenv("GATEWAY_LOG_FORMAT", "xml")
    result = gateway("doctor", "--json")
    assert document(result, 1)["error"] == "settings_invalid"
    assert "GATEWAY_LOG_FORMAT must be one of text, json" in result.stderr


def test_what_a_partner_wrote_cannot_steer_a_terminal():
    assert plain("a\x1b[2Jb\u202ec").plain == "a\ufffd[2Jb\ufffdc"


# ---------------------------------------------------------------- ingest


def test_ingest_says_what_became_of_each_file_in_order(gateway, inbox, drop):
    first, second = drop("roster_a.csv", people(20)), drop("roster_b.csv", [*people(19), person(20, dob="31/31/1980")])
    result = gateway("ingest", first, second, "--partner", "acme")
    assert result.exit_code == 0
    assert result.stdout.index("roster_a.csv  loaded\n") < result.stdout.index("roster_b.csv  loaded, except")
    assert "1 x bad_date in DOB (error), first in row 21" in result.stdout
    assert "Write the date as MM/DD/YYYY." in result.stdout
    assert "gateway import errors" in result.stdout


def test_who_ran_ingest_is_on_record(gateway, inbox, drop):
    gateway("ingest", "--partner", "acme", drop("roster_20260301.csv", people(2)))
    found = inbox.sql("SELECT actor_kind, actor, origin FROM audit_log WHERE action = 'import.receive'")
    assert found == [("system", getpass.getuser(), "cli")]


def test_ingest_of_a_file_that_is_not_there_takes_none_of_the_others(gateway, inbox, drop, tmp_path):
    result = gateway("ingest", drop("roster.csv", people(2)), tmp_path / "roster_missing.csv", "--partner", "acme")
    assert result.exit_code == 2
    assert "roster_missing.csv" in result.stderr
    assert inbox.sql("SELECT count(*) FROM imports") == [(0,)]


def test_ingest_of_a_folder_is_wrong_usage(gateway, inbox, tmp_path):
    assert gateway("ingest", tmp_path, "--partner", "acme").exit_code == 2


def test_ingest_for_a_partner_that_is_not_there_offers_the_nearest(gateway, inbox, drop):
    result = gateway("ingest", drop("roster.csv", people(2)), "--partner", "acne", "--json")
    assert document(result, 1) == {"error": "not_found", "message": "There is no partner 'acne'. Did you mean 'acme'?"}


def test_a_failure_between_files_still_tells_what_was_done(gateway, inbox, drop, tmp_path):
    taken, vanishing = drop("roster_a.csv", people(2)), drop("roster_b.csv", people(3))
    vanishing.unlink()
    vanishing.symlink_to("/proc/self/mem")  # a file that not even root can read from its start
    told = document(gateway("ingest", taken, vanishing, "--partner", "acme", "--json"), 1)
    assert told["error"] == "unreadable_file"
    assert [one["state"] for one in told["done"]] == ["loaded"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2026-05-01", "2026-05-01T05:00:00+00:00"),
        ("2026-05-01T12:00:00Z", "2026-05-01T12:00:00+00:00"),
        ("2026-05-01T12:00:00-04:00", "2026-05-01T16:00:00+00:00"),
    ],
)
def test_as_of_is_midnight_in_the_partners_zone_or_an_instant(gateway, inbox, drop, given, meant):
    [told] = document(gateway("ingest", drop("roster.csv", people(2)), "--partner", "acme", "--as-of", given, "--json"))
    assert told["as_of"] == meant


@pytest.mark.parametrize("given", ["yesterday", "05/01/2026", "2026-05-01T12:00:00"])
def test_as_of_without_a_date_or_an_offset_is_wrong_usage(gateway, inbox, drop, given):
    assert gateway("ingest", drop("roster.csv", people(2)), "--partner", "acme", "--as-of", given).exit_code == 2


def test_a_dry_run_has_the_keys_of_an_import_and_writes_nothing(gateway, inbox, drop):
    [loaded] = document(gateway("ingest", drop("roster_a.csv", people(9)), "--partner", "acme", "--json"))
    changed = drop("roster_b.csv", [person(1, salary="60000"), person(2, dob="never"), *people(9)[2:]])
    [told] = document(gateway("ingest", changed, "--partner", "acme", "--dry-run", "--json"))
    assert set(told) == set(loaded) | {"dry_run", "differences", "closing"}
    assert (told["state"], told["dry_run"], told["import_id"], told["receipts"]) == (
        "loaded_with_errors",
        True,
        None,
        {},
    )
    assert [(one["row"], one["field"], one["new"]) for one in told["differences"]] == [(2, "annual_salary", 60000)]
    assert [set(one) for one in told["problems"]] == [
        {"row", "line", "sheet", "column", "value", "code", "severity", "message", "fix"}
    ]
    assert inbox.sql("SELECT count(*) FROM imports") == [(1,)]
    assert inbox.clients()["E1"] == 50000
    shown = gateway("ingest", changed, "--partner", "acme", "--dry-run").stdout
    assert "would be loaded, except" in shown
    assert "60000" in shown


def test_the_files_of_an_archive_are_told_one_by_one(gateway, inbox, roster, tmp_path):
    inbox.apply(roster.replace("format: {type: csv}", "format: {type: csv}\n    unpack: {zip: true}"))
    packed = tmp_path / "march.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for day in (1, 2):
            archive.writestr(f"out/roster_2026030{day}.csv", as_csv(people(day)))
    names = ["roster_20260301.csv", "roster_20260302.csv"]

    would = document(gateway("ingest", packed, "--partner", "acme", "--dry-run", "--json"))
    assert [(one["file"], one["rows"]["created"]) for one in would] == list(zip(names, (1, 2), strict=True))
    told = document(gateway("ingest", packed, "--partner", "acme", "--json"))
    assert [(one["file"], one["rows"]["created"]) for one in told] == [(names[0], 1), (names[1], 1)]
    assert "It came in the archive march.zip." in gateway("import", "show", told[0]["import_id"]).stdout

    [archive] = document(gateway("import", "list", "--state", "unpacked", "--json"))
    shown = gateway("import", "show", archive["import_id"]).stdout
    assert "It is an archive of 2 files" in shown
    for one in told:
        assert f"{one['file']}: import {one['import_id']}" in shown


# ---------------------------------------------------------------- import


def test_imports_are_listed_newest_first_and_found_by_a_short_id(gateway, inbox, drop):
    gateway("ingest", drop("roster_a.csv", people(30)), drop("roster_b.csv", people(3)), "--partner", "acme")
    newest, oldest = document(gateway("import", "list", "--json"))
    assert (newest["file"], newest["state"], oldest["state"]) == ("roster_b.csv", "held", "loaded")
    assert [one["file"] for one in document(gateway("import", "list", "--state", "held", "--json"))] == ["roster_b.csv"]
    assert [one["file"] for one in document(gateway("import", "list", "--limit", 1, "--json"))] == ["roster_b.csv"]
    assert document(gateway("import", "list", "--firm", "harbor", "--json")) == []
    assert document(gateway("import", "show", newest["import_id"][:18], "--json"))["import_id"] == newest["import_id"]
    assert "roster_b.csv" in gateway("import", "list").stdout


def test_an_id_that_fits_several_imports_or_none_is_refused(gateway, inbox, tenants, office):
    file = uuid.uuid4()
    inbox.sql(
        "INSERT INTO files (firm_id, id, partner_id, name, sha256, size, storage_key, via) VALUES (%s, %s, %s, '', '', 0, '', '')",
        tenants.northgate, file, tenants.acme,
    )  # fmt: skip
    with office.db.firm(tenants.northgate) as session:
        for last in (1, 2):
            twin = uuid.UUID(f"abcd0000-0000-7000-8000-00000000000{last}")
            session.add(Import(firm_id=tenants.northgate, id=twin, partner_id=tenants.acme, file_id=file))
    assert document(gateway("import", "show", "abcd", "--json"), 1)["error"] == "ambiguous"
    assert document(gateway("import", "show", "abce", "--json"), 1)["error"] == "not_found"
    assert document(gateway("import", "show", "%", "--json"), 1)["error"] == "not_found"
    assert document(gateway("import", "show", "abcd0000-0000-7000-8000-000000000002", "--json"))["state"] == "received"


def test_the_errors_of_an_import_come_as_its_receipts_even_when_these_were_lost(gateway, inbox, drop, tmp_path):
    rows = [person(1, dob="never"), *people(9)[1:]]
    [told] = document(gateway("ingest", drop("roster.csv", rows), "--partner", "acme", "--json"))
    import_id, receipt = told["import_id"], Path(told["receipts"]["csv"])
    kept = receipt.read_bytes()
    assert gateway("import", "errors", import_id, "--format", "csv").stdout_bytes == kept
    for lost in receipt.parent.glob("errors.*"):
        lost.unlink()
    out = tmp_path / "repair.csv"
    assert gateway("import", "errors", import_id, "--format", "csv", "--out", out).exit_code == 0
    assert out.read_bytes() == kept
    assert out.stat().st_mode & 0o777 == 0o600
    assert [one["code"] for one in json.loads(gateway("import", "errors", import_id, "--format", "json").stdout)] == [
        "bad_date"
    ]
    assert inbox.sql("SELECT count(*), min(origin) FROM audit_log WHERE action = 'import.errors'") == [(3, "cli")]


def test_an_import_without_errors_gives_an_empty_document(gateway, inbox, drop):
    [told] = document(gateway("ingest", drop("roster.csv", people(2)), "--partner", "acme", "--json"))
    result = gateway("import", "errors", told["import_id"], "--format", "csv")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No row was rejected.\n")
    assert document(gateway("import", "errors", told["import_id"], "--format", "json")) == []


def test_out_into_a_folder_that_is_not_there_is_a_sentence(gateway, inbox, drop, tmp_path):
    [told] = document(
        gateway("ingest", drop("roster.csv", [person(1, dob="x"), *people(9)[1:]]), "--partner", "acme", "--json")
    )
    result = gateway("import", "errors", told["import_id"], "--format", "csv", "--out", tmp_path / "no" / "where.csv")
    assert result.exit_code == 1
    assert "cannot be written: No such file or directory." in result.stderr


def test_an_acceptance_without_an_equals_sign_is_wrong_usage(gateway, inbox):
    assert gateway("import", "release", "abcd", "--accept", "DOB").exit_code == 2


def test_only_a_held_file_can_be_released_or_refused(gateway, inbox, drop):
    [told] = document(gateway("ingest", drop("roster.csv", people(2)), "--partner", "acme", "--json"))
    assert document(gateway("import", "release", told["import_id"], "--json"), 1)["error"] == "not_held"
    assert document(gateway("import", "refuse", told["import_id"], "--reason", "x", "--json"), 1)["error"] == "not_held"


# ---------------------------------------------------------------- partner


def test_check_names_line_and_column_and_needs_no_database(config, roster, tmp_path, monkeypatch):
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path / "nothing"))
    folder = config(roster.replace("contents: full", "contents: ful"))
    result = CliRunner().invoke(cli, ["partner", "check", str(folder)])
    line = roster.splitlines().index("    contents: full") + 1
    assert result.exit_code == 1
    assert f"partner.yaml:{line}:15: feeds.roster.contents: " in result.stdout
    assert 'Did you mean "full"?' in result.stdout
    [told] = document(CliRunner().invoke(cli, ["partner", "check", str(folder), "--json"]), 1)
    assert (told["valid"], told["findings"][0]["line"]) == (False, line)
    assert not (tmp_path / "nothing").exists()


def test_check_of_a_folder_of_partners_checks_each_and_says_where_a_name_is_strange(
    config, roster, tmp_path, monkeypatch
):
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path / "nothing"))
    config()
    config(roster.replace("partner: acme", "partner: globex"), partner="globbex")
    good, strange = document(CliRunner().invoke(cli, ["partner", "check", str(tmp_path / "partner_configs"), "--json"]))
    assert (good["partner"], good["remarks"]) == ("acme", [])
    assert "'globbex'" in strange["remarks"][0]


def test_check_of_a_folder_without_settings_is_wrong_usage(tmp_path):
    assert CliRunner().invoke(cli, ["partner", "check", str(tmp_path)]).exit_code == 2


def test_check_shows_the_column_names_that_were_accepted_since(gateway, config, inbox, drop):
    renamed = as_csv(people(9)).replace(b"Last Name", b"Lastname of person")
    [held] = document(gateway("ingest", drop("roster.csv", renamed), "--partner", "acme", "--json"), 1)
    accept = "Last Name=Lastname of person"
    assert (
        document(gateway("import", "release", held["import_id"], "--accept", accept, "--json"))["state"] == "released"
    )
    [told] = document(gateway("partner", "check", config(), "--json"))
    assert told["learned"] == {"roster": {"Last Name": ["Lastname of person"]}}
    assert "'Last Name' may also be called 'Lastname of person'" in gateway("partner", "check", config()).stdout


def test_apply_adds_a_missing_firm_once_and_a_version_when_the_text_changed(gateway, config, roster):
    elsewhere = roster.replace("firm: northgate", "firm: new-firm").replace("partner: acme", "partner: hooli")
    first = gateway("partner", "apply", config(elsewhere, "hooli"))
    assert first.stdout == "Added the firm new-firm, which was missing. hooli: version 1 is in force now.\n"
    [again] = document(gateway("partner", "apply", config(elsewhere, "hooli"), "--json"))
    assert (again["firm_added"], again["version"], again["new"]) == (False, 1, False)
    [changed] = document(gateway("partner", "apply", config(elsewhere + "# changed\n", "hooli"), "--json"))
    assert (changed["version"], changed["new"]) == (2, True)


def test_apply_applies_nothing_while_one_of_them_is_wrong(gateway, config, roster, tmp_path):
    config(roster + "# good\n")
    config(roster.replace("contents: full", "contents: ful"), "bad")
    assert gateway("partner", "apply", tmp_path / "partner_configs").exit_code == 1
    [one] = document(gateway("partner", "apply", tmp_path / "partner_configs" / "acme", "--json"))
    assert one["new"]


def test_the_schema_is_written_and_its_age_is_checked(gateway, settings):
    assert gateway("partner", "schema", "--check").exit_code == 1
    assert gateway("partner", "schema").exit_code == 0
    assert json.loads((settings.config_dir / "partner.schema.json").read_text())["title"] == "partner.yaml"
    assert document(gateway("partner", "schema", "--check", "--json"))["was_current"] is True


# ---------------------------------------------------------------- people


def test_a_firm_and_its_staff_are_added_once(gateway, db):
    assert document(gateway("firm", "add", "third", "Third & Sons", "--json"))["firm"] == "third"
    assert document(gateway("firm", "add", "third", "Third", "--json"), 1)["error"] == "firm_exists"
    add = ("staff", "add", "Ana@third.example", "--firm", "third", "--role", "attorney", "--json")
    assert document(gateway(*add))["email"] == "ana@third.example"
    assert document(gateway(*add), 1)["error"] == "staff_exists"
    with db.system() as session:
        assert session.query(Staff).filter_by(email="ana@third.example").one().role == "attorney"
        entries = session.query(AuditEntry).filter(AuditEntry.action.in_(["firm.add", "staff.add"]))
        assert {(one.actor_kind, one.origin) for one in entries} == {("system", "cli")}


@pytest.mark.parametrize(
    "words",
    [
        ("firm", "add", "Not A Slug", "Name"),
        ("firm", "add", "slug", "Name", "--time-zone", "Chicago"),
        ("staff", "add", "nobody", "--firm", "northgate", "--role", "admin"),
        ("staff", "add", "a@b.example", "--firm", "northgate", "--role", "king"),
    ],
)
def test_wrong_words_are_wrong_usage(gateway, words):
    assert gateway(*words).exit_code == 2


# ---------------------------------------------------------------- report


def test_the_report_of_import_errors_is_safe_in_a_spreadsheet(gateway, inbox, drop, tmp_path):
    rows = [person(1, dob="=cmd|' /C calc'!A0"), *people(9)[1:]]
    gateway("ingest", drop("roster.csv", rows), "--partner", "acme")
    [problem] = csv.DictReader(io.StringIO(gateway("report", "import_errors", "--firm", "northgate").stdout))
    assert (problem["partner"], problem["feed"], problem["row"], problem["code"]) == ("acme", "roster", "2", "bad_date")
    assert problem["value"].startswith("'=cmd")
    out = tmp_path / "problems.csv"
    assert gateway("report", "import_errors", "--firm", "northgate", "--out", out).stdout == ""
    assert out.read_bytes().startswith(b"\xef\xbb\xbfimport,")
    [same] = document(gateway("report", "import_errors", "--firm", "northgate", "--format", "json"))
    assert same["value"].startswith("=cmd"), "JSON is no spreadsheet"


def test_a_report_is_about_one_firm_one_partner_and_a_time(gateway, inbox, drop):
    gateway("ingest", drop("roster.csv", [person(1, dob="x"), *people(9)[1:]]), "--partner", "acme")
    report = ("report", "import_errors", "--format", "json", "--firm")
    assert len(document(gateway(*report, "northgate", "--partner", "acme", "--since", "2020-01-01"))) == 1
    assert document(gateway(*report, "northgate", "--since", "2999-01-01")) == []
    assert document(gateway(*report, "northgate", "--partner", "globex")) == []
    assert document(gateway(*report, "harbor")) == []
    result = gateway(*report, "harbor", "--partner", "acme")
    assert (result.exit_code, result.stderr) == (1, "The firm 'harbor' has no partner 'acme'.\n")


# ---------------------------------------------------------------- doctor and database


def test_the_doctor_finds_nothing_wrong_but_says_what_waits(gateway, inbox, drop, settings):
    gateway("ingest", drop("roster_a.csv", people(30)), drop("roster_b.csv", people(3)), "--partner", "acme")
    settings.secrets_dir.mkdir(mode=0o700)
    checks = {one["name"]: one for one in document(gateway("doctor", "--json"))}
    assert {name for name, one in checks.items() if one["level"] == "problem"} == set()
    assert (checks["imports"]["level"], checks["imports"]["found"]) == ("warning", "1 held.")
    assert "PostgreSQL 18" in checks["database"]["found"]


def test_the_doctor_names_what_must_be_fixed(gateway, settings):
    private.make_folder(settings.secrets_dir / "northgate")
    secret = settings.secrets_dir / "northgate" / "ACME_SFTP_KEY"
    secret.touch(mode=0o644)
    result = gateway("doctor")
    assert result.exit_code == 1
    assert f"problem  secrets: Others may read {secret}." in result.stdout
    [remedy] = re.findall("chmod .*", result.stdout)
    subprocess.run(shlex.split(remedy), check=True)
    assert {path.stat().st_mode & 0o777 for path in (secret, settings.secrets_dir, secret.parent)} == {0o600, 0o700}
    assert "ok       secrets" in gateway("doctor").stdout


def test_the_doctor_tells_a_full_disk_from_one_that_others_own(gateway, settings, monkeypatch):
    """A write that fails, since the disk of these tests has room; the probe must not stay."""

    class Full(io.BytesIO):
        def write(self, _):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def create(path):
        path.touch()
        return Full()

    monkeypatch.setattr(private, "create", create)
    told = gateway("doctor").stdout
    assert "cannot be written: No space left on device." in told
    assert "Make room: files, receipts" in told
    assert [*settings.data_dir.rglob(".doctor")] == []


def test_the_doctor_reports_a_database_out_of_reach(gateway, monkeypatch):
    for role in ("", "SYSTEM_", "OWNER_"):
        monkeypatch.setenv(f"GATEWAY_{role}DATABASE_URL", "postgresql://nobody@/nowhere?host=/nonexistent")
    *_, last = document(gateway("doctor", "--json"), 1)
    assert (last["name"], last["level"]) == ("database", "problem")


def test_the_database_of_somebody_else_is_not_ours_to_stop(gateway, settings):
    assert document(gateway("db", "stop", "--json"), 1) == {"state": "external"}
    assert gateway("db", "url", "--role", "owner").stdout.strip() == settings.owner_database_url
    assert document(gateway("db", "migrate", "--json")) == {"revision": migrate.revisions()[-1]}


# ---------------------------------------------------------------- demo


def test_the_demo_takes_every_partners_samples_and_may_be_repeated(gateway, config, db):
    samples = config() / "samples"
    samples.mkdir()
    (samples / "roster_20260301.csv").write_bytes(as_csv([person(1, dob="x"), *people(9)[1:]]))
    result = gateway("demo")
    assert result.exit_code == 0
    assert "loaded with errors" in result.stdout
    assert "bad_date" in result.stdout
    assert "EB-1A scores 73.4 of 100" in result.stdout
    logins = re.findall(r"staff: +(\S+), password (\S+)", result.stdout)
    assert [email for email, _ in logins] == [f"{role}@northgate.example" for role in STAFF_ROLES]
    again = document(gateway("demo", "--json"))
    assert [one["state"] for one in again["files"]] == ["no_change"]
    with db.signing_in() as session:
        for email, printed in logins:
            [account] = sessions.accounts_of(session, email, "northgate", "127.0.0.1")
            assert passwords.matches(again["api"]["logins"][email], account.password_hash)
            assert not passwords.matches(printed, account.password_hash)  # those printed before are good no more
    with db.system() as session:
        assert session.query(Staff.id).count() == 4


def test_a_demo_whose_disk_is_nearly_full_says_so(gateway, config, monkeypatch):
    monkeypatch.setattr(inbox, "LEAST_FREE", 1 << 60)
    samples = config() / "samples"
    samples.mkdir()
    (samples / "roster_20260301.csv").write_bytes(as_csv(people(3)))
    result = gateway("demo")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("The SFTP endpoint refused: The disk is nearly full.")


def test_the_demo_without_partners_says_where_it_looked(gateway, settings):
    result = gateway("demo")
    assert result.exit_code == 1
    assert str(settings.config_dir) in result.stderr
