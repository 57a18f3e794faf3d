"""Files that partners encrypt for a firm: opened with its key, believed by their signature, each refusal told."""

import gzip
import io
import zipfile

import pysequoia
import pytest
from helpers.inbox import ROSTER, Pretended, as_csv, counts, people

from gateway.config import ConfigError
from gateway.domain.partners.homes import find_home
from gateway.errors import Permanent
from ingest.formats.base import Refused
from ingest.formats.pgp import Decrypted, Keys
from ingest.reception import files_in

DATA = as_csv(people(3))
NAME = "roster_20260302.csv"


@pytest.fixture(scope="module")
def keys():
    return {name: pysequoia.Tsk.generate(f"{name} <{name}@x.example>") for name in ("us", "them", "other")}


@pytest.fixture
def agreed(office, inbox, keys, settings):
    """Apply what is agreed about encryption."""
    folder = settings.secrets_dir / "northgate"
    folder.mkdir(parents=True)
    (folder / "OUR_PGP").write_text(str(keys["us"]))
    (folder / "THEIR_PGP").write_text(str(keys["them"].extract_certificate()))

    def agree(words):
        unpack = f"unpack: {{{words}}}\n    format:"
        inbox.apply(ROSTER.format(partner="acme", firm="northgate").replace("format:", unpack))

    agree("pgp_key: OUR_PGP, zip: true, gzip: true")
    return agree


def sealed(keys, data, signer=None, to="us", *, armor=False):
    by = keys[signer].signer() if signer else None
    return pysequoia.encrypt(data, [keys[to].extract_certificate()], signer=by, armor=armor)


def zipped(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in names:
            packed.writestr(name, DATA)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "made"),
    [
        (f"{NAME}.pgp", lambda keys: sealed(keys, DATA)),
        (f"{NAME}.gpg", lambda keys: sealed(keys, DATA)),
        (f"{NAME}.asc", lambda keys: sealed(keys, DATA, armor=True)),
        (f"{NAME}.gz.pgp", lambda keys: sealed(keys, gzip.compress(DATA))),
        ("all.zip.pgp", lambda keys: sealed(keys, zipped(NAME))),
    ],
)
def test_a_file_is_opened_with_the_firms_key(inbox, agreed, keys, name, made):
    (told,) = inbox.drop_all(name, made(keys))
    assert (told["file"], told["state"]) == (NAME, "loaded")
    assert counts(told) == {"read": 3, "created": 3}


def test_each_file_of_an_archive_in_it_is_an_arrival(inbox, agreed, keys):
    names = ["roster_20260303.csv", "roster_20260304.csv"]
    told = inbox.drop_all("all.zip.pgp", sealed(keys, zipped(*names)))
    assert [(one["file"], one["state"]) for one in told] == [(names[0], "loaded"), (names[1], "no_change")]


@pytest.mark.parametrize(
    ("made", "code", "said"),
    [
        (lambda keys: sealed(keys, DATA), "pgp_unsigned", "them@x.example"),
        (lambda keys: sealed(keys, DATA, "other"), "pgp_wrong_signer", "It is signed with the key"),
        (lambda keys: sealed(keys, DATA, "them", to="other"), "pgp_wrong_key", "encrypted for another key"),
        (lambda keys: sealed(keys, DATA, "them")[:-40], "pgp_damaged", "no whole PGP message"),
    ],
)
def test_what_may_not_be_believed_is_refused_and_says_why(inbox, agreed, keys, made, code, said):
    agreed("pgp_key: OUR_PGP, signer: THEIR_PGP")
    told = inbox.drop(f"{NAME}.pgp", made(keys))
    assert (told["state"], told["code"]) == ("refused", code)
    assert said in told["reason"]
    assert inbox.clients() == {}


def test_a_signature_of_whom_the_settings_name_is_believed(inbox, agreed, keys):
    agreed("pgp_key: OUR_PGP, signer: THEIR_PGP")
    assert inbox.drop(f"{NAME}.pgp", sealed(keys, DATA, "them"))["state"] == "loaded"


def test_the_signers_key_may_stand_in_the_settings(inbox, agreed, keys):
    key = str(keys["them"].extract_certificate()).replace("\n", "\\n")
    agreed(f'pgp_key: OUR_PGP, signer: "{key}"')
    assert inbox.drop(f"{NAME}.pgp", sealed(keys, DATA, "them"))["state"] == "loaded"


def test_a_bomb_is_not_opened(inbox, agreed, keys):
    told = inbox.drop(f"{NAME}.gz.pgp", sealed(keys, gzip.compress(b"\0" * 300_000_000, 9)))
    assert (told["state"], told["code"]) == ("refused", "too_large")


def test_a_key_that_is_missing_is_ours_to_mend(inbox, agreed, keys, settings):
    (settings.secrets_dir / "northgate" / "OUR_PGP").unlink()
    with pytest.raises(Permanent) as missing:
        inbox.drop(f"{NAME}.pgp", sealed(keys, DATA))
    assert missing.value.code == "secret_missing"


def test_nothing_of_a_file_is_given_before_its_end_was_seen(keys):
    cut = Pretended(f"{NAME}.pgp", sealed(keys, b"a,b\n" * 15_000_000)[:-40])  # more than the library holds back
    opened = Decrypted(cut, Keys(str(keys["us"]), None), zip=True, gzip=True)
    with pytest.raises(Refused):
        next(opened.forward())


def test_a_dry_run_sees_what_would_arrive(office, agreed, keys):
    held = Pretended(f"{NAME}.pgp", sealed(keys, DATA))
    (one,) = files_in(office, find_home(office, "acme"), held)
    assert (one.name, b"".join(one.chunks())) == (NAME, DATA)


def test_a_signer_without_a_key_is_told(agreed):
    with pytest.raises(ConfigError, match="pgp_key"):
        agreed("signer: THEIR_PGP")
