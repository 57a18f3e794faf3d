"""A draft for a new partner, and what is done with it by somebody of the firm."""

from __future__ import annotations

from gateway.office import Actor
from gateway.wings import PARTNER_YAML
from ingest.studio import drafts, working
from ingest.studio.drafts import Sample

STAFF = (
    "Staff No;Surname;Forename;Birth Date;Nationality;Visa Type;SSN;Cost\n"
    "00101;Okafor;Ngozi;03/04/1988;Nigeria;H-1B;536-90-4399;12\n"
    "00102;Lindqvist;Sven;25/12/1990;Sweden;;536-90-4398;13\n"
    "00103;Rao;Anita;31/02/1985;India;H-1B;536-90-4397;14\n"
)
ME = Actor("staff", "admin@northgate.example", origin="test")


class Studio:
    """One person's work at one draft."""

    def __init__(self, office, firm_id, slug="cyberdyne", actor=ME):
        self.office, self.firm_id, self.slug, self.actor = office, firm_id, slug, actor

    def acting(self):
        return self.office.acting(self.firm_id, self.actor)

    def begin(self, name=None, time_zone=None):
        with self.acting() as acting:
            return drafts.begin(acting, self.slug, name, time_zone, PARTNER_YAML)

    def send(self, name="staff_20260504.csv", content=STAFF, expected=None):
        sample = Sample(name, content.encode() if isinstance(content, str) else content)
        with self.acting() as acting:
            working.put_sample(acting, self.slug, sample, expected)

    def propose(self):
        working.propose(self.office, self.firm_id, self.actor, self.slug, None, PARTNER_YAML)

    def preview(self):
        return working.preview(self.office, self.firm_id, self.actor, self.slug, PARTNER_YAML)

    def do(self, act, *args, **more):
        with self.acting() as acting:
            return act(acting, self.slug, *args, **more)

    @property
    def text(self):
        return self.do(drafts.read).source

    def column(self, name):
        return next(one for one in self.do(working.columns).columns if one.name == name)
