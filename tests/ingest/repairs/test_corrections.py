"""The file of which repairs are made, as what reads files has it."""

import tempfile

from ingest.repairs.sending import Corrections

MEGABYTES = 3


def test_it_is_read_whole_whoever_else_reads_it_or_asks_for_its_size_meanwhile():
    content = b"".join(bytes([number]) * (1 << 20) for number in range(MEGABYTES)) + b"the end"
    with tempfile.TemporaryFile() as out:
        out.write(content)
        out.flush()
        file, read = Corrections("roster-repaired.csv", [], {}, out), b""
        for chunk in file.chunks():
            assert file.size == len(content)
            assert next(file.chunks()) == content[: 1 << 20]
            read += chunk
    assert read == content
