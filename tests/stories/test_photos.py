"""One photo: upright, re-encoded, without metadata, whatever the file claims to be; and who may see it."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image, PngImagePlugin

from portal.errors import Refused
from stories.models import Draft, Photo, Story
from stories.rules.photos import MAX_BYTES, MAX_SIDE, NotAPhoto, clean_photo
from stories.verbs import telling
from stories.verbs.photos import keep_photo
from tests.house.people import World, client_of
from tests.house.stories import join
from tests.stories.typing import line, page

SHARED = Path(__file__).parents[3] / "shared" / "data"
PHOTOS, NASTY = SHARED / "photos", SHARED / "nasty" / "files"
HOSTILE = Path(__file__).parents[1] / "data" / "hostile" / "files"


def picture(size: tuple[int, int] = (60, 40), color: str = "teal", **save: object) -> bytes:
    """A JPEG of one color."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, str(save.pop("format", "JPEG")), **save)
    return out.getvalue()


def upload(data: bytes, name: str = "me.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="image/jpeg")


@pytest.fixture
def story(world: World) -> Story:
    """Mia's empty draft."""
    return telling.begin(by=world.mia, participation=join(world, world.mia_member))


@pytest.fixture
def mia(world: World) -> Client:
    """Mia's browser."""
    return client_of(world.mia)


def url(story: Story, door: str) -> str:
    return f"/stories/{story.ref}/{door}/"


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def test_gps_and_every_other_tag_are_gone() -> None:
    if not PHOTOS.exists():
        pytest.skip("shared data is not here")
    data = (PHOTOS / "gps_DSCN0010.jpg").read_bytes()
    assert dict(opened(data).getexif().get_ifd(0x8825))
    clean = clean_photo(data)
    image = opened(clean.content)
    assert dict(image.getexif()) == {}
    assert set(image.info) <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "progressive",
        "progression",
    }
    assert (clean.width, clean.height) == image.size == (640, 480)


def test_photos_are_turned_upright() -> None:
    if not PHOTOS.exists():
        pytest.skip("shared data is not here")
    data = (PHOTOS / "orientation_portrait_6.jpg").read_bytes()
    assert opened(data).size == (600, 450)
    assert opened(clean_photo(data).content).size == (450, 600)


def test_a_phones_picture_is_turned_upright_and_loses_where_it_was_taken() -> None:
    """As the two above, with a picture made here: they need files that a fresh clone has not."""
    told = Image.Exif()
    told[0x0112] = 6  # Orientation: the top of the picture is on the right
    told[0x010F] = "A phone of Mia Chen's"
    told.get_ifd(0x8825)[1] = "N"
    half_red = Image.new("RGB", (60, 40), "blue")
    half_red.paste("red", (0, 0, 30, 40))
    out = io.BytesIO()
    half_red.save(out, "JPEG", exif=told)
    data = out.getvalue()
    assert dict(opened(data).getexif().get_ifd(0x8825)) == {1: "N"}
    clean = clean_photo(data)
    image = opened(clean.content)
    assert dict(image.getexif()) == {}
    assert b"Mia" not in clean.content
    assert image.size == (40, 60)
    red = image.getchannel("R").tobytes()
    assert min(red[: 25 * 40]) > 200  # the left half stands on top
    assert max(red[35 * 40 :]) < 60


@pytest.mark.parametrize(
    ("folder", "kinds"), [(HOSTILE, {".svg"}), (NASTY, {".svg", ".zip", ".gif"})]
)
def test_hostile_files(folder: Path, kinds: set[str]) -> None:
    if not folder.exists():
        pytest.skip("shared data is not here")
    taken, refused, said = set(), set(), list[str]()
    for file in folder.iterdir():
        data = file.read_bytes()
        try:
            clean = clean_photo(data)
        except NotAPhoto as problem:
            refused.add(file.suffix)
            said.append(str(problem))
            continue
        taken.add(file.suffix)
        assert opened(clean.content).format == "JPEG"
        for mark in (b"<?php", b"<script", b"onclick", b"passwd", b"phpinfo", b"alert("):
            assert mark not in clean.content
    assert kinds <= refused
    assert all("please" in words.lower() for words in said)
    assert {".jpg", ".jpeg", ".png"} >= taken


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_was_transparent_is_white(kind: str) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(out, kind)
    image = opened(clean_photo(out.getvalue()).content)
    assert image.format == "JPEG"
    assert image.getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("mode", "kind"), [("CMYK", "JPEG"), ("L", "PNG"), ("P", "PNG"), ("I;16", "PNG")]
)
def test_every_mode_of_color_is_taken(mode: str, kind: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (8, 8)).save(out, kind)
    assert opened(clean_photo(out.getvalue()).content).mode == "RGB"


def test_comments_do_not_survive() -> None:
    data = picture(comment=b"Mia Chen was here")
    assert b"Mia Chen" in data
    assert b"Mia Chen" not in clean_photo(data).content
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Mia Chen")
    assert b"Mia Chen" not in clean_photo(picture(format="PNG", pnginfo=info)).content


def test_large_pictures_become_smaller_and_the_same_picture_the_same_bytes() -> None:
    data = picture((5000, 1000))
    clean = clean_photo(data)
    assert (clean.width, clean.height) == (MAX_SIDE, 480)
    assert clean_photo(data) == clean


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "This file is empty"),
        (b"x" * (MAX_BYTES + 1), "at most 10 MB"),
        (b"\x00\x00\x00\x18ftypheic" + b"\x00" * 50, "HEIC or AVIF"),
        (b"hello", "JPEG, PNG or WebP"),
        (picture()[:300], "cannot be read as a picture"),
    ],
)
def test_what_is_refused_is_told_in_words(data: bytes, words: str) -> None:
    with pytest.raises(NotAPhoto, match=words):
        clean_photo(data)


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(NotAPhoto, match="more pixels than we can take"):
        clean_photo(bomb())


def bomb() -> bytes:
    """A PNG of a few bytes that claims 20,000 by 20,000 pixels."""
    data = bytearray(picture(format="PNG"))
    data[16:24] = (20000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.django_db
def test_a_refused_upload_stores_nothing() -> None:
    with pytest.raises(Refused):
        keep_photo(b"hello")
    assert Photo.objects.count() == 0


def test_add_describe_replace_remove(world: World, mia: Client, story: Story) -> None:
    typed = page(world, story, hook="typed on the same page")
    answer = mia.post(url(story, "photo"), typed | {"photo": upload(picture())})
    assert answer.status_code == 302
    draft = Draft.objects.get(story=story)
    assert draft.hook == "typed on the same page"
    first = draft.photo
    assert first is not None
    assert "mia" not in str(first.file.name)
    assert default_storage.exists(str(first.file.name))
    shown = mia.get(url(story, "write")).content.decode()
    assert f"/stories/{story.ref}/photo/{first.pk}/" in shown

    # A photo is not sent without its words.
    lacks = mia.post(url(story, "preview"), page(world, story))
    assert "Please say in a few words what your photo shows." in lacks.content.decode()

    again = mia.post(url(story, "photo"), {"photo": upload(picture(color="red"))})
    assert again.status_code == 302
    second = Draft.objects.get(story=story).photo
    assert second is not None
    assert second != first
    assert list(Photo.objects.all()) == [second]

    mia.post(url(story, "photo/remove"), {})
    assert Draft.objects.get(story=story).photo is None
    assert Photo.objects.count() == 0


def test_a_refused_photo_loses_no_word(world: World, mia: Client, story: Story) -> None:
    typed = page(world, story, hook="typed on the same page")
    answer = mia.post(url(story, "photo"), typed | {"photo": upload(b"<svg/>", "me.svg")})
    assert answer.status_code == 400
    shown = answer.content.decode()
    assert "Please choose a photo in the JPEG, PNG or WebP format." in shown
    assert "typed on the same page" in shown
    assert Draft.objects.get(story=story).hook == "typed on the same page"


def test_the_photo_goes_only_where_a_name_is_shown(world: World, mia: Client, story: Story) -> None:
    mia.post(url(story, "photo"), {"photo": upload(picture())})
    sent = page(
        world,
        story,
        line(world.research_america, "press", name_shown="first"),
        line(world.frontline, "press"),
        line(None, "press", name_shown="first"),
        photo_description="Two people at a microscope",
    )
    assert mia.post(url(story, "preview"), sent).status_code == 302
    named, frontline = (
        mia.get(url(story, "preview")).content.decode().split('<section class="panel"')[1:]
    )
    assert named.count('alt="Two people at a microscope"') == 1
    assert "Research!America" in named
    assert "Partners that join later" in named
    assert "<img" not in frontline
    assert "Two people at a microscope" not in frontline
    assert "Your photo does not go to" in frontline


def test_who_may_see_it(world: World, mia: Client, story: Story) -> None:
    mia.post(url(story, "photo"), {"photo": upload(picture())})
    photo = Photo.objects.get()
    door = f"/stories/{story.ref}/photo/{photo.pk}/"
    answer = mia.get(door)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store, private"
    assert opened(b"".join(answer.streaming_content)).size == (60, 40)  # type: ignore[attr-defined]
    others = (world.nils, world.ana, world.lee, world.paula)
    assert [client_of(user).get(door).status_code for user in others] == [404] * 4
    assert Client().get(door).status_code == 302
    assert mia.get(f"/stories/{story.ref}/photo/{photo.pk + 1}/").status_code == 404


def test_another_description_makes_another_revision(
    world: World, mia: Client, story: Story
) -> None:
    mia.post(url(story, "photo"), {"photo": upload(picture())})
    mia.post(url(story, "submit"), page(world, story, photo_description="A lab"))
    story.refresh_from_db()
    mia.post(url(story, "submit"), page(world, story, photo_description="My lab at night"))
    first, second = story.revisions.order_by("number")
    assert first.photo is not None
    assert second.photo is not None
    assert (first.photo.description, second.photo.description) == ("A lab", "My lab at night")
    assert first.photo.file.name == second.photo.file.name
    telling.withdraw(by=world.mia, story=story)
    assert default_storage.exists(str(first.photo.file.name))
