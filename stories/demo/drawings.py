"""Pictures for some of the stories: drawn here, plainly drawings, and sent in as an author's upload is."""

from __future__ import annotations

import io
from collections.abc import Callable

from PIL import Image, ImageDraw

from stories.models import Photo
from stories.verbs.photos import described, keep_photo

SIZE = (1200, 800)
NAVY, SKY, SAND, RUST, LEAF, CREAM = (
    "#1d3557",
    "#a8c5da",
    "#e9d8a6",
    "#bc4b32",
    "#588157",
    "#faf6ec",
)

Pen = ImageDraw.ImageDraw


def straws(pen: Pen) -> None:
    """Straws in a freezer."""
    for place in range(14):
        left = 90 + place * 74
        pen.rounded_rectangle((left, 120, left + 30, 680), 14, fill=SKY, outline=NAVY, width=5)
        pen.rectangle((left + 5, 300 + place * 17, left + 25, 345 + place * 17), fill=RUST)
    pen.line((40, 720, 1160, 720), fill=NAVY, width=10)


def dish(pen: Pen) -> None:
    """Cells in a round dish."""
    pen.ellipse((250, 50, 950, 750), fill=SAND, outline=NAVY, width=10)
    for place in range(60):
        x, y = (
            600 + (place * 137 % 260) * (-1) ** place,
            400 + (place * 89 % 250) * (-1) ** (place // 2),
        )
        if (x - 600) ** 2 + (y - 400) ** 2 < 300**2:
            pen.ellipse((x - 26, y - 26, x + 26, y + 26), fill=LEAF, outline=CREAM, width=4)


def bug(pen: Pen) -> None:
    """A kissing bug, many times its size."""
    for side in (-1, 1):
        for leg in range(3):
            y = 330 + leg * 110
            pen.line(
                (600, y, 600 + side * 230, y - 70, 600 + side * 330, y + 60), fill=NAVY, width=14
            )
        pen.line((600, 150, 600 + side * 120, 60), fill=NAVY, width=8)
    pen.ellipse((470, 230, 730, 720), fill=RUST, outline=NAVY, width=12)
    pen.polygon([(600, 250), (690, 640), (600, 700), (510, 640)], fill=NAVY)
    pen.ellipse((545, 120, 655, 260), fill=NAVY)


def sheep(pen: Pen) -> None:
    """Two sheep on a hill."""
    pen.ellipse((-300, 480, 1500, 1400), fill=LEAF)
    for left in (220, 660):
        for leg in (60, 110, 210, 260):
            pen.line((left + leg, 480, left + leg, 600), fill=NAVY, width=18)
        for x, y in ((0, 80), (70, 30), (150, 20), (220, 70), (160, 130), (60, 130), (110, 80)):
            pen.ellipse((left + x, 250 + y, left + x + 150, 390 + y), fill=CREAM)
        pen.ellipse((left - 40, 300, left + 60, 430), fill=NAVY)


def fish(pen: Pen) -> None:
    """Striped fish in a mop sink."""
    pen.rounded_rectangle((120, 200, 1080, 720), 40, fill=SKY, outline=NAVY, width=12)
    for place in range(6):
        x, y = 220 + place % 3 * 280, 300 + place // 3 * 200
        pen.polygon([(x + 160, y + 40), (x + 220, y), (x + 220, y + 80)], fill=NAVY)
        pen.ellipse((x, y, x + 180, y + 80), fill=SAND, outline=NAVY, width=5)
        for stripe in (28, 40, 52):
            pen.line((x + 50, y + stripe, x + 150, y + stripe), fill=NAVY, width=5)


DRAWINGS: dict[str, tuple[Callable[[Pen], None], str]] = {
    "straws": (straws, "A drawing of thin straws, each with a red label, standing in a freezer."),
    "dish": (dish, "A drawing of a round dish with clusters of green cells."),
    "bug": (bug, "A drawing of a kissing bug, seen from above and many times its size."),
    "sheep": (sheep, "A drawing of two sheep on a green hill."),
    "fish": (fish, "A drawing of six striped fish in an old mop sink."),
}


def upload(name: str) -> Photo:
    """Draw one and keep it as the site keeps every photo."""
    draw, words = DRAWINGS[name]
    picture = Image.new("RGB", SIZE, CREAM)
    draw(ImageDraw.Draw(picture))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return described(keep_photo(file.getvalue()), words)
