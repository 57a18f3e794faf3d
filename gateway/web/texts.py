"""The types of which bodies and filters are made: what every text, day, amount and count from outside must keep to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from litestar.params import QueryParameter
from msgspec import Meta

from gateway.domain.fields import CASE_TYPES, CHOICES, DOCUMENT_TYPES

NO_NUL = r"^[^\x00]*$"  # PostgreSQL stores no text that holds one
_INTEGER = 2_147_483_647  # the most that an integer column holds

Text = Annotated[str, Meta(min_length=1, max_length=1_000, pattern=NO_NUL)]
LongText = Annotated[str, Meta(min_length=1, max_length=20_000, pattern=NO_NUL)]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_NUL)]
Words = Annotated[list[Text], Meta(max_length=200)]
Day = Annotated[date, Meta(description="ISO 8601, such as 2026-05-01.", examples=["2026-05-01"])]
Money = Annotated[
    Decimal, Meta(description="An amount with up to two decimals; a string keeps them exact.", examples=["125000.00"])
]
Number = Annotated[Decimal, Meta(description="A number; a string keeps its decimals exact.", examples=["7.5"])]
Count = Annotated[int, Meta(ge=0, le=_INTEGER)]
Year = Annotated[int, Meta(ge=1900, le=2200, examples=[2014])]
Country = Annotated[Text, Meta(description="ISO 3166, or an English name; kept as alpha-3.", examples=["IND"])]
Email = Annotated[Text, Meta(examples=["ana.silva@acme.example"])]
Phone = Annotated[Text, Meta(description="Kept as E.164.", examples=["+13125550100"])]
Partner = Annotated[Name, Meta(description="The partner's slug or id.", examples=["acme"])]


# words of ours; the domain owns the lists
CaseType = Annotated[Name, Meta(extra_json_schema={"enum": sorted(CASE_TYPES)}, examples=["H1B_EXT"])]
DocumentType = Annotated[Name, Meta(extra_json_schema={"enum": sorted(DOCUMENT_TYPES)}, examples=["passport"])]
Enrollment = Annotated[
    Name, Meta(extra_json_schema={"enum": sorted(CHOICES["client", "enrollment_status"])}, examples=["active"])
]
Stage = Annotated[Name, Meta(extra_json_schema={"enum": sorted(CHOICES["case", "stage"])}, examples=["filed"])]
CaseStatus = Annotated[Name, Meta(extra_json_schema={"enum": sorted(CHOICES["case", "status"])}, examples=["open"])]
DocumentStatus = Annotated[
    Name, Meta(extra_json_schema={"enum": sorted(CHOICES["document", "status"])}, examples=["current"])
]

# filters of lists
Total = Annotated[bool, QueryParameter(description="Count them all, as `pagination.total_items`; costs time.")]
Search = Annotated[
    str | None, QueryParameter(max_length=100, pattern=NO_NUL, description="Part of it, whatever its case.")
]
ByPartner = Annotated[
    str | None, QueryParameter(max_length=100, pattern=NO_NUL, description="Of this partner only: its slug or id.")
]
ByClient = Annotated[UUID | None, QueryParameter(description="Of this client only.")]
Word = Annotated[str | None, QueryParameter(max_length=100, pattern=NO_NUL)]
