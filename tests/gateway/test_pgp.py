"""PGP messages are opened and written as streams; GnuPG is the oracle, in both directions."""

import re
import shutil
import subprocess

import pysequoia
import pytest

from gateway import pgp

DATA = b"Employee,Expiry\n" + b"ACM00001,2027-01-01\n" * 100_000


def pieces(data):
    return (data[at : at + 65_536] for at in range(0, len(data), 65_536))


def whole(chunks):
    return b"".join(chunks)


def public(secret):
    return str(secret.extract_certificate())


@pytest.fixture(scope="module")
def keys():
    return {name: pysequoia.Tsk.generate(f"{name} <{name}@x.example>") for name in ("us", "them", "other")}


@pytest.fixture(scope="module")
def signed(keys):
    return pysequoia.encrypt(DATA, [keys["us"].extract_certificate()], signer=keys["them"].signer(), armor=False)


class Gpg:
    """GnuPG with a keyring of its own."""

    def __init__(self, home):
        self._home = home
        self("--passphrase", "", "--quick-generate-key", "gpg <gpg@x.example>", "default", "default", "never")
        self.public = self("--armor", "--export", "gpg").decode()
        self.secret = self("--armor", "--passphrase", "", "--export-secret-keys", "gpg").decode()

    def __call__(self, *words, data=b""):
        command = ["gpg", "--homedir", str(self._home), "--batch", "--quiet", "--yes", "--pinentry-mode", "loopback"]
        done = subprocess.run(
            [*command, "--trust-model", "always", *words], input=data, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def revoke(self, name):
        """As gpg's own certificate has it, from which a guard against accidents must be taken."""
        fingerprint = self("--with-colons", "--fingerprint", name).decode().split("fpr:::::::::")[1].split(":")[0]
        kept = (self._home / "openpgp-revocs.d" / f"{fingerprint}.rev").read_text()
        self("--import", data=kept.replace(":-----BEGIN", "-----BEGIN").encode())

    def close(self):
        subprocess.run(["gpgconf", "--homedir", str(self._home), "--kill", "all"], check=False)


@pytest.fixture(scope="module")
def gpg(tmp_path_factory):
    if shutil.which("gpg") is None:
        pytest.skip("GnuPG is not installed (Debian: gpg)")
    home = tmp_path_factory.mktemp("g")
    home.chmod(0o700)
    one = Gpg(home)
    yield one
    one.close()


@pytest.mark.parametrize("armor", [True, False])
def test_what_gpg_encrypts_and_signs_is_opened(gpg, keys, armor):
    gpg("--import", data=public(keys["us"]).encode())
    words = ["--armor"] if armor else []
    message = gpg(*words, "--compress-algo", "none", "--sign", "--encrypt", "-r", "us", data=DATA)
    assert whole(pgp.opened(pieces(message), str(keys["us"]), gpg.public)) == DATA
    with pytest.raises(pgp.Unopened) as refused:
        whole(pgp.opened(pieces(message), str(keys["us"]), public(keys["them"])))
    assert refused.value.code == "pgp_wrong_signer"


def test_what_gpg_compresses_is_opened_where_no_signature_is_asked_for(gpg, keys):
    gpg("--import", data=public(keys["us"]).encode())
    message = gpg("--sign", "--encrypt", "-r", "us", data=DATA)
    assert whole(pgp.opened(pieces(message), str(keys["us"]), None)) == DATA
    refused = refusal(message, str(keys["us"]), gpg.public)
    assert refused.code == "pgp_compressed"
    assert "--compress-algo none --sign --encrypt" in refused.sentence


def test_what_gpg_encrypts_for_a_key_of_its_own_is_opened_with_it(gpg):
    message = gpg("--encrypt", "-r", "gpg", data=DATA)
    assert whole(pgp.opened(pieces(message), gpg.secret, None)) == DATA


@pytest.mark.parametrize("armor", [True, False])
def test_gpg_opens_what_we_encrypt(gpg, armor):
    message = whole(pgp.encrypted(pieces(DATA), gpg.public, armor=armor))
    assert message.startswith(b"-----BEGIN PGP MESSAGE-----") == armor
    assert gpg("--decrypt", data=message) == DATA


def test_a_signature_that_must_be_there_is_looked_at(keys, signed):
    assert whole(pgp.opened(pieces(signed), str(keys["us"]), public(keys["them"]))) == DATA
    assert whole(pgp.opened(pieces(signed), str(keys["us"]), None)) == DATA


def refusal(message, key, signer=None):
    with pytest.raises(pgp.Unopened) as refused:
        whole(pgp.opened(pieces(message), key, signer))
    return refused.value


def test_a_message_that_is_not_signed_is_refused(keys):
    message = whole(pgp.encrypted(pieces(DATA), public(keys["us"])))
    refused = refusal(message, str(keys["us"]), public(keys["them"]))
    assert refused.code == "pgp_unsigned"
    assert "them@x.example" in refused.sentence


def test_a_message_that_somebody_else_signed_says_who(keys, signed):
    refused = refusal(signed, str(keys["us"]), public(keys["other"]))
    assert refused.code == "pgp_wrong_signer"
    assert "other@x.example" in refused.sentence
    assert re.search(r"signed with the key [0-9a-f]{16,40}", refused.sentence)


def test_a_message_for_another_key_is_told(keys, signed):
    refused = refusal(signed, str(keys["other"]))
    assert refused.code == "pgp_wrong_key"
    assert keys["other"].extract_certificate().fingerprint.upper() in refused.sentence


@pytest.mark.parametrize("harm", ["flipped", "cut", "plain", "empty"])
def test_a_damaged_message_is_refused_at_its_end(keys, signed, harm):
    flipped = bytearray(signed)
    flipped[len(flipped) // 2] ^= 1
    harmed = {"flipped": bytes(flipped), "cut": signed[:-500], "plain": DATA, "empty": b""}[harm]
    assert refusal(harmed, str(keys["us"]), public(keys["them"])).code == "pgp_damaged"


@pytest.mark.parametrize("which", ["nonsense", "public", "locked"])
def test_a_private_key_that_is_none_is_told_and_not_shown(keys, signed, which):
    key = {"nonsense": "hunter2", "public": public(keys["us"]), "locked": "-----BEGIN PGP PRIVATE KEY BLOCK-----"}[
        which
    ]
    with pytest.raises(pgp.KeyUnusable) as refused:
        whole(pgp.opened(pieces(signed), key, None))
    assert refused.value.code == "pgp_key_invalid"
    assert "hunter2" not in refused.value.sentence


def test_nothing_is_encrypted_for_a_key_that_is_none_or_has_expired(gpg):
    with pytest.raises(pgp.KeyUnusable) as refused:
        whole(pgp.encrypted(pieces(DATA), "hunter2"))
    assert refused.value.code == "pgp_key_invalid"
    old = "--faked-system-time=20200101T000000!"
    gpg(old, "--passphrase", "", "--quick-generate-key", "old <old@x.example>", "default", "default", "2021-01-01")
    with pytest.raises(pgp.KeyUnusable, match=r"old@x.example.* expired on 2021-01-01") as refused:
        whole(pgp.encrypted(pieces(DATA), gpg("--armor", "--export", "old").decode()))
    assert refused.value.code == "pgp_key_expired"


def test_whoever_stops_reading_ends_the_process(keys):
    message = whole(pgp.encrypted(pieces(b"\0" * 50_000_000), public(keys["us"])))
    reading = pgp.opened(pieces(message), str(keys["us"]), None)
    assert len(next(reading)) <= 1 << 20
    reading.close()


def test_an_error_of_whoever_gives_the_bytes_is_theirs(keys):
    def breaking():
        yield b"some"
        raise ConnectionAbortedError("the store is gone")

    with pytest.raises(ConnectionAbortedError):
        whole(pgp.opened(breaking(), str(keys["us"]), None))


# ---------------------------------------------------------------- keys whose time is over


LONG_AGO = "--faked-system-time=20200101T000000!"


@pytest.fixture(scope="module")
def spent(gpg):
    """Keys that gpg made, used and ended, by what ended them: the public one, the private one, what it signed and what was for it."""
    found = {}
    gpg(LONG_AGO, "--passphrase", "", "--quick-generate-key", "us20 <us20@x.example>", "default", "default", "never")
    for name, until in (("expired", "2021-01-01"), ("revoked", "never")):
        gpg(
            LONG_AGO,
            "--passphrase",
            "",
            "--quick-generate-key",
            f"{name} <{name}@x.example>",
            "default",
            "default",
            until,
        )
        sealed = gpg(LONG_AGO, "--encrypt", "-r", name, data=DATA)
        signed = gpg(LONG_AGO, "--compress-algo", "none", "--sign", "-u", name, "--encrypt", "-r", "us20", data=DATA)
        if name == "revoked":
            gpg.revoke(name)
        exported = gpg("--armor", "--passphrase", "", "--export-secret-keys", name).decode()
        found[name] = (gpg("--armor", "--export", name).decode(), exported, sealed, signed)
    return found | {"us": gpg("--armor", "--passphrase", "", "--export-secret-keys", "us20").decode()}


@pytest.mark.parametrize(("which", "since"), [("expired", "expired on 2021-01-01"), ("revoked", "was revoked")])
def test_a_private_key_whose_time_is_over_opens_nothing_and_says_since_when(spent, which, since):
    _, private, sealed, _ = spent[which]
    with pytest.raises(pgp.KeyUnusable, match=f"private PGP key .*{which}@x.example.* {since}") as refused:
        whole(pgp.opened(pieces(sealed), private, None))
    assert refused.value.code == f"pgp_key_{which}"


@pytest.mark.parametrize("which", ["expired", "revoked"])
def test_nothing_is_encrypted_for_a_key_whose_time_is_over(spent, which):
    with pytest.raises(pgp.KeyUnusable) as refused:
        whole(pgp.encrypted(pieces(DATA), spent[which][0]))
    assert refused.value.code == f"pgp_key_{which}"


def test_what_was_signed_before_a_key_expired_counts(spent):
    certificate, _, _, signed = spent["expired"]
    assert whole(pgp.opened(pieces(signed), spent["us"], certificate)) == DATA


@pytest.mark.parametrize(("which", "since"), [("expired", "expired on 2021-01-01"), ("revoked", "was revoked")])
def test_a_signer_whose_time_is_over_is_told(spent, keys, which, since):
    certificate, _, _, signed = spent[which]
    message = (
        signed
        if which == "revoked"
        else pysequoia.encrypt(
            DATA,
            [pysequoia.Tsk.from_bytes(spent["us"].encode()).extract_certificate()],
            signer=keys["them"].signer(),
            armor=False,
        )
    )
    refused = refusal(message, spent["us"], certificate)
    assert refused.code == "pgp_wrong_signer"
    assert f"{which}@x.example>), which {since}" in refused.sentence
