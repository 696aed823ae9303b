"""People, trust and post."""

from portal.models.people import User
from portal.models.post import DigestLine, Job, Leased, Message, Urgency
from portal.models.trust import AuditLine, Heartbeat, PublishedKey

__all__ = [
    "AuditLine",
    "DigestLine",
    "Heartbeat",
    "Job",
    "Leased",
    "Message",
    "PublishedKey",
    "Urgency",
    "User",
]
