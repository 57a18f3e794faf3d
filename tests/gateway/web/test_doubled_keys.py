"""A key that stands twice in a body is refused, whichever of the two somebody on the way has looked at."""

import json
import re
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.web.doubled import doubled

SOMEBODY = "01900000-0000-7000-8000-000000000001"
PLACES = {
    b'{"a": 1, "a": 1}': "a",
    b'{"a": 1, "b": 2, "b": 3}': "b",
    b'{"a": {"b": [0, {"c": 1, "d": 2, "c": 3}]}}': "a.b[1].c",
    b'[{"a": 1}, {"a": 1, "a": 2}]': "[1].a",
    b'[[{"a": 1, "a": 2}]]': "[0][0].a",
    b'{"a": 1, "\\u0061": 2}': "a",
    b'{"": 1, "": 2}': "",
    b'{"a\\"b": 1, "a\\"b": 2}': 'a"b',
    b'{"a" \n:1,"a"\t:2}': "a",
    b'{"at": "10:20:30", "x": {"a": 1, "a": 2}}': "x.a",
    '{"é": 1, "é": 2}'.encode(): "é",
    b'{"a": 1' + b"0" * 9_000 + b', "a": 2}': "a",
}
ALL_RIGHT = [
    b"",
    b"null",
    b"7",
    b'"a:b"',
    b"[]",
    b"{}",
    b'{"a": {"a": {"a": 1}}}',
    b'[{"a": 1}, {"a": 1}]',
    b'{"a": "10:20", "b": ":::", "c": ["\\":", "{\\"a\\": 1, \\"a\\": 2}"]}',
    b'{"a": 1' + b"0" * 9_000 + b', "at": "10:20"}',
]


def given_of(body):
    return json.loads(body or b"null", parse_int=str)


@pytest.mark.parametrize("body", PLACES, ids=PLACES.values())
def test_the_place_of_a_key_that_stands_twice_is_told(body):
    assert doubled(body, given_of(body)) == PLACES[body]


@pytest.mark.parametrize("body", ALL_RIGHT)
def test_keys_that_stand_once_are_left_alone(body):
    assert doubled(body, given_of(body)) is None


_KEYS = st.sampled_from(["a", "b", "a:b", 'a"', "\\"])
_OBJECTS = st.recursive(
    st.sampled_from([1, None, ":", "a:b"]),
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(_KEYS, inner), max_size=3).map(tuple),
    max_leaves=12,
)


def written(value):
    """JSON of a value in which an object is a tuple of pairs."""
    if isinstance(value, tuple):
        return "{" + ", ".join(f"{json.dumps(key)}: {written(inner)}" for key, inner in value) + "}"
    return "[" + ", ".join(map(written, value)) + "]" if isinstance(value, list) else json.dumps(value)


def has_double(value):
    if isinstance(value, tuple):
        return len(dict(value)) < len(value) or any(has_double(inner) for _, inner in value)
    return isinstance(value, list) and any(map(has_double, value))


@settings(max_examples=300, deadline=None)
@given(_OBJECTS)
def test_a_double_is_found_exactly_where_there_is_one(value):
    body = written(value).encode()
    assert (doubled(body, given_of(body)) is not None) == has_double(value)


WIDE = b'{"rows": [' + b",".join(b'{"at": "10:20", "id": %d, "v": [%d, {}]}' % (n, n) for n in range(40_000)) + b"]}"


@pytest.mark.parametrize(
    "body",
    [
        WIDE,
        b'{"at": "a:b", "n": [' + b",".join([b"1"] * 400_000) + b"]}",
        b'{"at": ":", "n": ' + b"[" * 500 + b"]" * 500 + b"}",
        b"{" + b",".join(b'"k%d": ":"' % n for n in range(100_000)) + b"}",
        b'{"n": 1' + b"0" * 1_000_000 + b', "at": ":"}',
        b'"' + b":" * 2_000_000 + b'"',
    ],
    ids=["rows", "a long list", "depth", "a wide object", "a long number", "colons"],
)
def test_looking_for_one_takes_time_in_proportion_to_the_body(body):
    given = given_of(body)
    begun = time.process_time()
    assert doubled(body, given) is None
    assert time.process_time() - begun < 2


def test_a_place_behind_a_long_key_is_told_in_little_memory_and_shortened():
    body = b'{"' + b"k" * 200_000 + b'": [' + b"[]," * 200_000 + b'{"a": 1, "a": 2}]}'
    tracemalloc.start()
    assert doubled(body, None) == "k" * 200
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200 << 20


def filled(path):
    known = {"slug": "acme", "feed": "roster", "tier": "basic", "number": "1", "field": "notes"}
    return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], SOMEBODY), path)


def test_every_route_that_takes_json_refuses_a_key_that_stands_twice(http, as_staff, acme_key):
    admin, seen = as_staff("admin"), 0
    for path, item in http.get("/v1/openapi.json").json()["paths"].items():
        for method, told in item.items():
            if "application/json" not in told.get("requestBody", {}).get("content", {}):
                continue
            if path.startswith("/v1/webhooks/"):
                continue  # proven before it is read
            for headers in (admin, acme_key):  # some are for partners alone
                sent = headers | {"Content-Type": "application/json"}
                answer = http.request(method, filled(path), content=b'{"a": {"b": 1, "b": 2}}', headers=sent)
                if answer.status_code != 403:
                    break
            seen += 1
            assert answer.status_code == 400, (method, path, answer.text)
            assert answer.json()["details"] == [{"field": "a.b", "message": "this key stands twice; send it once"}], (
                path
            )
    assert seen > 20
