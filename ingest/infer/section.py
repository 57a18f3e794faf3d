"""What the rows of one part become: a person, a case, documents, and what is left over."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ingest.infer import dependents
from ingest.infer.bench import Bench, addressed
from ingest.infer.cases import case_beside, cases_alone
from ingest.infer.content import NAMELESS, guess_client, is_birth
from ingest.infer.counting import counted
from ingest.infer.dates import DAY_FIRST, MONTH_FIRST
from ingest.infer.documents import documents_of
from ingest.infer.draft import SectionDraft
from ingest.infer.options import Terrain
from ingest.infer.people import client_of, finish_key
from ingest.infer.profile import ColumnProfile, TableProfile
from ingest.infer.vocabulary import COMPANY_CODE, KEPT, LEAST, PERSONAL, RECORD_TYPE, is_named, likeness, tokens

_MOST_KEPT = 30
_PERSONAL = ("family_name", "given_name", "date_of_birth", "email", "employee_id")
_DAY_FIRST_WORDS = frozenset(
    "personalnummer nachname vorname geburtsdatum eintritt eintrittsdatum gehalt nom prenom apellido geschlecht".split()
)


def section_of(
    names: list[str],
    profile: TableProfile,
    terrain: Terrain,
    where: dict[str, Any] | None,
    *,
    is_main: bool,
    shared: str | None = None,
) -> SectionDraft:
    """What to propose for the rows of these parts; an empty section where nothing tells people or cases apart.

    Args:
        names: of the parts; none where the file is one table.
        profile: of their columns.
        terrain: how the file writes dates and numbers.
        where: the condition of rows that are data.
        is_main: whether names of people may be looked for in columns that have none themselves.
        shared: a column that tells the same people in all record types.
    """
    found, lost = addressed(profile)
    section = SectionDraft(names, profile.rows, where=where)
    section.aside = {name or "(no name)": "no name of its own by which partner.yaml could find it" for name in lost}
    dependent = dependents.number_column(list(found))
    columns = dependents.told_plainly(found) if dependent else found
    bench = Bench(terrain, section, dict(columns), dict(columns), shared, is_main=is_main)
    if where and "is" in where:
        bench.free.pop(str(where["column"]), None)
    if _is_about_cases(bench):
        section.case = cases_alone(bench)
    if section.case is None:
        _people(bench)
    if dependent and section.client:
        dependents.join_key(bench, section.client, dependent)
    bench.doubt_spoiled()
    _left_over(bench)
    return section


def terrain_of(profiles: list[TableProfile], *, hint: str) -> Terrain:
    """What all columns together say about the order of day and month, and about the decimal mark."""
    orders: Counter[str] = Counter()
    marks: Counter[str] = Counter()
    for column in (one for profile in profiles for one in profile.columns if one.filled):
        if column.dates.share > 0.9 and (order := column.dates.order()):  # noqa: PLR2004 - dates, but for a few
            orders[order] += 1
        point, comma = column.share("decimal"), column.share("decimal ,")
        if max(point, comma) > 0.9 and abs(point - comma) > 0.05:  # noqa: PLR2004 - numbers that fit one mark only
            marks["." if point > comma else ","] += 1
    decimal = marks.most_common(1)[0][0] if marks else None
    european = decimal == "," or any(
        set(tokens(column.name)) & _DAY_FIRST_WORDS for profile in profiles for column in profile.columns
    )
    order = orders.most_common(1)[0][0] if len(orders) == 1 else None
    return Terrain(order, DAY_FIRST if european else hint or MONTH_FIRST, decimal)


def record_types(profile: TableProfile) -> tuple[str, list[str], dict[str, int]] | None:
    """A column that says which rows are data: its name, the usual words, and the rare others with their rows."""
    for column in profile.columns:
        if is_named(column.name, RECORD_TYPE) and 1 < column.distinct <= 6 and column.rows > 3:  # noqa: PLR2004
            [usual, *others] = sorted(column.counts, key=lambda word: -column.counts[word])
            rare = {word: column.counts[word] for word in others if column.counts[word] <= max(2, 0.02 * column.rows)}
            if rare and len(rare) == len(others):
                return column.name, [usual], rare
    return None


def _is_about_cases(bench: Bench) -> bool:
    """Whether cases are told apart, and nothing tells of a person."""
    columns = bench.free.values()
    people = any(likeness(one.name, PERSONAL["client", name]).score >= LEAST for one in columns for name in _PERSONAL)
    return not people and any(_numbers_cases(one) for one in columns)


def _numbers_cases(column: ColumnProfile) -> bool:
    named = likeness(column.name, PERSONAL["case", "case_number"]).score >= LEAST
    typed = any(column.fits(test) for test in ("perm_number", "lca_number", "receipt_number"))
    return column.filled > 0 and (named or typed) and column.distinct >= 0.5 * column.filled


def _people(bench: Bench) -> None:
    section = bench.section
    client = client_of(bench)
    if client is None:
        return
    section.documents = documents_of(bench)
    found = [one for one in bench.by_name(only_cases=False) if one[2][0] == "client"]
    cases = {address for _, address, target in bench.by_name(only_cases=False) if target[0] == "case"}
    bench.assign(client, [one for one in found if one[1] not in cases or one[0].score == 1])
    guess_client(bench, client, is_main=bench.is_main)
    if not finish_key(bench, client):
        section.documents = []
        return
    section.client = client
    section.case = case_beside(bench, client)
    _doubt_company(bench)


def _doubt_company(bench: Bench) -> None:
    """The same number in two companies may be two people."""
    for column in bench.all.values():
        if is_named(column.name, COMPANY_CODE) and column.distinct > 1:
            bench.section.unsure.append(
                f"key: there are {column.distinct} different values of “{column.name}”; if each company numbers its "
                f'people itself, the key must be joined: {{join: [{column.name!r}, ...], with: "-"}}'
            )


def _left_over(bench: Bench) -> None:
    """Columns of the organisation are kept as attributes; of all others, less stored is better."""
    for address, column in bench.free.items():
        kept = is_named(column.name, KEPT) and column.filled and len(bench.section.keep) < _MOST_KEPT
        if kept and not bench.section.is_empty:
            bench.section.keep[address] = f"{column.distinct:,} different values"
        elif column.filled:
            bench.section.aside.setdefault(address, _unknown(column))
        else:
            bench.section.aside.setdefault(address, "blank in the whole sample")


def _unknown(column: ColumnProfile) -> str:
    """Why nothing became of a column that says something."""
    rows = counted(column.filled, "row")
    if not NAMELESS.fullmatch(column.name):
        return f"filled in {rows}; no field of ours is called so"
    dated = column.dates.share > 0.9  # noqa: PLR2004 - dates, but for a few
    what = "dates" if dated else "numbers" if column.fits("decimal") else "text"
    return f"{what} in {rows}; the partner's description must say which"


def main_of(profiles: list[TableProfile]) -> int:
    """Which part tells who people are: the first with dates of birth, else the first."""
    return next((number for number, one in enumerate(profiles) if any(map(is_birth, one.columns))), 0)
