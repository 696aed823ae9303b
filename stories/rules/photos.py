"""What becomes of an uploaded picture: decoded, turned upright, made smaller, written anew without metadata.

Nothing of the uploaded file is kept but its pixels, whatever the file claims to be.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

#: Only these decoders are ever asked; the others never see a stranger's bytes.
FORMATS = ("JPEG", "PNG", "WEBP")
MAX_BYTES = 10 * 1024 * 1024
#: What a picture may unpack to: three bytes a pixel, and more than phones take.
MAX_PIXELS = 64_000_000
TOO_MANY_PIXELS = "This picture has more pixels than we can take. Please make it smaller first."
MAX_SIDE = 2400
QUALITY = 88

#: Families of the ISO container that phones use for HEIC and AVIF.
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis")


@dataclass(frozen=True)
class CleanPhoto:
    """A JPEG without metadata, and what is known of it. Sides are in pixels."""

    content: bytes
    sha256: str
    width: int
    height: int


class NotAPhoto(ValueError):
    """An upload that is not taken; the message says why and what to do, in words for the author."""


def clean_photo(data: bytes) -> CleanPhoto:
    """Make an uploaded file into a photo that can be kept; raises NotAPhoto with the reason in words."""
    refuse_by_looks(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = decode(data)
    except NotAPhoto:
        raise
    except Exception as problem:  # a hostile file can make a decoder raise almost anything
        raise NotAPhoto(
            "This file cannot be read as a picture. It may be damaged; please choose another one."
        ) from problem
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    content = out.getvalue()
    return CleanPhoto(
        content, hashlib.sha256(content).hexdigest(), width=picture.width, height=picture.height
    )


def refuse_by_looks(data: bytes) -> None:
    """NotAPhoto for what can be told without decoding: nothing, too much, or a telephone's HEIC."""
    if not data:
        raise NotAPhoto("This file is empty. Please choose another one.")
    if len(data) > MAX_BYTES:
        raise NotAPhoto(too_large(len(data)))
    if data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS:
        raise NotAPhoto(
            "This photo is in the HEIC or AVIF format, which we cannot take. Choose it from your "
            "phone's photo library instead of its files: the phone then makes a JPEG of it by itself."
        )


def too_large(size: int) -> str:
    """What to say about a file of `size` bytes that is over the limit."""
    megabytes = max(size / 1024 / 1024, MAX_BYTES / 1024 / 1024 + 0.1)
    return (
        f"This photo has {megabytes:.1f} MB; please choose one of at most "
        f"{MAX_BYTES // 1024 // 1024} MB. A screenshot of it is small enough."
    )


def decode(data: bytes) -> Image.Image:
    """The picture's pixels alone: upright, in sRGB, on white, at most MAX_SIDE on its longer side."""
    try:
        raw = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as problem:
        raise NotAPhoto("Please choose a photo in the JPEG, PNG or WebP format.") from problem
    except Image.DecompressionBombError as problem:
        raise NotAPhoto(TOO_MANY_PIXELS) from problem
    if raw.width * raw.height > MAX_PIXELS:
        raise NotAPhoto(TOO_MANY_PIXELS)
    raw.draft("RGB", (MAX_SIDE, MAX_SIDE))
    upright = ImageOps.exif_transpose(raw)
    upright.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    return on_white(in_srgb(upright))


def in_srgb(picture: Image.Image) -> Image.Image:
    """Colors as screens show them, because the profile that explains them is not kept."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode != "RGB":
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError):
        return picture  # a broken profile explains nothing: take the colors as they are
    return converted or picture


def on_white(picture: Image.Image) -> Image.Image:
    """A fresh picture that holds the pixels and nothing else; what was transparent is white."""
    if picture.mode.startswith("I;16"):
        picture = picture.point(lambda value: value / 256).convert("L")
    clean = Image.new("RGB", picture.size, "white")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        clean.paste(layer, mask=layer)
    else:
        clean.paste(picture.convert("RGB"))
    return clean
