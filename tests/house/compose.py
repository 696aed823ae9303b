"""docker-compose.yml and Dockerfile read as Docker reads them, so that a test can run what they run."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

import yaml

from tests.house.reading import ROOT

#: ${NAME}, ${NAME:-default}, ${NAME:?words}, and $$ for one dollar sign.
VARIABLE = re.compile(r"\$\$|\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")


def read(values: Mapping[str, str]) -> dict[str, Any]:
    """The compose file with `values` in place of what .env holds; KeyError for a required one."""
    parsed: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    filled: dict[str, Any] = _fill(parsed, values)
    return filled


def _fill(node: Any, values: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _fill(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [_fill(value, values) for value in node]
    if isinstance(node, str):
        return VARIABLE.sub(lambda found: _value(found, values), node)
    return node


def _value(found: re.Match[str], values: Mapping[str, str]) -> str:
    if found[0] == "$$":
        return "$"
    if given := values.get(found[1]):
        return given
    if found[2] == "?":
        raise KeyError(f"{found[1]}: {found[3]}")
    return found[3] or ""


def command(service: Mapping[str, Any]) -> list[str]:
    """The words of a service's command; the image's own where it names none."""
    given = service.get("command") or image_command()
    return shlex.split(given) if isinstance(given, str) else list(given)


def health_check(service: Mapping[str, Any]) -> list[str]:
    """The words of a service's health check."""
    kind, *words = service["healthcheck"]["test"]
    return ["/bin/sh", "-c", *words] if kind == "CMD-SHELL" else words


def image_command() -> list[str]:
    """The last CMD of the Dockerfile."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    found = re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)
    words: list[str] = json.loads(found[-1])
    return words


def seconds(duration: str) -> int:
    """A duration such as 70s or 2m."""
    number, unit = re.fullmatch(r"(\d+)([sm])", duration).groups()  # type: ignore[union-attr]
    return int(number) * {"s": 1, "m": 60}[unit]
