"""Files come in over SFTP when they are closed, and receipts go out, with the clients that partners have."""

import asyncio
import hashlib
import json
import os
from datetime import timedelta
from uuid import uuid4

import asyncssh
import paramiko
import pytest
from helpers.inbox import as_csv, people, person
from helpers.servers import until

from gateway import clock
from gateway.domain.partners import outbox
from gateway.domain.partners.homes import find_home
from gateway.office import Actor
from ingest.running import finish

ROSTER = as_csv(people(3))
NAME = "roster_20260301.csv"


def arrived(inbox):
    """Name and SHA-256 of each arrival, in order."""
    return inbox.sql("SELECT f.name, f.sha256 FROM imports i JOIN files f ON f.id = i.file_id ORDER BY i.id")


def sha(content):
    return hashlib.sha256(content).hexdigest()


def later(monkeypatch, **passed):
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(**passed))


@pytest.fixture
def client(endpoint, acme):
    with endpoint.paramiko("acme", key=acme) as one:
        yield one


# ------------------------------------------------------------------------------------------------ in


def test_a_file_put_by_openssh_arrives_with_times_kept_and_is_gone_from_the_folder(endpoint, acme, inbox, tmp_path):
    path = tmp_path / NAME
    path.write_bytes(ROSTER)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    done = endpoint.sftp("acme", acme, f"cd inbox\nput -p {path}\nls -l\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert NAME not in done.stdout.split("ls -l")[1]
    assert arrived(inbox) == [(NAME, sha(ROSTER))]
    assert inbox.sql("SELECT via FROM files") == [("endpoint",)]
    assert inbox.sql("SELECT kind, state FROM jobs") == [("ingest.run", "waiting")]
    assert inbox.sql("SELECT actor, actor_kind FROM audit_log WHERE action = 'import.receive'") == [("acme", "partner")]


def test_a_file_put_by_paramiko_arrives_and_its_size_is_confirmed(client, inbox, tmp_path):
    path = tmp_path / NAME
    path.write_bytes(ROSTER)
    assert client.put(str(path), f"inbox/{NAME}").st_size == len(ROSTER)
    assert arrived(inbox) == [(NAME, sha(ROSTER))]


def test_a_large_file_put_by_asyncssh_in_many_requests_at_once_arrives_whole(endpoint, acme, inbox, tmp_path):
    content = os.urandom(9_000_001)
    (tmp_path / NAME).write_bytes(content)

    async def put():
        there = {"host": "127.0.0.1", "port": endpoint.port, "username": "acme", "client_keys": [str(acme)]}
        async with (
            asyncssh.connect(**there, known_hosts=None, config=None) as connection,
            connection.start_sftp_client() as sftp,
        ):
            await sftp.put(str(tmp_path / NAME), f"/inbox/{NAME}", preserve=True)

    asyncio.run(put())
    assert arrived(inbox) == [(NAME, sha(content))]


def test_a_password_lets_in_as_well(endpoint, tenants, inbox):
    password = endpoint.password_for(tenants.northgate, tenants.acme)
    with endpoint.paramiko("acme", password=password) as client, client.open(f"inbox/{NAME}", "w") as out:
        out.write(ROSTER)
    assert arrived(inbox) == [(NAME, sha(ROSTER))]


def test_an_empty_file_arrives_too(client, inbox):
    client.open("inbox/empty.csv", "w").close()
    assert arrived(inbox) == [("empty.csv", sha(b""))]


def test_nothing_arrives_while_its_writer_pauses_with_the_file_open(client, inbox, monkeypatch):
    out = client.open(f"inbox/{NAME}", "w")
    out.write(ROSTER[:50])
    out.flush()
    later(monkeypatch, hours=1)
    assert client.stat(f"inbox/{NAME}").st_size == 50
    assert arrived(inbox) == []
    out.write(ROSTER[50:])
    out.close()
    assert arrived(inbox) == [(NAME, sha(ROSTER))]


def test_whoever_writes_a_few_bytes_a_minute_for_an_hour_is_waited_for(client, inbox, monkeypatch):
    out = client.open(f"inbox/{NAME}", "w")
    step = len(ROSTER) // 60 + 1
    for minute in range(60):
        out.write(ROSTER[minute * step : (minute + 1) * step])
        out.flush()
        later(monkeypatch, minutes=1)
        assert arrived(inbox) == []
    out.close()
    assert arrived(inbox) == [(NAME, sha(ROSTER))]


def test_the_same_name_with_other_bytes_is_another_arrival(client, inbox):
    for content in (ROSTER, b"other bytes"):
        with client.open(f"inbox/{NAME}", "w") as out:
            out.write(content)
    assert arrived(inbox) == [(NAME, sha(ROSTER)), (NAME, sha(b"other bytes"))]


def test_two_writers_of_one_name_each_have_their_own_bytes(client, endpoint, acme, inbox):
    with endpoint.paramiko("acme", key=acme) as second:
        first, other = client.open(f"inbox/{NAME}", "w"), second.open(f"inbox/{NAME}", "w")
        first.write(b"first")
        other.write(b"second, and longer")
        first.close()
        other.close()
    assert arrived(inbox) == [(NAME, sha(b"first")), (NAME, sha(b"second, and longer"))]


@pytest.mark.parametrize("temporary", [f"{NAME}.part", f"{NAME}.filepart", f"{NAME}.TMP", f".{NAME}"])
def test_a_temporary_name_arrives_when_it_is_renamed(client, inbox, temporary):
    with client.open(f"inbox/{temporary}", "w") as out:
        out.write(ROSTER)
    assert arrived(inbox) == []
    assert client.listdir("inbox") == [temporary]
    client.posix_rename(f"inbox/{temporary}", f"inbox/{NAME}")
    assert arrived(inbox) == [(NAME, sha(ROSTER))]
    assert client.listdir("inbox") == []
    client.utime(f"inbox/{NAME}", (1, 1))
    client.chmod(f"inbox/{NAME}", 0o644)


# ------------------------------------------------------------------------------------------------ broken off


def cut(endpoint, acme, content, name=NAME):
    """Write some, and vanish."""
    with endpoint.paramiko("acme", key=acme) as client:
        out = client.open(f"inbox/{name}", "w")
        out.write(content)
        out.flush()
        client.get_channel().get_transport().sock.close()


def size_of(client, name=NAME):
    try:
        return client.stat(f"inbox/{name}").st_size
    except FileNotFoundError:
        return None


def test_an_upload_that_is_cut_never_arrives_and_is_resumed_by_reput(endpoint, acme, client, inbox, tmp_path):
    content = as_csv(people(900))
    cut(endpoint, acme, content[:20_000])
    until(lambda: size_of(client) == 20_000)
    assert arrived(inbox) == []
    path = tmp_path / NAME
    path.write_bytes(content)
    done = endpoint.sftp("acme", acme, f"cd inbox\nls -l\nreput {path}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "20000" in done.stdout
    assert arrived(inbox) == [(NAME, sha(content))]


def test_whoever_goes_on_takes_an_upload_over_from_a_connection_that_may_be_dead(endpoint, acme, client, inbox):
    dead = client.open(f"inbox/{NAME}", "w")
    dead.write(ROSTER[:40])
    dead.flush()
    with endpoint.paramiko("acme", key=acme) as second:
        alive = second.open(f"inbox/{NAME}", "a")
        alive.write(ROSTER[40:])
        with pytest.raises(OSError, match="Another connection"):
            dead.write(b"late")
        alive.close()
    assert arrived(inbox) == [(NAME, sha(ROSTER))]


def test_whoever_begins_again_without_emptying_does_not_keep_the_old_end(endpoint, acme, client, inbox):
    cut(endpoint, acme, b"x" * 5_000)
    until(lambda: size_of(client) == 5_000)
    channel = client._request(paramiko.sftp.CMD_OPEN, f"inbox/{NAME}".encode(), 2 | 8, paramiko.SFTPAttributes())
    file = paramiko.SFTPFile(client, channel[1].get_binary(), "r+")
    file.write(ROSTER)
    file.close()
    assert arrived(inbox) == [(NAME, sha(ROSTER))]


def test_a_cut_upload_does_not_arrive_by_being_renamed(endpoint, acme, client, inbox):
    cut(endpoint, acme, ROSTER[:50], f"{NAME}.part")
    until(lambda: size_of(client, f"{NAME}.part") == 50)

    def refused():
        with pytest.raises(OSError, match=r".+") as error:
            client.rename(f"inbox/{NAME}.part", f"inbox/{NAME}")
        return "broke off" in str(error.value)  # before that, nobody has noticed yet

    until(refused)
    assert arrived(inbox) == []
    client.remove(f"inbox/{NAME}.part")
    assert client.listdir("inbox") == []


def test_what_nobody_goes_on_with_goes_after_a_day(office, inbox, endpoint, acme, client, monkeypatch):
    cut(endpoint, acme, ROSTER[:50])
    until(lambda: size_of(client) == 50)
    folder = office.settings.data_dir / "sftp" / str(find_home(office, "acme").partner_id)
    [partial] = [path for path in folder.iterdir() if path.is_file()]
    assert ROSTER[:30] not in partial.read_bytes()
    assert partial.stat().st_mode & 0o777 == 0o600
    from ingest.arrivals.endpoint.inbox import Inbox

    later(monkeypatch, hours=23)
    one = Inbox.of(office, find_home(office, "acme"), None)
    one.forget()
    assert [entry.name for entry in one.entries()] == [NAME]
    later(monkeypatch, hours=2)
    one.forget()
    assert one.entries() == []
    assert not partial.exists()


def test_an_upload_that_cannot_be_stored_fails_at_its_close_and_is_not_there(client, inbox, monkeypatch, tmp_path):
    """So that clients notice that do not listen to what a close says, and look at the file."""
    from gateway.errors import Full
    from ingest.arrivals.endpoint import taking

    def full(*_, **__):
        raise Full("disk_full", "The disk of the file store is full; make room and try again.")

    path = tmp_path / NAME
    path.write_bytes(ROSTER)
    with monkeypatch.context() as patched:
        patched.setattr(taking, "receive", full)
        out = client.open(f"inbox/{NAME}", "w")
        out.write(ROSTER)
        out.flush()
        with pytest.raises(OSError, match="disk of the file store is full"):
            client._request(paramiko.sftp.CMD_CLOSE, out.handle)
        with pytest.raises(FileNotFoundError):
            client.put(str(path), f"inbox/{NAME}")
    assert arrived(inbox) == []
    client.put(str(path), f"inbox/{NAME}")
    assert arrived(inbox) == [(NAME, sha(ROSTER))]


# ------------------------------------------------------------------------------------------------ out


def test_receipts_come_back_in_the_outbox(client, inbox, office):
    with client.open(f"inbox/{NAME}", "w") as out:
        out.write(as_csv([*people(3), person(4, dob="never")]))
    [(import_id,)] = inbox.sql("SELECT id FROM imports")
    assert client.listdir("outbox") == []
    finish(office, find_home(office, "acme"), import_id)
    assert sorted(client.listdir("outbox")) == [f"{NAME}.{import_id}.{kind}" for kind in ("errors.csv", "receipt.json")]
    with client.open(f"outbox/{NAME}.{import_id}.receipt.json") as file:
        assert json.load(file)["state"] == "loaded_with_errors"
    assert b"E4" in client.open(f"outbox/{NAME}.{import_id}.errors.csv").read()
    told = inbox.sql("SELECT action FROM audit_log WHERE actor = 'acme' AND action LIKE 'import.%%' ORDER BY at, id")
    assert [action for (action,) in told] == ["import.receive", "import.view", "import.errors"]


@pytest.fixture
def waiting(office, tenants):
    def put(name, content, partner_id=tenants.acme):
        key = f"{tenants.northgate}/out/{uuid4()}"
        with office.acting(tenants.northgate, Actor("system", "tests")) as acting:
            stored = office.store.put(key, iter([content]), acting.cipher)
            return outbox.put(acting, partner_id, name, key, stored.size, stored.sha256, "text/csv")

    return put


def test_what_waits_is_fetched_whole_by_openssh_and_is_on_record(endpoint, acme, waiting, tenants, inbox, tmp_path):
    content = os.urandom(3_000_001)
    waiting("status.csv", content)
    waiting("status.csv", b"a second one")
    waiting("theirs.csv", b"x", tenants.globex)
    done = endpoint.sftp("acme", acme, f"lcd {tmp_path}\ncd outbox\nget status.csv\nget status-*\nls\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "status.csv").read_bytes() == content
    [second] = tmp_path.glob("status-*.csv")
    assert second.read_bytes() == b"a second one"
    assert "theirs" not in done.stdout
    assert inbox.sql("SELECT count(*) FROM outbox_files WHERE fetched_at IS NOT NULL") == [(2,)]


def test_a_login_sees_what_its_scopes_allow(endpoint, tenants, waiting, inbox):
    waiting("status.csv", b"x")
    told = inbox.drop(NAME, [*people(2), person(3) | {"DOB": "soon"}])
    sender = endpoint.key_for(tenants.northgate, tenants.acme, name="sender", scopes=["files:write"])
    reader = endpoint.key_for(tenants.northgate, tenants.acme, name="reader", scopes=["reports:read"])
    with endpoint.paramiko("acme", key=sender) as client:
        assert client.listdir("outbox") == [f"{NAME}.{told['import_id']}.errors.csv"]
        client.open("inbox/a.csv", "w").close()
    with endpoint.paramiko("acme", key=reader) as client:
        assert client.listdir("outbox") == ["status.csv"]
        with pytest.raises(PermissionError):
            client.open("inbox/b.csv", "w")
