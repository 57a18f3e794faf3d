"""What we post can be verified by the libraries that receivers use, and goes nowhere that it must not."""

import base64
import json
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import msgspec
import pytest
import standardwebhooks
import svix.webhooks

from gateway import clock
from outbound.carriers.base import Closed, Declined, Parcel, Sender, Unreachable
from outbound.carriers.https import HTTPS, HttpsCarrier

OTHER = "whsec_" + base64.b64encode(b"another fabricated secret, 32 b.").decode()
BODY = b'{"type": "client.updated", "data": {"name": "M\xc3\xbcller"}}'


@pytest.fixture
def sender(settings):
    settings.secrets_dir.joinpath("northgate", "NEW").write_text(OTHER)
    settings.secrets_dir.joinpath("northgate", "PLAIN").write_text("not a key")
    return Sender(settings, "northgate", "acme")


def parcel(body=BODY, name="changes_20260301.json", media_type="application/json"):
    half = len(body) // 2
    return Parcel(
        uuid4(), name, media_type, len(body), sha256(body).hexdigest(), lambda: iter([body[:half], body[half:]])
    )


def spec(receiver, **more):
    return HttpsCarrier(**{"url": receiver.url, "secret": "ACME_HOOK"} | more)


@pytest.fixture
def secret(settings):
    return settings.secrets_dir.joinpath("northgate", "ACME_HOOK").read_text()


@pytest.mark.parametrize("library", [standardwebhooks.Webhook, svix.webhooks.Webhook])
@pytest.mark.parametrize("body", [BODY, b"{}"])
def test_receivers_libraries_verify_what_is_sent(receiver, sender, secret, library, body):
    one = parcel(body)
    assert HTTPS.send(spec(receiver), one, sender) == "200 noted"
    [got] = receiver.taken
    assert got.body == body
    assert library(secret).verify(got.body, got.headers) in (json.loads(body), None)  # svix' gives nothing back
    assert got.id == str(one.id)
    with pytest.raises((standardwebhooks.WebhookVerificationError, svix.webhooks.WebhookVerificationError)):
        library(OTHER).verify(got.body, got.headers)
    with pytest.raises((standardwebhooks.WebhookVerificationError, svix.webhooks.WebhookVerificationError)):
        library(secret).verify(got.body + b" ", got.headers)


def test_old_and_new_secret_sign_while_one_takes_the_others_place(receiver, sender, secret):
    HTTPS.send(spec(receiver, secret="NEW", old_secret="ACME_HOOK"), parcel(), sender)
    [got] = receiver.taken
    for each in (secret, OTHER):
        for library in (standardwebhooks.Webhook, svix.webhooks.Webhook):
            library(each).verify(got.body, got.headers)


def test_the_id_stays_and_the_time_is_that_of_the_attempt(receiver, sender, monkeypatch):
    one = parcel()
    for instant in ("2026-03-01T06:00:00+00:00", "2026-03-01T11:00:00+00:00"):
        monkeypatch.setenv("GATEWAY_NOW", instant)
        HTTPS.send(spec(receiver), one, sender)
    first, second = receiver.received
    assert first.id == second.id
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 5 * 3600
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert int(second.headers["webhook-timestamp"]) == int(clock.now().timestamp())


def test_a_file_keeps_its_type_and_its_name(receiver, sender):
    HTTPS.send(spec(receiver), parcel(b"a,b\r\n", "Müller 1.csv", "text/csv"), sender)
    [got] = receiver.taken
    assert got.headers["content-type"] == "text/csv"
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''M%C3%BCller%201.csv"


@pytest.mark.parametrize(
    ("status", "raised"),
    [(410, Closed), (400, Declined), (409, Declined), (422, Declined), (500, Unreachable), (503, Unreachable), (429, Unreachable), (401, Unreachable), (404, Unreachable), (301, Unreachable), (307, Unreachable)],
)  # fmt: skip
def test_a_status_says_who_must_act(receiver, sender, status, raised):
    receiver.answer = lambda _one: (status, b"why", {"location": receiver.url + "/elsewhere"})
    with pytest.raises(raised) as caught:
        HTTPS.send(spec(receiver), parcel(), sender)
    assert type(caught.value) is raised
    assert len(receiver.received) == 1, "redirects are not followed"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("120", 120), ("0", 0), (" 60 ", 60), ("86401", 86_400), ("9" * 5_000, None), ("-5", None), ("1.5", None), ("1e9", None), ("²", None), ("", None), ("soon", None), ("120, 240", None), ("Mon, 02 Mar 2026 06:10:00 GMT", 600), ("Mon, 02 Mar 2026 05:00:00 GMT", 0), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400), ("Fri, 31 Dec 9999 23:59:59 -2359", 86_400), ("Mon, 99 Mar 2026 06:10:00 GMT", None), ("Mon, 02 Mar 2026 06:10:00 -0000", None)],
)  # fmt: skip
def test_how_long_to_wait_is_read_as_it_is_written_and_bounded(receiver, sender, monkeypatch, said, seconds):
    monkeypatch.setenv("GATEWAY_NOW", "2026-03-02T06:00:00+00:00")
    receiver.answer = lambda _one: (503, b"", {"retry-after": said})
    with pytest.raises(Unreachable) as caught:
        HTTPS.send(spec(receiver), parcel(), sender)
    assert caught.value.wait == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize("status", [401, 404, 500, 502, 301])
def test_how_long_to_wait_counts_where_the_standard_has_it(receiver, sender, status):
    receiver.answer = lambda _one: (status, b"", {"retry-after": "120"})
    with pytest.raises(Unreachable) as caught:
        HTTPS.send(spec(receiver), parcel(), sender)
    assert caught.value.wait is None


def test_a_private_address_is_refused_unless_whoever_runs_it_allows_it(receiver, sender):
    closed = sender._replace(settings=msgspec.structs.replace(sender.settings, allow_private=()))
    with pytest.raises(Unreachable, match="GATEWAY_ALLOW_PRIVATE") as caught:
        HTTPS.send(spec(receiver), parcel(), closed)
    assert caught.value.code == "private_address"
    assert receiver.received == []


@pytest.mark.parametrize(("name", "code"), [("PLAIN", "secret_unfit"), ("NOT_THERE", "secret_missing")])
def test_a_secret_that_cannot_sign_keeps_all_waiting(receiver, sender, name, code):
    with pytest.raises(Unreachable) as caught:
        HTTPS.send(spec(receiver, secret=name), parcel(), sender)
    assert caught.value.code == code
    assert "not a key" not in caught.value.sentence
    assert receiver.received == []


def test_nobody_listens(receiver, sender):
    with pytest.raises(Unreachable) as caught:
        HTTPS.send(spec(receiver, url="http://127.0.0.1:1/hooks"), parcel(), sender)
    assert caught.value.code == "connection_refused"


def test_an_answer_is_kept_in_part(receiver, sender):
    receiver.answer = lambda _one: (200, b"x" * 5_000, {})
    assert len(HTTPS.send(spec(receiver), parcel(), sender)) < 1_100


def test_trying_it_out_posts_a_signed_message_of_nothing(receiver, sender, secret):
    steps = HTTPS.ping(spec(receiver), sender)
    [got] = receiver.taken
    assert standardwebhooks.Webhook(secret).verify(got.body, got.headers)["type"] == "ping"
    assert len(steps) == 3
    receiver.answer = lambda _one: 404
    with pytest.raises(Unreachable):
        HTTPS.ping(spec(receiver), sender)
