"""What a decision about a file would do, on a page of its own: it is looked at again until a worker has found out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from litestar import Response

from gateway.db.models import LOADED_STATES
from gateway.db.models.previews import PreviewOf
from gateway.domain.expiry.papers import called
from gateway.office import Acting
from gateway.web.console.page import Desk
from ingest import imports, previews
from ingest.previews import Account

SAID = {"previewing": "Nothing is loaded by looking."}
SHOWN = 100  # differences, and people who would be closed
_RECORDS = {"clients": ("person", "people"), "cases": ("case", "cases"), "documents": ("document", "documents")}
_DEEDS = {"closed": "closed", "updated": "changed", "created": "created"}  # the gravest first


class Decision(NamedTuple):
    """What is looked at, and where it is done.

    Attributes:
        of: which decision.
        here: the address of the page; back: the one from which it is left without deciding.
        act: to which a press goes that decides.
        json: where the API has the same.
        is_whole: whether values of records are shown, which only the firm's own people see.
    """

    of: PreviewOf
    here: str
    back: str
    act: str
    json: str
    is_whole: bool = True


def page(acting: Acting, desk: Desk, decision: Decision, import_id: UUID) -> Response[str]:
    """The page of a preview; where nobody asked for one, it offers to."""
    found = previews.look(acting, import_id, decision.of)
    return desk.page(
        acting,
        "preview.html",
        at=decision,
        name=imports.outlined(acting, import_id)["file"],
        found=found,
        files=[(one, [*sentences(one)]) for one in found.files] if found else [],
        SHOWN=SHOWN,
        called=called,
    )


def sentences(file: Account) -> Iterator[str]:
    """What a file would come to, the gravest first, in sentences."""
    if file["state"] not in LOADED_STATES:
        word = {"held": "It would be held again", "no_change": "Nothing would change"}.get(file["state"])
        yield f"{word or 'It would be refused'}: {file['reason']}"
        return
    told = [_counted(kind, word, file) for word in _DEEDS for kind in _RECORDS if _number(kind, word, file)]
    yield from told or ["No record would change."]
    if rejected := file["rows"]["rejected"]:
        yield f"{rejected:,} of {file['rows']['read']:,} rows would be rejected."


def _number(kind: str, word: str, file: Account) -> int:
    return int(file["records"][kind][word])


def _counted(kind: str, word: str, file: Account) -> str:
    number, (one, many) = _number(kind, word, file), _RECORDS[kind]
    return f"{number:,} {one if number == 1 else many} would be {_DEEDS[word]}."
