"""Log lines as JSON, each with the id of the request that caused it, also within tasks."""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The id of the request or task that is being worked on; empty outside of both."""
    return request_id.get()


class RequestIdFilter(logging.Filter):
    """Puts the request id onto every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, with the id on it."""
        # Django tells of a refused request when it has left the middleware; the request still knows.
        request = getattr(record, "request", None)
        record.request_id = current_request_id() or getattr(request, "request_id", "")
        return True


class LineFormatter(logging.Formatter):
    """One JSON object a line.

    An exception is told by its type and place alone: its message may hold what a person typed.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        line: dict[str, object] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname,
            "logger": record.name,
            "said": said(record),
            "request": getattr(record, "request_id", ""),
        }
        if record.exc_info and record.exc_info[0]:
            line["raised"] = record.exc_info[0].__name__
            line["where"] = frames(record)
        return json.dumps(line, ensure_ascii=False)


def said(record: logging.LogRecord) -> str:
    """What a record says. Celery puts a failed task's exception, with its message, into the line."""
    task = getattr(record, "data", None)
    if record.name == "celery.app.trace" and isinstance(task, dict) and "exc" in task:
        return f"Task {task.get('name')}[{task.get('id')}] failed"
    return record.getMessage()


def frames(record: logging.LogRecord) -> list[str]:
    """The innermost five places of an exception: file, line, function."""
    if not record.exc_info:
        return []
    places = []
    trace = record.exc_info[2]
    while trace:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places[-5:]
