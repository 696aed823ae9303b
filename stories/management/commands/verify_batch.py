"""Check a downloaded batch; the same checks as the script that the site serves to partners."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal import signing
from portal.models import PublishedKey
from stories.verification import Failed, verify


class Command(BaseCommand):
    """`verify_batch`: nothing changed, nothing missing, nothing added."""

    help = (
        "Check a batch, as its zip or as the folder with its files: signature, hashes, counts, and that "
        "every story is the text whose hash was signed. Fails on one altered byte."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to check, and against which key."""
        parser.add_argument("batch", type=Path, help="the zip, or the folder with its files")
        parser.add_argument(
            "--key",
            type=Path,
            help="the public key, a PEM file; without it, this site's own published keys, for which "
            "the database is asked",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, and say what holds; the first thing that does not is the failure."""
        quiet = options["verbosity"] == 0
        try:
            pem = read_key(options["key"]) if options["key"] else own_keys()
            manifest = verify(
                options["batch"], pem, lambda words: None if quiet else self.stdout.write(words)
            )
        except (Failed, OSError) as problem:
            raise CommandError(str(problem)) from problem
        if not quiet:
            self.stdout.write(
                self.style.SUCCESS(
                    f"Batch {manifest['batch']} for {manifest['partner_name']} is complete and unchanged."
                )
            )


def read_key(path: Path) -> bytes:
    """The key file's bytes; CommandError, in words, where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as problem:
        raise CommandError(f"The key cannot be read from {path}: {problem.strerror}.") from problem


def own_keys() -> bytes:
    """Every key that this site ever published, and the one that it signs with."""
    pems = PublishedKey.objects.order_by("-since").values_list("pem", flat=True)
    return "".join({signing.public_pem(), *pems}).encode()
