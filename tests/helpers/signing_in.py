"""Signing in over HTTP, and the time that passes meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from helpers.callers import PASSWORD

EMAIL = "attorney@northgate.example"
WRONG = "not-the-password"


def sign_in(http, password=PASSWORD, email=EMAIL, **more):
    return http.post("/v1/auth/login", json={"email": email, "password": password, **more})


def bearer(answer):
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def me(http, headers):
    return http.get("/v1/me", headers=headers)


def cookies_of(answer):
    return {one.partition("=")[0]: one for one in answer.headers.get_list("set-cookie")}


def really_now():
    return datetime.now(UTC)  # noqa: TID251 - the real clock, from which the tests pretend


def in_minutes(minutes):
    return (really_now() + timedelta(minutes=minutes)).isoformat()


def at(monkeypatch, minutes):
    monkeypatch.setenv("GATEWAY_NOW", in_minutes(minutes))
