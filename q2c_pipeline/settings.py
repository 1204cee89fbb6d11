"""q2c.toml and the environment as typed settings; the only module that looks at either, and the only one that opens secrets."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

import polars as pl
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from q2c_pipeline.agreements import OWNERSHIP_COLUMNS, Days, Ownership, Sla
from q2c_pipeline.domain.kinds import AccountClass, Leg, Platform, Role
from q2c_pipeline.domain.money import exponents
from q2c_pipeline.engine.sqlfiles import load
from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.identity.scoring import Thresholds
from q2c_pipeline.platforms.extraction import Instance
from q2c_pipeline.secret_references import from_file, from_variable, well_formed

CONFIG_NAME = "q2c.toml"
CONFIG_VARIABLE = "Q2C_CONFIG"
ROLE_OF_PLATFORM = {Platform.SALESFORCE: Role.CRM, Platform.STRIPE: Role.BILLING, Platform.NETSUITE: Role.ERP}
SIDES = {
    Leg.BOOKED_BILLED: (Role.CRM, Role.BILLING),
    Leg.BILLED_POSTED: (Role.BILLING, Role.ERP),
    Leg.REVENUE: (Role.CRM, Role.BILLING, Role.ERP),
    Leg.SUBLEDGER: (Role.BILLING, Role.ERP),
}
"""Which systems a leg needs; it runs when all are configured."""
CONVENTIONS = {
    Platform.SALESFORCE: frozenset({"bulk_threshold", "compare_ids_every_days", "currency", "login_host"}),
    Platform.STRIPE: frozenset({"time_zone"}),
    Platform.NETSUITE: frozenset({"accounting_books", "compare_ids_every_days", "time_zone", "transaction_types"}),
}
"""What an instance of a platform may be told under `conventions`; each connector says what a value may be."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class _Problem(NamedTuple):
    """One mistake in the configuration, in the facts of a ConfigurationError."""

    expected: str
    found: str
    where: str
    next_step: str


def _wrong(expected: str, found: str, next_step: str) -> PydanticCustomError:
    facts = {"expected": expected, "found": found, "next_step": next_step}
    return PydanticCustomError("q2c", "expected {expected}, found {found}", facts)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The nearest known name as a suggestion, or the first few known names."""
    names = sorted(known)
    by_lower = {one.lower(): one for one in names}
    near = difflib.get_close_matches(name.lower(), list(by_lower), n=1)
    if near:
        return f"did you mean '{by_lower[near[0]]}'?"
    return f"choose one of: {', '.join(names[:12])}{' ...' if len(names) > 12 else ''}"  # noqa: PLR2004


def _known_currency(code: str) -> str:
    if code not in exponents():
        raise _wrong("an ISO 4217 currency code", f"'{code}'", did_you_mean(code, exponents()))
    return code


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise _wrong("an IANA time zone", f"'{name}'", did_you_mean(name, available_timezones()))
    return name


def _safe_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise _wrong("a name of lower-case letters, digits and `_`", f"'{name}'", "rename it, e.g. 'sf_main'")
    return name


def _country(code: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", code):
        raise _wrong("an ISO 3166 alpha-2 country code", f"'{code}'", "write two capital letters, e.g. 'DE'")
    return code


def _safe_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.query:
        raise _wrong(
            "an address such as https://host", f"'{parts.scheme}://{parts.hostname or ''}'", "write scheme and host only"
        )
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise _wrong("https", "http to another machine", "use https: credentials must not travel in clear text")
    return url.rstrip("/")


def _cron(text: str) -> str:
    if not re.fullmatch(r"[\d*/,\-]+( [\d*/,\-]+){4}", text):
        raise _wrong("a cron line of five fields", f"'{text}'", "write for example '30 2 * * *' for 02:30 every night")
    return text


Currency = Annotated[str, AfterValidator(_known_currency)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=4)]
SecretReference = Annotated[str, AfterValidator(well_formed)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class Entity(_Section):
    """A company that keeps books."""

    name: str
    currency: Currency
    country: Annotated[str, AfterValidator(_country)]


class Company(_Section):
    """Who is reconciled."""

    name: str
    group_currency: Currency
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    entities: Annotated[dict[str, Entity], Field(min_length=1)]


class Convention(_Section):
    """How a system counts and rounds where it departs from the policy; a billing system's holds for the lines that it bills."""

    proration: Literal["actual_days", "thirty_360", "by_second"] | None = None
    rounding: Literal["half_up", "half_even"] | None = None
    recognition: Literal["daily_straight_line", "even_by_month", "by_second"] | None = None
    modification: Literal["prospective", "cumulative_catch_up"] | None = None


class InstanceSettings(_Section):
    """One configured system; `credentials` hold references, never secrets."""

    name: Annotated[str, AfterValidator(_safe_name)]
    platform: Platform
    role: Role | None = None
    url: Annotated[str, AfterValidator(_safe_url)]
    credentials: dict[str, SecretReference] = {}
    conventions: dict[str, str] = {}
    schedule: Convention = Convention()
    account_classes: dict[str, AccountClass] = {}
    fields: dict[str, dict[str, str]] = {}

    @property
    def plays(self) -> Role:
        """The role that was configured, else the platform's usual one."""
        return self.role or ROLE_OF_PLATFORM[self.platform]


class Grace(_Section):
    """Days a document may be on its way before its absence is an exception."""

    booking_days: Days = 1
    invoice_days: Days = 3
    posting_days: Days = 2


class Severity(_Section):
    """From which amount at risk (group currency) an exception is high or critical."""

    high_amount: Amount = Decimal(1_000)
    critical_amount: Amount = Decimal(10_000)


class Identity(_Section):
    """When two customer records are one company: from `same` up by themselves; between `different` and `same` a person looks."""

    same: Annotated[Decimal, Field(gt=Decimal("0.5"), le=1)] = Decimal("0.60")
    different: Annotated[Decimal, Field(ge=0, lt=Decimal("0.5"))] = Decimal("0.25")

    @property
    def thresholds(self) -> Thresholds:
        """As scores are: probabilities, never money."""
        return Thresholds(same=float(self.same), different=float(self.different))


class Policy(_Section):
    """Everything a run may be blamed for: stored by version with each run."""

    version: str = "1"
    grace: Grace = Grace()
    sla: Sla = Sla()
    ownership: Ownership = Ownership()
    severity: Severity = Severity()
    tolerances: dict[str, dict[Currency, Amount]] = {}
    standalone_prices: dict[str, dict[Currency, Amount]] = {}
    identity: Identity = Identity()
    overlap_minutes: Annotated[int, Field(ge=0, le=1440)] = 10
    bulk_threshold: Annotated[int, Field(ge=1)] = 20_000
    proration: Literal["actual_days", "thirty_360", "by_second"] = "actual_days"

    @property
    def overlap(self) -> timedelta:
        """How far a window reaches back before the last high-water mark."""
        return timedelta(minutes=self.overlap_minutes)


class Stores(_Section):
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


class Schedule(_Section):
    """When the nightly run starts, in the company's time zone."""

    nightly: Annotated[str, AfterValidator(_cron)] = "30 2 * * *"


class Settings(_Section):
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
        severity = self.policy.severity
        return {
            "as_of": as_of,
            **{name.replace("_days", "_grace_days"): days for name, days in self.policy.grace},
            **{name.replace("_days", "_sla_days"): days for name, days in self.policy.sla},
            "group_currency": self.company.group_currency,
            "proration": self.policy.proration,
            "severity_high_amount": severity.high_amount,
            "severity_critical_amount": severity.critical_amount,
        }

    def policy_frames(self) -> dict[str, pl.DataFrame]:
        """The policy's tables by name: `policy.entity`, `policy.instance`, `policy.currency` and so on."""
        entities = [(code, entity.currency, entity.country) for code, entity in self.company.entities.items()]
        instances = [(one.name, one.platform.value, one.plays.value) for one in self.instances]
        tolerances = [(control, *limit) for control, limits in self.policy.tolerances.items() for limit in limits.items()]
        alone = [(product, *price) for product, prices in self.policy.standalone_prices.items() for price in prices.items()]
        return {
            "entity": _frame(entities, legal_entity_code=pl.String(), currency=pl.String(), country_code=pl.String()),
            "instance": _frame(instances, instance=pl.String(), platform=pl.String(), role=pl.String()),
            "currency": _frame(sorted(exponents().items()), currency=pl.String(), exponent=pl.Int64()),
            "convention": _frame([*self._conventions()], **dict.fromkeys(("instance", *Convention.model_fields), pl.String())),
            "standalone_price": _frame(alone, product_code=pl.String(), currency=pl.String(), unit_price=pl.Decimal(20, 4)),
            "ownership": _frame([*self.policy.ownership.rows()], **dict.fromkeys(OWNERSHIP_COLUMNS, pl.String())),
            "tolerance": _frame(tolerances, control_id=pl.String(), currency=pl.String(), tolerance_amount=pl.Decimal(20, 4)),
        }

    def _conventions(self) -> Iterator[tuple[object, ...]]:
        """How the lines of each CRM are scheduled: as it says itself, else as the billing system does where there is just one."""
        billing = [one.schedule for one in self.instances if one.plays is Role.BILLING]
        shared = billing[0] if len(billing) == 1 else Convention()
        for one in self.instances:
            if one.plays is Role.CRM:
                yield one.name, *(getattr(one.schedule, name) or getattr(shared, name) for name in Convention.model_fields)

    def _secret(self, instance: str, key: str) -> SecretStr:
        reference = next(one for one in self.instances if one.name == instance).credentials[key]
        kind, _, rest = reference.partition(":")
        where = f"{self.path.name}: instances.{instance}.credentials.{key}"
        return from_variable(rest, self._environ, where) if kind == "env" else from_file(rest, self.root, where)


def _frame(rows: Sequence[tuple[object, ...]], **schema: pl.DataType) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the configuration: `path`, else $Q2C_CONFIG, else ./q2c.toml; raises ConfigurationError."""
    environment = os.environ if environ is None else environ
    file = (path or Path(environment.get(CONFIG_VARIABLE, CONFIG_NAME))).expanduser().resolve()
    raw = _read_toml(file)
    try:
        settings = Settings.model_validate(raw, context=(file, environment))
    except ValidationError as error:
        _refuse([_explain(one, raw, file) for one in error.errors(include_url=False)], file)
    _refuse([*_contradictions(settings, file)], file)
    return settings.model_copy(update={"stores": settings.stores.under(file.parent)})


def _read_toml(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    except FileNotFoundError:
        problem = _Problem(
            "a configuration file", "no such file", str(file), "copy q2c.example.toml there, or pass --config PATH"
        )
    except OSError as error:
        problem = _Problem("a readable file", error.strerror or "an error", str(file), "correct its permissions")
    except UnicodeDecodeError:
        problem = _Problem("UTF-8 text", "other bytes", str(file), "save the file as UTF-8")
    except tomllib.TOMLDecodeError as error:
        problem = _Problem("valid TOML", str(error), file.name, "correct that line; q2c.example.toml shows the form")
    raise ConfigurationError(**problem._asdict())


def _refuse(problems: list[_Problem], file: Path) -> None:
    """Raise one error for all problems: the mistakes of a file are mended in one go, not one run at a time."""
    if len(problems) == 1:
        raise ConfigurationError(**problems[0]._asdict())
    if problems:
        listed = "".join(f"\n  - {p.where}: expected {p.expected}, found {p.found}; {p.next_step}" for p in problems)
        raise ConfigurationError(
            expected="a configuration without mistakes",
            found=f"{len(problems)}:{listed}\n",
            where=file.name,
            next_step="correct them and run `q2c check`",
        )


def _explain(error: ErrorDetails, raw: dict[str, object], file: Path) -> _Problem:
    loc, kind = error["loc"], error["type"]
    where = f"{file.name}: {_spelled(loc, raw)}"
    if kind == "extra_forbidden":
        return _Problem("a known key", f"'{loc[-1]}'", where, did_you_mean(str(loc[-1]), _keys_beside(loc)))
    if kind == "missing":
        return _Problem(f"the key '{loc[-1]}'", "nothing", where, "add it; q2c.example.toml explains every key")
    if kind == "enum":
        known = re.findall(r"'([^']+)'", error["ctx"]["expected"])
        return _Problem("a known word", f"'{error['input']}'", where, did_you_mean(str(error["input"]), known))
    if kind == "q2c":
        return _Problem(error["ctx"]["expected"], error["ctx"]["found"], where, error["ctx"]["next_step"])
    found = "a value of another kind (not shown)" if "credentials" in loc else repr(error["input"])[:80]
    expected = error["msg"].removeprefix("Input should be ").removeprefix("Input should ")
    return _Problem(expected[:1].lower() + expected[1:], found, where, "correct the value")


def _spelled(loc: tuple[int | str, ...], raw: dict[str, object]) -> str:
    """The place as people write it: instances.sf_main.url instead of instances.0.url."""
    parts = [str(part) for part in loc if part != "[key]"]
    instances = raw.get("instances")
    if len(loc) > 1 and loc[0] == "instances" and isinstance(instances, list) and isinstance(loc[1], int):
        entry = instances[loc[1]]
        parts[1] = str(entry.get("name", f"number {loc[1] + 1}")) if isinstance(entry, dict) else f"number {loc[1] + 1}"
    return ".".join(parts)


def _keys_beside(loc: tuple[int | str, ...]) -> list[str]:
    """The keys that the section of a misspelt key knows."""
    section: type[BaseModel] = Settings
    for part in loc[:-1]:
        if part in section.model_fields:
            section = next(_sections_in(section.model_fields[str(part)].annotation), section)
    return list(section.model_fields)


def _sections_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _sections_in(inner)


def _contradictions(settings: Settings, file: Path) -> Iterator[_Problem]:
    """What is well-formed line by line and still cannot be right."""
    names = [one.name for one in settings.instances]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield _Problem(
            "every instance name once", f"'{name}' {names.count(name)} times", f"{file.name}: instances", "rename one of them"
        )
    for one in settings.instances:
        for name in sorted(one.conventions.keys() - CONVENTIONS[one.platform]):
            where, known = f"{file.name}: instances.{one.name}.conventions", CONVENTIONS[one.platform]
            yield _Problem(f"a convention of {one.platform.value}", f"'{name}'", where, did_you_mean(name, known))
    if not settings.legs:
        have = ", ".join(sorted({one.plays.value for one in settings.instances}))
        hint = "configure crm and billing, or billing and erp, or all three"
        yield _Problem("two systems that can be compared", have, f"{file.name}: instances", hint)
    severity = settings.policy.severity
    if severity.high_amount > severity.critical_amount:
        found = f"{severity.high_amount} and {severity.critical_amount}"
        yield _Problem("high_amount not above critical_amount", found, f"{file.name}: policy.severity", "swap or correct them")
    controls = {one.header["control"] for one in load() if one.is_control} if settings.policy.tolerances else set()
    for name in sorted(settings.policy.tolerances.keys() - controls):
        yield _Problem("a control id", f"'{name}'", f"{file.name}: policy.tolerances", did_you_mean(name, controls))
