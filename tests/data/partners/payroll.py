"""wayne-payroll: a payroll list from Germany."""

from __future__ import annotations

from datetime import date

from people import Person, person

PARTNER = "wayne-payroll"
HEADER = [
    "Personalnummer", "Nachname", "Vorname", "Geburtsdatum", "Staatsangehörigkeit", "Eintritt", "Austritt",
    "Jahresgehalt", "Währung", "Aufenthaltstitel", "Gültig bis", "Bemerkung",
]  # fmt: skip
PEOPLE = 64
LAENDER = {
    "India": "Indien", "China": "China", "Mexico": "Mexiko", "Brazil": "Brasilien", "Germany": "Deutschland",
    "Philippines": "Philippinen", "Nigeria": "Nigeria", "Canada": "Kanada",
}  # fmt: skip
REMARKS = {
    3: 'Rufname "Ben"; bitte so anschreiben',
    5: "Gehalt in €, Zulage – siehe Vertrag",
    11: "Umzug nach Köln,\r\nneue Anschrift folgt",
    17: '"',
}
NO_SUCH_DAY = 23  # 31.02.1980
LEFT_IN_MAY, JOINED = {8, 40}, range(PEOPLE + 1, PEOPLE + 5)
ABSENT = {29}  # no longer on the list at all


def files() -> dict[str, bytes]:
    may = [_row(person(number, PARTNER)) for number in range(1, PEOPLE + 1)]
    june = [
        _row(person(number, PARTNER), june=True) for number in [*range(1, PEOPLE + 1), *JOINED] if number not in ABSENT
    ]
    return {"Gehaltsliste_202605.csv": _written("05/2026", may), "Gehaltsliste_202606.csv": _written("06/2026", june)}


def _row(one: Person, *, june: bool = False) -> list[str]:
    titled = one.country != "Germany" and one.number % 3 == 0
    salary = one.salary + (2_400 if june and one.number % 16 == 1 else 0)
    return [
        f"{one.number:05}",
        one.family,
        one.given,
        "31.02.1980" if one.number == NO_SUCH_DAY and not june else _day(one.born),
        LAENDER[one.country],
        _day(one.hired),
        "31.05.2026" if june and one.number in LEFT_IN_MAY else "",
        f"{salary:,}".replace(",", ".") + f",{one.number % 100:02}",
        "EUR",
        "Blaue Karte EU" if titled else "",
        _day(one.visa_ends) if titled else "",
        _quoted(REMARKS.get(one.number, "")),
    ]


def _day(day: date) -> str:
    return f"{day:%d.%m.%Y}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _written(month: str, rows: list[list[str]]) -> bytes:
    """A line about the list comes first; its quote is never closed."""
    lines = [f'Gehaltsliste {month};"Werk Süd – erstellt am 28.04.2026; {len(rows)} Sätze', ";".join(HEADER)]
    lines += [";".join(row) for row in rows]
    return "".join(f"{line}\r\n" for line in lines).encode("cp1252")
