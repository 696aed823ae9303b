"""Reads the project's own text and says where it breaks a rule of the house.

Every rule takes sources as {path: text}, so that tests/test_house.py can hold it against the project
and, with a made-up line, show that it can fail. Findings are sentences that begin with the place.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("portal", "campaigns", "stories")
Sources = Mapping[str, str]


def python_sources() -> dict[str, str]:
    """The packages' own Python, without migrations."""
    return {
        str(file.relative_to(ROOT)): file.read_text()
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in file.parts
    }


def template_sources() -> dict[str, str]:
    """Every template, by its name as `{% include %}` would say it."""
    folder = ROOT / "templates"
    return {
        str(file.relative_to(folder)): file.read_text()
        for file in sorted(folder.rglob("*"))
        if file.suffix in {".html", ".txt"}
    }


def states_written_outside(sources: Sources) -> list[str]:
    """Where a `state` is assigned or updated elsewhere than in portal/moves.py.

    New rows may be created with a state. A Place's `state` is one of the United States.
    """
    return [
        f"{path}:{getattr(node, 'lineno', 0)} writes a state"
        for path, node in _nodes(sources)
        if path != "portal/moves.py" and _writes_state(node)
    ]


def broker_called_outside(sources: Sources) -> list[str]:
    """Where a task is sent elsewhere than in portal/outbox.py."""
    return [
        f"{path}:{node.lineno} calls the broker by {node.func.attr}"
        for path, node in _nodes(sources)
        if path != "portal/outbox.py"
        and isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"send_task", "delay", "apply_async"}
    ]


def impurities(sources: Sources) -> list[str]:
    """Where a pure rule or a table of states asks the database or a clock."""
    asking = {"objects", "_default_manager", "now", "today", "utcnow", "localdate"}
    return [
        f"{path}:{node.lineno} asks by .{node.attr}"
        for path, node in _nodes(sources)
        if ("/rules/" in path or path.endswith("/states.py"))
        and isinstance(node, ast.Attribute)
        and node.attr in asking
    ]


def doors_without_method(sources: Sources, doors: Collection[tuple[str, str]]) -> list[str]:
    """Views, given as (path, function), that do not say which HTTP methods they take."""
    return [
        f"{path}:{node.lineno} {node.name} names no method: require_safe, require_POST ..."
        for path, node in _nodes(sources)
        if isinstance(node, ast.FunctionDef)
        and (path, node.name) in doors
        and not any("require_" in ast.unparse(decorator) for decorator in node.decorator_list)
    ]


def called_tasks(sources: Sources) -> set[str]:
    """The names of tasks and jobs that somebody starts, where they are written out."""
    return {
        node.args[0].value
        for _, node in _nodes(sources)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"outbox.start", "outbox.ring", "start", "ring"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
        and re.fullmatch(r"[a-z]+\.[a-z_]+", node.args[0].value)
    }


def moves_made(sources: Sources) -> set[tuple[str, str]]:
    """(table, verb) for every `SOMETHING_MOVES["verb"]`."""
    return {
        (node.value.id, node.slice.value)
        for _, node in _nodes(sources)
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id.endswith("_MOVES")
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
    }


def string_constants(sources: Sources) -> set[str]:
    """Every string that is written out somewhere."""
    return {
        node.value
        for _, node in _nodes(sources)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def templates_named(templates: Sources, sources: Sources) -> set[str]:
    """Every template that a template or a line of Python names; mail is named without its folder."""
    tag = re.compile(r"""\{%-?\s*(?:extends|include)\s+["']([^"'#]+)""")
    named = {name for text in templates.values() for name in tag.findall(text)}
    for words in string_constants(sources):
        named |= {words.partition("#")[0], f"mail/{words}.txt", f"mail/{words}.html"}
    return named


def templates_missing(templates: Sources) -> list[str]:
    """`{% extends %}` and `{% include %}` of a template that is not in templates/."""
    tag = re.compile(r"""\{%-?\s*(?:extends|include)\s+["']([^"'#]+)""")
    return [
        f"{name} names {other}, which is not there"
        for name, text in templates.items()
        for other in tag.findall(text)
        if other not in templates
    ]


def inline_code(templates: Sources) -> list[str]:
    """Scripts, styles and handlers inside a page, which the content security policy blocks."""
    forbidden = {
        "an inline script": re.compile(r"<script(?![^>]*(?:\bsrc=|application/json))[^>]*>", re.I),
        "a style element": re.compile(r"<style\b", re.I),
        "a style attribute": re.compile(r"<[a-z][^>]*\sstyle\s*=", re.I),
        "an event handler": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.I),
        "a javascript: address": re.compile(r"javascript:", re.I),
        "htmx code": re.compile(r"<[a-z][^>]*\shx-on[:-]|\bhx-vals=[\"']js:", re.I),
    }
    return [
        f"{name} has {what}"
        for name, text in templates.items()
        if not name.startswith("mail/")
        for what, pattern in forbidden.items()
        if pattern.search(text)
    ]


def frozen_triggers(migrations: Sources) -> set[str]:
    """The names of the triggers that the migrations' `freeze(...)` calls make."""
    names = set()
    for _, node in _nodes(migrations):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "freeze":
            once = any(keyword.arg == "once" for keyword in node.keywords)
            table = ast.literal_eval(node.args[0])
            names.add(f"frozen_{table}_once" if once else f"frozen_{table}")
    return names


def documented(readme: str, heading: str) -> set[str]:
    """The names in the first column of the table under a heading of the README."""
    section = readme.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([A-Za-z0-9_]+)` \|", section, re.M))


def broken_links(pages: Sources) -> list[str]:
    """Relative links of Markdown pages, given by path, that lead nowhere."""
    return [
        f"{path} links to {target}"
        for path, text in pages.items()
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text)
        if not (ROOT / path).parent.joinpath(target).exists()
    ]


def pages() -> dict[str, str]:
    """Every Markdown page of the project by its path."""
    files = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return {str(file.relative_to(ROOT)): file.read_text() for file in sorted(files)}


def long_things(sources: Sources, *, file_lines: int, function_lines: int) -> list[str]:
    """Files and functions that one look cannot hold."""
    found = [
        f"{path} has {text.count(chr(10))} lines"
        for path, text in sources.items()
        if text.count("\n") > file_lines
    ]
    for path, node in _nodes(sources):
        if isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            if length > function_lines:
                found.append(f"{path}:{node.lineno} {node.name} has {length} lines")
    return found


def _nodes(sources: Sources) -> Iterator[tuple[str, ast.AST]]:
    for path, text in sources.items():
        for node in ast.walk(ast.parse(text)):
            yield path, node


def _writes_state(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        return any(_is_state(target) for target in node.targets)
    if isinstance(node, ast.AugAssign | ast.AnnAssign):
        return _is_state(node.target)
    if not isinstance(node, ast.Call) or ast.unparse(node.func).startswith("Place.objects."):
        return False
    if ast.unparse(node.func) == "setattr":
        return len(node.args) > 1 and _is_word(node.args[1])
    if not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr == "update":
        return any(keyword.arg == "state" for keyword in node.keywords)
    if node.func.attr == "bulk_update":
        return any(_is_word(part) for argument in node.args for part in ast.walk(argument))
    return False


def _is_state(target: ast.expr) -> bool:
    return (
        isinstance(target, ast.Attribute)
        and target.attr == "state"
        and ast.unparse(target.value) != "place"
    )


def _is_word(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == "state"
