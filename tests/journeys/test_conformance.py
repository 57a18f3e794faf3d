"""The API as it is served does what its OpenAPI document says, whoever asks and whatever is asked."""

from __future__ import annotations

import re

import httpx
import pytest
from helpers.fuzzing import EXAMPLES, fuzz
from helpers.serving import furnished

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600 if EXAMPLES < 10 else 0)]

LOGOUT = "V1AuthLogoutLogout"
# they end sessions and accounts, the tool's own among them: tests of their own ask them
WAYS_IN = (
    ("GET", "/v1/me/sessions"),
    ("DELETE", "/v1/me/sessions"),
    ("DELETE", "/v1/me/sessions/{session_id}"),
    ("GET", "/v1/staff"),
    ("POST", "/v1/staff"),
    ("GET", "/v1/staff/{staff_id}"),
    ("PUT", "/v1/staff/{staff_id}/role"),
    ("POST", "/v1/staff/{staff_id}/deactivations"),
    ("POST", "/v1/staff/{staff_id}/reactivations"),
    ("POST", "/v1/staff/{staff_id}/passwords"),
    ("DELETE", "/v1/staff/{staff_id}/sessions"),
)
BELL = "/v1/inbox/events"  # it says nothing, and does not end by itself
SERVED = re.compile(r'gateway_request_seconds_count\{route="([^"]+)",method="(\w+)",status="2\d\d"\}')
PARTNERS_OWN = {
    ("POST", "/v1/eligibility/check"),
    ("POST", "/v1/eligibility/check/batch"),
    ("GET", "/v1/employees/{employee_id}/status"),
    ("GET", "/v1/rate-limit/status"),
    ("POST", "/v1/records/{feed}"),
}
RARE = {  # what chance seldom gets right, such as a secret, a pin that there is, or a job that is dead
    ("POST", "/v1/attorneys"),
    ("PUT", "/v1/assignment-policy"),
    ("GET", "/v1/assignment-simulations"),
    ("POST", "/v1/attorneys/{attorney_id}/time-off"),
    ("DELETE", "/v1/attorneys/{attorney_id}/time-off/{off_id}"),
    ("POST", "/oauth/token"),
    ("POST", "/v1/auth/login"),
    ("DELETE", "/v1/cases/{case_id}/pins/{field}"),
    ("DELETE", "/v1/clients/{client_id}/pins/{field}"),
    ("DELETE", "/v1/documents/{document_id}/pins/{field}"),
    ("POST", "/v1/imports/{import_id}/release"),
    ("POST", "/v1/imports/{import_id}/release/preview"),
    ("GET", "/v1/imports/{import_id}/release/preview"),
    ("POST", "/v1/imports/{import_id}/repair/preview"),
    ("GET", "/v1/imports/{import_id}/repair/preview"),
    ("GET", "/v1/imports/{import_id}/lines/{number}"),
    ("GET", "/v1/imports/{import_id}/repair"),
    ("PUT", "/v1/imports/{import_id}/repair/cells"),
    ("PUT", "/v1/imports/{import_id}/repair/rules"),
    ("POST", "/v1/imports/{import_id}/repair/send"),
    ("DELETE", "/v1/imports/{import_id}/repair"),
    ("GET", "/v1/imports/{import_id}/repair/links"),
    ("POST", "/v1/imports/{import_id}/repair/links"),
    ("DELETE", "/v1/imports/{import_id}/repair/links/{link_id}"),
    ("GET", "/v1/partners/{slug}/draft/columns"),
    ("PUT", "/v1/partners/{slug}/draft/columns"),
    ("PUT", "/v1/partners/{slug}/draft/source"),
    ("PUT", "/v1/partners/{slug}/draft/sample"),
    ("POST", "/v1/partners/{slug}/draft/sample"),
    ("POST", "/v1/partners/{slug}/draft/proposals"),
    ("POST", "/v1/partners/{slug}/draft/previews"),
    ("POST", "/v1/partners/{slug}/draft/applications"),
    ("POST", "/v1/partners/{slug}/draft/trial"),
    ("GET", "/v1/partners/{slug}/draft/trial"),
    ("GET", "/v1/partners/{slug}/draft"),
    ("DELETE", "/v1/partners/{slug}/draft"),
    ("POST", "/v1/clients/{client_id}/eligibility-checks"),
    ("GET", "/v1/jobs/{job_id}"),
    ("POST", "/v1/jobs/{job_id}/retry"),
    ("PUT", "/v1/rate-limits/{tier}"),
    ("GET", "/v1/health/checks"),
    ("POST", "/v1/webhooks/{partner}/{feed}"),
    ("POST", "/v1/callbacks/sms/status"),
    ("GET", BELL),
    ("POST", "/v1/inbox/{message_id}/read"),
    ("DELETE", "/v1/push-subscriptions/{subscription_id}"),
    ("POST", "/v1/callbacks/sms/inbound"),
    ("GET", "/v1/partners/{slug}/feeds/{feed}/hris"),
    ("POST", "/v1/partners/{slug}/feeds/{feed}/hris/disconnections"),
    ("POST", "/v1/partners/{slug}/feeds/{feed}/hris/reconnections"),
    ("POST", "/v1/arrivals/looks"),
    ("POST", "/v1/arrivals/ping"),
    ("PUT", "/v1/expiry/lead-times/{doc_type}"),
    ("POST", "/v1/expiry/notices/{notice_id}/acknowledge"),
    ("POST", "/v1/expiry/notices/{notice_id}/snooze"),
    ("PUT", "/v1/expiry/supervisors"),
    ("PUT", "/v1/templates/{template}/{form}"),
    ("POST", "/v1/templates/{template}/{form}/versions/{number}/activations"),
    ("POST", "/v1/templates/{template}/{form}/preview"),
    ("POST", "/v1/cases/{case_id}/reassignments"),
    ("POST", "/v1/cases/{case_id}/reassignments/undo"),
    ("POST", "/v1/handovers/{handover_id}/accept"),
    ("POST", "/v1/handovers/{handover_id}/decline"),
    ("POST", "/v1/handover-plans"),
    ("POST", "/v1/handover-plans/{plan_id}/execute"),
    ("POST", "/v1/clients/{client_id}/profile"),
    ("PUT", "/v1/clients/{client_id}/profile/{ref}"),
    ("DELETE", "/v1/clients/{client_id}/profile/{ref}"),
    ("POST", "/v1/eligibility-checks/{check_id}/retry"),  # all have ended well
    ("GET", "/v1/eligibility-checks/{check_id}/comparison"),  # takes two of one person
    ("POST", "/v1/notifications"),
    ("GET", "/v1/notifications/{notification_id}"),
    ("POST", "/v1/notifications/{notification_id}/cancel"),
    ("GET", "/v1/outbox/{file_id}"),
    ("GET", "/v1/deliveries/{delivery_id}"),
    ("POST", "/v1/deliveries/{delivery_id}/replay"),
    ("POST", "/v1/deliveries/replay"),
    ("POST", "/v1/deliveries/resume"),
    ("POST", "/v1/deliveries/ping"),
    ("GET", "/v1/notices/{dispatch_id}"),
    ("GET", "/v1/notices/{dispatch_id}/explain"),
    ("GET", "/v1/notices/{dispatch_id}/words"),
    ("POST", "/v1/notices/{dispatch_id}/retry"),
    ("POST", "/v1/notices/{dispatch_id}/release"),
    ("POST", "/v1/notices/{dispatch_id}/cancel"),
    ("GET", "/v1/reports/orders/{order_id}/file"),  # no worker of the bulk queue is served
}


@pytest.fixture(scope="module")
def one(modules_addresses, tenants, tmp_path_factory):
    with furnished(modules_addresses, tenants, tmp_path_factory.mktemp("furnished")) as found:
        yield found


def operations(one):
    document = httpx.get(f"{one.url}/v1/openapi.json").json()
    return {(method.upper(), path) for path, found in document["paths"].items() for method in found}


def done(one):
    """The operations that were answered with success so far."""
    figures = httpx.get(f"{one.url}/metrics").text
    return {(method, re.sub(r":\w+}", "}", route)) for route, method in SERVED.findall(figures)}


def test_a_partner_finds_the_api_as_its_document_says(one, tmp_path):
    own = [word for _, path in PARTNERS_OWN for word in ("--include-path", path)]
    fuzz(one, one.acme, tmp_path, "--phases", "coverage", *own)
    fuzz(one, one.acme, tmp_path, "--phases", "examples,fuzzing")
    assert PARTNERS_OWN - done(one) == set()


def test_an_admin_finds_the_api_as_its_document_says(one, tmp_path):
    fuzz(one, one.leaving, tmp_path, "--include-operation-id", LOGOUT)
    apart = [word for path in {BELL, *(path for _, path in WAYS_IN)} for word in ("--exclude-path", path)]
    fuzz(one, one.admin, tmp_path, "--exclude-operation-id", LOGOUT, *apart)
    assert operations(one) - done(one) - PARTNERS_OWN - RARE - {*WAYS_IN} == set()
