"""A partner that joins late: it gets what authors allowed later partners, and the others are asked once."""

from __future__ import annotations

import contextlib
import datetime as dt

from django.utils import timezone

from campaigns.models import CampaignPartner, Partner, PartnerUser
from portal.models import Job, Message
from stories.models import Consent, ConsentAsk, NameShown
from stories.verbs import late_partners, telling
from stories.verbs.consenting import change_consents, extend_to_late_partner
from stories.verbs.late_partners import start_asking
from stories.verbs.telling import working_copy
from tests.house.batches import delivered_batch
from tests.house.people import World, client_of, make_user
from tests.house.post import run_jobs
from tests.house.stories import approved_story, join, permission, submitted_story
from tests.stories.typing import line, page


def joins(world: World) -> CampaignPartner:
    """A third partner takes part from now on."""
    partner = Partner.objects.create(name="Late Alliance", slug="late-alliance")
    PartnerUser.objects.create(partner=partner, user=make_user("Lou Amsel"))
    return CampaignPartner.objects.create(campaign=world.campaign, partner=partner)


def ask() -> None:
    start_asking()
    run_jobs()


def test_who_allowed_later_partners_is_extended_and_who_did_not_is_asked_once(world: World) -> None:
    allowed = approved_story(
        world,
        permissions=[
            permission(world.research_america),
            permission(None, NameShown.FIRST, name="Mia, Kansas", press=True),
        ],
    )
    silent = approved_story(world)
    withdrawn = approved_story(world)
    telling.withdraw(by=world.mia, story=withdrawn)
    tie = joins(world)
    ask()
    ask()
    derived = Consent.objects.get(partner=tie.partner)
    assert (derived.story, derived.name, derived.press) == (allowed, "Mia, Kansas", True)
    assert [a.story for a in ConsentAsk.objects.all()] == [silent]
    assert [m.user for m in Message.objects.filter(template="ask_for_late_partner")] == [world.mia]
    tie.refresh_from_db()
    assert tie.authors_asked_at is not None
    assert [item.story for item in delivered_batch(world, tie.partner).items.all()] == [allowed]


def test_who_saw_the_new_partner_and_ticked_nothing_gives_it_nothing(world: World) -> None:
    """The clock gets round to it after Mia has changed her choices on a page that showed the newcomer."""
    general = permission(None, NameShown.FIRST, name="Mia, Kansas")
    story = approved_story(world, permissions=[permission(world.research_america), general])
    tie = joins(world)
    chosen = [
        line(world.research_america, "lawmakers", "publication", "press", name_shown="full"),
        line(tie.partner),
        line(None, "lawmakers", "publication", name_shown="first", until=general.until.isoformat()),
    ]
    sent: dict[str, object] = {"consent_version": 1, "full_name": "Mia Chen", "first_name": "Mia"}
    for part in chosen:
        sent |= part
    sent["lines"] = [key for part in chosen for key in part["lines"]]
    answer = client_of(world.mia).post(f"/stories/{story.ref}/consents/", sent)
    assert answer.status_code == 302
    assert story.consents.live().filter(partner=None, given_at__lt=tie.joined_at).exists()
    ask()
    assert not Consent.objects.filter(partner=tie.partner).exists()
    assert ConsentAsk.objects.filter(story=story, partner=tie.partner).count() == 1


def test_my_stories_says_that_an_answer_is_awaited(world: World) -> None:
    story = approved_story(world)
    delivered_batch(world)
    joins(world)
    ask()
    mia, asked = client_of(world.mia), "Late Alliance joined the campaign after you had written"
    for path in ("/stories/", f"/stories/{story.ref}/"):
        shown = mia.get(path).content.decode()
        assert shown.count(asked) == 1
        assert "nothing that you have to do" not in shown
    change_consents(
        by=world.mia,
        story=story,
        permissions=[permission(world.research_america)],
        text=world.consent_text,
    )
    for path in ("/stories/", f"/stories/{story.ref}/"):
        assert asked not in mia.get(path).content.decode()


def test_who_saw_the_partner_on_the_form_is_not_asked(world: World) -> None:
    tie = joins(world)
    submitted_story(world)
    CampaignPartner.objects.filter(pk=tie.pk).update(
        joined_at=timezone.now() - dt.timedelta(days=1)
    )
    ask()
    tie.refresh_from_db()
    assert ConsentAsk.objects.count() == 0
    assert tie.authors_asked_at is not None
    assert Job.objects.filter(kind="stories.ask_authors").count() == 0


def test_leaving_and_joining_again_asks_nobody_twice(world: World) -> None:
    approved_story(world)
    tie = joins(world)
    ask()
    partner = tie.partner
    tie.delete()
    CampaignPartner.objects.create(campaign=world.campaign, partner=partner)
    ask()
    assert Message.objects.filter(template="ask_for_late_partner").count() == 1


def test_a_killed_worker_resumes_and_repeats_nothing(world: World, monkeypatch: object) -> None:
    stories = [approved_story(world) for _ in range(5)]
    joins(world)
    start_asking()
    extend, count = extend_to_late_partner, 0

    def die(**given: object) -> None:
        nonlocal count
        count += 1
        if count == 4:
            raise KeyboardInterrupt
        extend(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(late_partners, "CHUNK", 2)  # type: ignore[attr-defined]
    monkeypatch.setattr(late_partners, "extend_to_late_partner", die)  # type: ignore[attr-defined]
    with contextlib.suppress(KeyboardInterrupt):
        run_jobs()
    job = Job.objects.get(kind="stories.ask_authors")
    assert job.cursor == {"after": stories[1].pk}
    Job.objects.filter(pk=job.pk).update(leased_until=None, lease=None)
    run_jobs()
    assert [a.story for a in ConsentAsk.objects.order_by("story")] == stories
    assert Message.objects.filter(template="ask_for_late_partner").count() == 5
    job.refresh_from_db()
    assert (job.done, job.total, job.finished_at is not None) == (5, 5, True)


def test_the_letter_leads_to_the_choice(world: World, deliver_mail: object) -> None:
    story = approved_story(world)
    joins(world)
    ask()
    mail = next(m for m in deliver_mail() if m.subject.startswith("May Late"))  # type: ignore[operator]
    assert (mail.to, mail.links[0]) == ("mia@example.org", f"/stories/{story.ref}/consents/")


def test_a_page_from_before_the_partner_joined_is_shown_again_with_its_line(world: World) -> None:
    """First texts and corrections alike; whoever then ticks nothing has decided."""
    allowed_later = [permission(world.research_america), permission(None)]
    approved = approved_story(world, permissions=allowed_later)
    begun = telling.begin(by=world.mia, participation=join(world, world.mia_member))
    mia = client_of(world.mia)
    allowed = line(world.research_america, "lawmakers", name_shown="full"), line(None, "lawmakers")
    pages = [(story, page(world, story, *allowed)) for story in (begun, approved)]
    tie = joins(world)
    for story, sent in pages:
        old = mia.post(f"/stories/{story.ref}/submit/", sent)
        assert old.status_code == 400
        shown = old.content.decode()
        assert "Since you opened this page, a partner has joined: Late Alliance." in shown
        assert f'name="line-p{tie.partner.pk}-uses"' in shown
        sent["version"] = working_copy(story).version
        sent["lines"] = [*sent["lines"], f"p{tie.partner.pk}"]
        assert mia.post(f"/stories/{story.ref}/submit/", sent).status_code == 302
    ask()
    assert not Consent.objects.filter(partner=tie.partner).exists()
    assert ConsentAsk.objects.count() == 0


def test_a_draft_from_before_the_partner_joined_is_not_sent_without_a_look_at_its_line(
    world: World,
) -> None:
    story = telling.begin(by=world.mia, participation=join(world, world.mia_member))
    mia, path = client_of(world.mia), f"/stories/{story.ref}/"
    assert mia.post(f"{path}preview/", page(world, story)).status_code == 302
    joins(world)
    sent = {"version": working_copy(story).version, "consent_version": world.consent_text.version}
    answer = mia.post(f"{path}submit/", sent)
    assert answer.status_code == 400
    assert "a partner has joined: Late Alliance" in answer.content.decode()
