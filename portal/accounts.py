"""How allauth is bent to this house: its mail goes through the outbox."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter


class Adapter(DefaultAccountAdapter):
    """allauth's own behaviour, with our post."""


class SocialAdapter(DefaultSocialAccountAdapter):
    """Sign-in through ORCID or OpenID Connect."""
