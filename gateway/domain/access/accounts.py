"""Firms, their staff, and the key under which each firm's sensitive values lie."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import crypto
from gateway.config import nearest
from gateway.db.models import Firm, Staff
from gateway.db.models.firms import STAFF_ROLES
from gateway.domain.access import passwords, sessions
from gateway.domain.audit import Change, write
from gateway.errors import Conflict, Invalid, NotFound
from gateway.office import Actor


def find_firm(session: Session, slug: str) -> Firm:
    """The firm of this slug.

    Raises:
        NotFound: there is none.
    """
    firm = session.scalar(select(Firm).where(Firm.slug == slug))
    if firm is None:
        raise NotFound("firm", slug)
    return firm


def add_firm(session: Session, slug: str, name: str, *, time_zone: str, master_key: bytes, actor: Actor) -> Firm:
    """A new firm with a data key of its own; in a system session, for the firm does not exist yet.

    Raises:
        Permanent: `firm_exists`.
    """
    if session.scalar(select(Firm.id).where(Firm.slug == slug)):
        raise Conflict("firm_exists", f"There is a firm {slug!r} already.")
    firm = Firm(slug=slug, name=name, time_zone=time_zone)
    session.add(firm)
    session.flush()
    firm.wrapped_key = crypto.make_data_key(firm.id, master_key)
    write(session, firm.id, actor, "firm.add", changes=[Change("firm", firm.id, "created")])
    return firm


def add_staff(session: Session, firm_id: UUID, email: str, *, name: str, role: str, actor: Actor) -> Staff:
    """A new member of staff.

    Raises:
        Permanent: `role_unknown`, `staff_exists`.
    """
    if role not in STAFF_ROLES:
        hint = nearest(role, STAFF_ROLES)
        asked = f" Did you mean {hint}?" if hint else ""
        raise Invalid("role_unknown", f"{role!r} is not a role; there are {', '.join(STAFF_ROLES)}.{asked}")
    email = email.strip().lower()
    if session.scalar(select(Staff.id).where(Staff.firm_id == firm_id, Staff.email == email)):
        raise Conflict("staff_exists", f"{email} works at this firm already.")
    staff = Staff(firm_id=firm_id, email=email, name=name, role=role)
    session.add(staff)
    session.flush()
    write(session, firm_id, actor, "staff.add", changes=[Change("staff", staff.id, "created")])
    return staff


def find_staff(session: Session, firm_id: UUID, email: str) -> Staff:
    """Somebody who works at a firm.

    Raises:
        NotFound: nobody of this address does.
    """
    wanted = select(Staff).where(Staff.firm_id == firm_id, Staff.email == email.strip().lower())
    staff = session.scalar(wanted)
    if staff is None:
        raise NotFound("member of staff", email)
    return staff


def set_password(session: Session, staff: Staff, password: str, *, actor: Actor, keeping: UUID | None = None) -> None:
    """Give somebody another password, and end the sessions that were opened with the one before.

    Args:
        session: of the firm.
        staff: whose.
        password: the new one.
        actor: who does it.
        keeping: the session that may go on: the one in which its owner does this.

    Raises:
        Permanent: `password_weak`.
    """
    passwords.check_new(password, staff.email)
    staff.password_hash = passwords.hashed(password)
    session.flush()  # whoever signs in with the old one at this moment has done so, or waits for us and fails
    sessions.end_all(session, staff.id, but=keeping)
    write(session, staff.firm_id, actor, "staff.password", changes=[Change("staff", staff.id, "updated")])


def deactivate_staff(session: Session, staff: Staff, *, actor: Actor) -> None:
    """Let somebody in no more, whose records stay; open sessions end at once."""
    staff.active = False
    session.flush()
    sessions.end_all(session, staff.id)
    write(session, staff.firm_id, actor, "staff.deactivate", changes=[Change("staff", staff.id, "deactivated")])
