"""Scenes of members: join, tell, correct, allow something else, take a story back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from campaigns.models import Member, Participation
from campaigns.verbs.joining import join, societies_of
from campaigns.verbs.members import adopt
from campaigns.verbs.places import Said, look_up, set_places
from portal.models import User
from stories.demo.clock import Calendar
from stories.demo.drawings import upload
from stories.demo.material import Text, choices, texts
from stories.demo.plot import LIVES_IN, Part
from stories.demo.rosters import Listed, listed_authors
from stories.demo.setting_up import Company, account
from stories.forms.prompts import answer_to
from stories.models import NameShown, Photo, Story
from stories.rules.consent import Permission, months_later, name_to_show, permission_of
from stories.rules.texts import Answer
from stories.verbs import consenting, signing_off
from stories.verbs import telling as verbs

USES = {"l": "lawmakers", "p": "publication", "j": "press"}


@dataclass
class Tellers:
    """The members' side of the demonstration."""

    company: Company
    calendar: Calendar
    people: dict[str, Listed] = field(default_factory=listed_authors)
    stories: dict[str, Story] = field(default_factory=dict)
    joined: dict[str, Participation] = field(default_factory=dict)

    def join(self, part: Part) -> None:
        """The author signs up, says where they live and work, and joins; once, however many stories."""
        if part.author in self.joined:
            return
        person, text = self.people[part.author], texts()[part.key]
        user = sign_up(person, self.company.password)
        say_places(user, person, LIVES_IN.get(part.key, text.state))
        society = self.company.societies[part.society]
        member = Member.objects.get(user=user)
        own = [own for own in societies_of(member, self.company.campaign) if own == society]
        self.joined[part.author] = join(
            by=user, member=member, campaign=self.company.campaign, society=own[0]
        )

    def begin(self, part: Part) -> tuple[User, Story]:
        """Open the story's page for the first time."""
        self.join(part)
        participation = self.joined[part.author]
        user = participation.member.user
        if user is None:
            raise LookupError(part.author)
        story = verbs.begin(by=user, participation=participation)
        if part.picture:
            verbs.set_photo(by=user, story=story, photo=upload(part.picture))
        self.stories[part.key] = story
        return user, story

    def submit(self, part: Part) -> None:
        """Write and submit."""
        user, story = self.begin(part)
        text = texts()[part.key]
        verbs.submit(
            by=user,
            story=story,
            hook=text.hook,
            answers=self.answers(text),
            photo=verbs.working_copy(story).photo,
            permissions=self.permissions(part, part.grid, part.told, part.until),
            consent_text=self.company.campaign.consent_texts.latest("version"),
        )

    def draft(self, part: Part) -> None:
        """Write a while and leave it."""
        user, story = self.begin(part)
        text, person = texts()[part.key], self.people[part.author]
        lines = self.permissions(part, part.grid, part.told)
        verbs.save_draft(
            by=user,
            story=story,
            version=0,
            hook=text.hook,
            answers={str(answer["prompt"]): answer["value"] for answer in self.answers(text)},
            naming={"full_name": person.name, "first_name": person.given}
            | ({"photo_description": photo_words(story)} if part.picture else {}),
            consents={
                f"p{line.partner}" if line.partner else "later": {
                    "uses": list(line.uses),
                    "name_shown": str(line.name_shown),
                    "until": line.until.isoformat(),
                }
                for line in lines
            },
        )

    def correct(self, key: str, old: str, new: str) -> None:
        """The author submits the approved text with one passage changed; consents stay as they are."""
        story, revision, user = self.current(key)
        answers = [
            with_value(answer, answer["value"].replace(old, new))
            if isinstance(answer["value"], str)
            else answer
            for answer in revision.answers
        ]
        live = story.consents.live()
        verbs.submit(
            by=user,
            story=story,
            hook=revision.hook,
            answers=answers,
            photo=revision.photo,
            permissions=[permission_of(consent) for consent in live],
            consent_text=live[0].text,
        )

    def change_consents(self, part: Part, grid: dict[str, str], days_ago: int) -> None:
        """The author allows something else from now on; lines that stay keep their last day."""
        story, _, user = self.current(part.key)
        live = {consent.partner_id: permission_of(consent) for consent in story.consents.live()}
        lines = [
            same_or_new(live.get(line.partner), line)
            for line in self.permissions(part, grid, days_ago)
        ]
        consenting.change_consents(
            by=user,
            story=story,
            permissions=lines,
            text=self.company.campaign.consent_texts.latest("version"),
        )

    def withdraw(self, key: str) -> None:
        """The author takes the story back."""
        story, _, user = self.current(key)
        verbs.withdraw(by=user, story=story)

    def sign_off(self, key: str) -> None:
        """The author accepts the coordinator's edit."""
        story, revision, user = self.current(key)
        signing_off.sign_off(by=user, story=story, revision=revision)

    def refuse_edit(self, key: str) -> None:
        """The author prefers their own words."""
        story, revision, user = self.current(key)
        signing_off.refuse_edit(by=user, story=story, revision=revision)

    def current(self, key: str) -> Any:
        """The story as it is now, its current revision and its author."""
        story = Story.objects.select_related("current_revision__photo", "member__user").get(
            pk=self.stories[key].pk
        )
        return story, story.current_revision, story.member.user

    def answers(self, text: Text) -> list[Answer]:
        """A text's answers, as the form makes them from what is typed."""
        supports = choices("supports")
        typed: dict[str, Any] = {
            "story": text.story,
            "role": choices("role")[text.role],
            "supports": [label for value, label in supports.items() if value in text.supports],
            "at_risk": text.at_risk,
            "since": text.since,
            "link": text.link,
        }
        made = (answer_to(self.company.prompts[key], value) for key, value in typed.items())
        return [answer for answer in made if answer is not None]

    def permissions(
        self, part: Part, grid: Any, days_ago: int, until: int | None = None
    ) -> Sequence[Permission]:
        """A grid of the plot as the form's permissions."""
        person = self.people[part.author]
        given_on = self.calendar.day(days_ago)
        last = self.calendar.day(until) if until else months_later(given_on, 12)
        state = self.joined[part.author].state
        lines = []
        for key, line in grid.items():
            uses, _, shown = line.partition(" ")
            name_shown = NameShown(shown)
            lines.append(
                Permission(
                    partner=self.company.partners[key].pk if key else None,
                    **{name: letter in uses for letter, name in USES.items()},
                    name_shown=name_shown,
                    name=name_to_show(name_shown, person.name, person.given, state),
                    until=last,
                )
            )
        return lines


def with_value(answer: Answer, value: str) -> Answer:
    """The same question, answered otherwise."""
    changed = answer.copy()
    changed["value"] = value
    return changed


def same_or_new(former: Permission | None, line: Permission) -> Permission:
    """The former line where the new one allows the same, so that only what was changed is new."""
    if former and replace(former, until=line.until) == line:
        return former
    return line


def sign_up(person: Listed, password: str) -> User:
    """Make an account at the address that the roster knows, and prove it."""
    user = account(person.email, person.name, password)
    adopt(user, user.email)
    return user


def say_places(user: User, person: Listed, state: str) -> None:
    """The person's own word on their places; of a ZIP in two states they choose, of districts some do."""
    offered = look_up(person.home.home_zip).choices
    in_state = [one.value for one in offered if one.state == state]
    astride = len({one.state for one in offered}) > 1
    choice = in_state[0] if in_state and (astride or len(person.email) % 2) else ""
    set_places(
        by=user,
        member=Member.objects.get(user=user),
        home=Said(zip=person.home.home_zip, choice=choice),
        work=Said(institution_name=person.home.institution),
    )


def photo_words(story: Story) -> str:
    """The words beside a draft's picture."""
    photo: Photo | None = verbs.working_copy(story).photo
    return photo.description if photo else ""
