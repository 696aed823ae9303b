"""The coalition with something on every page: a story in each state, batches, recalls, imports, requests.

What people typed comes from `text(most)`, at most so many characters each time; tests decide what it is.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone

from campaigns.models import (
    Campaign,
    Coordinator,
    Member,
    Partner,
    PartnerUser,
    Phase,
    Prompt,
    RosterEntry,
    RosterImport,
    Society,
)
from campaigns.verbs.consent_texts import publish_consent_text
from campaigns.verbs.requests import ask_to_be_added
from campaigns.verbs.roster_imports import receive_roster
from portal.models import Job, Message, User
from stories.models import ImportedStory, NameShown, Recall, Story
from stories.rules.consent import Permission
from stories.rules.texts import Answer
from stories.states import RecallState
from stories.verbs import handing_over, reviewing, telling
from tests.house.batches import fetched_batch, photo, sealed_batch
from tests.house.people import World, make_campaign
from tests.house.post import run_jobs
from tests.house.stories import join, permission

Text = Callable[[int], str]


@dataclass
class Stage:
    """What was put onto the stage beside the world itself."""

    world: World
    draft: Story
    submitted: Story
    in_review: Story
    awaiting: Story
    changes_requested: Story
    declined: Story
    delivered: Story
    withdrawn: Story
    planned: Campaign


def rename_everything(world: World, text: Text) -> None:
    """Give every society, partner, campaign, phase, prompt and person a name out of `text`."""
    for model, fields in (
        (Society, {"name": 150, "short_name": 30}),
        (Partner, {"name": 150}),
        (Campaign, {"name": 120, "summary": 300, "brief": 2000}),
        (Phase, {"name": 80}),
        (User, {"name": 150}),
        (Member, {"given_name": 100, "family_name": 100}),
        (RosterEntry, {"number": 50}),
        (PartnerUser, {"title": 100}),
        (Prompt, {"label": 200, "help_text": 500}),
    ):
        for row in model._default_manager.all():
            for name, most in fields.items():
                setattr(row, name, text(most))
            row.save()
    for prompt in Prompt.objects.exclude(choices=[]):
        prompt.choices = [text(100), text(100), text(100)]
        prompt.save()


def set_the_stage(world: World, text: Text) -> Stage:
    """Everything that people can bring about, with their words out of `text`."""
    Coordinator.objects.filter(user=world.lee).update(notices="at_once")
    world.campaign.refresh_from_db()
    consent_text = publish_consent_text(by=world.lee, campaign=world.campaign, text=text(4000))
    teller = Teller(world, text, consent_text)
    planned = make_campaign(world.isscr, lead=world.lee, name="Planned for spring")
    Campaign.objects.filter(pk=planned.pk).update(name=text(120), state="draft")
    draft = telling.begin(by=world.mia, participation=join(world, world.mia_member))
    telling.save_draft(
        by=world.mia,
        story=draft,
        version=0,
        hook=text(300),
        answers={str(world.prompts["long_text"].pk): text(5000)},
        naming={"full_name": text(150), "first_name": text(60)},
        consents={},
    )
    stage = Stage(
        world=world,
        draft=draft,
        submitted=teller.submit(),
        in_review=teller.review(),
        awaiting=teller.edit(),
        changes_requested=teller.send_back(reviewing.ask_changes),
        declined=teller.send_back(reviewing.decline),
        delivered=teller.approve(with_photo=True),
        withdrawn=teller.approve(),
        planned=planned,
    )
    hand_over(stage, text)
    ask_around(stage, text)
    return stage


class Teller:
    """Brings Mia's stories as far as a test needs them."""

    def __init__(self, world: World, text: Text, consent_text: object) -> None:
        self.world, self.text, self.consent_text = world, text, consent_text

    def answers(self) -> list[Answer]:
        """One answer to every prompt that takes words, and a choice."""
        found = []
        for kind, words in (("long_text", self.text(20_000)), ("short_text", self.text(300))):
            prompt = self.world.prompts[kind]
            prompt.refresh_from_db()
            found.append(Answer(prompt=prompt.pk, kind=kind, label=prompt.label, value=words))
        choice = self.world.prompts["one_choice"]
        choice.refresh_from_db()
        found.append(
            Answer(
                prompt=choice.pk,
                kind="one_choice",
                label=choice.label,
                value=str(choice.choices[0]),
            )
        )
        return found

    def allowed(self) -> list[Permission]:
        """Both partners: one may show the name."""
        world = self.world
        return [
            permission(world.research_america, NameShown.FULL, self.text(150)),
            permission(world.frontline, NameShown.NONE),
        ]

    def submit(self, *, with_photo: bool = False, named: bool = False) -> Story:
        """A story that waits for the coordinators; `named`: nobody gets it without the name."""
        world = self.world
        story = telling.begin(by=world.mia, participation=join(world, world.mia_member))
        telling.submit(
            by=world.mia,
            story=story,
            hook=self.text(140),
            answers=self.answers(),
            photo=photo(self.text(200)) if with_photo else None,
            permissions=self.allowed()[: 1 if named else None],
            consent_text=self.consent_text,  # type: ignore[arg-type]
        )
        story.refresh_from_db()
        return story

    def review(self, *, with_photo: bool = False, named: bool = False) -> Story:
        """One that Ana has taken, with a note and tags."""
        world, story = self.world, self.submit(with_photo=with_photo, named=named)
        reviewing.claim(by=world.ana, story=story)
        reviewing.add_note(by=world.ana, story=story, text=self.text(2000))
        reviewing.set_tags(by=world.ana, story=story, names=[self.text(40), self.text(40)])
        story.refresh_from_db()
        return story

    def edit(self) -> Story:
        """One whose author is to sign an edit off; hostile names are made of the words of hostile texts."""
        story = self.review(named=True)
        assert story.current_revision is not None
        reviewing.propose_edit(
            by=self.world.ana,
            story=story,
            read=story.current_revision,
            hook=self.text(140),
            answers=self.answers(),
            remark=self.text(1000),
        )
        story.refresh_from_db()
        return story

    def send_back(self, verb: Callable[..., None]) -> Story:
        """One that was declined, or is to be changed."""
        story = self.review()
        verb(by=self.world.ana, story=story, read=story.current_revision, reason=self.text(1000))
        story.refresh_from_db()
        return story

    def approve(self, *, with_photo: bool = False) -> Story:
        """One that is due for its partners."""
        story = self.review(with_photo=with_photo)
        assert story.current_revision is not None
        reviewing.approve(by=self.world.ana, story=story, read=story.current_revision)
        story.refresh_from_db()
        return story


def hand_over(stage: Stage, text: Text) -> None:
    """A delivered and acknowledged batch, a closed one, an open recall and an answered one."""
    world = stage.world
    batch = fetched_batch(world)
    handing_over.acknowledge(by=world.paula, batch=batch, name=text(150))
    fetched_batch(world, world.frontline, by=world.fay)
    telling.withdraw(by=world.mia, story=stage.withdrawn)
    stage.withdrawn.refresh_from_db()
    recall = Recall.objects.get(story=stage.withdrawn, partner=world.frontline)
    handing_over.answer_recall(
        by=world.fay,
        recall=recall,
        answer=handing_over.RecallAnswer(RecallState.CANNOT, text(1000)),
    )
    Teller(world, text, world.campaign.consent_texts.first()).approve()
    sealed_batch(world)
    run_jobs()


def ask_around(stage: Stage, text: Text) -> None:
    """A request to be added, a roster that waits, a story from a survey."""
    world = stage.world
    ask_to_be_added(by=world.sam, society=world.isscr, note=text(500))
    ImportedStory.objects.create(
        campaign=world.campaign,
        society=world.isscr,
        email=world.mia.email,
        line=2,
        row={"Headline": text(300), text(80): text(300)},
        hook=text(300),
        answers={str(world.prompts["long_text"].pk): text(3000)},
        sha256="0" * 64,
    )
    table = f"email,first name,last name\nnew@example.org,{_cell(text(90))},{_cell(text(90))}\n"
    file = io.BytesIO((table + "not an address,x,y\n").encode("utf-8", "replace"))
    receive_roster(by=world.ana, society=world.isscr, file=file, size=len(file.getvalue()))
    run_jobs()
    now = timezone.now()
    Message.objects.filter(pk=Message.objects.latest("pk").pk).update(failed_at=now)
    Job.objects.create(kind="portal.sweep", failed_at=now, last_error="it broke")
    assert RosterImport.objects.exclude(checked_at=None).exists()


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""').replace("\x00", "") + '"'
