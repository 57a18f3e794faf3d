"""Parcels on a real OpenSSH server: whole under their name or not at all, and every wrong setting told."""

import msgspec
import paramiko
import pytest
from helpers.listening import listening
from helpers.parcels import broken_off, parcel, sender
from helpers.servers import free_port
from helpers.sshd import pair

from gateway.sftp import fingerprint, pins
from outbound.carriers import sftp
from outbound.carriers.base import Declined, Unreachable

DATA = bytes(range(256)) * 4_000  # a megabyte


@pytest.fixture
def spec(sshd):
    return sftp.SftpCarrier(
        host="127.0.0.1", port=sshd.port, user=sshd.user, key="KEY", host_keys=tuple(sshd.host_keys)
    )


@pytest.fixture
def us(sshd, tmp_path):
    return sender(tmp_path, {"KEY": sshd.key, "WRONG": pair()[0], "PASSWORD": "hunter2", "NONE": "hunter2"})


def changed(spec, **words):
    return msgspec.structs.replace(spec, **words)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_parcel_lies_whole_under_its_name(sshd, spec, us):
    assert sftp.send(spec, parcel(DATA), us) == "receipts.csv lies in ., 1,024,000 bytes."
    assert names(sshd.home) == ["receipts.csv"]
    assert (sshd.home / "receipts.csv").read_bytes() == DATA


def test_a_repetition_finds_what_lies_there(sshd, spec, us):
    sftp.send(spec, parcel(DATA), us)
    before = (sshd.home / "receipts.csv").stat().st_mtime_ns
    assert "already, whole" in sftp.send(spec, parcel(DATA), us)
    assert (sshd.home / "receipts.csv").stat().st_mtime_ns == before


def test_what_an_attempt_before_has_left_is_written_over(sshd, spec, us):
    (sshd.home / f".{parcel(b'').id}.part").write_bytes(b"x" * 2_000_000)
    sftp.send(spec, parcel(DATA), us)
    assert names(sshd.home) == ["receipts.csv"]
    assert (sshd.home / "receipts.csv").read_bytes() == DATA


def test_a_parcel_that_breaks_off_never_has_its_name(sshd, spec, us):
    with pytest.raises(Unreachable):
        sftp.send(spec, broken_off(DATA, 700_000), us)
    assert names(sshd.home) == []


def test_a_file_of_other_bytes_is_left_alone(sshd, spec, us):
    (sshd.home / "receipts.csv").write_bytes(b"theirs")
    with pytest.raises(Declined, match="left alone") as declined:
        sftp.send(spec, parcel(DATA), us)
    assert (declined.value.code, names(sshd.home)) == ("name_taken", ["receipts.csv"])
    (sshd.home / "receipts.csv").write_bytes(b"y" * len(DATA))
    with pytest.raises(Declined):
        sftp.send(spec, parcel(DATA), us)
    assert (sshd.home / "receipts.csv").read_bytes() == b"y" * len(DATA)


@pytest.mark.parametrize("options", ["", "-P posix-rename"])
def test_a_file_of_other_bytes_is_replaced_when_the_settings_say_so(sshd, spec, us, options):
    sshd.stop()
    sshd.start(options)
    (sshd.home / "receipts.csv").write_bytes(b"theirs")
    sftp.send(changed(spec, overwrite=True), parcel(DATA), us)
    assert names(sshd.home) == ["receipts.csv"]
    assert (sshd.home / "receipts.csv").read_bytes() == DATA


def test_a_name_that_is_taken_while_we_write_is_left_to_whoever_took_it(sshd, spec, us):
    def chunks():
        yield DATA
        (sshd.home / "receipts.csv").write_bytes(b"theirs")

    with pytest.raises(Declined, match="left alone"):
        sftp.send(spec, parcel(DATA)._replace(chunks=chunks), us)
    assert names(sshd.home) == ["receipts.csv"]
    assert (sshd.home / "receipts.csv").read_bytes() == b"theirs"


def test_another_worker_that_was_faster_with_the_same_is_no_failure(sshd, spec, us):
    def chunks():
        yield DATA
        (sshd.home / "receipts.csv").write_bytes(DATA)

    sftp.send(spec, parcel(DATA)._replace(chunks=chunks), us)
    assert names(sshd.home) == ["receipts.csv"]


def test_a_size_that_differs_is_told_and_nothing_stays(sshd, spec, us):
    with pytest.raises(Unreachable, match="Of 1,024,001 bytes 1,024,000") as failed:
        sftp.send(spec, parcel(DATA)._replace(size=len(DATA) + 1), us)
    assert (failed.value.code, names(sshd.home)) == ("size_differs", [])


def test_an_empty_parcel_arrives(sshd, spec, us):
    sftp.send(spec, parcel(b""), us)
    assert (sshd.home / "receipts.csv").read_bytes() == b""


def test_a_folder_is_not_made_unless_asked(sshd, spec, us):
    deep = changed(spec, folder="in/receipts")
    with pytest.raises(Unreachable, match="finds no folder in/receipts") as failed:
        sftp.send(deep, parcel(DATA), us)
    assert (failed.value.code, names(sshd.home)) == ("folder_missing", [])
    for _ in range(2):
        sftp.send(changed(deep, make_folder=True), parcel(DATA), us)
    assert names(sshd.home / "in" / "receipts") == ["receipts.csv"]


def test_a_folder_may_be_absolute(sshd, spec, us):
    (sshd.home / "in").mkdir()
    sftp.send(changed(spec, folder=str(sshd.home / "in")), parcel(DATA), us)
    assert names(sshd.home / "in") == ["receipts.csv"]


def test_a_file_is_no_folder(sshd, spec, us):
    (sshd.home / "in").write_bytes(b"")
    with pytest.raises(Unreachable, match="folder in"):
        sftp.send(changed(spec, folder="in"), parcel(DATA), us)


def test_an_unknown_host_key_is_refused_before_anything_is_said(sshd, spec, us):
    pinned = pair()[1]
    with pytest.raises(Unreachable) as failed:
        sftp.send(changed(spec, host_keys=(pinned,), password="PASSWORD"), parcel(DATA), us)
    assert failed.value.code == "host_key_unknown"
    for line in (pinned, sshd.host_keys[0]):
        assert fingerprint(pins([line])[0][1]) in failed.value.sentence
    assert b"Failed password" not in (sshd.home.parent / "log").read_bytes()


def test_a_server_may_change_to_any_key_that_is_pinned(sshd, spec, us):
    rotating = changed(spec, host_keys=(sshd.host_keys[0], sshd.add_host_key()))
    sftp.send(rotating, parcel(DATA), us)
    sshd.stop()
    sshd.start(host_keys=(1,))
    sftp.send(rotating, parcel(DATA, "later.csv", 1), us)
    assert names(sshd.home) == ["later.csv", "receipts.csv"]


def test_a_server_of_several_host_keys_is_asked_for_the_kind_that_is_pinned(sshd, spec, us):
    pinned = sshd.add_host_key("rsa")
    sshd.stop()
    sshd.start(host_keys=(0, 1))
    assert fingerprint(pins([pinned])[0][1]) in sftp.ping(changed(spec, host_keys=(pinned,)), us)[1]


@pytest.mark.parametrize("line", ["[127.0.0.1]:22 {} comment", "{}", "{} root@host"])
def test_a_host_key_is_taken_as_ssh_keyscan_prints_it(sshd, spec, us, line):
    sftp.ping(changed(spec, host_keys=(line.format(sshd.host_keys[0]),)), us)


@pytest.mark.parametrize("line", ["", "ssh-ed25519", "SHA256:abc", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAA", "x y z"])
def test_what_is_no_host_key_is_told(line):
    with pytest.raises(ValueError, match="ssh-keyscan"):
        sftp.SftpCarrier(host="h", user="u", key="KEY", host_keys=(line,))


@pytest.mark.parametrize("words", [{"host_keys": ()}, {"key": None}])
def test_settings_that_cannot_work_are_told(words):
    with pytest.raises(ValueError, match=r"host key|login"):
        sftp.SftpCarrier(**({"host": "h", "user": "u", "key": "KEY", "host_keys": (pair()[1],)} | words))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ({"key": "WRONG"}, "login_refused", "the key SHA256:"),
        ({"key": None, "password": "PASSWORD"}, "login_refused", "the password"),
        ({"user": "nobody-here"}, "login_refused", "nobody-here"),
        ({"key": "NONE"}, "key_invalid", "ssh-keygen"),
        ({"host": "127.0.0.1.example.invalid"}, "name_not_found", "No host is called"),
        ({"folder": "/no/such"}, "folder_missing", "/no/such"),
    ],
)
def test_every_wrong_setting_is_told_and_shows_no_secret(spec, us, words, code, said, caplog, capfd):
    for act in (
        lambda: sftp.send(changed(spec, **words), parcel(DATA), us),
        lambda: sftp.ping(changed(spec, **words), us),
    ):
        with pytest.raises(Unreachable, match=said) as failed:
            act()
        assert failed.value.code == code
    assert "hunter2" not in failed.value.sentence + caplog.text + "".join(capfd.readouterr())


def test_a_wrong_port_is_told(spec, us):
    with pytest.raises(Unreachable, match="Nothing listens"):
        sftp.ping(changed(spec, port=free_port()), us)
    with (
        listening(lambda caller, _: caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server,
        pytest.raises(Unreachable, match="no SSH") as failed,
    ):
        sftp.ping(changed(spec, port=server.port), us)
    assert failed.value.code == "ssh_failed"


def test_a_server_of_a_private_network_is_not_called(sshd, spec, tmp_path):
    with pytest.raises(Unreachable, match="GATEWAY_ALLOW_PRIVATE"):
        sftp.ping(spec, sender(tmp_path, {"KEY": sshd.key}, allow_private=()))


def test_a_folder_into_which_we_may_not_write_is_told(sshd, spec, us):
    sshd.stop()
    sshd.start("-R")  # whoever runs the tests may be root, whom no mode keeps out
    for act in (lambda: sftp.send(spec, parcel(DATA), us), lambda: sftp.ping(spec, us)):
        with pytest.raises(Unreachable, match="may not write") as failed:
            act()
        assert failed.value.code == "permission_denied"


def test_a_server_without_sftp_is_told(sshd, spec, us):
    sshd.stop()
    sshd.start("\nSubsystem other internal-sftp\nForceCommand /bin/false")
    with pytest.raises(Unreachable, match="over SFTP"):
        sftp.ping(spec, us)


def test_a_ping_says_each_step_and_leaves_nothing(sshd, spec, us):
    (sshd.home / "in").mkdir()
    steps = sftp.ping(changed(spec, folder="in"), us)
    assert [step.split()[0] for step in steps] == [f"127.0.0.1:{sshd.port}", "Its", sshd.user, "The", "A"]
    assert names(sshd.home / "in") == []


def test_a_ping_names_what_it_may_not_remove(sshd, spec, us):
    sshd.stop()
    sshd.start("-P remove")
    assert "stays behind" in sftp.ping(spec, us)[-1]


def test_a_password_lets_us_in(tmp_path):
    """OpenSSH asks the machine's own accounts for passwords, so paramiko's server asks here."""

    class Host(paramiko.ServerInterface):
        def check_auth_password(self, username, password):
            right = (username, password) == ("acme", "hunter2")
            return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

        def check_channel_request(self, kind, chanid):
            return paramiko.OPEN_SUCCEEDED

    private, public = pair()
    (tmp_path / "host").write_text(private)

    class Root(paramiko.SFTPServerInterface):
        def stat(self, path):
            return paramiko.SFTPAttributes.from_stat(tmp_path.stat())

        def canonicalize(self, path):
            return "/"

    def serve(connection, listener):
        with paramiko.Transport(connection) as transport:
            transport.add_server_key(paramiko.Ed25519Key.from_private_key_file(str(tmp_path / "host")))
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Root)
            transport.start_server(server=Host())
            listener.release.wait(20)

    with listening(serve) as server:
        spec = sftp.SftpCarrier(
            host="127.0.0.1", port=server.port, user="acme", password="PASSWORD", host_keys=(public,)
        )
        with pytest.raises(Unreachable) as failed:
            sftp.ping(spec, sender(tmp_path, {"PASSWORD": "hunter2"}))
    assert failed.value.code == "sftp_failed"  # its folder takes no files; we were let in
