"""The numbers of US immigration, labour, tax and travel documents; each parser gives the one stored form."""

from __future__ import annotations

import re
from collections.abc import Callable

from stdnum.exceptions import ValidationError
from stdnum.us import ein
from stdnum.us import ssn as stdnum_ssn

from gateway.values.base import BadValue

_RECEIPT = re.compile("(?:IOE|EAC|VSC|WAC|CSC|LIN|NSC|SRC|TSC|MSC|NBC|YSC|PSC)[0-9]{10}")
_A_NUMBER = re.compile("A?-?([0-9]{7,9})")
_I94 = re.compile("[0-9]{11}|[0-9]{9}[A-Z][0-9]")
_SEVIS = re.compile("N[0-9]{10}")
_SOC = re.compile(r"[0-9]{2}-[0-9]{4}(?:\.[0-9]{2})?")
_LCA = re.compile("I-20[0-3]-[0-9]{5}-[0-9]{6}")
_PERM = re.compile("[A-Z]-[0-9]{5}-[0-9]{5}|G-100-[0-9]{5}-[0-9]{6}")
_FEIN = re.compile("[0-9]{2}-?[0-9]{7}")
_SSN = re.compile("[0-9]{3}-?[0-9]{2}-?[0-9]{4}")


def receipt_number(text: str) -> str:
    """A USCIS receipt number (the notices under 8 CFR 103.2(a)(7)): service centre and ten digits, without check digit.

    Cards (EAD, green card) carry numbers of the same shape: the column decides what it is.
    """
    number = text.replace("-", "").replace(" ", "").upper()
    if _RECEIPT.fullmatch(number) is None:
        raise BadValue("bad_identifier", expected="USCIS receipt number, such as IOE0912345678")
    return number


def a_number(text: str) -> str:
    """An alien registration number (8 CFR 264.1; USCIS writes seven to nine digits), kept as nine digits."""
    match = _A_NUMBER.fullmatch(text.upper())
    if match is None:
        raise BadValue("bad_identifier", expected="A-number, such as A012345678")
    return match[1].zfill(9)


def _shaped(pattern: re.Pattern[str], expected: str) -> Callable[[str], str]:
    """Upper case, nothing but the pattern."""

    def parse(text: str) -> str:
        number = text.upper()
        if pattern.fullmatch(number) is None:
            raise BadValue("bad_identifier", expected=expected)
        return number

    return parse


i94_number = _shaped(_I94, "I-94 number, such as 12345678901 or 123456789A1")
"""An I-94 admission number (8 CFR 1.4, 235.1(h)): eleven digits, or nine, a letter and a digit (CBP)."""

sevis = _shaped(_SEVIS, "SEVIS number, such as N0012345678")
"""A SEVIS identifier (8 CFR 214.2(f), forms I-20 and DS-2019): N and ten digits."""

soc = _shaped(_SOC, "SOC code, such as 15-1252 or 15-1252.00")
"""An occupation of the Standard Occupational Classification (OMB) or O*NET, kept as written.

Editions share numbers with other meanings (15-1132 of 2010, 15-1252 of 2018), so nothing is converted.
"""

lca_number = _shaped(_LCA, "LCA number, such as I-200-26001-123456")
"""The case number of a labour condition application (20 CFR 655.730; ETA form 9035)."""

perm_number = _shaped(_PERM, "PERM case number, such as A-16013-60740 or G-100-26001-123456")
"""The case number of a permanent labour certification (20 CFR 656.17): of the old system or of FLAG (form 9089)."""


def _checked(pattern: re.Pattern[str], validate: Callable[[str], str], expected: str) -> Callable[[str], str]:
    """python-stdnum forgives separators that its rule does not name, so the pattern goes first."""

    def parse(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise BadValue("bad_identifier", expected=expected)
        try:
            return validate(text)
        except ValidationError:
            raise BadValue("bad_identifier", expected=expected) from None

    return parse


fein = _checked(_FEIN, ein.validate, "FEIN, such as 91-1144442")
"""A federal employer identification number (26 CFR 301.6109-1) with a prefix that the IRS assigns; nine digits."""

ssn = _checked(_SSN, stdnum_ssn.validate, "social security number with all nine digits")
"""A social security number (20 CFR 422.103; numbers that SSA never assigns are refused), kept as nine digits.

A masked number (XXX-XX-1234) is not one: what is missing is never invented.
"""
