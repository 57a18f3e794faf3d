"""Encryption at rest: who can read what, and what is noticed."""

import base64
import threading
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import crypto
from gateway.crypto import FRAME_BYTES, FirmCipher, load_master_key, make_data_key, plain_size, rewrap
from gateway.errors import Permanent
from gateway.settings import Settings

MASTER = b"m" * 32
FIRM = uuid4()
WRAPPED = make_data_key(FIRM, MASTER)
OVERHEAD = 17
FRAME = FRAME_BYTES + 16


@pytest.fixture
def cipher():
    return FirmCipher(FIRM, WRAPPED, MASTER)


def sealed(cipher, data, name="a/b.csv"):
    return b"".join(cipher.encrypt_stream([data], name))


def opened(cipher, data, name="a/b.csv"):
    return b"".join(cipher.decrypt_stream([data], name))


@given(st.lists(st.none() | st.text()))
def test_a_column_comes_back_as_it_was(values):
    cipher = FirmCipher(FIRM, WRAPPED, MASTER)
    stored = cipher.encrypt_column(values, "clients.ssn")
    assert [value and cipher.decrypt(value, "clients.ssn") for value in stored if value] == [
        v for v in values if v is not None
    ]
    assert [value is None for value in stored] == [value is None for value in values]


def test_equal_values_look_different(cipher):
    stored = cipher.encrypt_column(["078-05-1120"] * 100, "clients.ssn")
    assert len({value[1:13] for value in stored}) == 100
    assert len(set(stored)) == 100


def test_the_plain_value_is_nowhere_in_what_is_stored(cipher):
    (stored,) = cipher.encrypt_column(["078051120"], "clients.ssn")
    (index,) = cipher.index_column(["078051120"], "clients.ssn")
    assert b"078051120" not in stored + index + sealed(cipher, b"078051120")


@pytest.mark.parametrize("position", [0, 1, 12, 13, 20, -1])
def test_a_changed_byte_is_noticed(cipher, position):
    (stored,) = cipher.encrypt_column(["078-05-1120"], "clients.ssn")
    changed = bytearray(stored)
    changed[position] ^= 1
    with pytest.raises(Permanent) as caught:
        cipher.decrypt(bytes(changed), "clients.ssn")
    assert caught.value.code == "undecipherable"


@pytest.mark.parametrize("stored", [b"", b"\x01", b"\x01" + b"n" * 12 + b"t" * 15])
def test_a_value_cut_short_is_noticed(cipher, stored):
    with pytest.raises(Permanent, match="cannot be decrypted"):
        cipher.decrypt(stored, "clients.ssn")


def test_a_value_of_another_column_firm_or_key_does_not_decrypt(cipher):
    (stored,) = cipher.encrypt_column(["078-05-1120"], "clients.ssn")
    other = uuid4()
    strangers = FirmCipher(other, make_data_key(other, MASTER), MASTER)
    for reader, column in [(cipher, "clients.a_number"), (strangers, "clients.ssn")]:
        with pytest.raises(Permanent):
            reader.decrypt(stored, column)


def test_an_index_is_equal_for_equal_values_of_one_column_of_one_firm_only(cipher):
    one, two, three, none = cipher.index_column(["L1", "L1", "L2", None], "documents.number")
    other = uuid4()
    strangers = FirmCipher(other, make_data_key(other, MASTER), MASTER)
    assert one == two != three
    assert none is None
    assert len(one) == 16
    assert one not in cipher.index_column(["L1"], "clients.ssn") + strangers.index_column(["L1"], "documents.number")
    assert FirmCipher(FIRM, WRAPPED, MASTER).index_column(["L1"], "documents.number") == [one]


def test_an_index_does_not_mix_up_where_column_and_value_meet(cipher):
    assert cipher.index_column(["bc"], "a") != cipher.index_column(["c"], "ab")


def test_a_data_key_opens_only_under_its_master_key_and_firm():
    for firm, master in [(FIRM, b"x" * 32), (uuid4(), MASTER)]:
        with pytest.raises(Permanent, match="data key"):
            FirmCipher(firm, WRAPPED, master)


def test_rotation_keeps_what_was_encrypted_readable(cipher):
    new = b"n" * 32
    (stored,) = cipher.encrypt_column(["078-05-1120"], "clients.ssn")
    rotated = rewrap(WRAPPED, FIRM, MASTER, new)
    assert FirmCipher(FIRM, rotated, new).decrypt(stored, "clients.ssn") == "078-05-1120"
    with pytest.raises(Permanent):
        FirmCipher(FIRM, rotated, MASTER)


@pytest.mark.parametrize("size", [0, 1, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES])
@pytest.mark.parametrize("piece", [1000_003, 1 << 16, 5 << 20])
def test_a_file_comes_back_however_it_is_cut_into_pieces(cipher, size, piece):
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

    def cut(whole):
        return [whole[start : start + piece] for start in range(0, len(whole), piece)]

    stored = b"".join(cipher.encrypt_stream(cut(data), "k"))
    pieces = list(cipher.decrypt_stream(cut(stored), "k"))
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) <= FRAME_BYTES
    assert plain_size(len(stored)) == size


def test_the_header_may_come_in_crumbs(cipher):
    stored = sealed(cipher, b"hello")
    assert b"".join(cipher.decrypt_stream([bytes([byte]) for byte in stored], "a/b.csv")) == b"hello"


HEAD, ONE, TWO, REST = (
    slice(0, OVERHEAD),
    slice(OVERHEAD, OVERHEAD + FRAME),
    slice(OVERHEAD + FRAME, OVERHEAD + 2 * FRAME),
    slice(OVERHEAD + 2 * FRAME, None),
)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([HEAD, ONE, TWO], id="last frame missing"),
        pytest.param([HEAD, ONE], id="two frames missing"),
        pytest.param([HEAD, TWO, ONE, REST], id="frames swapped"),
        pytest.param([HEAD, ONE, ONE, REST], id="frame repeated"),
        pytest.param([HEAD, ONE, REST], id="frame dropped"),
        pytest.param([HEAD, ONE, TWO, REST, REST], id="last frame repeated"),
        pytest.param([HEAD], id="no frame"),
        pytest.param([slice(0, 5)], id="half a header"),
        pytest.param([], id="nothing"),
        pytest.param([ONE, TWO, REST], id="no header"),
    ],
)
def test_a_file_put_together_otherwise_is_noticed(cipher, parts):
    stored = sealed(cipher, b"a" * FRAME_BYTES + b"b" * FRAME_BYTES + b"c")
    with pytest.raises(Permanent, match=r"a/b\.csv cannot be decrypted"):
        opened(cipher, b"".join(stored[part] for part in parts))


def test_a_frame_of_another_file_is_noticed(cipher):
    one, other = (sealed(cipher, letter * (FRAME_BYTES + 1)) for letter in (b"a", b"b"))
    with pytest.raises(Permanent):
        opened(cipher, one[HEAD] + other[ONE] + one[OVERHEAD + FRAME :])


def test_a_file_does_not_pass_for_another(cipher):
    with pytest.raises(Permanent):
        opened(cipher, sealed(cipher, b"hello", "a/b.csv"), "a/c.csv")


def settings(tmp_path, **given_):
    return Settings(data_dir=tmp_path / "data", config_dir=tmp_path, secrets_dir=tmp_path, **given_)


def test_a_master_key_file_is_made_once_private_and_announced(tmp_path, caplog):
    key = load_master_key(settings(tmp_path))
    path = tmp_path / "data" / "master.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert base64.b64decode(path.read_bytes()) == key
    assert load_master_key(settings(tmp_path)) == key
    (record,) = caplog.records
    assert str(path) in record.getMessage()
    assert path.read_text().strip() not in record.getMessage()
    assert list(path.parent.iterdir()) == [path]


def test_many_that_make_a_master_key_at_once_agree(tmp_path):
    keys, start = [], threading.Barrier(8)

    def make():
        start.wait()
        keys.append(load_master_key(settings(tmp_path)))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(keys)) == 1


def test_a_key_in_the_settings_needs_no_file(tmp_path):
    assert load_master_key(settings(tmp_path, master_key=MASTER)) == MASTER
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("content", [b"", b"short", base64.b64encode(b"x" * 31), b"not base64!" * 4])
def test_a_key_file_without_a_key_is_refused(tmp_path, content):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "master.key").write_bytes(content)
    with pytest.raises(Permanent) as caught:
        load_master_key(settings(tmp_path))
    assert caught.value.code == "master_key_invalid"


def test_nothing_is_encrypted_under_the_data_key_itself(cipher):
    data_key = crypto._unwrap(WRAPPED, FIRM, MASTER)
    keys = [crypto._derive(data_key, purpose) for purpose in (b"columns", b"index", b"files")]
    assert len({data_key, *keys}) == 4
