"""Files in a partner's bucket, on a real server: each version once, whatever becomes of it afterwards."""

from __future__ import annotations

import socket
import tracemalloc

import obstore
import pytest
from helpers.inbox import SENDER
from helpers.listening import listening
from helpers.places import CSV, Places, in_bucket, keep_secrets, with_arrivals
from moto.server import ThreadedMotoServer
from msgspec import structs
from obstore.store import S3Store

from gateway import buckets
from gateway.domain.partners.homes import find_home
from ingest.arrivals import memory, polling
from ingest.arrivals.base import CHUNK_BYTES, Sighting

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
    keep_secrets(settings, ACME_ID="z", ACME_SECRET="z")
    return structs.replace(settings, allow_private=("127.0.0.0/8",))


@pytest.fixture
def fetched(inbox, moto, bucket):
    def apply(**words: object) -> Places:
        inbox.apply(with_arrivals(in_bucket(**({"bucket": "acme-out", "endpoint": moto} | words))))
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
    for content in (CSV, CSV, OTHER):
        obstore.put(bucket, "out/roster.csv", content)
        assert places.taken() == ["roster.csv"]
        assert places.taken() == []
    assert len(places.names()) == 3
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
        [pinged] = polling.ping(places.office, find_home(places.office, "acme").firm_id, SENDER, "acme")
        return len(pinged.steps), pinged.problem and pinged.problem.code

    assert told() == (1, None)
    assert told(after="delete") == (2, None)
    assert told(bucket="no-such-bucket") == (0, "bucket_missing")
    assert told(endpoint="http://127.0.0.1:1") == (0, "connection_refused")
    assert told(endpoint="http://198.41.0.4") == (0, "http_refused")
    assert told(secret_key="NO_SECRET") == (0, "secret_missing")


def test_a_private_network_is_not_asked_unless_it_is_opened(fetched, office, settings):
    places = fetched()
    closed = type(office)(office.db, office.store, structs.replace(settings, allow_private=()), office.heard)
    [polled] = polling.poll(closed, find_home(closed, "acme"))
    assert polled.problem.code == "private_address"
    assert places.names() == []


def test_a_name_that_leads_inside_once_it_was_looked_at_is_not_connected_to(fetched, office, settings, monkeypatch):
    """The first answer may be asked, the second may not; and who listens there hears nothing."""
    answers = ["127.0.0.1", "169.254.169.254", "10.0.0.1"]
    with listening(b"") as inside:
        places = fetched(endpoint=f"http://rebound.example:{inside.port}")

        def rebound(_host, port, *_args, **_more):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

        monkeypatch.setattr(socket, "getaddrinfo", rebound)
        problem = places.poll().problem
    assert problem.code == "private_address"
    assert "169.254" not in problem.sentence, "whoever writes settings is not told where names of ours lead"
    assert (answers, inside.connections) == (["10.0.0.1"], 0)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(fetched, status):
    with listening(b"") as inside:
        away = f"HTTP/1.1 {status} Away\r\nLocation: http://127.0.0.1:{inside.port}/\r\nContent-Length: 0\r\n\r\n"
        with listening(away.encode()) as outside:
            problem = fetched(endpoint=f"http://127.0.0.1:{outside.port}").poll().problem
        assert problem.code == "region_wrong"
        assert "redirects are not followed" in problem.sentence
        assert inside.connections == 0


BOMB = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<ListBucketResult><Contents><Key>&b;</Key><Size>1</Size><ETag>x</ETag></Contents></ListBucketResult>"""
ENDLESS = """<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken>
</ListBucketResult>"""


@pytest.mark.parametrize("body", ["<html>Welcome</html>", "no markup", BOMB, ENDLESS, "<ListBucketResult><Contents/>"])
def test_what_is_no_listing_is_told(fetched, body, monkeypatch):
    monkeypatch.setattr(buckets, "_MOST_PAGES", 5)
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    with listening(answer) as server:
        problem = fetched(endpoint=f"http://127.0.0.1:{server.port}").poll().problem
    assert problem.code == "s3_failed"
    assert "Is the endpoint right?" in problem.sentence
    assert server.connections <= 5


def test_a_large_object_needs_no_memory_of_its_size(fetched):
    megabytes, piece = 64, b"x" * (1 << 20)

    def large(connection, listener):
        asked = listener.head(connection)
        status = "206 Partial Content" if asked.startswith(b"GET") else "200 OK"
        head = f'HTTP/1.1 {status}\r\nETag: "x"\r\nContent-Length: {megabytes * len(piece)}\r\n\r\n'
        connection.sendall(head.encode())
        for _ in range(megabytes if asked.startswith(b"GET") else 0):
            connection.sendall(piece)

    with listening(large) as server:
        places = fetched(endpoint=f"http://127.0.0.1:{server.port}")
        [(_, one)] = polling.known(places.office, find_home(places.office, "acme"))
        seen = Sighting("out/roster.csv", "roster.csv", megabytes * len(piece), '"x"')
        with one.spec.open(one.whose) as place, place.hold(seen) as held:
            tracemalloc.start()
            sizes = [len(chunk) for chunk in held.chunks(0)]
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
    assert sizes == [CHUNK_BYTES] * megabytes
    assert peak < 8 << 20


@pytest.mark.parametrize("name", ["roster a+b.csv", "roster ü&%41.csv", "roster=~(1)'.csv"])
def test_names_are_what_they_are(fetched, bucket, name):
    obstore.put(bucket, f"out/{name}", CSV)
    assert fetched(after="move:done").taken() == [name]
    assert keys(bucket) == [f"done/{name}"]
