"""The platforms that there are: a folder of `platforms` with a `platform.toml`, which says what such a system usually is."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import AfterValidator

from q2c_pipeline.domain.kinds import Role
from q2c_pipeline.settings.problems import did_you_mean, wrong
from q2c_pipeline.settings.values import Section


class Platform(Section):
    """A kind of system that a connector exists for; each connector says itself what the value of a convention may be."""

    role: Role
    conventions: frozenset[str] = frozenset()


@cache
def platforms() -> Mapping[str, Platform]:
    """Every platform by the name of its folder."""
    described = {folder.name: folder.joinpath("platform.toml") for folder in files("q2c_pipeline.platforms").iterdir()}
    return {
        name: Platform.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
        for name, file in sorted(described.items())
        if file.is_file()
    }


def _known_platform(name: str) -> str:
    if name not in platforms():
        raise wrong("a platform", f"'{name}'", did_you_mean(name, platforms()))
    return name


PlatformName = Annotated[str, AfterValidator(_known_platform)]
