"""Scenes of coordinators: claim, note, tag, edit, decide."""

from __future__ import annotations

from dataclasses import dataclass

from portal.models import User
from stories.demo import material, plot
from stories.demo.plot import Part
from stories.demo.setting_up import Company
from stories.demo.telling import Tellers, with_value
from stories.models import Revision, Story
from stories.verbs import reviewing as verbs


@dataclass
class Reviewers:
    """The coordinators' side of the demonstration."""

    company: Company
    tellers: Tellers

    def step(self, part: Part, step: str) -> None:
        """One step of a story's path; authors' own answers are among them."""
        match step:
            case "claim":
                self.claim(part)
            case "edit":
                self.edit(part)
            case "sign":
                self.tellers.sign_off(part.key)
            case "refuse":
                self.tellers.refuse_edit(part.key)
            case "approve":
                story, read, by = self.current(part)
                verbs.approve(by=by, story=story, read=read)
            case "ask":
                story, read, by = self.current(part)
                reason = material.texts()[part.key].reason
                verbs.ask_changes(by=by, story=story, read=read, reason=reason)
            case "decline":
                story, read, by = self.current(part)
                reason = material.texts()[part.key].reason
                verbs.decline(by=by, story=story, read=read, reason=reason)
            case _:
                raise ValueError(step)

    def claim(self, part: Part) -> None:
        """Take the story, tag it, and write down what a colleague should know."""
        story, _, by = self.current(part)
        verbs.claim(by=by, story=story)
        if part.tags:
            words = {row["value"]: row["label"].casefold() for row in material.campaign()["tags"]}
            verbs.set_tags(by=by, story=story, names=[words[tag] for tag in part.tags])
        for note in material.campaign()["coordinator_notes"]:
            if note["story"] == part.key:
                verbs.add_note(by=by, story=story, text=note["text"])

    def edit(self, part: Part) -> None:
        """Send the author another text to sign off."""
        story, read, by = self.current(part)
        edited = material.texts()[part.key].edit
        if edited is None:
            raise LookupError(part.key)
        own = self.company.prompts["story"].pk
        verbs.propose_edit(
            by=by,
            story=story,
            read=read,
            hook=edited.hook,
            answers=[
                with_value(answer, edited.story) if answer["prompt"] == own else answer
                for answer in read.answers
            ],
            remark=plot.REMARKS[part.key],
        )

    def approve_correction(self, part: Part) -> None:
        """Read what the author changed, and approve it."""
        story, read, by = self.current(part)
        verbs.claim(by=by, story=story)
        verbs.approve(by=by, story=story, read=read)

    def current(self, part: Part) -> tuple[Story, Revision, User]:
        """The story as it is now, the text to be judged, and who judges it."""
        story, revision, _ = self.tellers.current(part.key)
        return story, revision, self.company.coordinator(story.society, part.key)
