"""`gateway partner ping` at buckets and of every carrier: each step that works, and each wrong setting in plain words."""

from __future__ import annotations

import base64
import json

import pytest
from helpers.bucket import bucket  # noqa: F401 - a fixture
from helpers.inbox import ROSTER
from helpers.places import in_bucket, keep_secrets, with_arrivals
from helpers.post_office import PostOffice
from helpers.receiving import receiving
from msgspec import structs

from outbound.carriers import CARRIERS

HOOK = "whsec_" + base64.b64encode(b"fabricated secret of 32 bytes ok").decode()


@pytest.fixture
def settings(settings, monkeypatch):
    monkeypatch.setenv("GATEWAY_ALLOW_PRIVATE", "127.0.0.0/8")
    return structs.replace(settings, allow_private=("127.0.0.0/8",))


@pytest.fixture
def receiver():
    with receiving() as one:
        yield one


@pytest.fixture
def office_of_post(monkeypatch):
    one = PostOffice()
    monkeypatch.setenv("GATEWAY_SMTP_URL", f"smtp+plain://127.0.0.1:{one.port}")
    monkeypatch.setenv("GATEWAY_MAIL_FROM", "gateway@northgate.example")
    yield one
    one.close()


@pytest.fixture
def carriers(settings, bucket, sshd, receiver, office_of_post):  # noqa: F811 - the fixture
    """What stands in settings of each carrier, all of which work."""
    keep_secrets(settings, HOOK=HOOK, ACCESS=bucket.access_key, SECRET=bucket.secret_key, KEY=sshd.key, WRONG="hunter2")
    return {
        "download": {},
        "https": {"url": receiver.url, "secret": "HOOK"},
        "email": {"to": ["hr@acme.example"]},
        "s3": {"bucket": bucket.name, "endpoint": bucket.url, "access_key": "ACCESS", "secret_key": "SECRET"},
        "sftp": {
            "host": sshd.host, "port": sshd.port, "user": sshd.user, "key": "KEY", "host_keys": sshd.host_keys,
            "folder": str(sshd.home),
        },
    }  # fmt: skip


@pytest.fixture
def pinged(gateway, inbox):
    def of(text):
        inbox.apply(text)
        done = gateway("partner", "ping", "acme", "--json")
        [told] = json.loads(done.stdout)
        assert done.exit_code == (1 if told["error"] else 0), done.output
        assert "hunter2" not in done.output
        return told

    return of


def with_carrier(via, said):
    carrier = json.dumps({"via": via, **said})
    roster = ROSTER.format(partner="acme", firm="northgate")
    return f"{roster}\ndeliveries:\n  told: {{trigger: on_change, events: [client.updated], carrier: {carrier}}}\n"


def test_every_carrier_that_works_says_so_step_by_step(carriers, pinged):
    assert set(carriers) == {one.__struct_config__.tag for one in CARRIERS}
    for via, said in carriers.items():
        told = pinged(with_carrier(via, said))
        assert (told["what"], told["error"]) == ("delivery told", None), told
        assert told["steps"], via


@pytest.mark.parametrize(
    ("via", "wrong", "said"),
    [
        ("https", {"url": "http://127.0.0.1:1/hooks"}, "Is the port right?"),
        ("https", {"secret": "WRONG"}, "openssl rand"),
        ("https", {"secret": "NOT_THERE"}, "NOT_THERE"),
        ("s3", {"bucket": "nobodys"}, "nobodys"),
        ("s3", {"secret_key": "WRONG"}, "secret"),
        ("s3", {"endpoint": "http://127.0.0.1:1"}, "Is the port right?"),
        ("sftp", {"port": 1}, "Is the port right?"),
        ("sftp", {"user": "nobody-of-that-name"}, "does the partner know this key or password?"),
        ("sftp", {"folder": "/no/such/folder"}, "/no/such/folder"),
    ],
)
def test_every_wrong_setting_of_a_carrier_is_told_in_plain_words(carriers, pinged, via, wrong, said):
    told = pinged(with_carrier(via, carriers[via] | wrong))
    assert said in told["error"]["message"], told


def test_a_relay_that_nobody_runs_is_told(carriers, pinged, monkeypatch):
    monkeypatch.setenv("GATEWAY_SMTP_URL", "smtp+plain://127.0.0.1:1")
    assert "127.0.0.1:1" in pinged(with_carrier("email", carriers["email"]))["error"]["message"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, None),
        ({"bucket": "nobodys"}, "nobodys"),
        ({"secret_key": "WRONG"}, "secret"),
        ({"secret_key": "NOT_THERE"}, "NOT_THERE"),
        ({"endpoint": "http://127.0.0.1:1"}, "Is the port right?"),
    ],
)
def test_a_bucket_that_is_looked_at_is_tried(carriers, bucket, pinged, wrong, said):  # noqa: F811 - the fixture
    words = {"access_key": "ACCESS", "secret_key": "SECRET", "bucket": bucket.name, "endpoint": bucket.url} | wrong
    told = pinged(with_arrivals(in_bucket(**words)))
    assert (told["error"] is None) == (said is None), told
    assert said is None or said in told["error"]["message"], told
