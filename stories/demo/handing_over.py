"""Scenes of the lead and the partners' officers: seal, fetch, acknowledge, answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from campaigns.verbs.taking_part import add_partner
from stories.demo import plot
from stories.demo.setting_up import Company
from stories.models import Batch, Recall
from stories.states import RecallState
from stories.verbs import batching
from stories.verbs import handing_over as verbs


@dataclass
class HandingOver:
    """What happens between the campaign and its partners."""

    company: Company
    batches: dict[tuple[str, int], Batch] = field(default_factory=dict)

    def seal(self, partner: str) -> None:
        """The lead seals what is due; the worker builds and delivers it."""
        batch = batching.open_batch(
            campaign=self.company.campaign, partner=self.company.partners[partner]
        )
        batching.seal(by=self.company.lead, batch=batch)
        self.batches[partner, batch.number] = batch

    def receive(self, partner: str) -> None:
        """The morning after: an officer fetches the newest batch and acknowledges it, or does not."""
        number = max(number for who, number in self.batches if who == partner)
        batch, officer = self.batches[partner, number], self.company.officer(partner)
        if (partner, number) not in plot.ACKNOWLEDGED | plot.FETCHED:
            return
        batch.refresh_from_db()
        for fact in (batch.files or [])[:1]:
            verbs.record_download(by=officer, batch=batch, file=fact["name"])
        if (partner, number) in plot.ACKNOWLEDGED:
            verbs.acknowledge(by=officer, batch=batch, name=officer.name)

    def join_late(self) -> None:
        """Another partner comes to the running campaign."""
        add_partner(
            by=self.company.lead,
            campaign=self.company.campaign,
            partner=self.company.partners[plot.LATE],
        )

    def answer(self, partner: str, story: int, answer: str, words: str) -> None:
        """An officer answers the recall of a story."""
        recall = Recall.objects.unanswered().get(
            partner=self.company.partners[partner], story=story
        )
        verbs.answer_recall(
            by=self.company.officer(partner, 2),
            recall=recall,
            answer=verbs.RecallAnswer(RecallState(answer), words),
        )

    def open_next(self) -> None:
        """Both partners have an open batch to look into, as the lead's page makes it."""
        for partner in self.company.partners.values():
            batching.open_batch(campaign=self.company.campaign, partner=partner)
