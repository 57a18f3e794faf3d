"""Enriched files through the inbox: tables belong to the version that was applied, whatever lies on the disk later."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from helpers.inbox import COLUMNS, ME, as_csv, counts, people, person

from gateway.config import ConfigError
from gateway.domain.partners.versions import apply
from gateway.wings import PARTNER_YAML

SITES = "Site,City,State\nHQ,Chicago,IL\nSouth,Atlanta,GA\n"
ENRICH = """    enrich:
      - step: lookup
        table: sites.csv
        by: Site
        give: {work_city: City, work_state: {from: State, type: us_state}}
      - {step: shift, field: eligibility_start_date, of: date_of_birth, plus: 18y}
      - {step: shift, field: documents.i94.expires_on, of: documents.passport.expires_on, plus: 0d}
"""

PARTS = """
partner: acme
firm: northgate
name: ACME Manufacturing, Inc.
time_zone: America/Chicago
feeds:
  people:
    file: "people.txt"
    format: {type: fixed, records: {person: {columns: {Site: [1, 4], Id: [5, 2]}, data: true}}}
    contents: changes
    parts:
      person:
        client: {key: employee_id, fields: {employee_id: {from: Id}}}
        enrich: [{step: lookup, table: sites.csv, by: Site, give: {work_city: City}}]
"""
UNUSED = "    enrich: [{step: lookup, table: nowhere.csv, by: Site, give: {work_city: City}}]\n"


@pytest.fixture
def folder(tmp_path, roster):
    """A partner's folder: writes its partner.yaml and its table, and gives the path to apply."""

    def write(sites: str | bytes | None = SITES, enrich: str = ENRICH):
        (tmp_path / "sites.csv").unlink(missing_ok=True)
        if sites is not None:
            (tmp_path / "sites.csv").write_bytes(sites if isinstance(sites, bytes) else sites.encode())
        (tmp_path / "partner.yaml").write_text(roster + enrich)
        return tmp_path / "partner.yaml"

    return write


def sited(*sites: str, **more: str) -> bytes:
    rows = [person(number, **more) | {"Site": site} for number, site in enumerate(sites, 1)]
    return as_csv(rows, [*COLUMNS, "Site"])


def versions(inbox):
    return inbox.sql("SELECT version, active FROM partner_configs ORDER BY version")[1:]  # without the inbox's own


def cities(inbox):
    return inbox.clients("employee_id, work_city")


def findings(path):
    with pytest.raises(ConfigError) as caught:
        PARTNER_YAML.read(path)
    return [(one.file.rpartition("/")[2], one.line, one.message) for one in caught.value.findings]


# ------------------------------------------------------------------------------------------------ into the records


def test_what_a_row_leaves_blank_comes_from_the_table_and_from_its_other_fields(inbox, folder):
    inbox.apply(folder())
    told = inbox.drop("roster.csv", sited("HQ", "south"))

    assert (told["state"], counts(told)) == ("loaded", {"read": 2, "created": 2})
    assert inbox.clients("employee_id, work_city, work_state, eligibility_start_date") == {
        "E1": ("Chicago", "IL", date(1998, 2, 3)),
        "E2": ("Atlanta", "GA", date(1998, 2, 3)),
    }


def test_the_same_file_again_changes_nothing(inbox, folder):
    inbox.apply(folder())
    inbox.drop("roster.csv", sited("HQ", "South"))
    told = inbox.drop("roster.csv", sited("HQ", "South"), forced=True)
    assert counts(told) == {"read": 2, "unchanged": 2}


def test_a_word_that_is_not_in_the_table_is_a_warning_and_the_row_counts(inbox, folder):
    inbox.apply(folder())
    told = inbox.drop("roster.csv", sited("HQ", "Moon"))

    assert counts(told) == {"read": 2, "created": 2}
    [problem] = told["problems"]
    assert (problem["code"], problem["column"], problem["severity"]) == ("no_match", "Site", "warning")
    assert cities(inbox) == {"E1": "Chicago", "E2": None}


def test_with_missing_reject_it_rejects_the_row(inbox, folder):
    inbox.apply(folder(enrich=ENRICH.replace("by: Site", "by: Site\n        missing: reject")))
    told = inbox.drop("roster.csv", sited("HQ", "Moon", "HQ"))

    assert (told["state"], counts(told)) == ("loaded_with_errors", {"read": 3, "created": 2, "rejected": 1})
    assert cities(inbox) == {"E1": "Chicago", "E3": "Chicago"}


def test_a_rejecting_lookup_holds_a_file_whose_column_has_a_new_name(inbox, folder):
    inbox.apply(folder(enrich=ENRICH.replace("by: Site", "by: Site\n        missing: reject")))
    told = inbox.drop("roster.csv", sited("HQ", "South").replace(b"Site", b"Sites", 1))
    assert (told["state"], told["code"]) == ("held", "header_missing")

    told = inbox.release(told, {"Site": "Sites"})

    assert told["state"] == "released"
    assert cities(inbox) == {"E1": "Chicago", "E2": "Atlanta"}


def test_a_document_that_the_row_brings_is_filled_and_none_is_made(inbox, folder):
    enrich = ENRICH.replace("documents.i94.expires_on, of: documents.passport.expires_on", "PLACE")
    enrich = enrich.replace("PLACE", "documents.passport.expires_on, of: documents.i94.expires_on")
    inbox.apply(folder(enrich=enrich))
    bearer, nobody = person(1, passport="P1", i94_expiry="01/19/2027"), person(2, i94_expiry="01/19/2028")
    inbox.drop("roster.csv", as_csv([bearer, nobody], COLUMNS))

    assert inbox.sql("SELECT doc_type, expires_on::text FROM documents ORDER BY expires_on, doc_type") == [
        ("i94", "2027-01-19"),
        ("passport", "2027-01-19"),
        ("i94", "2028-01-19"),
    ]


def test_a_stay_without_end_is_no_blank(inbox, folder):
    inbox.apply(folder(enrich=ENRICH.replace("plus: 0d", "plus: 1d")))
    stay = {"passport": "P1", "passport_expiry": "01/19/2030"}
    inbox.drop("roster_20260301.csv", sited("HQ", **stay, i94_expiry="D/S"))
    ends = "SELECT duration_of_status, expires_on FROM documents WHERE doc_type = 'i94'"
    assert inbox.sql(ends) == [(True, None)]


def test_what_staff_pinned_stays(inbox, folder):
    inbox.apply(folder())
    inbox.drop("roster_20260301.csv", sited("HQ"))
    inbox.sql("UPDATE clients SET work_city = 'Aurora', pins = '{\"work_city\": true}'")
    told = inbox.drop("roster_20260302.csv", sited("South"))

    assert cities(inbox) == {"E1": "Aurora"}
    assert [(one["code"], one["column"]) for one in told["problems"]] == [("pinned_field", "Site")]


# ------------------------------------------------------------------------------------------------ versions


def test_a_changed_table_is_a_new_version_and_the_same_one_is_not(inbox, folder):
    inbox.apply(folder())
    inbox.apply(folder())
    assert versions(inbox) == [(2, True)]
    inbox.apply(folder(SITES + "North,Duluth,MN\n"))
    assert versions(inbox) == [(2, False), (3, True)]
    [(tables,)] = inbox.sql("SELECT tables FROM partner_configs WHERE version = 2")
    assert tables == {"sites.csv": SITES}


def test_a_byte_order_mark_makes_no_new_version(inbox, folder):
    inbox.apply(folder())
    inbox.apply(folder(b"\xef\xbb\xbf" + SITES.encode()))
    assert versions(inbox) == [(2, True)]


@pytest.mark.parametrize("unused", ["", UNUSED], ids=["alone", "beside unused ones of the feed"])
def test_a_part_has_steps_of_its_own(inbox, tmp_path, unused):
    (tmp_path / "sites.csv").write_text(SITES)
    (tmp_path / "partner.yaml").write_text(PARTS.replace("    parts:", f"{unused}    parts:"))
    inbox.apply(tmp_path / "partner.yaml")

    told = inbox.drop("people.txt", b"HQ  E1\nHX  E2\n")

    assert counts(told) == {"read": 2, "created": 2}
    assert cities(inbox) == {"E1": "Chicago", "E2": None}


def test_settings_without_tables_keep_the_fingerprint_that_they_had(inbox, roster):
    inbox.apply(roster)
    known = hashlib.sha256(roster.encode()).hexdigest()
    assert inbox.sql("SELECT sha256, tables FROM partner_configs") == [(known, {})]


def test_an_import_uses_the_tables_that_were_applied_not_the_disk(inbox, folder):
    inbox.apply(folder())
    folder(sites=None)
    inbox.drop("roster.csv", sited("HQ", "South"))
    assert cities(inbox) == {"E1": "Chicago", "E2": "Atlanta"}


def test_the_same_file_under_a_changed_table_is_read_again(inbox, folder):
    inbox.apply(folder())
    inbox.drop("roster.csv", sited("HQ"))
    assert inbox.drop("roster.csv", sited("HQ"))["state"] == "no_change"
    inbox.apply(folder(SITES.replace("Chicago", "Evanston")))
    told = inbox.drop("roster.csv", sited("HQ"))

    assert counts(told) == {"read": 1, "updated": 1}
    assert cities(inbox) == {"E1": "Evanston"}


def test_a_release_reads_with_the_tables_of_the_version_that_held_the_file(inbox, folder):
    inbox.apply(folder())
    inbox.drop("roster_20260301.csv", people(20))
    held = inbox.drop("roster_20260302.csv", sited("HQ", "South"))
    assert held["state"] == "held"
    inbox.apply(folder(SITES.replace("Chicago", "Evanston")))

    inbox.release(held)

    assert {name: city for name, city in cities(inbox).items() if city} == {"E1": "Chicago", "E2": "Atlanta"}


def test_a_repaired_row_is_enriched_too(inbox, folder):
    inbox.apply(folder())
    told = inbox.drop("roster_20260301.csv", sited("HQ", "South", dob="13/13/1980"))
    assert counts(told) == {"read": 2, "rejected": 2}
    inbox.release(told)

    inbox.drop("mended.csv", Path(told["receipts"]["csv"]).read_bytes().replace(b",13/13/1980,", b",01/02/1980,"))

    assert cities(inbox) == {"E1": "Chicago", "E2": "Atlanta"}


# ------------------------------------------------------------------------------------------------ what is wrong


@pytest.mark.parametrize(
    ("sites", "line", "words"),
    [
        (SITES + "hq,Boston,MA\n", 4, "Site “hq” stands on line 2 already; which is right?"),
        (SITES + "North,Duluth,Minnesotta\n", 4, "State: “Minnesotta” is not one of the agreed codes."),
        (SITES.encode() + b"Nord,D\xfcsseldorf,IL\n", 4, "not UTF-8 text here (byte 0xFC)"),
        (SITES + "North,Du\0luth,MN\n", 4, "NUL"),
        (SITES + "x" * 5_000_000, 1, "larger than 5,000,000 bytes"),
        ("", 1, "no rows"),
    ],
    ids=["twice", "type", "encoding", "nul", "size", "empty"],
)
def test_what_is_wrong_in_a_table_is_told_with_its_file_and_line(folder, sites, line, words):
    [(file, found, message)] = findings(folder(sites))
    assert (file, found) == ("sites.csv", line)
    assert words in message


def test_a_table_that_is_wrong_in_every_row_is_told_of_briefly(folder):
    told = findings(folder("Site,City,State\n" + "".join(f"{n},x,nowhere\n" for n in range(500))))
    assert len(told) == 21
    assert told[-1] == ("sites.csv", 22, "480 more findings in this table.")


def test_a_column_that_a_table_lacks_is_told_where_it_is_asked_for(folder, roster):
    [(file, line, message)] = findings(folder(SITES.replace("City", "Town")))
    assert (file, line) == ("partner.yaml", (roster + ENRICH).splitlines().index(CITY_LINE) + 1)
    assert message.startswith("There is no column of sites.csv `City`; there are Site, State, Town.")


CITY_LINE = "        give: {work_city: City, work_state: {from: State, type: us_state}}"


def test_a_table_that_is_not_there_is_told_with_the_nearest_one(folder, tmp_path):
    path = folder(sites=None)
    (tmp_path / "site.csv").write_text(SITES)
    with pytest.raises(ConfigError) as caught:
        PARTNER_YAML.read(path)
    [finding] = caught.value.findings
    assert finding.message == "There is no file sites.csv beside this one."
    assert (finding.suggestion, finding.path) == ("site.csv", "feeds.roster.enrich[0].table")


def test_nothing_outside_the_folder_is_ever_read(folder, tmp_path):
    (tmp_path.parent / "sites.csv").write_text("Site,City,State\nHQ,secret,nowhere\n")
    path = folder(enrich=ENRICH.replace("sites.csv", "../sites.csv"))
    assert [(file, "is not the name of a CSV file" in message) for file, _, message in findings(path)] == [
        ("partner.yaml", True)
    ]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("step: shfit", "shift"), ("{step: shift, feild: x", "field"), ("missing: rejekt, step: lookup", "reject")],
)
def test_a_typo_in_a_step_offers_the_nearest_word(folder, wrong, right):
    enrich = f"    enrich:\n      - {wrong if wrong.startswith('{') else '{' + wrong}, of: a, plus: 1d}}\n"
    with pytest.raises(ConfigError) as caught:
        PARTNER_YAML.read(folder(enrich=enrich))
    assert right in [one.suggestion for one in caught.value.findings]
    assert {one.file.rpartition("/")[2] for one in caught.value.findings} == {"partner.yaml"}


def test_settings_given_as_text_must_come_with_their_tables(folder):
    text = folder().read_text()
    with pytest.raises(ConfigError, match=r"sites\.csv did not come with these settings.* with sites\.csv beside it"):
        PARTNER_YAML.read(text)
    assert dict(PARTNER_YAML.read(text, beside={"sites.csv": SITES}).document.tables) == {"sites.csv": SITES}


def test_the_tables_of_parts_must_come_too():
    with pytest.raises(ConfigError, match=r"feeds\.people\.parts\.person\.enrich\[0\]\.table: The table sites\.csv"):
        PARTNER_YAML.read(PARTS)


def test_a_version_that_was_stored_without_its_table_fails_a_file_in_a_sentence(inbox, folder):
    settings = PARTNER_YAML.read(folder())
    with inbox.office.acting(inbox.firm_id, ME) as acting:
        apply(acting, replace(settings, document=replace(settings.document, tables={})))
    told = inbox.drop("roster_20260601.csv", sited("HQ"))
    assert (told["state"], told["code"]) == ("failed", "config_invalid")
    assert "sites.csv did not come" in told["reason"]
    assert not inbox.clients()
