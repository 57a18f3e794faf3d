"""What `deliveries:` may say; whatever is wrong is told with its line, and the word that was probably meant."""

import pytest

from gateway.config import ConfigError
from gateway.wings import PARTNER_YAML

DOWNLOAD = "carrier: {via: download}"


def findings(roster, delivery):
    with pytest.raises(ConfigError) as caught:
        PARTNER_YAML.read(f"{roster}\ndeliveries:\n  one: {delivery}\n")
    return caught.value.findings


@pytest.mark.parametrize(
    "delivery",
    [
        "{report: import_receipt, trigger: after_import, carrier: {via: download}}",
        "{report: import_receipt, trigger: after_import, feeds: [roster], format: {type: json}, carrier: {via: download}}",
        '{report: case_status, schedule: "0 6 * * 1-5", format: {type: csv, columns: [employee_id, stage]}, carrier: {via: download}}',
        '{report: case_status, schedule: "0 6 * * 1-5", filters: {changed_since: "2026-03-01T00:00:00Z"}, carrier: {via: download}}',
        "{trigger: on_change, carrier: {via: https, url: https://hr.acme.example/hooks, secret: ACME_HOOK}}",
        "{trigger: on_change, carrier: {via: email, to: [hr@acme.example, contacts@acme.example]}}",
        "{trigger: on_change, carrier: {via: email, to: hr@acme.example}}",
        "{trigger: on_change, events: [import.ended], file: '{delivery}-{id}.json', carrier: {via: download}}",
    ],
)
def test_what_a_delivery_may_say(roster, delivery):
    PARTNER_YAML.read(f"{roster}\ndeliveries:\n  one: {delivery}\n")


@pytest.mark.parametrize(
    ("delivery", "path", "sentence", "suggestion"),
    [
        (f"{{report: import_reciept, trigger: after_import, {DOWNLOAD}}}", "report", "There is no report", "import_receipt"),
        (f"{{report: audit_extract, trigger: after_import, {DOWNLOAD}}}", "report", "There is no report", None),
        (f"{{report: case_status, {DOWNLOAD}}}", "", "exactly one of schedule and trigger", None),
        (f'{{report: case_status, schedule: "0 6 * * *", trigger: after_import, {DOWNLOAD}}}', "", "exactly one of", None),
        (f'{{report: case_status, schedule: "0 25 * * *", {DOWNLOAD}}}', "schedule", "no schedule", None),
        (f"{{report: case_status, schedule: daily, {DOWNLOAD}}}", "schedule", "no schedule", None),
        (f'{{schedule: "0 6 * * *", {DOWNLOAD}}}', "", "says `report`", None),
        (f"{{report: case_status, trigger: on_change, {DOWNLOAD}}}", "report", "as JSON", None),
        (f"{{trigger: on_change, format: {{type: csv}}, {DOWNLOAD}}}", "format", "as JSON", None),
        (f"{{trigger: on_change, events: [client.update], {DOWNLOAD}}}", "events[0]", "not one of", "client.updated"),
        (f"{{report: import_receipt, trigger: after_import, events: [client.updated], {DOWNLOAD}}}", "events", "on_change", None),
        (f"{{trigger: on_change, feeds: [roster], {DOWNLOAD}}}", "feeds", "after_import", None),
        (f"{{report: import_receipt, trigger: after_import, feeds: [rooster], {DOWNLOAD}}}", "feeds[0]", "no feed", "roster"),
        (f"{{report: import_receipt, trigger: after_import, filters: {{feed: x}}, {DOWNLOAD}}}", "filters.feed", "is none", None),
        (f"{{report: import_receipt, trigger: after_import, filters: {{since: lately}}, {DOWNLOAD}}}", "filters.since", "", None),
        (f'{{report: case_status, schedule: "0 6 * * 1-5", filters: {{stage: fild}}, {DOWNLOAD}}}', "filters.stage", "is none", "filed"),
        (f"{{report: import_receipt, trigger: after_import, filters: {{partner: globex}}, {DOWNLOAD}}}", "filters.partner", "is none", None),
        (f"{{report: case_status, trigger: after_import, format: {{type: csv, columns: [employe_id]}}, {DOWNLOAD}}}", "format.columns[0]", "employee_id", None),
        (f"{{report: case_status, trigger: after_import, format: {{type: pdf}}, {DOWNLOAD}}}", "format.type", "not one of", None),
        ("{trigger: on_change, carrier: {via: https, url: https://hr.acme.example}}", "carrier", "secret", None),
        ("{trigger: on_change, carrier: {via: https, url: 'ftp://hr.acme.example', secret: X}}", "carrier.url", "https://host/path", None),
        ("{trigger: on_change, carrier: {via: https, url: 'https://me:pass@hr.acme.example', secret: X}}", "carrier.url", "without a login", None),
        ("{trigger: on_change, carrier: {via: https, url: https://hr.acme.example, secret: ''}}", "carrier.secret", "is named", None),
        ("{trigger: on_change, carrier: {via: https, url: https://hr.acme.example, secret: X, old_secret: ''}}", "carrier.old_secret", "is named", None),
        ("{trigger: on_change, carrier: {via: s3, bucket: acme, access_key: '../A', secret_key: X}}", "carrier.access_key", "is named", None),
        ("{trigger: on_change, carrier: {via: s3, bucket: acme, access_key: X, secret_key: hunter2}}", "carrier.secret_key", "is named", None),
        ("{trigger: on_change, carrier: {via: sftp, host: acme.example, user: us, password: hunter2, host_keys: [PIN]}}", "carrier.password", "is named", None),
        ("{trigger: on_change, carrier: {via: pigeon}}", "carrier.via", "not one of", None),
        ("{trigger: on_change}", "", "carrier", None),
        ("{trigger: on_change, carrier: {via: email, to: contacts.late}}", "carrier.to", "Nobody stands under `late`", None),
        ("{trigger: on_change, carrier: {via: email, to: [hr@acme.example, contacts.errors]}}", "carrier.to[1]", "Nobody stands under `errors`", None),
        ("{trigger: on_change, carrier: {via: email, to: [contacts.lat]}}", "carrier.to[0]", "is none of the contacts", "contacts.late"),
        ("{trigger: on_change, carrier: {via: email, to: contact.errors}}", "carrier.to", "is none of the contacts", "contacts.errors"),
        ("{trigger: on_change, carrier: {via: email, to: hr.acme.example}}", "carrier.to", "not an e-mail address", None),
        ("{trigger: on_change, carrier: {via: email, to: [hr.acme.example]}}", "carrier.to[0]", "not an e-mail address", None),
        ("{trigger: on_change, carrier: {via: email, to: []}}", "carrier.to", "0 items", None),
        (f"{{trigger: on_change, file: '{{name}}.json', {DOWNLOAD}}}", "file", "stands for nothing", None),
        (f"{{trigger: on_change, file: 'a/b.json', {DOWNLOAD}}}", "file", "holds no", None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(roster, delivery, path, sentence, suggestion):
    [finding] = findings(roster, delivery)
    assert finding.line == len(f"{roster}\ndeliveries:\n".splitlines()) + 1
    assert finding.path == "deliveries.one" + (f".{path}" if path else "")
    assert sentence in finding.message
    assert suggestion in {None, finding.suggestion}


@pytest.mark.parametrize("to", ["contacts.late", "[contacts.late, boss@acme.example]"])
def test_contacts_that_are_somebody_may_be_written_to(roster, to):
    delivery = f"{{trigger: on_change, carrier: {{via: email, to: {to}}}}}"
    PARTNER_YAML.read(f"{roster}\ncontacts: {{late: [hr@acme.example]}}\ndeliveries:\n  one: {delivery}\n")
    with pytest.raises(ConfigError, match="Nobody stands"):
        PARTNER_YAML.read(
            f"{roster}\ncontacts: {{errors: [hr@acme.example], late: []}}\ndeliveries:\n  one: {delivery}\n"
        )
