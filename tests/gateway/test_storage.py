"""The file store: what goes in comes out, whole or not at all, and to nobody else."""

import errno
import hashlib
import os
import tracemalloc
from uuid import uuid4

import obstore
import pytest
from obstore.exceptions import GenericError

from gateway.crypto import FirmCipher, make_data_key
from gateway.errors import Full, NotFound, Permanent, Transient
from gateway.settings import Settings
from gateway.storage import Store

MASTER = b"m" * 32
KEY = "northgate/acme/roster.csv"


def new_cipher():
    firm = uuid4()
    return FirmCipher(firm, make_data_key(firm, MASTER), MASTER)


@pytest.fixture
def cipher():
    return new_cipher()


@pytest.fixture
def store(tmp_path):
    return Store.of(Settings(data_dir=tmp_path, config_dir=tmp_path, secrets_dir=tmp_path))


def files(tmp_path):
    return sorted(
        str(path.relative_to(tmp_path / "files")) for path in (tmp_path / "files").rglob("*") if path.is_file()
    )


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (6 << 20) + 1])
def test_a_file_comes_back_as_often_as_it_is_read(store, cipher, size):
    data = b"n" * size
    stored = store.put(KEY, [data], cipher)
    source = store.open(KEY, cipher)
    assert (stored.size, stored.sha256) == (size, hashlib.sha256(data).hexdigest())
    assert (source.name, source.size) == ("roster.csv", size)
    assert b"".join(source.chunks()) == b"".join(source.chunks()) == store.read_bytes(KEY, cipher) == data


def test_a_file_is_known_by_the_name_under_which_it_arrived(store, cipher):
    store.put(KEY, [b"x"], cipher)
    assert store.open(KEY, cipher, name="Röster 1.csv").name == "Röster 1.csv"


def test_what_lies_on_disk_is_encrypted_and_private(store, cipher, tmp_path):
    store.put(KEY, [b"078-05-1120"], cipher)
    assert b"078-05-1120" not in (tmp_path / "files" / KEY).read_bytes()
    assert (tmp_path / "files").stat().st_mode & 0o777 == 0o700


def test_an_error_in_what_is_stored_leaves_nothing_and_passes_as_it_is(store, cipher, tmp_path):
    def half():
        yield b"x" * (7 << 20)
        raise FileNotFoundError("the partner's folder went away")

    with pytest.raises(FileNotFoundError, match="went away"):
        store.put(KEY, half(), cipher)
    assert files(tmp_path) == []


def test_an_error_leaves_the_file_that_was_there(store, cipher):
    def half():
        yield b"x" * (7 << 20)
        raise ValueError("cut off")

    store.put(KEY, [b"whole"], cipher)
    with pytest.raises(ValueError, match="cut off"):
        store.put(KEY, half(), cipher)
    assert store.read_bytes(KEY, cipher) == b"whole"


def test_memory_does_not_grow_with_the_file(store, cipher):
    def peak(megabytes):
        tracemalloc.start()
        store.put(KEY, (b"x" * (1 << 20) for _ in range(megabytes)), cipher)
        assert sum(map(len, store.open(KEY, cipher).chunks())) == megabytes << 20
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(60) < peak(20) + (2 << 20) < 20 << 20


def test_another_firms_cipher_reads_nothing(store, cipher):
    store.put(KEY, [b"secret"], cipher)
    with pytest.raises(Permanent) as caught:
        store.read_bytes(KEY, new_cipher())
    assert caught.value.code == "undecipherable"


def test_a_file_put_under_anothers_key_is_noticed(store, cipher, tmp_path):
    store.put(KEY, [b"mine"], cipher)
    store.put("northgate/acme/other.csv", [b"other"], cipher)
    (tmp_path / "files" / "northgate/acme/other.csv").replace(tmp_path / "files" / KEY)
    with pytest.raises(Permanent, match="cannot be decrypted"):
        store.read_bytes(KEY, cipher)


@pytest.mark.parametrize("read", [Store.open, Store.read_bytes])
def test_a_file_that_is_not_there_is_not_found(store, cipher, read):
    with pytest.raises(NotFound):
        read(store, KEY, cipher)


def test_deleting_removes_and_may_be_repeated(store, cipher, tmp_path):
    store.put(KEY, [b"x"], cipher)
    store.delete(KEY)
    store.delete(KEY)
    assert files(tmp_path) == []


def test_an_export_is_plain_and_whole(store, cipher, tmp_path):
    store.put(KEY, [b"plain"], cipher)
    store.export(KEY, cipher, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == b"plain"


def test_an_export_that_fails_leaves_what_was_there(store, cipher, tmp_path):
    store.put(KEY, [b"x" * (3 << 20)], cipher)
    stored = tmp_path / "files" / KEY
    stored.write_bytes(stored.read_bytes()[:-1])
    target = tmp_path / "out" / "out.csv"
    target.parent.mkdir()
    target.write_bytes(b"before")
    with pytest.raises(Permanent):
        store.export(KEY, cipher, target)
    assert [path.name for path in target.parent.iterdir()] == ["out.csv"]
    assert target.read_bytes() == b"before"


@pytest.mark.parametrize("key", ["../outside", "a/../../outside", "a//b"])
def test_a_key_cannot_leave_the_store(store, cipher, key, tmp_path):
    with pytest.raises(ValueError, match="parse path"):
        store.put(key, [b"x"], cipher)
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        (GenericError("No space left on device (os error 28)"), Full, "disk_full"),
        (GenericError("connection reset"), Transient, "storage_unavailable"),
        (PermissionError(errno.EACCES, "denied"), Permanent, "storage_refused"),
    ],
)
def test_what_the_store_says_becomes_a_sentence(store, cipher, monkeypatch, said, kind, code):
    def fail(*_args, **_kwargs):
        raise said

    monkeypatch.setattr(obstore, "put", fail)
    with pytest.raises(kind) as caught:
        store.put(KEY, [b"x"], cipher)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (OSError(errno.EROFS, "Read-only file system", "/srv/gateway/files/0197"), ": Read-only file system"),
        (
            GenericError("Unable to open file /srv/gateway/files/0197#1: Read-only file system (os error 30)"),
            ": Read-only file system",
        ),
        (GenericError("connection reset"), ""),
    ],
)
def test_a_store_that_fails_says_why_and_not_where_it_lies(store, cipher, monkeypatch, said, reason):
    def fail(*_args, **_kwargs):
        raise said

    monkeypatch.setattr(obstore, "put", fail)
    with pytest.raises(Transient) as caught:
        store.put(KEY, [b"x"], cipher)
    assert caught.value.sentence == f"The file store failed{reason}; try again later."


def test_a_file_is_stored_while_it_is_read_from_the_same_store(store, cipher):
    store.put("one", iter([b"x" * 3_000_000]), cipher)
    copied = store.put("two", store.open("one", cipher).chunks(), cipher)
    assert (copied.size, store.read_bytes("two", cipher)) == (3_000_000, b"x" * 3_000_000)


def others_may(folder):
    """What below a folder, itself included, somebody else than its owner could read or enter."""
    return [str(path) for path in (folder, *folder.rglob("*")) if path.lstat().st_mode & 0o077]


def test_whatever_the_umask_nobody_else_reads_what_is_stored(tmp_path, cipher):
    data_dir = tmp_path / "data"
    before = os.umask(0)
    try:
        store = Store.of(Settings(data_dir=data_dir, config_dir=tmp_path, secrets_dir=tmp_path))
        store.put(KEY, [b"small"], cipher)
        store.put(f"{KEY}.large", [b"n" * (6 << 20)], cipher)  # in parts
        store.export(KEY, cipher, data_dir / "roster.csv")
    finally:
        os.umask(before)
    assert others_may(data_dir) == []
    assert {path.stat().st_mode & 0o777 for path in data_dir.rglob("*") if path.is_file()} == {0o600}
