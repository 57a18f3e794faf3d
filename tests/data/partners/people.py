"""People who do not exist, each drawn alone by number, so that every file of a partner knows the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

CONFIGS = Path(__file__).parents[3] / "partner_configs"

FAMILY = (
    "Agarwal Bergström Castillo D'Souza Eriksen Fernández Gupta Hoang Ivanova Jankowski Kowalski Lindqvist Müller"
    " Núñez Okonkwo Petrov Quiñones Rao Søndergaard Tanaka Ueda Vargas Weiß Xu Yilmaz Zhang O'Brien"
).split()
GIVEN = "Ada Björn Chloé Dmitri Elif Françoise Günther Hana Inés José Kiran Lukas Mei Nora Olga Priya Zoë".split()
TITLES = ["Welder", "Process Engineer", "Engineer, Senior", "Quality Analyst", "Plant Manager", "Data Scientist"]
COUNTRIES = ["India", "China", "Mexico", "Brazil", "Germany", "Philippines", "Nigeria", "Canada"]
STATES = ["TX", "IL", "CA", "NY", "WA", "MA"]


@dataclass(frozen=True)
class Person:
    """What every partner knows of somebody; `draw` gives whatever else a layout has."""

    number: int
    family: str
    given: str
    middle: str
    born: date
    hired: date
    country: str
    title: str
    salary: int  # in whole units of the currency
    state: str
    draw: Random

    @property
    def passport(self) -> str:
        return f"P{self.number:07}"

    @property
    def passport_ends(self) -> date:
        return date(2027, 1, 4) + timedelta(days=self.number * 37 % 2_500)

    @property
    def visa_ends(self) -> date:
        return date(2026, 9, 30) + timedelta(days=self.number * 53 % 900)


def person(number: int, partner: str) -> Person:
    draw = Random(f"{partner}/{number}")
    return Person(
        number,
        draw.choice(FAMILY),
        draw.choice(GIVEN),
        draw.choice(["A", "B", "M", "T", ""]),
        date(1961, 3, 1) + timedelta(days=draw.randrange(14_000)),
        date(2012, 1, 2) + timedelta(days=draw.randrange(4_500)),
        draw.choice(COUNTRIES),
        draw.choice(TITLES),
        draw.randrange(48_000, 190_000, 250),
        draw.choice(STATES),
        draw,
    )
