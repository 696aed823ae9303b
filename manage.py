#!/usr/bin/env python3
"""Django's command line for Storybank."""

import os
import sys


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import InterfaceError, OperationalError, ProgrammingError

    try:
        _ = settings.BASE_DIR  # reads every setting
    except ImproperlyConfigured as problem:
        sys.exit(str(problem))
    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, InterfaceError, ProgrammingError) as problem:
        why = " ".join(str(problem).split())
        # PostgreSQL's words for a missing table or column; in a migration they are a defect of ours.
        wrong_sql = isinstance(problem, ProgrammingError)
        ours = wrong_sql and ("does not exist" not in why or "migrate" in sys.argv)
        if "--traceback" in sys.argv or ours:
            raise
        if wrong_sql or "no such table" in why:
            why = why.partition(" LINE ")[0]
            sys.exit(f"The database is empty or old ({why}): run `python manage.py migrate` first.")
        sys.exit(
            f"The database does not answer: {why}\n"
            "Is its server running, and does DATABASE_URL name it? Nothing was done by halves; "
            "run the command again when it answers."
        )


if __name__ == "__main__":
    main()
