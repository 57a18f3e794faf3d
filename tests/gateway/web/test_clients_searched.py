"""Clients are found by all words in any order, whatever their accents: held against the same search in plain Python."""

import random
import unicodedata

import pytest
from sqlalchemy import select, text

from gateway.db.folding import holds_words
from gateway.db.models import Client
from gateway.domain.people import clients

URL = "/v1/clients"
GIVEN = ("Björn", "Bjorn", "Nguyệt", "José María", "Łukasz", "Þóra", "İpek", "Zoë", "ＡＮＡ", None)
FAMILY = ("Abara", "Søndergaard", "Straße", "O’Brien", "de la Cruz", "Đặng", "Mu\u0303noz", "李", "Æbelø", None)
EMAILS = ("bjorn.abara@acme.example", "100%_a@acme.example", None)
PLAIN = {"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "þ": "th", "’": "'"}
NAMES = ("given_name", "middle_name", "family_name", "email", "employee_id")
SEARCHES = (
    "Björn Abara",
    "Abara, Björn",
    "bjorn",
    "ABARA bjo",
    "Nguyet Søndergaard",
    "sondergaard nguyệt",
    "strasse",
    "STRASSE zoe",
    "o'brien",
    "cruz jose la maria",
    "lukasz de",
    "dang",
    "munoz",
    "muñoz",
    "aebelo thora",
    "ipek",
    "ana 李",
    "chloe bjorn",
    "abara acm00",
    "100%",
    "100%_a",
    "björn 100%",
    "nobody at all",
    "abara abara",
    "a\\b",
)
MANY = 20_000

CROWD = """
INSERT INTO clients (firm_id, partner_id, key, employee_id, given_name, family_name, email)
SELECT :firm, :acme, n::text, 'ACM' || n, (ARRAY['Björn', 'Ana', 'John'])[1 + n % 3], 'Name' || n, 'p' || n || '@acme.example'
FROM generate_series(1, :many) n
"""


def plain(word):
    """Letter by letter what is left without accents, in small letters."""
    parted = unicodedata.normalize("NFKD", word).lower()
    return "".join(PLAIN.get(one, one) for one in parted if not unicodedata.combining(one))


def fits(person, search):
    held = [plain(person[name]) for name in NAMES if person[name]]
    words = search.replace(",", " ").split()
    return all(any(plain(word) in one for one in held) for word in words)


@pytest.fixture
def people(db, tenants):
    """One of each given with each family name, some with a middle name and an address."""
    luck = random.Random(7)
    pairs = [(given, family) for given in GIVEN for family in FAMILY]
    made = [
        {
            "given_name": given,
            "family_name": family,
            "middle_name": luck.choice(("Chloé", "van", None)),
            "email": luck.choice(EMAILS),
            "employee_id": f"ACM{number:05}",
        }
        for number, (given, family) in enumerate(pairs)
    ]
    columns = ", ".join(NAMES)
    values = ", ".join(f":{name}" for name in NAMES)
    with db.firm(tenants.northgate) as session:
        session.execute(
            text(
                f"INSERT INTO clients (firm_id, partner_id, key, {columns}) VALUES (:firm, :acme, :employee_id, {values})"
            ),
            [one | {"firm": tenants.northgate, "acme": tenants.acme} for one in made],
        )
    return made


@pytest.fixture
def find(http, as_staff):
    """The employee ids of those whom a search finds."""
    me = as_staff("paralegal")

    def finding(search):
        page = http.get(URL, params={"search": search, "limit": 100}, headers=me)
        assert page.status_code == 200, page.text
        return sorted(one["employee_id"] for one in page.json()["data"])

    return finding


def test_everybody_is_found_who_has_all_the_words_and_nobody_else(people, find):
    expected = {search: sorted(one["employee_id"] for one in people if fits(one, search)) for search in SEARCHES}
    assert {search: find(search) for search in SEARCHES} == expected
    assert len([search for search in SEARCHES if expected[search]]) > 18


def test_the_words_that_people_type_do_find_somebody(people, find):
    assert find("Abara, Björn") == find("björn ABARA") == find("bjorn abara") != []
    assert find("nguyet sondergaard") != []


def test_commas_and_blanks_alone_are_no_word_that_everybody_has(people, find):
    assert find(" , ,, ") == []


def test_twenty_thousand_people_are_searched_in_one_pass(db, tenants):
    """By what the database reads, for a clock would tell of the machine."""
    firm = {"firm": tenants.northgate, "acme": tenants.acme, "many": MANY}
    with db.firm(tenants.northgate) as session:
        session.execute(text(CROWD), firm)
        session.execute(text("SELECT analyze_records('clients')"))
        query = select(Client.id).where(holds_words(clients.SEARCHED, "name19999 björn"))
        written = query.compile(session.connection(), compile_kwargs={"literal_binds": True})
        [said] = session.scalar(text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {written}"))
        pages = session.scalar(text("SELECT pg_relation_size('clients') / 8192"))
    plan = said["Plan"]
    assert plan["Node Type"] == "Seq Scan"
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < pages + 50
