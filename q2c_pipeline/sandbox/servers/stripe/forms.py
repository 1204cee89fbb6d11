"""Reads `a[b][0][c]=v`: the nested parameters of query strings and form bodies."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from q2c_pipeline.sandbox.servers.stripe.problems import invalid

if TYPE_CHECKING:
    from collections.abc import Callable

Params = dict[str, Any]
_PARTS = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")


def decode(text: str) -> Params:
    """Turn an encoded string into nested dicts and lists; `a[]=x` and `a[0]=x` both make a list."""
    tree: Params = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found = _PARTS.match(name)
        if not found:
            invalid(f"Invalid parameter name: {name}", name)
        _put(tree, [found[1], *re.findall(r"\[([^\[\]]*)\]", found[2])], value)
    return {name: _lists(value) for name, value in tree.items()}


def _put(tree: Params, path: list[str], value: str) -> None:
    *parents, last = path
    for part in parents:
        tree = tree.setdefault(part or str(len(tree)), {})
    tree[last or str(len(tree))] = value


def _lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    children = {name: _lists(value) for name, value in node.items()}
    return list(children.values()) if children and all(name.isdigit() for name in children) else children


def as_int(text: str, param: str) -> int:
    """Read a whole number."""
    return _read(int, text, param, "integer")


def as_bool(text: str, param: str) -> bool:
    """Read `true` or `false`."""
    if text not in {"true", "false"}:
        invalid(f"Invalid boolean: {text}", param)
    return text == "true"


def as_time(text: str, param: str) -> datetime:
    """Read unix seconds."""
    return datetime.fromtimestamp(as_int(text, param), UTC)


def _read(reader: Callable[[str], int], text: str, param: str, kind: str) -> int:
    try:
        return reader(text)
    except (TypeError, ValueError):
        invalid(f"Invalid {kind}: {text}", param)
