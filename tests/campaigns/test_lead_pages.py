"""A lead sets a campaign up through pages, starts it and ends it; nobody else does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from campaigns.forms.moments import LocalMomentField
from campaigns.models import (
    Campaign,
    CampaignPartner,
    ConsentText,
    Coordinator,
    Partner,
    Phase,
    Prompt,
    Society,
)
from campaigns.rows import LEAD_ROWS
from campaigns.rules.clocks import US_ZONES
from campaigns.states import CampaignState
from portal.models import AuditLine, DigestLine, Message, User
from tests.house.browser import OpenPage
from tests.house.people import World, make_campaign, make_phases, make_prompts
from tests.house.queries import equal_queries
from tests.house.stories import join

ClientOf = Callable[[User | None], Client]

PROMPT = {
    "label": "What did it make possible?",
    "kind": "long_text",
    "required": "on",
    "least_words": "50",
    "most_words": "600",
}


@pytest.fixture
def draft(world: World) -> Campaign:
    """A draft of lee's with nothing but its name and ISSCR."""
    return Campaign.objects.get(pk=make_draft(world))


def make_draft(world: World) -> int:
    campaign = make_campaign(world.isscr, lead=world.lee, name="New hope")
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.DRAFT, summary="", brief="")
    return campaign.pk


def path(name: str, campaign: Campaign, *more: object) -> str:
    return reverse(f"campaigns:{name}", args=[campaign.slug, *more])


def told_about(template: str) -> set[str]:
    rows = Message.objects.filter(template=template).select_related("user")
    return {row.user.email for row in rows if row.user}


def phase_data(opens: dt.datetime, closes: dt.datetime, *states: str) -> dict[str, object]:
    return {
        "name": "First",
        "opens_at": f"{opens:%Y-%m-%dT%H:%M}",
        "closes_at": f"{closes:%Y-%m-%dT%H:%M}",
        "reach": "named" if states else "all",
        "states": list(states),
    }


def test_a_campaign_is_set_up_through_pages_and_started(world: World, client_of: ClientOf) -> None:
    lee = client_of(world.lee)
    answer = lee.post(reverse("campaigns:new"), {"name": "New hope"})
    made = Campaign.objects.get(name="New hope")
    assert answer["Location"] == path("setup", made)
    assert (made.state, list(made.leads.all())) == (CampaignState.DRAFT, [world.lee])
    assert list(made.societies.all()) == [world.isscr]
    page = lee.get(path("setup", made)).content.decode()
    assert page.count("Do it<") == 6

    refused = lee.post(path("start", made))
    assert refused.status_code == 400
    assert "Write the consent text" in refused.content.decode()

    lee.post(
        path("basics", made),
        {
            "name": "New hope",
            "summary": "In two sentences.",
            "brief": "Why now.",
            "basis": "home",
            "time_zone": "America/Denver",
            "consent_months": "6",
        },
    )
    now = timezone.now()
    lee.post(path("add_phase", made), phase_data(now, now + dt.timedelta(days=9), "KS", "UT"))
    lee.post(path("add_prompt", made), PROMPT)
    lee.post(path("consent", made), {"text": "I agree.\r\nAlways revocable."})
    lee.post(path("partners", made), {"partner": world.research_america.pk})
    lee.post(path("societies", made), {"society": world.rivers.pk})
    lee.post(path("rhythm", made), {"rhythm": "weekly", "weekday": "4", "hour": "17"})
    confirm = lee.get(path("start_page", made)).content.decode()
    assert "It is for 1 member" in confirm or "2 members" in confirm

    assert lee.post(path("start", made)).status_code == 302

    made.refresh_from_db()
    assert (made.state, made.basis, made.time_zone) == ("running", "home", "America/Denver")
    assert (made.rhythm, made.rhythm_weekday, made.rhythm_hour) == ("weekly", 4, 17)
    assert made.consent_texts.get().text == "I agree.\nAlways revocable."
    assert made.partnerships.get().leads
    assert told_about("campaign_started") == {
        "ana@example.org",
        "ben@example.org",
        "rita@example.org",
    }
    assert [line.verb for line in AuditLine.objects.filter(actor=world.lee).order_by("pk")] == [
        "create_campaign",
        "update_campaign",
        "add_phase",
        "add_prompt",
        "publish_consent_text",
        "add_partner",
        "add_society",
        "change_rhythm",
        "start_campaign",
    ]


def test_nobody_but_its_leads_opens_any_page_of_a_campaign(
    world: World, client_of: ClientOf
) -> None:
    world.rivers.coordinators.update(may_create_campaigns=True)
    make_campaign(world.rivers, lead=world.rita, name="Rivers first")
    partnership = CampaignPartner.objects.get(campaign=world.campaign, leads=True)
    pks = {
        "change_phase": world.phase_two.pk,
        "remove_phase": world.phase_two.pk,
        "lead_partner": partnership.pk,
        "remove_partner": partnership.pk,
        "remove_society": world.isscr.pk,
        "remove_lead": world.lee.pk,
    }
    prompt_pk = world.prompts["date"].pk
    for name in LEAD_ROWS:
        short = name.removeprefix("campaigns:")
        if short in {"lead", "new"}:
            continue
        pk = pks.get(short, prompt_pk if "_prompt" in short and short != "add_prompt" else None)
        more = [] if pk is None else [pk]
        if short in {"add_phase", "add_prompt"}:
            more = []
        address = path(short, world.campaign, *more)
        for stranger in (world.rita, world.ana, world.mia, world.paula, world.olga):
            client = client_of(stranger)
            answers = {client.get(address).status_code, client.post(address).status_code}
            assert answers in ({404}, {404, 405}), address
        allowed = client_of(world.lee).get(address).status_code
        assert allowed in {200, 405}, address
    world.campaign.refresh_from_db()
    assert world.campaign.state == CampaignState.RUNNING
    assert world.campaign.phases.count() == 2


def test_only_coordinators_who_may_create_create(world: World, client_of: ClientOf) -> None:
    new = reverse("campaigns:new")
    for user, status in ((world.lee, 302), (world.ana, 403), (world.mia, 403)):
        name = f"By {user.name}"
        assert client_of(user).post(new, {"name": name}).status_code == status
        assert Campaign.objects.filter(name=name).exists() is (status == 302)


def test_a_taken_name_is_refused_with_the_text_kept(world: World, client_of: ClientOf) -> None:
    answer = client_of(world.lee).post(reverse("campaigns:new"), {"name": "research SAVES"})

    assert answer.status_code == 400
    assert 'value="research SAVES"' in answer.content.decode()
    assert "Another campaign has this name" in answer.content.decode()


def test_names_that_make_the_same_address_get_different_ones(
    world: World, client_of: ClientOf
) -> None:
    for name in ("New", "New!", "новый"):
        client_of(world.lee).post(reverse("campaigns:new"), {"name": name})

    slugs = Campaign.objects.exclude(pk=world.campaign.pk).order_by("pk")
    assert list(slugs.values_list("slug", flat=True)) == ["new-2", "new-3", "campaign"]


def test_phases_are_typed_in_local_time(draft: Campaign, world: World, client_of: ClientOf) -> None:
    lee = client_of(world.lee)
    year = timezone.now().year + 1
    opens, closes = dt.datetime(year, 7, 1, 9), dt.datetime(year, 12, 1, 17)  # noqa: DTZ001

    lee.post(path("add_phase", draft), phase_data(opens, closes, "KS"))

    phase = draft.phases.get()
    assert phase.opens_at == dt.datetime(year, 7, 1, 13, tzinfo=dt.UTC)
    assert phase.closes_at == dt.datetime(year, 12, 1, 22, tzinfo=dt.UTC)
    page = lee.get(path("change_phase", draft, phase.pk)).content.decode()
    assert f'value="{year}-07-01T09:00"' in page
    assert "Eastern time (New York)" in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"closes_at": "2030-01-01T00:00", "opens_at": "2030-02-01T00:00"}, "close after it opens"),
        ({"states": []}, "Choose at least one state"),
        ({"opens_at": "next week"}, "Type a date and a time"),
        ({"opens_at": "2027-03-14T02:30"}, "skip 2:30 a.m. Choose"),
        ({"opens_at": "2026-11-01T01:30"}, "1:30 a.m. twice"),
        ({"opens_at": "2020-01-01T00:00", "closes_at": "2020-02-01T00:00"}, "over already"),
    ],
)
def test_a_phase_that_makes_no_sense_is_explained_in_place(
    draft: Campaign, world: World, client_of: ClientOf, change: dict[str, object], words: str
) -> None:
    now = timezone.now()
    data = phase_data(now, now + dt.timedelta(days=700), "KS") | change

    page = client_of(world.lee).post(path("add_phase", draft), data).content.decode()

    assert words in page
    assert 'value="First"' in page
    assert draft.phases.count() == 0


def test_the_message_after_each_step_leads_to_the_next(
    world: World, draft: Campaign, client_of: ClientOf
) -> None:
    lee = client_of(world.lee)

    def next_of(answer: object) -> tuple[str, str]:
        soup = BeautifulSoup(answer.content, "html.parser")  # type: ignore[attr-defined]
        (link,) = soup.select("#notices a")
        return str(link["href"]), link.get_text()

    text = {"text": "I agree."}
    answer = lee.post(path("consent", draft), text, follow=True)
    assert next_of(answer) == (path("basics", draft), "Sum the campaign up in a sentence or two.")
    Campaign.objects.filter(pk=draft.pk).update(summary="Two <b>sentences</b>.", brief="Why now.")
    _, planned = make_phases(draft)
    make_prompts(draft)
    partner = {"partner": world.research_america.pk}
    answer = lee.post(path("partners", draft), partner, follow=True)
    assert next_of(answer) == (path("start_page", draft), "the campaign can start")
    Phase.objects.filter(pk=planned.pk).update(name="<i>Later</i>")
    removed = lee.post(path("remove_phase", draft, planned.pk), follow=True).content.decode()
    assert "“&lt;i&gt;Later&lt;/i&gt;” is removed. " in removed


def test_a_prompt_asks_only_what_its_kind_needs(
    world: World, draft: Campaign, open_page: OpenPage
) -> None:
    page = open_page(world.lee)
    page.goto(path("add_prompt", draft))
    limit, choices = page.get_by_label("At most so many words"), page.locator("#id_choices")
    expect(limit).to_be_visible()
    expect(choices).to_be_hidden()
    page.get_by_label("several choices").check()
    expect(limit).to_be_hidden()
    expect(choices).to_be_visible()
    page.get_by_label("a date").check()
    expect(choices).to_be_hidden()


def test_a_phase_offers_territories_apart_from_states(world: World, client_of: ClientOf) -> None:
    page = client_of(world.lee).get(path("change_phase", world.campaign, world.phase_two.pk))
    groups = BeautifulSoup(page.content, "html.parser").select("#div_id_states fieldset")
    found = {
        str(group.legend and group.legend.string): [box["value"] for box in group.select("input")]
        for group in groups
    }
    states = found.pop("States")
    assert (len(states), states[:2], states[-1]) == (51, ["AL", "AK"], "WY")
    assert found == {
        "Territories": ["AS", "GU", "MP", "PR", "VI"],
        "Freely associated states": ["FM", "MH", "PW"],
        "Military addresses": ["AA", "AE", "AP"],
    }


def test_a_phase_for_all_states_shows_no_states_to_choose(
    world: World, open_page: OpenPage
) -> None:
    page = open_page(world.lee)
    page.goto(path("add_phase", world.campaign))
    kansas = page.get_by_label("Kansas", exact=True)
    expect(kansas).to_be_visible()
    page.get_by_label("All states, with the territories").check()
    expect(kansas).to_be_hidden()
    page.get_by_label("Only the states that I choose").check()
    expect(kansas).to_be_visible()


def test_time_zones_are_those_of_the_united_states_and_the_one_in_force(
    world: World, client_of: ClientOf
) -> None:
    def offered() -> list[str]:
        shown = client_of(world.lee).get(path("basics", world.campaign)).content
        return [
            str(option["value"])
            for option in BeautifulSoup(shown, "html.parser").select("#id_time_zone option")
        ]

    assert offered() == list(US_ZONES)
    world.campaign.time_zone = "Europe/Berlin"
    world.campaign.save()
    assert offered() == [*US_ZONES, "Europe/Berlin"]


def test_a_local_moment_field_shows_and_reads_the_same_time() -> None:
    field = LocalMomentField(time_zone="America/New_York")
    moment = dt.datetime(2026, 11, 1, 16, 30, tzinfo=dt.UTC)

    shown = field.widget.format_value(field.prepare_value(moment))

    assert shown == "2026-11-01T11:30"
    assert field.clean(shown) == moment
    with pytest.raises(ValidationError):
        field.clean("2026-02-30T10:00")


def test_an_open_phase_offers_its_closing_time_only(world: World, client_of: ClientOf) -> None:
    lee, address = client_of(world.lee), path("change_phase", world.campaign, world.phase_one.pk)
    page = lee.get(address).content.decode()
    assert 'name="closes_at"' in page
    assert 'name="opens_at"' not in page

    later = world.phase_one.closes_at.replace(microsecond=0) + dt.timedelta(days=10)
    lee.post(address, {"closes_at": f"{later:%Y-%m-%dT%H:%M}", "name": "Changed", "states": ["OH"]})

    phase = Phase.objects.get(pk=world.phase_one.pk)
    assert (phase.name, phase.states) == ("First four states", ["KS", "NC", "PA", "UT"])
    assert phase.closes_at > world.phase_one.closes_at


def test_prompts_are_ordered_and_removed_while_in_draft(
    draft: Campaign, world: World, client_of: ClientOf
) -> None:
    lee = client_of(world.lee)
    for label in ("One", "Two", "Three"):
        lee.post(path("add_prompt", draft), PROMPT | {"label": label})
    three = draft.prompts.get(label="Three")

    lee.post(path("move_prompt", draft, three.pk), {"up": "1"})
    lee.post(path("move_prompt", draft, three.pk), {"up": "1"})
    lee.post(path("move_prompt", draft, three.pk), {"up": "1"})
    lee.post(path("move_prompt", draft, draft.prompts.get(label="One").pk), {"down": "1"})
    lee.post(path("delete_prompt", draft, draft.prompts.get(label="Two").pk))

    assert [prompt.label for prompt in draft.prompts.all()] == ["Three", "One"]


def test_a_choice_needs_choices_and_drops_what_is_not_its_own(
    draft: Campaign, world: World, client_of: ClientOf
) -> None:
    lee = client_of(world.lee)
    data = PROMPT | {"kind": "several", "choices": "one"}
    assert "at least two choices" in lee.post(path("add_prompt", draft), data).content.decode()
    lee.post(path("add_prompt", draft), data | {"choices": "one\n two  \n\none"})

    prompt = draft.prompts.get()
    assert (prompt.choices, prompt.least_words, prompt.most_words) == (["one", "two"], None, None)


def test_once_running_prompts_are_retired_and_keep_their_kind(
    world: World, client_of: ClientOf
) -> None:
    lee, prompt = client_of(world.lee), world.prompts["date"]
    assert lee.post(path("delete_prompt", world.campaign, prompt.pk)).status_code == 409

    lee.post(
        path("change_prompt", world.campaign, prompt.pk), {"label": "When?", "kind": "short_text"}
    )
    prompt.refresh_from_db()
    assert (prompt.label, prompt.kind) == ("When?", "date")

    lee.post(path("retire_prompt", world.campaign, prompt.pk))
    assert Prompt.objects.get(pk=prompt.pk).retired_at is not None
    again = lee.post(path("retire_prompt", world.campaign, prompt.pk))
    assert again.status_code == 409


def test_a_running_campaign_keeps_what_it_needs(world: World, client_of: ClientOf) -> None:
    lee, story = client_of(world.lee), world.prompts["long_text"]
    partnership = world.campaign.partnerships.get(leads=True)

    assert lee.post(path("retire_prompt", world.campaign, story.pk)).status_code == 400
    assert lee.post(path("remove_partner", world.campaign, partnership.pk)).status_code == 409
    assert lee.post(path("remove_society", world.campaign, world.rivers.pk)).status_code == 302
    assert lee.post(path("remove_society", world.campaign, world.isscr.pk)).status_code == 400
    assert lee.post(path("remove_lead", world.campaign, world.lee.pk)).status_code == 400

    story.refresh_from_db()
    assert story.retired_at is None
    assert world.campaign.partnerships.count() == 2
    assert list(world.campaign.societies.all()) == [world.isscr]
    assert list(world.campaign.leads.all()) == [world.lee]


def test_a_consent_text_gets_new_versions_and_never_changes(
    world: World, client_of: ClientOf
) -> None:
    lee, address = client_of(world.lee), path("consent", world.campaign)
    assert lee.post(address, {"text": world.consent_text.text}).status_code == 400
    lee.post(address, {"text": "A new wording."})

    versions = ConsentText.objects.filter(campaign=world.campaign).order_by("version")
    assert [(text.version, text.text) for text in versions] == [
        (1, world.consent_text.text),
        (2, "A new wording."),
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        versions.filter(version=1).update(text="Something else.")


def test_before_a_late_partner_is_added_the_page_says_how_many_may_hear(
    world: World, client_of: ClientOf
) -> None:
    Partner.objects.create(name="Latecomers", slug="latecomers")
    for member in (world.mia_member, world.nils_member):
        join(world, member)
    page = client_of(world.lee).get(path("partners", world.campaign)).content.decode()
    assert "asked once, by e-mail, as soon as you press the button. 2 members joined" in page


def test_exactly_one_partner_leads(world: World, client_of: ClientOf) -> None:
    other = world.campaign.partnerships.get(leads=False)

    client_of(world.lee).post(path("lead_partner", world.campaign, other.pk))

    assert list(world.campaign.partnerships.filter(leads=True)) == [other]


def test_a_society_that_is_added_hears_of_it_in_its_coordinators_way(
    draft: Campaign, world: World, client_of: ClientOf
) -> None:
    Coordinator.objects.create(society=world.rivers, user=world.ben, notices="daily")

    client_of(world.lee).post(path("societies", draft), {"society": world.rivers.pk})

    assert told_about("society_takes_part") == {"rita@example.org"}
    assert [line.user for line in DigestLine.objects.all()] == [world.ben]


def test_leads_are_coordinators_of_societies_that_take_part(
    draft: Campaign, world: World, client_of: ClientOf
) -> None:
    lee, address = client_of(world.lee), path("leads", draft)
    assert lee.post(address, {"person": world.rita.pk}).status_code == 200
    lee.post(address, {"person": world.ana.pk})

    assert set(draft.leads.all()) == {world.lee, world.ana}
    assert told_about("campaign_lead") == {"ana@example.org"}
    assert client_of(world.ana).get(path("setup", draft)).status_code == 200
    answer = lee.post(path("remove_lead", draft, world.lee.pk))
    assert answer["Location"] == reverse("campaigns:lead")


def test_an_ended_campaign_changes_no_more(world: World, client_of: ClientOf) -> None:
    lee = client_of(world.lee)
    assert "cannot be undone" in lee.get(path("end_page", world.campaign)).content.decode()
    assert lee.post(path("end", world.campaign)).status_code == 302
    again = lee.post(path("end", world.campaign))
    assert again.status_code == 409
    assert "This campaign is “ended” by now. Lee Park ended it on" in again.content.decode()

    empty = lee.get(path("add_phase", world.campaign))
    assert empty.status_code == 409
    assert "This campaign is “ended” by now." in empty.content.decode()
    assert lee.get(path("add_prompt", world.campaign)).status_code == 409
    for part in ("basics", "rhythm"):
        shown = BeautifulSoup(lee.get(path(part, world.campaign)).content, "html.parser")
        assert "The campaign has ended, so this stays as it is." in shown.text
        assert [button.text for button in shown.select("main button")] == []
    now = timezone.now()
    phase = phase_data(now, now + dt.timedelta(days=9), "KS")
    answer = lee.post(path("add_phase", world.campaign), phase)
    assert answer.status_code == 409
    assert 'value="First"' in answer.content.decode()
    assert lee.post(path("add_prompt", world.campaign), PROMPT).status_code == 409
    assert lee.post(path("consent", world.campaign), {"text": "New."}).status_code == 409
    assert world.campaign.phases.count() == 2
    assert world.campaign.prompts.count() == 6


def test_an_ended_campaign_promises_no_phase_and_no_rhythm(
    world: World, client_of: ClientOf
) -> None:
    lee = client_of(world.lee)
    Phase.objects.filter(campaign=world.campaign, all_states=True).update(
        state="planned", opened_at=None
    )
    Campaign.objects.filter(pk=world.campaign.pk).update(rhythm="daily")
    lee.post(path("end", world.campaign))

    def badges() -> list[str]:
        page = BeautifulSoup(lee.get(path("phases", world.campaign)).content, "html.parser")
        return [badge.text for badge in page.select(".status")]

    assert badges() == ["over", "never opened"]
    members_page = client_of(world.mia).get(
        reverse("campaigns:campaign", args=[world.campaign.slug])
    )
    assert [row["stage"] for row in members_page.context["phases"]] == ["over", "over"]
    assert "sealed only when a lead seals them" in (
        lee.get(path("setup", world.campaign)).content.decode()
    )
    batches = lee.get(reverse("stories:lead_batches", args=[world.campaign.slug]))
    assert "Sealed only when you do it." in batches.content.decode()


def test_starting_says_who_will_be_told(draft: Campaign, world: World, client_of: ClientOf) -> None:
    make_phases(draft)
    Phase.objects.filter(campaign=draft).update(state="planned", opened_at=None)
    make_prompts(draft)
    ConsentText.objects.create(campaign=draft, version=1, text="I agree.")
    CampaignPartner.objects.create(campaign=draft, partner=world.frontline, leads=True)
    Campaign.objects.filter(pk=draft.pk).update(summary="Short.", brief="Long.")
    preview = client_of(world.lee).get(reverse("campaigns:campaign", args=[draft.slug]))
    assert {row["stage"] for row in preview.context["phases"]} == {"to come"}

    page = client_of(world.lee).get(path("start_page", draft)).content.decode()

    assert "opens within a minute, and 1 member gets an invitation" in " ".join(page.split())
    assert "It is for 2 members as the rosters stand today" in " ".join(page.split())
    assert "nobody on its roster" not in page

    draft.societies.add(
        Society.objects.create(name="The Fens Society", short_name="Fens", slug="fens")
    )
    page = client_of(world.lee).get(path("start_page", draft)).content.decode()
    assert "<strong>The Fens Society</strong> has nobody on its roster yet." in page


def test_what_keeps_a_campaign_from_starting_leads_to_where_it_is_mended(
    draft: Campaign, world: World, client_of: ClientOf
) -> None:
    lee = client_of(world.lee)
    page = lee.get(path("start_page", draft)).content.decode()
    for part in ("basics", "partners", "phases", "prompts", "consent"):
        assert f'href="{path(part, draft)}">Do it' in page
    # Who begins with the story itself finds what it needs chosen.
    assert lee.get(path("add_prompt", draft)).context["form"].initial["required"]
    lee.post(path("add_prompt", draft), PROMPT)
    assert not lee.get(path("add_prompt", draft)).context["form"].initial["required"]


def test_members_by_state(world: World, client_of: ClientOf) -> None:
    world.mia_member.places.filter(kind="work").update(state="MO")

    response = client_of(world.lee).get(path("reach", world.campaign))

    rows = [(row["state"], row["members"], row["joined"]) for row in response.context["rows"]]
    assert rows == [("KS", 1, 0), ("MO", 1, 0), ("TX", 1, 0), ("UT", 1, 0)]


def test_the_lists_cost_the_same_with_1_and_30_rows(world: World, client_of: ClientOf) -> None:
    lee = client_of(world.lee)
    made = 0

    def add_campaigns(count: int) -> None:
        nonlocal made
        for _ in range(count):
            made += 1
            make_phases(make_campaign(world.isscr, lead=world.lee, name=f"Campaign {made}"))

    def add_parts(count: int) -> None:
        nonlocal made
        for _ in range(count):
            made += 1
            make_prompts(world.campaign)
            make_phases(world.campaign)
            world.campaign.societies.add(
                Society.objects.create(name=f"S {made}", short_name=f"S{made}", slug=f"s{made}")
            )

    assert equal_queries(add_campaigns, lambda: lee.get(reverse("campaigns:lead"))) <= 10
    for name in ("setup", "phases", "prompts", "societies", "reach"):
        equal_queries(add_parts, lambda name=name: lee.get(path(name, world.campaign)))  # type: ignore[misc]
