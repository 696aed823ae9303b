"""The site's own style sheets and scripts, as `collectstatic` lays them out for the web server."""

from __future__ import annotations

from datetime import datetime

from whitenoise.storage import CompressedManifestStaticFilesStorage


class CollectedAnew(CompressedManifestStaticFilesStorage):
    """Every file is copied each time: of two releases' files, the later time says nothing of which belongs here.

    `collectstatic` leaves alone what was collected after the source was written. An image's files are as old
    as the image: a release that was built before the one here was started would keep the other's style sheets.
    """

    def get_modified_time(self, name: str) -> datetime:
        """What Django takes for: copy it, whenever it was written."""
        raise NotImplementedError
