"""What a request costs that does nothing: a row inserted, a row updated, and no middleware around it."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse


def ready() -> None:
    """Make the table."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (id bigserial PRIMARY KEY, words text NOT NULL)")
        cursor.execute("INSERT INTO bare (words) SELECT 'w' FROM generate_series(1, 1000)")


def insert(request: HttpRequest) -> HttpResponse:
    """One row."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bare (words) VALUES (%s)", [request.POST["words"]])
    return HttpResponse("yes")


def update(request: HttpRequest) -> HttpResponse:
    """One row of a thousand."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bare SET words = %s WHERE id = 1 + floor(random() * 999)::int",
            [request.POST["words"]],
        )
    return HttpResponse("yes")
