"""This package's rows of the permission table, one table a door."""

from __future__ import annotations

from portal.access import SIGNED_IN, Row

PLACE_ROWS = {
    "campaigns:places": Row(role=SIGNED_IN),
    "campaigns:save_places": Row(role=SIGNED_IN),
    "campaigns:institutions": Row(role=SIGNED_IN),
    "campaigns:zip_choices": Row(role=SIGNED_IN),
}

ROWS: dict[str, Row] = {**PLACE_ROWS}
