"""q2c.toml and the environment as typed settings; the only package that looks at either, and the only one that opens secrets."""

from q2c_pipeline.settings.company import InstanceSettings
from q2c_pipeline.settings.model import CONFIG_NAME, Settings
from q2c_pipeline.settings.problems import did_you_mean
from q2c_pipeline.settings.reading import CONFIG_VARIABLE, load_settings

__all__ = ["CONFIG_NAME", "CONFIG_VARIABLE", "InstanceSettings", "Settings", "did_you_mean", "load_settings"]
