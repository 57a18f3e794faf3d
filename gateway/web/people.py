"""How a client is shown and written: the fields of a person, as bodies of requests and answers."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from gateway.crypto import FirmCipher
from gateway.db.models import Client
from gateway.domain.people import clients
from gateway.domain.people.changes import last_four
from gateway.web.pinned import Pin, pins_of
from gateway.web.texts import (
    Count,
    Country,
    Day,
    Email,
    Enrollment,
    LongText,
    Money,
    Name,
    Number,
    Partner,
    Phone,
    Text,
    Words,
    Year,
)

KnownBy = Annotated[
    Literal["employee_id", "email", "ssn", "a_number"],
    Meta(description="The field by which the partner's files name people: the `key` of its feed."),
]


class ClientView(Struct, frozen=True, kw_only=True):
    """A client. Sensitive identifiers are shown by their own endpoint only."""

    id: UUID
    partner_id: UUID
    employee_id: str | None
    given_name: str | None
    family_name: str | None
    date_of_birth: date | None
    email: str | None
    citizenship: str | None
    job_title: str | None
    enrollment_status: str
    status: str
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, client: Client) -> ClientView:
        """A client as a list shows it."""
        return cls(**{name: getattr(client, name) for name in cls.__struct_fields__})


class Identifier(Struct, frozen=True):
    """A sensitive identifier that there is, by its end."""

    last_four: str


class ClientDetails(Struct, frozen=True, kw_only=True):
    """All that is known of a client, sensitive identifiers by their last four characters."""

    id: UUID
    partner_id: UUID
    key: str
    employee_id: str | None
    given_name: str | None
    middle_name: str | None
    family_name: str | None
    date_of_birth: date | None
    sex: str | None
    email: str | None
    phone: str | None
    citizenship: str | None
    country_of_birth: str | None
    current_location: str | None
    time_zone: str | None
    job_title: str | None
    employer_name: str | None
    soc_code: str | None
    work_city: str | None
    work_state: str | None
    annual_salary: Decimal | None
    salary_currency: str | None
    hire_date: date | None
    termination_date: date | None
    manager_email: str | None
    enrollment_status: str
    program: str | None
    eligibility_start_date: date | None
    eligibility_end_date: date | None
    highest_degree: str | None
    field_of_study: str | None
    university: str | None
    graduation_year: int | None
    years_of_experience: Decimal | None
    publications_count: int | None
    citations_count: int | None
    patents_count: int | None
    awards: list[str] | None
    media_coverage: list[str] | None
    skills: list[str] | None
    languages: list[str] | None
    notes: str | None
    attorney_id: UUID | None
    identifiers: dict[str, Identifier]
    attributes: dict[str, Any]
    pins: dict[str, Pin]
    status: str
    erased_at: datetime | None
    source_import_id: UUID | None
    source_row: int | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, client: Client, cipher: FirmCipher) -> ClientDetails:
        """A client as its own page shows it."""
        ends = {name: last_four(getattr(client, name), name, cipher) for name in clients.IDENTIFIERS}
        found = {name: Identifier(end) for name, end in ends.items() if end is not None}
        plain = {name: getattr(client, name) for name in cls.__struct_fields__ if name not in {"identifiers", "pins"}}
        return cls(**plain, identifiers=found, pins=pins_of(client))


class ClientFields(Struct, kw_only=True, forbid_unknown_fields=True):
    """Fields of a client that staff may write; null clears one, what is left out stays as it is."""

    employee_id: Name | UnsetType | None = UNSET
    given_name: Text | UnsetType | None = UNSET
    middle_name: Text | UnsetType | None = UNSET
    family_name: Text | UnsetType | None = UNSET
    date_of_birth: Day | UnsetType | None = UNSET
    sex: Text | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET
    citizenship: Country | UnsetType | None = UNSET
    country_of_birth: Country | UnsetType | None = UNSET
    current_location: Text | UnsetType | None = UNSET
    time_zone: Text | UnsetType | None = UNSET
    job_title: Text | UnsetType | None = UNSET
    employer_name: Text | UnsetType | None = UNSET
    soc_code: Text | UnsetType | None = UNSET
    work_city: Text | UnsetType | None = UNSET
    work_state: Text | UnsetType | None = UNSET
    annual_salary: Money | UnsetType | None = UNSET
    salary_currency: Text | UnsetType | None = UNSET
    hire_date: Day | UnsetType | None = UNSET
    termination_date: Day | UnsetType | None = UNSET
    manager_email: Email | UnsetType | None = UNSET
    enrollment_status: Enrollment | UnsetType | None = UNSET
    program: Text | UnsetType | None = UNSET
    eligibility_start_date: Day | UnsetType | None = UNSET
    eligibility_end_date: Day | UnsetType | None = UNSET
    highest_degree: Text | UnsetType | None = UNSET
    field_of_study: Text | UnsetType | None = UNSET
    university: Text | UnsetType | None = UNSET
    graduation_year: Year | UnsetType | None = UNSET
    years_of_experience: Number | UnsetType | None = UNSET
    publications_count: Count | UnsetType | None = UNSET
    citations_count: Count | UnsetType | None = UNSET
    patents_count: Count | UnsetType | None = UNSET
    awards: Words | UnsetType | None = UNSET
    media_coverage: Words | UnsetType | None = UNSET
    skills: Words | UnsetType | None = UNSET
    languages: Words | UnsetType | None = UNSET
    notes: LongText | UnsetType | None = UNSET
    ssn: Name | UnsetType | None = UNSET
    a_number: Name | UnsetType | None = UNSET


class NewClient(ClientFields, kw_only=True, forbid_unknown_fields=True):
    """A person to be added by hand."""

    partner: Partner
    known_by: KnownBy = "employee_id"
