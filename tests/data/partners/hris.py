"""hooli-hris: what an HRIS answers when it is asked who changed."""

from __future__ import annotations

import json

from people import Person, person

PARTNER = "hooli-hris"
ANSWERS = {  # when asked: who changed, and by how much their pay stands above the first answer's
    "2026-05-01T061500Z": (range(1, 46), 0),
    "2026-05-01T121500Z": (range(1, 13), 1_000),
    "2026-05-01T181500Z": (range(5, 21), 2_000),
}
NO_SUCH_COUNTRY = 33


def files() -> dict[str, bytes]:
    return {
        f"hooli_workers_{asked}.json": _written(asked, [_worker(person(n, PARTNER), raised) for n in people])
        for asked, (people, raised) in ANSWERS.items()
    }


def _worker(one: Person, raised: int) -> dict[str, object]:
    return {
        "employeeId": f"HL-{one.number:05}",
        "name": {"first": one.given, "last": one.family, "preferred": None},
        "dateOfBirth": str(one.born),
        "nationality": "Ruritania" if one.number == NO_SUCH_COUNTRY else one.country,
        "active": True,
        "employment": {
            "title": one.title,
            "startDate": f"{one.hired}T00:00:00Z",
            "location": {"city": "Palo Alto", "region": one.state},
            "compensation": {"amount": one.salary + raised + 0.5, "currency": "USD"},
        },
        "languages": ["English", "Hindi"] if one.number % 4 == 0 else ["English"],
        "visas": _visas(one),
    }


def _visas(one: Person) -> list[dict[str, object]]:
    """None, one, or an approval notice and the admission that rests on it."""
    notice = {"kind": "I797", "number": f"IOE08{one.number:08}", "expires": str(one.visa_ends)}
    admission = {"kind": "I94", "number": f"{one.number:09}A1", "expires": str(one.visa_ends)}
    student = {"kind": "I94", "number": f"{one.number:09}B2", "expires": "D/S"}
    return [[], [notice, admission], [student]][one.number % 3]


def _written(asked: str, workers: list[dict[str, object]]) -> bytes:
    answer = {"meta": {"requestedAt": asked, "count": len(workers)}, "data": {"employees": workers}}
    return json.dumps(answer, ensure_ascii=False, indent=1).encode() + b"\n"
