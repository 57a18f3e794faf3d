"""What jobs and queues are called by people, by what they are called in the ledger."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.jobs.queues import Queue

QUEUE_WORDS: Mapping[Queue, str] = {
    "urgent": "what somebody waits for",
    "normal": "everyday work",
    "ingest": "reading files",
    "bulk": "what nobody waits for",
    "arrivals": "fetching files",
    "deliveries": "sending to partners",
    "notices": "telling people",
    "models": "eligibility checks",
}
WORDS: Mapping[str, str] = {
    "arrivals.due": "find places to look for files",
    "arrivals.look": "look for files at a partner's place",
    "assign.drain": "give cases to attorneys",
    "assign.look": "find firms whose cases wait",
    "audit.partitions": "make room in the audit log",
    "deliveries.carry": "send to a partner",
    "deliveries.retire": "destroy what was sent long ago",
    "deliveries.schedule": "find what is to be sent today",
    "deliveries.sweep": "find what was left unsent",
    "eligibility.check": "check eligibility",
    "events.assignment": "see which cases need an attorney",
    "events.cases": "tell attorneys of their cases",
    "events.deliveries": "see what partners are to be sent",
    "events.purge": "forget old events",
    "events.rows": "tell partners of rejected rows",
    "events.watch": "warn of deliveries that fail",
    "expiry.sweep": "find papers that end",
    "feeds.watch": "watch for late files",
    "files.sweep": "delete files that nobody names",
    "ingest.preview": "see what a decision about a file would do",
    "ingest.receipts": "write a file's receipts",
    "ingest.retire": "destroy old files",
    "ingest.run": "read a file",
    "ingest.search": "find an erased person in old files",
    "ingest.sweep": "find files that were left",
    "ingest.trial": "see what a draft would do with files",
    "jobs.purge": "delete done jobs",
    "links.purge": "delete old links",
    "notices.news": "hear what became of a text message",
    "notices.plan": "plan reminders",
    "notices.retire": "forget old messages",
    "notices.send": "send messages",
    "notices.sweep": "find messages that were left",
    "notices.watch": "warn of files that are late",
    "outbox.purge": "delete what nobody fetched",
    "reports.purge": "delete old reports",
    "reports.write": "write a report",
    "rest.history": "read an HR system's past",
    "rest.look": "see which HR systems are due",
    "rest.poll": "ask an HR system for changes",
    "rest.pull": "ask an HR system about people",
}
