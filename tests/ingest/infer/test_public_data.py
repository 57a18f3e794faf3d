"""What governments publish and HR systems export alike: companies, wages and visa classes that are not what they seem."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from helpers.inference import feed, fields, proposed
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.people.fields import CASE_TYPES
from ingest.infer.options import repeating
from ingest.infer.profile import ColumnProfile
from ingest.infer.words import candidates, meaning

PUBLISHED = Path(__file__).parents[4] / "shared" / "data" / "perm_fy2016.csv"
COMPANIES = [
    "Acme Widgets, Inc.",
    "Bolt & Nut LLC",
    "Cloud Nine Technologies",
    "Delta Corp",
    "Echo Bay Fishery",
    "Fig Co.",
]
PEOPLE = ["Ann Lee", "Bob Ray", "Kim Poe", "Lou Orb", "Cyd Orr", "Dee Roe", "Eve Fox", "Gus Day", "Ida Low"]


def table(rows: int = 60, **columns: list[str]) -> str:
    """A table of these columns, each repeated as far as needed; `{n}` is the row."""
    lines = [[f'"{told[n % len(told)].format(n=n)}"' for told in columns.values()] for n in range(rows)]
    return "\n".join(",".join(line) for line in [[*columns], *lines]) + "\n"


def disclosure(rows: int = 60, **more: list[str]) -> str:
    """Cases as the Department of Labor discloses them."""
    return table(rows, **{"CASE_NUMBER": ["I-200-21001-{n:06}"], "CASE_STATUS": ["Certified", "Denied"]} | more)


def doubts(proposal, name: str) -> list[str]:
    return [one.split(": ", 1)[1] for one in proposal.unsure if one.split(": ", 1)[0].endswith(f".fields.{name}")]


# ---------------------------------------------------------------- visa classes


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("H-1B", "H1B_EXT"),
        ("H-1B1 Chile", "H1B1"),
        ("H-1B1 Singapore", "H1B1"),
        ("E-3 Australian", "E3"),
        ("E-3 Renewal", "E3_EXT"),
        ("H-2A", "H2A"),
        ("H-2B", "H2B"),
        ("H1B Concurrent Employment", "H1B_CONCURRENT"),
        ("H-1B Concurrent", "H1B_CONCURRENT"),
        ("H-4 EAD", "H4_EAD"),
        ("L-2", "L2"),
        ("L-2 EAD", "L2_EAD"),
        ("P-1A", "P1A"),
        ("P-3", "P3"),
        ("R-1 Religious Worker", "R1"),
        ("K-1 Fiancé", "K1"),
        ("CW-1", "CW1"),
        ("U Visa", "U_VISA"),
        ("I-918", "U_VISA"),
        ("VAWA", "VAWA"),
        ("DACA", "DACA"),
        ("I-589", "ASYLUM"),
        ("I-130", "I130"),
        ("I-526E", "I526E"),
        ("I-90", "I90"),
        ("I-751", "I751"),
        ("I-765 (c)(9)", "I765_C09"),
        ("I-765 (c)(26)", "H4_EAD"),
        ("I765-C08", "I765_C08"),
        ("EAD", "I765"),
        ("E-1", "E1"),
        ("U", None),
        ("T", None),
        ("P-1", None),
    ],
)
def test_the_words_of_public_files_and_of_firms_are_known(word, ours):
    assert meaning("case_type", word) == ours


@pytest.mark.parametrize("ours", sorted(CASE_TYPES))
def test_each_of_our_own_words_means_itself(ours):
    assert meaning("case_type", ours) == ours


@pytest.mark.parametrize("word", ["H-1B", "h1b", "H-1B Visa", "H1B (Specialty Occupation)", "H-1B - professional"])
def test_a_bare_h1b_may_be_any_of_its_petitions(word):
    assert candidates("case_type", word) == ["H1B_EXT", "H1B_CAP", "H1B_TRANSFER", "H1B_AMEND", "H1B_CONCURRENT"]


@pytest.mark.parametrize(
    "word", ["H-1B Extension", "H-1B1 Chile", "H1B Cap", "H-1B Transfer", "TN", "H-2B", "L-1A", "H1B_EXT"]
)
def test_a_word_that_says_which_is_meant_is_no_doubt(word):
    assert candidates("case_type", word) == []


@pytest.mark.parametrize("word", ["H-1B", "O-1", "F-1", "OPT", "EAD", "E-3", "I-765"])
def test_of_a_word_that_may_mean_several_the_first_is_proposed_and_all_are_ours(word):
    several = candidates("case_type", word)
    assert several[0] == meaning("case_type", word)
    assert len(several) > 1
    assert set(several) <= CASE_TYPES


def test_every_bare_h1b_is_asked_with_its_rows():
    proposal = proposed(disclosure(VISA_CLASS=["H-1B", "H-1B", "E-3 Australian", "H-2A"]), "lca.csv")

    assert fields(proposal, "case")["case_type"]["map"]["H-1B"] == "H1B_EXT"
    assert doubts(proposal, "case_type") == [
        (
            "“H-1B” (in 30 rows) does not say whether H1B_EXT, H1B_CAP, H1B_TRANSFER, H1B_AMEND or H1B_CONCURRENT is meant; "
            "H1B_EXT is taken"
        )
    ]


def test_a_bare_h1b_beside_a_person_is_asked_too_where_others_need_no_case():
    sample = table(**{"Employee ID": ["E{n}"], "Last Name": ["Lee"], "Visa Type": ["H-1B", "US Citizen", "TN"]})
    assert [one[:7] for one in doubts(proposed(sample), "case_type")] == ["“H-1B” "]


def test_words_that_each_say_what_is_meant_are_not_asked():
    proposal = proposed(disclosure(VISA_CLASS=["H-1B Extension", "H-1B1 Chile", "H-2A"]), "lca.csv")
    assert doubts(proposal, "case_type") == []


# ---------------------------------------------------------------- companies


@pytest.mark.parametrize("name", ["BUSINESS_NAME", "LEGAL_NAME", "NAME"])
def test_a_column_of_companies_is_no_column_of_persons_names(name):
    proposal = proposed(table(**{"Employee ID": ["E{n}"], name: COMPANIES}))

    assert "family_name" not in fields(proposal)
    assert fields(proposal)["employer_name"]["from"] == name
    assert any("83% of its different values" in one["because"] for one in proposal.evidence)
    assert doubts(proposal, "employer_name") == [
        "a company's name, by its own name or its values: is it the employer's?"
    ]


def test_beside_the_employers_column_a_companys_name_is_left_aside():
    proposal = proposed(table(**{"Employee ID": ["E{n}"], "LEGAL_NAME": COMPANIES, "Employer": COMPANIES}))

    assert fields(proposal)["employer_name"]["from"] == "Employer"
    assert "# LEGAL_NAME: a company's name, and no person's" in proposal.config


def test_persons_names_are_still_taken_for_such():
    proposal = proposed(table(**{"Employee ID": ["E{n}"], "Business Name": COMPANIES, "Name": PEOPLE}))
    assert {fields(proposal)[name]["from"] for name in ("family_name", "given_name")} == {"Name"}


def test_a_nameless_column_of_companies_is_no_family_name():
    born = [f"19{year}-02-1{year % 9}" for year in range(60, 90)]
    more = [*COMPANIES, "Gale Force LLC", "Hill Top Inc.", "Iron Works Corp."]
    families = [one.split()[1] + "son" for one in PEOPLE]
    rows = table(id=["{n:05}a"], company=more, family=families, born=born).split("\n", 1)[1]
    taken = {name: made["from"] for name, made in fields(proposed(rows)).items()}
    assert taken == {"employee_id": "column_1", "date_of_birth": "column_4", "family_name": "column_3"}


@pytest.mark.parametrize("name", ["EMPLOYER_POC_EMAIL", "AGENT_ATTORNEY_EMAIL_ADDRESS", "Emergency Contact Email"])
def test_an_address_of_somebody_else_is_not_the_persons(name):
    proposal = proposed(table(**{"Employee ID": ["E{n}"], "Last Name": ["Lee", "Orr"], name: ["a{n}@acme.example"]}))
    assert "email" not in fields(proposal)


def test_an_address_of_a_contact_is_no_key():
    proposal = proposed(
        table(**{"Worker Ref": ["W{n:05}"], "Floor": ["Ground", "First"], "EMPLOYER_POC_EMAIL": ["a{n}@acme.example"]})
    )
    assert feed(proposal)["client"]["key"] == "employee_id"


def test_a_companys_telephone_number_is_no_persons_key():
    sample = table(**{"EMPLOYER_PHONE": ["512555{n:04}"], "Ref": ["P-200-{n:05}-1"], "Visa Type": ["H-1B", "TN"]})
    assert fields(proposed(sample))["employee_id"]["from"] == "Ref"


@pytest.mark.parametrize("name", ["EMP_BUSINESS_NAME", "Name"])
def test_the_employer_of_a_case_is_known_by_its_values_and_asked(name):
    proposal = proposed(disclosure(**{name: COMPANIES}), "efile.csv")
    assert fields(proposal, "case")["employer_name"]["from"] == name
    assert doubts(proposal, "employer_name") == ["a company's name by its values: is it the employer's?"]


def test_a_law_firm_is_no_employer():
    proposal = proposed(disclosure(LAWFIRM_NAME_BUSINESS_NAME=COMPANIES), "lca.csv")
    assert "employer_name" not in fields(proposal, "case")


def test_the_place_of_work_comes_before_that_of_the_employer():
    places = {"EMP_CITY": ["Austin", "Waco"], "EMP_STATE": ["TX"], "PRIMARY_WORKSITE_CITY": ["Reno"]}
    proposal = proposed(disclosure(**places), "perm.csv")
    assert fields(proposal, "case")["worksite_city"]["from"] == "PRIMARY_WORKSITE_CITY"
    assert doubts(proposal, "worksite_city") == []
    assert doubts(proposal, "worksite_state") == [
        "by its name, this may be where the employer is, and not where the work is done"
    ]


@pytest.mark.parametrize("name", ["Company Email", "Business Email", "Work E-Mail"])
def test_an_address_at_the_company_is_the_persons_own(name):
    proposal = proposed(table(**{"Last Name": ["Lee", "Orr"], name: ["a{n}@acme.example"]}))
    assert (feed(proposal)["client"]["key"], fields(proposal)["email"]["from"]) == ("email", name)


# ---------------------------------------------------------------- keys


def test_of_more_numbers_than_are_kept_a_share_is_told_and_a_few_are_not():
    def asked(numbers) -> list[str]:
        column = ColumnProfile("Case No")
        column.add(map(str, numbers))
        assert column.is_estimated
        return repeating(column, "case")

    assert asked(range(30_000)) == asked([*range(30_000), 1]) == []
    [doubt] = asked([*range(30_000), *range(10_000)])
    again = int(re.match(r"not unique: about ([0-9,]+) of 40,000 rows \(2[45]", doubt)[1].replace(",", ""))
    assert again == pytest.approx(10_000, rel=0.05)


@pytest.mark.parametrize(("each", "told"), [(7, "9 of 60 rows (15 %)"), (3, "20 of 60 rows (33.3 %)")])
def test_a_case_number_that_repeats_is_asked_with_its_share(each, told):
    numbers = [f"I-200-21001-{n - (n % each == 1):06}" for n in range(60)]
    [doubt] = doubts(proposed(table(CASE_NUMBER=numbers, WAGE=["9"])), "case_number")
    assert doubt.startswith(
        f"not unique: {told} repeat the value of an earlier one, and rows that share it become one case"
    )


@pytest.mark.parametrize("key", ["Employee ID", "Worker Ref"])
def test_a_persons_number_that_repeats_is_asked_with_its_share(key):
    numbers = [f"E{n - (n % 20 == 1):04}" for n in range(60)]
    proposal = proposed(table(**{key: numbers, "Last Name": ["Lee", "Orr"]}))
    assert any(
        "3 of 60 rows (5 %) repeat the value of an earlier one" in one for one in doubts(proposal, "employee_id")
    )


@given(st.lists(st.integers(0, 30), min_size=20, max_size=60).filter(lambda numbers: len(set(numbers)) > 1))
def test_a_key_is_certain_only_where_no_row_repeats_it(numbers):
    """The oracle: rows that are not the first of their value, counted in plain Python."""
    proposal = proposed(table(len(numbers), **{"Employee ID": [f"E{n:04}" for n in numbers], "Last Name": ["Lee"]}))
    again = sum(count - 1 for count in Counter(numbers).values())
    told = [one for one in doubts(proposal, "employee_id") if one.startswith("not unique")]
    assert [one.split()[2] for one in told] == ([str(again)] if again else [])


# ---------------------------------------------------------------- wages


@pytest.mark.parametrize("first", ["PREVAILING_WAGE", "WAGE_RATE_OF_PAY_FROM"])
def test_the_wage_is_what_the_job_pays_and_not_what_is_usual(first):
    pair = {"PREVAILING_WAGE": ["{n}000.00"], "WAGE_RATE_OF_PAY_FROM": ["{n}500.00"]}
    proposal = proposed(disclosure(**{first: pair[first]} | pair), "lca.csv")

    assert fields(proposal, "case")["wage"]["from"] == "WAGE_RATE_OF_PAY_FROM"
    assert doubts(proposal, "wage") == []
    assert "# PREVAILING_WAGE: what is usual for the job; the wage itself is “WAGE_RATE_OF_PAY_FROM”" in proposal.config


def test_a_prevailing_wage_alone_is_asked():
    proposal = proposed(disclosure(PREVAILING_WAGE=["{n}000.00"]), "lca.csv")
    assert doubts(proposal, "wage") == [
        "by its name, this is what is usual for the job, not what it pays; no column is called so"
    ]


def test_wages_of_several_units_are_asked():
    sample = disclosure(WAGE_RATE_OF_PAY_FROM=["{n}500.00"], WAGE_UNIT_OF_PAY=["Year", "Year", "Hour"])
    assert doubts(proposed(sample, "lca.csv"), "wage") == [
        "the wages are of several units (“WAGE_UNIT_OF_PAY”: Year in 40, Hour in 20), which are not converted"
    ]


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published file of 32,794 cases is not here")
def test_the_published_labour_certifications_are_cases_with_employers_and_no_persons():
    proposal = proposed(PUBLISHED.read_bytes(), PUBLISHED.name)

    assert "client" not in feed(proposal)
    assert fields(proposal, "case")["employer_name"]["from"] == "employer_name"
    assert fields(proposal, "case")["wage"]["from"] == "wages"
