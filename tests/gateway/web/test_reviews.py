"""What attorneys do with a completed check through the API: review, compare, read the memo; within firms and walls."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from helpers.checks import completed
from helpers.inbox import SENDER, people

from gateway.domain.eligibility import chances, entries
from gateway.domain.eligibility.entries import Said
from gateway.domain.rules.criteria import approval_rates

AWARD = {"name": "Best Paper", "scope": "national", "is_for_excellence": True, "awarded_on": "2025-01-01"}
JUDGING = {"role": "reviewer", "is_done": True, "times": 4, "last_on": "2025-05-01"}
HOSTILE = """</style></title><script>alert(1)</script><img src=x onerror="alert(2)">"} body{display:none} {{ 7*7 }} \u202egnp"""

BREAKING = '"}body{display:none}\n@import "x";\\'  # out of a string of CSS


@pytest.fixture
def world(inbox, office, tenants):
    """Two people of acme, of whom the first was checked, learned more of, and checked again."""
    inbox.drop("roster_20260301.csv", people(2))
    ids = dict(inbox.sql("SELECT employee_id, id FROM clients"))
    with office.acting(tenants.northgate, SENDER) as acting:
        entries.add(acting, ids["E1"], "award", Said(facts=AWARD, backing="documented", proof="folder 3"))
        entries.add(acting, ids["E1"], "judging", Said(facts=JUDGING))
        first = completed(acting, ids["E1"])
    with office.acting(tenants.northgate, SENDER) as acting:
        entries.change(acting, ids["E1"], "judging.1", Said(facts=JUDGING, backing="documented", proof="e-mail"))
        rate = chances.chance(18, 2, approval_rates()["eb1a"][-1])
        second = completed(acting, ids["E1"], ("EB1A", "O1A", "NIW"), chance=rate)
        others = completed(acting, ids["E2"])
    rows = inbox.sql("SELECT check_id, visa, id FROM recommendations")
    told = {(str(check), visa): str(one) for check, visa, one in rows}
    return {"first": str(first), "second": str(second), "others": str(others), "told": told, "people": ids}


@pytest.fixture
def attorney(as_staff):
    return as_staff("attorney")


@pytest.fixture
def say(http, attorney):
    def saying(recommendation, verdict, status=201, headers=None, **more):
        path = f"/v1/eligibility-recommendations/{recommendation}/reviews"
        answer = http.post(path, json={"verdict": verdict} | more, headers=attorney | (headers or {}))
        assert answer.status_code == status, answer.text
        return answer

    return saying


@pytest.fixture
def memo(http, attorney):
    def reading(check, status=200):
        answer = http.get(f"/v1/eligibility-checks/{check}/memo", headers=attorney)
        assert answer.status_code == status, answer.text
        return answer

    return reading


class Seen(HTMLParser):
    """What a browser makes of a page: its elements, what each style holds, and the text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.styles, self.text, self.ids, self.links, self.handlers = [], [], "", set(), set(), []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.text += "" if tag in {"bdi", "span", "strong", "a"} else " "
        told = dict(attrs)
        self.ids |= {told["id"]} if "id" in told else set()
        self.links |= {told["href"]} if "href" in told else set()
        self.handlers += [name for name in told if name.startswith("on") or name == "style"]
        if tag == "style":
            self.styles.append("")

    def handle_data(self, data):
        if self.tags[-1:] == ["style"] and self.cdata_elem == "style":
            self.styles[-1] += data
        else:
            self.text += data

    @property
    def words(self):
        return " ".join(self.text.split())


# ------------------------------------------------------------------------------------------------ reviews


def test_a_review_is_made_kept_and_listed(http, say, world, attorney):
    one = world["told"][world["second"], "EB1A"]
    made = say(one, "accepted")
    assert made.headers["ETag"] == '"2"'
    edits = {"summary": "Strong, once the letters are in.", "documents": ["Form I-140"], "timeline_months": [4, 9]}
    say(one, "edited", reason="Clearer.", edits=edits)
    found = http.get(made.headers["Location"], headers=attorney).json()
    assert [(each["number"], each["verdict"], each["edits"]) for each in found] == [
        (2, "edited", edits),
        (1, "accepted", {}),
    ]
    assert {each["by"] for each in found} == {"attorney@northgate.example"}


@pytest.mark.parametrize("name", ["score", "chance", "success_probability", "notice"])
def test_a_score_or_a_chance_cannot_be_edited(say, world, name):
    one = world["told"][world["second"], "EB1A"]
    told = say(one, "edited", status=400, reason="Better.", edits={name: 99, "summary": "Other."}).json()
    assert name in str(told)


def test_a_rejection_without_a_reason_is_refused_with_the_field(say, world):
    told = say(world["told"][world["second"], "EB1A"], "rejected", status=422).json()
    assert (told["error"], told["details"]) == (
        "review_wrong",
        [{"field": "reason", "message": "Say why it is rejected."}],
    )


def test_two_who_review_at_once_are_told_of_each_other(say, world):
    one = world["told"][world["second"], "EB1A"]
    say(one, "accepted", headers={"If-Match": '"1"'})
    told = say(one, "rejected", status=412, headers={"If-Match": '"1"'}, reason="No.").json()
    assert told["error"] == "changed_meanwhile"
    say(one, "rejected", headers={"If-Match": '"2"'}, reason="No.")


def test_a_review_that_is_sent_again_is_one(http, say, world, attorney):
    one = world["told"][world["second"], "EB1A"]
    first, second = (say(one, "accepted", headers={"Idempotency-Key": "k-1"}) for _ in range(2))
    assert first.json() == second.json()
    assert len(http.get(first.headers["Location"], headers=attorney).json()) == 1


@pytest.mark.parametrize(("role", "status"), [("admin", 201), ("attorney", 201), ("paralegal", 403), ("viewer", 403)])
def test_attorneys_and_admins_review(http, world, as_staff, role, status):
    path = f"/v1/eligibility-recommendations/{world['told'][world['second'], 'EB1A']}/reviews"
    assert http.post(path, json={"verdict": "accepted"}, headers=as_staff(role)).status_code == status


def test_a_partner_neither_reviews_nor_reads(http, world, acme_key):
    path = f"/v1/eligibility-recommendations/{world['told'][world['second'], 'EB1A']}/reviews"
    assert http.post(path, json={"verdict": "accepted"}, headers=acme_key).status_code == 403
    assert http.get(path, headers=acme_key).status_code == 403
    assert http.get(f"/v1/eligibility-checks/{world['second']}/memo", headers=acme_key).status_code == 403


def asked_of(http, world, headers):
    """What every way in answers to somebody."""
    one = world["told"][world["second"], "EB1A"]
    path = f"/v1/eligibility-recommendations/{one}/reviews"
    beside = f"/v1/eligibility-checks/{world['second']}/comparison?with={world['first']}"
    answers = [
        http.post(path, json={"verdict": "accepted"}, headers=headers),
        http.get(path, headers=headers),
        http.get(beside, headers=headers),
        http.get(f"/v1/eligibility-checks/{world['second']}/memo", headers=headers),
    ]
    return [each.status_code for each in answers]


def test_another_firm_finds_nothing(http, world, as_staff):
    assert asked_of(http, world, as_staff("stranger")) == [404] * 4


@pytest.mark.parametrize("side", ["client", "partner"])
def test_whoever_is_walled_off_finds_nothing(http, world, as_staff, attorney, tenants, side):
    against = {"client_id": str(world["people"]["E1"])} if side == "client" else {"partner_id": str(tenants.acme)}
    body = {"staff_id": str(tenants.staff["attorney"]), "reason": "Acted for the other side"} | against
    assert http.post("/v1/walls", json=body, headers=as_staff("admin")).status_code == 201
    assert asked_of(http, world, attorney) == [404] * 4
    assert asked_of(http, world, as_staff("admin")) == [201, 200, 200, 200]


# ------------------------------------------------------------------------------------------------ comparisons


def compared(http, one, other, headers, status=200):
    answer = http.get(
        f"/v1/eligibility-checks/{one}/comparison", params={"with": other} if other else {}, headers=headers
    )
    assert answer.status_code == status, answer.text
    return answer.json()


def test_two_checks_are_compared_whichever_is_named_first(http, world, attorney):
    found = compared(http, world["second"], world["first"], attorney)
    assert found == compared(http, world["first"], world["second"], attorney)
    assert (found["earlier"], found["later"]) == (world["first"], world["second"])
    assert [one["sentence"] for one in found["profile"]] == ["judging.1: documented, and was asserted."]
    moves = {one["visa"]: one for one in found["visas"]}
    judge = next(one for one in moves["EB1A"]["criteria"] if one["criterion"] == "JUDGE")
    assert judge["entries"] == ["judging.1"]
    assert judge["sentence"].startswith("JUDGE rose from asserted to documented, by judging.1, now documented: +")
    assert moves["EB1A"]["points"] == round(moves["EB1A"]["after"]["score"] - moves["EB1A"]["before"]["score"], 1)
    assert (moves["O1A"]["points"], moves["O1A"]["before"]) == (None, {"state": "undetermined", "score": None})
    assert (moves["NIW"]["points"], moves["NIW"]["before"]["state"]) == (None, "not_checked")


def test_a_check_is_compared_with_the_one_before_where_none_is_named(http, world, attorney):
    assert compared(http, world["second"], None, attorney) == compared(http, world["first"], world["second"], attorney)
    assert compared(http, world["first"], None, attorney, 409)["error"] == "first_check"


def test_checks_of_two_people_are_not_compared(http, world, attorney):
    assert compared(http, world["first"], world["others"], attorney, 422)["error"] == "checks_of_two_people"


def test_a_check_that_is_not_completed_has_neither_comparison_nor_memo(http, world, attorney, inbox, memo):
    inbox.sql("UPDATE eligibility_checks SET state = 'open' WHERE id = %s", world["first"])
    assert compared(http, world["first"], world["second"], attorney, 409)["error"] == "check_not_completed"
    assert memo(world["first"], 409).json()["error"] == "check_not_completed"


# ------------------------------------------------------------------------------------------------ the memo


def test_a_memo_says_how_each_number_comes_about(memo, world):
    seen = Seen(memo(world["second"]).text)
    assert "At most 49, for 2 of the 3 criteria that are needed are met." in seen.words
    assert re.search(r"60 x \(0\.6 \+ 0\.6 \+ 0(\.3)?\) / 3: the 3 strongest criteria", seen.words)
    assert "There is no score, which is not a score of 0." in seen.words
    assert "This number is no part of the score." in seen.words
    assert "Of 20 decided cases of the firm, 18 were approved" in seen.words
    assert seen.words.count("Not legal advice; attorney review required.") >= 4
    assert "Law as of" in seen.words


def test_every_entry_that_a_memo_cites_stands_in_its_appendix_with_what_shows_it(memo, world):
    seen = Seen(memo(world["second"]).text)
    assert {one for one in seen.links if one.startswith("#")} <= {f"#{one}" for one in seen.ids}
    assert {"award.1", "judging.1"} <= seen.ids
    assert "shown by: folder 3" in seen.words
    assert "awarded_on 2025-01-01 when" in seen.words
    first = Seen(memo(world["first"]).text)
    assert "It was changed or withdrawn since." in first.words


def test_a_memo_is_proposed_until_somebody_has_reviewed_it(memo, say, world):
    seen = memo(world["second"]).text
    assert '<body class="proposed">' in seen
    assert Seen(seen).words.count("PROPOSED. No attorney has reviewed this.") == 3
    say(world["told"][world["second"], "EB1A"], "accepted")
    edits = {"summary": "A gate has to be cleared up first.", "weaknesses": ["No petitioner is named."]}
    say(world["told"][world["second"], "O1A"], "edited", reason="Clearer.", edits=edits)
    say(world["told"][world["second"], "NIW"], "rejected", reason="Nothing speaks for it.")
    page = memo(world["second"]).text
    seen = Seen(page).words
    assert '<body class="proposed">' not in page
    assert "PROPOSED." not in seen
    assert "Accepted by attorney (attorney@northgate.example) on " in seen
    assert "A gate has to be cleared up first. The check had said: Whether O-1A fits cannot be determined." in seen
    assert re.search(r"Rejected by the attorney.*Nothing speaks for it\.$", seen)
    assert 'id="NIW"' not in page


def test_whatever_a_profile_says_stays_text(memo, say, world, office, inbox, tenants):
    client = world["people"]["E1"]
    inbox.sql("UPDATE clients SET given_name = %s, employee_id = 'E<b>1' WHERE id = %s", HOSTILE, client)
    inbox.sql("UPDATE firms SET name = %s WHERE slug = 'northgate'", BREAKING)
    with office.acting(tenants.northgate, SENDER) as acting:
        said = Said(facts=AWARD | {"name": HOSTILE}, backing="documented", proof=HOSTILE)
        entries.change(acting, client, "award.1", said)
        check = completed(acting, client)
    told = dict(inbox.sql("SELECT visa, id FROM recommendations WHERE check_id = %s", check))
    say(told["EB1A"], "edited", reason=HOSTILE, edits={"summary": HOSTILE, "strengths": [HOSTILE]})
    say(told["O1A"], "rejected", reason=HOSTILE)
    answer = memo(check)
    seen = Seen(answer.text)
    assert not {"script", "img", "b"} & set(seen.tags)
    assert seen.handlers == []
    assert seen.text.count("<script>alert(1)</script>") >= 6
    assert "{{ 7*7 }}" in seen.text
    assert len(seen.styles) == 2
    assert len(re.findall(r'content:"(?:\\[0-9a-f]{6}|[A-Za-z0-9])*";', seen.styles[1])) == 2


def test_a_browser_takes_the_styles_of_a_memo_and_nothing_else(memo, world):
    answer = memo(world["second"])
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'"
        for one in Seen(answer.text).styles
    ]
    assert len(hashes) == 2
    assert answer.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src {' '.join(hashes)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Cache-Control"] == "no-store"


def test_whoever_looks_is_on_record(http, memo, world, attorney, inbox):
    memo(world["second"])
    compared(http, world["first"], world["second"], attorney)
    found = inbox.sql(
        "SELECT action, actor, client_id FROM audit_log WHERE action IN ('eligibility.memo', 'eligibility.compare')"
        " ORDER BY id"
    )
    who = ("attorney@northgate.example", world["people"]["E1"])
    assert found == [("eligibility.memo", *who), ("eligibility.compare", *who)]
