"""Cases: in a file about people, where a row names one; in a file about cases, the whole of it."""

from __future__ import annotations

from ingest.infer.bench import Bench, companies_in, drafted
from ingest.infer.draft import FieldDraft, RecordDraft
from ingest.infer.options import Read, repeating, vague
from ingest.infer.profile import ColumnProfile
from ingest.infer.vocabulary import LEAST, PERSONAL, WAGE_UNIT, is_named, is_prevailing, likeness, tokens
from ingest.infer.words import folded

_NUMBERS = ("perm_number", "lca_number", "receipt_number")  # types that are case numbers of somebody
_UNIQUE = 0.9
_NO_CASE = frozenset(
    folded(one)
    for one in "citizen;us citizen;usc;lpr;green card;gc;permanent resident;none required;not required;us;"
    "lawful permanent resident;no visa;n/a".split(";")
)
_PERM = "PERM"
_MOSTLY = 0.5
_COUNSEL = frozenset("attorney lawyer agent atty ag firm lawfirm law preparer".split())
_OF_WORK = frozenset("worksite work job site employment arbeitsort einsatzort dienstort arbeitsstaette".split())


def case_beside(bench: Bench, client: RecordDraft) -> RecordDraft | None:
    """The case that a row about a person may name."""
    record = RecordDraft("case")
    found = [
        one for one in bench.by_name(only_cases=False) if one[2][0] == "case" and one[2][1] not in ("wage", "status")
    ]
    asking = [address for _, address, target in found if target[1] in ("case_type", "case_number", "receipt_number")]
    if not asking or client.key is None:
        return None
    bench.assign(record, found)
    bench.assign(record, [one for one in bench.by_name(only_cases=False) if one[2] == ("case", "status")])
    if not any(name in record.fields for name in ("case_type", "case_number", "receipt_number")):
        _give_back(bench, record)
        return None
    _when(bench, record)
    _number(client, record)
    return record


def cases_alone(bench: Bench) -> RecordDraft | None:
    """The case of a file without people; None where nothing tells cases apart."""
    record = RecordDraft("case", key="case_number")
    found = bench.by_name(only_cases=True)
    bench.assign(record, [one for one in found if one[2] == ("case", "case_number")])
    if "case_number" not in record.fields and not _number_by_content(bench, record):
        return None
    number = record.fields["case_number"]
    column = bench.all[number.columns[0]]
    bench.assign(record, [one for one in found if one[2][0] == "case"])
    for test in _NUMBERS:
        if column.fits(test):
            number.options |= {"type": test}
            if test not in record.fields:
                record.fields[test] = drafted(number.columns[0], Read({"type": test}, ""), "the case number is one")
            if test == "perm_number":
                why = "its numbers are those of labour certifications"
                _give_back(bench, record, "case_type")
                record.fields["case_type"] = FieldDraft({"value": _PERM}, why, [], [])
    number.options["required"] = True
    number.because += f"; {column.distinct_told} different in {column.filled:,} filled rows"
    number.unsure += repeating(column, "case")
    _settle_wage(bench, record)
    _settle_employer(bench, record)
    _doubt_place(record)
    record.fields = {"case_number": number} | record.fields
    return record


def _settle_wage(bench: Bench, record: RecordDraft) -> None:
    """What a prevailing wage is no wage for, and in which units the wage is."""
    made = record.fields.get("wage")
    if made is None:
        return
    for address, column in list(bench.free.items()):
        if is_prevailing(column.name) and likeness(column.name, PERSONAL["case", "wage"]).score >= LEAST:
            bench.free.pop(address)
            bench.section.aside[address] = f"what is usual for the job; the wage itself is “{made.columns[0]}”"
    if is_prevailing(made.columns[0]):
        made.unsure.append("by its name, this is what is usual for the job, not what it pays; no column is called so")
    units = next((one for one in bench.all.values() if is_named(one.name, WAGE_UNIT) and one.distinct > 1), None)
    if units:
        told = ", ".join(f"{word} in {count:,}" for word, count in units.counts.items())
        made.unsure.append(f"the wages are of several units (“{units.name}”: {told}), which are not converted")


def _settle_employer(bench: Bench, record: RecordDraft) -> None:
    """The employer by the companies in a column of names, where no column is called so."""
    named = (address for address, column in bench.free.items() if _names_companies(column))
    if "employer_name" in record.fields or (address := next(named, None)) is None:
        return
    because = f"{companies_in(bench.all[address]):.0%} of its different values are called as companies are"
    if made := bench.take("case", "employer_name", address, because):
        made.unsure.append("a company's name by its values: is it the employer's?")
        record.fields["employer_name"] = made


def _names_companies(column: ColumnProfile) -> bool:
    words = {*tokens(column.name)}
    return "name" in words and not words & _COUNSEL and companies_in(column) > _MOSTLY


def _doubt_place(record: RecordDraft) -> None:
    for name in ("worksite_city", "worksite_state"):
        made = record.fields.get(name)
        if made and not {*tokens(made.columns[0])} & _OF_WORK:
            made.unsure.append("by its name, this may be where the employer is, and not where the work is done")


def _number_by_content(bench: Bench, record: RecordDraft) -> bool:
    for address, column in bench.free.items():
        kind = next((test for test in _NUMBERS if column.fits(test)), None)
        if kind and column.distinct >= _UNIQUE * column.filled:
            bench.free.pop(address)
            record.fields["case_number"] = drafted(address, Read({}, ""), f"every value is a {kind.replace('_', ' ')}")
            return True
    return False


def _when(bench: Bench, record: RecordDraft) -> None:
    """Rows that name a case: those with a case number, a visa type or a receipt number."""
    name = next(name for name in ("case_number", "case_type", "receipt_number") if name in record.fields)
    made = record.fields[name]
    address = made.columns[0]
    record.when = {"column": address, "not_blank": True}
    column = bench.all[address]
    record.because = f"{column.filled:,} of {column.rows:,} rows name one"
    if name != "case_type":
        return
    settled = [word for word in column.counts if folded(word) in _NO_CASE]
    if settled:
        record.when = {"column": address, "is_not": ["", *sorted(column.nothings), *settled]}
        mapping = {word: ours for word, ours in made.options["map"].items() if word not in settled}
        made.options["map"] = mapping
        made.unsure = vague(name, column) if set(column.counts) <= {*mapping, *settled} else made.unsure
        record.because += f"; {', '.join(settled)} need no case"


def _number(client: RecordDraft, record: RecordDraft) -> None:
    """A number of our own making where the partner has none: the person and what the case is about."""
    record.key = "case_number"
    if "case_number" in record.fields:
        made = record.fields.pop("case_number")
        made.options.pop("if_bad", None)
        record.fields = {"case_number": made} | record.fields
        return
    key = client.fields[str(client.key)]
    about = record.fields.get("case_type") or record.fields["receipt_number"]
    join = [key.columns[0], about.columns[0]]
    doubt = "the file has no case number, so it is made of the person and the visa type: one case for each pair"
    made = FieldDraft({"join": join, "with": "-", "clean": ["strip", "upper"]}, "no column holds one", [doubt], join)
    record.fields = {"case_number": made} | record.fields


def _give_back(bench: Bench, record: RecordDraft, *names: str) -> None:
    """Free the columns of these fields, or of all, for something else."""
    for name in names or list(record.fields):
        for address in record.fields.pop(name).columns if name in record.fields else []:
            bench.free[address] = bench.all[address]
