"""Who may do what in the console, written down by hand: by page and act, in the words of its documentation.

It is not read from the program's own table of permissions: a test holds the two beside each other.
"""

from __future__ import annotations

import re
from typing import NamedTuple

NOBODY: frozenset[str] = frozenset()
ADMINS = frozenset({"admin"})
LAWYERS = frozenset({"attorney", "admin"})
WRITERS = frozenset({"paralegal", "attorney", "admin"})
EVERYBODY = frozenset({"viewer", "paralegal", "attorney", "admin"})


class Row(NamedTuple):
    """An act.

    Attributes:
        words: what it is.
        roles: who may do it, whomever it is about.
        own: who may do it where it is about themselves alone, such as a case that they are asked to take.
    """

    words: str
    roles: frozenset[str]
    own: frozenset[str] = NOBODY


LOOKING = {
    "GET /": Row("see what waits", EVERYBODY),
    "GET /files": Row("see the files", EVERYBODY),
    "GET /files/{import_id}": Row("see what became of one", EVERYBODY),
    "GET /files/{import_id}/lines/{number}": Row("see a line as it came", WRITERS),
    "GET /files/{import_id}/preview": Row("see what releasing would do", WRITERS),
    "GET /files/{import_id}/repair": Row("see rejected rows", WRITERS),
    "GET /files/{import_id}/repair/preview": Row("see what sending repairs would do", WRITERS),
    "GET /files/{import_id}/repair/rows/{place}": Row("see a rejected row whole", WRITERS),
    "GET /clients": Row("find people", EVERYBODY),
    "GET /clients/{client_id}": Row("see a person", EVERYBODY),
    "GET /clients/{client_id}/history": Row("see what changed of a person", EVERYBODY),
    "GET /clients/{client_id}/eligibility": Row("see a person's checks", EVERYBODY),
    "GET /clients/{client_id}/values/{field}": Row("see how a value is corrected", WRITERS),
    "GET /cases": Row("find cases", EVERYBODY),
    "GET /cases/{case_id}": Row("see a case", EVERYBODY),
    "GET /cases/{case_id}/candidates": Row("see who could take a case", EVERYBODY),
    "GET /expiring": Row("see what ends", EVERYBODY),
    "GET /expiring/{document_id}": Row("see a paper, and who was told", EVERYBODY),
    "GET /messages": Row("see messages", EVERYBODY),
    "GET /messages/{dispatch_id}": Row("see why a message left or did not", EVERYBODY),
    "GET /partners": Row("see partners", EVERYBODY),
    "GET /partners/{slug}": Row("see a partner", EVERYBODY),
    "GET /partners/{slug}/versions/compared": Row("compare versions of settings", EVERYBODY),
    "GET /partners/{slug}/versions/{number}": Row("see a version of settings", EVERYBODY),
    "GET /partners/{slug}/studio": Row("see a draft of settings", ADMINS),
    "GET /partners/{slug}/studio/trial": Row("see what a draft would do", ADMINS),
    "GET /studio": Row("see where a partner is set up", ADMINS),
    "GET /workload": Row("see everybody's load", EVERYBODY),
    "GET /workload/what-if": Row("try another rule of giving cases", LAWYERS),
    "GET /workload/{attorney_id}": Row("see an attorney's load", EVERYBODY),
    "GET /eligibility": Row("find checks", EVERYBODY),
    "GET /eligibility/compare": Row("compare checks", EVERYBODY),
    "GET /eligibility/{check_id}": Row("see a check", EVERYBODY),
    "GET /eligibility/{check_id}/{recommendation_id}": Row("see the words of a score to edit them", LAWYERS),
    "GET /reports": Row("see which reports there are", EVERYBODY),
    "GET /reports/audit_extract": Row("take out the audit log", ADMINS),
    "GET /reports/{name}": Row("see a report", EVERYBODY),
    "GET /reports/orders/{order_id}": Row("follow a report that one ordered", NOBODY, EVERYBODY),
    "GET /audit": Row("read the audit log", ADMINS),
    "GET /admin": Row("come to the admin's pages", ADMINS),
    "GET /admin/staff": Row("see the staff", ADMINS),
    "GET /admin/staff/{staff_id}": Row("see one of the staff", ADMINS),
    "GET /admin/credentials": Row("see credentials", ADMINS),
    "GET /admin/walls": Row("see ethical walls", ADMINS),
    "GET /admin/limits": Row("see limits", ADMINS),
    "GET /admin/jobs": Row("see jobs", ADMINS),
    "GET /admin/jobs/{job_id}": Row("see a job", ADMINS),
    "GET /admin/health": Row("see whether the installation is well", ADMINS),
    "GET /me": Row("see oneself", EVERYBODY),
}
DOING = {  # in an order in which an admin can do all of it, one after another
    "POST /deliveries/{delivery_id}/replay": Row("send a delivery again", WRITERS),
    "POST /deliveries/resume": Row("resume a delivery", WRITERS),
    "POST /files": Row("send a file", WRITERS),
    "POST /files/{import_id}/preview": Row("find out what releasing would do", WRITERS),
    "POST /files/{import_id}/release": Row("release a held file", WRITERS),
    "POST /files/{import_id}/refuse": Row("refuse a held file", WRITERS),
    "POST /files/{import_id}/replay": Row("take a file again", WRITERS),
    "POST /files/{import_id}/repair/links": Row("send the partner a link to rejected rows", WRITERS),
    "POST /files/{import_id}/repair/links/{link_id}/revoke": Row("withdraw such a link", WRITERS),
    "POST /files/{import_id}/repair/cells": Row("keep a cell", WRITERS),
    "POST /files/{import_id}/repair": Row("keep a page of cells", WRITERS),
    "POST /files/{import_id}/repair/preview": Row("check repairs", WRITERS),
    "POST /files/{import_id}/repair/drop": Row("give repairs up", WRITERS),
    "POST /files/{import_id}/repair/rules": Row("say what all alike are to be", WRITERS),
    "POST /files/{import_id}/repair/send": Row("send repairs", WRITERS),
    "POST /cases/{case_id}/handovers/{handover_id}": Row("say whether one takes a case", NOBODY, LAWYERS),
    "POST /cases/{case_id}/candidates": Row("give a case to somebody", LAWYERS),
    "POST /cases/{case_id}/stage": Row("move a case on", WRITERS),
    "POST /cases/{case_id}/close": Row("close a case", LAWYERS),
    "POST /cases/{case_id}/reopen": Row("take a case up again", LAWYERS),
    "POST /expiring/{document_id}/snooze": Row("have somebody told again later", WRITERS, EVERYBODY),
    "POST /expiring/{document_id}/acknowledge": Row("say that a paper is in hand", WRITERS, EVERYBODY),
    "POST /expiring/acknowledge": Row("say that many are in hand", WRITERS, EVERYBODY),
    "POST /messages/{dispatch_id}/words": Row("read what a message said", EVERYBODY),
    "POST /messages/{dispatch_id}/retry": Row("send a message again", WRITERS),
    "POST /messages/{dispatch_id}/release": Row("send a message now", WRITERS),
    "POST /messages/{dispatch_id}/cancel": Row("cancel a message", WRITERS),
    "POST /partners/{slug}/looks": Row("have a partner's places looked at", WRITERS),
    "POST /partners/{slug}/deliveries/{delivery_id}/replay": Row("send a partner's delivery again", WRITERS),
    "POST /partners/{slug}/deliveries/resume": Row("send what waits for a partner", WRITERS),
    "POST /partners/{slug}/learned/{name_id}/forget": Row("forget a name that was learned", ADMINS),
    "POST /partners/{slug}/versions/{number}/activate": Row("go back to older settings", ADMINS),
    "POST /studio": Row("begin settings of a new partner", ADMINS),
    "POST /partners/{slug}/studio": Row("begin a draft of settings", ADMINS),
    "POST /partners/{slug}/studio/preview": Row("try a draft on its sample", ADMINS),
    "POST /partners/{slug}/studio/columns": Row("say what a column becomes", ADMINS),
    "POST /partners/{slug}/studio/source": Row("change the text of a draft", ADMINS),
    "POST /partners/{slug}/studio/trial": Row("try a draft on the last files", ADMINS),
    "POST /partners/{slug}/studio/sample/newest": Row("take a file that came as a sample", ADMINS),
    "POST /partners/{slug}/studio/sample": Row("send a sample", ADMINS),
    "POST /partners/{slug}/studio/proposal": Row("infer settings", ADMINS),
    "POST /partners/{slug}/studio/suggestion": Row("take what was inferred", ADMINS),
    "POST /partners/{slug}/studio/apply": Row("put settings in force", ADMINS),
    "POST /partners/{slug}/studio/drop": Row("give a draft up", ADMINS),
    "POST /workload": Row("let somebody hold cases", ADMINS),
    "POST /workload/{attorney_id}/about": Row("say what else there is to say of an attorney", ADMINS),
    "POST /workload/{attorney_id}/expertise": Row("say what an attorney knows", ADMINS),
    "POST /workload/{attorney_id}/capacity": Row("say what somebody may hold", ADMINS),
    "POST /workload/{attorney_id}/time-off/{off_id}/remove": Row("take time off back", ADMINS, LAWYERS),
    "POST /workload/{attorney_id}/time-off": Row("note that somebody is away", ADMINS, LAWYERS),
    "POST /clients/{client_id}/eligibility": Row("ask for a check", WRITERS),
    "POST /eligibility/{check_id}/retry": Row("try a check again", WRITERS),
    "POST /eligibility/{check_id}/{recommendation_id}": Row("accept, edit or reject a score", LAWYERS),
    "POST /reports/audit_extract": Row("order the audit log", ADMINS),
    "POST /reports/{name}": Row("order a report", EVERYBODY),
    "POST /admin/jobs/{job_id}/retry": Row("have a job tried again", ADMINS),
    "POST /admin/limits/{tier}": Row("change limits", ADMINS),
    "POST /admin/walls": Row("raise a wall", ADMINS),
    "POST /admin/walls/{wall_id}/lift": Row("lift a wall", ADMINS),
    "POST /admin/credentials": Row("make a credential", ADMINS),
    "POST /admin/credentials/{credential_id}/revoke": Row("end a credential", ADMINS),
    "POST /admin/staff": Row("let somebody in", ADMINS),
    "POST /admin/staff/{staff_id}/role": Row("give somebody another role", ADMINS),
    "POST /admin/staff/{staff_id}/password": Row("make somebody another password", ADMINS),
    "POST /admin/staff/{staff_id}/sign-out": Row("sign somebody out everywhere", ADMINS),
    "POST /admin/staff/{staff_id}/let-out": Row("let somebody in no more", ADMINS),
    "POST /admin/staff/{staff_id}/let-in": Row("let somebody in again", ADMINS),
    "POST /clients/{client_id}/identifiers": Row("see identifiers in clear", EVERYBODY),
    "POST /clients/{client_id}/values/{field}/unpin": Row("take a pin out", WRITERS),
    "POST /clients/{client_id}/values/{field}": Row("correct a value", WRITERS),
    "POST /clients/{client_id}/archive": Row("archive a person", LAWYERS),
    "POST /clients/{client_id}/restore": Row("take a person back from the archive", LAWYERS),
    "POST /clients/{client_id}/erase": Row("erase a person", ADMINS),
    "POST /me/wishes": Row("say how often one is told", EVERYBODY),
    "POST /me/quiet-hours": Row("say when one is not told", EVERYBODY),
    "POST /me/sessions/{session_id}/end": Row("end a session of one's own", NOBODY, EVERYBODY),
    "POST /me/sessions/end": Row("end all others of one's own", EVERYBODY),
    "POST /me/password": Row("change one's password", EVERYBODY),
    "POST /sign-out": Row("sign out", EVERYBODY),
}
BESIDE = {  # what pages lead to beside themselves
    "GET /v1/imports/{import_id}/errors": Row("take rejected rows", WRITERS),
    "GET /v1/imports/{import_id}/events": Row("follow a file", EVERYBODY),
    "GET /v1/eligibility-checks/{check_id}/events": Row("follow a check", EVERYBODY),
    "GET /v1/eligibility-checks/{check_id}/memo": Row("take the memo of a check", EVERYBODY),
    "GET /v1/reports/orders/{order_id}/file": Row("take a report that one ordered", NOBODY, EVERYBODY),
    "GET /v1/reports/audit_extract": Row("take out the audit log", ADMINS),
    "GET /v1/reports/{name}": Row("take a report", EVERYBODY),
}
TABLE = LOOKING | DOING | BESIDE
OPEN = {"GET /sign-in", "POST /sign-in", "GET /static/{digest}/{name}", "GET /repair/sent"}
BY_LINK = {  # for whoever opened a link to rejected rows, and for none of the staff
    "GET /repair",
    "POST /repair",
    "POST /repair/cells",
    "POST /repair/drop",
    "GET /repair/preview",
    "POST /repair/preview",
    "GET /repair/rows/{place}",
    "POST /repair/rules",
    "POST /repair/send",
}
ROWS = {  # what shows rows of a file, and may so name whoever is behind a wall
    "GET /files/{import_id}/lines/{number}",
    "GET /files/{import_id}/preview",
    "POST /files/{import_id}/preview",
    "GET /v1/imports/{import_id}/errors",
    *(row for row in TABLE if "/repair" in row),
}
_PATTERNS = [
    (row, re.compile(re.sub(r"{\w+}", "[^/]+", row)))
    for row in sorted(TABLE, key=lambda one: (one.count("{"), one))  # the most particular first
]


def row_of(method: str, address: str) -> str | None:
    """The row of the table that speaks of an address."""
    asked = f"{method} {address.partition('?')[0]}"
    return next((row for row, pattern in _PATTERNS if pattern.fullmatch(asked)), None)
