"""Whether everything that was due has left, each message once, and nothing is stuck or given up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from campaigns.models import Invitation, Member, Participation, Phase
from chaos import mail_server
from chaos.faults import Fault
from chaos.findings import Findings
from portal.models import AuditLine, Job, Message

#: Between the server's yes and the mark there is one rendering at most; and what was on its way when the
#: database stopped could not be marked until it was back.
BEFORE, AFTER = 5.0, 15.0
#: Between whose death and whose mark a second copy may come about.
MAY_REPEAT = (
    *("kill worker-mail", "kill a process of a worker", "PostgreSQL stopped"),
    "mail server refuses",
)


def check_post(
    findings: Findings, taken: list[dict[str, Any]], faults: list[Fault], mail_deaths: list[float]
) -> Counter[str]:
    """Hold the outbox against what the mail server took; returns how often and why something came twice."""
    copies: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in taken:
        copies[line["id"]].append(line)
    messages = list(Message.objects.select_related("user"))
    findings.check("messages that left", len(messages), wrong_messages(messages, copies))
    known = {str(message.message_id) for message in messages}
    strangers = set(copies) - known
    findings.check("mails", len(taken), (f"{one} is no message of ours" for one in strangers))
    why: Counter[str] = Counter()
    findings.check("second copies", len(copies), wrong_copies(copies, faults, mail_deaths, why))
    members = Member.objects.count()
    findings.check("invitations", members, wrong_invitations(taken))
    findings.check("receipts for authors", len(messages), wrong_receipts(messages))
    jobs = list(Job.objects.all())
    findings.check("jobs", len(jobs), wrong_work(jobs))
    findings.check("leases", len(messages) + len(jobs), wrong_work(messages))
    return why


def wrong_messages(messages: list[Message], copies: dict[str, Any]) -> Iterator[str]:
    """Every message that is marked sent was taken by the server, at the address of its person."""
    for message in messages:
        took = copies.get(str(message.message_id), [])
        if not took:
            yield f"{message.template} {message.pk} never reached the mail server"
        address = message.user.email if message.user else message.address
        if address and any(line["to"] != address for line in took):
            yield f"{message.template} {message.pk} went to somebody else"


def wrong_copies(
    copies: dict[str, list[dict[str, Any]]],
    faults: list[Fault],
    mail_deaths: list[float],
    why: Counter[str],
) -> Iterator[str]:
    """A second copy has its reason: the server dropped the line, or a machine died before the mark."""
    for one, took in copies.items():
        for first in took[:-1]:
            reason = reason_for_another(first, faults, mail_deaths)
            why[reason or "without a reason"] += 1
            if not reason:
                yield f"{one} ({first['subject']!r}) came again without a reason; {story(took, faults)}"


def reason_for_another(first: dict[str, Any], faults: list[Fault], mail_deaths: list[float]) -> str:
    """Why a message that the server took may come once more; "" where it may not."""
    if first["answer"] != mail_server.TAKES:
        return f"mail server {first['answer']}"
    at = first["at"]
    for fault in faults:
        later = AFTER if fault.kind == "PostgreSQL stopped" else 0.0
        if fault.kind in MAY_REPEAT and fault.began - BEFORE <= at <= fault.ended + later:
            return fault.kind
    if any(at <= death <= at + BEFORE for death in mail_deaths):
        return "kill worker-mail"
    # On a machine that stands still for longer than the sender waits, its yes comes too late.
    return "" if first["heard"] else "its yes was not heard in time"


def story(took: list[dict[str, Any]], faults: list[Fault]) -> str:
    """When its copies came, whether the yes was heard, and what was broken around the first."""
    at = took[0]["at"]
    copies = ", ".join(f"{c['at'] - at:.1f} s {c['answer']} heard={c['heard']}" for c in took)
    near = [
        f"{fault.kind} from {fault.began - at:.1f} to {fault.ended - at:.1f} s"
        for fault in faults
        if fault.began - 60 <= at <= fault.ended + 60
    ]
    return f"copies at {copies}; {', '.join(near)}"


def wrong_invitations(taken: list[dict[str, Any]]) -> Iterator[str]:
    """Every member for whom a phase opened got one invitation, whatever died meanwhile."""
    letters = {line["id"]: line["to"] for line in taken}
    invitations = Message.objects.filter(template="invitation").values_list("message_id", flat=True)
    invited = Counter(letters[str(one)] for one in invitations if str(one) in letters)
    due = set(Invitation.objects.values_list("member__email", flat=True))
    eligible = set(
        Member.objects.filter(
            entries__left_at=None, places__state__in=states_that_opened()
        ).values_list("email", flat=True)
    )
    # Who joined before the look at them came is not asked to join any more.
    joined = set(Participation.objects.values_list("member__email", flat=True))
    yield from (f"{email} was never invited" for email in sorted(eligible - due - joined))
    yield from (f"{email} was invited and is not eligible" for email in sorted(due - eligible))
    for email in sorted(eligible | set(invited)):
        if invited[email] != (email in due):
            yield f"{email} got {invited[email]} invitations"


def states_that_opened() -> list[str]:
    """The states of all phases that have opened."""
    opened = Phase.objects.exclude(opened_at=None)
    return [state for phase in opened for state in phase.states]


def wrong_receipts(messages: list[Message]) -> Iterator[str]:
    """Each submission, withdrawal and decision in the audit log has its message to the author."""
    told = Counter(message.template for message in messages)
    acts = Counter(
        AuditLine.objects.filter(object_type="stories.story").values_list("verb", flat=True)
    )
    pairs = {
        "submit": "submitted",
        "approve": "approved",
        "decline": "declined",
        "ask_changes": "changes_requested",
        "propose_edit": "please_sign_off",
    }
    for verb, template in pairs.items():
        if acts[verb] != told[template]:
            yield f"{acts[verb]} times {verb}, {told[template]} times the message {template}"


def wrong_work(rows: list[Any]) -> Iterator[str]:
    """Nothing waits, nothing is held by a lease, nothing was given up."""
    now = timezone.now()
    for row in rows:
        if row.failed_at is not None:
            yield f"{row} was given up: {row.last_error}"
        elif row.finished_at is None:
            held = "under a lease" if row.leased_until and row.leased_until > now else "waiting"
            yield f"{row} is not done: {held}, attempt {row.attempts}, {row.last_error!r}"
