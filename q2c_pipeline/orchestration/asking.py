"""Ready questions on the published file: lists sql/80_analyst, binds parameters by name, writes rows for people and programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

import polars as pl

from q2c_pipeline.domain.people import Permission
from q2c_pipeline.engine.publishing import open_published
from q2c_pipeline.engine.sqlfiles import SqlFile, load_analyst
from q2c_pipeline.errors import ConfigurationError, StoreError
from q2c_pipeline.orchestration.acting import current_actor
from q2c_pipeline.reports.privacy import masked
from q2c_pipeline.settings import Settings, did_you_mean

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def questions() -> list[SqlFile]:
    """All ready queries by name."""
    return sorted(load_analyst(), key=lambda file: file.table)


def listing() -> pl.DataFrame:
    """Every ready query with its parameters and what it says."""
    rows = [(file.table, ", ".join(file.params), file.header["says"]) for file in questions()]
    return pl.DataFrame(rows, schema={"name": pl.String, "parameters": pl.String, "says": pl.String}, orient="row")


def ask(settings: Settings, name: str, given: Sequence[str]) -> pl.DataFrame:
    """Rows of one ready query; `given` are `key=value` texts that go before the policy's values.

    Raises ConfigurationError for an unknown query or parameter, StoreError when nothing is published.
    """
    known = {file.table: file for file in questions()}
    if name not in known:
        raise ConfigurationError(
            expected="a ready query",
            found=f"'{name}'",
            where="q2c sql",
            next_step=f"{did_you_mean(name, known)} `q2c sql` lists all",
        )
    file = known[name]
    with open_published(settings.stores.published) as published:
        policy = settings.sql_parameters(_last_day(published.query("select max(as_of) as day from landing.batch", {})))
        params = policy | _given(file, given, policy)
        _refuse_missing(file, params)
        return permitted(settings, published.select(file, params))


def permitted(settings: Settings, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as whoever runs this may see it: personal data is masked unless a role permits it."""
    return frame if current_actor(settings).may(Permission.SEE_PERSONAL_DATA) else masked(frame)


def as_csv(frame: pl.DataFrame) -> str:
    """CSV in which no text can become a spreadsheet formula: `=1+1` is written as `'=1+1`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows([_defused(value) for value in row] for row in frame.iter_rows())
    return out.getvalue()


def as_json(frame: pl.DataFrame) -> str:
    """A list of objects; amounts are texts so that no reader turns them into floats."""
    return json.dumps(frame.to_dicts(), indent=1, ensure_ascii=False, default=shown)


def shown(value: object) -> str:
    """A cell as people read it: amounts in plain digits with at least two decimals, nothing for null.

    1234.5000 -> 1234.50, 0.12340000 -> 0.1234
    """
    if isinstance(value, Decimal):
        plain = value.normalize()
        exponent = plain.as_tuple().exponent
        return format(plain if isinstance(exponent, int) and exponent < -2 else value.quantize(Decimal("0.01")), "f")  # noqa: PLR2004
    return "" if value is None else str(value)


def _defused(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return shown(value)


def _last_day(frame: pl.DataFrame) -> date:
    day = frame["day"][0]
    if not isinstance(day, date):
        raise StoreError(
            expected="a finished run", found="an empty published file", where="q2c sql", next_step="run `q2c nightly`"
        )
    return day


def _given(file: SqlFile, given: Sequence[str], policy: Mapping[str, object]) -> dict[str, object]:
    values: dict[str, object] = {}
    for text in given:
        key, separator, value = text.partition("=")
        if not separator or key not in file.params:
            raise ConfigurationError(
                expected=f"--param with one of: {', '.join(file.params) or 'none, this query takes no parameter'}",
                found=f"'{text}'",
                where=f"q2c sql {file.table}",
                next_step=did_you_mean(key, file.params) if file.params and separator else "write --param name=value",
            )
        values[key] = _typed(key, value, policy.get(key))
    return values


def _typed(key: str, text: str, like: object) -> object:
    """The text as the kind of value that the policy has under this name."""
    try:
        match like:
            case date():
                return date.fromisoformat(text)
            case int():
                return int(text)
            case Decimal():
                return Decimal(text)
            case _:
                return text
    except (ValueError, InvalidOperation) as error:
        example = {date: "2026-06-30", int: "3", Decimal: "1000.00"}[type(like)]
        raise ConfigurationError(
            expected=f"a value such as {key}={example}", found=f"'{text}'", where="q2c sql --param", next_step="correct the value"
        ) from error


def _refuse_missing(file: SqlFile, params: Mapping[str, object]) -> None:
    missing = [name for name in file.params if name not in params]
    if missing:
        raise ConfigurationError(
            expected=f"a value for {', '.join(missing)}",
            found="none",
            where=f"q2c sql {file.table}",
            next_step=f"add {' '.join(f'--param {name}=...' for name in missing)}",
        )
