"""The coalition as two halves that must not see each other, with one of everything in each.

Side A is ISSCR with Mia, Ana, Lee, Research!America and Paula; side B the river biologists with Nils,
Rita, Lena, Science Frontline and Fay. Each has a running campaign of its own and one in the making.
Side A's campaign is the world's, in which side B's society and partner take part as well: they are the
strangers who stand nearest.
"""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass, replace
from typing import Any

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils import timezone

from campaigns.models import (
    Campaign,
    CampaignPartner,
    ConsentText,
    Coordinator,
    Invitation,
    MembershipRequest,
    Partner,
    PartnerUser,
    Phase,
    RosterImport,
)
from campaigns.states import CampaignState, PhaseState
from campaigns.verbs.requests import accept_request, ask_to_be_added
from campaigns.verbs.roster_imports import confirm_import, receive_roster
from portal import outbox, signing
from portal.models import Job, Message, User
from stories.models import Batch, ImportedStory, Item, PartnerToken, Recall, Story
from stories.states import RecallState
from stories.verbs import handing_over, reviewing, signing_off, telling, tokens
from tests.house.batches import delivered_batch, fetched_batch, photo, story_with_photo
from tests.house.people import (
    CONSENT_WORDS,
    World,
    make_campaign,
    make_phases,
    make_prompts,
    make_user,
)
from tests.house.post import run_jobs
from tests.house.stories import answers, approved_story, join, submitted_story

ROSTER = b"email,first name,last name\nnew@example.org,New,Member\n"


@dataclass
class Stories:
    """The author's stories, named after where they stand."""

    draft: Story
    submitted: Story
    taken: Story
    edited: Story
    signed: Story
    handed_over: Story  # with a photo, in a delivered batch
    due: Story
    gone: Story  # withdrawn after its batch was fetched; the recall waits for an answer
    given_back: Story  # the same, and the recall is answered


@dataclass
class Side:
    """One half. `world` is the coalition as seen from here: its Mia is this side's author."""

    world: World
    planned: Campaign
    helper: User  # leads the planned campaign, too
    stories: Stories
    batch: Batch
    closed: Batch  # acknowledged, and a story of it was taken back
    recall: Recall
    answered: Recall
    item: Item
    imported: ImportedStory
    request: MembershipRequest
    decided: MembershipRequest
    upload: RosterImport
    confirmed: RosterImport
    token: PartnerToken
    key: str
    session: UserSession


@dataclass
class Coalition:
    """Both halves, and what belongs to nobody."""

    a: Side
    b: Side
    sam: User
    olga: User
    message: Message  # given up
    sent: Message
    job: Job  # given up
    done: Job
    key_id: str

    def people(self) -> dict[str, User | None]:
        """Everybody who comes to the doors, in the order in which the tables name them."""
        a, b = self.a.world, self.b.world
        return {
            "nobody": None,
            "sam": self.sam,
            "mia": a.mia,
            "nils": b.mia,
            "ana": a.ana,
            "rita": b.ana,
            "lee": a.lee,
            "lena": b.lee,
            "paula": a.paula,
            "fay": b.paula,
            "olga": self.olga,
        }


def make_coalition(world: World) -> Coalition:
    """Both sides, in about two seconds."""
    third = Partner.objects.create(name="Lab Watch", slug="lab-watch")
    a = make_side(world, third, make_user("Ben Helper", "helper-a@example.org"))
    b = make_side(mirrored(world), third, make_user("Bo Helper", "helper-b@example.org"))
    with transaction.atomic():
        outbox.tell(world.mia, "account", {"subject": "S", "body": "B"})
        outbox.tell(world.nils, "account", {"subject": "S", "body": "B"})
        outbox.start("stories.build_batch", batch=0)
        outbox.start("stories.build_batch", batch=0)
    sent, message = Message.objects.order_by("-pk")[:2]
    done, job = Job.objects.order_by("-pk")[:2]
    now = timezone.now()
    for lost in (Message.objects.filter(pk=message.pk), Job.objects.filter(pk=job.pk)):
        lost.update(failed_at=now, attempts=12, last_error="OSError")
    for fine in (Message.objects.filter(pk=sent.pk), Job.objects.filter(pk=done.pk)):
        fine.update(finished_at=now)
    return Coalition(
        a, b, world.sam, world.olga, message, sent, job, done, signing.publish().key_id
    )


def mirrored(world: World) -> World:
    """The world from the other side: its own campaign, and everybody's counterpart in their place."""
    lena = make_user("Lena Berg")
    Coordinator.objects.create(society=world.rivers, user=lena, may_create_campaigns=True)
    campaign = make_campaign(world.rivers, lead=lena, name="Rivers remember")
    one, two = make_phases(campaign)
    CampaignPartner.objects.create(campaign=campaign, partner=world.frontline, leads=True)
    words = ConsentText.objects.create(
        campaign=campaign, version=1, text=CONSENT_WORDS, created_by=lena
    )
    return replace(
        world,
        campaign=campaign,
        phase_one=one,
        phase_two=two,
        consent_text=words,
        isscr=world.rivers,
        rivers=world.isscr,
        prompts=make_prompts(campaign),
        research_america=world.frontline,
        frontline=world.research_america,
        ana=world.rita,
        rita=world.ana,
        lee=lena,
        paula=world.fay,
        fay=world.paula,
        mia=world.nils,
        nils=world.mia,
        mia_member=world.nils_member,
        nils_member=world.mia_member,
    )


def make_side(world: World, third: Partner, helper: User) -> Side:
    """One of everything, made by this side's own people."""
    gone = approved_story(world, hook="Will be taken back")
    given_back = approved_story(world, hook="Will be given back")
    closed = fetched_batch(world, by=world.paula)
    handing_over.acknowledge(by=world.paula, batch=closed, name=world.paula.name)
    for story in (gone, given_back):
        telling.withdraw(by=world.mia, story=story)
    recall, answered = Recall.objects.filter(item__batch=closed).order_by("pk")
    handing_over.answer_recall(
        by=world.paula, recall=answered, answer=handing_over.RecallAnswer(RecallState.DELETED)
    )
    handed_over = story_with_photo(world)
    batch = delivered_batch(world)
    # The leads seal from here on; what the officers see stays as it is.
    stories = Stories(
        draft=drafted(world),
        submitted=submitted_story(world),
        taken=taken(world),
        edited=edited(world),
        signed=signed(world),
        handed_over=handed_over,
        due=approved_story(world, hook="Leaves with the next batch"),
        gone=gone,
        given_back=given_back,
    )
    member = world.mia_member
    Invitation.objects.create(
        campaign=world.campaign, member=member, phase=world.phase_one, society=world.isscr
    )
    key = tokens.make_token(
        by=world.paula, officer=PartnerUser.objects.get(user=world.paula), name="Sync"
    )
    return Side(
        world=world,
        planned=plan(world, third, helper),
        helper=helper,
        stories=stories,
        batch=batch,
        closed=closed,
        recall=recall,
        answered=answered,
        item=Item.objects.get(batch=batch),
        imported=surveyed(world),
        request=asked(world, helper),
        decided=asked(world, make_user("Decided Person", f"decided-{helper.email}"), accept=True),
        upload=brought(world),
        confirmed=brought(world, confirm=True),
        token=PartnerToken.objects.get(officer__user=world.paula),
        key=key,
        session=UserSession.objects.create(
            user=world.mia,
            ip="192.0.2.7",
            session_key=f"elsewhere-{member.pk}",
            user_agent="Firefox",
        ),
    )


def drafted(world: World) -> Story:
    """A draft that could be handed in, with a photo."""
    story = telling.begin(by=world.mia, participation=join(world, world.mia_member, world.isscr))
    telling.save_draft(by=world.mia, story=story, version=0, **draft_of(world))
    telling.set_photo(by=world.mia, story=story, photo=photo())
    return story


def draft_of(world: World) -> dict[str, Any]:
    """What stands in a complete draft: this side's partner for lawmakers, by full name."""
    until = (timezone.now() + dt.timedelta(days=200)).date().isoformat()
    return {
        "hook": "A draft that is complete",
        "answers": {str(answer["prompt"]): answer["value"] for answer in answers(world)},
        "naming": {"full_name": "Dr. Author", "photo_description": "A lab bench"},
        "consents": {
            f"p{world.research_america.pk}": {
                "uses": ["lawmakers"],
                "name_shown": "full",
                "until": until,
            }
        },
    }


def taken(world: World) -> Story:
    """A story in its coordinator's hands."""
    story = submitted_story(world, hook="Is being read")
    reviewing.claim(by=world.ana, story=story)
    story.refresh_from_db()
    return story


def edited(world: World) -> Story:
    """A story whose edit waits for its author."""
    story = taken(world)
    assert story.current_revision is not None
    reviewing.propose_edit(
        by=world.ana,
        story=story,
        read=story.current_revision,
        hook="An edited line",
        answers=answers(world, "Quite other words, twenty of them or more than that. " * 4),
        remark="Shorter.",
    )
    story.refresh_from_db()
    return story


def signed(world: World) -> Story:
    """A story whose edit its author has signed off."""
    story = edited(world)
    assert story.current_revision is not None
    signing_off.sign_off(by=world.mia, story=story, revision=story.current_revision)
    story.refresh_from_db()
    return story


def plan(world: World, third: Partner, helper: User) -> Campaign:
    """A campaign that could start: everything that its lead can still change or take out is there."""
    campaign = make_campaign(
        world.isscr, lead=world.lee, name=f"Planned by {world.lee.name.split()[0]}"
    )
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.DRAFT)
    campaign.leads.add(helper)
    Coordinator.objects.create(society=world.isscr, user=helper, notices="off")
    for partner, leads in ((world.research_america, True), (third, False)):
        CampaignPartner.objects.create(campaign=campaign, partner=partner, leads=leads)
    make_phases(campaign)
    Phase.objects.filter(campaign=campaign).update(state=PhaseState.PLANNED, opened_at=None)
    make_prompts(campaign)
    ConsentText.objects.create(
        campaign=campaign, version=1, text=CONSENT_WORDS, created_by=world.lee
    )
    campaign.refresh_from_db()
    return campaign


def surveyed(world: World) -> ImportedStory:
    """What the author wrote in a survey and has not taken up yet."""
    return ImportedStory.objects.create(
        campaign=world.campaign,
        society=world.isscr,
        email=world.mia.email,
        line=2,
        row={"Headline": "From a survey"},
        hook="From a survey",
        answers={},
        sha256=f"{world.mia.pk:064d}",
    )


def asked(world: World, person: User, *, accept: bool = False) -> MembershipRequest:
    """A request to be added to this side's roster."""
    request = ask_to_be_added(by=person, society=world.isscr, note="It is me")
    if accept:
        accept_request(by=world.ana, request=request)
    return request


def brought(world: World, *, confirm: bool = False) -> RosterImport:
    """A roster file that was checked; confirmed, it is imported as well."""
    upload = receive_roster(
        by=world.ana, society=world.isscr, file=io.BytesIO(ROSTER), size=len(ROSTER)
    )
    if confirm:
        confirm_import(by=world.ana, roster_import=upload)
    run_jobs()
    upload.refresh_from_db()
    return upload
