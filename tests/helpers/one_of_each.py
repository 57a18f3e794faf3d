"""A firm that has at least one of each thing of which the console has a page, and who of its staff stands where to each.

Somebody of the staff, the walled attorney, is kept from one person of acme, and from the partner globex with all of its
people. The clock stands at `ending.NOW`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import select, text, update

from gateway.db.models import (
    Attorney,
    Case,
    Dispatch,
    Document,
    FeedRow,
    RepairLink,
    Staff,
    StaffSession,
    TimeOff,
    UnassignedCase,
)
from gateway.domain.access import accounts
from gateway.domain.access.credentials import add_key
from gateway.domain.assignment import moving
from gateway.domain.eligibility import checks
from gateway.domain.partners import homes, names
from gateway.domain.people import clients, walls
from gateway.domain.people.walls import NewWall
from gateway.office import Actor, Office
from gateway.reports import REPORTS, orders
from helpers import ending, halted
from helpers.attorneys import AT_THE_DESK
from helpers.callers import hashed, staff_headers, stranger
from helpers.checked import Checked
from helpers.dispatches import make
from helpers.firm_at_work import AtWork, at_work
from helpers.idle import idle_job
from helpers.inbox import ROSTER, Inbox, people, person
from helpers.places import Places, with_arrivals
from helpers.reviewed import made
from helpers.studio import Studio
from ingest.repairs import draft
from ingest.repairs import rows as rejected
from outbound.notify import of_rows
from outbound.notify.channels.base import Words
from outbound.notify.claiming import SAID

CONTACTS = "contacts: {errors: [ana@acme.example]}\n"
PEOPLE = ("viewer", "paralegal", "attorney", "admin", "walled", "stranger")
SPOKEN = Words(subject="A stay ends soon", text="The stay of somebody ends.", short="A stay ends.")


class Thing(NamedTuple):
    """Something that addresses name.

    Attributes:
        values: what stands for the parameters of an address.
        is_ours: it is the firm's alone; another firm has none of this name.
        is_behind: a wall keeps the walled attorney from it.
        is_screened: it holds rows of a partner of whose people one is behind a wall.
        whose: it is about one of the staff alone, named by who they are in tests.
    """

    values: dict[str, str]
    is_ours: bool = True
    is_behind: bool = False
    is_screened: bool = False
    whose: str | None = None


class OneOfEach(NamedTuple):
    """What there is.

    Attributes:
        things: by the parameters of the addresses that name them.
        hidden: what nobody behind the wall may read, ids and names.
        ours: what nobody of another firm may read.
        typed: of this firm, what somebody types into a form before pressing, by the row of the table.
    """

    things: dict[tuple[str, ...], list[Thing]]
    hidden: set[str]
    ours: set[str]
    typed: dict[str, dict[str, str]]

    @property
    def screened(self) -> set[str]:
        """Files whose rows may name somebody behind a wall."""
        return {one.values["import_id"] for one in self.things["import_id",] if one.is_screened}


class Founding:
    """Makes the firm, and notes what there is."""

    def __init__(self, office: Office, tenants: Any) -> None:
        self.office, self.tenants, self.firm_id = office, tenants, tenants.northgate
        self.admin = Actor("staff", "admin@northgate.example", tenants.staff["admin"], "test")
        self.acme, self.globex = (Inbox(office, self.firm_id, slug) for slug in ("acme", "globex"))
        self.things: dict[tuple[str, ...], list[Thing]] = {(): [Thing({}, is_ours=False)]}
        self.hidden: set[str] = {"Name2", "Globex", "globex"}
        self.staff: dict[str, UUID] = {}
        self.typed: dict[str, dict[str, str]] = {}

    def made(self) -> OneOfEach:
        ids = self.send_files()  # before there is anybody of whom they say nothing
        at = at_work(self.office, self.firm_id, self.tenants.acme)
        self.sign_on(at)
        self.repair()
        self.keep_people(ids)
        self.wall_off(ids["E2"])
        self.give_cases(at, ids)
        self.tell(ids)
        self.check(ids["E2"])
        self.deliver()
        self.settle()
        self.administer(at)
        ours = {
            one for all_ in self.things.values() for thing in all_ if thing.is_ours for one in thing.values.values()
        }
        self.typed["POST /admin/walls"] = {"staff_id": str(self.staff["paralegal"]), "client_id": str(ids["E1"])}
        told = {one for one in ours if len(one) > 30} | {"northgate"}
        return OneOfEach(self.things, self.hidden, told, self.typed)

    # ------------------------------------------------------------ by hand

    def acting(self, actor: Actor | None = None) -> Any:
        return self.office.acting(self.firm_id, actor or self.admin)

    def has(self, *values: object, by: Sequence[str], **more: Any) -> None:
        thing = Thing(dict(zip(by, map(str, values), strict=True)), **more)
        self.things.setdefault(tuple(by), []).append(thing)
        if thing.is_behind:
            self.hidden |= {one for one in thing.values.values() if len(one) > 30}

    def sql(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        return self.acme.sql(query, *params)

    # ------------------------------------------------------------ what there is

    def sign_on(self, at: AtWork) -> None:
        walled = at.firm.hire("walled")
        with self.office.db.firm(self.firm_id) as session:
            mine = select(Attorney.staff_id).where(Attorney.id == walled)
            self.staff = {**self.tenants.staff, "walled": session.scalars(mine).one()}
        self.staff["stranger"] = stranger(self.office, self.tenants)
        with self.office.db.system() as session:
            session.execute(update(Staff).values(password_hash=hashed()))

    def send_files(self) -> dict[str, UUID]:
        for settings in (ROSTER.format(partner="acme", firm="northgate"), with_arrivals("{via: drop}") + CONTACTS):
            self.acme.apply(settings)
        Places(self.acme).poll()
        bad = self.acme.drop(
            "roster_20261220.csv",
            [*(person(n, ssn=f"536-90-439{n}") for n in range(1, 6)), *(person(n, dob="soon") for n in (6, 7))],
        )
        ids = ending.load(self.acme, self.tenants)
        held = [self.acme.drop(f"roster_2027010{day}.csv", people(1)) for day in (2, 3, 4)]
        assert {one["state"] for one in held} == {"held"}
        good = self.sql("SELECT id FROM imports WHERE state = 'loaded'")
        for one in [bad["import_id"], *(one["import_id"] for one in held), *(one for (one,) in good)]:
            self.has(one, by=["import_id"], is_screened=True)
        self.has(bad["import_id"], 2, by=["import_id", "number"], is_screened=True)
        self.globex.apply(ROSTER.format(partner="globex", firm="northgate"))
        rows = [*(person(n, i94_expiry="03/01/2027") for n in (11, 13, 14)), person(12, dob="soon")]
        theirs = self.globex.drop("roster_20270101.csv", rows)
        self.has(theirs["import_id"], by=["import_id"], is_behind=True, is_screened=True)
        self.has(theirs["import_id"], 2, by=["import_id", "number"], is_behind=True, is_screened=True)
        self.bad = UUID(bad["import_id"])
        return ids

    def repair(self) -> None:
        with self.acting() as acting:
            place = rejected.page(acting, self.bad).tables[0].rows[0].place
            draft.set_rule(acting, self.bad, draft.Way("DOB", "bad_date", "soon"), "02/03/1980")
            of_rows.send_link(acting, self.bad, self.tenants.acme)
            link = acting.session.scalars(select(RepairLink.id)).first()
        self.has(self.bad, place, by=["import_id", "place"], is_screened=True)
        self.has(self.bad, link, by=["import_id", "link_id"], is_screened=True)

    def keep_people(self, ids: dict[str, UUID]) -> None:
        with self.acting() as acting:
            clients.change(acting, ids["E1"], {"job_title": "Welder"})
            clients.change(acting, ids["E2"], {"job_title": "Turner"})
            clients.archive(acting, ids["E5"])
        theirs = self.globex.sql("SELECT id FROM clients WHERE partner_id = %s", self.tenants.globex)
        self.hidden |= {str(one) for (one,) in theirs}
        for one in (ids["E3"], ids["E5"]):
            self.has(one, by=["client_id"])
        for one, is_behind in ((ids["E1"], False), (ids["E2"], True), (theirs[0][0], True)):
            self.has(one, by=["client_id"], is_behind=is_behind)
            self.has(one, "job_title", by=["client_id", "field"], is_behind=is_behind)
        behind = {ids["E2"], *(one for (one,) in theirs)}
        with self.acting() as acting:
            for paper in acting.session.scalars(select(Document).where(Document.expires_on.is_not(None))):
                if paper.client_id != ids["E5"]:
                    self.has(paper.id, by=["document_id"], is_behind=paper.client_id in behind)

    def wall_off(self, whom: UUID) -> None:
        with self.acting() as acting:
            for client_id, partner_id in ((whom, None), (None, self.tenants.globex)):
                wall = walls.add(acting, NewWall(self.staff["walled"], client_id, partner_id, "Acted for them"))
                self.has(wall.id, by=["wall_id"])

    def give_cases(self, at: AtWork, ids: dict[str, UUID]) -> None:
        [closed] = at.firm.open(client_id=ids["E1"], stage="closed", status="withdrawn")
        [asked] = at.firm.open(client_id=ids["E1"], attorney_id=at.attorneys["ana"], stage="filed", case_type="TN")
        [waits] = at.firm.open(client_id=ids["E3"], case_type="TN")
        at.firm.change([asked], deadline_on=at.today + timedelta(days=3))
        with self.acting(AT_THE_DESK) as acting:
            acting.session.add(UnassignedCase(firm_id=self.firm_id, case_id=waits, excluded={}))
            handover = moving.move(acting, asked, at.attorneys["attorney"], "Is ill.").handover
            assert handover is not None
            walled = acting.session.scalars(select(Case.id).where(Case.client_id == ids["E2"])).all()
        for one in (at.case_id, closed, asked, waits):
            self.has(one, by=["case_id"])
        for one in walled:
            self.has(one, by=["case_id"], is_behind=True)
        self.has(asked, handover.id, by=["case_id", "handover_id"], whose="attorney")

    def tell(self, ids: dict[str, UUID]) -> None:
        for name in ("E1", "E2"):
            for notice, dispatch in ending.tell(self.acme, ids[name]):
                self.has(dispatch, by=["dispatch_id"], is_behind=name == "E2")
                self.hidden |= {str(notice)} if name == "E2" else set()
                self.typed.setdefault("POST /expiring/acknowledge", {f"notice:{notice}": "on"})
        own = {"kind": "expiry", "template": "expiry"}
        for state in ("dead", "waiting", "sent"):
            [one] = make(self.office, self.firm_id, self.staff["admin"], state=state, **own)
            self.has(one, by=["dispatch_id"])
        with self.office.db.firm(self.firm_id) as session:
            plain = msgspec.json.encode(SPOKEN).decode()
            [said] = self.office.cipher(session, self.firm_id).encrypt_column([plain], SAID)
            session.execute(update(Dispatch).where(Dispatch.id == one).values(said=said))

    def check(self, walled_from: UUID) -> None:
        firm = Checked(self.office, self.tenants)
        whom = firm.person(given_name="Li", family_name="Wu")
        for client_id, is_behind in ((whom, False), (walled_from, True)):
            pair = [made(firm, client_id)[0] for _ in range(2)]
            for one in pair:
                self.has(one, by=["check_id"], is_behind=is_behind)
                with self.acting() as acting:
                    for said in checks.recommendations(acting, one):
                        self.has(one, said.id, by=["check_id", "recommendation_id"], is_behind=is_behind)
            self.has(*pair, by=["a", "b"], is_behind=is_behind)
        failed = firm.ask(whom, "EB1A")
        with self.office.db.system() as session:
            tried = text("UPDATE jobs SET attempts = 1, last_error = 'No model answered.' WHERE about = :check")
            session.execute(tried, {"check": failed})
        self.has(failed, by=["check_id"])
        self.has(whom, by=["client_id"])

    def deliver(self) -> None:
        off, on = (halted.line_off(self.acme, self.tenants, name) for name in ("changes", "receipts"))
        for line in (off, on):
            dead = halted.parcel(self.acme, self.tenants, line, "dead", "2 hours")
            self.has(dead, by=["delivery_id"], is_behind=True)  # it may name the person whom a wall hides
            self.has("acme", dead, by=["slug", "delivery_id"], is_behind=True)

    def settle(self) -> None:
        with self.acting() as acting:
            feed = acting.session.scalars(select(FeedRow.id).where(FeedRow.partner_id == self.tenants.acme)).one()
            names.learn_name(acting, feed, "Last Name", "Surname")
            [learned] = names.of_partner(acting, homes.home_of(acting, "acme"))
            self.has("acme", learned.alias.id, by=["slug", "name_id"])
        for slug in ("acme", "cyberdyne"):
            one = Studio(self.office, self.firm_id, slug, self.admin)
            one.begin(None if slug == "acme" else "Cyberdyne Ltd")
            one.send()
            one.propose()
        for slug in ("cyberdyne", "acme", "globex"):
            self.has(slug, by=["slug"], is_behind=slug == "globex", is_screened=True)
        self.has("acme", 1, by=["slug", "number"])
        self.has("acme", 2, by=["slug", "number"])
        self.has("globex", 1, by=["slug", "number"], is_behind=True)

    def administer(self, at: AtWork) -> None:
        self.has(idle_job(self.office, self.firm_id, "expiry.sweep", last_error="It broke."), by=["job_id"])
        with self.acting() as acting:
            accounts.deactivate_staff(acting, accounts.member(acting, self._left(at)))
            key = add_key(acting, self.tenants.acme, name="HR", scopes=["status:read"], expires_at=None)
            self.has(key.credential.id, by=["credential_id"])
        for one in (self.staff["paralegal"], self._left(at)):
            self.has(one, by=["staff_id"])
        for name in ("ana", "attorney"):
            at.firm.away(at.attorneys[name], at.today + timedelta(days=9), at.today + timedelta(days=12))
            whose = {"whose": "attorney"} if name == "attorney" else {}
            with self.acting() as acting:
                off = acting.session.scalars(select(TimeOff.id).where(TimeOff.attorney_id == at.attorneys[name])).one()
            self.has(at.attorneys[name], by=["attorney_id"], **whose)
            self.has(at.attorneys[name], off, by=["attorney_id", "off_id"], **whose)
        for name in REPORTS:
            self.has(name, by=["name"], is_ours=False)
        for tier in ("basic", "standard"):
            self.has(tier, by=["tier"], is_ours=False)
        for who in PEOPLE:
            self._own(who)

    def _left(self, at: AtWork) -> UUID:
        with self.office.db.firm(self.firm_id) as session:
            return session.scalars(select(Attorney.staff_id).where(Attorney.id == at.attorneys["ben"])).one()

    def _own(self, who: str) -> None:
        """Two sessions and a report of one of the staff."""
        firm_id = self.tenants.harbor if who == "stranger" else self.firm_id
        for _ in range(2):
            staff_headers(self.office, firm_id, self.staff[who])
        actor = Actor("staff", f"{who}@test", self.staff[who], "test")
        with self.office.acting(firm_id, actor) as acting:
            order = orders.place(acting, "import_receipt", REPORTS["import_receipt"].filters(), "csv")
            mine = select(StaffSession.id).where(StaffSession.staff_id == self.staff[who])
            sessions = acting.session.scalars(mine).all()
        self.has(order.id, by=["order_id"], whose=who, is_ours=who != "stranger")
        for one in sessions:
            self.has(one, by=["session_id"], whose=who, is_ours=who != "stranger")


def one_of_each(office: Office, tenants: Any) -> OneOfEach:
    """Make the firm."""
    return Founding(office, tenants).made()
