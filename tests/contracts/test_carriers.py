"""Every carrier keeps the same promises: whole, once under its id, failures by their class, no secret told, no trace of a ping."""

import msgspec
import pytest
from helpers.authority import Authority
from helpers.bucket import Bucket
from helpers.parcels import parcel, sender
from helpers.post_office import PostOffice
from helpers.servers import free_port

from outbound.carriers import CARRIERS, email, s3, sftp
from outbound.carriers.base import LONGEST_ANSWER, Declined, Unreachable

DATA = bytes(range(256)) * 2_000
SECRET = "hunter2-hunter2"


class OnSftp:
    """A folder at OpenSSH's server."""

    def __init__(self, request, folder):
        self._sshd = request.getfixturevalue("sshd")
        self.spec = sftp.SftpCarrier(
            host="127.0.0.1",
            port=self._sshd.port,
            user=self._sshd.user,
            key="KEY",
            host_keys=tuple(self._sshd.host_keys),
        )
        self.us = sender(folder, {"KEY": self._sshd.key, "WRONG": SECRET})
        self.known = [self._sshd.key.splitlines()[2]]

    def arrived(self):
        return {path.name: path.read_bytes() for path in self._sshd.home.iterdir()}

    def misled(self):
        return msgspec.structs.replace(self.spec, key=None, password="WRONG"), self.us

    def gone(self):
        return msgspec.structs.replace(self.spec, port=free_port()), self.us

    def refuse(self):
        (self._sshd.home / "receipts.csv").write_bytes(b"theirs")

    def close(self):
        pass


class OnS3:
    """A bucket that looks at signatures."""

    def __init__(self, request, folder):
        self._bucket = Bucket()
        self.spec = s3.S3Carrier(bucket="acme-in", endpoint=self._bucket.url, access_key="ACCESS", secret_key="KEY")
        self.us = sender(folder, {"ACCESS": self._bucket.access_key, "KEY": self._bucket.secret_key, "WRONG": SECRET})
        self.known = [self._bucket.secret_key]

    def arrived(self):
        return self._bucket.files()

    def misled(self):
        return msgspec.structs.replace(self.spec, secret_key="WRONG"), self.us

    def gone(self):
        return msgspec.structs.replace(self.spec, endpoint=f"http://127.0.0.1:{free_port()}"), self.us

    def refuse(self):
        self._bucket.put("receipts.csv", b"theirs")

    def close(self):
        self._bucket.close()


class OnEmail:
    """A mailbox, which shows a message once by its Message-ID."""

    def __init__(self, request, folder):
        authority = Authority(folder)
        request.getfixturevalue("monkeypatch").setenv("SSL_CERT_FILE", str(authority.file))
        self._office = PostOffice(starttls=authority.serving("127.0.0.1"), login=("us", SECRET))
        self._folder, self.known = folder, [SECRET]
        self.spec = email.EmailCarrier(to=["hr@acme.example"])
        self.us = self._over(f"us:{SECRET}@127.0.0.1:{self._office.port}")

    def _over(self, relay):
        return sender(self._folder, smtp_url=f"smtp://{relay}")

    def arrived(self):
        found = {}
        for message in self._office.messages().values():
            (one,) = message.iter_attachments()
            found[one.get_filename()] = one.get_payload(decode=True)
        return found

    def misled(self):
        return self.spec, self._over(f"us:{SECRET}-no@127.0.0.1:{self._office.port}")

    def gone(self):
        return self.spec, self._over(f"127.0.0.1:{free_port()}")

    def refuse(self):
        self._office.answers["RCPT"] = "550 no such mailbox"

    def close(self):
        self._office.close()


PLACES = {sftp.SftpCarrier: OnSftp, s3.S3Carrier: OnS3, email.EmailCarrier: OnEmail}


@pytest.fixture(params=PLACES, ids=lambda spec: spec.__struct_config__.tag)
def place(request, tmp_path):
    one = PLACES[request.param](request, tmp_path)
    yield one
    one.close()


@pytest.fixture
def carrier(place):
    return CARRIERS[type(place.spec)]


def test_every_carrier_that_goes_to_a_place_of_others_is_here():
    assert {sftp.SftpCarrier, s3.S3Carrier, email.EmailCarrier} <= set(CARRIERS)
    assert {spec.__struct_config__.tag for spec in CARRIERS} - {"https", "download"} == {
        spec.__struct_config__.tag for spec in PLACES
    }


def test_a_parcel_arrives_whole_and_once_over_a_repetition(place, carrier):
    for _ in range(2):
        said = carrier.send(place.spec, parcel(DATA), place.us)
        assert 0 < len(said) <= LONGEST_ANSWER
    assert place.arrived() == {"receipts.csv": DATA}


def test_an_empty_parcel_arrives(place, carrier):
    carrier.send(place.spec, parcel(b""), place.us)
    assert place.arrived() == {"receipts.csv": b""}


def test_two_parcels_are_two(place, carrier):
    carrier.send(place.spec, parcel(DATA, "a.csv", 0), place.us)
    carrier.send(place.spec, parcel(DATA, "b.csv", 1), place.us)
    assert place.arrived() == {"a.csv": DATA, "b.csv": DATA}


def test_a_place_that_is_gone_and_a_wrong_login_are_unreachable_and_nothing_is_left(place, carrier):
    for spec, us in (place.gone(), place.misled()):
        for act in (
            lambda spec=spec, us=us: carrier.send(spec, parcel(DATA), us),
            lambda s=spec, u=us: carrier.ping(s, u),
        ):
            with pytest.raises(Unreachable) as failed:
                act()
            assert failed.value.code
            assert failed.value.sentence.endswith((".", "?"))
    assert place.arrived() == {}


def test_a_parcel_that_the_place_refuses_is_declined(place, carrier):
    place.refuse()
    with pytest.raises(Declined):
        carrier.send(place.spec, parcel(DATA), place.us)
    assert DATA not in place.arrived().values()


def test_no_secret_is_told_or_logged(place, carrier, caplog, capfd):
    caplog.set_level("DEBUG")
    told = [carrier.send(place.spec, parcel(DATA), place.us), *carrier.ping(place.spec, place.us)]
    spec, us = place.misled()
    with pytest.raises(Unreachable) as failed:
        carrier.send(spec, parcel(DATA), us)
    everything = "".join([*told, failed.value.sentence, caplog.text, *capfd.readouterr()])
    for secret in [*place.known, SECRET]:
        assert secret not in everything


def test_a_ping_says_what_works_and_leaves_nothing(place, carrier):
    steps = carrier.ping(place.spec, place.us)
    assert len(steps) > 1
    assert all(step.endswith(".") for step in steps)
    assert place.arrived() == {}
