"""Languages that attorneys speak, by the codes of ISO 639-1; English goes without saying."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping

from gateway.config import nearest
from gateway.errors import Invalid

MOST = 50  # languages of one attorney
_ENGLISH = "en"


def codes(given: Iterable[str]) -> list[str]:
    """The codes of languages that are given by code or English name, each once, in order; English is left out.

    Raises:
        Invalid: `attorney_wrong`, with the nearest language.
    """
    found = sorted({_code(one.strip()) for one in given} - {_ENGLISH})
    if len(found) > MOST:
        raise Invalid("attorney_wrong", f"languages: at most {MOST}.")
    return found


def _code(word: str) -> str:
    names = _names()
    if found := names.get(word.casefold()):
        return found
    meant = nearest(word, names) if len(word) > len(_ENGLISH) else None
    told = f' Did you mean "{names[meant]}", {meant}?' if meant else ""
    raise Invalid("attorney_wrong", f'languages: "{word}" is no code of ISO 639-1, such as es, nor a name.{told}')


@functools.cache
def _names() -> Mapping[str, str]:
    """Code or English name, in small letters -> code."""
    import pycountry  # noqa: PLC0415 - loads its tables on import, and many have no use for them

    listed = [one for one in pycountry.languages if hasattr(one, "alpha_2")]
    return {one.name.casefold(): one.alpha_2 for one in listed} | {one.alpha_2: one.alpha_2 for one in listed}
