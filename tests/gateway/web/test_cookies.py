"""The console's session is a cookie, and what it changes needs the CSRF token of that session."""

import pytest
from helpers.callers import asking
from helpers.signing_in import bearer, cookies_of, sign_in

pytestmark = pytest.mark.usefixtures("with_password")


def test_the_console_gets_cookies_that_no_script_and_no_neighbour_can_reach(http):
    set_cookies = cookies_of(sign_in(http))
    token, csrf = set_cookies["__Host-gateway_session"], set_cookies["__Host-gateway_csrf"]
    for one in (token, csrf):
        assert {"Path=/", "SameSite=lax", "Secure", "Max-Age=3600"} <= set(one.split("; "))
        assert "Domain" not in one
    assert "HttpOnly" in token
    assert "HttpOnly" not in csrf


def test_cookies_of_development_go_over_http_as_well(settings, db):
    import msgspec

    with asking(msgspec.structs.replace(settings, cookies="plain")) as http:
        set_cookies = cookies_of(sign_in(http))
        assert set(set_cookies) == {"gateway_session", "gateway_csrf"}
        assert not any("Secure" in one for one in set_cookies.values())


@pytest.mark.parametrize(
    ("method", "proof", "csrf", "status"),
    [
        ("GET", "cookie", None, 200),
        ("POST", "cookie", None, 403),
        ("POST", "cookie", "", 403),
        ("POST", "cookie", "wrong", 403),
        ("POST", "cookie", "another session's", 403),
        ("POST", "cookie", "right", 204),
        ("POST", "bearer", None, 204),
        ("POST", "bearer", "wrong", 204),
        ("POST", "both", None, 204),
        ("POST", "a bad bearer and the cookie", "right", 401),
        ("GET", "a bad bearer and the cookie", None, 401),
        ("POST", "nothing", "right", 401),
        ("POST", "a bad cookie", "right", 401),
    ],
)
def test_an_unsafe_request_by_cookie_repeats_the_token_of_its_own_session(settings, db, method, proof, csrf, status):
    with asking(settings) as signing_in:
        mine, other = sign_in(signing_in), sign_in(signing_in)
    token = mine.json()["access_token"]
    headers = {}
    if "cookie" in proof or proof == "both":
        value = token[:-2] + "AA" if proof == "a bad cookie" else token
        headers["Cookie"] = f"__Host-gateway_session={value}"
    if "bearer" in proof or proof == "both":
        headers["Authorization"] = "Bearer bad" if "bad" in proof else f"Bearer {token}"
    tokens = {"right": mine.json()["csrf_token"], "another session's": other.json()["csrf_token"]}
    if csrf is not None:
        headers["X-CSRF-Token"] = tokens.get(csrf, csrf)
    with asking(settings) as http:
        path = "/v1/me" if method == "GET" else "/v1/auth/logout"
        answer = http.request(method, path, headers=headers)
    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json()["error"] == "csrf"


def test_signing_out_makes_the_browser_forget(http):
    answer = http.post("/v1/auth/logout", headers=bearer(sign_in(http)))
    assert all("Max-Age=0" in one for one in cookies_of(answer).values())
    assert len(cookies_of(answer)) == 2
