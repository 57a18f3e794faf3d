"""Files whose own end says that they are whole: whatever is cut off, however they are written, wherever they lie."""

from __future__ import annotations

import pytest
from helpers.bucket import bucket  # noqa: F401 - a fixture
from helpers.doing import do_jobs
from helpers.inbox import ROSTER
from helpers.moments import Moment
from helpers.places import Places, in_bucket, keep_secrets, on_sshd, with_arrivals
from helpers.sshd import pair
from msgspec import structs

from gateway.domain.partners.homes import find_home
from ingest.arrivals import polling
from ingest.arrivals.wholeness import Fetched, has_ended

FIXED = """format:
      type: fixed
      encoding: ENCODING
      records:
        header: {where: [1, 3, HDR], columns: {}}
        detail: {where: [1, 3, DTL], columns: {EMP_ID: [4, 6], "Last Name": [10, 10], Salary: [20, 8]}}
        trailer: {where: [1, 3, TRL], columns: {rows: [4, 6], total: [10, 10]}}
      controls: [{count: rows}, {sum: total, of: Salary}]"""
WAITS = {"roster.txt": "its trailer, or the end that its format wants, is not there"}


def roster(encoding: str) -> str:
    """The roster's settings, of files of fixed width."""
    client = ROSTER[: ROSTER.index("        date_of_birth")] + "        annual_salary: {{from: Salary, type: money}}\n"
    text = client.replace("roster*.csv", "roster*.txt").replace("    absent: close\n", "")
    text = text.replace('    as_of: {{file_name: "roster_%Y%m%d.csv"}}\n', "")
    fixed = FIXED.replace("ENCODING", encoding).replace("{", "{{").replace("}", "}}")
    return text.replace("format: {{type: csv}}", fixed)


def written(rows: int = 3, *, end: str = "\n", encoding: str = "utf-8", counted: int | None = None) -> bytes:
    """A file; `counted` is what its trailer says, the truth if unsaid."""
    lines = ["HDR", *(f"DTL{f'E{number}':6}{'Müller':10}{50_000 + number:08}" for number in range(rows))]
    total = sum(50_000 + number for number in range(rows))
    lines.append(f"TRL{rows if counted is None else counted:06}{total:010}")
    return "".join(line + end for line in lines).encode(encoding)


@pytest.fixture
def feed(inbox):
    """The feed as it stands in force."""

    def of(encoding: str = "utf-8"):
        entry = f'{{via: sftp, host: 127.0.0.1, user: us, key: K, host_keys: ["{pair()[1]}"], ready: trailer}}'
        inbox.apply(with_arrivals(entry, roster=roster(encoding)))
        [(_, one)] = polling.known(inbox.office, find_home(inbox.office, "acme"))
        return one.trailing["roster"]

    return of


def ended(content: bytes, feed, piece: int = 1 << 20) -> bool:
    pieces = [content[at : at + piece] for at in range(0, len(content), piece)]
    return has_ended(Fetched("roster.txt", len(content), lambda: iter(pieces)), feed)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "cp500"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_that_is_cut_anywhere_before_its_end_has_not_ended(feed, encoding, end):
    known, content = feed(encoding), written(end=end, encoding=encoding)
    whole = len(content) - len(end.encode(encoding.replace("utf-16", "utf-16-le").replace("-sig", "")))
    assert ended(content, known)
    assert [cut for cut in range(whole) if ended(content[:cut], known)] == []
    assert ended(content[:whole], known), "the last line may lack its break"


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64])
def test_a_trailer_that_comes_in_pieces_is_one(feed, piece):
    known = feed()
    assert ended(written(), known, piece)
    assert not ended(written()[:-2], known, piece)


def test_a_trailer_beyond_the_last_whole_block_is_found(feed):
    known, rows = feed(), 9_000
    content = written(rows)
    assert len(content) > 1 << 17
    for size in (1 << 16, len(content) - 4, len(content) - 1):
        assert ended(content, known, size)
        assert not ended(content[:size], known, size) or content[size:].strip() == b""


@pytest.mark.parametrize("counted", [0, 2, 4])
def test_a_trailer_that_counts_otherwise_is_no_end(feed, counted):
    assert not ended(written(counted=counted), feed())


def test_a_file_of_exactly_its_trailer_has_ended_where_it_counts_nothing(feed):
    known = feed()
    assert ended(b"TRL" + b"0" * 16 + b"\n", known)
    assert not ended(b"TRL0000010000050000\n", known)
    assert not ended(b"", known)


def test_what_comes_after_the_trailer_takes_the_end_back(feed):
    assert not ended(written() + b"DTLE9    Late      00050000\n", feed())


# ---------------------------------------------------------------- where files lie


@pytest.fixture
def settings(settings):
    return structs.replace(settings, allow_private=("127.0.0.0/8",))


def test_on_a_server_a_half_is_waited_for_and_the_whole_is_taken_once(inbox, sshd, settings, monkeypatch):
    moment = Moment(monkeypatch)
    keep_secrets(settings, ACME_KEY=sshd.key)
    inbox.apply(with_arrivals(on_sshd(sshd, ready="trailer"), roster=roster("utf-8")))
    places, path, content = Places(inbox), sshd.home / "roster.txt", written(end="\r\n")
    for cut in (0, 10, len(content) // 2, len(content) - 4):
        path.write_bytes(content[:cut])
        assert places.waiting() == WAITS
        moment.pass_by(seconds=30)
    path.write_bytes(content)
    assert places.taken() == ["roster.txt"]
    assert places.taken() == []


def test_on_a_server_a_half_that_stands_still_for_an_hour_is_taken_and_refused(
    inbox, sshd, settings, monkeypatch, office
):
    moment = Moment(monkeypatch)
    keep_secrets(settings, ACME_KEY=sshd.key)
    inbox.apply(with_arrivals(on_sshd(sshd, ready="trailer"), roster=roster("utf-8")))
    places = Places(inbox)
    (sshd.home / "roster.txt").write_bytes(written()[:-30])
    assert places.waiting() == WAITS
    moment.pass_by(minutes=61)
    assert places.taken() == ["roster.txt"]
    do_jobs(office, ["ingest"])
    assert inbox.sql("SELECT state, code FROM imports") == [("refused", "control_total")]


def test_in_a_folder_a_half_that_nobody_writes_is_taken_and_refused(inbox, office):
    """The folder tells who writes, so it need not wait for the end."""
    inbox.apply(with_arrivals("{via: drop}", roster=roster("utf-8")))
    places = Places(inbox)
    path = places.landing / "roster.txt"
    with path.open("wb") as writing:
        writing.write(written()[:-30])
        writing.flush()
        assert list(places.waiting()) == ["roster.txt"]
    assert places.taken() == ["roster.txt"]
    do_jobs(office, ["ingest"])
    assert inbox.sql("SELECT state, code FROM imports") == [("refused", "control_total")]


def test_in_a_bucket_a_half_that_lies_there_is_taken_and_refused(inbox, office, settings, bucket):  # noqa: F811 - the fixture
    """An object appears whole, so what ends too early was sent so."""
    keep_secrets(settings, ACME_ID=bucket.access_key, ACME_SECRET=bucket.secret_key)
    inbox.apply(with_arrivals(in_bucket(bucket.name, bucket.url), roster=roster("utf-8")))
    bucket.put("out/roster.txt", written()[:-30])
    assert Places(inbox).taken() == ["roster.txt"]
    do_jobs(office, ["ingest"])
    assert inbox.sql("SELECT state, code FROM imports") == [("refused", "control_total")]
