"""What is proposed from a sample loads that sample, without anybody editing it."""

from __future__ import annotations

import gzip
import io
import shutil
import zipfile
from pathlib import Path

import pytest
from helpers.inbox import Inbox, Pretended
from helpers.layouts import SAMPLES

from gateway.wings import PARTNER_YAML
from ingest.feeds import FEEDS
from ingest.infer import Asked, Proposal, infer

CONFIGS = Path(__file__).parents[3] / "partner_configs"
ASKED = Asked("acme", "northgate", "ACME", "America/Chicago")
LEAST = 0.95
FOLDERS = sorted(path.parent.name for path in CONFIGS.glob("*/partner.yaml"))
DELIVERED = [
    (folder, path.name)
    for folder in FOLDERS
    for path in sorted((CONFIGS / folder / "samples").glob("*"))
    if path.is_file()
]


def proposed(name: str, raw: bytes) -> Proposal:
    return infer(Pretended(name, raw), ASKED, PARTNER_YAML)


def loaded_by(office, tenants, config: str | Path, name: str, raw: bytes) -> dict[str, object]:
    """The account of a file that a fresh partner sends under these settings."""
    slug = PARTNER_YAML.read(config).head.partner
    inbox = Inbox(office, tenants.northgate, slug)
    inbox.apply(config)
    return inbox.drop(name, raw)


def good(told: dict[str, object]) -> int:
    return told["rows"]["read"] - told["rows"]["rejected"] - told["rows"]["skipped"]


@pytest.mark.parametrize(("folder", "name"), DELIVERED, ids=str)
def test_a_delivered_sample_loads_under_what_is_proposed_for_it(office, tenants, folder, name):
    """Good are the rows that the settings written by hand take; a sample that they refuse or hold proves nothing."""
    raw = (CONFIGS / folder / "samples" / name).read_bytes()
    by_hand = loaded_by(office, tenants, CONFIGS / folder / "partner.yaml", name, raw)
    assert by_hand["state"] != "failed", (by_hand["code"], by_hand["reason"])
    if by_hand["state"] not in ("loaded", "loaded_with_errors") or not good(by_hand):
        pytest.skip(f"the sample is meant to be {by_hand['state']} ({by_hand['code']})")

    proposal = infer(Pretended(name, raw), Asked("fresh", "northgate", "Fresh", "America/Chicago"), PARTNER_YAML)
    told = loaded_by(office, tenants, proposal.config, name, raw)

    assert told["state"] in ("loaded", "loaded_with_errors"), (told["code"], told["reason"], proposal.config)
    assert good(told) >= LEAST * good(by_hand), (told["rows"], by_hand["rows"], told["problems"][:5], proposal.config)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_of_every_known_layout_loads_whole(office, tenants, name):
    raw = SAMPLES[name]
    proposal = proposed(name, raw)
    told = loaded_by(office, tenants, proposal.config, name, raw)

    assert (told["state"], told["rows"]["rejected"], told["rows"]["skipped"]) == ("loaded", 0, 0), told
    assert told["rows"]["read"] == proposal.rows == proposal.loaded
    assert told["feed"] == proposal.feed


@pytest.mark.parametrize("pack", ["gzip", "zip"])
def test_a_packed_sample_is_unpacked_and_its_unpacking_proposed(office, tenants, pack):
    raw = SAMPLES["lohn_20260501.csv"]
    if pack == "gzip":
        name, packed = "lohn_20260501.csv.gz", gzip.compress(raw)
    else:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("out/lohn_20260501.csv", raw)
        name, packed = "delivery.zip", out.getvalue()

    proposal = proposed(name, packed)
    told = loaded_by(office, tenants, proposal.config, name, packed)

    assert f"unpack: {{{pack}: true}}" in proposal.config
    assert (told["state"], good(told)) == ("loaded", 90), told


def test_the_next_file_of_the_kind_is_taken_by_its_name(office, tenants):
    inbox = Inbox(office, tenants.northgate, "acme")
    inbox.apply(proposed("workday_20260501.csv", SAMPLES["workday_20260501.csv"]).config)
    inbox.drop("workday_20260501.csv", SAMPLES["workday_20260501.csv"])
    told = inbox.drop("workday_20260608.csv", SAMPLES["workday_20260501.csv"].replace(b"Austin", b"Boston"))
    assert told["state"] == "loaded"
    assert told["as_of"].startswith("2026-06-08")


def test_what_is_proposed_is_what_the_columns_mean(office, tenants):
    """The values that reach the tables, not only the number of rows."""
    inbox = Inbox(office, tenants.northgate, "acme")
    for name in ("lohn_20260501.csv", "adp_export_05012026.csv"):
        inbox.apply(proposed(name, SAMPLES[name]).config)
        inbox.drop(name, SAMPLES[name])
    german = inbox.clients("employee_id, date_of_birth, annual_salary, salary_currency, sex")["000001"]
    line = SAMPLES["lohn_20260501.csv"].decode("cp1252").splitlines()[2].split(";")
    day, month, year = line[3].split(".")
    assert (f"{german[0]:%Y-%m-%d}", german[2]) == (f"{year}-{month}-{day}", "EUR")
    assert f"{german[1]}" == line[8].replace(".", "").replace(",", ".")
    american = inbox.clients("employee_id, family_name, given_name, middle_name")["0049"]
    assert all(american)


def test_the_partner_of_a_proposal_is_checked_like_any_other(tmp_path):
    path = tmp_path / "acme" / "partner.yaml"
    path.parent.mkdir()
    path.write_text(proposed("people.json", SAMPLES["people.json"]).config, encoding="utf-8")
    feeds = FEEDS.of(PARTNER_YAML.read(path))
    assert list(feeds) == ["people"]
    shutil.rmtree(path.parent)
