"""Where Dagster keeps its history: the folder that q2c.toml names, under the options of dagster.yaml."""

import shutil
import sys
from pathlib import Path

import dagster as dg

from q2c_pipeline.errors import Q2CError
from q2c_pipeline.settings import Settings, load_settings

OPTIONS = "dagster.yaml"
_CHECKOUT = Path(__file__).resolve().parents[2]
_QUIET = "telemetry:\n  enabled: false\n"


def dagster_home(settings: Settings) -> Path:
    """The folder to use as DAGSTER_HOME; dagster.yaml beside q2c.toml, else the checkout's, is copied into it each time."""
    home = settings.stores.dagster
    home.mkdir(parents=True, exist_ok=True)
    options = next((folder / OPTIONS for folder in (settings.root, _CHECKOUT) if (folder / OPTIONS).is_file()), None)
    if options is not None:
        shutil.copyfile(options, home / OPTIONS)
    elif not (home / OPTIONS).exists():
        (home / OPTIONS).write_text(_QUIET, encoding="utf-8")
    return home


def dagster_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance whose runs the UI shows."""
    return dg.DagsterInstance.from_config(str(dagster_home(settings)))


def main() -> None:
    """Print the home for the Makefile, or say what is wrong with the configuration."""
    try:
        print(dagster_home(load_settings()))  # noqa: T201  (its output is its answer)
    except Q2CError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
