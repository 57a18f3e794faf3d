"""The OpenAPI document shows an example of everything, and the examples are true."""

import re

import jsonschema_rs
import msgspec
import pytest
from litestar import Response

from gateway.domain.people.fields import FIELDS
from gateway.web.api.cases import CasePatch, CaseView, NewCase
from gateway.web.api.documents import DocumentFields, DocumentView
from gateway.web.app import create_app, routes_of
from gateway.web.people import ClientDetails, ClientFields


@pytest.fixture
def app(settings):
    return create_app(settings)


@pytest.fixture
def operations(app):
    document = app.openapi_schema.to_schema()
    return {(path, method.upper()): told for path, found in document["paths"].items() for method, told in found.items()}


def plain(path):
    return path.replace(":uuid}", "}").replace(":str}", "}").replace(":int}", "}")


def contents(told):
    bodies = [told["requestBody"]] if "requestBody" in told else []
    for one in bodies + list(told["responses"].values()):
        yield from one.get("content", {}).values()


def test_every_operation_carries_an_example(operations):
    for where, told in operations.items():
        shown = [media["example"] for media in contents(told)] + [
            one["example"] for one in told.get("parameters", []) if one["required"]
        ]
        assert shown, where


def test_every_operation_names_the_problem_document_that_it_may_answer_with(operations):
    for (path, _), told in operations.items():
        assert "400" not in told["responses"] or path == "/oauth/token"  # whose errors are the RFC's
        [(media_type, media)] = told["responses"]["default"]["content"].items()
        assert media_type == "application/problem+json"
        assert {"error", "message", "status"} <= set(media["example"])


def examples(document):
    """Where each example stands, with its schema and itself."""
    for path, found in document["paths"].items():
        for method, told in found.items():
            for one in told.get("parameters", []):
                yield f"{method} {path} {one['name']}", one["schema"], one["example"]
            for part, one in [("body", told.get("requestBody", {})), *told["responses"].items()]:
                for media_type, media in one.get("content", {}).items():
                    yield f"{method} {path} {part} {media_type}", media["schema"], media["example"]


def test_each_example_is_as_its_schema_says(app):
    document = app.openapi_schema.to_schema()
    wrong = [
        (where, error.message)
        for where, schema, example in examples(document)
        for error in jsonschema_rs.Draft202012Validator(
            schema | {"components": document["components"]}, validate_formats=True
        ).iter_errors(example)
    ]
    assert wrong == []


def test_a_question_with_every_example_in_it_is_understood(http, as_staff, operations):
    """Nothing of that exists, but nobody is told that the question is wrong."""
    admin = as_staff("admin")
    for (path, method), told in operations.items():
        if method == "GET" and told.get("security"):
            given = {kind: {} for kind in ("path", "query", "header")}
            for one in told.get("parameters", []):
                given[one["in"]][one["name"]] = one["example"]
            answer = http.get(path.format(**given["path"]), params=given["query"], headers=admin | given["header"])
            assert answer.status_code in (200, 403, 404), (path, answer.text)


def test_every_operation_that_takes_a_proof_says_so(app, operations):
    for path, method, handler in routes_of(app):
        if told := operations.get((plain(path), method)):
            assert told.get("security") == ([{"bearer": []}] if "may" in handler.opt else None), path


def test_the_items_of_a_list_and_amounts_are_described_as_they_are_read(app):
    fields = app.openapi_schema.to_schema()["components"]["schemas"]["ClientFields"]["properties"]
    words, _ = fields["languages"]["oneOf"]
    assert (words["items"]["minLength"], words["items"]["maxLength"]) == (1, 1_000)
    assert fields["annual_salary"]["oneOf"][0]["type"] == ["string", "number"]


def convert(example, annotation, path):
    try:
        assert msgspec.convert(example, annotation) is not None
    except msgspec.ValidationError as error:
        raise AssertionError(f"the example of {path} is not what it says: {error}: {example}") from error


def test_examples_are_what_the_routes_take_and_give(app, operations):
    for path, method, handler in routes_of(app):
        told = operations.get((plain(path), method))
        if told is None:
            continue
        if "requestBody" in told:
            [(media_type, body)] = told["requestBody"]["content"].items()
            if media_type == "application/json":
                convert(body["example"], handler.parsed_data_field.annotation, path)
        given = handler.parsed_return_field
        if given.is_subclass_of(Response) and not given.inner_types:  # a file or a stream
            continue
        given = given.inner_types[0].annotation if given.is_subclass_of(Response) else given.annotation
        for status, success in told["responses"].items():
            if status.startswith("2") and "content" in success:
                [media] = success["content"].values()
                convert(media["example"], given, path)


@pytest.mark.parametrize(
    ("kind", "shown", "written"),
    [
        ("client", [ClientDetails], [ClientFields]),
        ("case", [CaseView], [CasePatch, NewCase]),
        ("document", [DocumentView], [DocumentFields]),
    ],
)
def test_every_field_of_a_record_can_be_seen_and_written(kind, shown, written):
    """A new column needs a line in the structs of the API."""
    fields = FIELDS[kind]
    plain_fields = {name for name, field in fields.items() if not field.sensitive}
    assert plain_fields <= {name for one in shown for name in one.__struct_fields__}
    assert set(fields) <= {name for one in written for name in one.__struct_fields__}


def test_the_page_runs_one_script_from_elsewhere_and_only_in_the_bytes_that_are_known(http):
    page = http.get("/docs").text
    [script] = re.findall(r"https?://[^\s'\"<>]+", page)
    assert re.search(r"/npm/@scalar/api-reference@\d+\.\d+\.\d+/", script)
    [tag] = [one for one in re.findall(r"<script[^>]*>", page) if script in one]
    assert re.search(r'integrity="sha384-[A-Za-z0-9+/]{64}"', tag)
    assert http.get(re.search(r'data-url="([^"]+)"', page)[1]).json()["openapi"].startswith("3.1")
