"""Random lives, of ties: given and taken by operators, and the doors that open and close with them."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse
from hypothesis import strategies as st
from hypothesis.stateful import rule

from campaigns.models import Campaign, Coordinator, PartnerUser, Society
from portal.models import User
from stories.models import Batch, PartnerToken, Recall, Story
from stories.states import BatchState, RecallState
from stories.verbs import tokens
from tests.house.life import NUMBER, Life, went
from tests.house.people import client_of

#: A page about one thing, and an act upon it that nobody may do who does not see it.
DOORS = {
    "batch": ("stories:batch", "stories:acknowledge"),
    "recall": ("stories:recall", "stories:answer_recall"),
    "review": ("stories:review", "stories:claim"),
    "story": ("stories:story", "stories:withdraw"),
    "lead_batch": ("stories:lead_batch", ""),
    "setup": ("campaigns:setup", "campaigns:end"),
    "roster": ("campaigns:roster", "campaigns:send_roster"),
}
IN_INBOX = (BatchState.DELIVERED, BatchState.ACKNOWLEDGED)


class Tying(Life):
    """The part of a life that operators play, and everybody who knocks at a door."""

    def cast(self) -> list[User]:
        """Somebody of every role, and somebody of none."""
        world = self.world
        staff = [world.ana, world.ben, world.rita, world.lee]
        return [*staff, world.paula, world.pete, world.fay, world.mia, world.nils, world.sam]

    # --- operators -----------------------------------------------------------------------------

    @rule(number=NUMBER)
    def an_operator_gives_or_takes_an_officers_tie(self, number: int) -> None:
        """What its partner received is open to her from then on, or closed."""
        world = self.world
        user = [world.paula, world.pete, world.fay][number % 3]
        partner = [world.research_america, world.frontline][number // 3 % 2]
        tie = PartnerUser.objects.filter(user=user, partner=partner).first()
        fields = {"user": user.pk, "partner": partner.pk, "title": ""}
        self.by_admin("partneruser", tie, fields)
        self.officers ^= {(user.pk, partner.pk)}
        if tie is not None:
            gone = [key for key, owner in self.keys.items() if owner == (user.pk, partner.pk)]
            for key in gone:
                del self.keys[key]
            self.dead_keys += gone
        for batch in Batch.objects.filter(partner=partner, state__in=IN_INBOX)[:1]:
            self.knock(user, "batch", batch)
        for recall in Recall.objects.asked().filter(partner=partner)[:1]:
            self.knock(user, "recall", recall)
        self.try_keys()

    @rule(number=NUMBER)
    def an_operator_gives_or_takes_a_coordinators_tie(self, number: int) -> None:
        """Its society's stories and roster are open to them from then on, or closed."""
        world = self.world
        pairs = [
            (world.ben, world.isscr),
            (world.ben, world.rivers),
            (world.lee, world.isscr),
            (world.ana, world.rivers),
        ]
        user, society = pairs[number % 4]
        tie = Coordinator.objects.filter(user=user, society=society).first()
        fields: dict[str, Any] = {"user": user.pk, "society": society.pk}
        if user == world.lee:
            fields["may_create_campaigns"] = "on"
        lost = self.led_because_of(tie) if tie else set()
        alone = {pair[1] for pair in lost} - {pair[1] for pair in self.leads - lost}
        self.by_admin("coordinator", tie, fields, status=400 if alone else 302)
        if alone:
            return
        self.leads -= lost
        self.coordinators ^= {(user.pk, society.pk)}
        self.knock(user, "roster", society)
        for story in Story.objects.filter(society=society).exclude(submitted_at=None)[:1]:
            self.knock(user, "review", story)

    def led_because_of(self, tie: Coordinator) -> set[tuple[int, int]]:
        """The person and each campaign in which no other society of theirs takes part."""
        left = {s for user, s in self.coordinators if user == tie.user_id} - {tie.society_id}
        own = {pair for pair in self.leads if pair[0] == tie.user_id}
        asked = Campaign.societies.through.objects.filter(society__in=left)
        return own - {(tie.user_id, c) for c in asked.values_list("campaign", flat=True)}

    def by_admin(self, model: str, tie: Any, fields: dict[str, Any], *, status: int = 302) -> None:
        """Taken away where it is there, else given; refused with another `status`."""
        olga, name = client_of(self.world.olga), f"admin:campaigns_{model}"
        if tie is None:
            answer = olga.post(reverse(f"{name}_add"), fields)
        else:
            answer = olga.post(reverse(f"{name}_delete", args=[tie.pk]), {"post": "yes"})
        assert answer.status_code == status, answer.content
        if status == 302:
            went(f"make_{model}" if tie is None else f"remove_{model}")

    @rule(number=NUMBER)
    def an_operator_closes_or_opens_an_account(self, number: int) -> None:
        """Whoever it is of is signed out at once, and their programs with them."""
        user = [self.world.ben, self.world.pete, self.world.nils][number % 3]
        browser = client_of(user)
        closes = user.pk not in self.closed
        assert is_in(browser) == closes
        fields = {"email": user.email, "name": user.name} | ({} if closes else {"is_active": "on"})
        change = reverse("admin:portal_user_change", args=[user.pk])
        assert client_of(self.world.olga).post(change, fields).status_code == 302
        went("change_account")
        self.closed ^= {user.pk}
        assert is_in(browser) != closes
        self.try_keys()

    # --- doors ---------------------------------------------------------------------------------

    @rule(number=NUMBER, who=NUMBER, door=st.sampled_from(list(DOORS)))
    def somebody_knocks(self, number: int, who: int, door: str) -> None:
        """At whatever there is, whoever they are."""
        things: list[Any] = []
        match door:
            case "batch" | "lead_batch":
                things = list(Batch.objects.exclude(state=BatchState.OPEN).order_by("pk"))
            case "recall":
                things = list(Recall.objects.order_by("pk"))
            case "review" | "story":
                things = list(Story.objects.order_by("pk"))
            case "setup":
                things = list(Campaign.objects.order_by("pk"))
            case "roster":
                things = list(Society.objects.order_by("pk"))
        people = self.cast()
        if things:
            self.knock(people[who % len(people)], door, things[number % len(things)])

    def knock(self, user: User, door: str, thing: Any) -> None:
        """It opens to whom the model says; to everybody else it is not there, for reading or acting."""
        page, act = DOORS[door]
        key = thing.slug if door in ("setup", "roster") else thing.ref
        browser = client_of(user)
        answer = browser.get(reverse(page, args=[key]))
        if user.pk in self.closed:
            assert answer.status_code == 302
            assert "login" in answer["Location"]
            return
        opens = self.opens(user, door, thing)
        assert (answer.status_code != 404) == opens, (user, door, thing, answer.status_code)
        if act and not opens:
            assert browser.post(reverse(act, args=[key])).status_code == 404
        went(f"{door} {'opens' if opens else 'is not there'}")

    def opens(self, user: User, door: str, thing: Any) -> bool:
        """Whether this person may see it, by the model's ties."""
        match door:
            case "batch":
                return (user.pk, thing.partner_id) in self.officers and thing.state in IN_INBOX
            case "recall":
                asked = thing.state != RecallState.NEVER_TAKEN
                return asked and (user.pk, thing.partner_id) in self.officers
            case "review":
                told = thing.submitted_at is not None
                return told and (user.pk, thing.society_id) in self.coordinators
            case "story":
                return bool(self.author(thing) == user)
            case "lead_batch":
                return (user.pk, thing.campaign_id) in self.leads
            case "setup":
                return (user.pk, thing.pk) in self.leads
        return (user.pk, thing.pk) in self.coordinators

    # --- keys and browsers ---------------------------------------------------------------------

    @rule(number=NUMBER, deed=st.sampled_from(["make_token", "make_token", "revoke_token"]))
    def an_officer_makes_or_revokes_a_key(self, number: int, deed: str) -> None:
        """It works from then on, or never again."""
        officers = list(PartnerUser.objects.select_related("user").order_by("pk"))
        working = list(PartnerToken.objects.filter(revoked_at=None).order_by("pk"))
        if deed == "make_token" and officers:
            officer = officers[number % len(officers)]
            key = tokens.make_token(by=officer.user, officer=officer, name="Sync")
            self.keys[key] = (officer.user_id, officer.partner_id)
        elif deed == "revoke_token" and working:
            token = working[number % len(working)]
            tokens.revoke_token(by=token.officer.user, token=token)
            (key,) = (key for key in self.keys if tokens.sha256_of(key) == token.sha256)
            del self.keys[key]
            self.dead_keys.append(key)
        else:
            return
        went(deed)
        self.try_keys()

    def try_keys(self) -> None:
        """A living key shows the batches of the partner that it was made for; a dead one shows nothing."""
        for key in self.dead_keys[-2:]:
            assert ask(key).status_code == 401
        for key, (user, partner) in list(self.keys.items())[-2:]:
            answer = ask(key)
            if user in self.closed:
                assert answer.status_code == 401
                continue
            delivered = Batch.objects.filter(partner=partner, state__in=IN_INBOX)
            shown = {batch["ref"] for batch in answer.json()["batches"]}
            assert shown == {str(ref) for ref in delivered.values_list("ref", flat=True)}

    @rule(number=NUMBER, deed=st.sampled_from(["one", "others", "all"]))
    def somebody_signs_browsers_out(self, number: int, deed: str) -> None:
        """Another one, all others, or this one too."""
        user = self.cast()[number % 10]
        if user.pk in self.closed:
            return
        browsers = [client_of(user) for _ in range(2)]
        lines = [
            UserSession.objects.create(
                user=user, session_key=browser.session.session_key, ip="127.0.0.1", user_agent=""
            )
            for browser in browsers
        ]
        doors = {
            "one": reverse("end_session", args=[lines[1].pk]),
            "others": reverse("end_other_sessions"),
            "all": reverse("end_all_sessions"),
        }
        answer = browsers[0].post(doors[deed])
        assert answer.status_code == 302
        assert [is_in(browser) for browser in browsers] == [deed != "all", False]
        went("end_sessions")

    def check_ties(self) -> None:
        """As the model has them."""
        assert set(PartnerUser.objects.values_list("user", "partner")) == self.officers
        assert set(Coordinator.objects.values_list("user", "society")) == self.coordinators
        leads = Campaign.leads.through.objects.values_list("user", "campaign")
        assert set(leads) == self.leads


def is_in(browser: Client) -> bool:
    """Whether somebody is signed in there, asked at the lightest door that wants to know."""
    return browser.get(reverse("campaigns:zip_choices")).status_code == 200


def ask(key: str) -> Any:
    """What the API answers a program that asks for batches."""
    headers = {"Authorization": f"Bearer {key}"}
    return Client().get(reverse("stories:api:batches"), headers=headers)
