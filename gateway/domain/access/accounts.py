"""Firms, their staff, and the key under which each firm's sensitive values lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from gateway import crypto
from gateway.config import nearest
from gateway.db.models import Firm, Staff
from gateway.db.models.firms import STAFF_ROLES
from gateway.db.paging import Found, Paging, newest
from gateway.domain.access import passwords, sessions
from gateway.domain.audit import Change, record, write
from gateway.errors import Conflict, Faulty, Invalid, NotFound
from gateway.office import Acting, Actor, Office
from gateway.values import contacts
from gateway.values.base import BadValue


class Invited(NamedTuple):
    """Somebody new, and the first password, which is shown now and never again."""

    staff: Staff
    password: str


class Ensured(NamedTuple):
    """A firm that is there now, and whether it was missing before."""

    id: UUID
    is_new: bool


def find_firm(office: Office, slug: str) -> Firm:
    """The firm of this slug.

    Raises:
        NotFound: there is none.
    """
    with office.db.system() as session:
        firm = session.scalar(select(Firm).where(Firm.slug == slug))
    if firm is None:
        raise NotFound("firm", slug)
    return firm


def firm_ids(office: Office) -> Sequence[UUID]:
    """Every firm of the installation."""
    with office.db.system() as session:
        return session.scalars(select(Firm.id)).all()


def add_firm(office: Office, slug: str, name: str, *, time_zone: str, actor: Actor) -> Firm:
    """A new firm with a data key of its own.

    Raises:
        Conflict: `firm_exists`.
    """
    master_key = crypto.load_master_key(office.settings)
    with office.db.system() as session:  # the firm does not exist yet, so nobody is at work for it
        if session.scalar(select(Firm.id).where(Firm.slug == slug)):
            raise Conflict("firm_exists", f"There is a firm {slug!r} already.")
        firm = Firm(slug=slug, name=name, time_zone=time_zone)
        session.add(firm)
        session.flush()
        firm.wrapped_key = crypto.make_data_key(firm.id, master_key)
        write(session, firm.id, actor, "firm.add", changes=[Change("firm", firm.id, "created")])
    return firm


def ensure_firm(office: Office, slug: str, name: str, *, time_zone: str, actor: Actor) -> Ensured:
    """The firm of this slug, added where it is missing."""
    try:
        return Ensured(find_firm(office, slug).id, is_new=False)
    except NotFound:
        return Ensured(add_firm(office, slug, name, time_zone=time_zone, actor=actor).id, is_new=True)


def add_staff(acting: Acting, email: str, *, name: str, role: str) -> Staff:
    """A new member of staff.

    Raises:
        Invalid: `role_unknown`.
        Conflict: `staff_exists`.
    """
    _check_role(role)
    email = email.strip().lower()
    if _of_address(acting, email):
        raise Conflict("staff_exists", f"{email} works at this firm already.")
    staff = Staff(firm_id=acting.firm_id, email=email, name=name, role=role)
    acting.session.add(staff)
    acting.session.flush()
    record(acting, "staff.add", changes=[Change("staff", staff.id, "created")])
    return staff


def ensure_staff(acting: Acting, email: str, *, name: str, role: str) -> Staff:
    """The member of staff of this address, added where there is none; see `add_staff`."""
    return _of_address(acting, email) or add_staff(acting, email, name=name, role=role)


def find_staff(acting: Acting, email: str) -> Staff:
    """Somebody who works at the firm.

    Raises:
        NotFound: nobody of this address does.
    """
    staff = _of_address(acting, email)
    if staff is None:
        raise NotFound("member of staff", email)
    return staff


def everybody(acting: Acting) -> Sequence[Staff]:
    """All who work at the firm, or did, those who do first, by name."""
    return acting.session.scalars(select(Staff).order_by(Staff.active.desc(), Staff.name, Staff.email)).all()


def staff_listed(acting: Acting, paging: Paging, *, active: bool | None = None) -> Found[Staff]:
    """Some of those who work at the firm or did, who joined last first; `active` narrows it to one of the two."""
    found = select(Staff) if active is None else select(Staff).where(Staff.active == active)
    return newest(acting.session, found, (Staff.created_at, Staff.id), paging)


def member(acting: Acting, staff_id: UUID) -> Staff:
    """Somebody who works at the firm, or did.

    Raises:
        NotFound: the firm has nobody of this id.
    """
    found = acting.session.scalar(select(Staff).where(Staff.id == staff_id))
    if found is None:
        raise NotFound("member of staff", str(staff_id))
    return found


def oneself(acting: Acting, *, for_change: bool = False) -> Staff:
    """The member of staff who acts; `for_change` makes others who would change it wait."""
    return acting.session.get_one(Staff, (acting.firm_id, acting.actor.id), with_for_update=for_change or None)


def own_firm(acting: Acting) -> Firm:
    """The firm that the actor is at work for."""
    return acting.session.get_one(Firm, acting.firm_id)


def invite(acting: Acting, email: str, *, name: str, role: str) -> Invited:
    """A new member of staff, with a first password, which they should change.

    Raises:
        Faulty: `email_wrong`.
        Invalid: as `add_staff`.
        Conflict: as `add_staff`.
    """
    try:
        contacts.email(email.strip())
    except BadValue:
        sentence = f"{email!r} is not an e-mail address."
        raise Faulty("email_wrong", sentence, {"email": sentence}) from None
    made = add_staff(acting, email, name=name, role=role)
    return Invited(made, give_password(acting, made))


def give_password(acting: Acting, staff: Staff) -> str:
    """Make another password for somebody, which is shown now and never again; their sessions end."""
    made = passwords.make()
    set_password(acting, staff, made)
    return made


def set_password(acting: Acting, staff: Staff, password: str, *, keeping: UUID | None = None) -> None:
    """Give somebody another password, and end the sessions that were opened with the one before.

    Args:
        acting: who does it.
        staff: whose.
        password: the new one.
        keeping: the session that may go on: the one in which its owner does this.

    Raises:
        Invalid: `password_weak`.
    """
    passwords.check_new(password, staff.email)
    staff.password_hash = passwords.hashed(password)
    acting.session.flush()  # whoever signs in with the old one at this moment has done so, or waits for us and fails
    sessions.end_all(acting.session, staff.id, but=keeping)
    record(acting, "staff.password", changes=[Change("staff", staff.id, "updated")])


def deactivate_staff(acting: Acting, staff: Staff) -> None:
    """Let somebody in no more, whose records stay; open sessions end at once.

    Raises:
        Conflict: `last_admin`.
    """
    _keep_an_admin(acting, staff)
    staff.active = False
    acting.session.flush()
    sessions.end_all(acting.session, staff.id)
    record(acting, "staff.deactivate", changes=[Change("staff", staff.id, "deactivated")])


def reactivate_staff(acting: Acting, staff: Staff) -> None:
    """Let somebody in again who was let in no more, with the password of then; who is in stays so."""
    if not staff.active:
        staff.active = True
        record(acting, "staff.reactivate", changes=[Change("staff", staff.id, "reactivated")])


def change_role(acting: Acting, staff: Staff, role: str) -> None:
    """Give somebody another role, which counts from their next request on; the same again changes nothing.

    Raises:
        Invalid: `role_unknown`.
        Conflict: `last_admin`.
    """
    _check_role(role)
    old = staff.role
    if role == old:
        return
    _keep_an_admin(acting, staff)
    staff.role = role
    told = Change("staff", staff.id, "updated", old={"role": old}, new={"role": role})
    record(acting, "staff.role", changes=[told])


def sign_staff_out(acting: Acting, staff: Staff) -> None:
    """End all sessions of somebody, who may sign in again."""
    sessions.end_all(acting.session, staff.id)
    record(acting, "session.end_all", changes=[Change("staff", staff.id, "signed out")])


def _keep_an_admin(acting: Acting, staff: Staff) -> None:
    """Refuse to take its last admin from a firm: nobody could let anybody in again.

    All of them are locked, in one order, so that two who would take each other's leave see each other.
    """
    admins = select(Staff.id).where(Staff.role == "admin", Staff.active).order_by(Staff.id).with_for_update()
    if acting.session.scalars(admins).all() == [staff.id]:
        raise Conflict("last_admin", f"{staff.email} is the firm's only admin: make somebody else one first.")


def _check_role(role: str) -> None:
    if role not in STAFF_ROLES:
        hint = nearest(role, STAFF_ROLES)
        asked = f" Did you mean {hint}?" if hint else ""
        raise Invalid("role_unknown", f"{role!r} is not a role; there are {', '.join(STAFF_ROLES)}.{asked}")


def _of_address(acting: Acting, email: str) -> Staff | None:
    wanted = select(Staff).where(Staff.firm_id == acting.firm_id, Staff.email == email.strip().lower())
    return acting.session.scalar(wanted)
