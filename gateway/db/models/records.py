"""Clients, cases and documents, and when each feed last saw them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, CheckConstraint, DateTime, Index, Numeric, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, FirmScoped, Instant, Json, Stamp, ours, personal, points_at, sensitive

Money = Numeric(14, 2)
Words = ARRAY(Text)


class Record(FirmScoped):
    """What clients, cases and documents share.

    `pins` holds the fields that staff changed by hand ({field: {by, at}}): imports leave them alone.
    `version` counts changes, so that a writer notices that somebody else was faster.
    """

    source_import_id: Mapped[UUID | None] = ours()
    source_row: Mapped[int | None] = ours()
    pins: Mapped[Json] = personal(blank={})
    version: Mapped[int] = ours(server_default=text("1"))
    created_at: Mapped[Stamp] = ours()
    updated_at: Mapped[Stamp] = ours()


class Client(Record, Base):
    """A person. `key` is what the feed calls the person by; sensitive keys appear as their blind index.

    Attributes:
        erased_at: when the firm erased the person; what is left keeps imports from bringing the person back.
    """

    __tablename__ = "clients"

    partner_id: Mapped[UUID] = ours()
    key: Mapped[str] = personal(blank=text("'erased:' || id"))
    employee_id: Mapped[str | None] = personal()
    given_name: Mapped[str | None] = personal()
    middle_name: Mapped[str | None] = personal()
    family_name: Mapped[str | None] = personal()
    date_of_birth: Mapped[date | None] = personal()
    sex: Mapped[str | None] = personal()
    email: Mapped[str | None] = personal()
    phone: Mapped[str | None] = personal()
    citizenship: Mapped[str | None] = personal()
    country_of_birth: Mapped[str | None] = personal()
    current_location: Mapped[str | None] = personal()
    time_zone: Mapped[str | None] = personal()
    job_title: Mapped[str | None] = personal()
    employer_name: Mapped[str | None] = personal()
    soc_code: Mapped[str | None] = personal()
    work_city: Mapped[str | None] = personal()
    work_state: Mapped[str | None] = personal()
    annual_salary: Mapped[Decimal | None] = personal(Money)
    salary_currency: Mapped[str | None] = personal()
    hire_date: Mapped[date | None] = personal()
    termination_date: Mapped[date | None] = personal()
    manager_email: Mapped[str | None] = personal()
    enrollment_status: Mapped[str] = personal(server_default="active", blank="terminated")
    program: Mapped[str | None] = personal()
    eligibility_start_date: Mapped[date | None] = personal()
    eligibility_end_date: Mapped[date | None] = personal()
    highest_degree: Mapped[str | None] = personal()
    field_of_study: Mapped[str | None] = personal()
    university: Mapped[str | None] = personal()
    graduation_year: Mapped[int | None] = personal()
    years_of_experience: Mapped[Decimal | None] = personal(Numeric(4, 1))
    publications_count: Mapped[int | None] = personal()
    citations_count: Mapped[int | None] = personal()
    patents_count: Mapped[int | None] = personal()
    awards: Mapped[list[str] | None] = personal(Words)
    media_coverage: Mapped[list[str] | None] = personal(Words)
    skills: Mapped[list[str] | None] = personal(Words)
    languages: Mapped[list[str] | None] = personal(Words)
    notes: Mapped[str | None] = personal()
    ssn: Mapped[bytes | None] = sensitive()
    ssn_index: Mapped[bytes | None] = sensitive()
    a_number: Mapped[bytes | None] = sensitive()
    a_number_index: Mapped[bytes | None] = sensitive()
    attorney_id: Mapped[UUID | None] = ours()
    status: Mapped[str] = ours(server_default="active")
    attributes: Mapped[Json] = personal(blank={})
    erased_at: Mapped[datetime | None] = ours(DateTime(timezone=True))

    __table_args__ = (
        points_at("partners", "partner_id"),
        points_at("imports", "source_import_id"),
        points_at("attorneys", "attorney_id"),
        UniqueConstraint("firm_id", "partner_id", "key"),
        Index("clients_of_employee", "firm_id", "partner_id", "employee_id"),
        Index("clients_erased", "firm_id", "partner_id", postgresql_where=text("erased_at IS NOT NULL")),
        CheckConstraint("enrollment_status IN ('active', 'terminated', 'withdrawn')", name="enrollment_status"),
        CheckConstraint("status IN ('active', 'archived')", name="status"),
    )


class Case(Record, Base):
    """A matter. Some feeds carry cases without people: then `client_id` is empty."""

    __tablename__ = "cases"

    partner_id: Mapped[UUID] = ours()
    case_number: Mapped[str] = ours()
    client_id: Mapped[UUID | None] = ours()
    case_type: Mapped[str | None] = ours()
    stage: Mapped[str] = ours(server_default="evaluation")
    status: Mapped[str] = ours(server_default="open")
    priority: Mapped[str | None] = personal()
    complexity: Mapped[int | None] = ours()
    attorney_id: Mapped[UUID | None] = ours()
    receipt_number: Mapped[str | None] = personal()
    lca_number: Mapped[str | None] = personal()
    perm_number: Mapped[str | None] = personal()
    opened_on: Mapped[date | None] = ours()
    filed_on: Mapped[date | None] = ours()
    decided_on: Mapped[date | None] = ours()
    deadline_on: Mapped[date | None] = ours()
    premium: Mapped[bool | None] = ours()
    employer_name: Mapped[str | None] = personal()
    job_title: Mapped[str | None] = personal()
    wage: Mapped[Decimal | None] = personal(Money)
    worksite_city: Mapped[str | None] = personal()
    worksite_state: Mapped[str | None] = personal()
    attributes: Mapped[Json] = personal(blank={})

    __table_args__ = (
        points_at("partners", "partner_id"),
        points_at("clients", "client_id"),
        points_at("imports", "source_import_id"),
        points_at("attorneys", "attorney_id"),
        UniqueConstraint("firm_id", "partner_id", "case_number"),
        Index(None, "firm_id", "client_id"),
        Index(
            "cases_decided",
            "firm_id",
            "case_type",
            "decided_on",
            postgresql_where=text("decided_on IS NOT NULL"),
        ),
        Index(
            "cases_held",
            "firm_id",
            "attorney_id",
            postgresql_where=text("status = 'open' AND attorney_id IS NOT NULL"),
        ),
        CheckConstraint("status IN ('open', 'approved', 'denied', 'withdrawn', 'closed')", name="status"),
        CheckConstraint("complexity BETWEEN 1 AND 10", name="complexity"),
    )


class Document(Record, Base):
    """A document of a person. One without a number is the type's one document, its dates updated in place.

    `days_abroad` is of a longest stay: so many of its days do not count. Its first day is then in `issued_on`.
    """

    __tablename__ = "documents"

    client_id: Mapped[UUID] = ours()
    case_id: Mapped[UUID | None] = ours()
    doc_type: Mapped[str] = ours()
    number: Mapped[bytes | None] = sensitive()
    # two without a number would be one document, so each keeps an index, of nothing
    number_index: Mapped[bytes | None] = sensitive(blank=text("uuid_send(gen_random_uuid())"))
    country: Mapped[str | None] = personal()
    issued_on: Mapped[date | None] = personal()
    expires_on: Mapped[date | None] = personal()
    duration_of_status: Mapped[bool] = personal(Boolean, server_default=text("false"), blank=False)
    status: Mapped[str] = personal(server_default="current", blank="void")
    file_id: Mapped[UUID | None] = personal()
    attributes: Mapped[Json] = personal(blank={})
    days_abroad: Mapped[int | None] = personal()

    __table_args__ = (
        points_at("clients", "client_id"),
        points_at("cases", "case_id"),
        points_at("imports", "source_import_id"),
        points_at("files", "file_id"),
        UniqueConstraint(
            "firm_id", "client_id", "doc_type", "number_index", name="documents_key", postgresql_nulls_not_distinct=True
        ),
        Index("documents_ending", "firm_id", "expires_on", postgresql_where=text("status = 'current'")),
        CheckConstraint("status IN ('current', 'superseded', 'void')", name="status"),
        CheckConstraint("NOT (duration_of_status AND expires_on IS NOT NULL)", name="one_end"),
        CheckConstraint("days_abroad >= 0", name="days_abroad"),
    )


class Sighting(Base):
    """When a feed last saw a record, and in which import.

    `present` turns false when a full file of the feed no longer lists the record; `as_of` is then that file's, so that
    a late older file cannot bring the record back. Written for every record of every file, so it carries no foreign
    keys: a statement trigger checks whole sets instead (see the migration), which costs a tenth.
    """

    __tablename__ = "sightings"

    firm_id: Mapped[UUID] = ours(primary_key=True)
    feed_id: Mapped[UUID] = ours(primary_key=True)
    record_id: Mapped[UUID] = ours(primary_key=True)
    kind: Mapped[str] = ours()
    import_id: Mapped[UUID] = ours()
    as_of: Mapped[Instant] = ours()
    present: Mapped[bool] = ours(server_default=text("true"))
