"""This package's rows of the permission table."""

from __future__ import annotations

from portal.access import Row

ROWS: dict[str, Row] = {}
