"""Files in a partner's bucket, on a real server: each version once, whatever becomes of it afterwards."""

from __future__ import annotations

import obstore
import pytest
from helpers.places import CSV, Places, with_arrivals
from moto.server import ThreadedMotoServer
from msgspec import structs
from obstore.store import S3Store

from gateway.domain.partners.homes import find_home
from ingest.arrivals import memory, polling

OTHER = CSV + b"E9,Name9,02/03/1980,1\n"


@pytest.fixture(scope="module")
def moto():
    """Where S3 is."""
    one = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    one.start()
    host, port = one.get_host_and_port()
    yield f"http://{host}:{port}"
    one.stop()


@pytest.fixture
def bucket(moto):
    """The partner's own way into a new bucket."""
    import httpx

    httpx.post(f"{moto}/moto-api/reset").raise_for_status()
    httpx.put(
        f"{moto}/acme-out",
        headers={"Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request"},
    ).raise_for_status()
    return S3Store(
        "acme-out",
        endpoint=moto,
        region="us-east-1",
        access_key_id="x",
        secret_access_key="y",
        client_options={"allow_http": True},
    )


@pytest.fixture
def settings(settings):
    secrets = settings.secrets_dir / "northgate"
    secrets.mkdir(parents=True)
    for name in ("ACME_ID", "ACME_SECRET"):
        (secrets / name).write_text("z")
    return structs.replace(settings, allow_private=("127.0.0.0/8",))


@pytest.fixture
def fetched(inbox, moto, bucket):
    def apply(**words: object) -> Places:
        said = {
            "bucket": "acme-out",
            "prefix": "out",
            "endpoint": moto,
            "access_key": "ACME_ID",
            "secret_key": "ACME_SECRET",
        }
        told = ", ".join(f"{name}: {value!r}" for name, value in (said | words).items())
        inbox.apply(with_arrivals(f"{{via: s3, {told}}}"))
        return Places(inbox)

    return apply


def keys(bucket):
    return sorted(one["path"] for batch in obstore.list(bucket) for one in batch)


def test_an_object_is_taken_once_for_each_version(fetched, bucket):
    places = fetched()
    obstore.put(bucket, "out/roster.csv", CSV)
    assert places.taken() == ["roster.csv"]
    assert places.taken() == []
    obstore.put(bucket, "out/roster.csv", OTHER)
    assert places.taken() == ["roster.csv"]
    assert places.inbox.sql("SELECT size FROM files ORDER BY id") == [(len(CSV),), (len(OTHER),)]
    assert keys(bucket) == ["out/roster.csv"]


def test_only_what_is_ours_is_fetched(fetched, bucket):
    for key in [
        "out/roster1.csv",
        "out/other.txt",
        "out/deep/roster2.csv",
        "elsewhere/roster3.csv",
        "output/roster4.csv",
    ]:
        obstore.put(bucket, key, CSV)
    assert fetched().taken() == ["roster1.csv"]
    assert fetched(recursive=True).taken() == ["roster2.csv"]
    assert fetched(glob="*.txt").taken() == ["other.txt"]


def test_more_objects_than_one_page_holds_are_seen(fetched, bucket):
    for number in range(1_005):
        obstore.put(bucket, f"out/photo{number:04}.jpg", b"")
    obstore.put(bucket, "out/roster.csv", CSV)
    polled = fetched().poll()
    assert polled.looked.listed == 1_006
    assert [one.name for one in polled.looked.taken] == ["roster.csv"]


def test_an_object_is_deleted_once_it_is_on_record(fetched, bucket):
    obstore.put(bucket, "out/roster.csv", CSV)
    assert fetched(after="delete").taken() == ["roster.csv"]
    assert keys(bucket) == []


def test_an_object_that_is_moved_comes_again_as_another_arrival(fetched, bucket):
    places = fetched(after="move:out/done", recursive=True)
    for _ in range(2):
        obstore.put(bucket, "out/roster.csv", CSV)
        assert places.taken() == ["roster.csv"]
        assert places.taken() == []
    last = places.inbox.sql("SELECT id FROM imports ORDER BY id")[-1][0]
    assert keys(bucket) == sorted(["out/done/roster.csv", f"out/done/{last}-roster.csv"])


def test_an_object_that_is_replaced_while_it_is_taken_is_not_deleted(fetched, bucket, monkeypatch):
    places, note = fetched(after="delete"), memory.note_taken

    def replacing(*args, **more):
        note(*args, **more)
        if not places.arrived():
            obstore.put(bucket, "out/roster.csv", OTHER)

    obstore.put(bucket, "out/roster.csv", CSV)
    monkeypatch.setattr(memory, "note_taken", replacing)
    assert places.taken() == ["roster.csv"]
    assert keys(bucket) == ["out/roster.csv"]
    assert places.taken() == ["roster.csv"]
    assert keys(bucket) == []
    assert [size for (size,) in places.inbox.sql("SELECT size FROM files ORDER BY id")] == [len(CSV), len(OTHER)]


def test_what_is_wrong_is_told(fetched, moto, bucket):
    def told(**words):
        places = fetched(**words)
        [pinged] = polling.ping(places.office, find_home(places.office, "acme"))
        return len(pinged.steps), pinged.problem and pinged.problem.code

    assert told() == (1, None)
    assert told(after="delete") == (2, None)
    assert told(bucket="no-such-bucket") == (0, "bucket_missing")
    assert told(endpoint="http://127.0.0.1:1") == (0, "s3_failed")
    assert told(endpoint="http://198.41.0.4") == (0, "http_refused")
    assert told(secret_key="NO_SECRET") == (0, "secret_missing")


def test_a_private_network_is_not_asked_unless_it_is_opened(fetched, office, settings):
    places = fetched()
    closed = type(office)(office.db, office.store, structs.replace(settings, allow_private=()), office.heard)
    [polled] = polling.poll(closed, find_home(closed, "acme"))
    assert polled.problem.code == "private_address"
    assert places.names() == []
