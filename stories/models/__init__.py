"""What is told, judged and handed over."""

from stories.models.batches import (
    Batch,
    Delivery,
    Download,
    Item,
    ItemEnd,
    Recall,
    RecallReason,
    Receipt,
)
from stories.models.consents import Consent, ConsentAsk, EndReason, NameShown
from stories.models.coverage import CoverageCount, CoverageLine
from stories.models.stories import (
    Acceptance,
    Decision,
    DecisionKind,
    Draft,
    ImportedStory,
    Note,
    Photo,
    Revision,
    RevisionKind,
    Story,
    Tag,
)
from stories.models.tokens import PartnerToken

__all__ = [
    "Acceptance",
    "Batch",
    "Consent",
    "ConsentAsk",
    "CoverageCount",
    "CoverageLine",
    "Decision",
    "DecisionKind",
    "Delivery",
    "Download",
    "Draft",
    "EndReason",
    "ImportedStory",
    "Item",
    "ItemEnd",
    "NameShown",
    "Note",
    "PartnerToken",
    "Photo",
    "Recall",
    "RecallReason",
    "Receipt",
    "Revision",
    "RevisionKind",
    "Story",
    "Tag",
]
