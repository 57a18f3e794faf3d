"""Every route about records, walked as everybody: the table of permissions decides, and nothing else."""

import pytest

from gateway.domain.access.permissions import PERMISSIONS
from gateway.web.app import create_app, routes_of

SUBJECTS = ("clients", "cases", "documents", "audit", "walls")
NOBODY = "01900000-0000-7000-8000-000000000001"


@pytest.fixture
def routes(settings):
    found = []
    for path, method, handler in routes_of(create_app(settings)):
        parts = path.split("/")
        if parts[1] == "v1" and len(parts) > 2 and parts[2] in SUBJECTS:
            where = "/".join(
                NOBODY if part.endswith(":uuid}") else "notes" if part == "{field:str}" else part for part in parts
            )
            found.append((method, where, PERMISSIONS[handler.opt["may"]].roles))
    assert len(found) > 25
    return found


def ask(http, method, where, headers):
    body = {} if method in {"POST", "PATCH"} and not where.endswith("restorations") else None
    return http.request(method, where, json=body, headers=headers).status_code


def test_nobody_and_no_partner_gets_at_records(http, routes, acme_key):
    for method, where, _ in routes:
        assert ask(http, method, where, {}) == 401, where
        assert ask(http, method, where, acme_key) == 403, where


@pytest.mark.parametrize("role", ["viewer", "paralegal", "attorney", "admin", "stranger"])
def test_a_role_gets_as_far_as_the_table_says(http, routes, as_staff, role):
    for method, where, roles in routes:
        allowed = role == "stranger" or role in roles  # the stranger is an admin of another firm
        assert (ask(http, method, where, as_staff(role)) != 403) == allowed, (method, where)
