"""`gateway webhook send`: a call as the partner's system would sign it, to a gateway that is served."""

import json

import pytest
from helpers.webhooks import event, settings_with

STANDARD = "{via: webhook, name: 'changes_{time}.json', secret: HOOK}"
HMAC = """{via: webhook, name: 'changes_{time}.json', secret: HOOK, id: X-Delivery,
           proof: {type: hmac, header: X-Sign, timestamp: X-Time, signed: '{id}.{timestamp}.{body}'}}"""
BEARER = "{via: webhook, name: 'changes_{time}.json', secret: HOOK, proof: {type: bearer}}"


@pytest.fixture
def send(gateway, service, settings, monkeypatch, tmp_path):
    """Sends a file of two people to the gateway that is served."""
    monkeypatch.setenv("GATEWAY_HTTP_PORT", str(service.config.port))
    folder = settings.secrets_dir / "northgate"
    folder.mkdir(parents=True)
    (folder / "HOOK").write_text("whsec_c2VjcmV0IG9mIGhvb2tz\n")
    file = tmp_path / "changes.json"
    file.write_bytes(event(1, 2))

    def run(*more):
        return gateway("webhook", "send", file, "--partner", "acme", *more)

    return run


@pytest.mark.parametrize("arrival", [STANDARD, HMAC, BEARER])
def test_a_file_is_sent_as_it_is_agreed_with_the_partner(send, inbox, arrival):
    inbox.apply(settings_with(arrival))
    result = send("--feed", "changes", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert inbox.sql("SELECT id::text FROM imports") == [(told["import_id"],)]
    assert told["repeated"] is False
    assert inbox.sql("SELECT via FROM files") == [("webhook",)]


def test_a_person_is_told_what_became_of_the_file_and_that_it_came_before(send, inbox):
    inbox.apply(settings_with(STANDARD))
    first, again = (send("--feed", "changes", "--id", "test-1").stdout for _ in range(2))
    [(import_id,)] = inbox.sql("SELECT id::text FROM imports")
    assert first == f"changes.json became the import {import_id}.\n"
    assert again == f"changes.json is the call that became the import {import_id}.\n"


def test_what_cannot_be_sent_is_told_in_a_sentence(send, inbox, settings, monkeypatch):
    inbox.apply(settings_with(STANDARD))
    assert "no webhook of the feed 'acme/silent'" in send("--feed", "silent").output
    assert "no address such as" in send("--feed", "changes", "--url", "gateway.example").output
    away = send("--feed", "changes", "--url", "http://127.0.0.1:9", "--json")
    assert (away.exit_code, json.loads(away.stdout)["error"]) == (1, "gateway_away")
    inbox.apply(settings_with(STANDARD.replace("HOOK", "OTHER")))
    missing = send("--feed", "changes")
    assert missing.exit_code == 1
    assert "NORTHGATE__OTHER" in missing.output


def test_what_the_gateway_refuses_is_told_with_its_own_words(send, inbox, tmp_path):
    inbox.apply(settings_with(STANDARD))
    (tmp_path / "changes.json").write_bytes(b"")
    result = send("--feed", "changes", "--json")
    assert (result.exit_code, json.loads(result.stdout)["error"]) == (1, "empty_body")
