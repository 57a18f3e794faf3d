"""The one table of who may do what; routes name a row of it, and a test walks all routes as everybody.

Staff hold permissions by their role, partners by the scopes of their credential. What is not listed nobody may do.
"""

from __future__ import annotations

from typing import NamedTuple

SCOPES: dict[str, str] = {
    "records:write": "send records, and ask about employees in real time",
    "files:write": "send files",
    "status:read": "see what became of files, and the status of employees",
    "reports:read": "fetch reports, and files that wait in the outbox",
    "links:write": "make short links, and see how often they are followed",
    "notifications:write": "send notifications to their own people and contacts, and see what became of them",
}

VIEWER, PARALEGAL, ATTORNEY, ADMIN = "viewer", "paralegal", "attorney", "admin"
_READERS = frozenset({VIEWER, PARALEGAL, ATTORNEY, ADMIN})
_WRITERS = frozenset({PARALEGAL, ATTORNEY, ADMIN})
_LAWYERS = frozenset({ATTORNEY, ADMIN})
_ADMINS = frozenset({ADMIN})
_NOBODY: frozenset[str] = frozenset()
ANY = "any"  # scope: a partner's credential will do, whatever it may otherwise


class Allowed(NamedTuple):
    """The roles of staff, and the scope of a partner's credential, that hold a permission."""

    roles: frozenset[str]
    scope: str | None = None


PERMISSIONS: dict[str, Allowed] = {
    "clients.read": Allowed(_READERS),
    "clients.write": Allowed(_WRITERS),
    "clients.archive": Allowed(_LAWYERS),
    "clients.erase": Allowed(_ADMINS),
    "cases.read": Allowed(_READERS),
    "cases.write": Allowed(_WRITERS),
    "cases.close": Allowed(_LAWYERS),
    "cases.assign": Allowed(_LAWYERS),
    "documents.read": Allowed(_READERS),
    "documents.write": Allowed(_WRITERS),
    "files.send": Allowed(_WRITERS, "files:write"),
    "imports.read": Allowed(_READERS, "status:read"),
    "imports.errors": Allowed(_WRITERS, "files:write"),
    "imports.decide": Allowed(_WRITERS),
    "records.send": Allowed(_NOBODY, "records:write"),
    "eligibility.check": Allowed(_NOBODY, "records:write"),
    "checks.read": Allowed(_READERS),
    "checks.ask": Allowed(_WRITERS),
    "eligibility.review": Allowed(_LAWYERS),
    "employees.status": Allowed(_NOBODY, "status:read"),
    "deliveries.read": Allowed(_READERS, "reports:read"),
    "deliveries.send": Allowed(_WRITERS, "reports:read"),
    "reports.read": Allowed(_READERS, "reports:read"),
    "outbox.read": Allowed(_WRITERS, "reports:read"),
    "audit.read": Allowed(_ADMINS),
    "jobs.read": Allowed(_ADMINS),
    "jobs.retry": Allowed(_ADMINS),
    "credentials.manage": Allowed(_ADMINS),
    "partners.read": Allowed(_READERS),
    "partners.configure": Allowed(_ADMINS),
    "staff.manage": Allowed(_ADMINS),
    "limits.manage": Allowed(_ADMINS),
    "health.read": Allowed(_ADMINS),
    "leads.manage": Allowed(_ADMINS),
    "notices.read": Allowed(_READERS),
    "notices.send": Allowed(_WRITERS),
    "links.manage": Allowed(_WRITERS, "links:write"),
    "preferences.read": Allowed(_READERS),
    "preferences.write": Allowed(_READERS),
    "preferences.manage": Allowed(_ADMINS),
    "opt_outs.write": Allowed(_WRITERS),
    "notifications.read": Allowed(_READERS, "notifications:write"),
    "notifications.send": Allowed(_WRITERS, "notifications:write"),
    "templates.read": Allowed(_READERS),
    "templates.manage": Allowed(_ADMINS),
    "attorneys.read": Allowed(_READERS),
    "attorneys.manage": Allowed(_ADMINS),
    "models.read": Allowed(_READERS),
    "models.manage": Allowed(_ADMINS),
    "time_off.write": Allowed(_LAWYERS),
    "me.read": Allowed(_READERS, ANY),
    "me.write": Allowed(_READERS),
    "walls.manage": Allowed(_ADMINS),
    "inbox.use": Allowed(_READERS),
    "limits.read": Allowed(_NOBODY, "status:read"),
}


def holds(permission: str, *, role: str | None, scopes: frozenset[str]) -> bool:
    """Whether staff of a role, or a partner's credential with these scopes, hold a permission.

    Raises:
        KeyError: there is no such permission.
    """
    allowed = PERMISSIONS[permission]
    if role is not None:
        return role in allowed.roles
    return allowed.scope == ANY or allowed.scope in scopes
