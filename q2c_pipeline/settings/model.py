"""The whole configuration of one company, with its secrets closed until a connector needs them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import Field, PrivateAttr, SecretStr

from q2c_pipeline.domain.kinds import Leg
from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.settings.company import SIDES, Company, InstanceSettings
from q2c_pipeline.settings.policy import Policy
from q2c_pipeline.settings.problems import did_you_mean
from q2c_pipeline.settings.secrets import from_file, from_variable
from q2c_pipeline.settings.sql_values import policy_frames, sql_parameters
from q2c_pipeline.settings.values import CronLine, Section

CONFIG_NAME = "q2c.toml"


class Stores(Section):
    """Where things are kept; relative paths are under `root`, which is under the folder of q2c.toml."""

    root: Path = Path("data")
    landing: Path = Path("landing")
    warehouse: Path = Path("warehouse/work.duckdb")
    published: Path = Path("warehouse/analytics.duckdb")
    state: Path = Path("state/state.sqlite")
    reports: Path = Path("reports")
    dagster: Path = Path("dagster")

    def under(self, folder: Path) -> Stores:
        """The same stores with absolute paths."""
        root = (folder / self.root.expanduser()).resolve()
        others = {name: root / getattr(self, name) for name in type(self).model_fields if name != "root"}
        return Stores(root=root, **others)


class Schedule(Section):
    """When the nightly run starts, in the company's time zone."""

    nightly: CronLine = "30 2 * * *"


class Settings(Section):
    """The whole configuration of one company."""

    company: Company
    instances: Annotated[list[InstanceSettings], Field(min_length=1)]
    policy: Policy = Policy()
    stores: Stores = Stores()
    schedule: Schedule = Schedule()
    _path: Path = PrivateAttr(default=Path(CONFIG_NAME))
    _environ: Mapping[str, str] = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: tuple[Path, Mapping[str, str]] | None, /) -> None:
        """Remember where the settings come from and which environment holds the secrets."""
        if context is not None:
            self._path, self._environ = context

    @property
    def path(self) -> Path:
        """The file these settings were read from."""
        return self._path

    @property
    def root(self) -> Path:
        """The folder of q2c.toml."""
        return self._path.parent

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The comparisons that run: those with both sides configured."""
        roles = {one.plays for one in self.instances}
        return tuple(leg for leg, sides in SIDES.items() if roles.issuperset(sides))

    def instance(self, name: str) -> Instance:
        """One system with its secrets opened; raises ConfigurationError for an unknown name or a missing secret."""
        found = next((one for one in self.instances if one.name == name), None)
        if found is None:
            names = [one.name for one in self.instances]
            raise ConfigurationError(
                expected="a configured instance", found=f"'{name}'", where=self.path.name, next_step=did_you_mean(name, names)
            )
        shared = {"time_zone": self.company.time_zone, "bulk_threshold": str(self.policy.bulk_threshold)}
        return Instance(
            name=found.name,
            platform=found.platform.value,
            url=found.url,
            credentials={key: self._secret(found.name, key).get_secret_value() for key in found.credentials},
            conventions=shared | found.conventions,
            account_classes={number: kind.value for number, kind in found.account_classes.items()},
            field_overrides=found.fields,
        )

    def business_day(self, now: datetime) -> date:
        """The last complete day in the company's time zone: at 02:30 on the 2nd it is the 1st."""
        return now.astimezone(ZoneInfo(self.company.time_zone)).date() - timedelta(days=1)

    def sql_parameters(self, as_of: date) -> dict[str, object]:
        """Every value that a SQL file may name in `-- params:`."""
        return sql_parameters(self.company, self.policy, as_of)

    def policy_frames(self) -> dict[str, pl.DataFrame]:
        """The policy's tables by name: `policy.entity`, `policy.instance`, `policy.currency` and so on."""
        return policy_frames(self.company, self.instances, self.policy)

    def _secret(self, instance: str, key: str) -> SecretStr:
        reference = next(one for one in self.instances if one.name == instance).credentials[key]
        kind, _, rest = reference.partition(":")
        where = f"{self.path.name}: instances.{instance}.credentials.{key}"
        return from_variable(rest, self._environ, where) if kind == "env" else from_file(rest, self.root, where)
