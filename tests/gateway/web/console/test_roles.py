"""Each page of the console, and each act, as nobody, viewer, paralegal, attorney, admin, walled and stranger.

What is drawn is what the table of `helpers.who_may` allows, no more and no less; what is not drawn is refused. Pages come
from the application's routes: a new one is asked for by itself, and fails here until the table speaks of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from helpers.roles_at_work import ROLES, Console, console_of, expected, is_hidden
from helpers.who_may import BESIDE, DOING, TABLE, row_of

from gateway.domain.access.permissions import PERMISSIONS
from gateway.web.app import routes_of
from gateway.web.console import is_page

pytestmark = pytest.mark.timeout(360)  # each page and act, as everybody, whichever of these tests comes first

DOCS = Path(__file__).parents[4] / "docs" / "permissions.md"
SIGNED_IN = tuple(name for name, role in ROLES.items() if role)
MAY = 0  # in the place of a status
TAKEN = {"POST /partners/{slug}/studio": {409}}  # no two firms have partners of one short name, and that is told
SAYS_SO = {"GET /admin/health": 409}  # a page, though not of what was asked for: firms share this installation
STATES = """
SELECT format('SELECT %L, md5(string_agg(t::text, '''' ORDER BY t::text)) FROM %I t WHERE firm_id = %L %s',
    relname, relname, :firm, CASE relname WHEN 'audit_log' THEN 'AND action !~ ''[.](view|list)$''' END)
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'firm_id'
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname
"""  # looks go on record, also those at the page that says why something is refused


@pytest.fixture(scope="module")
def console(modules_addresses, tenants, tmp_path_factory) -> Iterator[Console]:
    with console_of(modules_addresses, tenants, tmp_path_factory.mktemp("roles")) as found:
        yield found


@pytest.fixture(scope="module")
def state(server, modules_addresses, tenants):
    """What the firm has, table by table."""
    name = modules_addresses.owner.rpartition("/")[2].partition("?")[0]

    def look() -> dict[str, str | None]:
        with psycopg.connect(server.url("superuser", name)) as superuser:
            each = [one for (one,) in superuser.execute(STATES.replace(":firm", f"'{tenants.northgate}'"))]
            return dict(superuser.execute(" UNION ALL ".join(each)).fetchall())

    return look


def shown(console, who):
    """The pages that somebody gets, each with what is drawn on it."""
    for target in console.targets("GET"):
        if console.look(who, target.address).status_code == good(target.row):
            yield target, console.drawn(who, target.address)


def told(wrong):
    return "\n".join(sorted({" ".join(map(str, one)) for one in wrong}))


def good(row):
    return SAYS_SO.get(row, 200)


def drawn_on(page):
    yield from (("GET", one) for one in page.leads)
    yield from (("POST", one) for one in page.acts)


def may(who, row, thing):
    """Whether somebody may do it, by the table: whomever it is about, or because it is about them."""
    if row is None or ROLES[who] in TABLE[row].roles:
        return row is not None
    return ROLES[who] in TABLE[row].own and thing.whose == who


# ------------------------------------------------------------------------------------------------ the table


def test_the_table_speaks_of_each_route_of_the_console_and_of_no_other(console):
    routes = {f"{method} {path}" for method, path in console.routes()}
    assert {row for row in TABLE if row not in BESIDE and "audit_extract" not in row} == routes


def test_the_table_and_the_programs_permissions_are_the_same(console):
    for path, method, handler in routes_of(console.http.app):
        row = row_of(method, re.sub(r"{\w+:\w+}", "x", path))
        if row and is_page(handler) and "may" in handler.opt and not handler.opt.get("by_link"):
            assert PERMISSIONS[handler.opt["may"]].roles == TABLE[row].roles | TABLE[row].own, row


def test_the_table_and_what_is_written_of_permissions_are_the_same():
    text = DOCS.read_text(encoding="utf-8")
    roles = re.findall(r"^\| permission \| (.+?) \| partner", text, re.MULTILINE)[0].split(" | ")
    held = {}
    for name, ticks, routes in re.findall(r"^\| `([\w.]+)` \|((?:[ yes]+\|){4})[^|]*\|(.*)\|$", text, re.MULTILINE):
        held[name] = {role for role, tick in zip(roles, ticks.split("|"), strict=False) if tick.strip() == "yes"}
        for route in re.findall(r"`(GET /v1/[^`]+)`", routes):
            if route in BESIDE:
                assert held[name] == BESIDE[route].roles | BESIDE[route].own, route
    pages = re.findall(r"^- `(\w+ /[^`]*)`: `([\w.]+)`$", text, re.MULTILINE)
    assert len(pages) > 100
    for route, permission in pages:
        assert held[permission] == TABLE[route].roles | TABLE[route].own, route


# ------------------------------------------------------------------------------------------------ looking


def test_each_page_answers_each_of_them_as_the_table_says(console):
    wrong, met = [], set()
    for row, thing, address in console.targets("GET"):
        usual = console.look(thing.whose or "admin", address).status_code
        met |= {row} if usual == good(row) else set()
        for who in ROLES:
            answer = console.look(who, address)
            if answer.status_code not in expected(who, row, thing, usual) or answer.status_code >= 500:
                wrong.append((address, who, expected(who, row, thing, usual), answer.status_code))
            if answer.headers.get("location", "").startswith("/sign-in") != (who == "nobody"):
                wrong.append((address, who, "the sign-in is for whoever is not signed in"))
    assert not wrong, told(wrong)
    assert {row_of(method, path) for method, path in console.routes() if method == "GET"} - met == set()


def test_no_page_names_what_a_wall_or_another_firm_keeps_from_its_reader(console):
    wrong = []
    for who, kept in (("walled", console.there.hidden), ("stranger", console.there.ours)):
        for target in console.targets("GET"):
            text = console.look(who, target.address).text
            wrong += [(target.address, who, one) for one in kept if one in text and one not in target.address]
    assert not wrong, told(wrong)


def test_what_is_drawn_for_somebody_is_what_they_may_do(console):
    wrong = set()
    for who in SIGNED_IN:
        for target, page in shown(console, who):
            for method, address in drawn_on(page):
                is_theirs = may(who, row_of(method, address), console.about(address))
                if not is_theirs or is_hidden(console.there, who, method, address):
                    wrong.add((target.address, who, method, address))
    assert not wrong, told(wrong)


def test_no_link_leads_to_a_refusal(console):
    wrong = []
    for who in SIGNED_IN:
        leads = {alike(one): one for _, page in shown(console, who) for one in page.leads}
        for one in sorted(leads.values()):
            is_long = one.startswith("/v1/reports/") or one.endswith("/events")  # files that take long, and bells
            if not is_long and (status := console.look(who, one).status_code) != good(row_of("GET", one)):
                wrong.append((who, one, status))
    assert not wrong, told(wrong)


def alike(address):
    """Of links that ask the same of one thing, such as for each value of a person, one is followed."""
    path, _, query = address.partition("?")
    return row_of("GET", address), *path.split("/")[:3], *(one.partition("=")[0] for one in query.split("&"))


def test_what_is_drawn_for_an_admin_is_drawn_for_whoever_may_do_it_too(console):
    wrong = []
    for who in ("viewer", "paralegal", "attorney", "walled"):
        for target, page in shown(console, who):
            mine = {(method, address.partition("?")[0]) for method, address in drawn_on(page)}
            for method, address in set(drawn_on(console.drawn("admin", target.address))):
                row = row_of(method, address)
                is_theirs = row is not None and ROLES[who] in TABLE[row].roles
                is_drawn = (method, address.partition("?")[0]) in mine
                if is_theirs and not is_drawn and not lacks(console, who, target.address, method, address):
                    wrong.append((target.address, who, method, address))
    assert not wrong, told(wrong)


def lacks(console, who, page, method, address):
    """Whether a wall takes it off this page: of rows of which whoever looks may see none, nothing leads to others."""
    screened = {f"/files/{one}" for one in console.there.screened}
    is_file = address in screened
    is_of_rows = page in screened | {"/", "/reports/import_errors"}
    return is_hidden(console.there, who, method, address) or (who == "walled" and is_file and is_of_rows)


def test_what_is_about_somebody_is_drawn_for_them_alone(console):
    for target in console.targets("POST"):
        if target.thing.whose in SIGNED_IN and not TABLE[target.row].roles:
            drawn = {who for who in SIGNED_IN for _, page in shown(console, who) if target.address in page.acts}
            assert drawn == {target.thing.whose}, target


def test_each_act_is_drawn_somewhere(console):
    assert set(DOING) - set(console.drawings()) == set()


# ------------------------------------------------------------------------------------------------ doing


@pytest.mark.parametrize("who", [name for name in ROLES if name != "admin"])
def test_what_is_not_drawn_is_refused_and_does_nothing(console, state, who):
    forms = [*console.forms()]  # which looks at pages, and that goes on record
    before, wrong, sent = state(), [], 0
    for row, address, fields in forms:
        wanted = refusals(console, who, row, address, fields)
        if wanted:
            answer = console.send(who, row, address, fields)
            sent += 1
            is_led = answer.headers.get("location", "").startswith("/sign-in")
            if answer.status_code not in wanted or is_led != (who == "nobody"):
                wrong.append((row, address, wanted, answer.status_code))
    assert not wrong, told(wrong)
    assert sent > 20
    after = state()
    assert not {name for name in before if before[name] != after[name]}


def refusals(console, who, row, address, fields) -> set[int]:
    """With which statuses somebody is refused what the admin's form does; none where they may do it."""
    found = expected(who, row, console.about(address), MAY) - {MAY}
    if who == "stranger" and found:
        return found | TAKEN.get(row, set())
    if not found and is_hidden(console.there, who, "POST", str(fields)):
        return {404}
    if not found and who == "stranger" and not row.startswith(("POST /me", "POST /sign-out")):
        return set(range(200, 500))  # they may do it at their own firm, whatever becomes of ids that are ours
    return found
