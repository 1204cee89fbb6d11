"""Identity at the command line: thresholds from the policy where there is one, defaults where there is none."""

from __future__ import annotations

import os
from pathlib import Path

from q2c_pipeline.identity.scoring import Thresholds
from q2c_pipeline.settings import CONFIG_NAME, CONFIG_VARIABLE, load_settings


def thresholds(config: Path | None) -> Thresholds:
    """Those of the configuration that is named or lies in this folder; else the defaults, so that a file alone can be scored."""
    if config is None and CONFIG_VARIABLE not in os.environ and not Path(CONFIG_NAME).exists():
        return Thresholds()
    return load_settings(config).policy.identity.thresholds
