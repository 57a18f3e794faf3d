"""Parcels in a bucket that looks at signatures and rights: whole and once, and every wrong setting told."""

import hashlib

import msgspec
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from helpers.listening import listening
from helpers.parcels import broken_off, parcel, sender

from gateway import clock, sigv4
from outbound.carriers import s3
from outbound.carriers.base import Declined, Unreachable

DATA = bytes(range(256)) * 4_000


@pytest.fixture
def spec(bucket):
    return s3.S3Carrier(
        bucket="acme-in", endpoint=bucket.url, key="in/{name}", access_key="ACCESS", secret_key="SECRET"
    )


@pytest.fixture
def us(bucket, tmp_path):
    return sender(tmp_path, {"ACCESS": bucket.access_key, "SECRET": bucket.secret_key, "WRONG": "hunter2"})


def changed(spec, **words):
    return msgspec.structs.replace(spec, **words)


@pytest.mark.parametrize("path", ["/acme-in/a.csv", "/acme-in/in/a b+c&ü=~.csv"])
def test_a_request_is_signed_as_amazons_own_library_signs_it(monkeypatch, path):
    monkeypatch.setenv("GATEWAY_NOW", "2026-03-02T10:00:00+00:00")
    headers = {"x-amz-meta-parcel": " 7 ", "content-type": "text/csv", "if-none-match": "*"}
    sha256, quoted = hashlib.sha256(DATA).hexdigest(), sigv4.quoted(path)
    keys = sigv4.Keys("AKIA", "hunter2", "eu-west-1")
    ours = sigv4.signed(keys, "PUT", "s3.example:9000", quoted, headers, sha256, clock.now())
    theirs = AWSRequest("PUT", f"https://s3.example:9000{quoted}")
    stamp = "20260302T100000Z"
    told = {"x-amz-meta-parcel": "7", "x-amz-content-sha256": sha256, "X-Amz-Date": stamp}
    for name, value in told.items():
        theirs.headers[name] = value
    theirs.context["timestamp"] = stamp
    auth = S3SigV4Auth(Credentials("AKIA", "hunter2"), "s3", "eu-west-1")
    auth._modify_request_before_signing = lambda _: None  # the body's hash stands there already
    text = auth.string_to_sign(theirs, auth.canonical_request(theirs))
    assert ours["authorization"].endswith(f"Signature={auth.signature(text, theirs)}")


def test_a_parcel_lies_whole_under_its_key(bucket, spec, us):
    said = s3.send(spec, parcel(DATA, "a b+ü.csv"), us)
    assert said.startswith("in/a b+ü.csv lies in acme-in, 1,024,000 bytes, ETag")
    assert bucket.files() == {"in/a b+ü.csv": DATA}


def test_a_repetition_finds_what_lies_there(bucket, spec, us):
    s3.send(spec, parcel(DATA), us)
    before = bucket.head("in/receipts.csv")["LastModified"]
    assert "already, whole" in s3.send(spec, parcel(DATA), us)
    assert bucket.head("in/receipts.csv")["LastModified"] == before


def test_a_key_says_whose_parcel_it_is(bucket, spec, us):
    one = parcel(DATA)
    for _ in range(2):
        s3.send(changed(spec, key="{partner}/{id}/{name}"), one, us)
    assert list(bucket.files()) == [f"acme/{one.id}/receipts.csv"]


def test_what_lies_there_is_left_alone_or_replaced_as_the_settings_say(bucket, spec, us):
    bucket.put("in/receipts.csv", b"theirs")
    with pytest.raises(Declined, match="left alone") as declined:
        s3.send(spec, parcel(DATA), us)
    assert (declined.value.code, bucket.files()) == ("name_taken", {"in/receipts.csv": b"theirs"})
    s3.send(changed(spec, overwrite=True), parcel(DATA), us)
    assert bucket.files() == {"in/receipts.csv": DATA}


def test_whoever_may_only_write_replaces_nothing(bucket, spec, us):
    bucket.allow("s3:PutObject")
    s3.send(spec, parcel(DATA), us)
    with pytest.raises(Declined, match="may not be read"):
        s3.send(spec, parcel(b"other"), us)
    assert bucket.files() == {"in/receipts.csv": DATA}


def test_a_parcel_that_breaks_off_is_not_there(bucket, spec, us):
    with pytest.raises(ConnectionAbortedError):
        s3.send(spec, broken_off(DATA, 700_000), us)
    assert bucket.files() == {}


def test_the_bucket_is_asked_to_encrypt(bucket, spec, us):
    s3.send(changed(spec, encryption="aws:kms", kms_key="our-key", storage_class="STANDARD_IA"), parcel(DATA), us)
    head = bucket.head("in/receipts.csv")
    assert (head["ServerSideEncryption"], head["StorageClass"]) == ("aws:kms", "STANDARD_IA")
    assert head["ContentType"] == "text/csv"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"secret_key": "WRONG"}, "login_refused"),
        ({"access_key": "WRONG"}, "login_refused"),
        ({"bucket": "acme-inn"}, "bucket_missing"),
        ({"endpoint": "http://127.0.0.1:1"}, "connection_refused"),
        ({"endpoint": "https://s3.acme.example.invalid"}, "name_not_found"),
        ({"endpoint": "http://10.0.0.1"}, "private_address"),
    ],
)
def test_every_wrong_setting_is_told_and_shows_no_secret(bucket, spec, us, words, code, caplog, capfd):
    for act in (lambda: s3.send(changed(spec, **words), parcel(DATA), us), lambda: s3.ping(changed(spec, **words), us)):
        with pytest.raises(Unreachable) as failed:
            act()
        assert failed.value.code == code, failed.value.sentence
        assert "hunter2" not in failed.value.sentence
        assert bucket.secret_key not in failed.value.sentence + caplog.text + "".join(capfd.readouterr())


def test_a_login_without_rights_is_told(bucket, spec, us):
    bucket.allow("s3:GetObject")
    for act in (lambda: s3.send(spec, parcel(DATA), us), lambda: s3.ping(spec, us)):
        with pytest.raises(Unreachable, match="may not put") as failed:
            act()
        assert failed.value.code == "permission_denied"


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ("503 Slow Down", Unreachable, "place_out_of_order"),
        ("429 Too Many", Unreachable, "place_out_of_order"),
        ("301 Moved\r\nx-amz-bucket-region: eu-west-1", Unreachable, "region_wrong"),
        ("413 Too Large", Declined, "parcel_declined"),
    ],
)
def test_an_answer_says_whether_others_would_fail_as_well(spec, us, answer, kind, code):
    with listening(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode()) as server, pytest.raises(kind) as failed:
        s3.send(changed(spec, endpoint=f"http://127.0.0.1:{server.port}"), parcel(b"x"), us)
    assert failed.value.code == code


def test_an_s3_that_knows_no_conditions_is_asked_without(spec, us):
    def old(connection, listener):
        conditional = b"if-none-match" in listener.head(connection)
        head = listener.heard[-1].startswith(b"HEAD")
        status = "404 Not Found" if head else "501 Not Implemented" if conditional else "200 OK"
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    with listening(old) as server:
        assert "lies in" in s3.send(changed(spec, endpoint=f"http://127.0.0.1:{server.port}"), parcel(b"x"), us)


def test_a_ping_says_each_step_and_leaves_nothing(bucket, spec, us):
    steps = s3.ping(spec, us)
    assert [step.split()[-1] for step in steps[:1]] == ["answers."]
    assert "takes files of this login" in steps[1]
    assert bucket.files() == {}


def test_a_ping_names_what_it_may_not_delete(bucket, spec, us):
    bucket.allow("s3:PutObject")
    assert "stays behind" in s3.ping(spec, us)[-1]


@pytest.mark.parametrize(
    "words", [{"bucket": "A"}, {"key": "{nmae}"}, {"key": "same.csv"}, {"kms_key": "k"}, {"key": "{name.__class__}"}]
)
def test_settings_that_cannot_work_are_told(words):
    with pytest.raises(ValueError, match=r"bucket|key"):
        s3.S3Carrier(**({"bucket": "acme-in", "access_key": "A", "secret_key": "B"} | words))


def test_amazons_own_address_holds_the_bucket_unless_its_dots_would_spoil_tls():
    spec = s3.S3Carrier(bucket="acme-in", region="eu-west-1", access_key="A", secret_key="B")
    assert s3._address(spec)[1] == "acme-in.s3.eu-west-1.amazonaws.com"
    assert s3._address(changed(spec, bucket="acme.in")) == (
        "https://s3.eu-west-1.amazonaws.com/acme.in",
        "s3.eu-west-1.amazonaws.com",
    )
