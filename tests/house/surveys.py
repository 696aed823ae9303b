"""Files as survey tools write them: SurveyMonkey with two header rows, Google Forms, Qualtrics."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Told:
    """What one person told a survey. `headline` is empty where they gave none."""

    number: int
    email: str
    headline: str
    text: str
    teller: str


def surveymonkey(told: Sequence[Told]) -> list[list[str]]:
    """Two header rows: the questions, and under them what kind of answer each column holds."""
    return [
        ["Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address",
         "First Name", "Last Name", "Headline", "Your story", "I tell this as"],
        ["", "", "", "", "", "", "", "", "Open-Ended Response", "Open-Ended Response", "Response"],
        *([f"118{one.number:08}", "441", "09/01/2026 9:30:11 AM", "09/01/2026 9:51:40 AM",
           f"192.0.2.{one.number % 250}", one.email.title(), "", "", one.headline, one.text, one.teller]
          for one in told),
    ]  # fmt: skip


def google_forms(told: Sequence[Told]) -> list[list[str]]:
    """One header row; the time stamp and the address come first. It asked for no headline."""
    return [
        ["Timestamp", "Email Address", "Your story", "I tell this as"],
        *(["2026/09/01 9:30:11 AM MDT", one.email, one.text, one.teller] for one in told),
    ]


def qualtrics(told: Sequence[Told]) -> list[list[str]]:
    """Three header rows: short names, the questions, and the tool's own ids as JSON."""
    return [
        ["StartDate", "Status", "IPAddress", "ResponseId", "RecipientEmail", "Q1", "Q2"],
        ["Start Date", "Response Type", "IP Address", "Response ID", "Recipient Email",
         "Your story in one line", "Your story"],
        ['{"ImportId":"startDate","timeZone":"America/Denver"}', '{"ImportId":"status"}',
         '{"ImportId":"ipAddress"}', '{"ImportId":"_recordId"}', '{"ImportId":"recipientEmail"}',
         '{"ImportId":"QID1_TEXT"}', '{"ImportId":"QID2_TEXT"}'],
        *(["2026-09-01 09:30:11", "IP Address", "192.0.2.1", f"R_{one.number:05}", one.email,
           one.headline, one.text] for one in told),
    ]  # fmt: skip


LAYOUTS: dict[str, Callable[[Sequence[Told]], list[list[str]]]] = {
    "SurveyMonkey": surveymonkey,
    "Google Forms": google_forms,
    "Qualtrics": qualtrics,
}


def write_survey(layout: str, told: Sequence[Told], path: Path) -> None:
    """Write one file; SurveyMonkey's and Qualtrics' have Excel's mark in front."""
    encoding = "utf-8" if layout == "Google Forms" else "utf-8-sig"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(LAYOUTS[layout](told))
