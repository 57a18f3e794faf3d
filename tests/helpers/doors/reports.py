"""Reports about a firm."""

from __future__ import annotations

from gateway.reports import REPORTS
from helpers.doors.base import UseCase, nothing, problems

USE_CASES = {
    **{
        f"report {name}": UseCase(
            f"report {name}",
            ["report.read"],
            nothing,
            lambda door, _, name=name: door.call("GET", f"reports/{name}"),
            lambda door, _, name=name: door.call("report", name, "--firm", "northgate"),
        )
        for name in REPORTS
    },
    "report about a partner": UseCase(
        "report import_errors",
        ["report.read"],
        problems,
        lambda door, _: door.call("GET", f"reports/import_errors?format=json&partner={door.partner}"),
        lambda door, _: door.call(
            "report", "import_errors", "--firm", "northgate", "--format", "json", "--partner", door.partner
        ),
    ),
}
