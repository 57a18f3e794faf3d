"""Delimited text: which encoding it is read in, and what becomes of bytes that are no text in it."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("content", "encoding", "remarks"),
    [
        ("a,b\né,李\n".encode(), "utf-8", []),
        ("\ufeffa,b\né,李\n".encode(), "utf-8", []),
        ("\ufeffa,b\né,李\n".encode(), "utf-8-sig", []),
        ("a,b\né,李\n".encode(), "utf-8-sig", []),
        ("\ufeffa,b\né,李\n".encode(), "cp1252", ["The file begins with a byte order mark, so it was read as UTF-8 instead of Windows-1252."]),
        ("\ufeffa,b\né,李\n".encode("utf-16-le"), "utf-8", ["The file begins with a byte order mark, so it was read as UTF-16 LE instead of UTF-8."]),
        ("\ufeffa,b\né,李\n".encode("utf-16-be"), "utf-8", ["The file begins with a byte order mark, so it was read as UTF-16 BE instead of UTF-8."]),
        ("\ufeffa,b\né,李\n".encode("utf-16-le"), "utf-16", []),
        ("a,b\né,李\n".encode("utf-16-le"), "utf-16", []),
        ("a,b\né,李\n".encode("utf-16-be"), "utf-16-be", []),
        ("\ufeffa,b\né,李\n".encode("utf-32-le"), "utf-32", []),
        ("a,b\né,李\n".encode("utf-32-le"), "utf-32", []),
        ("a,b\né,李\n".encode("gb18030"), "gb18030", []),
    ],
)  # fmt: skip
def test_a_byte_order_mark_wins_over_the_agreed_encoding(read, content, encoding, remarks):
    table = read(content, encoding=encoding)
    assert (table.header, table.cells, table.remarks) == (["a", "b"], [["é", "李"]], remarks)


def test_european_payroll_reads_as_windows_1252(read):
    table = read(
        'Größe;Lohn\r\n"Müller ""Max""";112.549,00 €\r\n'.encode("cp1252"), encoding="cp1252", delimiter="semicolon"
    )
    assert (table.header, table.cells) == (["Größe", "Lohn"], [['Müller "Max"', "112.549,00 €"]])


def test_an_undecodable_byte_is_the_trouble_of_its_own_cell(read):
    lines = [b"id,name,city"] + [b"%d,x,y" % number for number in range(2, 70_000)]
    lines[60_000] = b"60001,M\xfcller,y"
    table = read(b"\n".join(lines))
    assert table.flaws == [(60_001, 1, "undecodable")]
    assert table.rows[59_999] == (60_001, 60_001, ["60001", "M\udcfcller", "y"])
    assert len(table.rows) == 69_998
    (flaw,) = [flaw for batch in table.batches for flaw in batch.flaws]
    assert (flaw.value, flaw.details) == ("M\ufffdller", {"expected": "UTF-8"})


def test_an_undecodable_byte_on_the_second_line_of_a_cell_is_found(read):
    assert read(b'a,b\n1,"x\n\xff"\n2,y\n').flaws == [(2, 1, "undecodable")]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-16-le", "utf-16", "shift_jis", "gb18030", "utf-7"])
def test_bytes_outside_any_encoding_only_flag_their_cells(read, encoding):
    bad = b"\x00\xd8" if encoding.startswith("utf-16") else b"\x81\xff\x9d"
    table = read("a,b\n1,".encode(encoding) + bad + "\n2,y\n".encode(encoding), encoding=encoding)
    assert [flaw[2] for flaw in table.flaws] == ["undecodable"]
    assert table.cells[-1] == ["2", "y"]


def test_half_a_character_at_the_end_of_the_file_is_undecodable(read):
    assert read("a,b\n1,2".encode("utf-16-le") + b"A", encoding="utf-16-le").flaws == [(2, 1, "undecodable")]


def test_nul_characters_are_kept_and_flagged(read):
    table = read("a,b\nx\0y,2\n3,4\n")
    assert table.cells == [["x\0y", "2"], ["3", "4"]]
    assert table.flaws == [(2, 0, "undecodable")]


def test_a_header_can_always_be_shown(read):
    assert read("Größe,b\n1,2\n".encode("cp1252")).header == ["Gr\ufffd\ufffde", "b"]
