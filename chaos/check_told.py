"""Whether everything is there that people were told, word for word, and nothing that nobody did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from campaigns.models import Participation
from chaos.browser import Broken
from chaos.findings import Findings
from chaos.told import Act, Line, Told, possible
from chaos.watch import Watch, dead_times, meets
from stories.models import Acceptance, Batch, Decision, Draft, Recall, Receipt, Revision, Story
from stories.states import BatchState, RecallState, StoryState

DECISIONS = {Act.APPROVE: "approve", Act.DECLINE: "decline", Act.ASK_CHANGES: "ask_changes"}


def check_told(findings: Findings, told: Told, prompt: int) -> None:
    """Hold the database against every "done" that was heard."""
    stories = {str(story.ref): story for story in Story.objects.all()}
    words = told.lines(Act.SAVE, Act.SUBMIT)
    findings.check(
        "texts", len(words), (w for ref in stories for w in wrong_words(told, stories[ref], prompt))
    )
    lost = {line.about for line in words if line.told} - set(stories)
    findings.check("stories", len(stories), (f"{ref} is gone" for ref in sorted(lost)))
    withdrawn = told.lines(Act.WITHDRAW)
    findings.check("withdrawals", len(withdrawn), wrong_withdrawals(told, stories))
    decisions = told.lines(*DECISIONS)
    findings.check("decisions", len(decisions), wrong_decisions(told))
    others = told.lines(Act.JOIN, Act.EDIT, Act.SIGN_OFF, Act.SEAL, Act.ACKNOWLEDGE, Act.ANSWER)
    findings.check(
        "other acts",
        len(others),
        (f"{line} was told and is not there" for line in others if line.told and not stands(line)),
    )


def wrong_words(told: Told, story: Story, prompt: int) -> Iterator[str]:
    """What is not as its author was told, in one story."""
    lines = told.lines(Act.SAVE, Act.SUBMIT, about=str(story.ref))
    sent = [line for line in lines if line.act == Act.SUBMIT]
    revisions = list(story.revisions.filter(kind="author").order_by("number"))
    texts = [text_of(revision.answers, prompt) for revision in revisions]
    for line in sent:
        if line.told and line.words not in texts:
            yield f"{story.ref}: told that {line.words[:60]!r} was submitted, and it is nowhere"
    for text in texts:
        if text not in {line.words for line in sent}:
            yield f"{story.ref}: nobody ever submitted {text[:60]!r}"
    if len(set(texts)) != len(texts):
        yield f"{story.ref}: the same text became two revisions"
    if any(line.told for line in sent) and texts and texts[-1] not in possible(sent):
        yield f"{story.ref}: its latest text is not the one that was submitted last"
    yield from wrong_draft(story, lines, texts, prompt)


def wrong_draft(story: Story, lines: list[Line], texts: list[str], prompt: int) -> Iterator[str]:
    """Whether the draft holds what was told to be saved since the last submission that came through."""
    handed_in = [
        n for n, line in enumerate(lines) if line.act == Act.SUBMIT and line.words in texts
    ]
    since = lines[max(handed_in, default=-1) + 1 :]
    if story.state == StoryState.WITHDRAWN or not any(line.told for line in since):
        return
    draft = Draft.objects.filter(story=story).first()
    if draft is None:
        yield f"{story.ref}: its draft is gone"
    elif draft.answers.get(str(prompt)) not in possible(since):
        yield f"{story.ref}: its draft is not what was saved last"


def text_of(answers: list[dict[str, object]], prompt: int) -> str:
    """The long answer of a revision."""
    return next((str(a["value"]) for a in answers if a["prompt"] == prompt), "")


def wrong_withdrawals(told: Told, stories: dict[str, Story]) -> Iterator[str]:
    """Withdrawn is who was told so, and nobody who did not ask for it."""
    tried = {line.about for line in told.lines(Act.WITHDRAW)}
    for line in told.done(Act.WITHDRAW):
        if stories[line.about].state != StoryState.WITHDRAWN:
            yield f"{line.about} was told to be withdrawn and is {stories[line.about].state}"
    for ref, story in stories.items():
        if story.state == StoryState.WITHDRAWN and ref not in tried:
            yield f"{ref} was withdrawn by nobody"


def wrong_decisions(told: Told) -> Iterator[str]:
    """Each decision that was told is there once, and none that nobody took."""
    made = Counter(
        (kind, who, str(ref), str(number))
        for kind, who, ref, number in Decision.objects.values_list(
            "kind", "by__name", "story__ref", "revision__number"
        )
    )
    tried: Counter[tuple[str, str, str, str]] = Counter()
    heard: Counter[tuple[str, str, str, str]] = Counter()
    for line in told.lines(*DECISIONS):
        key = (DECISIONS[line.act], line.who, line.about, line.words)
        tried[key] += 1
        heard[key] += line.told
    for key in tried | made:
        if not heard[key] <= made[key] <= tried[key]:
            yield f"{key}: told {heard[key]}, tried {tried[key]}, stands {made[key]}"


def stands(line: Line) -> bool:
    """Whether what was told about one of the other acts is in the database."""
    match line.act:
        case Act.JOIN:
            return Participation.objects.filter(member__user__name=line.who).count() == 1
        case Act.EDIT:
            edits = Revision.objects.filter(story__ref=line.about, kind="edit", by__name=line.who)
            return edits.filter(number__gt=int(line.words), hook__endswith="(edited)").exists()
        case Act.SIGN_OFF:
            return Acceptance.objects.filter(
                revision__story__ref=line.about, revision__number=int(line.words)
            ).exists()
        case Act.SEAL:
            return Batch.objects.filter(ref=line.words).exclude(state=BatchState.OPEN).exists()
        case Act.ACKNOWLEDGE:
            return Receipt.objects.filter(batch__ref=line.about, by__name=line.who).exists()
        case _:
            answered = Recall.objects.filter(ref=line.about, state=RecallState.DELETED)
            return answered.filter(answered_by__name=line.who).exists()


def check_answers(
    findings: Findings, asked: int, broken: list[Broken], watch: Watch, deaths: list[float]
) -> None:
    """Whoever met a failure read a page in words, but for a web service that was dead at that moment."""
    dead = dead_times(deaths, watch.deaf)
    findings.check(
        "answers",
        asked,
        (
            f"{one.who} met {one.what} after {one.ended - one.began:.1f} s"
            for one in broken
            if not (one.what.startswith("no answer") and meets(one.began, one.ended, dead))
        ),
    )
