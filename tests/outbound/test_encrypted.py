"""What is encrypted for a partner leaves encrypted, lies encrypted in the store, and opens with the partner's key alone."""

import json

import pytest
from helpers.inbox import ME, people
from pysequoia import Tsk

from gateway import pgp
from gateway.config import ConfigError
from gateway.domain.partners import versions
from gateway.wings import PARTNER_YAML
from outbound import desk


@pytest.fixture(scope="module")
def partners_key():
    return Tsk.generate("ACME <hris@acme.example>")


@pytest.fixture
def apply(inbox, roster, receiver, tmp_path, office, tenants, partners_key):
    """Apply a partner.yaml with a key beside it."""

    def from_folder(encrypt="{pgp: acme.asc}", key=None):
        folder = tmp_path / "configs" / "acme"
        folder.mkdir(parents=True, exist_ok=True)
        if key != "":
            (folder / "acme.asc").write_text(key or str(partners_key.extract_certificate()))
        carrier = f"carrier: {{via: https, url: '{receiver.url}', secret: ACME_HOOK}}, encrypt: {encrypt}"
        (folder / "partner.yaml").write_text(
            f"{roster}\ndeliveries:\n  enrolled: {{report: enrollment_status, trigger: after_import, format: {{type: json}}, {carrier}}}\n"
        )
        with office.acting(tenants.northgate, ME) as acting:
            versions.apply(acting, PARTNER_YAML.read(folder / "partner.yaml"))
        return inbox

    return from_folder


def opened(body, key):
    return b"".join(pgp.opened([body], str(key), None))


@pytest.mark.parametrize(
    ("encrypt", "beginning"), [("{pgp: acme.asc}", None), ("{pgp: acme.asc, armor: true}", b"-----BEGIN PGP MESSAGE")]
)
def test_the_partners_key_opens_it(apply, receiver, work, parcels, partners_key, encrypt, beginning):
    apply(encrypt).drop("roster_20260301.csv", people(3))
    work()
    [got] = receiver.taken
    assert b"employee_id" not in got.body
    assert beginning is None or got.body.startswith(beginning)
    assert [one["employee_id"] for one in json.loads(opened(got.body, partners_key))] == ["E1", "E2", "E3"]
    [(name,)] = parcels("name")
    assert name.endswith(".json.asc" if beginning else ".json.pgp")


def test_no_other_key_opens_it(apply, receiver, work):
    apply().drop("roster_20260301.csv", people(1))
    work()
    with pytest.raises(pgp.Unopened):
        opened(receiver.taken[0].body, Tsk.generate("Another <a@b.example>"))


def test_the_key_may_be_a_secret(apply, receiver, work, settings, partners_key):
    settings.secrets_dir.joinpath("northgate", "ACME_PGP").write_text(str(partners_key.extract_certificate()))
    apply("{pgp: ACME_PGP}", key="").drop("roster_20260301.csv", people(1))
    work()
    assert json.loads(opened(receiver.taken[0].body, partners_key))


def test_the_same_bytes_leave_at_each_attempt(apply, receiver, work, passing):
    receiver.answer = lambda _one: 503 if len(receiver.received) == 1 else 200
    apply().drop("roster_20260301.csv", people(1))
    work()
    passing(minutes=1)
    work()
    first, second = receiver.received
    assert first.body == second.body


@pytest.mark.parametrize(("key", "told"), [("", "did not come"), ("not a key", "no public key")])
def test_a_key_that_is_missing_or_none_is_told_with_its_line(apply, key, told):
    with pytest.raises(ConfigError, match=told) as caught:
        apply(key=key)
    [finding] = caught.value.findings
    assert finding.path == "deliveries.enrolled.encrypt.pgp"


def test_a_key_that_cannot_be_used_sends_nothing_in_the_clear(apply, receiver, work, inbox):
    apply(key="-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxx\n-----END PGP PUBLIC KEY BLOCK-----\n")
    inbox.drop("roster_20260301.csv", people(1))
    work()
    assert receiver.received == []
    assert inbox.sql("SELECT outcome, code FROM parcel_attempts") == [("declined", "pgp_key_invalid")]


def test_trying_a_delivery_out_tries_its_key_too(apply, office, tenants):
    apply()
    told = desk.ping(office, tenants.northgate, ME, "acme", "enrolled")
    assert (told.problem, told.steps[0]) == (None, "Files can be encrypted for the partner's key.")
    apply(key="-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxx\n-----END PGP PUBLIC KEY BLOCK-----\n")
    assert desk.ping(office, tenants.northgate, ME, "acme", "enrolled").code == "pgp_key_invalid"
