"""Whatever a client asks for leads into its two folders or is refused, and everybody else goes on."""

import hashlib
import os
import socket
import struct

import paramiko
import pytest
from helpers.inbox import as_csv, people

from ingest.arrivals.endpoint import inbox as rules
from ingest.arrivals.endpoint import requests, server

ROSTER = as_csv(people(3))


@pytest.fixture
def client(endpoint, acme):
    with endpoint.paramiko("acme", key=acme) as one:
        yield one


def count(inbox):
    return inbox.sql("SELECT count(*) FROM imports")[0][0]


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd", "../../etc/passwd", "inbox/../../../etc/passwd", "/dev/zero", "inbox/x/y", "globex/inbox/a",
        "/inbox/../globex/a", "outbox/new.csv", "inbox", "/", "a.csv", "inbox/" + "n" * 256, "inbox/a\nb", "inbox/a\x00b",
        "inbox/" + "x/../" * 900 + "a", "", "inbox/..", "inbox/.",
    ],
)  # fmt: skip
def test_a_path_that_leads_elsewhere_is_refused(client, inbox, path):
    for mode in ("r", "w", "a", "x"):
        with pytest.raises(OSError, match=r".+"):
            client.open(path, mode)
    assert count(inbox) == 0


@pytest.mark.parametrize(
    "path", ["/inbox/a.csv", "inbox//a.csv", "./inbox/./a.csv", "../../inbox/a.csv", "outbox/../inbox/a.csv"]
)
def test_a_path_that_leads_into_the_folder_is_taken(client, inbox, path):
    client.open(path, "w").close()
    assert inbox.sql("SELECT name FROM files") == [("a.csv",)]


def test_names_that_are_no_text_are_refused(client):
    with pytest.raises(OSError, match="UTF-8"):
        client.open(b"inbox/\xff\xfe.csv", "w")


def test_names_of_devices_and_of_other_systems_are_just_names(client, inbox):
    for name in ("CON", "nul.csv", "~", "$(rm -rf)", "März 1.csv", "-rf", "a\\b.csv"):
        client.open(f"inbox/{name}", "w").close()
    assert count(inbox) == 7


def test_no_folders_links_or_commands(client, inbox):
    for refused in (
        lambda: client.mkdir("inbox/sub"),
        lambda: client.rmdir("inbox"),
        lambda: client.symlink("/etc/passwd", "inbox/link"),
        lambda: client.readlink("inbox"),
        lambda: client.remove("inbox"),
        lambda: client.remove("outbox/x"),
        lambda: client.rename("inbox", "in"),
        lambda: client.listdir("/etc"),
        lambda: client.listdir("inbox/a.csv"),
        lambda: client.truncate("inbox/none", 0),
    ):
        with pytest.raises(OSError, match=r".+"):
            refused()
    transport = client.get_channel().get_transport()
    for ask in ("exec_command", "invoke_shell", "get_pty"):
        with pytest.raises(paramiko.SSHException):
            getattr(transport.open_session(), ask)(*(["id"] if ask == "exec_command" else []))
    with pytest.raises(paramiko.ChannelException):
        transport.open_channel("direct-tcpip", ("127.0.0.1", 22), ("127.0.0.1", 1))
    with pytest.raises(paramiko.SSHException):
        transport.request_port_forward("127.0.0.1", 0)
    with pytest.raises(paramiko.SSHException):
        transport.open_session().invoke_subsystem("netconf")


def test_what_was_put_is_not_handed_out_again(client, inbox):
    out = client.open("inbox/a.csv.part", "w")
    out.write(b"secret")
    out.flush()
    with pytest.raises(PermissionError):
        client.open("inbox/a.csv.part", "r")
    out.close()
    client.open("inbox/b.csv", "w").close()
    with pytest.raises(PermissionError):
        client.open("inbox/b.csv", "r")
    for act in (lambda: client.remove("inbox/b.csv"), lambda: client.rename("inbox/b.csv", "inbox/c.csv")):
        with pytest.raises(OSError, match="has arrived"):
            act()
    assert count(inbox) == 1


def test_nobody_else_is_reached(endpoint, tenants, client, inbox):
    other = endpoint.key_for(tenants.northgate, tenants.globex, name="globex")
    client.open("inbox/mine.part", "w").close()
    with endpoint.paramiko("globex", key=other) as theirs:
        assert theirs.listdir("inbox") == []
        theirs.open("inbox/a.csv", "w").close()
    assert inbox.sql("SELECT partner_id FROM files") == [(tenants.globex,)]


def close(client, file):
    """As the client itself does, but with what is answered."""
    client._request(paramiko.sftp.CMD_CLOSE, file.handle)


def test_huge_offsets_and_holes_are_refused_and_nothing_arrives(client, inbox):
    for offset in (5 << 20, 1 << 40, (1 << 63) - 1):
        out = client.open("inbox/a.csv", "w")
        out.seek(offset)
        with pytest.raises(OSError, match=r"missing|at most"):
            out.write(b"x" * 32_768 if offset > 5 << 20 else b"x" * (5 << 20))
        with pytest.raises(OSError, match=r"Not all|never sent"):
            close(client, out)
    with pytest.raises(OSError, match="longer"):
        client.open("inbox/a.csv", "w").truncate(1 << 50)
    assert count(inbox) == 0


def test_a_hole_that_is_never_filled_does_not_arrive(client, inbox):
    out = client.open("inbox/a.csv", "w")
    out.write(b"one")
    out.seek(100)
    out.write(b"two")
    with pytest.raises(OSError, match="never sent"):
        close(client, out)
    assert count(inbox) == 0
    assert client.stat("inbox/a.csv").st_size == 3


def test_bytes_in_another_order_arrive_in_theirs(client, inbox):
    out = client.open("inbox/a.csv", "w")
    for offset, content in ((6, b"ghi"), (3, b"def"), (0, b"abc")):
        out.seek(offset)
        out.write(content)
    close(client, out)
    assert inbox.sql("SELECT sha256 FROM files") == [(hashlib.sha256(b"abcdefghi").hexdigest(),)]


def test_a_file_larger_than_the_api_takes_is_refused_and_does_not_arrive_cut_off(client, inbox, monkeypatch):
    monkeypatch.setattr(rules, "MOST_BYTES", 3 << 20)
    out = client.open("inbox/a.csv", "w")
    out.write(bytes(3 << 20))
    with pytest.raises(OSError, match="at most 3 MiB"):
        out.write(b"x")
    with pytest.raises(OSError, match="Not all of it"):
        close(client, out)
    assert count(inbox) == 0


def test_a_thousand_open_handles_are_not(client, inbox):
    opened = [client.open(f"inbox/{number}.part", "w") for number in range(rules.MOST_OPEN)]
    with pytest.raises(OSError, match="At most 64"):
        client.open("inbox/one-more", "w")
    for one in opened:
        one.close()
    client.open("inbox/a.csv", "w").close()
    assert count(inbox) == 1
    for _ in range(requests.MOST_HANDLES):
        client._request(paramiko.sftp.CMD_OPENDIR, b"inbox")
    with pytest.raises(OSError, match="are the most"):
        client._request(paramiko.sftp.CMD_OPENDIR, b"inbox")


def test_unfinished_bytes_have_a_limit(client, monkeypatch):
    monkeypatch.setattr(rules, "MOST_UNFINISHED", 1_000)
    with client.open("inbox/a.part", "w") as out:
        out.write(bytes(2_000))
    with pytest.raises(OSError, match="finish or remove"):
        client.open("inbox/b.part", "w")
    client.remove("inbox/a.part")
    client.open("inbox/b.part", "w").close()


def test_a_disk_that_is_nearly_full_takes_nothing_new(client, monkeypatch):
    monkeypatch.setattr(rules, "LEAST_FREE", 1 << 60)
    with pytest.raises(OSError, match="nearly full"):
        client.open("inbox/a.csv", "w")


def test_an_upload_is_not_renamed_over_another(client, inbox):
    for name in ("a.part", "b.part"):
        client.open(f"inbox/{name}", "w").close()
    with pytest.raises(OSError, match="already"):
        client.rename("inbox/a.part", "inbox/b.part")
    busy = client.open("inbox/c.part", "w")
    with pytest.raises(OSError, match="being written"):
        client.posix_rename("inbox/a.part", "inbox/c.part")
    busy.close()
    client.posix_rename("inbox/a.part", "inbox/b.part")
    assert sorted(client.listdir("inbox")) == ["b.part", "c.part"]
    assert count(inbox) == 0


def channel_of(client):
    channel = client.get_channel().get_transport().open_session()
    channel.settimeout(10)
    channel.invoke_subsystem("sftp")
    return channel


@pytest.mark.parametrize(
    "packets",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack(">I", 0),
        struct.pack(">I", 0xFFFFFFFF),
        struct.pack(">IBI", 5, 1, 3) + struct.pack(">IBI", 5, 3, 1),
        struct.pack(">IB", 1, 1),
        os.urandom(5_000),
    ],
    ids=["http", "nothing", "huge", "a request without a body", "half a greeting", "noise"],
)
def test_noise_ends_its_own_channel_at_most(client, packets, capfd):
    channel = channel_of(client)
    channel.sendall(packets)
    channel.shutdown_write()
    while channel.recv(65_536):
        pass
    assert sorted(client.listdir("/")) == ["inbox", "outbox"]
    told = capfd.readouterr()
    assert "Traceback" not in told.err + told.out


def test_every_kind_of_request_cut_short_or_nonsense_is_answered(client, capfd):
    channel = channel_of(client)
    channel.sendall(struct.pack(">IBI", 5, 1, 3))
    number = 0
    for kind in [*range(3, 21), 99, 200]:
        for body in (b"", struct.pack(">I", 1 << 31), struct.pack(">I", 5) + b"inbox", os.urandom(60)):
            number += 1
            channel.sendall(struct.pack(">IBI", 5 + len(body), kind, number) + body)
    channel.shutdown_write()
    answered = b""
    while chunk := channel.recv(65_536):
        answered += chunk
    ids = set()
    at = 0
    while at < len(answered):
        [length] = struct.unpack_from(">I", answered, at)
        ids.add(struct.unpack_from(">I", answered, at + 5)[0])
        at += 4 + length
    assert ids >= set(range(1, number + 1))
    told = capfd.readouterr()
    assert "Traceback" not in told.err + told.out
    assert "Internal error" not in answered.decode(errors="replace")


def test_strangers_of_one_address_are_few(endpoint, client):
    """They take no place from whoever is in."""
    waiting = [socket.create_connection(("127.0.0.1", endpoint.port)) for _ in range(server.MOST_STRANGERS)]
    with socket.create_connection(("127.0.0.1", endpoint.port)) as one_more:
        one_more.settimeout(10)
        assert one_more.recv(100) == b""
    assert sorted(client.listdir("/")) == ["inbox", "outbox"]
    for one in waiting:
        one.close()


def test_a_connection_that_says_nothing_or_noise_disturbs_nobody(endpoint, client, capfd):
    with (
        socket.create_connection(("127.0.0.1", endpoint.port)) as silent,
        socket.create_connection(("127.0.0.1", endpoint.port)) as noisy,
    ):
        noisy.sendall(os.urandom(10_000))
        assert sorted(client.listdir("/")) == ["inbox", "outbox"]
        silent.sendall(b"SSH-2.0-x\r\n" + os.urandom(100))
    assert "Traceback" not in capfd.readouterr().err
