"""What odd answers of an HRIS come to, without one: pages, cursors, instants, waits and tokens."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import clock
from gateway.outward import Answer
from ingest.arrivals.rest.answers import Page, Unreadable, page_of, version_of
from ingest.arrivals.rest.asking import _retry_after, _Token
from ingest.arrivals.rest.spec import CursorPaging, ListCall, PagePaging, Since
from ingest.arrivals.rest.trails import Adrift, Trail

SINCE = Since(parameter="since", field="at", key="id")
BY_CURSOR = ListCall(path="/people", paging=CursorPaging(parameter="cursor", next="next"))
BY_NUMBER = ListCall(path="/people", paging=PagePaging(parameter="page", size=3))


def read(body, call=BY_CURSOR, page=None):
    return page_of(body if isinstance(body, bytes) else json.dumps(body).encode(), call, SINCE, "people", page)


@pytest.mark.parametrize(
    "following", [{"page": 2}, [2], True, 1.5, "x" * 4_001, "a\0b"], ids=lambda one: type(one).__name__
)
def test_what_cannot_ask_for_a_page_is_not_as_agreed(following):
    with pytest.raises(Unreadable):
        read({"people": [], "next": following})


@pytest.mark.parametrize(
    "body",
    [
        b'{"people": [{"id": "E1"}',
        b'{"people": ' + b"[" * 100_000,
        b'{"people": [' + b'{"at":' * 5_000 + b"1" + b"}" * 5_000 + b"]}",
        b'{"people": [{"at": "\\ud800"}]}',
        b'{"next": "\\ud800", "people": []}',
        b'{"people": [1, 2]}',
        b'{"people": [{"at": 1e400}]}',
        b"",
    ],
    ids=[
        "cut off",
        "deep",
        "deep within a record",
        "half a letter",
        "half a letter next",
        "no records",
        "no number",
        "nothing",
    ],
)
def test_an_answer_that_is_none_is_told_and_nothing_worse(body):
    with pytest.raises(Unreadable):
        read(body)


@pytest.mark.parametrize("told", ["", "soon", None, True, {"a": 1}, "9999999999999", "0001-01-01T00:00:00+14:00"])
def test_a_record_that_does_not_say_when_it_changed_is_taken_nonetheless(told):
    found = read({"people": [{"at": told}]})
    assert (len(found.records), found.newest) == (1, None)


def test_an_instant_without_an_offset_is_of_utc_wherever_this_machine_stands(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert read({"people": [{"at": "2026-05-04T08:00:00"}]}).newest == datetime(2026, 5, 4, 8, tzinfo=UTC)


def test_a_version_is_known_by_key_and_instant_and_by_nothing_less():
    row = {"id": 7, "at": "2026-05-04T08:00:00Z"}
    assert version_of(json.dumps(row).encode(), SINCE) == ("7", datetime(2026, 5, 4, 8, tzinfo=UTC))
    for lacking in ({"id": 7}, {"at": row["at"]}, row | {"id": None}, row | {"id": [7]}):
        assert version_of(json.dumps(lacking).encode(), SINCE) is None


# ------------------------------------------------------------------------------------------------ numbered pages


def walk(sizes, total):
    """Read a numbered list of so many records whose HRIS gives these sizes, page by page, the last one from then on."""
    seen, page, trail, pages = set(), None, Trail(), 0
    while True:
        size = sizes[min(pages, len(sizes) - 1)]
        begin = (int(page or 1) - 1) * size
        rows = list(range(total))[begin : begin + size]
        found = read({"people": [{"id": one} for one in rows]}, BY_NUMBER, page)
        trail = Trail.of(trail.after(found, BY_NUMBER).kept())
        seen.update(rows)
        pages += 1
        if found.next is None:
            return seen
        page = found.next


@given(st.lists(st.integers(1, 3), min_size=1, max_size=4), st.integers(0, 30))
def test_an_hris_whose_pages_shrink_loses_nobody(sizes, total):
    try:
        seen = walk([3, *sorted(sizes, reverse=True)], total)
    except Adrift:  # one that shrinks twice may show a page twice: the list is begun anew
        return
    assert seen == set(range(total))


def test_pages_that_grow_within_a_list_begin_it_anew():
    first = Trail().after(read({"people": [{"id": 1}, {"id": 2}, {"id": 3}]}, BY_NUMBER), BY_NUMBER)
    with pytest.raises(Adrift, match="had 3 records, and now one has 4"):
        first.after(read({"people": [{"id": n} for n in range(4, 8)]}, BY_NUMBER, "2"), BY_NUMBER)


# ------------------------------------------------------------------------------------------------ lists without an end


def follow(pages, call=BY_CURSOR):
    """The trail of all these pages."""
    trail = Trail()
    for page in pages:
        trail = trail.after(page, call)
    return trail


@given(st.integers(0, 40), st.integers(1, 40))
def test_a_list_that_leads_back_into_itself_is_noticed_soon(tail, length):
    ways = [number if number < tail else tail + (number - tail) % length for number in range(4 * (tail + length) + 4)]
    with pytest.raises(Adrift, match="again and again"):
        follow([Page([], None, "more", f"page {at}") for at in ways])


@given(st.integers(1, 500))
def test_a_long_list_is_read_to_its_end(pages):
    told = [Page([], None, "more" if number < pages - 1 else None, f"page {number}") for number in range(pages)]
    assert follow(told).pages == pages


def test_an_hris_that_answers_every_number_with_the_same_page_is_noticed():
    body = {"people": [{"id": 1}, {"id": 2}, {"id": 3}]}
    with pytest.raises(Adrift):
        follow([read(body, BY_NUMBER, str(number)) for number in range(1, 9)], BY_NUMBER)


# ------------------------------------------------------------------------------------------------ waits and tokens


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("0", timedelta(seconds=1)),
        ("-5", None),
        ("1e3", None),
        ("²", None),
        ("9" * 12, timedelta(days=1)),
        ("9" * 40, timedelta(days=1)),
        ("9" * 5_000, timedelta(days=1)),
        ("Mon, 04 May 2026 08:10:00 GMT", timedelta(minutes=10)),
        ("Mon, 04 May 2026 08:10:00 -0000", timedelta(minutes=10)),
        ("Mon, 04 May 2026 08:10:00", timedelta(minutes=10)),
        ("Mon, 04 May 1926 08:10:00 GMT", timedelta(seconds=1)),
        ("Mon, 04 May 9999 08:10:00 GMT", timedelta(days=1)),
        ("Mon, 99 May 2026 08:10:00 GMT", None),
        ("", None),
    ],
    ids=lambda one: str(one)[:20],
)
def test_a_wait_is_read_as_far_as_it_is_one_and_lasts_a_day_at_most(monkeypatch, said, wait):
    monkeypatch.setenv("GATEWAY_NOW", "2026-05-04T08:00:00+00:00")
    assert clock.now() == datetime(2026, 5, 4, 8, tzinfo=UTC)
    assert _retry_after(Answer(429, {"retry-after": said}, b"")) == wait


@pytest.mark.parametrize("token", [" ", "", "a b", "a\n", "a\nb", "ä", "\0"])
def test_a_token_that_no_header_can_hold_is_none(token):
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps({"access_token": token}), type=_Token, strict=False)


@pytest.mark.parametrize(("said", "means"), [(900, 900), ("900", 900), (900.0, 900), (1e12, 1e12)])
def test_how_long_a_token_lasts_is_read_as_it_is_often_written(said, means):
    body = json.dumps({"access_token": "a", "expires_in": said})
    assert msgspec.json.decode(body, type=_Token, strict=False).expires_in == means


@pytest.mark.parametrize("said", ["nan", -1, "soon"])
def test_a_token_that_lasts_for_nonsense_is_none(said):
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps({"access_token": "a", "expires_in": said}), type=_Token, strict=False)
