"""Django's settings, read from the environment. The README's table documents every name read here."""

from __future__ import annotations

import os
import sys
from email.utils import formataddr
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from urllib.parse import unquote, urlsplit
from zlib import crc32

from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key
from django.http.request import validate_host

from portal.environment import Environment, count_together, own_secret

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules

env = Environment()

# --- Where things are --------------------------------------------------------------------------

VAR_DIR = env.folder("VAR_DIR", BASE_DIR / "var")
site = env.address(
    "SITE_URL", "http://localhost:8000", {"http", "https"}, "https://stories.example.org"
)
SITE_URL = site.geturl()
SITE_NAME = env.line("SITE_NAME", "Storybank")
DEBUG = env.flag("DEBUG", False)
DEMO = env.flag("DEMO", False)

LOCAL_SITE = site.hostname in {"127.0.0.1", "localhost", "testserver"}
HTTPS = site.scheme == "https"
if not HTTPS and not LOCAL_SITE:
    env.refuse("SITE_URL must begin with https:// unless it is this machine's own localhost.")
if DEBUG and not LOCAL_SITE:
    env.refuse(
        "DEBUG shows code and data to whoever meets an error; it runs on localhost only. Unset DEBUG."
    )
if DEMO and not LOCAL_SITE:
    env.refuse(
        "DEMO shows everybody's mail and signs anyone in; it runs on localhost only. Unset DEMO."
    )

ALLOWED_HOSTS = env.words(
    "ALLOWED_HOSTS", [site.hostname or "localhost"] + (["127.0.0.1", "localhost"] * LOCAL_SITE)
)
if not validate_host(site.hostname or "", ALLOWED_HOSTS):
    env.refuse(
        "ALLOWED_HOSTS lacks the host of SITE_URL. It holds names alone, without https:// and ports, "
        "such as stories.example.org,127.0.0.1."
    )
CSRF_TRUSTED_ORIGINS = [SITE_URL]
USE_X_FORWARDED_PROTO = env.flag("BEHIND_PROXY", False)
if USE_X_FORWARDED_PROTO:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


SECRET_KEY = env.text("SECRET_KEY", "")
if not SECRET_KEY:
    if LOCAL_SITE:
        SECRET_KEY = own_secret(VAR_DIR, "secret_key", get_random_secret_key)
    else:
        env.refuse("SECRET_KEY is missing. Set it to at least 50 random characters.")
elif len(SECRET_KEY) < 50:
    env.refuse("SECRET_KEY is shorter than 50 characters.")
# What the secrets of the second step are encrypted with in the database, the newest first; without any,
# a key that follows from SECRET_KEY. See portal.vault.
FIELD_KEYS = env.fernet_keys("FIELD_KEYS")

# What was signed with an earlier key, such as a session, holds until it is taken out of this list.
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS", [])
if any(len(earlier) < 50 for earlier in SECRET_KEY_FALLBACKS):
    env.refuse("SECRET_KEY_FALLBACKS holds a key that is shorter than 50 characters.")

# The key that seals batches: a base64 Ed25519 seed of 32 bytes, or (default) one that the
# installation makes for itself under VAR_DIR. Earlier public keys stay published, see portal.signing.
SIGNING_KEY = env.seed("SIGNING_KEY")

# --- Rooms -------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "stories",
    "campaigns",
    "portal",
    "portal.adminconfig.OperatorsAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "template_partials",
]

# One permission table, in as many parts as there are packages. See portal.access.
ACCESS_TABLES = ["portal.rows.ROWS", "campaigns.rows.ROWS", "stories.rows.ROWS"]
# The ties that are read along with the person of each request. See portal.signed_in.
TIES = ["campaigns.roles.TIES"]
# What each package adds to the header, and where it takes a person first. See portal.navigation.
NAVIGATION = [
    "portal.navigation.of_operators",
    "campaigns.navigation.entries",
    "stories.navigation.entries",
]
START_PAGES = ["stories.navigation.start", "portal.navigation.first_of_operators"]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.RequestId",
    "portal.measuring.Measure",
    "csp.middleware.CSPMiddleware",
    "portal.guards.Policies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "portal.guards.Addresses",
    "portal.guards.Weight",
    "django.middleware.csrf.CsrfViewMiddleware",
    "portal.signed_in.SignedIn",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.guards.Crowds",
    "portal.middleware.EvenAnswers",
    "portal.middleware.Access",
    "portal.middleware.Refusals",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.site",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = False

# --- Database ----------------------------------------------------------------------------------

DATABASES = {
    "default": env.database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'storybank.sqlite3'}")
    | {"ATOMIC_REQUESTS": False}
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Write-ahead logging lets readers go on while one writes; IMMEDIATE takes the write lock at the
    # start, so that two writers wait for each other instead of failing at commit.
    DATABASES["default"] |= {
        "CONN_MAX_AGE": 60,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
        "TEST": {"NAME": str(VAR_DIR / "test.sqlite3")},
    }
else:
    # A pool in each process keeps its connections. A thread or a worker's process uses one at a time, so
    # a pool is small, and PostgreSQL needs about one connection for each of them. A connection is tried
    # before it is used: after a restart of PostgreSQL the first requests would meet dead ones otherwise.
    DATABASES["default"] |= {
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            # Who finds the database away is told so in five seconds; and because an attempt is given up
            # after ten, the first one after its return is never minutes away.
            "pool": {"min_size": 1, "max_size": 8, "timeout": 5, "reconnect_timeout": 10},
            **DATABASES["default"].get("OPTIONS", {}),  # what the address says, such as sslmode
        },
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Cache, jobs, post -------------------------------------------------------------------------

REDIS_URL = env.redis("REDIS_URL")

# The rate limits of sign-in live in the cache: with several processes it must be a shared one.
CACHES = {
    "default": (
        {
            "BACKEND": "portal.caching.SteadyCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
        if REDIS_URL
        else {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": str(VAR_DIR / "cache"),
            # A full cache drops entries at random, and with them the limits of sign-in: room for all.
            "OPTIONS": {"MAX_ENTRIES": 20_000},
        }
    )
}

BROKER_DIR = VAR_DIR / "broker"
CELERY_BROKER_URL = REDIS_URL or "storybank-files://localhost"
# A broker that is down must not hold up a request: the bell is lost at once, and the sweep rings again.
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 2,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
if not REDIS_URL:
    for folder in ("queue", "control", "processed"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "processed_folder": str(BROKER_DIR / "processed"),
        "store_processed": False,
        "polling_interval": 0.1,
    }
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_DEFAULT_QUEUE = "work"
QUEUES = ("work", "mail", "building", "delivery")
CELERY_TASK_ROUTES = {
    "portal.send_mail": {"queue": "mail"},
    "stories.build_batch": {"queue": "building"},
    "stories.deliver_batch": {"queue": "delivery"},
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
# What the clock rings. Every task on it may run twice at once: each one claims before it acts.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep": {"task": "portal.sweep", "schedule": 30.0},
    "send-mail": {"task": "portal.send_mail", "schedule": 15.0},
    "digests": {"task": "portal.write_digests", "schedule": 300.0},
    "forget": {"task": "portal.forget", "schedule": 3600.0},
    "open-phases": {"task": "campaigns.open_phases", "schedule": 30.0},
    "forget-uploads": {"task": "campaigns.forget_uploads", "schedule": 3600.0},
    "seal-batches": {"task": "stories.seal_batches", "schedule": 60.0},
    "expire-consents": {"task": "stories.expire_consents", "schedule": 300.0},
    "count-coverage": {"task": "stories.count_coverage", "schedule": 300.0},
    "ask-late-partners": {"task": "stories.ask_for_late_partners", "schedule": 60.0},
}
# Each queue's worker answers the clock, and shows in /health/ready that it does.
CELERY_BEAT_SCHEDULE |= {
    f"beat-{queue}": {
        "task": "portal.beat",
        "schedule": 20.0,
        "args": (queue,),
        "options": {"queue": queue},
    }
    for queue in QUEUES
}
# A bell of the clock that nobody heard in time fades: the next one is on its way, and behind a worker
# that is down or busy they would pile up.
for entry in CELERY_BEAT_SCHEDULE.values():
    entry.setdefault("options", {})["expires"] = max(60.0, entry["schedule"])
CELERY_BEAT_SCHEDULER = "portal.clock:Clock"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "clock")

MAIL_DIR = VAR_DIR / "mail"
# Written by `manage.py demo`: who can be signed in as, on the demonstration's page.
DEMO_CAST = VAR_DIR / "demo.json"
mail = env.address(
    "EMAIL_URL",
    "",
    {"smtp", "smtps", "smtp+tls"},
    "smtp+tls://user:password@mail.example.org:587, with %40 for an @ in the password, %2F for a /, "
    "%23 for a # and %25 for a %",
)
if mail.hostname:
    EMAIL_BACKEND = "portal.mailserver.MailServer"
    EMAIL_HOST = mail.hostname
    EMAIL_PORT = mail.port or {"smtp": 25, "smtps": 465}.get(mail.scheme, 587)
    EMAIL_HOST_USER = unquote(mail.username or "")
    EMAIL_HOST_PASSWORD = unquote(mail.password or "")
    EMAIL_USE_SSL = mail.scheme == "smtps"
    EMAIL_USE_TLS = mail.scheme == "smtp+tls"
else:
    EMAIL_BACKEND = "portal.mailfiles.MailFiles"
EMAIL_TIMEOUT = env.number("EMAIL_TIMEOUT", 20, least=1)
DEFAULT_FROM_EMAIL = env.sender("FROM_EMAIL", formataddr((SITE_NAME, f"storybank@{site.hostname}")))
MESSAGE_BODIES_KEPT_DAYS = env.number("MESSAGE_BODIES_KEPT_DAYS", 30)

# --- Files -------------------------------------------------------------------------------------

STORAGE_URL = env.text("STORAGE_URL", (VAR_DIR / "files").as_uri())
storage = urlsplit(STORAGE_URL)
if storage.scheme != "file" or storage.netloc or not storage.path.startswith("/"):
    env.refuse("STORAGE_URL is not an address such as file:///srv/storybank/files.")
MEDIA_ROOT = storage.path
# Nothing is served from MEDIA_ROOT by address: every file goes through a view that checks.
STORAGES = {
    "default": {"BACKEND": "portal.storage.WholeFiles"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if TESTING or DEBUG
            else "portal.static_files.CollectedAnew"
        )
    },
}
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
# What browsers look for at the root of a site, whatever its pages say: favicon.ico.
WHITENOISE_ROOT = BASE_DIR / "portal" / "root"
STATICFILES_DIRS = [BASE_DIR / "portal" / "assets"]
WHITENOISE_USE_FINDERS = TESTING or DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

# --- People ------------------------------------------------------------------------------------

AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"

ACCOUNT_ADAPTER = "portal.accounts.Adapter"
SOCIALACCOUNT_ADAPTER = "portal.accounts.SocialAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
# Who adds an address is on the way to make it the main one.
ACCOUNT_EMAIL_CONFIRMATION_AUTHENTICATED_REDIRECT_URL = "/accounts/email/"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
# The pages say "a six-digit code" and "15 minutes". Sending a code again, or changing the address on the
# way, would tell a known address from an unknown one: who needs it starts again.
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 900
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 900
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 900
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_FORMS = {
    "login": "portal.forms.PasswordForm",
    "signup": "portal.forms.SignupForm",
    "request_login_code": "portal.forms.RequestCodeForm",
    "confirm_login_code": "portal.forms.LoginCodeForm",
    "confirm_email_verification_code": "portal.forms.AddressCodeForm",
    "reset_password": "portal.forms.ResetForm",
    "confirm_password_reset_code": "portal.forms.ResetCodeForm",
    "reset_password_from_key": "portal.forms.NewPasswordForm",
    "change_password": "portal.forms.ChangePasswordForm",
    "set_password": "portal.forms.SetPasswordForm",
    "add_email": "portal.forms.AddAddressForm",
    "reauthenticate": "portal.forms.AgainForm",
}
# Three tries for a code, three codes in ten minutes for an address: guessing one of a million takes years.
ACCOUNT_RATE_LIMITS = {
    "request_login_code": "20/m/ip,3/10m/key",
    "reset_password": "20/m/ip,3/10m/key",
    "signup": "20/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "confirm_email": "3/10m/key",
    # All attempts to sign in or up from one network (see portal.guards.Crowds): room for a campus
    # on the day that its state opens, and too few for somebody who owns the network.
    "network": "600/10m/key",
}
if USE_X_FORWARDED_PROTO:
    # The proxy's own word for who is calling, not what a caller says of himself.
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
# Answers that would come sooner for an unknown address than for a known one all take this long.
EVEN_ANSWER_SECONDS = 0.0 if TESTING else 0.35
# Told with a person and an address that was proven to be theirs. See portal.accounts.
ADDRESS_VERIFIED = ["campaigns.verbs.members.adopt"]
# What each package answers to "what do you keep about me": a person to JSON. See portal.personal.
PERSONAL_DATA = [
    "portal.personal.account",
    "campaigns.personal.membership",
    "stories.personal.stories",
]
# The name of the page on which a person chooses between a daily digest and other ways to hear.
DIGEST_CHOICE = "campaigns:notices"
# The name of the page on which a person without a tie asks a society to be added.
ASK_TO_BE_ADDED = "campaigns:my_societies"

MFA_ADAPTER = "portal.accounts.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "activate_totp": "portal.forms.ActivateAppForm",
    "authenticate": "portal.forms.SecondStepForm",
    "reauthenticate": "portal.forms.SecondStepAgainForm",
    "add_webauthn": "portal.forms.AddPasskeyForm",
}
MFA_TOTP_ISSUER = SITE_NAME
# A phone's clock may be half a minute off.
MFA_TOTP_TOLERANCE = 1
# Browsers offer passkeys without https only on localhost.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = LOCAL_SITE and not HTTPS
DEMAND_SECOND_FACTOR = env.flag("DEMAND_SECOND_FACTOR", not DEMO)
if not DEMAND_SECOND_FACTOR and not LOCAL_SITE:
    env.refuse("DEMAND_SECOND_FACTOR can be switched off on localhost only.")

# ORCID and OpenID Connect switch on by settings alone. Accounts are never joined by e-mail address:
# a provider's word for an address is not our verification of it.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_PROVIDERS: dict[str, object] = {}
# A browser follows the button "Continue with ..." only to sites that the policy names.
OTHER_SITES: list[str] = []
ORCID_CLIENT_ID = env.text("ORCID_CLIENT_ID", "")
ORCID_CLIENT_SECRET = env.text("ORCID_CLIENT_SECRET", "")
if bool(ORCID_CLIENT_ID) != bool(ORCID_CLIENT_SECRET):
    env.refuse("ORCID_CLIENT_ID and ORCID_CLIENT_SECRET go together; one of them is missing.")
if ORCID_CLIENT_ID:
    INSTALLED_APPS.append("allauth.socialaccount.providers.orcid")
    OTHER_SITES.append("https://orcid.org")
    SOCIALACCOUNT_PROVIDERS["orcid"] = {
        "APPS": [{"client_id": ORCID_CLIENT_ID, "secret": ORCID_CLIENT_SECRET}]
    }
OIDC_URL = env.text("OIDC_URL", "")
OIDC_NAME = env.text("OIDC_NAME", "your organisation")
OIDC_CLIENT_ID = env.text("OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = env.text("OIDC_CLIENT_SECRET", "")
if OIDC_CLIENT_ID and not OIDC_URL:
    env.refuse("OIDC_CLIENT_ID needs OIDC_URL beside it.")
if OIDC_URL:
    if urlsplit(OIDC_URL).scheme != "https" and not LOCAL_SITE:
        env.refuse("OIDC_URL is not an address such as https://id.example.org.")
    if not OIDC_CLIENT_ID:
        env.refuse("OIDC_URL needs OIDC_CLIENT_ID beside it.")
    INSTALLED_APPS.append("allauth.socialaccount.providers.openid_connect")
    OTHER_SITES.append("{0.scheme}://{0.netloc}".format(urlsplit(OIDC_URL)))
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "APPS": [
            {
                "provider_id": "oidc",
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
                "settings": {"server_url": OIDC_URL},
            }
        ]
    }

# --- Trust -------------------------------------------------------------------------------------

SESSION_COOKIE_AGE = env.number("SESSION_DAYS", 14, least=1) * 86400
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.views.errors.csrf_failed"
SECURE_SSL_REDIRECT = HTTPS and env.flag("REDIRECT_TO_HTTPS", True)
# Health checks and Prometheus ask on the machine itself, where nobody speaks https.
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
# No page here asks for any of these, so nothing that gets into one may either. Only names that current
# browsers know: an unknown one is ignored, and complained about on every page.
PERMISSIONS_POLICY = {
    "publickey-credentials-get": "self",
    "publickey-credentials-create": "self",
    "clipboard-write": "self",
} | dict.fromkeys(
    (
        *("accelerometer", "autoplay", "browsing-topics", "camera", "display-capture"),
        *("encrypted-media", "fullscreen", "geolocation", "gyroscope", "hid", "idle-detection"),
        *("local-fonts", "magnetometer", "microphone", "midi", "payment", "picture-in-picture"),
        *("screen-wake-lock", "serial", "storage-access", "usb", "xr-spatial-tracking"),
    ),
    "",
)
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *OTHER_SITES],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# --- Seeing it ---------------------------------------------------------------------------------

# Prometheus reads /metrics with this as its bearer token; without one the page is not there.
METRICS_TOKEN = env.text("METRICS_TOKEN", "")
METRICS_DIR = ""
if METRICS_TOKEN:
    if len(METRICS_TOKEN) < 20:
        env.refuse("METRICS_TOKEN is shorter than 20 characters.")
    # Each installation on a machine counts for itself, and what it counted may go with the machine.
    METRICS_DIR = (
        f"{gettempdir()}/storybank-metrics-{crc32(str(VAR_DIR).encode()):08x}-{os.geteuid()}"
    )
    count_together(Path(METRICS_DIR))
# What is asked from the database for it. See portal.measuring.
FIGURES = ["portal.post.figures.figures", "stories.figures.figures"]
# Mail that waits longer than this is told to these roles on every page. See portal.post.lateness.
LATE_MAIL_MINUTES = env.number("LATE_MAIL_MINUTES", 15, least=1)
TOLD_OF_LATE_MAIL = [
    "portal.access.OPERATOR",
    "campaigns.roles.COORDINATOR",
    "campaigns.roles.LEAD",
]

# --- Words and clocks --------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "portal.logs.RequestIdFilter"}},
    "formatters": {"line": {"()": "portal.logs.LineFormatter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request_id"],
        }
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}

env.stop_on_problems()
