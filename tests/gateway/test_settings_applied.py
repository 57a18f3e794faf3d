"""Settings of a partner put in force, whoever does it and wherever."""

from __future__ import annotations

import pytest
from helpers.inbox import ME, ROSTER, Inbox
from sqlalchemy import select

from gateway.db.models import Firm, Partner
from gateway.domain.partners import versions
from gateway.errors import Conflict
from gateway.wings import PARTNER_YAML


def test_a_slug_of_another_firms_partner_cannot_be_taken_by_whoever_applies(office, tenants):
    for firm_id, partner in ((tenants.northgate, "initech"), (tenants.harbor, "acme")):
        with pytest.raises(Conflict) as refused:
            Inbox(office, firm_id, partner).apply(
                ROSTER.format(partner=partner, firm="northgate" if firm_id == tenants.northgate else "harbor")
            )
        assert refused.value.code == "partner_elsewhere"


def test_a_slug_of_another_firms_partner_adds_no_firm_either(office):
    with pytest.raises(Conflict):
        versions.settle(office, PARTNER_YAML.read(ROSTER.format(partner="acme", firm="new-firm")), ME)
    with office.db.system() as session:
        assert session.scalar(select(Firm).where(Firm.slug == "new-firm")) is None


def test_a_firm_that_is_missing_is_added_once(office):
    settings = PARTNER_YAML.read(ROSTER.format(partner="hooli", firm="new-firm"))
    first, again = (versions.settle(office, settings, ME) for _ in range(2))
    assert (first.firm_added, first.applied.is_new) == (True, True)
    assert (again.firm_added, again.applied.is_new) == (False, False)
    with office.db.system() as session:
        assert session.get_one(Firm, first.firm_id).name == "New Firm"
        assert session.scalars(select(Partner.firm_id).where(Partner.slug == "hooli")).all() == [first.firm_id]
