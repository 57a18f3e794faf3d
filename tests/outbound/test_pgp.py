"""What goes to a partner is encrypted for the partner's key, from the settings or from a secret."""

import pysequoia
import pytest
from helpers.parcels import sender

from gateway.errors import Permanent
from outbound.pgp import PgpSpec, encrypt, named

DATA = b"a,b\n" * 1_000


@pytest.fixture(scope="module")
def theirs():
    return pysequoia.Tsk.generate("them <them@x.example>")


@pytest.mark.parametrize("armor", [True, False])
def test_a_parcel_is_encrypted_for_the_partners_key(theirs, tmp_path, armor):
    public = str(theirs.extract_certificate())
    us = sender(tmp_path, {"THEIR_PGP": public})
    for recipient in (public, "THEIR_PGP"):
        spec = PgpSpec(recipient=recipient, armor=armor)
        message = b"".join(encrypt(spec, [DATA], us))
        assert pysequoia.decrypt(message, theirs.decryptor()).bytes == DATA
        assert named(spec, "receipts.csv") == ("receipts.csv.asc" if armor else "receipts.csv.pgp")


def test_a_key_that_no_secret_holds_is_told(tmp_path):
    with pytest.raises(Permanent) as missing:
        b"".join(encrypt(PgpSpec(recipient="THEIR_PGP"), [DATA], sender(tmp_path)))
    assert missing.value.code == "secret_missing"
