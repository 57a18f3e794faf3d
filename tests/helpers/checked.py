"""People to be checked, a firm that asks models which answer as they are told, and checks seen to their end."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

from gateway.db.models import Client
from gateway.domain.eligibility import checks, entries, policies
from gateway.domain.eligibility.entries import Said
from gateway.jobs.worker import drain
from gateway.wings import KINDS
from helpers.callers import ME
from helpers.model_double import KEY
from outbound.checking import asking
from outbound.llm import PROVIDERS, RULES

SHOWN = {  # what is known of somebody who is well on the way to EB-1A
    "award": {"name": "Golden Gear of Zorvex", "scope": "international", "is_for_excellence": True},
    "judging": {"venue": "Journal of Gears", "is_done": True, "times": 12},
    "employment": {"employer": "Zorvex Robotics, Inc.", "title": "Lead engineer", "is_critical": True},
}
NAMES = {"given_name": "Ngozi", "family_name": "Okafor", "email": "ngozi@zorvex.example", "phone": "+15550102030"}


class Checked:
    """A firm's checks, in transactions of their own; northgate's, unless another is named.

    Attributes:
        office: whose workers are called by hand.
        firm_id: whose they are.
    """

    def __init__(self, office, tenants, firm="northgate", partner="acme") -> None:
        self.office, self._firm = office, firm
        self.firm_id, self._partner = getattr(tenants, firm), getattr(tenants, partner)

    @contextmanager
    def acting(self, actor=ME):
        with self.office.acting(self.firm_id, actor) as one:
            yield one

    def person(self, shown=SHOWN, backing="documented", **more):
        """Somebody of whom this is known."""
        with self.acting() as acting:
            known = {**NAMES, "employee_id": f"E{uuid4().hex[:8]}", **more}
            client = Client(
                firm_id=self.firm_id, id=uuid4(), partner_id=self._partner, key=f"E{uuid4()}", pins={}, **known
            )
            acting.session.add(client)
            acting.session.flush()
            for kind, facts in shown.items():
                entries.add(acting, client.id, kind, Said(facts=facts, backing=backing, proof="folder 3"))
            return client.id

    def wants(self, **policy) -> None:
        """What the firm wants of models."""
        with self.acting() as acting:
            policies.change(acting, policy, [*PROVIDERS, RULES.name])

    def has_keys(self) -> None:
        folder = self.office.settings.secrets_dir / self._firm
        folder.mkdir(parents=True, exist_ok=True)
        for one in PROVIDERS.values():
            folder.joinpath(one.secret).write_text(KEY)

    def ask(self, client_id, *visas, actor=ME, **more):
        """The id of a check."""
        with self.acting(actor) as acting:
            return asking.ask(acting, client_id, visas, **more).check.id

    def work(self) -> None:
        """Do what may be done now."""
        drain(self.office, KINDS, ["models"], timedelta(minutes=1))

    def seen(self, check_id):
        with self.acting() as acting:
            found = checks.view(acting, check_id)
            acting.session.expunge_all()
            return found

    def done(self, client_id, *visas, **more):
        """A check that is seen to its end."""
        check_id = self.ask(client_id, *visas, **more)
        self.work()
        return self.seen(check_id)
