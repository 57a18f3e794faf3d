"""Asks a served installation all that its OpenAPI document allows, and what it does not, by schemathesis.

In a process of its own: it keeps caches, sets warnings and takes hold of threads as a program may, and a library not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from helpers.serving import Furnished

COMMAND = str(Path(sys.executable).with_name("st"))
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "6"))  # an operation; random, beside those that are always the same
SEED = os.environ.get("FUZZ_SEED", "1")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "ignored_auth",
    "negative_data_rejection",
)
# a request that breaks its schema may as well be refused for a version that is no more, or for its size
REFUSED = (400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429)
SETTINGS = f"""
seed = {SEED}
continue-on-failure = true
max-stream-events = 2
request-timeout = 60

[generation]
max-examples = {EXAMPLES}
database = "none"

[checks.negative_data_rejection]
expected-statuses = {list(REFUSED)}

[phases.coverage]
unexpected-methods = []

[phases.stateful]
enabled = false
"""
IMPORTS = "/v1/imports/{import_id}"
OF_THEIR_OWN = {  # parameters that are to be something else with these operations
    f"{IMPORTS}/errors": {"path.import_id": "mended_id"},
    f"{IMPORTS}/release": {"path.import_id": "held_id"},
    f"{IMPORTS}/refuse": {"path.import_id": "held_id"},
    "/v1/partners/{slug}/configs": {"body.source": "source"},
    "/v1/partners/{slug}/configs/check": {"body.source": "source"},
    "/v1/eligibility/check": {"body.employee_id": "employee_id", "body.date_of_birth": "date_of_birth"},
    "/v1/cases": {"body.client_id": "client_id"},
    "/v1/documents": {"body.client_id": "client_id"},
    "/v1/walls": {"body.client_id": "client_id", "body.staff_id": "staff_id"},
}


def fuzz(one: Furnished, headers: Mapping[str, str], folder: Path, *words: str) -> None:
    """Ask with these headers; `words` are further options of schemathesis.

    Raises:
        AssertionError: something is not as the document says; with all that was found, for a person.
    """
    # The document is made when it is first asked for, and the tool waits ten seconds for it: on a busy machine too few.
    httpx.get(f"{one.url}/v1/openapi.json", timeout=120).raise_for_status()
    settings = folder / "schemathesis.toml"
    settings.write_text(_settings(one))
    given = [word for name, value in headers.items() for word in ("--header", f"{name}: {value}")]
    command = [COMMAND, "--config-file", settings.name, "run", f"{one.url}/v1/openapi.json", "--no-color", *given]
    done = subprocess.run(
        [*command, "--checks", ",".join(CHECKS), *words], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise AssertionError(done.stdout.partition("= WARNINGS =")[0] + done.stderr)  # of what it could not reach


def _settings(one: Furnished) -> str:
    """As TOML, which takes JSON for lists and texts; now and then values are random all the same."""
    values = {**one.ids, "any_version": ["*"]}
    lists = [f"[dictionaries.{name}]\nvalues = {json.dumps(found)}" for name, found in values.items()]
    usual = {f"path.{name}": name for name in one.ids} | {"header.If-Match": "any_version"}
    own = [
        f"[[operations]]\ninclude-path = {json.dumps(path)}\n[operations.parameters]\n{_bound(names)}"
        for path, names in OF_THEIR_OWN.items()
    ]
    return "\n".join([SETTINGS, *lists, "[parameters]", _bound(usual), *own])


def _bound(names: Mapping[str, str]) -> str:
    return "\n".join(
        f'"{parameter}" = {{dictionary = "{name}", probability = 0.8}}' for parameter, name in names.items()
    )
