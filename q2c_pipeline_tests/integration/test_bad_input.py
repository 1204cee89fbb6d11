"""What a user gets wrong: one clear message, an exit code, no traceback, no secret anywhere, stores as they were."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import httpx
import pytest
from typer.testing import CliRunner

from q2c_pipeline.cli import app
from q2c_pipeline.orchestration import intake, lookalikes, night
from q2c_pipeline.platforms.http import RetryPolicy
from q2c_pipeline.sandbox.servers.misbehave import GLITCH_PATH
from q2c_pipeline.sandbox.systems import Misbehaviour
from q2c_pipeline_tests.scenarios.nights import AS_OF, Company, company

WRONG = "rk_live_nobody_may_read_this"
OVERRIDE = '[instances.fields.Order]\nlegal_entity_code = "Nope__c"\n[instances.credentials]\nconsumer_key'


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str


def q2c(*arguments: str, **environ: str) -> Said:
    cleared = {name: None for name in os.environ if name.startswith("Q2C_")}
    result = CliRunner().invoke(app, list(arguments), env={**cleared, **environ})
    assert "Traceback" not in result.output
    return Said(result.exit_code, result.stdout, result.stderr)


def secrets_of(acme: Company) -> list[str]:
    return [WRONG, *(value for name, value in acme.credentials.items() if not name.endswith("ACCOUNT"))]


def leaks(folder: Path, secrets: list[str]) -> list[str]:
    """Files in which a secret stands, be they text, SQLite or DuckDB."""
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return [str(path) for path, content in files.items() if any(secret.encode() in content for secret in secrets)]


@pytest.fixture(scope="module")
def acme() -> Company:
    return company(14)


@pytest.fixture(scope="module")
def urls(acme: Company) -> Iterator[dict[str, str]]:
    with acme.served() as served:
        yield served


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up at once on what cannot be reached."""
    monkeypatch.setattr(intake, "RETRIES", dg.RetryPolicy(max_retries=0))
    monkeypatch.setattr(RetryPolicy.__init__, "__defaults__", (2, 0.001, 0.01))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("way", ["plainly", pytest.param("by Dagster", marks=pytest.mark.long)])
def test_three_systems_each_wrong_in_its_own_way(
    tmp_path: Path, acme: Company, urls: dict[str, str], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "plainly":
        monkeypatch.setattr("q2c_pipeline.orchestration.jobs.run_nightly_job", night.run_night)
    config = lookalikes.write_config(tmp_path, urls | {"netsuite_main": "http://127.0.0.1:1"})
    config.write_text(config.read_text().replace("[instances.credentials]\nconsumer_key", OVERRIDE, 1))
    environ = acme.credentials | {"Q2C_STRIPE_MAIN_API_KEY": WRONG}
    said = q2c("nightly", "--as-of", AS_OF.isoformat(), "--config", str(config), **environ)
    assert said.code == 1
    blocked = [line for line in said.err.splitlines() if line.startswith("BLOCKED")]
    for instance, found, cure in (
        ("sf_main", "found 1 missing: Order.Nope__c (for legal_entity_code)", "[instances.fields.Order] legal_entity_code"),
        ("stripe_main", "HTTP 401", "check the credential"),
        ("netsuite_main", "Connection refused", "check that the host is reachable"),
    ):
        assert len([line for line in blocked if instance in line and found in line and cure in line]) == 1, blocked
    assert not list((tmp_path / "data" / "landing").rglob("*.parquet"))
    assert not [secret for secret in secrets_of(acme) if secret in said.out + said.err]
    assert leaks(tmp_path, secrets_of(acme)) == []


HOSTILE = {
    "cut off": '{"items": [{"k0": "1", "records": [{"Id"',
    "no JSON": "<html>Please log in</html>",
    "too deep": "[" * 100_000,
    "another form": '{"items": 5, "records": 5, "data": 5, "has_more": 5, "access_token": "t"}',
    "half a character": '{"data": "\\ud83d"}',
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_answers_that_cannot_be_read_leave_their_system_out(tmp_path: Path, acme: Company, body: str) -> None:
    result = night.NightResult(AS_OF)
    with acme.served() as urls:
        glitch = {"kind": "status", "times": 1000, "detail": {"code": 200, "body": body}}
        for url in urls.values():
            httpx.post(url + GLITCH_PATH, json=glitch, trust_env=False).raise_for_status()
        settings = acme.settings(tmp_path, urls)
        night.extract_all(settings, AS_OF, lambda *_: None, result)
    assert result.unread == {"sf_main", "stripe_main", "netsuite_main"}
    assert all(error.next_step for error in result.blocked)
    assert not [path for path in (tmp_path / "data" / "landing").rglob("*") if path.is_file()]


@pytest.mark.parametrize("way", ["plainly", pytest.param("by Dagster", marks=pytest.mark.long)])
def test_a_good_night_leaves_no_secret_anywhere(
    tmp_path: Path, acme: Company, urls: dict[str, str], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "plainly":
        monkeypatch.setattr("q2c_pipeline.orchestration.jobs.run_nightly_job", night.run_night)
    config = lookalikes.write_config(tmp_path, urls)
    said = q2c("--debug", "nightly", "--as-of", AS_OF.isoformat(), "--config", str(config), **acme.credentials)
    assert said.code == 0, said.err
    assert not [secret for secret in secrets_of(acme) if secret in said.out + said.err]
    assert leaks(tmp_path, secrets_of(acme)) == []


@pytest.mark.parametrize(
    ("old", "new", "advice"),
    [
        ("[company]", "[company", "q2c.toml: expected valid TOML"),
        ("group_currency", "group_curency", "did you mean 'group_currency'"),
        ('platform = "stripe"', 'platform = "strpe"', "did you mean 'stripe'"),
        ('"env:Q2C_STRIPE_MAIN_API_KEY"', f'"{WRONG}"', "expected a reference to a secret"),
        ("env:Q2C_STRIPE_MAIN_API_KEY", "env:Q2C_NOT_SET", "export Q2C_NOT_SET before the run"),
        ("[company.entities]", "[[policy.tolerances]]\ncontrol = 'BB99'\npercent = 1\n[company.entities]", "did you mean 'BB0"),
        ('time_zone = "Europe/Berlin"', 'time_zone = "Europe/Berln"', "did you mean 'Europe/Berlin'"),
    ],
    ids=["no TOML", "unknown key", "unknown platform", "secret in the file", "no secret", "unknown control", "unknown zone"],
)
def test_a_malformed_configuration(tmp_path: Path, acme: Company, urls: dict[str, str], old: str, new: str, advice: str) -> None:
    config = lookalikes.write_config(tmp_path, urls)
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new, 1))
    before = config.read_bytes()
    said = q2c("nightly", "--as-of", AS_OF.isoformat(), "--config", str(config), **acme.credentials)
    assert said.code == 1
    assert advice in said.err
    assert said.err.count("Next: ") == 1
    assert WRONG not in said.out + said.err
    assert not list(tmp_path.rglob("*.parquet"))
    assert config.read_bytes() == before


MALFORMED: tuple[tuple[str, str, str, str], ...] = (
    ("salesforce", "Order", "EffectiveDate", "someday"),
    ("salesforce", "OrderItem", "Quantity", "a few"),
    ("salesforce", "Opportunity", "Amount", "12,50"),
    ("stripe", "invoice", "total", "lots"),
    ("stripe", "invoice_line", "amount", "1O0"),
    ("stripe", "subscription", "status", "sleeping"),
    ("stripe", "charge", "created", "soon"),
    ("netsuite", "item", "isinactive", "maybe"),
    ("netsuite", "currencyrate", "effectivedate", "someday"),
)


def test_malformed_rows_are_quarantined_and_the_night_goes_on(tmp_path: Path) -> None:
    acme = company(15)
    for platform, table, field, value in MALFORMED:
        detail = {"id": next(iter(getattr(acme.systems, platform)[table])), "field": field, "value": value}
        acme.systems.misbehaviour.append(Misbehaviour(platform, "malformed_row", table, detail))
    settings = acme.night(tmp_path)
    found = night.query_published(settings, "select object_name, value from landing.reject")
    assert sorted({(table, value) for _, table, _, value in MALFORMED} - set(found.iter_rows())) == []
    kept = night.query_published(
        settings, "select sum(row_count) - sum(loaded_rows) as lost, sum(rejected_rows) as rejected from landing.batch"
    ).row(0)
    assert kept[1] == found.height
