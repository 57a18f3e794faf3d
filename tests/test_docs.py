"""docs/config.md mentions every word of the config language, so that a new one cannot stay undocumented."""

import inspect
import re
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from gateway.config import Contacts, decode, read
from gateway.db.models import DECISION_STAGES, PAST_OUTCOMES
from gateway.db.models.imports import STATES
from gateway.domain.people.fields import CHOICES, DOCUMENT_TYPES, FIELDS
from gateway.wings import PARTNER_YAML
from ingest import feed
from ingest.arrivals import ARRIVALS, proofs, webhook
from ingest.arrivals.rest import spec as rest
from ingest.catalogue import FILE_CODES, ROW_CODES
from ingest.decided import layout as decided
from ingest.formats import FORMATS
from ingest.formats.base import Footer
from ingest.formats.controls import Control
from ingest.formats.excel import SheetChoice
from ingest.formats.fixed import RecordType
from ingest.load.outcomes import OUTCOMES
from ingest.mapping.cleaners import CLEANERS, compile_cleaners
from ingest.mapping.specs import compile_field
from ingest.mapping.types import TYPES
from outbound.carriers import CARRIERS
from outbound.deliveries import EVENT_TYPES, Delivery, Encrypt
from outbound.naming import WORDS as NAME_WORDS

PAGE = Path(__file__).parents[1] / "docs" / "config.md"
TEXT = PAGE.read_text(encoding="utf-8")
WORDS = set(re.findall(r"[A-Za-z][A-Za-z0-9_]*", " ".join(re.findall(r"`([^`\n]+)`", TEXT))))
TODAY = date(2026, 3, 1)

SECTIONS = [
    PARTNER_YAML.kind,
    Contacts,
    decided.Layout,
    Footer,
    SheetChoice,
    RecordType,
    Control,
    *ARRIVALS,
    *FORMATS,
    *ARRIVALS,
    proofs.Standard,
    proofs.Hmac,
    proofs.Bearer,
    Delivery,
    Encrypt,
    *CARRIERS,
    webhook.Pull,
    *(one for _, one in inspect.getmembers(rest, inspect.isclass) if issubclass(one, rest._Part)),
    *(one for _, one in inspect.getmembers(feed, inspect.isclass) if issubclass(one, Struct) and one.__module__ == feed.__name__),
]  # fmt: skip


@pytest.mark.parametrize("section", SECTIONS, ids=lambda one: one.__name__)
def test_every_key_of_a_section_is_explained(section):
    config = msgspec.structs.fields(section)
    tag = section.__struct_config__.tag_field
    assert {one.encode_name for one in config} | ({tag} if tag else set()) <= WORDS


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(TYPES, id="types"),
        pytest.param(CLEANERS, id="cleaners"),
        pytest.param(ROW_CODES, id="row codes"),
        pytest.param(FILE_CODES, id="file codes"),
        pytest.param(OUTCOMES, id="outcomes"),
        pytest.param(STATES, id="states"),
        pytest.param(DOCUMENT_TYPES, id="document types"),
        pytest.param({str(one.__struct_config__.tag) for one in CARRIERS}, id="carriers"),
        pytest.param(NAME_WORDS, id="words in names of files"),
        pytest.param({rule.__struct_config__.tag for rule in (feed.NotBefore, feed.RequiredWhen)}, id="rules"),
        *(pytest.param(words, id=f"{kind} {name}") for (kind, name), words in CHOICES.items()),
        *(pytest.param(fields, id=f"fields of a {kind}") for kind, fields in FIELDS.items()),
        pytest.param(decided.FIELDS, id="fields of a decided case"),
        pytest.param({*DECISION_STAGES, *PAST_OUTCOMES, decided.SEVERAL}, id="words of a decided case"),
    ],
)
def test_every_word_that_a_config_or_a_receipt_may_say_is_explained(words):
    assert set(words) <= WORDS


@pytest.mark.parametrize("event", EVENT_TYPES)
def test_every_event_that_a_delivery_may_tell_is_explained(event):
    assert f"`{event}`" in TEXT


@pytest.mark.parametrize("example", re.findall(r"(?s)```yaml\n(.+?)```", TEXT))
def test_every_example_would_be_accepted(example):
    document = read(example, "docs/config.md")
    kinds = {
        one.encode_name: one.type
        for section in (feed.Feed, PARTNER_YAML.kind)
        for one in msgspec.structs.fields(section)
    }
    for key in (key.value for key, _ in document.root.value):
        if key in kinds or key == "when":
            decode(document, kinds.get(key, feed.Condition), (key,))
        else:
            kind = next(kind for kind, fields in FIELDS.items() if key in fields)
            spec = decode(document, feed.FieldSpec, (key,))
            compile_field(kind, key, spec, none_values=frozenset(), today=TODAY)


@pytest.mark.parametrize("example", re.findall(r"`(clean: \[.+?\])`", TEXT))
def test_every_example_of_a_cleaner_would_be_accepted(example):
    compile_cleaners(decode(read(example, "docs/config.md"), list[str | dict[str, Any]], ("clean",)))


def test_the_sections_of_the_page_are_where_its_links_lead():
    titles = {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"(?m)^#+ (.+)$", TEXT)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= titles


def test_the_files_that_the_page_points_to_are_there():
    for target in re.findall(r"\]\((\.\./[^)#]+)\)", TEXT):
        assert (PAGE.parent / target).exists(), target
