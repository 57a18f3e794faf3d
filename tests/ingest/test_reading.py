"""An ended import is read again as it was read: by its receipts, by whoever asks for its workbook, in a year."""

import csv
import io
import json
import zipfile
from uuid import UUID

import pytest
from desk import ME, ROSTER, SENDER, as_csv, people, person, unwatched
from ingest.imports import finish
from ingest.office import Asked

from gateway.db.models import File, Import
from ingest.formats.csv import CsvFormat
from ingest.formats.excel import ExcelFormat
from ingest.reading import past_reading
from ingest.receipts import folder_of, make_workbook
from ingest.reception import receive
from ingest.records import send
from ingest.rows import RowsFormat

BAD = [person(1, dob="soon"), *people(20, without=(1,))]


def loaded(desk):
    return desk.drop("roster_20260301.csv", BAD)["import_id"]


def unpacked_later(desk):
    """It came when the settings did not say that archives are unpacked."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("roster_20260301.csv", as_csv(BAD))
    home = desk.office.home(desk.slug)
    [import_id] = receive(desk.office, home, "a.zip", [out.getvalue()], via="test", by=SENDER, asked=Asked())
    desk.apply(
        ROSTER.format(partner="acme", firm="northgate").replace("{type: csv}", "{type: csv}\n    unpack: {zip: true}")
    )
    finish(desk.office, home, import_id, unwatched)
    return import_id


def corrected(desk):
    folder = folder_of(desk.office.settings, desk.office.home(desk.slug), UUID(loaded(desk)))
    rows = csv.reader((folder / "errors.csv").read_text(encoding="utf-8-sig").splitlines())
    return desk.drop("back.txt", "\n".join(map(";".join, rows)).encode())["import_id"]


def corrected_in_a_workbook(desk):
    office, home = desk.office, desk.office.home(desk.slug)
    path = make_workbook(office.db, office.store, office.settings, home, UUID(loaded(desk)))
    return desk.drop("back.xlsx", path.read_bytes())["import_id"]


def sent_as_rows(desk):
    sent = []
    rows = [json.dumps(row).encode() for row in BAD]
    send(desk.office, desk.office.home(desk.slug), "roster", rows, None, ME, lambda _session, one: sent.append(one))
    return sent[0].import_id


@pytest.mark.parametrize(
    ("came", "kind", "delimiter", "name"),
    [
        (loaded, CsvFormat, ",", "roster_20260301.csv"),
        (unpacked_later, CsvFormat, ",", "roster_20260301.csv"),
        (corrected, CsvFormat, ";", "back.txt"),
        (corrected_in_a_workbook, ExcelFormat, None, "back.xlsx"),
        (sent_as_rows, RowsFormat, None, "roster.jsonl"),
    ],
)
def test_an_ended_import_is_read_again_as_it_was(desk, came, kind, delimiter, name):
    import_id = UUID(str(came(desk)))
    with desk.office.db.firm(desk.firm_id) as session:
        arrival = session.get_one(Import, (desk.firm_id, import_id))
        file = session.get_one(File, (desk.firm_id, arrival.file_id))
        stored = desk.office.store.open(file.storage_key, desk.office.cipher(session, desk.firm_id), name=file.name)
        past = past_reading(session, arrival, stored)
        assert (past.digest, past.as_of, past.corrects) == (arrival.reading, arrival.as_of, arrival.corrects_import_id)
        assert (type(past.format), past.source.name) == (kind, name)
        assert getattr(past.format, "delimiter", None) == delimiter
        table = past.open()
        assert table.parts[0].header == arrival.header
        read = sum(len(batch.rows) + len(batch.broken) for batch in table.batches())
        assert read == arrival.counts["rows"]["read"] > 0
