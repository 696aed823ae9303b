"""A survey that ISSCR had made before the campaign began: its rows wait for their authors."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from stories.demo.rosters import Listed
from stories.demo.setting_up import Company
from stories.rules.survey_columns import find_targets, read_row
from stories.rules.survey_files import open_survey
from stories.verbs.importing import import_stories

HEADER = (
    "Timestamp",
    "Email Address",
    "Your story in one line",
    "What happened?",
    "Year of joining",
)

#: One line, text. As everything here, fiction.
ROWS = (
    (
        "The incubator alarm has my number, and I am glad when it rings",
        "I keep human stem cells alive in a basement in Salt Lake City. Twice last winter the alarm rang me "
        "out of bed, and twice I drove in and saved eleven months of somebody's work. The cells are being "
        "grown into heart muscle for children who were born with half of one. The person whose work it was "
        "is paid by an NIH training award, and so, for two days a week, am I. People ask what a lab manager "
        "does. I answer the phone.",
    ),
    (
        "We pay a fisherman to tell us when the water is cold enough",
        "The sea squirts that we study make a whole new body from a scrap of blood vessel. They live on the "
        "pilings of a marina, and a man who fishes for flounder there texts me the temperature. He has an "
        "idea of what we do. He lost two fingers to a winch and asked me, not quite joking, how long. I told "
        "him the truth, which is that I don't know, and that the grant that asks the question runs out in May.",
    ),
    (
        "My students fix the microscope now",
        "When I was hired the microscope was serviced by a man who flew in. An NIH program for small colleges "
        "bought us a new one and, which mattered more, a week of training for two undergraduates. They have "
        "taught eleven others since. Last month one of them was hired by the company that makes the thing.",
    ),
    (
        "Thank you for the blood",
        "I thank people for a living. I am the coordinator of a registry to which families send a tube of "
        "blood every two years, and I write each of them a card by hand. There are 640. A woman in Wilson "
        "County keeps hers in the Bible, between Job and Psalms. Her tube is one of the nine that showed where "
        "the mutation sits.",
    ),
)  # fmt: skip


def as_file(authors: Sequence[Listed]) -> io.BytesIO:
    """The survey as Google Forms exports it."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(HEADER)
    for place, (author, (line, story)) in enumerate(zip(authors, ROWS, strict=True)):
        moment = f"2025/11/{10 + place} 4:1{place}:07 PM EST"
        rows.writerow([moment, author.email, line, story, 2011 + place])
    return io.BytesIO(text.getvalue().encode())


def bring(company: Company, authors: Sequence[Listed]) -> None:
    """Import it for the society's members; nothing in it is a consent."""
    survey = open_survey(as_file(authors))
    asked = list(company.campaign.prompts.all())
    targets, by_id = find_targets(survey, asked, {}), {prompt.pk: prompt for prompt in asked}
    rows = (read_row(record, survey, targets, by_id) for record in survey.records)
    for _ in import_stories(
        by=company.lead, campaign=company.campaign, society=company.societies["isscr"], rows=rows
    ):
        pass
