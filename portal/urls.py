"""Every address of the site, one list a door."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from portal.views import demo, errors, health, home, keys, metrics, operator, profile, sessions

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.our_failure

operator_urls = [
    path("", operator.operator, name="operator"),
    path("messages/", operator.given_up_messages, name="given_up_messages"),
    path("messages/retry/", operator.retry_messages, name="retry_messages"),
    path("messages/<int:pk>/retry/", operator.retry_message, name="retry_message"),
    path("jobs/", operator.given_up_jobs, name="given_up_jobs"),
    path("jobs/retry/", operator.retry_jobs, name="retry_jobs"),
    path("jobs/<int:pk>/retry/", operator.retry_job, name="retry_job"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("privacy/", home.privacy, name="privacy"),
    path("me/", profile.profile, name="profile"),
    path("me/name/", profile.rename, name="rename"),
    path("me/data/", profile.own_data, name="own_data"),
    path("me/sessions/", sessions.sessions, name="sessions"),
    path("me/sessions/<int:pk>/end/", sessions.end_session, name="end_session"),
    path("me/sessions/end-others/", sessions.end_other_sessions, name="end_other_sessions"),
    path("me/sessions/end-all/", sessions.end_all_sessions, name="end_all_sessions"),
    # allauth's own page of the same; one is enough.
    path("accounts/sessions/", RedirectView.as_view(pattern_name="sessions"), name="old_sessions"),
    path("demo/", demo.cast, name="demo"),
    path("demo/sign-in/", demo.sign_in_as, name="demo_sign_in"),
    path("demo/mail/", demo.mail, name="demo_mail"),
    path("demo/mail/<str:name>/", demo.message, name="demo_message"),
    path("demo/mail/<str:name>/html/", demo.message_html, name="demo_message_html"),
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("keys/", keys.signing_keys, name="signing_keys"),
    path("keys/<str:key_id>.pem", keys.signing_key, name="signing_key"),
    path("operator/", include(operator_urls)),
    path("", include("stories.urls")),
    path("", include("campaigns.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
