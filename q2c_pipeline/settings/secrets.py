"""Opens references to secrets: an environment variable, or a file and a key in it; what went wrong is told, never the text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.settings.problems import wrong


def well_formed(text: str) -> str:
    """A reference as it is; anything else may be the secret itself and is refused without being shown."""
    if not re.fullmatch(r"env:[A-Za-z_]\w*|file:[^#]+(#[^#]+)?", text):
        hint = "put the secret into a variable or a secrets file and write 'env:NAME' or 'file:path#key' here"
        raise wrong("a reference to a secret", "a literal value (not shown)", hint)
    return text


def from_variable(name: str, environ: Mapping[str, str], where: str) -> SecretStr:
    """The value of an environment variable; raises ConfigurationError where it is empty."""
    value = environ.get(name, "")
    if not value:
        raise ConfigurationError(
            expected=f"a value in the environment variable {name}",
            found="nothing",
            where=where,
            next_step=f"export {name} before the run",
        )
    return SecretStr(value)


def from_file(rest: str, folder: Path, where: str) -> SecretStr:
    """The whole text of `path`, or the value under a dotted key of a TOML file for `path#key`."""
    path, _, key = rest.partition("#")
    file = folder / Path(path).expanduser()
    try:
        text = file.read_text(encoding="utf-8")
        value: object = tomllib.loads(text) if key else text
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        # The text of a broken secrets file must not travel into messages; the kind of failure is enough.
        raise ConfigurationError(
            expected="a readable secrets file",
            found=error.strerror or "an error" if isinstance(error, OSError) else "text that is not TOML in UTF-8",
            where=f"{where} -> {file}",
            next_step="create it (owner-readable only) or correct its path",
        ) from None
    for part in key.split(".") if key else []:
        value = value.get(part) if isinstance(value, dict) else None
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(
            expected=f"a text under '{key}'" if key else "a secret",
            found="nothing" if value is None or value == "" else "something else",
            where=f"{where} -> {file}",
            next_step="add it to the secrets file",
        )
    return SecretStr(value)
