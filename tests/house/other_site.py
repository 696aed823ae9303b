"""Another site that signs people in by OpenID Connect, and a visit through it.

Run as a program in a process of its own, because settings decide at the start whether the other site
is offered: `OIDC_URL=http://localhost:PORT python -m tests.house.other_site PORT` prints as JSON what
a visitor saw.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PEOPLE = {
    "new": {"sub": "1", "email": "New@Example.org", "email_verified": True, "name": "Nora Lind"},
    "known": {"sub": "2", "email": "mia@example.org", "email_verified": True, "name": "Mia Chen"},
}


class OtherSite(BaseHTTPRequestHandler):
    """Answers as a provider does; the code that it gives out is the person's name."""

    def answer(self, body: dict[str, Any]) -> None:
        """Send JSON."""
        payload = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def do_GET(self) -> None:
        """The configuration, or who the bearer is."""
        base = f"http://{self.headers['Host']}"
        if self.path.startswith("/.well-known/"):
            names = ("authorization", "token", "userinfo")
            self.answer({"issuer": base} | {f"{name}_endpoint": f"{base}/{name}" for name in names})
        else:
            self.answer(PEOPLE[self.headers["Authorization"].removeprefix("Bearer ")])

    def do_POST(self) -> None:
        """A token for a code."""
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.answer({"access_token": form["code"][0], "token_type": "Bearer"})

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def visit(who: str) -> dict[str, Any]:
    """Sign in through the other site as one of PEOPLE; what happened on the way."""
    from django.contrib.auth import get_user  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    client = Client(headers={"host": "localhost"})
    page = client.get("/accounts/login/").content.decode()
    leaves = client.post("/accounts/oidc/oidc/login/?process=login")
    there = urlsplit(leaves["Location"])
    state = parse_qs(there.query)["state"][0]
    back = client.get("/accounts/oidc/oidc/login/callback/", {"code": who, "state": state})
    return {
        "offered": re.findall(r"Continue with [A-Z][\w. ]+", page),
        "may_leave": f"{there.scheme}://{there.netloc}" in leaves["Content-Security-Policy"],
        "back": [back.status_code, back.get("Location", "")],
        "signed_in": get_user(client).is_authenticated,
    }


def main(port: int) -> None:
    """Serve the other site, visit through it, and print what was seen."""
    site = ThreadingHTTPServer(("localhost", port), OtherSite)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    import django  # noqa: PLC0415

    django.setup()
    from allauth.account.models import EmailAddress  # noqa: PLC0415
    from allauth.socialaccount.models import SocialAccount  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    from portal.models import Message, User  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    mia = User.objects.create_user("mia@example.org", name="Mia Chen")
    EmailAddress.objects.create(user=mia, email=mia.email, verified=True, primary=True)
    seen = {who: visit(who) for who in ("new", "known")}
    people = User.objects.order_by("pk").values_list("email", "name")
    print(  # noqa: T201
        json.dumps(
            {
                "seen": seen,
                "people": list(people),
                "verified": list(EmailAddress.objects.filter(verified=True).values_list("email")),
                "joined": list(SocialAccount.objects.values_list("user__email", "uid")),
                "mail": [
                    (row.address, row.context["subject"]) for row in Message.objects.order_by("pk")
                ],
            }
        )
    )
    site.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]))
