"""A visa of two criteria, somebody who shows one of them, and hands that note what becomes of a question."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, timedelta

from gateway.domain.eligibility.terms import Entry, Profile
from gateway.domain.rules.conditions import Condition
from gateway.domain.rules.criteria import Criterion, KOfN, Visa, Way
from gateway.settings import Settings
from helpers.model_double import KEY
from outbound.llm import asking, spending
from outbound.llm.base import Account, Question
from outbound.llm.breaking import Breakers
from outbound.llm.showing import Known
from outbound.llm.spending import Spent

AWARD = Criterion(
    id="AWARD",
    text="Nationally or internationally recognized prizes for excellence.",
    source="8 CFR 204.5(h)(3)(i)",
    ways=[Way(kind="award", needs=[Condition(field="scope", in_=["national", "international"])])],
)
CRITICAL = Criterion(
    id="CRITICAL",
    text="A leading or critical role for distinguished organizations.",
    source="8 CFR 204.5(h)(3)(viii)",
    ways=[Way(kind="employment", needs=[Condition(field="is_critical", is_=True)])],
)
EB1A = Visa(
    id="EB1A",
    name="Extraordinary ability",
    source="8 CFR 204.5(h)",
    cases=["EB1A"],
    method=KOfN(k=1),
    criteria=[AWARD, CRITICAL],
    documents=["Form I-140"],
    timeline_months=(4, 12),
)

PROFILE = Profile(
    as_of=date(2026, 11, 29),
    entries=[
        Entry(ref="person.1", kind="person", facts={"citizenship": "POL"}, backing="documented"),
        Entry(
            ref="award.1",
            kind="award",
            facts={"name": "Golden Gear of Zorvex", "scope": "national", "awarded_on": date(2024, 5, 2)},
            backing="documented",
        ),
        Entry(ref="award.2", kind="award", facts={"name": "Employee of the month", "scope": "internal"}),
        Entry(
            ref="employment.1",
            kind="employment",
            facts={
                "employer": "Zorvex Robotics, Inc.",
                "title": "Lead engineer",
                "duties": "At ZORVEX ROBOTICS Kowalska led 14 people; write to anna.kowalska@zorvex.example.",
                "is_critical": True,
                "people_led": 14,
                "from_on": date(2019, 1, 7),
            },
            backing="corroborated",
        ),
    ],
)
QUESTION = Question(visas=[EB1A], profile=PROFILE)
KNOWN = Known(names=["Anna Kowalska"], numbers=["A123456789"])

GOOD = {
    "claims": [
        {
            "visa": "EB1A",
            "criterion": "AWARD",
            "strength": "documented",
            "cites": [
                {"ref": "award.1", "field": "scope", "value": "national"},
                {"ref": "award.1", "field": "name", "value": "TEXT_1"},
            ],
        },
        {
            "visa": "EB1A",
            "criterion": "CRITICAL",
            "strength": "corroborated",
            "cites": [
                {"ref": "employment.1", "field": "is_critical", "value": True},
                {"ref": "employment.1", "field": "employer", "value": "EMPLOYER_1"},
                {"ref": "employment.1", "field": "from_on", "value": "2019-01-07"},
                {"ref": "employment.1", "field": "people_led", "value": 14},
            ],
        },
    ]
}


def account(tmp_path, url=None, *, allow=("127.0.0.0/8",)):
    """Northgate's, with a key for each provider."""
    folder = tmp_path / "secrets" / "northgate"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        folder.joinpath(name).write_text(KEY)
    settings = Settings(
        data_dir=tmp_path, config_dir=tmp_path, secrets_dir=tmp_path / "secrets", allow_private=tuple(allow)
    )
    return Account(settings=settings, firm="northgate", url=url)


class Noted:
    """Hands whose clock is moved by what they wait for.

    Attributes:
        told: in order: what was kept, noted and waited for.
    """

    def __init__(self) -> None:
        self.kept, self.attempts, self.waits, self.told = [], [], [], []
        self.spent, self.begun, self.left = Spent(), 0, None
        self.now = 1_000.0
        self.breakers = Breakers(lambda: self.now)

    def hands(self):
        return asking.Hands(
            begin=self._begin,
            keep=lambda heard, _told: (self.kept.append(heard), self.told.append("kept")),
            note=lambda attempt: (self.attempts.append(attempt), self.told.append(attempt.outcome)),
            wait=self._wait,
            breakers=self.breakers,
            left=lambda: self.left,
            today=lambda: date(2026, 11, 29),
        )

    def _begin(self, told, most):
        spending.check(most, self.spent, told.tokens_in + told.tokens_out, told.cost)
        self.begun += 1
        return f"call-{self.begun}"

    def _wait(self, span: timedelta) -> None:
        self.waits.append(span.total_seconds())
        self.now += span.total_seconds()

    @property
    def outcomes(self):
        return [(one.provider, one.outcome) for one in self.attempts]


@contextmanager
def within(seconds, monkeypatch):
    """How long a call may take."""
    with monkeypatch.context() as patch:
        patch.setattr(asking, "WITHIN", timedelta(seconds=seconds))
        yield
