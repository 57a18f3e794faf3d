"""Mail scanners open every link of every message: nothing that they do answers, snoozes or unsubscribes anybody."""

import re
import shutil
import subprocess
from urllib.parse import urljoin, urlsplit

import pytest
from helpers.telling import Whom, a_person, tell

from gateway.domain.links import links
from gateway.office import Actor

AGENTS = [
    "Mozilla/5.0 (compatible; Proofpoint URL Defense/1.0)",
    "Mozilla/5.0 (Windows NT 10.0) Microsoft Office/16.0 (Microsoft Outlook 16.0; Pro)",
    "Mozilla/5.0 (compatible; Mimecast URL Protect)",
    "BarracudaNetworks/LinkProtect",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "",
]
COUNTS = {"link_clicks", "tallies"}  # how often something was asked for
ALL = ("acknowledge", "snooze", "unsubscribe")


@pytest.fixture
def told(office, tenants):
    """What was offered to somebody of the staff, to a person, and to a partner's contact."""
    ana = a_person(office, tenants.northgate, tenants.acme)
    staff = Whom(staff_id=tenants.staff["attorney"])
    return [
        tell(office, tenants.northgate, staff, [ana], ALL),
        tell(office, tenants.northgate, Whom(client_id=ana), [ana], ALL),
        tell(office, tenants.northgate, Whom(partner_id=tenants.acme, contact="errors"), channel="email"),
    ]


@pytest.fixture
def messages(office, tenants, told):
    """As they leave: with what they offer, and a short link."""
    with office.acting(tenants.northgate, Actor("system", "tests")) as acting:
        short = links.address_of(office.settings, links.shorten(acting, "https://firm.example/intake").code)
    return ["\n".join([*one.links.values(), short]) for one in told]


@pytest.fixture
def kept(all_rows, http, db):
    """All that the database holds, but for how often something was asked for."""

    def look():
        http.app.state.clicks.settle(db)
        return {table: rows for table, rows in all_rows().items() if table not in COUNTS}

    return look


def scan(http, message, agent):
    """Open each address of a message, and whatever its page names, as scanners do; forms are not submitted."""
    waiting, seen = re.findall(r"https?://\S+", message), set()
    while waiting:
        address = waiting.pop()
        parts = urlsplit(address)
        if address in seen:
            continue
        seen.add(address)
        for method in ("HEAD", "GET"):
            headers = {"User-Agent": agent, "Accept": "text/html"}
            answer = http.request(method, f"{parts.path}?{parts.query}", headers=headers, follow_redirects=False)
            onward = [answer.headers["location"]] if "location" in answer.headers else []
            onward += re.findall(r'(?:href|src|action)="([^"]+)"', answer.text)
            waiting += [urljoin(address, one) for one in onward]
    return seen


def test_a_scanner_that_opens_every_link_of_every_message_changes_nothing(http, messages, kept):
    before = kept()
    for agent in AGENTS:
        for message in messages:
            assert len(scan(http, message, agent)) > message.count("\n") + 1
    assert kept() == before


def test_what_the_scanner_would_have_met_without_a_press_is_seen(http, told, kept):
    before = kept()
    http.post(told[0].path("acknowledge"))
    assert kept() != before


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.skipif(CHROMIUM is None, reason="needs a Chromium: apt-get install chromium")
def test_a_browser_without_anybody_before_it_opens_each_link_and_presses_nothing(web, told, all_rows, tmp_path):
    before = {table: rows for table, rows in all_rows().items() if table not in COUNTS}
    for one in told:
        for act in one.links:
            page = browse(str(web.base_url).rstrip("/") + one.path(act), tmp_path)
            assert "<button" in page
    assert {table: rows for table, rows in all_rows().items() if table not in COUNTS} == before


def browse(address, folder):
    """What a page has become once all of it has run."""
    quiet = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    command = [str(CHROMIUM), *quiet, f"--user-data-dir={folder / 'browser'}", "--dump-dom", address]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
