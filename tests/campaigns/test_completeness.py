"""What keeps a campaign from starting."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from campaigns.rules.completeness import Setup, missing

NOW = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
WHOLE = Setup(
    summary="Two sentences.",
    brief="Why now.",
    societies=1,
    partners=2,
    has_leading_partner=True,
    closings=[NOW + dt.timedelta(days=1)],
    empty_phases=[],
    consent_texts=1,
    required_long_texts=1,
)


def test_nothing_is_missing_where_everything_is_there() -> None:
    assert missing(WHOLE, NOW) == []


@pytest.mark.parametrize(
    ("lack", "part"),
    [
        ({"summary": " "}, "basics"),
        ({"brief": ""}, "basics"),
        ({"societies": 0}, "societies"),
        ({"partners": 0}, "partners"),
        ({"has_leading_partner": False}, "partners"),
        ({"closings": []}, "phases"),
        ({"closings": [NOW]}, "phases"),
        ({"empty_phases": ["Later"]}, "phases"),
        ({"consent_texts": 0}, "consent"),
        ({"required_long_texts": 0}, "prompts"),
    ],
)
def test_each_lack_is_one_sentence_about_its_part(lack: dict[str, object], part: str) -> None:
    found = missing(dataclasses.replace(WHOLE, **lack), NOW)  # type: ignore[arg-type]

    assert [lack.part for lack in found] == [part]
    assert found[0].words.endswith(".")
