"""Archives as arrivals: on record at once, opened by whoever takes them, each file in them an import of its own."""

import io
import time
import zipfile
from datetime import timedelta

import pytest
from helpers.inbox import ROSTER, SENDER, as_csv, people
from helpers.quine import quine
from sqlalchemy import text

from gateway.domain.partners.homes import find_home
from gateway.jobs.claims import Claims
from gateway.jobs.handling import Handling
from gateway.jobs.ledger import LeaseLost
from ingest import jobs
from ingest.arrival import Asked
from ingest.imports import again
from ingest.reception import receive
from ingest.running import finish

DAYS = [as_csv(people(3, salary=str(50_000 + day))) for day in range(1, 5)]
ZIPPED = ROSTER.format(partner="acme", firm="northgate").replace("format:", "unpack: {zip: true}\n    format:")


def archive(*members, first=1):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for day, content in enumerate(members, first):
            packed.writestr(f"roster_202603{day:02}.csv", content)
    return out.getvalue()


@pytest.fixture
def send(office, inbox):
    """Leave a file to a worker."""
    inbox.apply(ZIPPED)

    def one(name, content, **more):
        home = find_home(office, "acme")
        return receive(office, home, name, [content], via="test", by=SENDER, asked=Asked(**more), queued=True)

    return one


def claimed(office):
    return Handling(office, Claims(office.db, "ingest", "w", timedelta(seconds=30)).next())


def work(office):
    """Do the queue's next job."""
    handling = claimed(office)
    jobs.run(handling)
    with office.db.system() as session:
        session.execute(text("UPDATE jobs SET state = 'done', lease_until = NULL WHERE state = 'running'"))


def stored(office):
    return {path.name for path in (office.settings.data_dir / "files").rglob("*") if path.is_file()}


def test_an_archive_is_on_record_before_anything_looks_into_it(inbox, send):
    import_id = send("out.zip", b"PK\x03\x04 and no archive after all")
    assert inbox.account(import_id)["state"] == "received"
    assert inbox.sql("SELECT kind, about FROM jobs") == [("ingest.run", import_id)]


def test_the_job_of_an_archive_leaves_a_job_for_each_of_its_files(inbox, office, send):
    import_id = send("out.zip", archive(*DAYS[:2]))
    work(office)

    told = inbox.account(import_id)
    assert (told["state"], told["reason"]) == ("unpacked", "It is an archive of 2 files, each an import of its own.")
    assert [one["file"] for one in told["files"]] == ["roster_20260301.csv", "roster_20260302.csv"]
    assert told["receipts"].keys() == {"json"}
    found = [inbox.account(one["import_id"]) for one in told["files"]]
    assert [(one["state"], one["received_at"]) for one in found] == [("received", told["received_at"])] * 2
    waiting = inbox.sql("SELECT about::text, lane FROM jobs WHERE state = 'waiting' ORDER BY id")
    assert waiting == [(one["import_id"], str(find_home(office, "acme").partner_id)) for one in told["files"]]

    for _ in range(2):
        work(office)
    assert [inbox.account(one["import_id"])["state"] for one in told["files"]] == ["loaded", "loaded"]


def test_who_sent_an_archive_and_what_came_out_of_it_is_on_record(inbox, office, send):
    import_id = send("out.zip", archive(DAYS[0]))
    work(office)
    assert inbox.sql("SELECT actor, changes -> 0 -> 'new' FROM audit_log WHERE action = 'import.receive'") == [
        ("test", {"via": "test", "forced": False}),
        ("unpacking", {"via": "test", "forced": False, "archive": str(import_id)}),
    ]


def test_what_its_sender_said_of_an_archive_holds_for_its_files(inbox, office, send):
    send("out.zip", archive(DAYS[0]), feed="roster", forced=True)
    work(office)
    work(office)
    assert inbox.sql("SELECT count(*), count(feed_id), bool_and(forced) FROM imports") == [(2, 2, True)]


def test_the_files_of_an_archive_are_earlier_than_what_came_after_it(inbox, office, send):
    send("out.zip", archive(*DAYS[:2]))
    later = send("roster_20260303.csv", DAYS[2])
    finish(office, find_home(office, "acme"), later)
    ended = inbox.sql(
        "SELECT f.name, i.state FROM imports i JOIN files f ON f.id = i.file_id ORDER BY i.finished_at, i.id"
    )
    days = [(f"roster_2026030{day}.csv", "loaded") for day in (1, 2, 3)]
    assert ended == [("out.zip", "unpacked"), *days]


def test_an_archive_whose_job_was_taken_over_leaves_nothing(inbox, office, send):
    import_id = send("out.zip", archive(*DAYS))
    before = stored(office)
    handling = claimed(office)
    with office.db.system() as session:
        session.execute(text("UPDATE jobs SET state = 'waiting', lease_until = NULL"))
    with pytest.raises(LeaseLost):
        jobs.run(handling)
    assert inbox.account(import_id)["state"] == "unpacking"
    assert inbox.sql("SELECT count(*) FROM files") == [(1,)]
    assert stored(office) == before


def test_an_archive_is_opened_once_whoever_takes_it_again(inbox, office, send):
    import_id = send("out.zip", archive(*DAYS[:2]))
    for _ in range(2):
        finish(office, find_home(office, "acme"), import_id)
    assert inbox.sql("SELECT count(*) FROM imports") == [(3,)]


def test_an_archive_that_brings_down_every_worker_is_set_aside(inbox, office, send):
    import_id = send("out.zip", archive(*DAYS[:2]))
    with office.db.system() as session:
        session.execute(text("UPDATE imports SET attempts = 3, state = 'unpacking'"))
        session.execute(text("UPDATE jobs SET last_error = 'The worker died or was cut off.'"))
    finish(office, find_home(office, "acme"), import_id, last_resort=True)
    assert inbox.account(import_id)["state"] == "failed"


def test_an_archive_can_be_taken_again(inbox, office, send):
    import_id = send("out.zip", archive(*DAYS[:2]))
    finish(office, find_home(office, "acme"), import_id)
    with office.acting(inbox.firm_id, SENDER) as acting:
        _, source, via, asked = again(acting, import_id)
    told = inbox.drop_all(source.name, b"".join(source.chunks()), forced=asked.forced)
    assert (via, [one["state"] for one in told]) == ("replay", ["loaded", "loaded"])


def timed(office):
    """Do the queue's next job; in how many seconds of this process, whoever else is busy."""
    begun = time.process_time()
    work(office)
    return time.process_time() - begun


def test_an_archive_that_holds_itself_is_refused_at_once_and_what_comes_beside_it_goes_on(inbox, office, send):
    before = send("roster_20260301.csv", DAYS[0])
    endless = send("out.zip", quine("roster_20260301_and_itself.zip"))
    after = send("roster_20260302.csv", DAYS[1])
    work(office)
    assert timed(office) < 1
    told = inbox.account(endless)
    assert (told["state"], told["code"]) == ("refused", "unreadable")
    assert "roster_20260301_and_itself.zip in it is an archive again" in told["reason"]
    work(office)
    assert [inbox.account(one)["state"] for one in (before, after)] == ["loaded", "loaded"]
    assert inbox.sql("SELECT DISTINCT state FROM jobs") == [("done",)]


def test_an_archive_that_holds_itself_by_another_name_is_opened_once(inbox, office, send):
    """A workbook is a zip as well, so what it is only tells whoever reads it."""
    endless = send("out.zip", quine("roster_20260301_of_itself_.csv"))
    after = send("roster_20260302.csv", DAYS[1])
    spent = [timed(office) for _ in range(3)]  # the archive, what came after it, what was in it
    [within] = inbox.account(endless)["files"]
    told = inbox.account(within["import_id"])
    assert (told["state"], told["code"]) == ("refused", "unreadable")
    assert max(spent[0], spent[2]) < 1
    assert inbox.account(after)["state"] == "loaded"
    assert inbox.sql("SELECT count(*) FROM imports") == [(3,)]
    assert inbox.sql("SELECT DISTINCT state FROM jobs") == [("done",)]


@pytest.mark.parametrize("kind", ["csv", "excel"])
def test_an_archive_that_holds_itself_is_refused_where_nothing_is_unpacked(inbox, kind):
    settings = ROSTER.format(partner="acme", firm="northgate")
    inbox.apply(settings.replace("format: {type: csv}", f"format: {{type: {kind}}}"))
    told = inbox.drop("roster_20260301.csv", quine("roster_20260301_and_itself.zip"))
    assert (told["state"], told["code"]) == ("refused", "unreadable")
