"""Read-only queries for people, one a module; `REPORTS` is the one list of them."""

from gateway.reports import import_errors
from gateway.reports.report import Filters, Report

__all__ = ["REPORTS", "Filters", "Report"]

REPORTS: dict[str, Report] = {
    "import_errors": import_errors.REPORT,
}
