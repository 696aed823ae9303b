"""What `make audit` makes of an answer; nobody is asked here."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.house.audit import ACCEPTED, accepted, judge

pytestmark = pytest.mark.once

BAD = {
    "name": "pillow",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": ["CVE-1"]}],
}
GOOD = {"name": "vine", "version": "5.1.0", "vulns": []}
UNTOLD = {"name": "amqp", "skip_reason": "Dependency not found on PyPI"}


def test_a_known_vulnerability_is_told_and_a_package_that_nobody_knows_is_not_called_clean() -> (
    None
):
    assert judge([BAD, GOOD, UNTOLD], set()) == (
        ["pillow 1.0: PYSEC-1, mended in ['1.1']"],
        ["amqp"],
    )


def test_an_accepted_one_passes_until_its_day_is_over() -> None:
    text = "# why\nCVE-1 2027-01-31 We decode none of these.\n"
    assert judge([BAD], accepted(text, dt.date(2027, 1, 31))) == ([], [])
    assert judge([BAD], accepted(text, dt.date(2027, 2, 1)))[0] != []


def test_the_file_of_accepted_ones_can_be_read() -> None:
    assert accepted(ACCEPTED.read_text(), dt.date(2026, 1, 1)) == set()
