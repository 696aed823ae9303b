"""A small, real piece of the map: rows of the 119th Congress's boundary set."""

from __future__ import annotations

from campaigns.models import BoundarySet, ZipArea

# ZIP, state, district (None: the Census draws no area; 0: at large), city.
REAL_ROWS: tuple[tuple[str, str, int | None, str], ...] = (
    ("66045", "KS", 1, "Lawrence"),
    ("66044", "KS", 1, "Lawrence"),  # in two districts
    ("66044", "KS", 2, "Lawrence"),
    ("66160", "KS", 3, "Kansas City"),
    ("66506", "KS", 1, "Manhattan"),
    ("67202", "KS", 4, "Wichita"),
    ("67201", "KS", None, "Wichita"),  # post-office boxes only
    ("66541", "KS", 1, "Summerfield"),  # in two states
    ("66541", "NE", 3, "Summerfield"),
    ("27514", "NC", 4, "Chapel Hill"),
    ("27599", "NC", 4, "Chapel Hill"),
    ("27601", "NC", 2, "Raleigh"),
    ("27710", "NC", None, "Durham"),
    ("15213", "PA", 12, "Pittsburgh"),
    ("19104", "PA", 3, "Philadelphia"),
    ("17101", "PA", 10, "Harrisburg"),
    ("84112", "UT", 1, "Salt Lake City"),
    ("84322", "UT", 1, "Logan"),
    ("84101", "UT", 1, "Salt Lake City"),  # in two districts
    ("84101", "UT", 2, "Salt Lake City"),
    ("78701", "TX", 37, "Austin"),
    ("77030", "TX", 7, "Houston"),  # in two districts
    ("77030", "TX", 9, "Houston"),
    ("09001", "AE", None, "Apo"),  # military
    ("99501", "AK", 0, "Anchorage"),  # one district at large
    ("20001", "DC", 0, "Washington"),
)


def current_boundaries() -> BoundarySet:
    """The current boundary set; made with REAL_ROWS where there is none."""
    known = BoundarySet.objects.filter(is_current=True).first()
    if known is not None:
        return known
    boundaries = BoundarySet.objects.create(
        name="119th Congress",
        source="US Census Bureau, ZIP tabulation areas by congressional district",
        licence="US Government work",
        is_current=True,
    )
    ZipArea.objects.bulk_create(
        ZipArea(boundaries=boundaries, zip=zip_, state=state, district=district, city=city)
        for zip_, state, district, city in REAL_ROWS
    )
    return boundaries
