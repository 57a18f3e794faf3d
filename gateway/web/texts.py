"""The types of which bodies and filters are made: what every text, day, amount and count from outside must keep to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from litestar.params import QueryParameter
from msgspec import Meta

from gateway.domain.people.fields import CASE_TYPES, CHOICES, DOCUMENT_TYPES

NO_NUL = r"^[^\x00]*$"  # PostgreSQL stores no text that holds one
_INTEGER = 2_147_483_647  # the most that an integer column holds

Text = Annotated[str, Meta(min_length=1, max_length=1_000, pattern=NO_NUL)]
LongText = Annotated[str, Meta(min_length=1, max_length=20_000, pattern=NO_NUL)]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_NUL)]
Words = Annotated[list[Text], Meta(max_length=200)]
Day = Annotated[date, Meta(description="ISO 8601, such as 2026-05-01.")]
Money = Annotated[Decimal, Meta(description="An amount with up to two decimals; a string keeps them exact.")]
Number = Annotated[Decimal, Meta(description="A number; a string keeps its decimals exact.")]
Count = Annotated[int, Meta(ge=0, le=_INTEGER)]
Year = Annotated[int, Meta(ge=1900, le=2200)]
Country = Annotated[Text, Meta(description="ISO 3166, or an English name; kept as alpha-3.")]
Email = Annotated[Text, Meta(description="An e-mail address.")]
Phone = Annotated[Text, Meta(description="Kept as E.164.")]
Partner = Annotated[Name, Meta(description="The partner's slug or id.")]


# words of ours; the domain owns the lists and checks them
CaseType = Annotated[Name, Meta(description=f"One of {', '.join(sorted(CASE_TYPES))}.")]
DocumentType = Annotated[Name, Meta(description=f"One of {', '.join(sorted(DOCUMENT_TYPES))}.")]
Enrollment = Annotated[Name, Meta(description=f"One of {', '.join(sorted(CHOICES['client', 'enrollment_status']))}.")]
Stage = Annotated[Name, Meta(description=f"One of {', '.join(sorted(CHOICES['case', 'stage']))}.")]
CaseStatus = Annotated[Name, Meta(description=f"One of {', '.join(sorted(CHOICES['case', 'status']))}.")]
DocumentStatus = Annotated[Name, Meta(description=f"One of {', '.join(sorted(CHOICES['document', 'status']))}.")]

# filters of lists
Total = Annotated[bool, QueryParameter(description="Count them all, as `pagination.total_items`; costs time.")]
Search = Annotated[
    str | None, QueryParameter(max_length=100, pattern=NO_NUL, description="Part of it, whatever its case.")
]
Sought = Annotated[
    str | None,
    QueryParameter(
        max_length=100,
        pattern=NO_NUL,
        description="Words, each a part of it, in any order; their case and their accents do not matter.",
    ),
]
ByPartner = Annotated[
    str | None, QueryParameter(max_length=100, pattern=NO_NUL, description="Of this partner only: its slug or id.")
]
ByClient = Annotated[UUID | None, QueryParameter(description="Of this client only.")]
Word = Annotated[str | None, QueryParameter(max_length=100, pattern=NO_NUL)]
