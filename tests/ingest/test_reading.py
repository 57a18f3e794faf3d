"""An ended import is read again as it was read: by its receipts, by whoever asks for its workbook, in a year."""

import csv
import io
import json
import zipfile
from uuid import UUID

import pytest
from helpers.inbox import ME, ROSTER, as_csv, people, person

from gateway.db.models import File, Import
from gateway.domain.partners.homes import find_home
from ingest.formats.csv import CsvFormat
from ingest.formats.excel import ExcelFormat
from ingest.originals import recall_from
from ingest.reading import past_reading
from ingest.receipts import folder_of, make_workbook
from ingest.records import send
from ingest.rows import RowsFormat

BAD = [person(1, dob="soon"), *people(20, without=(1,))]


def loaded(inbox):
    return inbox.drop("roster_20260301.csv", BAD)["import_id"]


def read_in_its_archive(inbox):
    """As it was when archives were no imports of their own."""
    inbox.apply(
        ROSTER.format(partner="acme", firm="northgate").replace("{type: csv}", "{type: csv}\n    unpack: {zip: true}")
    )
    import_id, out = loaded(inbox), io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("roster_20260301.csv", as_csv(BAD))
    with inbox.office.db.system() as session:
        [file] = session.query(File)
        file.storage_key, file.name = "a.zip", "a.zip"
        inbox.office.store.put("a.zip", [out.getvalue()], inbox.office.cipher(session, inbox.firm_id))
    return import_id


def corrected(inbox):
    folder = folder_of(inbox.office.settings, find_home(inbox.office, inbox.slug), UUID(loaded(inbox)))
    rows = csv.reader((folder / "errors.csv").read_text(encoding="utf-8-sig").splitlines())
    return inbox.drop("back.txt", "\n".join(map(";".join, rows)).encode())["import_id"]


def corrected_in_a_workbook(inbox):
    office, home = inbox.office, find_home(inbox.office, inbox.slug)
    path = make_workbook(office, home, UUID(loaded(inbox)))
    return inbox.drop("back.xlsx", path.read_bytes())["import_id"]


def sent_as_rows(inbox):
    sent = []
    rows = [json.dumps(row).encode() for row in BAD]
    send(
        inbox.office,
        find_home(inbox.office, inbox.slug),
        "roster",
        rows,
        None,
        ME,
        lambda _session, one: sent.append(one),
    )
    return sent[0].import_id


@pytest.mark.parametrize(
    ("came", "kind", "delimiter", "name"),
    [
        (loaded, CsvFormat, ",", "roster_20260301.csv"),
        (read_in_its_archive, CsvFormat, ",", "roster_20260301.csv"),
        (corrected, CsvFormat, ";", "back.txt"),
        (corrected_in_a_workbook, ExcelFormat, None, "back.xlsx"),
        (sent_as_rows, RowsFormat, None, "roster.jsonl"),
    ],
)
def test_an_ended_import_is_read_again_as_it_was(inbox, came, kind, delimiter, name):
    import_id = UUID(str(came(inbox)))
    with inbox.office.db.firm(inbox.firm_id) as session:
        arrival = session.get_one(Import, (inbox.firm_id, import_id))
        file = session.get_one(File, (inbox.firm_id, arrival.file_id))
        stored = inbox.office.store.open(file.storage_key, inbox.office.cipher(session, inbox.firm_id), name=file.name)
        past = past_reading(session, arrival, stored, recall_from(inbox.office))
        assert (past.digest, past.as_of, past.corrects) == (arrival.reading, arrival.as_of, arrival.corrects_import_id)
        assert (type(past.format), past.source.name) == (kind, name)
        assert getattr(past.format, "delimiter", None) == delimiter
        table = past.open()
        assert table.parts[0].header == arrival.header
        read = sum(len(batch.rows) + len(batch.broken) for batch in table.batches())
        assert read == arrival.counts["rows"]["read"] > 0
