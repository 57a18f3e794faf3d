"""What if cases were given by another rule: asked and answered, and nothing written."""

import re

import pytest
from helpers.firm_at_work import at_work

from gateway.web.console.plots.pairs import LEFT, RIGHT, Pair, pairs


@pytest.fixture
def firm(office, tenants):
    """A firm whose cases were given to its attorneys by its rule today."""
    made = at_work(office, tenants.northgate, tenants.acme)
    made.firm.open(6, case_type="TN")
    made.firm.work()
    return made


@pytest.fixture
def attorney(browser):
    browser.sign_in("attorney")
    return browser


def written(inbox):
    tables = ("cases", "assignments", "unassigned_cases", "assignment_policies", "audit_log", "jobs")
    return [inbox.sql(f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {one} t") for one in tables]


def test_a_rule_is_tried_on_a_period_and_nothing_is_written(attorney, firm, inbox):
    page = attorney.get("/workload")
    assert "/workload/what-if" in page.links
    attorney.get("/workload/what-if")
    before = written(inbox)
    page = attorney.get(f"/workload/what-if?rule=round_robin&from={firm.today}&to={firm.today}")
    assert written(inbox) == before
    found = attorney.http.get(f"/v1/assignment-simulations?rule=round_robin&from={firm.today}").json()
    assert found["shares"]
    for one in found["shares"]:
        assert f"{one['name']}: as it was {one['was']}, by round robin {one['would']}. " in attorney.page.text
    assert sum(one["was"] for one in found["shares"]) == found["was"]["given"]
    assert sum(one["would"] for one in found["shares"]) == found["would"]["given"]
    assert re.search(rf"{found['was']['jain']:.2f}\s*{found['would']['jain']:.2f}", page.text)
    for words in (*found["sentences"][1:], "Nothing was written"):
        assert words.split("round_robin")[0] in page.text
    assert page.text.count("as it was") > 1


def test_what_cannot_be_tried_is_told_at_its_field_and_stays(attorney, firm):
    for asked, field, words in (
        ("rule=round_robin&from=soon", "from", ""),
        ("rule=round_robin&from=", "from", "Fill this in."),
        ("rule=dice&from=2026-01-01", "rule", "There is no rule"),
        ("rule=round_robin&from=2026-02-01&to=2026-01-01", "from", "begins before it ends"),
    ):
        page = attorney.get(f"/workload/what-if?{asked}")
        assert attorney.page.status_code == 422, asked
        assert f'id="{field}-fault"' in attorney.page.text, asked
        assert words in page.text
        assert 'value="round_robin" selected' in attorney.page.text or field == "rule"
    assert attorney.http.get("/workload/what-if?rule=<script>&from=<b>").status_code == 422
    assert "<b>" not in attorney.http.get("/workload/what-if?rule=<script>&from=<b>").text


def test_days_on_which_no_case_came_say_so(attorney, tenants):
    page = attorney.get("/workload/what-if?rule=round_robin&from=2020-01-01&to=2020-01-31")
    assert "No case came in these days." in page.text
    assert "Nothing was written" in page.text


def test_who_gives_no_cases_tries_no_rule(paralegal, firm):
    assert "/workload/what-if" not in paralegal.get("/workload").links
    assert paralegal.http.get("/workload/what-if").status_code == 403


def test_bars_of_all_have_one_scale():
    drawn = pairs([Pair("Ana", 10, 0), Pair("B" * 40, 5, 1)])
    assert [(row.was, row.would) for row in drawn.rows] == [
        (RIGHT - LEFT, 0.0),
        ((RIGHT - LEFT) / 2, (RIGHT - LEFT) / 10),
    ]
    assert len(drawn.rows[1].label) == 28
    assert pairs([]).rows == []
