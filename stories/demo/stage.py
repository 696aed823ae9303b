"""The stage: all scenes of the demonstration in the order in which they happened, each at its own time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from random import Random

from django.db import transaction
from django.utils import timezone

from campaigns.models import Member, Notices
from campaigns.rules.eligibility import Answer
from campaigns.verbs.invitations import unsubscribe
from campaigns.verbs.joining import join, verdicts, wish
from campaigns.verbs.notices import choose_notices
from campaigns.verbs.requests import ask_to_be_added
from portal.celery import app
from portal.models import Job
from stories.demo import plot, rosters, survey
from stories.demo.clock import Calendar, clock_at
from stories.demo.handing_over import HandingOver
from stories.demo.plot import Part
from stories.demo.reviewing import Reviewers
from stories.demo.rosters import Listed
from stories.demo.setting_up import Company, account, gather, publish_wording, set_up
from stories.demo.telling import Tellers, sign_up

#: What the site's clock rings in between.
PHASES = "campaigns.open_phases"
LATE_PARTNERS = "stories.ask_for_late_partners"
EXPIRY = "stories.expire_consents"
COVERAGE = "stories.count_coverage"
#: Scenes are so far apart at least, which is more than any of them takes.
APART = dt.timedelta(minutes=1)
#: Before the second phase opens, so that some members come too early.
PATIENCE, EARLY = 100, 4

Act = Callable[[], None]


@dataclass
class Stage:
    """The company, and what it plays."""

    calendar: Calendar
    people: list[Listed]
    company: Company = field(default_factory=Company)
    scenes: list[tuple[dt.datetime, Act]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tellers = Tellers(self.company, self.calendar)
        self.reviewers = Reviewers(self.company, self.tellers)
        self.handing = HandingOver(self.company)
        self.parts = {part.key: part for part in plot.ALL}

    def on(self, days_ago: int, hour: int, act: Act, minute: int = 0) -> None:
        """Put a scene on a day."""
        self.scenes.append((self.calendar.moment(days_ago, hour, minute), act))

    def play(self) -> Iterator[int]:
        """Play every scene at its time, with the work that it leaves to workers; yields how many are left."""
        self.scenes.sort(key=lambda scene: scene[0])
        last = dt.datetime.min.replace(tzinfo=dt.UTC)
        for place, (moment, act) in enumerate(self.scenes, start=1):
            last = max(moment, last + APART)
            with clock_at(last):
                act()
                work()
            yield len(self.scenes) - place


def work() -> None:
    """Do what waits for workers, by their own tasks."""
    while waiting := list(Job.objects.takeable().order_by("pk").values_list("pk", "kind")):
        for pk, kind in waiting:
            app.tasks[kind](pk)


def ring(*tasks: str) -> None:
    """Run some of the clock's tasks."""
    for task in tasks:
        app.tasks[task]()


def perform(now: dt.datetime) -> Iterator[int]:
    """Make the demonstration as it stands at `now`, all or nothing; yields how many scenes are left.

    The database must be empty but for boundaries and institutions.
    """
    app.loader.import_default_modules()
    # The same people every time, and nothing secret about them.
    stage = Stage(Calendar(now), rosters.everybody(Random(1)))  # noqa: S311
    open_house(stage)
    tell(stage)
    hand_over(stage)
    live(stage)
    with transaction.atomic():
        yield from stage.play()
        ring(COVERAGE)


def open_house(stage: Stage) -> None:
    """Everything before the first story."""
    company = stage.company
    stage.on(plot.PHASE_ONE + 14, 9, partial(gather, company))
    for society in rosters.SOCIETIES:
        stage.on(plot.PHASE_ONE + 12, 10, partial(bring_roster, company, society, stage.people))
    stage.on(plot.PHASE_ONE + 10, 11, partial(set_up, company, stage.calendar))
    first, second = (stage.calendar.weekday(days, 1) for days in (plot.PHASE_ONE, plot.PHASE_TWO))
    stage.on(first + 3, 15, partial(cast_signs_up, company))
    stage.on(first, 9, partial(ring, PHASES, LATE_PARTNERS), 1)
    stage.on(second, 9, partial(ring, PHASES), 1)
    stage.on(plot.SECOND_CONSENT_TEXT, 14, partial(publish_wording, company, 2))
    stage.on(8, 9, partial(some_choose_digests, company))


def bring_roster(company: Company, society: str, people: list[Listed]) -> None:
    """A coordinator brings the society's roster."""
    rosters.bring(
        by=company.staff[f"coordinator-{society}-1"],
        society=company.societies[society],
        people=people,
    )


def cast_signs_up(company: Company) -> None:
    """Members whom the demonstration can be tried as, and who tell nothing yet, have accounts."""
    for person in (rosters.INVITED, rosters.ASTRIDE, rosters.TWICE):
        sign_up(person, company.password)


def some_choose_digests(company: Company) -> None:
    """Not every coordinator wants a mail for each story."""
    for society, choice in (("isscr", Notices.DAILY), ("quillbrook", Notices.OFF)):
        by = company.staff[f"coordinator-{society}-2"]
        choose_notices(by=by, choices={company.societies[society].pk: choice})


def tell(stage: Stage) -> None:
    """Stories, from the author's first words to the coordinators' decision."""
    for place, part in enumerate(plot.SUBMITTED):
        hour = 9 + place * 5 % 8
        stage.on(part.told, hour, partial(stage.tellers.submit, part), place % 60)
        for day, step in enumerate(steps(part), start=1):
            act = partial(stage.reviewers.step, part, step)
            # A story that was told this morning cannot wait a day for its claim.
            stage.on(max(part.told - day, 1), hour + 1, act, place % 60)
    for part in plot.DRAFTS:
        stage.on(part.told, 20, partial(stage.tellers.draft, part))
    for days, key, old, new in plot.CORRECTIONS:
        stage.on(days, 18, partial(stage.tellers.correct, key, old, new))
        if key != plot.UNREAD_CORRECTION:
            act = partial(stage.reviewers.approve_correction, stage.parts[key])
            stage.on(days - 3, 11, act)


def steps(part: Part) -> list[str]:
    """A path's steps, the claim first unless nobody has taken the story yet."""
    path = part.path.split()
    return path if path[:1] in ([], ["claim"]) else ["claim", *path]


def hand_over(stage: Stage) -> None:
    """Batches, the late partner, and what comes back."""
    handing, tellers = stage.handing, stage.tellers
    for days, partner in plot.BATCHES:
        stage.on(days, 19, partial(handing.seal, partner))
        stage.on(days - 1, 8, partial(handing.receive, partner))
    stage.on(plot.LATE_PARTNER, 12, handing.join_late)
    stage.on(plot.LATE_PARTNER, 12, partial(ring, LATE_PARTNERS), 2)
    stage.on(plot.EXPIRY, 0, partial(ring, EXPIRY), 5)
    for days, key in plot.WITHDRAWALS:
        stage.on(days, 21, partial(tellers.withdraw, key))
    for days, key, grid in plot.CHANGES_OF_CONSENT:
        stage.on(days, 18, partial(tellers.change_consents, stage.parts[key], grid, days))
    for days, partner, key, answer, words in plot.ANSWERS:
        act = partial(answer_recall, stage, partner, key, answer, words)
        stage.on(days, 16, act)
    stage.on(1, 20, handing.open_next)


def answer_recall(stage: Stage, partner: str, key: str, answer: str, words: str) -> None:
    """A partner answers; the story is known once it has been told."""
    stage.handing.answer(partner, stage.tellers.stories[key].pk, answer, words)


def live(stage: Stage) -> None:
    """What members do who tell nothing: join, ask to be told, want no mail."""
    others = stage.people[len(rosters.listed_authors()) + 4 :]
    for place, person in enumerate(others[:9]):
        stage.on(60 - 5 * place, 13, partial(join_and_wait, stage, person))
    stage.on(PATIENCE, 17, partial(some_come_too_early, stage, others[15:]))
    isscr = [person for person in others[15:] if "isscr" in person.societies]
    asked_before = [rosters.TWICE, rosters.NEWCOMER, *isscr[:2]]
    stage.on(22, 15, partial(survey.bring, stage.company, asked_before))
    stage.on(2, 12, partial(a_stranger_asks, stage.company))
    for place, person in enumerate(others[9:15]):
        stage.on(70 - place, 7, partial(want_no_mail, person))


def join_and_wait(stage: Stage, person: Listed) -> None:
    """Sign up and join, where the person's place allows it."""
    user = sign_up(person, stage.company.password)
    campaign = stage.company.campaign
    member = Member.objects.get(user=user)
    if verdicts(member, [campaign], timezone.now())[campaign.pk].may_join:
        join(by=user, member=member, campaign=campaign)


def some_come_too_early(stage: Stage, others: list[Listed]) -> None:
    """A few members come before their state has opened, and ask to be told when it does."""
    campaign, now = stage.company.campaign, timezone.now()
    asked = 0
    for person in others:
        member = Member.objects.get(email=person.email)
        if verdicts(member, [campaign], now)[campaign.pk].answer is Answer.TOO_EARLY:
            wish(by=sign_up(person, stage.company.password), member=member, campaign=campaign)
            asked += 1
        if asked == EARLY:
            return


def a_stranger_asks(company: Company) -> None:
    """Somebody whom no roster knows asks to be added to one."""
    person = rosters.STRANGER
    ask_to_be_added(
        by=account(person.email, person.name, company.password),
        society=company.societies["isscr"],
        note="I joined at the meeting in June under my old university address, which is gone.",
    )


def want_no_mail(person: Listed) -> None:
    """Follow the link at the foot of an invitation."""
    unsubscribe(by=None, member=Member.objects.get(email=person.email))
