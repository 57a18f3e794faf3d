"""What notices point at is there, as foreign keys would have it: a trigger sees to it, and nobody changes it later."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError, ProgrammingError

from gateway.db.models import Client, Document, Notice, Staff

ENDS = date(2027, 1, 1)
STRANGER = UUID("01900000-0000-7000-8000-00000000b100")  # of Harbor's staff


@pytest.fixture
def people(db, tenants):
    """Two of Northgate's and one of Harbor's, each with a paper: (client, document)."""
    found = {}
    for name, firm, partner in (
        ("ana", tenants.northgate, tenants.acme),
        ("bo", tenants.northgate, tenants.acme),
        ("cy", tenants.harbor, tenants.initech),
    ):
        client, paper = uuid4(), uuid4()
        with db.system() as session:
            session.add(Client(firm_id=firm, id=client, partner_id=partner, key=name))
            session.flush()
            session.add(
                Document(firm_id=firm, id=paper, client_id=client, doc_type="i94", number_index=b"", expires_on=ENDS)
            )
        found[name] = client, paper
    with db.system() as session:
        session.add(Staff(firm_id=tenants.harbor, id=STRANGER, email="x@harbor.example", name="X", role="admin"))
    return found


def note(db, tenants, client: UUID, paper: UUID, staff: UUID | None = None, more=()):
    """Write a notice of Northgate's, and others in the same statement."""
    fixed = {"expires_on": ENDS, "lead": 30, "days_left": 30, "channel": "email", "due_on": ENDS}
    rows = [
        fixed
        | {"firm_id": tenants.northgate, "client_id": one, "document_id": other, "staff_id": who}
        | {"role": "paralegal" if who else "client"}
        for one, other, who in [(client, paper, staff), *more]
    ]
    with db.system() as session:
        session.execute(insert(Notice).values(rows))


def test_notices_of_ones_own_paper_for_oneself_or_for_staff_are_taken(db, tenants, people):
    note(db, tenants, *people["ana"], tenants.staff["paralegal"], [(*people["bo"], None)])


@pytest.mark.parametrize(
    ("client", "paper", "staff"),
    [
        ("ana", "bo", None),
        ("cy", "cy", None),
        ("ana", "cy", None),
        ("ana", None, None),
        (None, "ana", None),
        ("ana", "ana", "nobody"),
        ("ana", "ana", "harbor"),
    ],
)
def test_one_that_points_elsewhere_is_refused_with_its_whole_statement(
    db, tenants, people, all_rows, client, paper, staff
):
    who = {None: None, "nobody": uuid4(), "harbor": STRANGER}[staff]
    stray = people[client][0] if client else uuid4(), people[paper][1] if paper else uuid4(), who
    with pytest.raises(IntegrityError, match="1 notices point at"):
        note(db, tenants, *people["bo"], tenants.staff["paralegal"], [stray])
    assert all_rows()["notices"] == []


@pytest.mark.parametrize("column", ["client_id", "document_id", "staff_id", "expires_on", "lead", "step", "channel"])
def test_what_one_is_about_does_not_change(db, tenants, people, column):
    note(db, tenants, *people["ana"])
    with pytest.raises(ProgrammingError, match="permission denied"), db.system() as session:
        session.execute(update(Notice).values({column: getattr(Notice, column)}))
