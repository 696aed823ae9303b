"""The rules of the house that a machine can hold. Each is also shown a line that breaks it."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.db import connection, models
from django.template.utils import get_app_template_dirs
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.module_loading import import_string

from portal import access
from portal.celery import app
from tests.house import reading
from tests.house.own_ground import setting_names
from tests.house.reading import PACKAGES, ROOT

PYTHON = reading.python_sources()
TEMPLATES = reading.template_sources()


# --- States ------------------------------------------------------------------------------------


def test_only_moves_write_a_state() -> None:
    assert reading.states_written_outside(PYTHON) == []


@pytest.mark.parametrize(
    "line",
    [
        "story.state = 'approved'",
        "Story.objects.filter(pk=1).update(state='approved', x=1)",
        "setattr(story, 'state', 'approved')",
        "Story.objects.bulk_update(stories, ['hook', 'state'])",
    ],
)
def test_a_state_written_elsewhere_is_found(line: str) -> None:
    assert reading.states_written_outside({"stories/views/x.py": line}) == [
        "stories/views/x.py:1 writes a state"
    ]
    assert reading.states_written_outside({"portal/moves.py": line}) == []


def test_every_legal_move_is_made_by_a_verb_and_no_other_is() -> None:
    tables = {
        (name, verb)
        for package in ("campaigns", "stories")
        for name, table in vars(importlib.import_module(f"{package}.states")).items()
        if name.endswith("_MOVES")
        for verb in table
    }
    verbs = {path: text for path, text in PYTHON.items() if "/verbs/" in path}
    assert reading.moves_made(verbs) == tables
    assert reading.moves_made(PYTHON) == tables
    assert reading.moves_made({"x": "move(a, A_MOVES['b'])"}) == {("A_MOVES", "b")}


def test_rules_ask_neither_database_nor_clock() -> None:
    assert reading.impurities(PYTHON) == []
    guilty = {"stories/rules/x.py": "timezone.now()", "stories/verbs/x.py": "timezone.now()"}
    assert reading.impurities(guilty) == ["stories/rules/x.py:1 asks by .now"]


# --- The broker --------------------------------------------------------------------------------


def test_only_the_outbox_calls_the_broker() -> None:
    assert reading.broker_called_outside(PYTHON) == []
    assert reading.broker_called_outside({"a.py": "task.delay(1)"}) == [
        "a.py:1 calls the broker by delay"
    ]


def registered_tasks() -> set[str]:
    app.loader.import_default_modules()
    return {name for name in app.tasks if not name.startswith("celery.")}


def test_every_task_that_somebody_rings_for_exists() -> None:
    rung = {str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    rung |= set(settings.CELERY_TASK_ROUTES) | reading.called_tasks(PYTHON)
    assert rung - registered_tasks() == set()
    assert reading.called_tasks({"a.py": "outbox.start('no.such')"}) == {"no.such"}


def test_every_queue_that_a_task_is_routed_to_is_worked_on() -> None:
    worked_on = set(import_string("portal.management.commands.serve.QUEUES").split(","))
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert routed | {settings.CELERY_TASK_DEFAULT_QUEUE} == worked_on
    # That docker-compose.yml has a worker for each of them is held by tests/test_compose.py.


# --- Addresses ---------------------------------------------------------------------------------


def url_names(
    patterns: list[URLPattern | URLResolver] | None = None, space: str = ""
) -> Iterator[str]:
    """Every URL's name with its namespace; the pattern itself where it has none."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from url_names(pattern.url_patterns, inner)
        else:
            yield f"{space}{pattern.name or pattern.pattern}"


def test_every_url_has_a_permission_row_and_every_row_a_url() -> None:
    # allauth forwards from its former addresses by URLs without names: without a row, nobody gets in.
    elsewhere = (*access.FOREIGN, access.ADMIN_NAMES, "social/")
    own = {name for name in url_names() if not name.startswith(elsewhere)}
    assert own == set(access.table())


def test_an_unnamed_url_cannot_hide() -> None:
    hidden = URLPattern(get_resolver().pattern, lambda request: None)
    assert list(url_names([hidden])) == ["^/"]
    assert not any(name.startswith(access.FOREIGN) for name in url_names([hidden]))


def own_doors() -> set[tuple[str, str]]:
    """(path, function) of every view of ours that has a URL."""

    def walk(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns)
            else:
                yield pattern

    callbacks = [pattern.callback for pattern in walk(get_resolver().url_patterns)]
    return {
        (f"{callback.__module__.replace('.', '/')}.py", getattr(callback, "__name__", ""))
        for callback in callbacks
        if callback.__module__.partition(".")[0] in PACKAGES
    }


def test_every_door_names_its_methods() -> None:
    doors = own_doors()
    assert ("portal/views/home.py", "home") in doors
    assert reading.doors_without_method(PYTHON, doors) == []
    door, place = "def show(request): ...", {("a.py", "show")}
    assert len(reading.doors_without_method({"a.py": door}, place)) == 1
    assert reading.doors_without_method({"a.py": f"@require_safe\n{door}"}, place) == []


# --- Settings ----------------------------------------------------------------------------------


def test_the_readme_lists_exactly_the_settings_that_are_read() -> None:
    readme = (ROOT / "README.md").read_text()
    assert reading.documented(readme, "Settings") == setting_names()
    short = "\n## Settings\n| `A` | x |\n\n## Next\n| `B` | x |"
    assert reading.documented(short, "Settings") == {"A"}


def test_settings_are_read_nowhere_else() -> None:
    elsewhere = {
        path
        for path, text in PYTHON.items()
        if re.search(r"os\.(environ(?!\.setdefault\(\"DJANGO)|getenv)", text)
    }
    assert elsewhere == {"portal/environment.py"}


# --- Templates ---------------------------------------------------------------------------------


def overrides_an_installed_one(name: str) -> bool:
    """Whether an installed package has a template of this name, or Django looks for it itself."""
    if name in {"400.html", "403.html", "404.html", "429.html", "500.html"}:
        return True
    return any((Path(folder) / name).exists() for folder in get_app_template_dirs("templates"))


def test_every_template_is_used() -> None:
    named = reading.templates_named(TEMPLATES, PYTHON)
    assert [
        name for name in TEMPLATES if name not in named and not overrides_an_installed_one(name)
    ] == []
    assert not overrides_an_installed_one("stories/lost.html")
    assert "a.html" in reading.templates_named({}, {"x": "render(request, 'a.html#part')"})


def test_every_template_that_is_named_exists() -> None:
    missing = [
        finding
        for finding in reading.templates_missing(TEMPLATES)
        if not overrides_an_installed_one(finding.split(" names ")[1].split(",")[0])
    ]
    assert missing == []
    in_python = {
        words.partition("#")[0]
        for words in reading.string_constants(PYTHON)
        if re.fullmatch(r"[a-z_]+(/[a-z_]+)*\.(html|txt)(#[a-z-]+)?", words) and "/" in words
    }
    assert {
        name for name in in_python - set(TEMPLATES) if not overrides_an_installed_one(name)
    } == set()
    assert reading.templates_missing({"a.html": '{% include "b.html" %}'}) == [
        "a.html names b.html, which is not there"
    ]


def test_every_mail_is_written_as_text_and_as_html() -> None:
    names = {Path(name).with_suffix("") for name in TEMPLATES if name.startswith("mail/")}
    names -= {Path("mail/base"), Path("mail/footer")}
    assert [name for name in names if f"{name}.txt" not in TEMPLATES] == []
    assert [name for name in names if f"{name}.html" not in TEMPLATES] == []


def test_no_page_has_inline_code() -> None:
    assert reading.inline_code(TEMPLATES) == []


@pytest.mark.parametrize(
    "line",
    [
        "<script>go()</script>",
        "<style>p {}</style>",
        '<p class="a" style="color: red">',
        '<button type="button" onclick="go()">',
        '<a href="javascript:go()">',
    ],
)
def test_inline_code_is_found(line: str) -> None:
    assert len(reading.inline_code({"a.html": line})) == 1
    assert reading.inline_code({"a.html": '<script src="/x.js" defer></script>'}) == []


# --- Data --------------------------------------------------------------------------------------


def migration_sources() -> dict[str, str]:
    return {
        str(file.relative_to(ROOT)): file.read_text()
        for package in PACKAGES
        for file in (ROOT / package / "migrations").glob("*.py")
    }


@pytest.mark.django_db
def test_what_migrations_freeze_is_frozen_in_the_database() -> None:
    names = reading.frozen_triggers(migration_sources())
    asked = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        assert {row[0] for row in cursor.fetchall()} == names
    assert {
        "frozen_portal_auditline",
        "frozen_campaigns_consenttext",
        "frozen_campaigns_participation",
        "frozen_stories_revision",
        "frozen_stories_acceptance",
        "frozen_stories_consent",
        "frozen_stories_consent_once",
        "frozen_stories_item",
        "frozen_stories_item_once",
        "frozen_stories_batch",
        "frozen_stories_batch_once",
        "frozen_stories_receipt",
    } <= names


def own_models() -> list[type[models.Model]]:
    return [model for name in PACKAGES for model in apps.get_app_config(name).get_models()]


def test_every_model_says_what_it_is() -> None:
    def silent(model: type[models.Model]) -> bool:
        words = model.__doc__ or ""
        return not words or words.startswith(f"{model.__name__}(")

    assert [model.__name__ for model in own_models() if silent(model) and not through(model)] == []
    assert silent(type("Silent", (), {"__doc__": "Silent(id)"}))


def through(model: type[models.Model]) -> bool:
    """Whether Django made this model for a many-to-many field."""
    return bool(model._meta.auto_created)


# --- Commands and shape ------------------------------------------------------------------------


def test_every_command_says_what_it_is_for_and_stands_in_the_readme() -> None:
    own = {name: where for name, where in get_commands().items() if where in PACKAGES}
    silent = [name for name, where in own.items() if not load_command_class(where, name).help]
    assert silent == []
    assert reading.documented((ROOT / "README.md").read_text(), "Commands") == set(own)


def test_no_link_of_a_page_leads_nowhere() -> None:
    pages = reading.pages()
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md"} <= set(pages)
    assert reading.broken_links(pages) == []
    assert reading.broken_links({"docs/a.md": "[x](lost.md) [y](../README.md#settings)"}) == [
        "docs/a.md links to lost.md"
    ]


def test_one_look_holds_a_file_and_a_function() -> None:
    python = {path: text for path, text in PYTHON.items() if path != "portal/settings.py"}
    assert reading.long_things(python, file_lines=380, function_lines=50) == []
    long = "def f():\n" + "    x = 1\n" * 3
    assert reading.long_things({"a.py": long}, file_lines=9, function_lines=3) == [
        "a.py:1 f has 4 lines"
    ]


def test_nothing_names_the_machine_that_it_was_written_on() -> None:
    named = re.compile(r"/(?:work|home|root)/[a-z]")
    assert [path for path, text in {**PYTHON, **TEMPLATES}.items() if named.search(text)] == []
    assert named.search("/work/x")


def test_the_lists_of_templates_and_sources_are_not_empty() -> None:
    assert len(PYTHON) > 50
    assert len(TEMPLATES) > 20
