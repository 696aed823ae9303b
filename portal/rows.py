"""This package's rows of the permission table."""

from __future__ import annotations

from allauth.usersessions.models import UserSession

from portal.access import OPERATOR, PUBLIC, SIGNED_IN, Row
from portal.models import Job, Message

FAILED_MESSAGES = Row(role=OPERATOR, see=lambda _: Message.objects.given_up())
FAILED_JOBS = Row(role=OPERATOR, see=lambda _: Job.objects.given_up())
# Any one that exists, so that what somebody else retried a moment ago is 409 and not 404.
ONE_MESSAGE = Row(role=OPERATOR, see=lambda _: Message.objects.all())
ONE_JOB = Row(role=OPERATOR, see=lambda _: Job.objects.all())
OWN_SESSIONS = Row(role=SIGNED_IN, see=lambda user: UserSession.objects.filter(user=user))

ROWS = {
    "home": PUBLIC,
    "live": PUBLIC,
    "ready": PUBLIC,
    "signing_key": PUBLIC,
    "signing_keys": PUBLIC,
    # 404 wherever METRICS_TOKEN is not set, and 401 without it.
    "metrics": PUBLIC,
    "operator": Row(role=OPERATOR),
    "given_up_messages": FAILED_MESSAGES,
    "retry_message": ONE_MESSAGE,
    "retry_messages": FAILED_MESSAGES,
    "given_up_jobs": FAILED_JOBS,
    "retry_job": ONE_JOB,
    "retry_jobs": FAILED_JOBS,
    "privacy": PUBLIC,
    "profile": Row(role=SIGNED_IN),
    "rename": Row(role=SIGNED_IN),
    "own_data": Row(role=SIGNED_IN),
    "sessions": OWN_SESSIONS,
    "old_sessions": Row(role=SIGNED_IN),
    "end_session": OWN_SESSIONS,
    "end_other_sessions": OWN_SESSIONS,
    "end_all_sessions": OWN_SESSIONS,
    # 404 wherever settings.DEMO is off.
    "demo": PUBLIC,
    "demo_sign_in": PUBLIC,
    "demo_mail": PUBLIC,
    "demo_message": PUBLIC,
    "demo_message_html": PUBLIC,
}
