"""The checks of a firm: what each came to, and which of them wait for an attorney's word."""

from __future__ import annotations

from datetime import date

import pytest
from helpers.callers import ME
from helpers.checked import SHOWN, Checked
from helpers.checks import completed

from gateway.db.models import EligibilityCheck
from gateway.db.paging import Paging
from gateway.domain.eligibility import checks, docket, reviewing
from gateway.domain.eligibility.docket import CheckFilter
from gateway.domain.eligibility.reviewing import Said
from gateway.domain.eligibility.terms import Profile
from gateway.errors import NotFound, Permanent

OFFERED = SHOWN | {"offer": {"title": "Lead engineer"}}  # O-1A asks for a petitioner
NOWHERE = "01900000-0000-7000-8000-000000000001"


@pytest.fixture
def firm(office, tenants):
    return Checked(office, tenants)


def made(firm, whom, *visas, **more):
    with firm.acting() as acting:
        return completed(acting, whom, visas or ("EB1A",), **more)


def listed(firm, **wanted):
    with firm.acting() as acting:
        found = docket.listed(acting, CheckFilter(**wanted), Paging(50)).rows
        return [one.check.id for one in found]


def says(firm, check_id):
    with firm.acting() as acting:
        [found] = [one for one in docket.listed(acting, CheckFilter(), Paging(50)).rows if one.check.id == check_id]
        return {one.visa: one.waits for one in found.says}


def review(firm, check_id, visa, verdict="accepted", reason=None):
    with firm.acting() as acting:
        [row] = [one for one in checks.recommendations(acting, check_id) if one.visa == visa]
        reviewing.review(acting, row.id, Said(verdict=verdict, reason=reason))


def waiting(firm):
    with firm.acting() as acting:
        return docket.waiting(acting)


def test_a_check_waits_until_each_score_that_it_gives_was_spoken_of(firm):
    check = made(firm, firm.person(OFFERED), "O1A", "EB1A")
    assert says(firm, check) == {"O1A": True, "EB1A": True}
    review(firm, check, "EB1A")
    assert listed(firm, to_review=True) == [check]
    assert says(firm, check) == {"O1A": True, "EB1A": False}
    review(firm, check, "O1A", "rejected", "The award is internal.")
    assert listed(firm, to_review=True) == []
    assert listed(firm) == [check]
    assert waiting(firm) == (0, None)


def test_what_cannot_be_determined_waits_for_nobody(firm):
    check = made(firm, firm.person(), "TN")  # whose citizenship nobody knows
    assert says(firm, check) == {"TN": False}
    assert listed(firm, to_review=True) == []


def test_a_newer_check_of_the_visa_waits_in_place_of_the_older_one(firm):
    whom, other = firm.person(OFFERED), firm.person()
    older, apart = made(firm, whom, "EB1A", "O1A"), made(firm, other)
    newer = made(firm, whom, "EB1A")
    assert says(firm, older) == {"EB1A": False, "O1A": True}
    assert listed(firm, to_review=True) == [newer, apart, older]
    whole = made(firm, whom, "EB1A", "O1A")
    assert listed(firm, to_review=True) == [whole, apart]
    number, since = waiting(firm)
    with firm.acting() as acting:
        assert (number, since) == (2, acting.session.get_one(EligibilityCheck, (firm.firm_id, apart)).ended_at)


def test_filters_narrow_the_list(firm):
    whom, other = firm.person(), firm.person()
    one, two = made(firm, whom, "O1A"), made(firm, other, "EB1A", "O1A")
    opened = firm.ask(whom, "EB1A")
    assert listed(firm) == [opened, two, one]
    assert listed(firm, client_id=whom) == [opened, one]
    assert listed(firm, visa="eb1a") == [opened, two]
    assert listed(firm, state="open") == [opened]
    assert listed(firm, state="completed", visa="O1A") == [two, one]
    with pytest.raises(NotFound):
        listed(firm, client_id=NOWHERE)
    with pytest.raises(Permanent, match="EB1A"):
        listed(firm, visa="EB1AA")


def test_scores_stand_in_the_order_in_which_they_were_asked_for(firm):
    known = Profile(as_of=date(2026, 11, 1))
    made(firm, firm.person(), "O1A", "EB1A", "TN", person=known)
    with firm.acting() as acting:
        [line] = docket.listed(acting, CheckFilter(), Paging(50)).rows
    assert [one.visa for one in line.says] == ["O1A", "EB1A", "TN"]
    assert line.says[2].score is None


def test_another_firm_has_none_of_them(firm, office, tenants):
    made(firm, firm.person())
    with office.acting(tenants.harbor, ME) as acting:
        assert docket.listed(acting, CheckFilter(), Paging(50)).rows == []
        assert docket.waiting(acting) == (0, None)
