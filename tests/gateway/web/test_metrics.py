"""Figures for Prometheus."""

from callers import asking
from desk import people, person
from litestar.testing import TestClient
from msgspec.structs import replace

from gateway.web.app import create_app


def test_figures_tell_requests_by_route_and_imports_by_partner(settings, desk):
    desk.drop("roster.csv", [*people(2), person(3, dob="soon")])
    with asking(settings, "127.0.0.1") as http:
        http.get("/health/live")
        http.get("/v1/clients/not-an-id")
        told = http.get("/metrics").text

    assert 'gateway_request_seconds_count{method="GET",route="/health/live",status="200"}' in told
    assert 'route="unknown",status="404"' in told
    assert "not-an-id" not in told
    assert 'gateway_imports{partner="acme",state="loaded_with_errors"} 1.0' in told
    assert 'gateway_rows{outcome="rejected",partner="acme"} 1.0' in told
    assert 'gateway_feed_age_seconds{feed="roster",partner="acme"}' in told


def test_with_a_token_in_the_settings_only_who_knows_it_sees_figures(settings, db):
    with TestClient(create_app(replace(settings, metrics_token="a-long-token"))) as http:
        assert http.get("/metrics").status_code == 403
        assert http.get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 403
        assert http.get("/metrics", headers={"Authorization": "Bearer a-long-token"}).status_code == 200
