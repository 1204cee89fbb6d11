"""The whole configuration of one company, with its secrets closed until a connector needs them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import Field, PrivateAttr, SecretStr

from q2c_pipeline.alerts.alert import Channel
from q2c_pipeline.domain.kinds import Leg
from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.settings.company import SIDES, Company, InstanceSettings
from q2c_pipeline.settings.policy import Policy
from q2c_pipeline.settings.problems import did_you_mean
from q2c_pipeline.settings.secrets import from_file, from_variable
from q2c_pipeline.settings.sql_values import policy_frames, sql_parameters
from q2c_pipeline.settings.values import CronLine, SecretReference, Section
from q2c_pipeline.settings.versions import in_force

CONFIG_NAME = "q2c.toml"


class Stores(Section):
    """Where things are kept; relative paths are under `root`, which is under the folder of q2c.toml."""

    root: Path = Path("data")
    landing: Path = Path("landing")
    warehouse: Path = Path("warehouse/work.duckdb")
    published: Path = Path("warehouse/analytics.duckdb")
    state: Path = Path("state/state.sqlite")
    state_url: SecretReference | None = None
    reports: Path = Path("reports")
    dagster: Path = Path("dagster")
    memory: Annotated[str, Field(pattern=r"^[1-9]\d*(MB|GB)$")] | None = None
    """How much memory the warehouse may take before it uses disk; four fifths of the machine's unless given."""

    def under(self, folder: Path) -> Stores:
        """The same stores with absolute paths."""
        root = (folder / self.root.expanduser()).resolve()
        paths = {name: root / path for name, path in self if isinstance(path, Path)}
        return self.model_copy(update=paths | {"root": root})


class Schedule(Section):
    """When the nightly run starts, in the company's time zone."""

    nightly: CronLine = "30 2 * * *"


class Settings(Section):
    """The whole configuration of one company."""

    company: Company
    instances: Annotated[list[InstanceSettings], Field(min_length=1)]
    policy: Policy = Policy()
    policy_versions: list[Policy] = Field(default_factory=list)
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
        """One system with its reading secrets opened; raises ConfigurationError for an unknown name or a missing secret."""
        found = self._configured(name)
        return self._opened(found, "credentials", found.credentials)

    def writing_instance(self, name: str) -> Instance:
        """The same with the secrets that may write; raises ConfigurationError where none are configured."""
        found = self._configured(name)
        if not found.write_credentials:
            raise ConfigurationError(
                expected="credentials that may write",
                found="none",
                where=f"{self.path.name}: instances.{name}.write_credentials",
                next_step="add them as env: or file: references; docs/pushing.md says which permissions they need",
            )
        return self._opened(found, "write_credentials", found.write_credentials)

    def unopened(self, name: str) -> Instance:
        """The same without any secret: enough to read what it has delivered."""
        return self._opened(self._configured(name), "credentials", {})

    def _configured(self, name: str) -> InstanceSettings:
        found = next((one for one in self.instances if one.name == name), None)
        if found is None:
            names = [one.name for one in self.instances]
            raise ConfigurationError(
                expected="a configured instance", found=f"'{name}'", where=self.path.name, next_step=did_you_mean(name, names)
            )
        return found

    def _opened(self, found: InstanceSettings, section: str, references: Mapping[str, str]) -> Instance:
        shared = {"time_zone": self.company.time_zone, "bulk_threshold": str(self.policy.bulk_threshold)}
        where = f"{self.path.name}: instances.{found.name}.{section}"
        return Instance(
            name=found.name,
            platform=found.platform,
            url=found.url,
            credentials={key: self._secret(text, f"{where}.{key}").get_secret_value() for key, text in references.items()},
            conventions=shared | found.conventions,
            account_classes={number: kind.value for number, kind in found.account_classes.items()},
            field_overrides=found.fields,
        )

    def state_store(self) -> Path | SecretStr:
        """Where the state store is: a file, or the URL that `stores.state_url` refers to, which may hold a password."""
        reference = self.stores.state_url
        return self.stores.state if reference is None else self._secret(reference, f"{self.path.name}: stores.state_url")

    def alert_channels(self) -> list[Channel]:
        """Where alerts go, with the secrets of their URLs opened; raises ConfigurationError for one that is missing."""
        alerts, zone = self.policy.alerts, ZoneInfo(self.company.time_zone)
        where = f"{self.path.name}: policy.alerts.channels"
        return [
            Channel(
                name=name,
                url=self._secret(one.url, f"{where}.{name}.url").get_secret_value(),
                zone=zone,
                kinds=one.kinds,
                queues=None if one.queues is None else frozenset(queue.value for queue in one.queues),
                urgent=one.urgent,
                quiet=alerts.quiet,
                digest_at=one.digest_at,
            )
            for name, one in alerts.channels.items()
        ]

    def business_day(self, now: datetime) -> date:
        """The last complete day in the company's time zone: at 02:30 on the 2nd it is the 1st."""
        return now.astimezone(ZoneInfo(self.company.time_zone)).date() - timedelta(days=1)

    def end_of(self, day: date) -> datetime:
        """The moment in which a day is over in the company's time zone: that of 2026-06-30 in Berlin is 22:00 UTC."""
        return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(self.company.time_zone)).astimezone(UTC)

    def on(self, day: date) -> Settings:
        """The settings of that day: their `policy` is the version in force on it."""
        return self.with_policy(in_force(self.policy, self.policy_versions, day))

    def with_policy(self, policy: Policy) -> Settings:
        """The same settings under another policy, whatever the day."""
        return self.model_copy(update={"policy": policy, "policy_versions": []})

    def sql_parameters(self, as_of: date) -> dict[str, object]:
        """Every value that a SQL file may name in `-- params:`, by the policy in force on the day."""
        return sql_parameters(self.company, self.on(as_of).policy, as_of)

    def policy_frames(self, as_of: date) -> dict[str, pl.DataFrame]:
        """The tables `policy.entity`, `policy.instance`, `policy.currency` and so on, by the policy in force on the day."""
        return policy_frames(self.company, self.instances, self.on(as_of).policy)

    def _secret(self, reference: str, where: str) -> SecretStr:
        kind, _, rest = reference.partition(":")
        return from_variable(rest, self._environ, where) if kind == "env" else from_file(rest, self.root, where)
