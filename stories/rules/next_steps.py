"""What comes next for a story, in words for its author."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stories.models import Recall, Story
from stories.rules.timeline import answer_words
from stories.states import RecallState, StoryState


@dataclass(frozen=True)
class NextStep:
    """What comes next; where the author can do it, the URL's name (with the story's ref) and its label."""

    words: str
    url_name: str = ""
    label: str = ""

    @property
    def is_authors(self) -> bool:
        """Whether it is the author's turn."""
        return bool(self.url_name)


def next_step(
    story: Story,
    *,
    permits_somebody: bool = True,
    holders: Sequence[str] = (),
    asked_about: Sequence[str] = (),
    recalls: Sequence[Recall] | None = None,
) -> NextStep:
    """What comes next.

    `permits_somebody`: a live consent for a partner; `holders`: who has it, by name; `asked_about`:
    partners that joined late and wait for the author's word; `recalls`: what partners were asked to give
    back, with their names, the oldest first, where the page tells each answer.
    """
    if story.state == StoryState.APPROVED:
        return _of_an_approved_one(permits_somebody, holders, asked_about)
    if story.state == StoryState.WITHDRAWN and recalls is not None:
        return _of_one_taken_back(recalls)
    society = story.society.short_name
    return {
        StoryState.DRAFT: NextStep(
            "Only you can see it. Finish it when you have a moment, then submit it.",
            "stories:write",
            "Go on writing",
        ),
        StoryState.SUBMITTED: NextStep(
            f"The coordinators of your society, {society}, will read it. You get an e-mail as soon as they have."
        ),
        StoryState.IN_REVIEW: NextStep(f"A coordinator of {society} is reading it."),
        StoryState.CHANGES_REQUESTED: NextStep(
            f"A coordinator of {society} asks you to change something.",
            "stories:write",
            "Change the story",
        ),
        StoryState.AWAITING_SIGN_OFF: NextStep(
            f"A coordinator of {society} has edited the text. Nothing leaves before you have agreed.",
            "stories:sign_off",
            "See what changed",
        ),
        StoryState.DECLINED: NextStep(
            f"{society} does not take it for this campaign. It has gone to nobody."
        ),
        StoryState.WITHDRAWN: NextStep(
            "You took it back. It leaves with no batch any more, and whoever held it was asked to give "
            "it up."
        ),
    }[StoryState(story.state)]


def _of_an_approved_one(
    permits_somebody: bool, holders: Sequence[str], asked_about: Sequence[str]
) -> NextStep:
    if asked_about:
        return NextStep(
            f"{' and '.join(asked_about)} joined the campaign after you had written. Your story goes "
            "there only if you say so.",
            "stories:consents",
            "Decide about it",
        )
    if holders:
        return NextStep(
            f"It is with {' and '.join(holders)}. There is nothing that you have to do; you can change "
            "who may use it, or take it back, at any time."
        )
    if not permits_somebody:
        return NextStep(
            "It is approved, but no partner may have it yet, so it stays here until you allow one.",
            "stories:consents",
            "Choose who may use it",
        )
    return NextStep("It goes to each partner that you allow, with that partner’s next batch.")


def _of_one_taken_back(recalls: Sequence[Recall]) -> NextStep:
    last = {str(recall.partner): recall for recall in recalls}
    waiting = sorted(name for name, recall in last.items() if recall.state == RecallState.ASKED)
    told = [
        f"{name} answered: {answer_words(recall)}"
        for name, recall in sorted(last.items())
        if recall.state != RecallState.ASKED
    ]
    if not last:
        told = ["No partner had it."]
    if waiting:
        were, have = ("was", "has") if len(waiting) == 1 else ("were", "have")
        told.append(
            f"{' and '.join(waiting)} {were} asked to give it up and {have} not answered yet."
        )
    return NextStep(f"You took it back. It leaves with no batch any more. {' '.join(told)}")
