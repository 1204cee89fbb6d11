"""The simulated company's three systems on loopback ports, in a process of their own, and a q2c.toml that points at them."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from datetime import time as time_of_day
from decimal import Decimal
from pathlib import Path

from starlette.applications import Starlette

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.sandbox.company import build
from q2c_pipeline.sandbox.company.catalogue import CURRENCY_FACTOR, PRODUCTS
from q2c_pipeline.sandbox.company.faults import available_faults, needs_evening_before
from q2c_pipeline.sandbox.servers.netsuite.app import create_app as netsuite_app
from q2c_pipeline.sandbox.servers.netsuite.app import ticking_clock
from q2c_pipeline.sandbox.servers.netsuite.auth import Credentials
from q2c_pipeline.sandbox.servers.salesforce.access import Connected
from q2c_pipeline.sandbox.servers.salesforce.app import create_app as salesforce_app
from q2c_pipeline.sandbox.servers.serving import serve
from q2c_pipeline.sandbox.servers.stripe.app import create_app as stripe_app
from q2c_pipeline.sandbox.systems import Systems, Truth, evening_before
from q2c_pipeline.settings import CONFIG_NAME, did_you_mean

FIRST_LINE = "# Written by q2c: points at look-alike systems on this machine; their credentials are in the environment."
INSTANCES = {"sf_main": "salesforce", "stripe_main": "stripe", "netsuite_main": "netsuite"}
CREDENTIALS = {
    "sf_main": ("consumer_key", "consumer_secret"),
    "stripe_main": ("api_key",),
    "netsuite_main": ("account", "consumer_key", "consumer_secret", "token_id", "token_secret"),
}
_ACCOUNT = "1234567_SB1"
_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Plan:
    """Which company is acted out; equal plans give equal companies."""

    seed: int
    accounts: int
    months: int
    as_of: date
    faults: tuple[str, ...] = ()
    is_evening_before: bool = False
    """Serve the company as it was one day earlier, for faults that only a night which saw that can find."""

    @property
    def needs_evening_before(self) -> bool:
        """Whether one of the faults shows only to who had seen the day before."""
        return needs_evening_before(self.faults)

    def arguments(self) -> list[str]:
        """The plan as the command line of `q2c sandbox serve`."""
        given = ["--seed", str(self.seed), "--size", str(self.accounts), "--months", str(self.months)]
        given += ["--as-of", self.as_of.isoformat(), "--faults", ",".join(self.faults) or "none"]
        return [*given, "--evening-before"] if self.is_evening_before else given


@dataclass(frozen=True)
class Served:
    """Where the systems answer, what was planted in them, and how big they are."""

    urls: dict[str, str]
    truth: list[Truth]
    records: int

    def to_json(self) -> str:
        """Text that `from_json` reads; amounts keep their digits."""
        return json.dumps(asdict(self), default=str)

    @staticmethod
    def from_json(text: str) -> Served:
        """The facts that `to_json` wrote."""
        raw = json.loads(text)
        truth = [Truth(**planted | {"amount": Decimal(planted["amount"])}) for planted in raw["truth"]]
        return Served(raw["urls"], truth, raw["records"])


def chosen_faults(text: str) -> tuple[str, ...]:
    """Faults by name or control id: "bb04" is every fault of BB04, "bb04*50" fifty of each, "all" everything, "none" nothing."""
    names = available_faults()
    chosen: set[str] = set()
    for asked in filter(None, (part.strip().lower() for part in text.split(","))):
        word, mark, count = asked.partition("*")
        fitting = {name + mark + count for name in names if word in (name, name.split("_", 1)[0], "all")}
        if not fitting and word != "none":
            known = {*names, *(name.split("_", 1)[0] for name in names), "all", "none"}
            raise ConfigurationError(expected="a fault", found=f"'{word}'", where="--faults", next_step=did_you_mean(word, known))
        chosen |= fitting
    return tuple(sorted(chosen))


def variable(instance: str, key: str, *, writing: bool = False) -> str:
    """The environment variable that holds a look-alike's credential.

    sf_main, consumer_key -> Q2C_SF_MAIN_CONSUMER_KEY, and Q2C_SF_MAIN_WRITE_CONSUMER_KEY for the credential that may write.
    """
    return f"Q2C_{instance}_{'write_' if writing else ''}{key}".upper()


def new_credentials() -> dict[str, str]:
    """A fresh value for every variable, for reading and for writing; they open nothing but the look-alikes."""
    names = [variable(name, key, writing=w) for name, keys in CREDENTIALS.items() for key in keys for w in (False, True)]
    account = {variable("netsuite_main", "account", writing=writing): _ACCOUNT for writing in (False, True)}
    return {name: secrets.token_urlsafe(18) for name in names} | account


@contextmanager
def serving_here(plan: Plan, credentials: Mapping[str, str], ports: Mapping[str, int] | None = None) -> Iterator[Served]:
    """Act out the company and serve its systems from this process while the context lasts."""
    systems = build(plan.seed, accounts=plan.accounts, months=plan.months, as_of=plan.as_of, faults=plan.faults)
    systems = evening_before(systems) if plan.is_evening_before else systems
    with serving(systems, credentials, ports) as urls:
        yield Served(urls, systems.truth, _size(systems))


@contextmanager
def serving(systems: Systems, credentials: Mapping[str, str], ports: Mapping[str, int] | None = None) -> Iterator[dict[str, str]]:
    """Serve these records from this process while the context lasts; the addresses by instance."""
    with ExitStack() as stack:
        served = apps(systems, credentials)
        yield {name: stack.enter_context(serve(app, port=(ports or {}).get(name, 0))).url for name, app in served.items()}


@contextmanager
def serving_apart(plan: Plan, credentials: Mapping[str, str], folder: Path, environ: Mapping[str, str]) -> Iterator[Served]:
    """The same from a process of its own, so that systems and pipeline do not slow each other; it never outlives this one."""
    ready, log = folder / "systems.json", folder / "systems.log"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "q2c_pipeline.cli", "sandbox", "serve", *plan.arguments(), "--ready", str(ready)]
    with (
        log.open("w", encoding="utf-8") as output,
        # A session of its own, so that Ctrl-C reaches the pipeline only; the closed pipe tells the child to end, whatever
        # became of this process.
        subprocess.Popen(  # noqa: S603  (our own module with our own arguments)
            command, stdin=subprocess.PIPE, stdout=output, stderr=output, env={**environ, **credentials}, start_new_session=True
        ) as child,
    ):
        try:
            _wait_for(ready, child, log)
            yield Served.from_json(ready.read_text(encoding="utf-8"))
        finally:
            _end(child)


def prepare(workdir: Path) -> Path:
    """An empty folder for a demonstration: an earlier one's leftovers go, anything else is refused."""
    folder = workdir.expanduser().resolve()
    config = folder / CONFIG_NAME
    ours = config.is_file() and config.read_text(encoding="utf-8").startswith(FIRST_LINE)
    if folder.exists() and not ours and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(
            expected="an empty folder, or one of an earlier demonstration",
            found="something else in it",
            where=str(folder),
            next_step="give another one with --workdir",
        )
    shutil.rmtree(folder / "data", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    config.write_text(f"{FIRST_LINE}\n", encoding="utf-8")
    return folder


def announce(ready: Path, served: Served) -> None:
    """Tell the waiting process where the systems answer; the file appears complete or not at all."""
    unfinished = ready.with_suffix(".unfinished")
    unfinished.write_text(served.to_json(), encoding="utf-8")
    unfinished.replace(ready)


def write_config(folder: Path, urls: Mapping[str, str]) -> Path:
    """A q2c.toml for the look-alikes; it names variables, never their values."""
    path = folder / CONFIG_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "\n".join([FIRST_LINE, _COMPANY, _standalone_prices(), *(_instance_block(name, urls[name]) for name in INSTANCES)]),
        encoding="utf-8",
    )
    return path


def apps(systems: Systems, given: Mapping[str, str]) -> dict[str, Starlette]:
    """The look-alike of each system over these records, by instance; not served yet."""

    def opened(instance: str, *, writing: bool) -> dict[str, str]:
        return {key: given[variable(instance, key, writing=writing)] for key in CREDENTIALS[instance]}

    users = [Connected(**opened("sf_main", writing=writing)) for writing in (False, True)]
    keys = [opened("stripe_main", writing=writing)["api_key"] for writing in (False, True)]
    roles = [Credentials(**opened("netsuite_main", writing=writing)) for writing in (False, True)]
    # What is written from now on is read by the next night, not by one of the company's last day.
    clock = ticking_clock(systems.as_of + timedelta(days=1), time_of_day())
    return {
        "sf_main": salesforce_app(systems, connected=users[0], writer=users[1]),
        "stripe_main": stripe_app(systems, api_key=keys[0], write_key=keys[1]),
        "netsuite_main": netsuite_app(systems, credentials=roles[0], writer=roles[1], clock=clock),
    }


def _size(systems: Systems) -> int:
    return sum(len(table) for tables in (systems.salesforce, systems.stripe, systems.netsuite) for table in tables.values())


def _wait_for(ready: Path, child: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not ready.exists():
        if child.poll() is not None or time.monotonic() > deadline:
            raise _not_started(log)
        time.sleep(0.05)


def _not_started(log: Path) -> ConfigurationError:
    """The last words of the process: one that ended on purpose has said what to do."""
    words = (log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["no word"])[-1]
    found, _, next_step = words.partition(" Next: ")
    return ConfigurationError(
        expected="the simulated company and its systems to start",
        found=found.rstrip("."),
        where="sandbox",
        next_step=next_step or f"read {log}",
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        child.kill()


_COMPANY = """
[company]
name = "Sandbox Group"
group_currency = "USD"
time_zone = "Europe/Berlin"

[company.entities]
US = { name = "Sandbox Inc.", currency = "USD", country = "US" }
UK = { name = "Sandbox Ltd", currency = "GBP", country = "GB" }
DE = { name = "Sandbox GmbH", currency = "EUR", country = "DE" }
JP = { name = "Sandbox KK", currency = "JPY", country = "JP" }
"""


def _standalone_prices() -> str:
    """What each product costs by itself: the list price, as every order's price is allocated by."""
    prices = {
        product.code: ", ".join(f'{currency} = "{product.list_price(currency)}"' for currency in CURRENCY_FACTOR)
        for product in PRODUCTS
        if product.revenue_class != "Usage"
    }
    return "\n".join(["[policy.standalone_prices]", *(f"{code} = {{ {text} }}" for code, text in prices.items()), ""])


_ACCOUNT_CLASSES = """
[instances.account_classes]
1000 = "cash"
1100 = "receivable"
1150 = "unbilled"
2100 = "tax"
2400 = "deferred_revenue"
4000 = "revenue"
7000 = "fx"
"""


def _instance_block(name: str, url: str) -> str:
    reading, writing = (
        "\n".join(f'{key} = "env:{variable(name, key, writing=one)}"' for key in CREDENTIALS[name]) for one in (False, True)
    )
    return f"""[[instances]]
name = "{name}"
platform = "{INSTANCES[name]}"
url = "{url}"
{"" if INSTANCES[name] == "salesforce" else 'conventions = { time_zone = "UTC" }'}
[instances.credentials]
{reading}
[instances.write_credentials]
{writing}
{_ACCOUNT_CLASSES if INSTANCES[name] == "netsuite" else ""}"""
