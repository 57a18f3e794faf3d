"""The command line as people and scripts use it: processes of their own on the embedded database."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from helpers.commanding import commander
from helpers.inbox import ROSTER, as_csv, people, person
from helpers.servers import PATIENCE

pytestmark = pytest.mark.journey

COMMAND = str(Path(sys.executable).with_name("gateway"))
PERM = Path(__file__).parents[2] / "partner_configs" / "perm"
KEYS = "file sha256 state reason import_id feed config_version rows records problems problem_count receipts seconds".split()
PARTNERS = {
    **dict.fromkeys(["globex", "umbrella", "wonka", "tyrell", "cyberdyne", "aperture"], "northgate"),
    "stark": "firm-one",
    "wayne": "firm-two",
}
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


class Lab:
    """An installation of its own, and the files that partners send it."""

    def __init__(self, folder):
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        self.environment = kept | {
            "GATEWAY_DATA_DIR": str(folder / "data"),
            "GATEWAY_CONFIG_DIR": str(folder / "configs"),
        }

    def run(self, *words, **more):
        command = [COMMAND, *map(str, words)]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE, check=False, **more
        )

    def json(self, *words, exit_code=0):
        """Of what many steps are made: by copies of a process that has read the program; `run` has it read each time."""
        done = commander().run([*map(str, words), "--json"], self.environment)
        assert done.code == exit_code, done.told + done.out
        return json.loads(done.out)

    def ingest(self, partner, *files, exit_code=0, more=()):
        return self.json("ingest", *files, "--partner", partner, *more, exit_code=exit_code)

    def write_config(self, slug, firm):
        """The roster's settings for a partner of a firm."""
        folder = self.folder / "configs" / slug
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "partner.yaml").write_text(ROSTER.format(partner=slug, firm=firm))
        return folder

    def file(self, name, rows):
        path = self.folder / name
        path.write_bytes(rows if isinstance(rows, bytes) else as_csv(rows))
        return path


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The server is left running between commands, as `gateway db url` does, and stopped at the end."""
    made = Lab(tmp_path_factory.mktemp("lab"))
    address = made.run("db", "url")
    assert address.returncode == 0, address.stderr
    made.url = address.stdout.strip()
    for slug, firm in PARTNERS.items():
        made.write_config(slug, firm)
    assert len(made.json("partner", "apply", made.folder / "configs", PERM)) == len(PARTNERS) + 1
    yield made
    assert made.json("db", "stop") == {"state": "stopped"}


def test_a_published_file_is_loaded_once_and_leaves_receipts(lab):
    header, *rows = next((PERM / "samples").glob("*.csv")).read_text(encoding="utf-8").splitlines()[:40]
    cut = lab.file("perm_cut.csv", "\n".join([header, *rows]).encode())
    [told] = lab.ingest("perm", cut)
    assert set(KEYS) <= set(told)
    assert (told["state"], told["rows"]["read"], told["feed"]) == ("loaded", 39, "decisions")
    receipt = json.loads(Path(told["receipts"]["json"]).read_text())
    assert receipt["rows"] == told["rows"]
    [again] = lab.ingest("perm", cut)
    assert again["state"] == "no_change"
    [forced] = lab.ingest("perm", cut, more=["--force"])
    assert (forced["state"], forced["rows"]["unchanged"] + forced["rows"]["superseded"]) == ("loaded", 39)


def test_stdout_holds_the_document_alone_even_on_the_first_run(tmp_path):
    fresh = Lab(tmp_path)
    (tmp_path / "configs").mkdir()
    applied = fresh.run("partner", "apply", PERM, "--json")
    [perm] = json.loads(applied.stdout)
    assert (perm["partner"], perm["firm"], perm["firm_added"], perm["new"]) == ("perm", "northgate", True, True)
    assert "master key" in applied.stderr, "a log line, on stderr"


def test_whatever_the_umask_nobody_else_reads_the_data_folder(tmp_path):
    fresh = Lab(tmp_path)
    (tmp_path / "configs").mkdir()
    fresh.environment["GATEWAY_CONFIG_DIR"] = str(PERM.parent)
    for command in (["demo"], ["doctor"], ["db", "stop"]):
        done = fresh.run(*command, umask=0)
        assert done.returncode in (0, 1), done.stderr
    data = tmp_path / "data"
    assert {"files", "receipts", "master.key", "postgres-passwords.json"} <= {path.name for path in data.iterdir()}
    assert data.stat().st_mode & 0o066 == 0  # the server of a root user is another account, which must pass through
    assert [str(path) for path in data.rglob("*") if path.lstat().st_mode & 0o077] == []


def test_a_held_file_waits_for_a_person_who_releases_or_refuses_it(lab):
    lab.ingest("globex", lab.file("roster_20260301.csv", people(30)))
    [held] = lab.ingest("globex", lab.file("roster_20260302.csv", people(20)), exit_code=1)
    assert (held["state"], held["guards"]) == ("held", ["vanish_guard"])
    assert f"gateway import release {held['import_id']}" in lab.run("import", "show", held["import_id"]).stdout
    released = lab.json("import", "release", held["import_id"])
    assert (released["state"], released["records"]["clients"]["closed"]) == ("released", 10)
    [held] = lab.ingest("globex", lab.file("roster_20260303.csv", people(5)), exit_code=1)
    refused = lab.json("import", "refuse", held["import_id"], "--reason", "Half of the file is missing")
    assert (refused["state"], refused["reason"]) == ("refused", "Half of the file is missing")
    assert [one["state"] for one in lab.json("import", "list", "--partner", "globex")] == [
        "refused",
        "released",
        "loaded",
    ]
    with psycopg.connect(lab.url) as connection:
        decided = connection.execute(
            "SELECT action, origin FROM audit_log WHERE action IN ('import.release', 'import.refuse')"
        )
        assert sorted(decided.fetchall()) == [("import.refuse", "cli"), ("import.release", "cli")]


def test_a_renamed_column_is_accepted_once_and_for_all(lab):
    renamed = as_csv(people(9)).replace(b"Last Name", b"LastName (legal)")
    [held] = lab.ingest("umbrella", lab.file("roster_20260401.csv", renamed), exit_code=1)
    assert held["suggestions"][0]["found"] == "LastName (legal)"
    hint = "--accept 'Last Name=LastName (legal)'"
    assert hint in lab.run("import", "show", held["import_id"]).stdout
    released = lab.json("import", "release", held["import_id"], "--accept", "Last Name=LastName (legal)")
    assert (released["state"], released["rows"]["created"]) == ("released", 9)
    more = as_csv(people(10)).replace(b"Last Name", b"LastName (legal)")
    [next_one] = lab.ingest("umbrella", lab.file("roster_20260402.csv", more))
    assert (next_one["state"], next_one["rows"]["created"]) == ("loaded", 1)


def test_a_dry_run_changes_nothing(lab):
    file = lab.file("roster_20260501.csv", people(9))
    [told] = lab.ingest("wonka", file, more=["--dry-run"])
    assert (told["state"], told["rows"]["created"], told["import_id"]) == ("loaded", 9, None)
    assert lab.json("import", "list", "--partner", "wonka") == []


def test_rejected_rows_come_back_repaired(lab):
    rows = [person(1, dob="13/45/1980"), *people(9)[1:]]
    [told] = lab.ingest("tyrell", lab.file("roster_20260601.csv", rows))
    assert (told["state"], told["rows"]["rejected"]) == ("loaded_with_errors", 1)
    repaired = lab.folder / "repaired.csv"
    lab.run("import", "errors", told["import_id"], "--format", "csv", "--out", repaired)
    repaired.write_text(repaired.read_text(encoding="utf-8").replace("13/45/1980", "12/31/1980"), encoding="utf-8")
    [corrected] = lab.ingest("tyrell", repaired)
    assert (corrected["state"], corrected["rows"]["created"], corrected["corrects"]) == ("loaded", 1, told["import_id"])


def test_a_refused_file_fails_and_the_file_after_it_is_taken(lab):
    empty, good = lab.file("roster_20260701.csv", b""), lab.file("roster_20260702.csv", people(3))
    refused, loaded = lab.ingest("cyberdyne", empty, good, exit_code=1)
    assert (refused["state"], refused["code"], loaded["state"]) == ("refused", "empty_file", "loaded")
    assert Path(refused["receipts"]["json"]).exists()


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (["ingest", "nowhere.csv", "--partner", "perm"], 2, "nowhere.csv"),
        (["ingest", COMMAND, "--partner", "nobody-at-all"], 1, "There is no partner 'nobody-at-all'."),
        (["import", "show", "00000000"], 1, "There is no import '00000000'."),
    ],
)
def test_exit_codes_tell_wrong_usage_from_what_could_not_be_done(lab, words, exit_code, said):
    done = lab.run(*words)
    assert (done.returncode, done.stdout) == (exit_code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_two_firms_with_the_same_people_never_see_each_other(lab):
    for slug in ("stark", "wayne"):
        [told] = lab.ingest(
            slug, lab.file("roster_20260801.csv", [person(1, dob=f"no date of {slug}"), *people(9)[1:]])
        )
        assert told["rows"]["created"] == 8
    assert {one["partner"] for one in lab.json("import", "list", "--firm", "firm-one")} == {"stark"}
    report = lab.run("report", "import_errors", "--firm", "firm-two").stdout
    assert "no date of wayne" in report
    assert "no date of stark" not in report
    assert lab.run("report", "import_errors", "--firm", "firm-two", "--partner", "stark").returncode == 1
    elsewhere = lab.write_config("stark", "firm-two")
    assert "belongs to another firm" in lab.run("partner", "apply", elsewhere).stderr


def test_an_interrupted_import_says_so_and_is_finished_by_the_next_command(lab):
    file = lab.file("roster_20260901.csv", people(9))
    with psycopg.connect(lab.url, autocommit=True) as observer:
        partner_id = observer.execute("SELECT id FROM partners WHERE slug = 'aperture'").fetchone()[0]
        key = int.from_bytes(partner_id.bytes[8:], signed=True)
        observer.execute("SELECT pg_advisory_lock(%s)", [key])
        words = [COMMAND, "ingest", str(file), "--partner", "aperture"]
        with subprocess.Popen(
            words, env=lab.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as busy:
            while not observer.execute(WAITING).fetchone()[0]:
                assert busy.poll() is None, busy.stderr.read()
            busy.send_signal(signal.SIGINT)
            out, err = busy.communicate(timeout=PATIENCE)
    assert (busy.returncode, out, err) == (130, "", "Interrupted.\n")
    [open_one] = lab.json("import", "list", "--partner", "aperture")
    assert open_one["state"] == "received"
    lab.ingest("aperture", lab.file("roster_20260902.csv", people(9)))
    assert [one["state"] for one in lab.json("import", "list", "--partner", "aperture")] == ["no_change", "loaded"]


def test_a_reader_who_leaves_early_is_no_error(lab):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run([COMMAND, "import", "list", "--json"], env=lab.environment, stdout=nobody, stderr=subprocess.PIPE, text=True, check=False)  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "Internal error" not in done.stderr


def test_the_address_of_the_database_works_after_the_command_and_until_it_is_stopped(tmp_path):
    fresh = Lab(tmp_path)
    url = fresh.run("db", "url").stdout.strip()
    assert who(url) == "gateway_system"
    assert fresh.run("import", "list").returncode == 0
    assert who(url) == "gateway_system", "the server was left running by every command in between"
    assert who(fresh.run("db", "url", "--role", "app").stdout.strip()) == "gateway_app"
    assert fresh.json("db", "stop") == {"state": "stopped"}
    with pytest.raises(psycopg.OperationalError):
        who(url)
    shown = fresh.run("db", "run", "--", sys.executable, "-c", ROLE)
    assert shown.stdout == "gateway_system\n"
    assert fresh.run("db", "run", "--", sys.executable, "-c", "raise SystemExit(7)").returncode == 7
    assert fresh.run("db", "run", "--", "no-such-program").returncode == 2


ROLE = "import psycopg; print(psycopg.connect('').execute('SELECT current_user::text').fetchone()[0])"


def who(url):
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT current_user::text").fetchone()[0]
