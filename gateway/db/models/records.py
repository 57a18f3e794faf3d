"""Clients, cases and documents, and when each feed last saw them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, CheckConstraint, DateTime, Index, Numeric, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db.models.base import Base, FirmScoped, Instant, Json, Stamp, points_at

Money = Numeric(14, 2)
Words = ARRAY(Text)


class Record(FirmScoped):
    """What clients, cases and documents share.

    `pins` holds the fields that staff changed by hand ({field: {by, at}}): imports leave them alone.
    `version` counts changes, so that a writer notices that somebody else was faster.
    """

    source_import_id: Mapped[UUID | None]
    source_row: Mapped[int | None]
    pins: Mapped[Json]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[Stamp]
    updated_at: Mapped[Stamp]


class Client(Record, Base):
    """A person. `key` is what the feed calls the person by; sensitive keys appear as their blind index.

    Attributes:
        erased_at: when the firm erased the person; what is left keeps imports from bringing the person back.
    """

    __tablename__ = "clients"

    partner_id: Mapped[UUID]
    key: Mapped[str]
    employee_id: Mapped[str | None]
    given_name: Mapped[str | None]
    middle_name: Mapped[str | None]
    family_name: Mapped[str | None]
    date_of_birth: Mapped[date | None]
    sex: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    citizenship: Mapped[str | None]
    country_of_birth: Mapped[str | None]
    current_location: Mapped[str | None]
    time_zone: Mapped[str | None]
    job_title: Mapped[str | None]
    employer_name: Mapped[str | None]
    soc_code: Mapped[str | None]
    work_city: Mapped[str | None]
    work_state: Mapped[str | None]
    annual_salary: Mapped[Decimal | None] = mapped_column(Money)
    salary_currency: Mapped[str | None]
    hire_date: Mapped[date | None]
    termination_date: Mapped[date | None]
    manager_email: Mapped[str | None]
    enrollment_status: Mapped[str] = mapped_column(server_default="active")
    program: Mapped[str | None]
    eligibility_start_date: Mapped[date | None]
    eligibility_end_date: Mapped[date | None]
    highest_degree: Mapped[str | None]
    field_of_study: Mapped[str | None]
    university: Mapped[str | None]
    graduation_year: Mapped[int | None]
    years_of_experience: Mapped[Decimal | None] = mapped_column(Numeric(4, 1))
    publications_count: Mapped[int | None]
    citations_count: Mapped[int | None]
    patents_count: Mapped[int | None]
    awards: Mapped[list[str] | None] = mapped_column(Words)
    media_coverage: Mapped[list[str] | None] = mapped_column(Words)
    skills: Mapped[list[str] | None] = mapped_column(Words)
    languages: Mapped[list[str] | None] = mapped_column(Words)
    notes: Mapped[str | None]
    ssn: Mapped[bytes | None]
    ssn_index: Mapped[bytes | None]
    a_number: Mapped[bytes | None]
    a_number_index: Mapped[bytes | None]
    attorney_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(server_default="active")
    attributes: Mapped[Json]
    erased_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        points_at("partners", "partner_id"),
        points_at("imports", "source_import_id"),
        points_at("attorneys", "attorney_id"),
        UniqueConstraint("firm_id", "partner_id", "key"),
        Index("clients_erased", "firm_id", "partner_id", postgresql_where=text("erased_at IS NOT NULL")),
        CheckConstraint("enrollment_status IN ('active', 'terminated', 'withdrawn')", name="enrollment_status"),
        CheckConstraint("status IN ('active', 'archived')", name="status"),
    )


class Case(Record, Base):
    """A matter. Some feeds carry cases without people: then `client_id` is empty."""

    __tablename__ = "cases"

    partner_id: Mapped[UUID]
    case_number: Mapped[str]
    client_id: Mapped[UUID | None]
    case_type: Mapped[str | None]
    stage: Mapped[str] = mapped_column(server_default="evaluation")
    status: Mapped[str] = mapped_column(server_default="open")
    priority: Mapped[str | None]
    complexity: Mapped[int | None]
    attorney_id: Mapped[UUID | None]
    receipt_number: Mapped[str | None]
    lca_number: Mapped[str | None]
    perm_number: Mapped[str | None]
    opened_on: Mapped[date | None]
    filed_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    deadline_on: Mapped[date | None]
    premium: Mapped[bool | None]
    employer_name: Mapped[str | None]
    job_title: Mapped[str | None]
    wage: Mapped[Decimal | None] = mapped_column(Money)
    worksite_city: Mapped[str | None]
    worksite_state: Mapped[str | None]
    attributes: Mapped[Json]

    __table_args__ = (
        points_at("partners", "partner_id"),
        points_at("clients", "client_id"),
        points_at("imports", "source_import_id"),
        points_at("attorneys", "attorney_id"),
        UniqueConstraint("firm_id", "partner_id", "case_number"),
        Index(None, "firm_id", "client_id"),
        CheckConstraint(
            "stage IN ('evaluation', 'document_collection', 'drafting', 'review', 'filed', 'rfe_received',"
            " 'rfe_response', 'decided', 'closed')",
            name="stage",
        ),
        CheckConstraint("status IN ('open', 'approved', 'denied', 'withdrawn', 'closed')", name="status"),
        CheckConstraint("complexity BETWEEN 1 AND 10", name="complexity"),
    )


class Document(Record, Base):
    """A document of a person. One without a number is the type's one document, its dates updated in place."""

    __tablename__ = "documents"

    client_id: Mapped[UUID]
    case_id: Mapped[UUID | None]
    doc_type: Mapped[str]
    number: Mapped[bytes | None]
    number_index: Mapped[bytes | None]
    country: Mapped[str | None]
    issued_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    duration_of_status: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    status: Mapped[str] = mapped_column(server_default="current")
    file_id: Mapped[UUID | None]
    attributes: Mapped[Json]

    __table_args__ = (
        points_at("clients", "client_id"),
        points_at("cases", "case_id"),
        points_at("imports", "source_import_id"),
        points_at("files", "file_id"),
        UniqueConstraint(
            "firm_id", "client_id", "doc_type", "number_index", name="documents_key", postgresql_nulls_not_distinct=True
        ),
        CheckConstraint("status IN ('current', 'superseded', 'void')", name="status"),
        CheckConstraint("NOT (duration_of_status AND expires_on IS NOT NULL)", name="one_end"),
    )


class Sighting(Base):
    """When a feed last saw a record, and in which import.

    `present` turns false when a full file of the feed no longer lists the record; `as_of` is then that file's, so that
    a late older file cannot bring the record back. Written for every record of every file, so it carries no foreign
    keys: a statement trigger checks whole sets instead (see the migration), which costs a tenth.
    """

    __tablename__ = "sightings"

    firm_id: Mapped[UUID] = mapped_column(primary_key=True)
    feed_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    import_id: Mapped[UUID]
    as_of: Mapped[Instant]
    present: Mapped[bool] = mapped_column(server_default=text("true"))
