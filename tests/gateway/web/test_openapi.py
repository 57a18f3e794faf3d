"""The OpenAPI document shows an example of everything, and the examples are true."""

import re

import jsonschema_rs
import msgspec
import pytest
from litestar import Response

from gateway.domain.people.fields import FIELDS
from gateway.settings import load
from gateway.web.api.cases import CasePatch, CaseView, NewCase
from gateway.web.api.documents import DocumentFields, DocumentView
from gateway.web.app import create_app, routes_of
from gateway.web.people import ClientDetails, ClientFields


@pytest.fixture(scope="module")
def app():
    return create_app(load({}))


@pytest.fixture(scope="module")
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


SHARED = "/v1/health/checks"  # told to a firm that has an installation for itself, as none of these has


def test_a_question_with_every_example_in_it_is_understood(http, as_staff, operations):
    """Nothing of that exists, but nobody is told that the question is wrong."""
    admin = as_staff("admin")
    for (path, method), told in operations.items():
        if method == "GET" and told.get("security") and path != "/v1/inbox/events":  # which does not end by itself
            given = {kind: {} for kind in ("path", "query", "header")}
            for one in told.get("parameters", []):
                given[one["in"]][one["name"]] = one["example"]
            answer = http.get(path.format(**given["path"]), params=given["query"], headers=admin | given["header"])
            understood = (409,) if path == SHARED else (200, 403, 404)
            assert answer.status_code in understood, (path, answer.text)


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
            if media_type == "application/json" and handler.parsed_data_field:
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


@pytest.fixture
def page(http):
    return http.get("/docs")


def links(page):
    return re.findall(r'(?:src|href)="([^"]+)"', page.text)


def test_all_that_the_page_loads_is_served_here(http, page):
    assert page.headers["content-type"].startswith("text/html")
    assert not re.search(r"//[a-z]", page.text)
    assert links(page)[0] == "data:,"
    kinds = [http.get(one).headers["content-type"].split(";")[0] for one in links(page)[1:]]
    assert kinds == ["text/css", "text/javascript", "text/javascript"]
    [start] = [one for one in links(page) if one.endswith("/start.js")]
    [url] = re.findall(r"url: '([^']+)'", http.get(start).text)
    assert http.get(url).json()["openapi"].startswith("3.1")


def test_the_page_may_run_what_is_served_here_and_nothing_that_stands_in_it(page):
    policy = dict(one.strip().split(" ", 1) for one in page.headers["content-security-policy"].split(";"))
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert {policy[one] for one in ("default-src", "object-src", "base-uri", "frame-ancestors")} == {"'none'"}
    assert not re.search(r"<script(?![^>]*src=)", page.text)
    assert not re.search(r"\son\w+=|style=", page.text)


def test_the_files_of_the_page_are_kept_under_an_address_that_changes_with_them(http, page):
    for link in links(page)[1:]:
        answer = http.get(link)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        folder, name = link.rsplit("/", 1)
        other = http.get(f"{folder[:-1]}x/{name}")
        assert (other.status_code, other.headers["cache-control"]) == (404, "no-store")
    assert http.get(f"{folder}/index.html").status_code == 404
    assert page.headers["cache-control"] == "no-store"
