"""Values from short lists: agreed words, yes and no, and the states of the USA."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import TypeVar

from gateway.values.base import BadValue, OptionError, alternatives

V = TypeVar("V")


def code(words: Mapping[str, str]) -> Callable[[str], str]:
    """Our word for somebody else's; case and spaces do not count, everything else does.

    Args:
        words: theirs -> ours.

    Raises:
        OptionError: two of theirs are the same word, but ours differ.
    """
    ours: dict[str, str] = {}
    for theirs, word in words.items():
        if ours.setdefault(_key(theirs), word) != word:
            raise OptionError(
                "words", f"`{theirs}` stands in the map twice with different meanings; case and spaces do not count."
            )
    return _look_up(ours, "bad_code", alternatives(words))


def folded_word(text: str) -> str:
    """A word as words are compared by lookups and maps: without the space around it, and without case."""
    return unicodedata.normalize("NFC", text).strip().casefold()


def _look_up(table: Mapping[str, V], problem: str, expected: str) -> Callable[[str], V]:
    def parse(text: str) -> V:
        try:
            return table[_key(text)]
        except KeyError:
            raise BadValue(problem, expected=expected) from None

    return parse


def _key(text: str) -> str:
    return "".join(text.casefold().split())


_BOOLEANS = {
    "yes": True,
    "y": True,
    "true": True,
    "1": True,
    "x": True,
    "no": False,
    "n": False,
    "false": False,
    "0": False,
}
_STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DE": "Delaware", "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho",
    "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana",
    "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi",
    "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey",
    "NM": "New Mexico", "NY": "New York", "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma",
    "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota",
    "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington",
    "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming", "DC": "District of Columbia", "PR": "Puerto Rico",
    "GU": "Guam", "VI": "Virgin Islands", "AS": "American Samoa", "MP": "Northern Mariana Islands",
    "FM": "Federated States of Micronesia", "MH": "Marshall Islands", "PW": "Palau", "AA": "Armed Forces Americas",
    "AE": "Armed Forces Europe", "AP": "Armed Forces Pacific",
}  # fmt: skip
_OTHER_NAMES = {
    "Washington DC": "DC", "Washington, DC": "DC", "Washington, D.C.": "DC", "D.C.": "DC", "US Virgin Islands": "VI",
    "U.S. Virgin Islands": "VI", "Micronesia": "FM",
}  # fmt: skip
_STATE_WORDS = {_key(word): state for state, name in _STATES.items() for word in (state, name)} | {
    _key(name): state for name, state in _OTHER_NAMES.items()
}

boolean = _look_up(_BOOLEANS, "bad_boolean", "yes, y, true, 1, x, no, n, false or 0")
"""Yes or no in the usual English forms; `x` is a tick, so it means yes."""

us_state = _look_up(_STATE_WORDS, "bad_code", "the two-letter abbreviations of the US postal service, such as IL")
"""The two letters of USPS (Publication 28, appendix B) of a state, DC, a territory or the armed forces."""
