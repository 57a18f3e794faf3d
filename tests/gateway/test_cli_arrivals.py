"""`gateway arrivals` and `gateway partner ping`: what a person is told of places, and what a script gets."""

from __future__ import annotations

import json

import pytest
from helpers.places import CSV, Places, keep_secrets, on_sshd, with_arrivals
from helpers.sshd import pair
from msgspec import structs

from gateway.jobs.handling import Handling
from ingest.arrivals import polling


class Clocked:
    """A job of the clock's."""

    payload, firm_id = None, None


@pytest.fixture
def settings(settings, monkeypatch):
    monkeypatch.setenv("GATEWAY_ALLOW_PRIVATE", "127.0.0.0/8")
    return structs.replace(settings, allow_private=("127.0.0.0/8",))


@pytest.fixture
def landing(inbox):
    """acme's drop folder, in which a roster lies and what nobody wants."""
    inbox.apply(with_arrivals("{via: drop}"))
    folder = Places(inbox).landing
    (folder / "roster.csv").write_bytes(CSV)
    (folder / "photo.jpg").write_bytes(CSV)
    return folder


def test_a_poll_takes_what_is_there_and_says_what_waits(gateway, landing):
    done = gateway("arrivals", "poll", "--partner", "acme")
    assert done.exit_code == 0, done.output
    assert "acme  drop:acme: 1 taken, 1 wait." in done.stdout
    assert "roster.csv: import " in done.stdout
    assert "photo.jpg waits: no feed takes a file of this name here" in done.stdout


def test_a_poll_tells_a_script_the_same(gateway, landing, inbox):
    [told] = json.loads(gateway("arrivals", "poll", "--json").stdout)
    [(import_id,)] = inbox.sql("SELECT id FROM imports")
    assert (told["partner"], told["place"], told["error"]) == ("acme", "drop:acme", None)
    assert told["taken"] == [{"file": "roster.csv", "import_id": str(import_id)}]
    assert [one["file"] for one in told["waiting"]] == ["photo.jpg"]


def test_a_poll_of_a_place_that_fails_ends_with_1_and_the_reason(gateway, inbox):
    inbox.apply(with_arrivals("{via: drop, folder: in}"))
    for words in ([], ["--json"]):
        done = gateway("arrivals", "poll", *words)
        assert done.exit_code == 1
        assert "GATEWAY_DROP_ROOT, which is not set" in done.stdout
    assert json.loads(done.stdout)[0]["error"]["code"] == "drop_root_unset"


def test_status_shows_the_last_look_and_what_fails(gateway, landing, inbox):
    assert "not looked at yet" in gateway("arrivals", "status").stdout
    gateway("arrivals", "poll")
    done = gateway("arrivals", "status", "--partner", "acme")
    assert (done.exit_code, "2 there, 1 taken, 1 wait." in done.stdout) == (0, True)
    [told] = json.loads(gateway("arrivals", "status", "--json").stdout)
    assert (told["partner"], told["taken"], told["waiting_count"], told["error"]) == ("acme", 1, 1, None)
    inbox.apply(with_arrivals("{via: drop, folder: in}"))
    gateway("arrivals", "poll")
    done = gateway("arrivals", "status")
    assert (done.exit_code, "fails since" in done.stdout) == (0, True)


def test_status_says_that_no_clock_looks_at_a_name_for_examples(gateway, office, inbox):
    entry = f'{{via: sftp, host: sftp.acme.example, user: us, key: K, host_keys: ["{pair()[1]}"]}}'
    inbox.apply(with_arrivals(entry))
    polling.due(Handling(office, Clocked()))
    assert "a name for examples (.example)" in gateway("arrivals", "status").stdout


@pytest.mark.parametrize(
    "words", [("arrivals", "status", "--partner"), ("arrivals", "poll", "--partner"), ("partner", "ping")]
)
def test_a_name_that_nobody_has_is_told(gateway, landing, words):
    done = gateway(*words, "acmee")
    assert done.exit_code == 1
    assert "acmee" in done.stderr


def test_nothing_to_look_at_is_no_failure(gateway, inbox, roster):
    inbox.apply(roster)
    assert "There is no place to look at." in gateway("arrivals", "poll").stdout
    assert "No partner's settings name a place" in gateway("arrivals", "status").stdout
    assert json.loads(gateway("arrivals", "status", "--json").stdout) == []


def test_a_ping_says_each_step_and_takes_nothing(gateway, landing, inbox):
    done = gateway("partner", "ping", "acme")
    assert (done.exit_code, "can be read" in done.stdout) == (0, True)
    assert inbox.sql("SELECT count(*) FROM imports") == [(0,)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"host": "sftp.acme.example.invalid"}, "look for a typing error"),
        ({"port": 1}, "Is the port right?"),
        ({"host_keys": [pair()[1]]}, "whether their key has changed"),
        ({"user": "nobody-of-that-name"}, "does the partner know this key or password?"),
        ({"key": "NO_SUCH_SECRET"}, "NO_SUCH_SECRET"),
        ({"folder": "/no/such/folder"}, "Is it written as the server has it?"),
        ({"folder": "/proc/self", "after": "delete"}, "Ask the partner for it, or say `after: leave`"),
    ],
)
def test_a_ping_tells_every_wrong_setting_in_plain_words(gateway, inbox, sshd, settings, words, said):
    keep_secrets(settings, ACME_KEY=sshd.key)
    inbox.apply(with_arrivals(on_sshd(sshd, **words)))
    done = gateway("partner", "ping", "acme", "--json")
    [told] = json.loads(done.stdout)
    assert (done.exit_code, said in told["error"]["message"]) == (1, True), told
    assert sshd.key.splitlines()[1] not in done.output
