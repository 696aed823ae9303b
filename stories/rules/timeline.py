"""Every step of a story, from the first draft to the last answer of a partner, in words for its author."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from campaigns.rules.clocks import in_words
from portal.models import AuditLine
from stories.models import Decision, DecisionKind, Item, ItemEnd, Recall, Revision
from stories.states import RecallState


@dataclass(frozen=True)
class Step:
    """One thing that happened; `tone` as in templates/parts/timeline.html."""

    at: dt.datetime
    words: str
    note: str = ""
    tone: str = "done"
    when: str = ""


@dataclass(frozen=True)
class Journey:
    """What the timeline is made from: one story's own rows, never a coordinator's notes or tags.

    `lines` are the audit lines about the story, oldest first; `partners` maps ids to names. Items come
    with their batch's deliveries, downloads and receipt.
    """

    society: str
    time_zone: str
    lines: Iterable[AuditLine]
    revisions: Iterable[Revision]
    decisions: Iterable[Decision]
    items: Iterable[Item]
    recalls: Iterable[Recall]
    partners: Mapping[int, str]


def timeline(journey: Journey) -> list[Step]:
    """All steps, oldest first, with their times in the campaign's time zone."""
    steps = [
        *told(journey),
        *decided(journey),
        *handed_over(journey),
        *recalled(journey),
    ]
    steps.sort(key=lambda step: step.at)
    return [
        Step(step.at, step.words, step.note, step.tone, in_words(step.at, journey.time_zone))
        for step in steps
    ]


def told(journey: Journey) -> Iterator[Step]:
    """What the author and the coordinators did, by the audit log."""
    remarks = {r.number: r.remark for r in journey.revisions}
    who = f"A coordinator of {journey.society}"
    words = {
        "begin": "You began this story.",
        "claim": f"{who} began to read it.",
        "hand_back": f"{who} handed it to a colleague.",
        "propose_edit": f"{who} edited the text and asked for your sign-off.",
        "sign_off": "You signed the edited text off.",
        "refuse_edit": "You kept your own text.",
        "change_consents": "You changed who may use it.",
        "withdraw": "You took the story back.",
    }
    submitted = False
    for line in journey.lines:
        detail = line.detail
        if line.verb == "submit":
            yield Step(
                line.at, "You sent a new version." if submitted else "You submitted the story."
            )
            submitted = True
        elif line.verb in ("extend_consent", "expire_consent"):
            yield permission_step(line, journey.partners)
        elif line.verb in words:
            note = remarks.get(detail.get("revision", 0), "") if line.verb == "propose_edit" else ""
            yield Step(line.at, words[line.verb], note)


def permission_step(line: AuditLine, partners: Mapping[int, str]) -> Step:
    """A permission that the clock extended to a new partner, or ended."""
    partner = partners.get(line.detail.get("partner") or 0, "partners that join later")
    if line.verb == "extend_consent":
        return Step(line.at, f"{partner} joined; what you allowed later partners is allowed to it.")
    return Step(line.at, f"Your permission for {partner} ran out.", tone="bad")


def decided(journey: Journey) -> Iterator[Step]:
    """The decisions, with the reasons that were written for the author."""
    words = {
        DecisionKind.APPROVE: (f"{journey.society} approved it.", "done"),
        DecisionKind.ASK_CHANGES: (f"{journey.society} asked for changes.", "now"),
        DecisionKind.DECLINE: (f"{journey.society} declined it.", "bad"),
    }
    for decision in journey.decisions:
        said, tone = words[DecisionKind(decision.kind)]
        yield Step(decision.at, said, decision.reason, tone)


def handed_over(journey: Journey) -> Iterator[Step]:
    """Where it went: batch by batch, with who confirmed that it arrived."""
    for item in journey.items:
        batch = item.batch
        partner, name = journey.partners[item.partner_id], f"batch {batch.number}"
        if batch.sealed_at:
            yield Step(batch.sealed_at, f"Sealed into {name} for {partner}.")
        for delivery in batch.deliveries.all():
            if delivery.delivered_at:
                yield Step(delivery.delivered_at, f"Delivered to {partner} with {name}.")
        fetched = [d.at for d in batch.downloads.all() if d.item_id in (None, item.pk)]
        if fetched:
            yield Step(min(fetched), f"{partner} opened {name}.")
        receipt = getattr(batch, "receipt", None)
        if receipt is not None:
            yield Step(receipt.at, f"{receipt.name} confirmed for {partner} that {name} arrived.")
        if item.ended_at and item.ended_why == ItemEnd.REISSUED:
            yield Step(
                item.ended_at,
                f"{name.capitalize()} for {partner} was closed; it moves to the next.",
            )


def recalled(journey: Journey) -> Iterator[Step]:
    """What was asked back, and each answer."""
    for recall in journey.recalls:
        partner = journey.partners[recall.partner_id]
        if recall.state == RecallState.NEVER_TAKEN:
            yield Step(recall.asked_at, f"Taken out before {partner} had fetched it.")
            continue
        yield Step(recall.asked_at, f"{partner} was asked to give it back.", tone="now")
        if recall.answered_at:
            yield Step(
                recall.answered_at,
                f"{partner} answered: {answer_words(recall)}",
                recall.answer,
                "done" if recall.state == RecallState.DELETED else "bad",
            )


def answer_words(recall: Recall) -> str:
    """A partner's answer to a recall."""
    return {
        RecallState.DELETED: "every copy is deleted.",
        RecallState.PUBLISHED: "it is already published.",
        RecallState.CANNOT: "it cannot be recalled.",
    }.get(RecallState(recall.state), "no answer yet.")
