"""Whether a sample is as small as it looks: what it unpacks to is bounded before anything else reads it."""

from __future__ import annotations

import io
import zipfile
import zlib

from gateway.errors import Invalid
from ingest.infer.sniffing import taken_out
from ingest.studio.drafts import Sample

MOST_UNPACKED = 48 << 20  # bytes; a workbook of 2 MB comes to a quarter of that
_PIECE = 1 << 18


def check_light(sample: Sample) -> None:
    """Refuse what is larger inside than a request may read.

    Raises:
        Invalid: `sample_too_large`; `not_understood`, it cannot be unpacked.
    """
    if zipfile.is_zipfile(io.BytesIO(sample.content)):
        _check_zip(sample)
    inside = 0
    for chunk in taken_out(sample).source.chunks():
        inside += len(chunk)
        _check(inside, sample)


def _check_zip(sample: Sample) -> None:
    inside = 0
    try:
        with zipfile.ZipFile(io.BytesIO(sample.content)) as packed:
            for one in packed.infolist():
                with packed.open(one) as stream:
                    while piece := stream.read(_PIECE):
                        inside += len(piece)
                        _check(inside, sample)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        sentence = f"{sample.name} cannot be unpacked: it is damaged, or asks for a password. Send one that opens."
        raise Invalid("not_understood", sentence) from error


def _check(inside: int, sample: Sample) -> None:
    if inside > MOST_UNPACKED:
        most = f"{MOST_UNPACKED >> 20} MB"
        raise Invalid("sample_too_large", f"Unpacked, {sample.name} has more than {most}; send its first rows only.")
