"""What sending facts brings to the installation."""

from __future__ import annotations

from gateway.wing import Wing

OUTBOUND = Wing()
