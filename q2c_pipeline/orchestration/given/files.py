"""A file of questions read strictly: every mistake is named by the id and the field it stands in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from q2c_pipeline.domain.kinds import ChargeType
from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.orchestration.given.lines import BillingCase, Case, RevenueCase
from q2c_pipeline.orchestration.given.standards import AllocationCase, ModificationCase
from q2c_pipeline.orchestration.given.usage import UsageCase
from q2c_pipeline.settings import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

C = TypeVar("C", bound=Case)


def read_billing(file: Path) -> list[BillingCase | UsageCase]:
    """The questions of a file; raises ConfigurationError naming the id and field of the first mistake."""
    cases = enumerate(_listed(file, "billing"), 1)
    return [_read(UsageCase, one, n, file) if _is_usage(one) else _read(BillingCase, one, n, file) for n, one in cases]


def read_revenue(file: Path) -> list[RevenueCase | UsageCase]:
    """The questions of a file; raises ConfigurationError naming the id and field of the first mistake."""
    cases = enumerate(_listed(file, "revenue"), 1)
    return [_read(UsageCase, one, n, file) if _is_usage(one) else _read(RevenueCase, one, n, file) for n, one in cases]


def read_allocations(file: Path) -> list[AllocationCase]:
    """The questions of kind `allocation`; raises ConfigurationError naming the id and field of the first mistake."""
    return [_read(AllocationCase, one, n, file) for n, one in _of_kind(file, "allocation")]


def read_modifications(file: Path) -> list[ModificationCase]:
    """The questions of kind `modification`; raises ConfigurationError naming the id and field of the first mistake."""
    return [_read(ModificationCase, one, n, file) for n, one in _of_kind(file, "modification")]


def _of_kind(file: Path, kind: str) -> list[tuple[int, object]]:
    """Cases of another known kind may stand in the same list."""
    others = {"allocation", "modification"} - {kind}
    cases = enumerate(_listed(file, "standards"), 1)
    return [(n, one) for n, one in cases if not (isinstance(one, dict) and one.get("kind") in others)]


def _is_usage(case: object) -> bool:
    line = case.get("line") if isinstance(case, dict) else None
    return isinstance(line, dict) and line.get("charge_type") == ChargeType.USAGE


def _listed(file: Path, kind: str) -> list[object]:
    """The file's list, or the list named `kind` of a file with several."""
    try:
        given = json.loads(file.read_text(encoding="utf-8-sig"), parse_float=str, parse_constant=str)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError, ValueError) as error:
        raise ConfigurationError(
            expected="a readable JSON file", found=str(error), where=file.name, next_step="correct the path or the file"
        ) from error
    cases = given.get(kind) if isinstance(given, dict) else given
    if not isinstance(cases, list):
        raise ConfigurationError(
            expected='a JSON list of {"id", "line", "policy"}',
            found=f"a JSON {type(given).__name__}",
            where=file.name,
            next_step="write the cases as one list",
        )
    return cases


def _read(model: type[C], case: object, number: int, file: Path) -> C:
    try:
        return model.model_validate(case)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = case.get("id") if isinstance(case, dict) else None
        where = f"{file.name}: {name or f'case {number}'}"
        raise _explained(first["type"], ".".join(map(str, first["loc"])), dict(first), where, model) from None


def _explained(kind: str, field: str, error: dict[str, Any], where: str, model: type[BaseModel]) -> ConfigurationError:
    place = f"{where}: {field}" if field else where
    if kind == "missing":
        return ConfigurationError(expected=f"the field '{field}'", found="nothing", where=where, next_step="add it")
    if kind == "extra_forbidden":
        name, known = field.rsplit(".", 1)[-1], _fields_beside(field, model)
        return ConfigurationError(expected="a known field", found=f"'{name}'", where=place, next_step=did_you_mean(name, known))
    if kind == "given":
        said = error["ctx"]
        place = f"{place}.{said['field']}" if said["field"] else place
        return ConfigurationError(expected=said["expected"], found=said["found"], where=place, next_step="correct the value")
    expected = str(error["msg"]).removeprefix("Input should be ")
    return ConfigurationError(expected=expected, found=repr(error["input"])[:80], where=place, next_step="correct the value")


def _fields_beside(field: str, model: type[BaseModel]) -> list[str]:
    section: type[BaseModel] = model
    for part in field.split(".")[:-1]:
        inner = section.model_fields[part].annotation if part in section.model_fields else None
        section = inner if isinstance(inner, type) and issubclass(inner, BaseModel) else section
    return list(section.model_fields)
