"""The vendor's description of its answers, where this machine has it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

SPEC = Path(__file__).parents[2].parent / "shared" / "vendors" / "data" / "stripe.openapi.json"


@cache
def validator_for(path: str) -> Draft4Validator:
    """Checks GET answers of one address against the vendor's description."""
    place = f"paths/{path.replace('/', '~1')}/get/responses/200/content/application~1json/schema"
    registry: Registry[Any] = Registry().with_resource("urn:stripe", Resource.from_contents(spec(), DRAFT4))
    return Draft4Validator({"$ref": f"urn:stripe#/{place}"}, registry=registry)


@cache
def spec() -> Any:
    if not SPEC.exists():
        pytest.skip("the vendor's description is not on this machine")
    return with_null_types(json.loads(SPEC.read_text()))


def with_null_types(node: Any) -> Any:
    """OpenAPI's `nullable` as JSON Schema says it."""
    if isinstance(node, list):
        return [with_null_types(one) for one in node]
    if not isinstance(node, dict):
        return node
    plain = {name: with_null_types(value) for name, value in node.items()}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain


def problems(path: str, body: dict[str, Any]) -> list[str]:
    """What the documented schema has against `body`."""
    return [f"{error.json_path}: {error.message[:200]}" for error in validator_for(path).iter_errors(body)]
