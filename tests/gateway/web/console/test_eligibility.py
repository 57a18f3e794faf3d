"""An attorney's way with eligibility checks: found, read, accepted, edited, rejected, compared; and asked for."""

from __future__ import annotations

import html
import re

import pytest
from helpers.callers import PASSWORD, hashed, stranger
from helpers.checked import Checked
from helpers.reviewed import made, meanwhile, reviews, score

from gateway.db.models import EligibilityCheck, Staff
from gateway.domain.eligibility import chances
from gateway.domain.people import walls
from gateway.domain.people.erasure import erase
from gateway.domain.people.walls import NewWall
from gateway.domain.rules.criteria import ApprovalRate
from gateway.wings import ERASERS

NOWHERE = "01900000-0000-7000-8000-000000000001"
HOSTILE = "<script>alert(1)</script>"
NAMED = {"given_name": "Ünal", "family_name": HOSTILE}
RATE = ApprovalRate(approved=60.65, denied=23.32, period="fiscal year 2024", source="=cmd|' /C calc'!A0")


@pytest.fixture
def firm(office, tenants):
    return Checked(office, tenants)


@pytest.fixture
def attorney(browser):
    browser.sign_in("attorney")
    return browser


def acts(firm):
    with firm.office.db.system() as session:
        told = "SELECT action FROM audit_log WHERE actor_kind = 'staff' ORDER BY at, id"
        return [one for (one,) in session.connection().exec_driver_sql(told)]


# ------------------------------------------------------------------------------------------------ the list


def test_what_waits_for_a_review_stands_first(attorney, firm):
    one, other = firm.person(given_name="Li", family_name="Wu"), firm.person(**NAMED)
    first, said = made(firm, one)
    meanwhile(firm, said["EB1A"])
    second, _ = made(firm, other, "EB1A", "TN")
    page = attorney.get("/eligibility")
    waiting, _, rest = page.text.partition("All checks, the newest first")
    assert "To review" in waiting
    assert "Li Wu" not in waiting
    assert "Li Wu" in rest
    assert "TN cannot be determined" in rest
    assert page.links.count(f"/eligibility/{second}") == 2
    assert page.links.count(f"/eligibility/{first}") == 1
    assert HOSTILE not in attorney.page.text
    assert f"/clients/{other}" in page.links
    meanwhile(firm, made(firm, other)[1]["EB1A"])
    assert "To review" not in attorney.get("/eligibility").text  # a newer check took its place


def test_filters_stand_in_the_address_and_say_what_they_find(attorney, firm):
    whom = firm.person()
    check, _ = made(firm, whom, "EB1A", "TN")
    opened = firm.ask(firm.person(), "EB1A")
    for query, found in (
        ("visa=tn", check),
        ("state=open", opened),
        ("to_review=true", check),
        (f"client={whom}", check),
    ):
        page = attorney.get(f"/eligibility?{query}")
        assert re.findall(r"/eligibility/([0-9a-f-]{36})", " ".join(page.links)) == [str(found)], query
    assert f'name="client" value="{whom}"' in attorney.page.text  # other filters keep it
    assert "No check matches." in attorney.get("/eligibility?visa=NIW").text
    meanwhile(firm, made(firm, whom)[1]["EB1A"])
    assert "No check waits for a review." in attorney.get("/eligibility?to_review=true").text
    for wrong, status in (("visa=TX", 404), ("state=asleep", 400), ("cursor=x", 400), (f"client={NOWHERE}", 404)):
        attorney.get(f"/eligibility?{wrong}")
        assert attorney.page.status_code == status, wrong


def test_long_lists_go_on_where_they_ended_with_their_filters(attorney, firm, monkeypatch):
    from gateway.web.console.eligibility import listing

    monkeypatch.setattr(listing, "SHOWN", 2)
    whom = firm.person()
    wanted = [made(firm, whom)[0] for _ in range(5)]
    made(firm, whom, "TN")
    seen, path = [], "/eligibility?visa=EB1A"
    while path:
        page = attorney.get(path)
        seen += re.findall(r'href="/eligibility/([0-9a-f-]{36})"', attorney.page.text)
        path = next((link for link in page.links if "cursor=" in link), None)
        assert path is None or "visa=EB1A" in path
    assert seen == [str(one) for one in reversed(wanted)]


def test_a_firm_without_checks_is_told_where_to_ask(paralegal, db):
    page = paralegal.get("/eligibility")
    assert "Nobody has asked for a check yet." in page.text
    assert "/clients" in page.links


# ------------------------------------------------------------------------------------------------ one check


def test_a_check_says_what_it_came_to_for_whom_and_by_which_facts(attorney, firm):
    whom = firm.person(**NAMED)
    check, _ = made(firm, whom, "TN", "EB1A")
    page = attorney.get(f"/eligibility/{check}")
    told = rf"EB-1A comes to {score(firm, check)} of 100, the highest of 2 visas .*; 1 cannot be determined\."
    assert re.search(told, page.text)
    assert "by the law as of" in page.text
    assert "baseline only" in page.text
    for told in (
        "Golden Gear of Zorvex",
        "international",
        "award.1",
        "documented",
        "8 CFR 204.5(h)(3)(i)",
        "2 of 11 met",
    ):
        assert told in page.text, told
    assert "There is no score, which is not a score of 0." in page.text
    assert "not told: person: citizenship" in page.text
    assert "There is no such number: no public rate" in page.text
    assert f"/v1/eligibility-checks/{check}/memo" in page.links
    assert f"gateway profile add {whom} KIND" in page.text
    assert HOSTILE not in attorney.page.text
    assert "eligibility.view" in acts(firm)


def test_how_likely_an_approval_is_stands_apart_with_its_interval(attorney, firm):
    check, _ = made(firm, firm.person(), chance=chances.chance(18, 2, RATE))
    page = attorney.get(f"/eligibility/{check}")
    assert "Likeliest 81 %; with 90 % certainty between 70 % and 90 %" in page.text
    assert "20 decided cases of the firm and the public rate of 72 %" in page.text
    assert "neither enters the other" in page.text
    assert "20, of which 18 approved" in page.text
    assert "=cmd|" in page.text


def test_rules_in_place_of_a_model_are_told_in_words(attorney, firm):
    check, _ = made(firm, firm.person())
    with firm.acting() as acting:
        row = acting.session.get_one(EligibilityCheck, (firm.firm_id, check))
        row.is_degraded, row.problems = True, ["openai did not answer within 30 seconds."]
    page = attorney.get(f"/eligibility/{check}")
    assert "degraded" in page.text
    assert "openai did not answer within 30 seconds." in page.text
    assert "degraded" in attorney.get("/eligibility").text


def test_one_that_is_not_answered_yet_is_followed(attorney, firm):
    check = firm.ask(firm.person(), "EB1A")
    page = attorney.get(f"/eligibility/{check}")
    assert f'data-follow="/v1/eligibility-checks/{check}/events"' in attorney.page.text
    assert "It is being answered" in page.text
    firm.work()
    assert f"EB-1A comes to {score(firm, check)} of 100." in attorney.get(f"/eligibility/{check}").text


def test_one_that_came_to_nothing_is_tried_again(paralegal, firm):
    check = firm.ask(firm.person(), "EB1A")
    with firm.office.db.system() as session:
        tried = "UPDATE jobs SET attempts = 1, last_error = 'No model answered.' WHERE about = %s"
        session.connection().exec_driver_sql(tried, (check,))
    assert "No model answered." in paralegal.get(f"/eligibility/{check}").text
    assert "It is tried again now." in paralegal.press(f"/eligibility/{check}/retry").text
    form = {"csrf": paralegal.forms.found["/sign-out"]["csrf"]}
    firm.work()
    paralegal.page = paralegal.send(f"/eligibility/{check}/retry", form)
    assert (paralegal.page.status_code, "cannot be tried again" in paralegal.forms.text) == (409, True)


# ------------------------------------------------------------------------------------------------ an attorney's word


def test_a_recommendation_is_accepted_once_however_often_it_is_pressed(attorney, firm):
    check, said = made(firm, firm.person())
    at = f"/eligibility/{check}/{said['EB1A']}"
    assert "waits for an attorney" in attorney.get(f"/eligibility/{check}").text
    form = accept(attorney, at)
    attorney.page = attorney.send(at, form)
    assert "Accepted." in attorney.forms.text
    attorney.page = attorney.send(at, form)
    assert attorney.page.status_code == 200
    assert reviews(firm, said["EB1A"]) == [("accepted", None, {})]
    assert "waits for an attorney" not in attorney.get(f"/eligibility/{check}").text


def accept(browser, at, verdict="accepted", **more):
    """One of the two forms that a page has for a recommendation, for their action is the same."""
    return browser.forms.found[at] | {"verdict": verdict} | more


def test_a_rejection_needs_a_reason_which_is_kept_when_somebody_was_faster(attorney, firm):
    check, said = made(firm, firm.person())
    at = f"/eligibility/{check}/{said['EB1A']}"
    attorney.get(f"/eligibility/{check}")
    attorney.page = attorney.send(at, accept(attorney, at, "rejected", reason=" "))
    assert (attorney.page.status_code, "Say why it is rejected." in attorney.forms.text) == (422, True)
    assert f"#reason-{said['EB1A']}" in attorney.forms.links
    form = accept(attorney, at, "rejected", reason=f"The award is internal. {HOSTILE}")
    meanwhile(firm, said["EB1A"], "rejected", "No independent letter.")
    attorney.page = attorney.send(at, form)
    assert attorney.page.status_code == 412
    assert "Somebody said something of it since you looked" in attorney.forms.text
    assert "No independent letter." in attorney.forms.text
    assert "The award is internal." in attorney.page.text
    assert HOSTILE not in attorney.page.text
    attorney.page = attorney.send(
        at, attorney.forms.found[at] | {"verdict": "rejected", "reason": "The award is internal."}
    )
    assert "Rejected. It leaves for nobody." in attorney.forms.text
    assert [one[:2] for one in reviews(firm, said["EB1A"])] == [
        ("rejected", "The award is internal."),
        ("rejected", "No independent letter."),
    ]
    assert "All that was said of it" in attorney.forms.text


def test_words_are_edited_and_what_the_check_had_said_stays_beside_them(attorney, firm):
    check, said = made(firm, firm.person())
    at = f"/eligibility/{check}/{said['EB1A']}"
    page = attorney.get(at)
    assert page.found[at]["longest"] == "20"
    text = "Strong, once the letters are in."
    written = fields(attorney) | {
        "summary": text,
        "missing": "",
        "longest": "12",
        "reason": "Two letters are promised.",
    }
    attorney.page = attorney.send(at, written)
    assert "Kept." in attorney.forms.text
    [(verdict, _, edits)] = reviews(firm, said["EB1A"])
    assert (verdict, edits) == ("edited", {"summary": text, "missing": [], "timeline_months": [3, 12]})
    assert "The check had said" in attorney.forms.text
    assert text in attorney.get(at).text
    assert "The check says" in attorney.forms.text


def fields(browser):
    """The form of the page that edits, with the texts of its areas."""
    found = dict(next(iter(form for action, form in browser.forms.found.items() if action.startswith("/eligibility/"))))
    areas = re.findall(r'<textarea id="[a-z]+" name="([a-z]+)"[^>]*>(.*?)</textarea>', browser.page.text, re.DOTALL)
    return found | {name: html.unescape(text) for name, text in areas}


def test_what_cannot_be_edited_so_is_told_at_its_field_with_all_that_was_written(attorney, firm):
    check, said = made(firm, firm.person())
    at = f"/eligibility/{check}/{said['EB1A']}"
    attorney.get(at)
    as_it_stands = fields(attorney) | {"reason": "Because."}
    mine = {"strengths": "Mine, and long."}
    for wrong, field, sentence in (
        ({"summary": " "}, "summary", "Say in short"),
        ({"shortest": "soon"}, "shortest", "as a whole number"),
        ({"shortest": "30"}, "shortest", "the shortest time first"),
        ({"reason": ""}, "reason", "Say why it is edited."),
        ({"weaknesses": "x" * 4_001}, "weaknesses", "too long"),
        ({"documents": "one\n" * 101}, "documents", "too long"),
    ):
        attorney.page = attorney.send(at, as_it_stands | mine | wrong)
        assert (attorney.page.status_code, f"#{field}" in attorney.forms.links) == (422, True), field
        assert sentence in attorney.forms.text, field
        assert "Mine, and long." in attorney.page.text
    attorney.page = attorney.send(at, as_it_stands)
    assert (attorney.page.status_code, "how it reads already" in attorney.forms.text) == (422, True)
    form = as_it_stands | mine
    meanwhile(firm, said["EB1A"], "rejected", "No independent letter.")
    attorney.page = attorney.send(at, form)
    assert attorney.page.status_code == 412
    assert "No independent letter." in attorney.forms.text
    attorney.page = attorney.send(at, fields(attorney))
    assert "Kept." in attorney.forms.text
    assert reviews(firm, said["EB1A"])[0][2] == {"strengths": ["Mine, and long."]}


def test_who_may_not_review_sees_no_form_and_is_refused(paralegal, firm):
    check, said = made(firm, firm.person())
    at = f"/eligibility/{check}/{said['EB1A']}"
    page = paralegal.get(f"/eligibility/{check}")
    assert at not in page.found
    assert at not in page.links
    token = page.found["/sign-out"]["csrf"]
    assert paralegal.send(at, {"csrf": token, "verdict": "accepted"}).status_code == 403
    paralegal.get(at)
    assert paralegal.page.status_code == 403
    assert reviews(firm, said["EB1A"]) == []


def test_a_viewer_reads_and_asks_for_nothing(browser, firm):
    browser.sign_in("viewer")
    whom = firm.person()
    check, _ = made(firm, whom)
    page = browser.get(f"/eligibility/{check}")
    assert "Ask for another check" not in page.text
    page = browser.get(f"/clients/{whom}/eligibility")
    assert f"/clients/{whom}/eligibility" not in page.found
    token = page.found["/sign-out"]["csrf"]
    assert browser.send(f"/clients/{whom}/eligibility", {"csrf": token}).status_code == 403


def test_another_firm_and_who_is_behind_a_wall_find_none_of_it(browser, attorney, firm, office, tenants, db):
    whom = firm.person()
    check, said = made(firm, whom)
    paths = [f"/eligibility/{check}", f"/eligibility/{check}/{said['EB1A']}", f"/eligibility/compare?a={check}"]
    paths += [f"/clients/{whom}/eligibility"]
    with firm.acting() as acting:
        walls.add(acting, NewWall(tenants.staff["attorney"], whom, None, "Acted for the other side"))
    for path in paths:
        attorney.get(path)
        assert attorney.page.status_code == 404, path
    assert "Nobody has asked for a check yet." in attorney.get("/eligibility").text
    stranger(office, tenants)
    with db.system() as session:
        session.query(Staff).filter_by(email="admin@harbor.example").one().password_hash = hashed()
    browser.press("/sign-out")
    browser.get("/")
    browser.press("/sign-in", email="admin@harbor.example", password=PASSWORD)
    for path in paths:
        browser.get(path)
        assert browser.page.status_code == 404, path
    assert "Nobody has asked for a check yet." in browser.get("/eligibility").text


def test_of_an_erased_person_it_is_told_that_nothing_is_left(attorney, firm):
    whom = firm.person(**NAMED)
    check, said = made(firm, whom)
    attorney.get(f"/eligibility/{check}")
    form = accept(attorney, f"/eligibility/{check}/{said['EB1A']}")
    with firm.acting() as acting:
        erase(acting, whom, "She asked", ERASERS)
    page = attorney.get(f"/eligibility/{check}")
    assert "This person was erased" in page.text
    assert "Okafor" not in page.text
    assert "they wait for an attorney" not in attorney.get("/eligibility").text
    attorney.page = attorney.send(f"/eligibility/{check}/{said['EB1A']}", form)
    assert attorney.page.status_code == 404
    attorney.get(f"/eligibility/{check}/{said['EB1A']}")
    assert attorney.page.status_code == 404
