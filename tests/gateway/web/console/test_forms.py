"""A form does something only when it comes from a page of ours, made in the session that sends it."""

import pytest
from helpers.inbox import people
from litestar import post

from gateway.web import app as app_module
from gateway.web import console
from gateway.web.app import _refuse_undeclared, create_app
from gateway.web.calls import may
from gateway.web.console import forms


@pytest.fixture
def held(inbox, roster):
    inbox.apply(roster)
    inbox.drop("roster_20260301.csv", people(20))
    told = inbox.drop("roster_20260302.csv", people(2))
    assert told["state"] == "held", told
    return told["import_id"]


def test_a_form_without_the_sessions_token_does_nothing(paralegal, held, inbox):
    paralegal.get(f"/files/{held}")
    action = f"/files/{held}/release"
    fields = paralegal.forms.found[action]
    mine = fields["csrf"]
    for token in ("", "x", mine[:-4] + "AAAA", forms.masked("somebody else's"), forms.masked("")):
        answer = paralegal.send(action, fields | {"csrf": token})
        assert answer.status_code == 403, token
    assert paralegal.send(action, {}).status_code == 403
    assert inbox.account(held)["state"] == "held"
    assert paralegal.send(action, fields).status_code == 200
    assert inbox.account(held)["state"] == "running"


def test_a_token_of_another_session_is_nobodys_here(paralegal, held, inbox):
    paralegal.get(f"/files/{held}")
    stolen = paralegal.forms.found[f"/files/{held}/release"]
    paralegal.http.cookies.clear()
    paralegal.sign_in("attorney")
    assert paralegal.send(f"/files/{held}/release", stolen).status_code == 403
    assert inbox.account(held)["state"] == "held"


def test_a_pages_script_repeats_the_token_of_today_in_a_header(paralegal, held, inbox):
    paralegal.get(f"/files/{held}")
    action = f"/files/{held}/release"
    fields = paralegal.forms.found[action] | {"csrf": forms.masked("of a session that has ended")}
    token = paralegal.http.cookies["gateway_csrf"]
    for said in ("", "x", forms.masked(token)):
        assert paralegal.send(action, fields, **{"X-CSRF-Token": said}).status_code == 403
    foreign = {"X-CSRF-Token": token, "Sec-Fetch-Site": "cross-site"}
    assert paralegal.send(action, fields, **foreign).status_code == 403
    assert inbox.account(held)["state"] == "held"
    assert paralegal.send(action, fields, **{"X-CSRF-Token": token}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),  # as a page without referrers sends it
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://[evil"}, 403),
        ({}, 200),
    ],
)
def test_a_form_of_another_site_does_nothing_though_it_had_the_token(paralegal, held, inbox, headers, status):
    paralegal.get(f"/files/{held}")
    action = f"/files/{held}/release"
    assert paralegal.send(action, paralegal.forms.found[action], **headers).status_code == status
    assert (inbox.account(held)["state"] == "held") == (status == 403)


def test_each_page_masks_the_token_anew(paralegal):
    tokens = {paralegal.get("/files").found["/files"]["csrf"] for _ in range(5)}
    assert len(tokens) == 5
    assert len({forms.unmasked(one) for one in tokens}) == 1


def test_a_page_that_takes_no_checked_form_does_not_start(settings, monkeypatch):
    @post("/unchecked", sync_to_thread=False, **may("me.write"))
    def unchecked() -> None:
        """Does something."""

    app = create_app(settings)
    app.register(unchecked)
    _refuse_undeclared(app)
    monkeypatch.setattr(console, "is_page", lambda handler: handler.fn is unchecked.fn)
    monkeypatch.setattr(app_module, "routes_of", lambda _: [("/unchecked", "POST", unchecked)])
    with pytest.raises(AssertionError, match="POST /unchecked must take the form"):
        _refuse_undeclared(app)
