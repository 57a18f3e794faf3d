"""Read-only queries for people, one a module; `REPORTS` is the one list of them."""

from gateway.reports import (
    audit_extract,
    calibration,
    case_status,
    cases_assigned,
    eligibility_usage,
    enrollment_status,
    escalations,
    expiring_documents,
    feed_health,
    import_errors,
    import_receipt,
    notification_log,
    reassignment_frequency,
    time_to_assignment,
    unanswered,
    workload_distribution,
)
from gateway.reports.filters import Filters
from gateway.reports.report import Report

__all__ = ["REPORTS", "Filters", "Report"]

REPORTS: dict[str, Report] = {
    "import_receipt": import_receipt.REPORT,
    "import_errors": import_errors.REPORT,
    "case_status": case_status.REPORT,
    "enrollment_status": enrollment_status.REPORT,
    "feed_health": feed_health.REPORT,
    "expiring_documents": expiring_documents.REPORT,
    "notification_log": notification_log.REPORT,
    "unanswered": unanswered.REPORT,
    "escalations": escalations.REPORT,
    "workload_distribution": workload_distribution.REPORT,
    "cases_assigned": cases_assigned.REPORT,
    "reassignment_frequency": reassignment_frequency.REPORT,
    "time_to_assignment": time_to_assignment.REPORT,
    "calibration": calibration.REPORT,
    "eligibility_usage": eligibility_usage.REPORT,
    "audit_extract": audit_extract.REPORT,
}
