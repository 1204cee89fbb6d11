"""Reads q2c.toml and the environment; every mistake is named with its place and its cure, all of them at once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.settings.contradictions import contradictions
from q2c_pipeline.settings.model import CONFIG_NAME, Settings
from q2c_pipeline.settings.problems import Problem, did_you_mean, refuse
from q2c_pipeline.settings.versions import BASE, VERSIONS, with_whole_versions

CONFIG_VARIABLE = "Q2C_CONFIG"


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the configuration: `path`, else $Q2C_CONFIG, else ./q2c.toml; raises ConfigurationError."""
    environment = os.environ if environ is None else environ
    file = (path or Path(environment.get(CONFIG_VARIABLE, CONFIG_NAME))).expanduser().resolve()
    raw = read_toml(file)
    try:
        settings = Settings.model_validate(with_whole_versions(raw), context=(file, environment))
    except ValidationError as error:
        refuse([explained(one, raw, file, Settings) for one in _once(error.errors(include_url=False))], file)
    refuse([*contradictions(settings, file)], file)
    return settings.model_copy(update={"stores": settings.stores.under(file.parent)})


def read_toml(file: Path, if_absent: str = "copy q2c.example.toml there, or pass --config PATH") -> dict[str, Any]:
    """The file's tables with exact numbers; raises ConfigurationError where it is none."""
    try:
        # Some editors begin a file with a byte-order mark, which TOML does not know.
        return tomllib.loads(file.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except FileNotFoundError:
        problem = Problem("a TOML file", "no such file", str(file), if_absent)
    except OSError as error:
        problem = Problem("a readable file", error.strerror or "an error", str(file), "name a file, and let it be read")
    except UnicodeDecodeError:
        problem = Problem("UTF-8 text", "other bytes", str(file), "save the file as UTF-8")
    except tomllib.TOMLDecodeError as error:
        problem = Problem("valid TOML", str(error), file.name, "correct that line; q2c.example.toml shows the form")
    raise ConfigurationError(**problem._asdict())


def _once(errors: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Without the mistakes that a version of the policy repeats because it does not change them."""
    seen, kept = set(), []
    for error in errors:
        loc = error["loc"]
        place = (BASE, *loc[2:]) if loc[:1] == (VERSIONS,) else loc
        if (place, error["type"], repr(error["input"])) not in seen:
            kept.append(error)
        seen.add((place, error["type"], repr(error["input"])))
    return kept


def explained(error: ErrorDetails, raw: dict[str, object], file: Path, root: type[BaseModel]) -> Problem:
    """One mistake that the model `root` found in `raw`, in the words of the file."""
    loc, kind = error["loc"], error["type"]
    where = f"{file.name}: {_spelled(loc, raw)}"
    if kind == "extra_forbidden":
        return Problem("a known key", f"'{loc[-1]}'", where, did_you_mean(str(loc[-1]), _keys_beside(loc, root)))
    if kind == "missing":
        return Problem(f"the key '{loc[-1]}'", "nothing", where, "add it; q2c.example.toml explains every key")
    if kind == "enum":
        known = re.findall(r"'([^']+)'", error["ctx"]["expected"])
        return Problem("a known word", f"'{error['input']}'", where, did_you_mean(str(error["input"]), known))
    if kind == "list_type":
        return Problem(
            "a list", repr(error["input"])[:80], where, f"write each entry as a block of its own: [[{'.'.join(map(str, loc))}]]"
        )
    if kind == "q2c":
        return Problem(error["ctx"]["expected"], error["ctx"]["found"], where, error["ctx"]["next_step"])
    found = (
        "a value of another kind (not shown)"
        if {"credentials", "write_credentials"}.intersection(loc)
        else repr(error["input"])[:80]
    )
    expected = error["msg"].removeprefix("Input should be ").removeprefix("Input should ")
    return Problem(expected[:1].lower() + expected[1:], found, where, "correct the value")


def _spelled(loc: tuple[int | str, ...], raw: dict[str, object]) -> str:
    """The place as people write it: instances.sf_main.url instead of instances.0.url."""
    parts: list[str] = []
    inside: object = raw
    for part in (one for one in loc if one != "[key]"):
        entry = inside[part] if isinstance(inside, list) and isinstance(part, int) else None
        parts.append(_name_of(entry, part + 1) if isinstance(part, int) else part)
        inside = entry if isinstance(part, int) else inside.get(part) if isinstance(inside, dict) else None
    return ".".join(parts)


def _name_of(entry: object, number: int) -> str:
    """An entry of a list by the name that it bears, else by its place."""
    named = entry if isinstance(entry, dict) else {}
    return str(named.get("name", named.get("version", f"number {number}")))


def _keys_beside(loc: tuple[int | str, ...], root: type[BaseModel]) -> list[str]:
    """The keys that the section of a misspelt key knows."""
    section = root
    for part in loc[:-1]:
        if part in section.model_fields:
            section = next(_sections_in(section.model_fields[str(part)].annotation), section)
    return list(section.model_fields)


def _sections_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _sections_in(inner)
