"""Checks held against each other, and asked for: on a person's page, from a case."""

from __future__ import annotations

import re

import pytest
from helpers.attorneys import Lawyers
from helpers.checked import Checked
from helpers.reviewed import made, score

from gateway.domain.eligibility import entries
from gateway.domain.eligibility.entries import Said as Told

NOWHERE = "01900000-0000-7000-8000-000000000001"
HOSTILE = "<script>alert(1)</script>"
NAMED = {"given_name": "Ünal", "family_name": HOSTILE}


@pytest.fixture
def firm(office, tenants):
    return Checked(office, tenants)


@pytest.fixture
def attorney(browser):
    browser.sign_in("attorney")
    return browser


# ------------------------------------------------------------------------------------------------ two checks


def test_of_two_checks_it_is_told_first_what_differs(attorney, firm):
    whom = firm.person()
    earlier, _ = made(firm, whom, "EB1A", "TN")
    with firm.acting() as acting:
        entries.add(acting, whom, "press", Told(facts={"outlet": HOSTILE}, backing="documented", proof="folder 4"))
        entries.withdraw(acting, whom, "judging.1")
    later, _ = made(firm, whom, "EB1A", "TN")
    page = attorney.get(f"/eligibility/{later}")
    [link] = [one for one in page.links if one.startswith("/eligibility/compare")]
    text = attorney.get(link).text
    assert f"EB-1A fell from {score(firm, earlier)} to {score(firm, later)}." in text
    assert "judging.1 was withdrawn" in text
    assert "press.1 is new" in text
    assert (
        text.index("What is known differently") < text.index("EB-1A", text.index("What is known")) < text.index("TN (")
    )
    assert HOSTILE not in attorney.page.text
    assert attorney.get(f"/eligibility/compare?a={earlier}&b={later}").text.count("judging.1 was withdrawn") == 1
    assert "judging.1 was withdrawn" in attorney.get(f"/eligibility/compare?a={later}").text  # the one before


def test_two_that_cannot_be_compared_say_why(attorney, firm):
    whom = firm.person()
    check, _ = made(firm, whom)
    other, _ = made(firm, firm.person())
    opened = firm.ask(whom, "O1A")
    for query, status, sentence in (
        (f"a={check}", 409, "No check of this person was completed before"),
        (f"a={check}&b={other}", 422, "of two people"),
        (f"a={check}&b={opened}", 409, "has to be completed"),
        (f"a={check}&b={NOWHERE}", 404, "There is no"),
        ("b=x", 400, ""),
    ):
        page = attorney.get(f"/eligibility/compare?{query}")
        assert (attorney.page.status_code, sentence in page.text) == (status, True), query


# ------------------------------------------------------------------------------------------------ asked for


def test_a_check_is_asked_for_on_a_persons_page_and_stands_there(paralegal, firm):
    whom = firm.person(**NAMED)
    page = paralegal.get(f"/clients/{whom}")
    assert "Nobody has asked which visas fit." in page.text
    assert f"/clients/{whom}/eligibility" in page.links
    paralegal.get(f"/clients/{whom}/eligibility?visa=eb1a")
    assert re.search(r'name="visa:EB1A" checked', paralegal.page.text)
    page = paralegal.press(f"/clients/{whom}/eligibility", **{"visa:EB1A": "on"})
    assert re.fullmatch(r"/eligibility/[0-9a-f-]{36}", paralegal.path)
    assert "Asked." in page.text
    firm.work()
    page = paralegal.get(f"/clients/{whom}")
    assert re.search(r"EB-1A \d", page.text)
    assert "to review" in page.text
    paralegal.get(f"/clients/{whom}/eligibility")
    assert HOSTILE not in paralegal.page.text


def test_of_whom_too_little_is_known_it_is_told_what_would_help(paralegal, firm):
    whom = firm.person(shown={})
    paralegal.get(f"/clients/{whom}/eligibility")
    paralegal.press(f"/clients/{whom}/eligibility", **{"visa:EB1A": "on", "visa:TN": "on"})
    assert paralegal.page.status_code == 400
    text = paralegal.forms.text
    assert "Too little is known" in text
    assert "citizenship" in text
    assert "the person, as the records have them" in text
    assert re.search(r'name="visa:TN" checked', paralegal.page.text)


def test_who_asks_too_often_hears_so_on_the_page(paralegal, firm):
    firm.wants(checks_per_hour=1)
    whom = firm.person()
    at = f"/clients/{whom}/eligibility"
    ticked = {"visa:EB1A": "on"}
    paralegal.get(at)
    form = paralegal.forms.found[at] | ticked
    assert paralegal.send(at, form).status_code == 200
    assert paralegal.send(at, form).status_code == 200  # the same press: the same check
    paralegal.get(at)
    paralegal.press(at, **ticked)
    assert (paralegal.page.status_code, "You may ask for 1 checks in an hour" in paralegal.forms.text) == (429, True)


def test_a_case_leads_to_the_check_that_speaks_of_its_visa_and_the_person_to_their_cases(
    attorney, firm, office, tenants
):
    whom = firm.person()
    lawyers = Lawyers(office, tenants.northgate, tenants.acme)
    [case] = lawyers.open(client_id=whom, case_type="I140_EB1A")
    assert f"/cases/{case}" in attorney.get(f"/clients/{whom}").links
    page = attorney.get(f"/cases/{case}")
    assert "No check of EB-1A was asked for." in page.text
    assert f"/clients/{whom}/eligibility?visa=EB1A" in page.links
    check, _ = made(firm, whom)
    made(firm, whom, "TN")
    assert f"/eligibility/{check}#EB1A" in attorney.get(f"/cases/{case}").links
