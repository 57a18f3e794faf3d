"""What is proposed for a sample, as tests look at it."""

from typing import Any

import yaml

from gateway.wings import PARTNER_YAML
from helpers.inbox import Pretended
from ingest.infer import Asked, Proposal, infer

ASKED = Asked("acme", "northgate")


def proposed(raw: bytes | str, name: str = "roster.csv") -> Proposal:
    return infer(Pretended(name, raw.encode() if isinstance(raw, str) else raw), ASKED, PARTNER_YAML)


def feed(proposal: Proposal) -> dict[str, Any]:
    return yaml.safe_load(proposal.config)["feeds"][proposal.feed]


def fields(proposal: Proposal, kind: str = "client") -> dict[str, Any]:
    return feed(proposal)[kind]["fields"]
