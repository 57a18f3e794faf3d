"""Short links: who makes them, where they may lead, who follows them, and how that is counted."""

import re
from uuid import uuid4

import pytest
from msgspec.structs import replace

from gateway.domain.links import clicks, links
from gateway.domain.links.targets import RESERVED
from gateway.jobs.claims import Job
from gateway.jobs.handling import Handling

URL = "/v1/links"
TARGET = "https://firm.example/intake?year=2026"
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}


@pytest.fixture
def settings(settings):
    return replace(settings, public_url="https://go.example", allow_private=("10.1.0.0/16",))


@pytest.fixture
def paralegal(as_staff):
    return as_staff("paralegal")


@pytest.fixture
def make(http, paralegal):
    def made(target=TARGET, headers=None, **more):
        answer = http.post(URL, json={"target": target} | more, headers=headers or paralegal)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return made


@pytest.fixture
def visit(http):
    def visited(code, method="GET", **headers):
        return http.request(method, f"/l/{code}", headers=BROWSER | headers, follow_redirects=False)

    return visited


@pytest.fixture
def counted(http, db, paralegal):
    def told(code, headers=None, **query):
        http.app.state.clicks.settle(db)
        answer = http.get(f"{URL}/{code}/analytics", params=query, headers=headers or paralegal)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return told


def refused(http, headers, **body):
    answer = http.post(URL, json={"target": TARGET} | body, headers=headers)
    return answer.status_code, answer.json()["error"]


# ---------------------------------------------------------------- made


def test_a_link_has_a_code_that_nobody_guesses_and_leads_to_its_target(make, visit):
    one, other = make(), make()
    assert re.fullmatch(r"[0-9A-Za-z]{8}", one["code"])
    assert one["code"] != other["code"]
    assert one["url"] == f"https://go.example/l/{one['code']}"
    answer = visit(one["code"])
    assert (answer.status_code, answer.headers["location"]) == (302, TARGET)
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")


def test_an_alias_is_the_code(make, visit):
    assert make(alias="intake-2026")["code"] == "intake-2026"
    assert visit("intake-2026").headers["location"] == TARGET


def test_an_alias_is_one_in_the_whole_installation_and_a_stranger_learns_nothing_else(http, make, as_staff):
    make(alias="intake-2026")
    assert refused(http, as_staff("stranger"), alias="intake-2026") == (409, "alias_taken")
    assert http.get(f"{URL}/intake-2026", headers=as_staff("stranger")).status_code == 404


@pytest.mark.parametrize(
    "alias", ["ab", "-ab", "ab-", "Intake", "a b c", "a/b", "ümlaut", "x" * 51, "", *sorted(RESERVED)[:4]]
)
def test_an_alias_that_is_none_is_refused(http, paralegal, alias):
    assert refused(http, paralegal, alias=alias)[0] in (400, 422)


@pytest.mark.parametrize(
    "target",
    [
        "http://firm.example/",
        "http://10.2.0.1/",
        "ftp://firm.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "//firm.example/",
        "/v1/me",
        "firm.example",
        "https://",
        "https://.",
        "https://../x",
        "https://firm..example/",
        "https://-firm.example/",
        "https:///path",
        "https://ana:secret@firm.example/",
        "https://ana@firm.example/",
        "https://firm.example\\@evil.example/",
        "https://firm.example/a b",
        "https://firm.example/\r\nSet-Cookie: x=1",
        "https://firm.example/\u202e",
        "https://[::1",
        "https://firm.example:port/",
        "https://go.example/l/a/token",
        "https://GO.example:443/l/other",
        "https://firm.example/" + "x" * 2_000,
    ],
)
def test_a_target_to_which_nobody_should_be_led_is_refused(http, paralegal, target):
    assert refused(http, paralegal, target=target) in [(422, "target_invalid"), (400, "invalid_request")]


def test_plain_http_is_for_networks_that_the_operator_allows(make, visit):
    assert visit(make("http://10.1.2.3:8080/page")["code"]).headers["location"] == "http://10.1.2.3:8080/page"


def test_a_link_that_would_have_ended_already_is_refused(http, paralegal):
    assert refused(http, paralegal, expires_at="2020-01-01T00:00:00Z") == (422, "already_expired")


def test_an_end_beyond_the_calendar_is_its_last_day(make, visit):
    made = make(expires_at="9999-12-31T23:59:59-12:00")
    assert made["expires_at"].startswith("9999-12-30")
    assert visit(made["code"]).status_code == 302


def test_a_request_that_comes_again_makes_one_link(http, paralegal):
    again = paralegal | {"Idempotency-Key": "one"}
    codes = {http.post(URL, json={"target": TARGET}, headers=again).json()["code"] for _ in range(2)}
    assert len(codes) == 1


# ---------------------------------------------------------------- followed


def test_a_link_that_has_ended_says_so_and_one_that_never_was_too(make, visit, monkeypatch):
    one = make(expires_at="2099-01-01T00:00:00Z")
    monkeypatch.setenv("GATEWAY_NOW", "2099-01-01T00:00:00+00:00")
    for answer, status in [(visit(one["code"]), 410), (visit("nothing1"), 404)]:
        assert answer.status_code == status
        assert "location" not in answer.headers
        assert answer.headers["content-type"].startswith("text/html")
        assert "noindex" in answer.headers["x-robots-tag"]
        assert "script" not in answer.text
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_a_disabled_link_leads_nowhere(http, make, visit, paralegal):
    code = make()["code"]
    for _ in range(2):
        told = http.post(f"{URL}/{code}/disable", headers=paralegal)
        assert (told.status_code, told.json()["is_live"]) == (200, False)
    assert visit(code).status_code == 410


def test_a_link_of_a_firm_that_is_gone_leads_nowhere(make, visit, db):
    code = make()["code"]
    with db.system() as session:
        session.connection().exec_driver_sql("UPDATE firms SET status = 'deactivated' WHERE slug = 'northgate'")
    assert visit(code).status_code == 404


@pytest.mark.parametrize("code", ["%00", "...", "a%2Fb", "x" * 5_000, "%F0%9F%92%A9", "'--"])
def test_a_code_that_is_none_is_a_page(visit, code):
    assert visit(code).status_code in (400, 404)


def test_whoever_tries_many_codes_is_sent_away_and_nobody_else(http, make, visit):
    code = make()["code"]
    found = [visit(f"guess{number:03}").status_code for number in range(61)]
    assert (found[:60], found[60]) == ([404] * 60, 429)
    assert visit(code).status_code == 429


@pytest.mark.parametrize(
    ("method", "headers", "kind"),
    [
        ("GET", {}, "person"),
        ("HEAD", {}, "head"),
        ("GET", {"Purpose": "prefetch"}, "prefetch"),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}, "prefetch"),
        ("GET", {"X-Moz": "prefetch"}, "prefetch"),
        ("GET", {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}, "bot"),
        ("GET", {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"}, "bot"),
        ("GET", {"User-Agent": "curl/8.5.0"}, "bot"),
        ("GET", {"User-Agent": ""}, "bot"),
        ("GET", {"User-Agent": "Mozilla/5.0 (compatible; Proofpoint URL Defense)"}, "scanner"),
        ("GET", {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0.0.0 Safari/537.36"}, "scanner"),
        ("GET", {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) Mobile/15E148 Safari/604.1"}, "person"),
    ],
)
def test_what_follows_a_link_is_counted_by_what_it_says_it_is(make, visit, counted, method, headers, kind):
    code = make()["code"]
    assert visit(code, method, **headers).status_code == 302
    told = counted(code)
    [day] = told["days"]
    assert {name for name, number in day.items() if name != "day" and number} == {kind}
    assert told["clicks"] == (kind == "person")


def test_clicks_are_counted_by_the_day_of_the_firm_and_added_up(make, visit, counted, monkeypatch, acme_key):
    code = make(headers=acme_key)["code"]
    for instant in ("2030-03-02T04:59:00+00:00", "2030-03-02T05:00:00+00:00", "2030-03-02T06:00:00+00:00"):
        monkeypatch.setenv("GATEWAY_NOW", instant)  # midnight in New York is at five
        visit(code)
        told = counted(code, acme_key, days=2)
    assert [(day["day"], day["person"]) for day in told["days"]] == [("2030-03-02", 2), ("2030-03-01", 1)]
    assert counted(code, acme_key, days=1)["clicks"] == 2


def test_clicks_that_could_not_be_put_into_the_database_are_put_there_later(make, visit, counted, http, monkeypatch):
    code = make()["code"]
    visit(code)
    monkeypatch.setattr(clicks, "_ADD", clicks.text("SELECT 1 / 0"))
    with pytest.raises(Exception, match="division"):
        http.app.state.clicks.settle(http.app.state.office.db)
    monkeypatch.undo()
    visit(code)
    assert counted(code)["clicks"] == 2


def test_clicks_of_a_link_that_is_gone_are_nobodys(make, visit, http, db):
    visit(make()["code"])
    with db.system() as session:
        session.connection().exec_driver_sql("DELETE FROM short_links")
    http.app.state.clicks.settle(db)


# ---------------------------------------------------------------- whose


def test_partners_see_their_own_and_staff_all_of_the_firms(http, make, paralegal, key_of, tenants, as_staff):
    acme, globex = (key_of(tenants.northgate, one, ["links:write"]) for one in (tenants.acme, tenants.globex))
    own, others, firms = make(headers=acme)["code"], make(headers=globex)["code"], make()["code"]

    def listed(headers):
        return {one["code"] for one in http.get(URL, headers=headers).json()["data"]}

    assert (listed(acme), listed(globex)) == ({own}, {others})
    assert listed(paralegal) == {own, others, firms}
    assert listed(as_staff("stranger")) == set()
    for path in (f"{URL}/{others}", f"{URL}/{others}/analytics"):
        assert http.get(path, headers=acme).status_code == 404
    assert http.post(f"{URL}/{others}/disable", headers=acme).status_code == 404


def test_whoever_is_walled_off_from_a_partner_sees_none_of_its_links(
    http, make, visit, key_of, tenants, as_staff, paralegal
):
    code = make(headers=key_of(tenants.northgate, tenants.acme))["code"]
    wall = {"staff_id": str(tenants.staff["paralegal"]), "partner_id": str(tenants.acme), "reason": "Acted for them"}
    assert http.post("/v1/walls", json=wall, headers=as_staff("admin")).status_code == 201
    assert http.get(f"{URL}/{code}", headers=paralegal).status_code == 404
    assert http.get(URL, headers=paralegal).json()["data"] == []
    assert visit(code).status_code == 302


def test_what_was_made_and_disabled_is_on_record_without_the_target(http, make, paralegal, as_staff):
    code = make()["code"]
    http.post(f"{URL}/{code}/disable", headers=paralegal)
    told = http.get("/v1/audit", headers=as_staff("admin")).json()["data"]
    acts = [one["action"] for one in told if one["action"].startswith("link.")]
    assert acts == ["link.disable", "link.create"]
    assert "firm.example" not in str(told)


def test_links_that_ended_long_ago_go_and_their_clicks_with_them(make, visit, counted, office, db, monkeypatch):
    code, lasting = make()["code"], make()["code"]
    for one in (code, lasting):
        visit(one)
        counted(one)
    with db.system() as session:
        session.connection().exec_driver_sql(
            "UPDATE short_links SET disabled_at = gateway_now() - interval '401 days' WHERE code = %s", (code,)
        )
    links.purge(Handling(office, Job(uuid4(), None, "links.purge", {}, 1, 1, "tests", None)))
    with db.system() as session:
        left = session.connection().exec_driver_sql(
            "SELECT l.code, c.clicks FROM short_links l JOIN link_clicks c ON c.link_id = l.id"
        )
        assert left.all() == [(lasting, 1)]
