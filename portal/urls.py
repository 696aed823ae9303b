"""Every address of the site, one list a door."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from portal.views import demo, errors, home, profile

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.our_failure

urlpatterns = [
    path("", home.home, name="home"),
    path("privacy/", home.privacy, name="privacy"),
    path("me/", profile.profile, name="profile"),
    path("me/name/", profile.rename, name="rename"),
    path("demo/", demo.cast, name="demo"),
    path("demo/sign-in/", demo.sign_in_as, name="demo_sign_in"),
    path("demo/mail/", demo.mail, name="demo_mail"),
    path("demo/mail/<str:name>/", demo.message, name="demo_message"),
    path("demo/mail/<str:name>/html/", demo.message_html, name="demo_message_html"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
