"""The tables, as SQLAlchemy sees them; `gateway.db.migrations` builds them."""

from gateway.db.models.access import (
    ANSWERS_KEPT,
    AccessToken,
    Credential,
    IdempotencyKey,
    RateLimit,
    SigningKey,
    SignInTries,
    StaffSession,
)
from gateway.db.models.assignment import (
    ASSIGNMENT_KINDS,
    HANDOVER_STATES,
    Assignment,
    AssignmentPolicy,
    Attorney,
    Expertise,
    Handover,
    TimeOff,
    UnassignedCase,
)
from gateway.db.models.audit import AuditEntry
from gateway.db.models.base import Base
from gateway.db.models.channels import InboxCounter, InboxMessage, PushSubscription, SmsHeard, SmsSender, SmsStop
from gateway.db.models.deliveries import PARCEL_STATES, DeliveryLine, Parcel, ParcelAttempt
from gateway.db.models.drafts import ConfigDraft, ConfigTrial
from gateway.db.models.eligibility import (
    DECISION_STAGES,
    ENTRY_ENDS,
    PAST_OUTCOMES,
    EligibilityCheck,
    HistoricalCase,
    ModelCall,
    ProfileEntry,
    RecommendationRow,
    Review,
)
from gateway.db.models.events import EventCursor, EventRow
from gateway.db.models.firms import Firm, Staff
from gateway.db.models.imports import LOADED_STATES, OPEN_STATES, File, Import, ProblemGroup, RowError
from gateway.db.models.jobs import JOB_STATES, JobRow, Lease, Schedule, Tally
from gateway.db.models.links import ACTS, ActionLink, LinkClicks, ShortLink
from gateway.db.models.model_policies import ModelPolicy
from gateway.db.models.notices import NOTICE_STATES, EscalationPolicy, LeadPolicy, Notice, NoticeAnswer
from gateway.db.models.notifications import (
    DISPATCH_STATES,
    VERDICTS,
    ChannelState,
    Dispatch,
    DispatchAttempt,
    GateDecision,
    Notification,
)
from gateway.db.models.outbox import OutboxFile
from gateway.db.models.partners import FeedRow, HeaderAlias, Partner, PartnerConfig
from gateway.db.models.places import FeedAlarm, Place, PlaceFile
from gateway.db.models.preferences import PACES, NoticeBudget, NoticePreference, OptOut, QuietHours
from gateway.db.models.previews import ImportPreview
from gateway.db.models.records import Case, Client, Document, Sighting
from gateway.db.models.repairs import LinkEnd, Repair, RepairCell, RepairLink, RepairRule, RepairVisit, ReturnedRow
from gateway.db.models.reports import ReportOrder
from gateway.db.models.rest import RestAccount, RestPerson, RestSource, RestSpent, RestVersion
from gateway.db.models.templates import MessageText
from gateway.db.models.walls import Wall
from gateway.db.models.webhooks import WebhookCall

__all__ = [
    "ACTS",
    "ANSWERS_KEPT",
    "ASSIGNMENT_KINDS",
    "DECISION_STAGES",
    "DISPATCH_STATES",
    "ENTRY_ENDS",
    "HANDOVER_STATES",
    "JOB_STATES",
    "LOADED_STATES",
    "NOTICE_STATES",
    "OPEN_STATES",
    "PACES",
    "PARCEL_STATES",
    "PAST_OUTCOMES",
    "VERDICTS",
    "AccessToken",
    "ActionLink",
    "Assignment",
    "AssignmentPolicy",
    "Attorney",
    "AuditEntry",
    "Base",
    "Case",
    "ChannelState",
    "Client",
    "ConfigDraft",
    "ConfigTrial",
    "Credential",
    "DeliveryLine",
    "Dispatch",
    "DispatchAttempt",
    "Document",
    "EligibilityCheck",
    "EscalationPolicy",
    "EventCursor",
    "EventRow",
    "Expertise",
    "FeedAlarm",
    "FeedRow",
    "File",
    "Firm",
    "GateDecision",
    "Handover",
    "HeaderAlias",
    "HistoricalCase",
    "IdempotencyKey",
    "Import",
    "ImportPreview",
    "InboxCounter",
    "InboxMessage",
    "JobRow",
    "LeadPolicy",
    "Lease",
    "LinkClicks",
    "LinkEnd",
    "MessageText",
    "ModelCall",
    "ModelPolicy",
    "Notice",
    "NoticeAnswer",
    "NoticeBudget",
    "NoticePreference",
    "Notification",
    "OptOut",
    "OutboxFile",
    "Parcel",
    "ParcelAttempt",
    "Partner",
    "PartnerConfig",
    "Place",
    "PlaceFile",
    "ProblemGroup",
    "ProfileEntry",
    "PushSubscription",
    "QuietHours",
    "RateLimit",
    "RecommendationRow",
    "Repair",
    "RepairCell",
    "RepairLink",
    "RepairRule",
    "RepairVisit",
    "ReportOrder",
    "RestAccount",
    "RestPerson",
    "RestSource",
    "RestSpent",
    "RestVersion",
    "ReturnedRow",
    "Review",
    "RowError",
    "Schedule",
    "ShortLink",
    "Sighting",
    "SignInTries",
    "SigningKey",
    "SmsHeard",
    "SmsSender",
    "SmsStop",
    "Staff",
    "StaffSession",
    "Tally",
    "TimeOff",
    "UnassignedCase",
    "Wall",
    "WebhookCall",
]
