"""Random lives, of batches: sealed by the lead, fetched and confirmed by officers, asked back and answered."""

from __future__ import annotations

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from campaigns.models import CampaignPartner, Partner, PartnerUser
from campaigns.verbs import phases, taking_part
from portal.errors import Refused, TooLate
from stories.models import Batch, Consent, Download, Item, Recall
from stories.states import BatchState, RecallState, StoryState
from stories.verbs import batching, handing_over
from stories.verbs.handing_over import RecallAnswer
from tests.house.life import NUMBER, Life, went
from tests.house.people import make_user


class HandingOver(Life):
    """The part of a life that leads and partners play."""

    @rule(pick=NUMBER)
    def a_batch_is_sealed(self, pick: int, partner: Partner | None = None) -> None:
        """By the lead, for any partner."""
        partners = list(Partner.objects.filter(partnerships__campaign=self.world.campaign))
        partner = partner or partners[pick % len(partners)]
        batch = batching.open_batch(campaign=self.world.campaign, partner=partner)
        due = batch.pk and self.due(batch)
        try:
            with transaction.atomic():
                batching.seal(by=self.world.lee, batch=batch)
        except Refused:
            assert not due
            return
        went("seal")
        assert due

    def due(self, batch: Batch) -> int:
        """How many stories would leave now."""
        return Consent.objects.due_for(batch, batching.today_in(batch.campaign)).count()

    @rule(pick=NUMBER, verb=st.sampled_from(["fetch", "acknowledge"]))
    def an_officer_fetches_or_acknowledges(self, pick: int, verb: str) -> None:
        """Whatever is in the inbox."""
        batches = list(Batch.objects.exclude(state=BatchState.OPEN).order_by("pk"))
        if not batches:
            return
        self.an_officer_takes(batches[pick % len(batches)], verb)

    def an_officer_takes(self, batch: Batch, verb: str) -> None:
        """A file, or the batch by name."""
        officer = PartnerUser.objects.filter(partner=batch.partner).first()
        if officer is None:
            return
        in_inbox = Batch.objects.inbox_of(officer.user).filter(pk=batch.pk).exists()
        if not in_inbox:
            return  # the door answers 404
        try:
            with transaction.atomic():
                if verb == "fetch":
                    file = handing_over.take_file(by=officer.user, batch=batch, name="stories.csv")
                    assert file is not None
                    file.close()
                else:
                    handing_over.acknowledge(by=officer.user, batch=batch, name="An officer")
        except TooLate:
            return
        went(verb)
        assert verb == "acknowledge" or batch.closed_at is None

    @rule(pick=NUMBER, verb=st.sampled_from(["read_story", "read_list", "selection"]))
    def an_officer_reads(self, pick: int, verb: str) -> None:
        """On screen, in the list, or as a selection; nothing that was taken back is there to read."""
        officers = list(PartnerUser.objects.select_related("user").order_by("pk"))
        if not officers:
            return
        officer = officers[pick % len(officers)]
        items = Item.objects.usable_by(officer.user)
        usable = list(items.select_related("story", "batch", "consent"))
        today = batching.today_in(self.world.campaign)
        for item in usable:
            assert (officer.user_id, item.partner_id) in self.officers
            assert item.story.state != StoryState.WITHDRAWN
            assert item.consent.until >= today
        if not usable:
            return
        if verb == "read_story":
            item = usable[pick % len(usable)]
            assert self.goes(verb, lambda: handing_over.read_story(by=officer.user, item=item))
            return
        if verb == "read_list":
            assert handing_over.read_list(by=officer.user, items=usable) == usable
        else:
            handing_over.record_selection(by=officer.user, items=items, file="selection.csv")
        seen = {item.batch_id for item in usable}
        assert seen == set(Download.objects.filter(batch__in=seen).values_list("batch", flat=True))
        went(verb)

    @rule(
        pick=NUMBER,
        state=st.sampled_from([RecallState.DELETED, RecallState.PUBLISHED, RecallState.CANNOT]),
    )
    def an_officer_answers_a_recall(self, pick: int, state: RecallState) -> None:
        """Once, and the answer stands."""
        recalls = list(Recall.objects.order_by("pk"))
        if not recalls:
            return
        recall = recalls[pick % len(recalls)]
        officer = PartnerUser.objects.filter(partner=recall.partner).first()
        if officer is None:
            return
        before = recall.state
        try:
            with transaction.atomic():
                handing_over.answer_recall(
                    by=officer.user, recall=recall, answer=RecallAnswer(state, "On page 4.")
                )
        except TooLate:
            recall.refresh_from_db()
            assert recall.state == before != RecallState.ASKED
            return
        went("answer_recall")
        assert before == RecallState.ASKED

    @precondition(
        lambda self: CampaignPartner.objects.filter(campaign=self.world.campaign).count() < 4
    )
    @rule()
    def a_partner_joins_late(self) -> None:
        """With an officer of its own."""
        number = Partner.objects.count() + 1
        partner = Partner.objects.create(name=f"Late partner {number}", slug=f"late-{number}")
        officer = PartnerUser.objects.create(
            partner=partner, user=make_user(f"Officer{number} Late")
        )
        self.officers.add((officer.user_id, partner.pk))
        campaign = self.world.campaign
        self.goes(
            "add_partner",
            lambda: taking_part.add_partner(by=self.world.lee, campaign=campaign, partner=partner),
        )

    @rule()
    def phases_are_opened_twice(self) -> None:
        """Two clocks ring for the same phase."""
        for phase in (self.world.phase_one, self.world.phase_two):
            for _ in range(2):
                try:
                    with transaction.atomic():
                        phases.open_phase(by=None, phase=phase)
                except (TooLate, Refused):
                    pass
