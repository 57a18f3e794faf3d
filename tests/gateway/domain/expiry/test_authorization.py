"""What ends the permission to work, by cases worked out by hand from the text of the law, each with its citation."""

from datetime import date
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid5

import pytest

from gateway.domain.expiry.authorization import effective_work_auth_end
from gateway.domain.expiry.papers import Facts, Matter, Paper
from gateway.domain.rules import dated, vocabulary

SPACE = UUID("3f2a6a1e-6a55-4b52-9b1e-0f3cf0d1a001")
ON = "2026-11-29"


def day(text):
    return date.fromisoformat(text) if text else None


def paper(doc_type, ends=None, since=None, case=None, abroad=None):
    lasting = ends == "D/S"
    return Paper(
        id=uuid5(SPACE, f"{doc_type}{ends}{since}{case}"),
        doc_type=doc_type,
        issued_on=day(since),
        expires_on=None if lasting else day(ends),
        duration_of_status=lasting,
        case_id=uuid5(SPACE, case) if case else None,
        days_abroad=abroad,
    )


def case(case_type, status="open", filed=None, decided=None, employer=None, name=None):
    return Matter(
        id=uuid5(SPACE, name or case_type),
        case_type=case_type,
        status=status,
        filed_on=day(filed),
        decided_on=day(decided),
        employer=employer,
    )


def facts(*known, on=ON, **more):
    return Facts(
        on=day(on),
        papers=[one for one in known if isinstance(one, Paper)],
        cases=[one for one in known if isinstance(one, Matter)],
        **more,
    )


H1B = case("H1B_EXT", "approved", "2023-08-01", "2023-10-01")


class Case(NamedTuple):
    """One person.

    Attributes:
        ends: the last day, `never` or `unknown`.
        by: the type of the controlling paper.
        cites: where the law says so.
    """

    known: list
    ends: str
    basis: str
    by: str | None
    cites: str
    on: str = ON
    citizenship: str | None = None


CASES = {
    "a citizen": Case([paper("ead", "2027-01-01")], "never", "citizen", None, "8 CFR 274a.1(f)", citizenship="USA"),
    "a green card in force": Case([paper("green_card", "2030-05-01")], "never", "permanent_resident", None, "8 CFR 274a.12(a)(1)"),
    "a green card that has ended": Case([paper("green_card", "2020-05-01")], "never", "permanent_resident", None, "8 CFR 274a.12(a)(1)"),
    "adjustment approved, card to come": Case([case("I485", "approved"), paper("ead", "2027-01-01")], "never", "permanent_resident", None, "INA 245(b)"),
    "adjustment pending is no residence": Case([case("I485"), paper("ead", "2027-01-01")], "2027-01-01", "ead", "ead", "8 CFR 274a.12(c)(9)"),
    "I-94 with I-797": Case([H1B, paper("i94", "2027-03-31"), paper("i797", "2027-09-30")], "2027-03-31", "petition", "i94", "INA 222(g)"),
    "I-797 before I-94": Case([H1B, paper("i94", "2027-10-10"), paper("i797", "2027-09-30")], "2027-09-30", "petition", "i797", "8 CFR 214.2(h)(13)(i)(A)"),
    "both on one day": Case([H1B, paper("i94", "2027-09-30"), paper("i797", "2027-09-30")], "2027-09-30", "petition", "i94", "INA 222(g)"),
    "I-94 cut short by the passport": Case([H1B, paper("i94", "2027-02-01"), paper("passport", "2027-02-01"), paper("i797", "2028-09-30")], "2027-02-01", "petition", "i94", "8 CFR 235.1(h)"),
    "a passport that ends earlier ends no stay": Case([H1B, paper("i94", "2027-09-30"), paper("passport", "2027-01-15"), paper("i797", "2027-09-30")], "2027-09-30", "petition", "i94", "8 CFR 214.1(a)(3)(i)"),
    "a visa that has ended ends no stay": Case([H1B, paper("i94", "2027-09-30"), paper("visa_foil", "2025-01-15"), paper("i797", "2027-09-30")], "2027-09-30", "petition", "i94", "22 CFR 41.112"),
    "six years on record": Case([H1B, paper("i94", "2027-09-30"), paper("i797", "2027-09-30"), paper("h1b_maxout", "2027-06-30")], "2027-06-30", "petition", "h1b_maxout", "INA 214(g)(4)"),
    "six years counted": Case([H1B, paper("i94", "2027-09-30"), paper("i797", "2027-09-30"), paper("h1b_maxout", since="2021-03-01")], "2027-02-28", "petition", "h1b_maxout", "INA 214(g)(4)"),
    "six years with days abroad": Case([H1B, paper("i94", "2027-09-30"), paper("i797", "2027-09-30"), paper("h1b_maxout", since="2021-03-01", abroad=45)], "2027-04-14", "petition", "h1b_maxout", "8 CFR 214.2(h)(13)(iii)(C)"),
    "six years from a leap day": Case([H1B, paper("i94", "2027-09-30"), paper("i797", "2027-09-30"), paper("h1b_maxout", since="2020-02-29", abroad=300)], "2026-12-25", "petition", "h1b_maxout", "INA 214(g)(4)"),
    "so many days abroad that six years do not matter": Case([H1B, paper("i94", "2027-09-30"), paper("i797", "2027-09-30"), paper("h1b_maxout", since="2021-03-01", abroad=400)], "2027-09-30", "petition", "i94", "8 CFR 214.2(h)(13)(iii)(C)"),
    "six years, and an I-140 approved": Case([H1B, case("I140_EB2", "approved"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2027-06-30")], "2028-09-30", "petition", "i94", "AC21 104(c)"),
    "six years, and an I-140 denied": Case([H1B, case("I140_EB2", "denied"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2027-06-30")], "2027-06-30", "petition", "h1b_maxout", "INA 214(g)(4)"),
    "six years, and an I-140 pending for 364 days": Case([H1B, case("I140_EB2", "open", "2025-11-30"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2026-06-30")], "2026-06-30", "petition", "h1b_maxout", "AC21 106(a)(2)"),
    "six years, and an I-140 pending for 365 days": Case([H1B, case("I140_EB2", "open", "2025-11-29"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2026-06-30")], "2028-09-30", "petition", "i94", "AC21 106(a)(2)"),
    "six years, and an I-140 pending since nobody knows when": Case([H1B, case("I140_EB2"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2026-06-30")], "2026-06-30", "petition", "h1b_maxout", "AC21 106(a)(2)"),
    "six years, and an I-140 as a paper alone": Case([H1B, paper("i140", since="2024-01-01"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2026-06-30")], "2026-06-30", "petition", "h1b_maxout", "AC21 104(c)"),
    "six years, and the paper of an I-140 that is pending": Case([H1B, case("I140_EB2", "open", "2026-05-01"), paper("i140", since="2024-01-01", case="I140_EB2"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2026-06-30")], "2026-06-30", "petition", "h1b_maxout", "AC21 104(c)"),
    "six years, and a labor certification pending for 364 days": Case([H1B, case("PERM", "open", "2025-11-30"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2026-06-30")], "2026-06-30", "petition", "h1b_maxout", "AC21 106(a)(1)"),
    "six years, and a labor certification pending for 365 days": Case([H1B, case("PERM", "open", "2025-11-29"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2026-06-30")], "2028-09-30", "petition", "i94", "AC21 106(a)(1)"),
    "six years, and an I-140 that followed its labor certification": Case([H1B, case("PERM", "approved", "2025-06-01"), case("I140_EB2", "open", "2026-05-01"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2026-06-30")], "2028-09-30", "petition", "i94", "AC21 106(a)(1)"),
    "six years, and a labor certification of which no I-140 came": Case([H1B, case("PERM", "approved", "2025-06-01"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2026-06-30")], "2026-06-30", "petition", "h1b_maxout", "8 CFR 214.2(h)(13)(iii)(D)(2)"),
    "six years, and a labor certification whose I-140 was denied": Case([H1B, case("PERM", "approved", "2025-06-01"), case("I140_EB2", "denied", "2025-09-01"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2026-06-30")], "2026-06-30", "petition", "h1b_maxout", "8 CFR 214.2(h)(13)(iii)(D)(2)"),
    "six years, and a labor certification denied": Case([H1B, case("PERM", "denied", "2024-06-01"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2026-06-30")], "2026-06-30", "petition", "h1b_maxout", "8 CFR 214.2(h)(13)(iii)(D)(2)"),
    "L-1A, seven years": Case([case("L1A", "approved"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("l1_maxout", since="2020-05-01")], "2027-04-30", "petition", "l1_maxout", "8 CFR 214.2(l)(12)"),
    "L-1B, five years": Case([case("L1B", "approved"), paper("i94", "2027-09-30"), paper("i797", "2027-09-30"), paper("l1_maxout", since="2022-01-01")], "2026-12-31", "petition", "l1_maxout", "8 CFR 214.2(l)(12)"),
    "L-1B is not saved by an I-140": Case([case("L1B", "approved"), case("I140_EB1C", "approved"), paper("i94", "2027-09-30"), paper("i797", "2027-09-30"), paper("l1_maxout", "2026-12-31")], "2026-12-31", "petition", "l1_maxout", "8 CFR 214.2(l)(12)"),
    "L-1 blanket by its I-94": Case([case("L1_BLANKET", "approved"), paper("i94", "2027-05-01")], "2027-05-01", "petition", "i94", "8 CFR 214.2(l)(4)"),
    "six years of H-1B do not end an O-1": Case([case("O1A", "approved", decided="2026-01-01"), paper("i797", "2028-12-31", case="O1A"), paper("i94", "2028-12-31"), paper("h1b_maxout", "2025-06-30")], "2028-12-31", "petition", "i94", "8 CFR 214.2(o)(6)(iii)"),
    "TN by its I-94 alone": Case([case("TN", "approved"), paper("i94", "2027-08-15")], "2027-08-15", "petition", "i94", "8 CFR 214.6(e)"),
    "E-3 by its I-94 alone": Case([case("E3", "approved"), paper("i94", "2027-08-15")], "2027-08-15", "petition", "i94", "8 CFR 274a.12(b)(25)"),
    "O-1": Case([case("O1A", "approved"), paper("i94", "2028-01-10"), paper("i797", "2027-12-31")], "2027-12-31", "petition", "i797", "8 CFR 214.2(o)(10)"),
    "an I-797 of an I-140 permits no work": Case([case("I140_EB2", "approved"), paper("i797", "2029-01-01", case="I140_EB2"), paper("ead", "2027-01-01")], "2027-01-01", "ead", "ead", "8 CFR 204.5(n)"),
    "an extension denied": Case([H1B, case("H1B_EXT", "denied", "2026-08-01", name="x"), paper("i94", "2026-12-31"), paper("i797", "2026-12-31")], "2026-12-31", "petition", "i94", "8 CFR 274a.12(b)(20)"),
    "an extension pending is not counted": Case([H1B, case("H1B_EXT", "open", "2026-08-01", name="x"), paper("i94", "2026-12-31"), paper("i797", "2026-12-31")], "2026-12-31", "petition", "i94", "8 CFR 274a.12(b)(20)"),
    "a newer I-797 with an old I-94": Case([H1B, paper("i94", "2026-12-31", "2023-12-01"), paper("i797", "2029-12-31", "2026-10-01")], "2026-12-31", "petition", "i94", "INA 222(g)"),
    "the newer of two I-94": Case([H1B, paper("i94", "2029-12-31", "2023-12-01"), paper("i94", "2027-06-01", "2026-02-01"), paper("i797", "2029-12-31")], "2027-06-01", "petition", "i94", "8 CFR 235.1(h)"),
    "two I-94, and which is newer is not known": Case([H1B, paper("i94", "2028-12-31"), paper("i94", "2027-06-01"), paper("i797", "2029-12-31")], "2027-06-01", "petition", "i94", "8 CFR 235.1(h)"),
    "EAD": Case([paper("ead", "2027-05-05")], "2027-05-05", "ead", "ead", "8 CFR 274a.13(b)"),
    "EAD, renewal filed on the last day of 540": Case([paper("ead", "2026-01-15"), case("I765_C09", "open", "2025-10-29")], "2027-07-09", "ead", "ead", "8 CFR 274a.13(d)(5); 89 FR 101208"),
    "EAD, renewal filed a day later": Case([paper("ead", "2026-12-15"), case("I765_C09", "open", "2025-10-30")], "2026-12-15", "ead", "ead", "8 CFR 274a.13(e); 90 FR 48799"),
    "EAD, renewal filed under 180 days": Case([paper("ead", "2022-06-01"), case("I765_C09", "open", "2022-05-03")], "2022-11-28", "ead", "ead", "8 CFR 274a.13(d); 81 FR 82398", on="2022-07-01"),
    "EAD, renewal filed on the first day of 540": Case([paper("ead", "2022-06-01"), case("I765_C09", "open", "2022-05-04")], "2023-11-23", "ead", "ead", "87 FR 26614", on="2022-07-01"),
    "EAD, renewal filed before any rule": Case([paper("ead", "2017-02-01"), case("I765_C09", "open", "2017-01-16")], "2017-02-01", "ead", "ead", "81 FR 82398", on="2017-01-20"),
    "EAD, renewal filed late": Case([paper("ead", "2025-06-01"), case("I765_C09", "open", "2025-06-02")], "2025-06-01", "ead", "ead", "8 CFR 274a.13(d)(1)(i)"),
    "EAD, renewal filed on its last day": Case([paper("ead", "2025-06-01"), case("I765_C09", "open", "2025-06-01")], "2026-11-23", "ead", "ead", "8 CFR 274a.13(d)(1)(i)"),
    "EAD, renewal denied": Case([paper("ead", "2026-01-15"), case("I765_C09", "denied", "2025-09-01")], "2026-01-15", "ead", "ead", "8 CFR 274a.13(d)(3)"),
    "EAD of DACA is not extended": Case([paper("ead", "2026-01-15"), case("I765_C33", "open", "2025-09-01")], "2026-01-15", "ead", "ead", "8 CFR 274a.13(d)(1)(iii)"),
    "EAD, a renewal that says no category": Case([paper("ead", "2026-01-15"), case("I765", "open", "2025-09-01")], "2026-01-15", "ead", "ead", "8 CFR 274a.13(d)(1)(ii), (iii)"),
    "EAD, of two renewals the one that says its category": Case([paper("ead", "2026-01-15"), case("I765", "open", "2025-08-01"), case("I765_C09", "open", "2025-09-01")], "2027-07-09", "ead", "ead", "8 CFR 274a.13(d)(1)(ii), (iii)"),
    "EAD of a category, and a renewal that says none": Case([paper("ead", "2026-01-15", case="old"), case("I765_C09", "approved", name="old"), case("I765", "open", "2025-09-01")], "2026-01-15", "ead", "ead", "8 CFR 274a.13(d)(1)(ii)"),
    "EAD renewed in another category": Case([paper("ead", "2026-01-15", case="old"), case("I765_C08", "approved", name="old"), case("I765_C09", "open", "2025-09-01")], "2026-01-15", "ead", "ead", "8 CFR 274a.13(d)(1)(ii)"),
    "the case by which the card itself was asked for is no renewal": Case([paper("ead", "2026-12-15", "2025-01-15"), case("I765_C09", "open", "2024-09-01")], "2026-12-15", "ead", "ead", "8 CFR 274a.13(d)(1)"),
    "H-4 goes on no longer than the I-94": Case([paper("ead", "2026-01-15"), case("H4_EAD", "open", "2025-09-01"), paper("i94", "2026-12-31")], "2026-12-31", "ead", "ead", "USCIS policy of 12 November 2021"),
    "H-4 whose I-94 ended with the card": Case([paper("ead", "2026-12-15"), case("H4_EAD", "open", "2025-09-01"), paper("i94", "2026-12-15")], "2026-12-15", "ead", "ead", "USCIS policy of 12 November 2021"),
    "H-4 without an I-94 on record": Case([paper("ead", "2026-01-15"), case("H4_EAD", "open", "2025-09-01")], "2026-01-15", "ead", "ead", "USCIS policy of 12 November 2021"),
    "of two cards the one issued last": Case([paper("ead", "2028-01-01", "2024-01-01"), paper("ead", "2027-05-05", "2026-01-01")], "2027-05-05", "ead", "ead", "8 CFR 274a.13(b)"),
    "of two cards the one in force": Case([paper("ead", "2028-01-01", "2024-01-01"), paper("ead", "2026-05-05", "2025-05-06")], "2028-01-01", "ead", "ead", "8 CFR 274a.13(b)"),
    "OPT with D/S": Case([paper("i94", "D/S"), paper("opt", "2027-05-31")], "2027-05-31", "opt", "opt", "8 CFR 214.2(f)(5)(i), (f)(10)(ii)"),
    "STEM OPT to come": Case([paper("i94", "D/S"), paper("opt", "2027-05-31"), paper("stem_opt", "2029-05-31", "2027-06-01")], "2027-05-31", "opt", "opt", "8 CFR 214.2(f)(10)(ii)(C)"),
    "STEM OPT asked for in time": Case([paper("i94", "D/S"), paper("opt", "2026-10-01"), case("F1_STEM", "open", "2026-09-01")], "2027-03-30", "opt", "opt", "8 CFR 274a.12(b)(6)(iv)"),
    "STEM OPT asked for too late": Case([paper("i94", "D/S"), paper("opt", "2026-10-01"), case("F1_STEM", "open", "2026-10-02")], "2026-10-01", "opt", "opt", "8 CFR 274a.12(b)(6)(iv)"),
    "STEM OPT is not extended again": Case([paper("i94", "D/S"), paper("stem_opt", "2026-12-01"), case("F1_STEM", "open", "2026-09-01")], "2026-12-01", "stem_opt", "stem_opt", "8 CFR 214.2(f)(10)(ii)(C)"),
    "J-1 with D/S": Case([case("J1"), paper("i94", "D/S"), paper("ds2019", "2027-06-30")], "2027-06-30", "exchange_visitor", "ds2019", "8 CFR 274a.12(b)(11)"),
    "J-1 with a day on the I-94": Case([case("J1"), paper("i94", "2027-01-31"), paper("ds2019", "2027-06-30")], "2027-01-31", "exchange_visitor", "i94", "8 CFR 274a.12(b)(11)"),
    "a DS-2019 may be a spouse's": Case([paper("i94", "D/S"), paper("ds2019", "2027-06-30")], "unknown", "unknown", None, "8 CFR 214.2(j)(1)(v)"),
    "H-1B goes before a card": Case([H1B, paper("i94", "2027-03-31"), paper("i797", "2027-03-31"), paper("ead", "2028-03-31")], "2027-03-31", "petition", "i94", "8 CFR 274a.12(b)(9)"),
    "a card once H-1B has ended": Case([H1B, paper("i94", "2026-03-31"), paper("i797", "2026-03-31"), paper("ead", "2028-03-31")], "2028-03-31", "ead", "ead", "8 CFR 274a.12(c)(9)"),
    "OPT, while the I-94 still says D/S": Case([case("H1B_CAP", "approved"), paper("i797", "2029-09-30"), paper("i94", "D/S"), paper("opt", "2027-05-31")], "2027-05-31", "opt", "opt", "8 CFR 214.2(f)(5)(vi)"),
    "H-1B on its last day, and a card beside": Case([H1B, paper("i94", ON), paper("i797", ON), paper("ead", "2028-03-31")], ON, "petition", "i94", "8 CFR 274a.12(b)(9)"),
    "all has ended": Case([H1B, paper("i94", "2026-03-31"), paper("i797", "2026-03-31"), paper("ead", "2026-05-31")], "2026-05-31", "ead", "ead", "8 CFR 274a.12"),
    "nothing on record": Case([], "unknown", "unknown", None, "8 CFR 274a.12"),
    "a passport alone": Case([paper("passport", "2030-01-01")], "unknown", "unknown", None, "8 CFR 274a.12"),
    "an I-94 alone": Case([paper("i94", "2027-01-01")], "unknown", "unknown", None, "8 CFR 274a.12"),
    "D/S alone": Case([paper("i94", "D/S")], "unknown", "unknown", None, "8 CFR 214.2(f)(9)"),
    "an I-20 alone": Case([paper("i94", "D/S"), paper("i20", "2027-01-01")], "unknown", "unknown", None, "8 CFR 214.2(f)(9)"),
    "a cap petition pending is no status": Case([case("H1B_CAP"), paper("i94", "2027-01-01")], "unknown", "unknown", None, "8 CFR 274a.12(b)(9)"),
    "a licence and a receipt": Case([paper("driver_licence", "2030-01-01"), paper("lca", "2028-01-01")], "unknown", "unknown", None, "8 CFR 274a.12"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_end_is_what_the_law_says(name):
    one = CASES[name]
    found = effective_work_auth_end(facts(*one.known, on=one.on, citizenship=one.citizenship))
    assert one.cites
    assert ("never" if found.is_open_ended else str(found.ends_on or "unknown")) == one.ends
    assert (found.basis, found.controlling and found.controlling.doc_type) == (one.basis, one.by)
    if found.ends_on:
        assert f"on {found.ends_on} (" in found.sentence
        assert ("ended" in found.sentence) == (found.ends_on < day(one.on))


def test_there_are_cases_enough():
    assert len(CASES) >= 40


TOLD = {
    "I-94 against I-797": ([H1B, paper("i94", "2027-03-31"), paper("i797", "2027-09-30")], "The I-94 ends on 2027-03-31, before the I-797 (2027-09-30)"),
    "an I-797 issued after the I-94": ([H1B, paper("i94", "2026-12-31", "2023-12-01"), paper("i797", "2029-12-31", "2026-10-01")], "if an I-94 stands at its foot"),
    "ten days to leave": ([H1B, paper("i94", "2027-10-10"), paper("i797", "2027-09-30")], "Up to 10 days are for leaving, not for work"),
    "cut short by the passport": ([H1B, paper("i94", "2027-02-01"), paper("passport", "2027-02-01"), paper("i797", "2028-09-30")], "which it seems to have cut short"),
    "a passport that ends before": ([H1B, paper("i94", "2027-09-30"), paper("passport", "2027-01-15"), paper("i797", "2027-09-30")], "The passport ends on 2027-01-15, before the I-94"),
    "what HR sent": ([paper("ead", "2027-05-05"), paper("i9_reverification", "2027-04-05")], "HR has 2027-04-05 as the day of I-9 reverification; by the papers it is 2027-05-05."),
    "HR asks a resident": ([paper("green_card", "2027-05-05"), paper("i9_reverification", "2027-05-05")], "never reverified"),
    "no I-94": ([H1B, paper("i797", "2027-09-30")], "There is no I-94."),
    "no I-797": ([H1B, paper("i94", "2027-09-30")], "There is no I-797."),
    "two cards": ([paper("ead", "2028-01-01", "2024-01-01"), paper("ead", "2027-05-05", "2026-01-01")], "the one issued last, on 2026-01-01, counts."),
    "two cards, which is newer is not known": ([paper("ead", "2028-01-01"), paper("ead", "2027-05-05")], "the first to end counts."),
    "a category that is not said": ([paper("ead", "2026-01-15"), case("I765", "open", "2025-09-01")], "does not say its category"),
    "six years counted otherwise": ([H1B, paper("i94", "2027-09-30"), paper("i797", "2027-09-30"), paper("h1b_maxout", "2027-06-30", "2021-03-01")], "Counted, the longest stay is another one: 6 years in H-1B from 2021-03-01 end on 2027-02-28"),
    "an I-140 whose approval is not on record": ([H1B, paper("i140", since="2024-01-01"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2026-06-30")], "An I-140 is on record, and no approval of it. Only an approved one lifts the longest stay"),
    "an I-140 too young": ([H1B, case("I140_EB2", "open", "2026-05-01"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2026-06-30")], "is pending since 2026-05-01: it lifts the longest stay from 2027-05-01 on, 365 days after"),
    "an I-140 whose filing is not on record": ([H1B, case("I140_EB2"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2026-06-30")], "does not say when it was filed"),
    "a labor certification of which no I-140 came": ([H1B, case("PERM", "approved", "2025-06-01"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2026-06-30")], "no I-140 that is pending or approved rests on it"),
    "a renewal of no category": ([paper("ead", "2026-01-15"), case("I765", "open", "2025-09-01")], "compare the card with the receipt notice"),
    "beyond six years": ([H1B, paper("i94", "2027-09-30"), paper("i797", "2027-09-30"), paper("h1b_maxout", "2027-06-30")], "after the longest stay (2027-06-30)"),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_what_speaks_against_it_is_told(name):
    known, sentence = TOLD[name]
    assert sentence in " ".join(effective_work_auth_end(facts(*known)).conflicts)


def test_nothing_speaks_against_papers_that_agree():
    agreed = [
        H1B,
        paper("i94", "2027-09-30"),
        paper("i797", "2027-09-30"),
        paper("passport", "2031-01-01"),
        paper("i9_reverification", "2027-09-30"),
    ]
    assert effective_work_auth_end(facts(*agreed)).conflicts == []


UNCOUNTED = {
    "240 days": ([H1B, case("H1B_EXT", "open", "2026-12-31", name="x"), paper("i94", "2026-12-31"), paper("i797", "2027-03-31")], {}, "for 240 days from 2026-12-31, to 2027-08-28 at most"),
    "too late for 240 days": ([H1B, case("H1B_EXT", "open", "2027-01-01", name="x"), paper("i94", "2026-12-31"), paper("i797", "2027-03-31")], {}, "too late"),
    "240 days are the same employer's": ([H1B, case("H1B_EXT", "open", "2026-12-01", employer="Globex", name="x"), paper("i94", "2026-12-31"), paper("i797", "2027-03-31")], {"employer": "ACME"}, "of another employer"),
    "a change of employer": ([H1B, case("H1B_TRANSFER", "open", "2026-11-01"), paper("i94", "2026-12-31"), paper("i797", "2027-03-31")], {}, "INA 214(n)"),
    "60 days": ([H1B, paper("i94", "2027-09-30"), paper("i797", "2027-09-30")], {"terminated_on": date(2026, 11, 20)}, "until 2027-01-19, which is 60 days"),
    "60 days, but no longer than the status": ([H1B, paper("i94", "2026-12-05"), paper("i797", "2026-12-05")], {"terminated_on": date(2026, 11, 20)}, "until 2026-12-05, which is 60 days"),
    "the cap gap": ([case("H1B_CAP", "open", "2026-04-10"), paper("i94", "D/S"), paper("opt", "2026-12-31")], {}, "until 2027-04-01"),
    "renewals filed since the end of 540 days": ([paper("ead", "2026-12-15"), case("I765_C09", "open", "2026-09-01")], {}, "renewals filed since 2025-10-30 extend no card"),
    "a renewal of no category": ([paper("ead", "2026-01-15"), case("I765", "open", "2025-09-01")], {}, "Not counted: a renewal (I765) was filed on 2025-09-01, in time, and does not say its category. If the rule names it, and it is the card's, the card goes on for 540 days, until 2027-07-09"),
    "an I-140 pending for long": ([H1B, case("I140_EB2", "open", "2025-11-29"), paper("i94", "2028-09-30"), paper("i797", "2028-09-30"), paper("h1b_maxout", "2026-06-30")], {}, "It does not end the work: an I-140 (I140_EB2) is pending, and 365 days have passed since the filing of 2025-11-29"),
    "a card beside": ([H1B, paper("i94", "2027-03-31"), paper("i797", "2027-03-31"), paper("ead", "2028-03-31")], {}, "the EAD permits work, too, until 2028-03-31"),
    "days abroad": ([H1B, paper("i94", "2027-09-30"), paper("i797", "2027-09-30"), paper("h1b_maxout", since="2021-03-01", abroad=45)], {}, "6 years in H-1B from 2021-03-01 end on 2027-02-28; and 45 days abroad that do not count make it 2027-04-14"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNCOUNTED)
def test_what_is_not_counted_is_in_the_working(name):
    known, more, sentence = UNCOUNTED[name]
    assert sentence in " ".join(effective_work_auth_end(facts(*known, **more)).working)


def test_nobody_is_told_of_60_days_in_a_status_that_has_none():
    found = effective_work_auth_end(
        facts(
            case("R1", "approved"),
            paper("i94", "2027-09-30"),
            paper("i797", "2027-09-30"),
            terminated_on=date(2026, 11, 1),
        )
    )
    assert "60" not in " ".join(found.working)


EXAMPLES = [
    [H1B, case("H1B_EXT", "open", "2026-11-02", name="x"), paper("i94", "2027-03-31"), paper("passport", "2027-03-31"), paper("i797", "2027-09-30"), paper("h1b_maxout", since="2021-10-01", abroad=45), paper("i9_reverification", "2027-09-30")],
    [paper("ead", "2026-01-15"), case("I765_C09", "open", "2025-10-20")],
    [paper("i94", "D/S"), paper("opt", "2026-12-31"), case("H1B_CAP", "open", "2026-04-10"), case("F1_STEM", "open", "2026-10-15")],
]  # fmt: skip


@pytest.mark.parametrize("known", EXAMPLES, ids=["passport", "renewal", "student"])
def test_the_examples_of_the_page_are_what_is_told(known):
    page = (Path(__file__).parents[4] / "docs" / "expiry.md").read_text(encoding="utf-8")
    found = effective_work_auth_end(facts(*known))
    told = [found.sentence, *(f"  {one}" for one in found.working), *(f"! {one}" for one in found.conflicts)]
    assert "\n```\n{}\n```\n".format("\n".join(told)) in page


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("automatic_extensions.ead", "2022-05-04 to 2025-10-29: 540 days, by I765"),
        ("maximum_stays.l1a", "always to open end: 7 years"),
        ("allowances.cessation", "60 days, told and not counted, for e1 e2 e3"),
        ("cap_gaps.students", "2025-01-17 to open end: until April 1"),
        ("work_classes.h1b", "H-1B, by H1B_CAP H1B_EXT"),
    ],
)
def test_every_kind_of_rule_is_shown_in_words(gateway, rule, told):
    assert told in gateway("rules", "show", rule).stdout


def test_the_cases_of_rules_are_types_that_there_are():
    types = set(vocabulary("case_types").words)
    for versions in dated.work_classes().values():
        assert all({*one.cases, *one.extends, *one.ports} <= types for one in versions)
        assert all(one.stay is None or one.stay in dated.maximum_stays() for one in versions)
    for versions in dated.automatic_extensions().values():
        assert all(set(one.renewals) <= types for one in versions)
    for versions in dated.allowances().values():
        assert all(set(one.classes) <= set(dated.work_classes()) for one in versions)
