"""What firms want of language models."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, FirmScoped, Json, Stamp, belongs_to_firm


class ModelPolicy(FirmScoped, Base):
    """A version of whom a firm asks, and what it may cost; the newest counts, and none is ever changed.

    Attributes:
        version: 1, 2, ... of the firm.
        settings: shape: `gateway.domain.eligibility.policies.Policy`, but for its version.
        by: who made it so.
    """

    __tablename__ = "model_policies"

    version: Mapped[int]
    settings: Mapped[Json]
    by: Mapped[str]
    at: Mapped[Stamp]

    __table_args__ = (belongs_to_firm(), UniqueConstraint("firm_id", "version"))
