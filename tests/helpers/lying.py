"""A model that lies: answers in which what is true is mixed with every sort of thing that is not, by a seed."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from gateway.domain.eligibility.terms import BACKINGS
from gateway.domain.rules.criteria import visa_on
from helpers.model_double import Asked

MARK = "Quaggoth"  # stands in whatever is invented in words
HTML, SQL = f"<script>{MARK}</script>", f"'; DROP TABLE recommendations; -- {MARK}"

Said = dict[str, Any]


class Liar:
    """What a double says: `saying(Liar(7).answer)`.

    Attributes:
        told: how often each lie was told.
    """

    def __init__(self, seed: int) -> None:
        self._seed, self._count = seed, 0
        self.told: Counter[str] = Counter()

    def answer(self, asked: Asked) -> Any:
        """One answer: some claims that are true, and at least one that is not; one in six is not by the schema."""
        self._count += 1
        chance = random.Random(f"{self._seed}/{self._count}")
        shown = _Shown(asked, chance)
        claims = [shown.true() for _ in range(chance.randint(0, 6))]
        for name in chance.sample([*LIES], chance.randint(1, 6)):
            self.told[name] += 1
            claims += LIES[name](shown)
        chance.shuffle(claims)
        if chance.random() > 1 / 6:
            return {"claims": claims}
        wild = [*WILD][sum(self.told[one] for one in WILD) % len(WILD)]
        self.told[wild] += 1
        return WILD[wild](shown, claims or [shown.true()])


class _Shown:
    """What the model was shown, and how it makes claims of it."""

    def __init__(self, asked: Asked, chance: random.Random) -> None:
        self.chance, self.entries = chance, asked.entries
        claim = asked.schema["properties"]["claims"]["items"]["properties"]
        day = date.fromisoformat(asked.user.split("Today is ")[1][:10])
        self.visas = [visa_on(one, day) for one in claim["visa"]["enum"]]
        self.words = [one for entry in self.entries for one in entry["facts"].values() if isinstance(one, str)]

    def true(self) -> Said:
        """A claim as the rules would make it, though not always of all the facts, and sometimes too strong."""
        visa = self.chance.choice(self.visas)
        fitting = [(one, each) for one in visa.criteria for each in self.entries if _kind(each) in one.kinds()]
        if not fitting:
            return self.beside()
        criterion, entry = self.chance.choice(fitting)
        return self.claim(visa.id, criterion.id, self.cites(entry), entry["backing"])

    def beside(self) -> Said:
        """Facts that are there, under any criterion of any visa."""
        visa, other = self.chance.choice(self.visas), self.chance.choice(self.visas)
        criterion = self.chance.choice(other.criteria)
        return self.claim(visa.id, criterion.id, self.cites(self.chance.choice(self.entries)), "corroborated")

    def claim(self, visa: str, criterion: str, cites: list[Said], strength: str) -> Said:
        return {"visa": visa, "criterion": criterion, "strength": strength, "cites": cites}

    def cites(self, entry: Said) -> list[Said]:
        names = self.chance.sample([*entry["facts"]], self.chance.randint(1, min(len(entry["facts"]), 8)))
        return [{"ref": entry["ref"], "field": name, "value": entry["facts"][name]} for name in names]

    def with_a_wrong(self, change: Callable[[Said], Said]) -> list[Said]:
        """A claim of which one citation is another."""
        claim = self.true()
        at = self.chance.randrange(len(claim["cites"]))
        claim["cites"][at] = claim["cites"][at] | change(claim["cites"][at])
        return [claim]

    def near(self, value: Any) -> Any:
        """Another value that looks like it."""
        if isinstance(value, bool):
            return self.chance.choice([not value, int(value), str(value).lower(), float(value)])
        if isinstance(value, int | float):
            about = [value + 1, value - 1, value * 10, -value - 1, value + 0.5, str(value).replace(".", "-"), 1e15]
            return self.chance.choice([*about, True])
        if len(value) == 10 and value[4] == value[7] == "-":
            day = date.fromisoformat(value)
            later = [day + timedelta(days=one) for one in (1, -1, 365, -365)]
            return self.chance.choice([*map(str, later), value.replace("-", ""), value.replace("-", "_")])
        return self.chance.choice([value.upper() + "_", value + "s", value.title() + "1", value + "\n", MARK, 1, True])


def _kind(entry: Said) -> str:
    return entry["ref"].partition(".")[0]


# ------------------------------------------------------------------------------------------------ by the schema


def _entry_that_is_not(shown: _Shown) -> list[Said]:
    def other(cite: Said) -> Said:
        kind, _, number = cite["ref"].partition(".")
        made = [f"{kind}.99", f"{kind}.0{number.lstrip('r')}", f"{kind}.0", "oscar.1", f"{kind}.{number.lstrip('r')}0"]
        return {"ref": shown.chance.choice(made)}

    return shown.with_a_wrong(other)


def _field_that_is_not(shown: _Shown) -> list[Said]:
    return shown.with_a_wrong(
        lambda _: {"field": shown.chance.choice([MARK, "ref", "backing", "kind", "__class__", "facts", "proof"])}
    )


def _field_that_is_empty(shown: _Shown) -> list[Said]:
    fields = {
        *("scope", "is_major", "is_for_excellence", "is_original", "is_critical", "is_distinguished", "percentile"),
        *("adopted_by", "citations", "is_peer_reviewed", "is_about_person", "times", "is_judged_by_experts", "amount"),
    }

    def other(cite: Said) -> Said:
        known = next(one["facts"] for one in shown.entries if one["ref"] == cite["ref"])
        field = shown.chance.choice(sorted(fields - set(known)))
        return {"field": field, "value": shown.chance.choice([True, 1, 90, 240.0, "international", "national"])}

    return shown.with_a_wrong(other)


def _field_of_another(shown: _Shown) -> list[Said]:
    other = shown.chance.choice(shown.entries)
    field, value = shown.chance.choice([*other["facts"].items()])
    return shown.with_a_wrong(lambda _: {"field": field, "value": value})


def _value_that_is_near(shown: _Shown) -> list[Said]:
    return shown.with_a_wrong(lambda cite: {"value": shown.near(cite["value"])})


def _word_of_another(shown: _Shown) -> list[Said]:
    return shown.with_a_wrong(lambda _: {"value": shown.chance.choice([*shown.words, "TEXT_99", "EMPLOYER_7"])})


def _said_in_words(shown: _Shown) -> list[Said]:
    return shown.with_a_wrong(lambda _: {"value": shown.chance.choice(["Gears", "reviewer", "Zorvex", "gear", MARK])})


def _too_strong(shown: _Shown) -> list[Said]:
    return [shown.true() | {"strength": BACKINGS[-1]}]


def _under_another_criterion(shown: _Shown) -> list[Said]:
    return [shown.beside() for _ in range(3)]


def _criterion_that_is_not(shown: _Shown) -> list[Said]:
    name = shown.chance.choice([MARK, "award", "AWARD\n", "TOTAL", "SCORE", "O1A.AWARD", "0"])
    return [shown.true() | {"criterion": name}]


def _visa_that_is_not(shown: _Shown) -> list[Said]:
    return [
        shown.true() | {"visa": shown.chance.choice(["EB1A ".strip() + "\n", "eb1a", "GREEN", "O1A", "EB1A", MARK])}
    ]


def _letter_beside(shown: _Shown) -> list[Said]:
    """A letter that is about something else, or is said to be about this."""
    claim = shown.true()
    letters = [one for one in shown.entries if _kind(one) == "letter"]
    facts = {"is_independent": True, "about": claim["cites"][0]["ref"].partition(".")[0]}
    ref = shown.chance.choice(letters)["ref"] if letters else "letter.1"
    told = [{"ref": ref, "field": name, "value": value} for name, value in facts.items()]
    return [claim | {"strength": "corroborated", "cites": [*claim["cites"], *told]}]


def _everything_at_once(shown: _Shown) -> list[Said]:
    """The facts of several entries under one criterion."""
    claim = shown.true()
    more = [one for entry in shown.chance.sample(shown.entries, 1) for one in shown.cites(entry)]
    return [claim | {"strength": "corroborated", "cites": [*claim["cites"], *more][:12]}]


def _nothing_cited(shown: _Shown) -> list[Said]:
    return [shown.true() | {"cites": [], "strength": "corroborated"}]


def _often(shown: _Shown) -> list[Said]:
    return [shown.true()] * 40 + [shown.true() | {"strength": "corroborated"}] * 40


LIES: dict[str, Callable[[_Shown], list[Said]]] = {
    "an entry that is not": _entry_that_is_not,
    "a field that is not": _field_that_is_not,
    "a field that is empty": _field_that_is_empty,
    "a field of another entry": _field_of_another,
    "a value that is near": _value_that_is_near,
    "a word of another entry": _word_of_another,
    "said in words": _said_in_words,
    "too strong": _too_strong,
    "under another criterion": _under_another_criterion,
    "a criterion that is not": _criterion_that_is_not,
    "a visa that is not": _visa_that_is_not,
    "a letter beside the point": _letter_beside,
    "everything at once": _everything_at_once,
    "nothing cited": _nothing_cited,
    "often": _often,
}

# ------------------------------------------------------------------------------------------------ not by the schema


def _in_the_first(shown: _Shown, claims: list[Said], **change: Any) -> Said:
    first = claims[0]
    cites = first["cites"] or shown.true()["cites"]
    return {"claims": [first | {"cites": [cites[0] | change, *cites[1:]]}, *claims[1:]]}


def _somewhere(shown: _Shown, claims: list[Said], word: str) -> Said:
    """In each place in which there are words, one a time."""
    place = shown.chance.choice(["ref", "field", "value", "visa", "criterion", "strength"])
    if place in {"ref", "field", "value"}:
        return _in_the_first(shown, claims, **{place: word})
    return {"claims": [claims[0] | {place: word}, *claims[1:]]}


def _figure(shown: _Shown, claims: list[Said]) -> str:
    text = json.dumps(_in_the_first(shown, claims, value="FIGURE"))
    figures = ["NaN", "Infinity", "-Infinity", "1e308", "1e999", "-1e400", "9" * 400, "0x10", "1_000", "[5]", "null"]
    return text.replace('"FIGURE"', shown.chance.choice(figures))


def _look_alike(shown: _Shown, claims: list[Said]) -> Said:
    words = ["n\u0430tional", "internati\u043enal", "\uff11\uff12", "tru\u0435", "\u202enational", "national\u200b"]
    return _in_the_first(shown, claims, value=shown.chance.choice(words))


def _beside_the_claims(shown: _Shown, claims: list[Said]) -> Said:
    more = {"score": 100, "success_probability": 0.99, "summary": MARK, "is_met": True}
    name = shown.chance.choice([*more])
    return {"claims": claims, name: more[name]} if shown.chance.random() < 0.5 else {"claims": [claims[0] | more]}


def _wrapped(shown: _Shown, claims: list[Said]) -> str:
    text = json.dumps({"claims": claims})
    ways = [
        f"```json\n{text}\n```",
        f"{text}{text}",
        f"\ufeff{text}",
        f"{text} {MARK}",
        text[:-9],
        f'"{MARK}"',
        "",
        "[" * 9999,
    ]
    return shown.chance.choice(ways)


WILD: dict[str, Callable[[_Shown, list[Said]], Any]] = {
    "HTML": lambda shown, claims: _somewhere(shown, claims, HTML),
    "SQL": lambda shown, claims: _somewhere(shown, claims, SQL),
    "a sentence": lambda shown, claims: _somewhere(shown, claims, f"The person won the {MARK} Prize."),
    "a figure that is none": _figure,
    "look-alikes": _look_alike,
    "a thousand times": lambda _, claims: {"claims": claims[:1] * 1000},
    "more than is asked for": _beside_the_claims,
    "wrapped": _wrapped,
    "too many facts": lambda shown, claims: {"claims": [claims[0] | {"cites": shown.true()["cites"] * 13}]},
}
