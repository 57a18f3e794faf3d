"""What an attorney says of a recommendation: accepted, edited or rejected, each against what was looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.domain.eligibility import checks
from gateway.errors import Busy, Conflict, Faulty, NotFound, Outdated
from gateway.office import Acting
from gateway.web.api.reviews import NewReview, added
from gateway.web.calls import Call, may
from gateway.web.console.eligibility.one import shown
from gateway.web.console.eligibility.reading import reading
from gateway.web.console.forms import Form, Unfilled, taken, takes_form
from gateway.web.console.page import Desk

SAID = {
    "review_accepted": "Accepted. It may leave for the client or the partner as it stands.",
    "review_edited": "Kept. It may leave in your words; what the check had said stays beside them.",
    "review_rejected": "Rejected. It leaves for nobody.",
}
NOTHING: Mapping[str, str] = {}
_LISTS: Final = ("strengths", "weaknesses", "missing", "documents")
_MONTHS: Final = ("shortest", "longest")
_FASTER: Final = "Somebody said something of it since you looked: compare. Pressing again says yours."
_TOO_LONG: Final = "It is too long, or holds what cannot be stored."


@get("/eligibility/{check_id:uuid}/{recommendation_id:uuid}", sync_to_thread=True, **may("eligibility.review"))
def ask(
    check_id: FromPath[UUID],
    recommendation_id: FromPath[UUID],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[str]:
    """Ask what is to be read in place of what a check says of a visa."""
    with call.acting() as acting:
        return _asked(acting, desk, check_id, recommendation_id)


@post("/eligibility/{check_id:uuid}/{recommendation_id:uuid}", sync_to_thread=True, **takes_form("eligibility.review"))
def review(
    check_id: FromPath[UUID],
    recommendation_id: FromPath[UUID],
    form: NamedDependency[Form],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Accept, edit or reject; what cannot be is told where it was filled in, with all that was."""
    try:
        said, seen = _said(form), form.fields.get("version")
        with call.acting() as acting:
            added(acting, form.keyed(call), recommendation_id, said, None if seen is None else f'"{seen}"')
    except (Faulty, Conflict, Busy) as problem:
        with call.acting() as acting:
            return _refused(acting, desk, (check_id, recommendation_id), form, problem)
    return desk.on_to(f"/eligibility/{check_id}", f"review_{said.verdict}")


# ------------------------------------------------------------------------------------------------ what was filled in


def _said(form: Form) -> NewReview:
    """As the API takes it.

    Raises:
        Unfilled: with the fields of the form that cannot be taken.
    """
    given: dict[str, object] = {"verdict": form.fields.get("verdict", ""), "reason": form.fields.get("reason")}
    if given["verdict"] == "edited":
        given["edits"] = _edits(form.fields)
    try:
        return taken(given, NewReview, strict=False)
    except Unfilled as problem:
        raise Unfilled(problem.code, problem.sentence, {_field(one): _TOO_LONG for one in problem.faults}) from problem


def _edits(fields: Mapping[str, str]) -> dict[str, object]:
    """All that the form has; what reads as it did is none for the use case. An empty list is said as such."""
    if not fields.get("summary", "").strip():
        raise Unfilled("not_filled_in", "Nothing is said.", {"summary": "Say in short what it comes to."})
    lists = {name: _lines(fields[name]) for name in _LISTS if name in fields}
    return {"summary": fields["summary"], **lists, "timeline_months": [_month(fields, one) for one in _MONTHS]}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _month(fields: Mapping[str, str], name: str) -> int:
    text = fields.get(name, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 5):  # noqa: PLR2004 - digits; the use case has the bound
        raise Unfilled("not_filled_in", "This is no number.", {name: "Write the months as a whole number."})
    return int(text)


def _field(place: str) -> str:
    """The field of the form for a place in the API's struct: `edits.strengths[3]`."""
    name = place.removeprefix("edits.").partition("[")[0]
    return "shortest" if name == "timeline_months" else name


# ------------------------------------------------------------------------------------------------ what comes of it


def _refused(
    acting: Acting, desk: Desk, which: tuple[UUID, UUID], form: Form, problem: Faulty | Conflict | Busy
) -> Response[str]:
    verdict = form.fields.get("verdict", "")
    status = 422 if isinstance(problem, Faulty) else 412 if isinstance(problem, Outdated) else 409
    sentence = _FASTER if isinstance(problem, Outdated) else problem.sentence
    faults = problem.faults if isinstance(problem, Faulty) else {"review": sentence}
    faults = {_field(name): told for name, told in faults.items()}
    check_id, recommendation_id = which
    if verdict == "edited":
        return _asked(acting, desk, check_id, recommendation_id, filled=form.fields, errors=faults, status=status)
    errors = {
        f"{'reason' if name == 'reason' else 'review'}-{recommendation_id}": told for name, told in faults.items()
    }
    tried = str(recommendation_id)
    return shown(acting, desk, check_id, status=status, tried=tried, filled=form.fields, errors=errors)


def _asked(
    acting: Acting,
    desk: Desk,
    check_id: UUID,
    recommendation_id: UUID,
    *,
    status: int = 200,
    filled: Mapping[str, str] = NOTHING,
    errors: Mapping[str, str] = NOTHING,
) -> Response[str]:
    seen = checks.view(acting, check_id)
    row = next((one for one in seen.recommendations if one.id == recommendation_id), None)
    if row is None:
        raise NotFound("recommendation", str(recommendation_id))
    one = reading(acting, row)
    texts = {"summary": one.read.summary} | {name: "\n".join(getattr(one.read, name)) for name in _LISTS}
    months = dict(zip(_MONTHS, map(str, one.read.timeline_months), strict=True))
    return desk.page(
        acting,
        "eligibility_edit.html",
        status=status,
        check_id=check_id,
        one=one,
        told={"summary": [one.told.summary], **{name: getattr(one.told, name) for name in _LISTS}},
        texts={**texts, **months, "reason": "", **filled},
        is_late=status == 412,  # noqa: PLR2004 - see `Outdated`
        errors=errors,
    )


HANDLERS = (ask, review)
