"""What SQL files are given of the configuration: values by name, and small tables of the schema `policy`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import polars as pl

from q2c_pipeline.domain.kinds import Role
from q2c_pipeline.domain.money import exponents
from q2c_pipeline.settings.agreements import OWNERSHIP_COLUMNS
from q2c_pipeline.settings.company import Company, Convention, InstanceSettings
from q2c_pipeline.settings.policy import Policy


def sql_parameters(company: Company, policy: Policy, as_of: date) -> dict[str, object]:
    """Every value that a SQL file may name in `-- params:`."""
    return {
        "as_of": as_of,
        **{name.replace("_days", "_grace_days"): days for name, days in policy.grace},
        **{name.replace("_days", "_sla_days"): days for name, days in policy.sla},
        "group_currency": company.group_currency,
        "proration": policy.proration,
        "severity_high_amount": policy.severity.high_amount,
        "severity_critical_amount": policy.severity.critical_amount,
    }


def policy_frames(company: Company, instances: Sequence[InstanceSettings], policy: Policy) -> dict[str, pl.DataFrame]:
    """The tables of the schema `policy` by name."""
    entities = [(code, entity.currency, entity.country) for code, entity in company.entities.items()]
    systems = [(one.name, one.platform.value, one.plays.value) for one in instances]
    tolerances = [(control, *limit) for control, limits in policy.tolerances.items() for limit in limits.items()]
    alone = [(product, *price) for product, prices in policy.standalone_prices.items() for price in prices.items()]
    return {
        "entity": _frame(entities, legal_entity_code=pl.String(), currency=pl.String(), country_code=pl.String()),
        "instance": _frame(systems, instance=pl.String(), platform=pl.String(), role=pl.String()),
        "currency": _frame(sorted(exponents().items()), currency=pl.String(), exponent=pl.Int64()),
        "convention": _frame([*_conventions(instances)], **dict.fromkeys(("instance", *Convention.model_fields), pl.String())),
        "standalone_price": _frame(alone, product_code=pl.String(), currency=pl.String(), unit_price=pl.Decimal(20, 4)),
        "ownership": _frame([*policy.ownership.rows()], **dict.fromkeys(OWNERSHIP_COLUMNS, pl.String())),
        "tolerance": _frame(tolerances, control_id=pl.String(), currency=pl.String(), tolerance_amount=pl.Decimal(20, 4)),
    }


def _conventions(instances: Sequence[InstanceSettings]) -> Iterator[tuple[object, ...]]:
    """How the lines of each CRM are scheduled: as it says itself, else as the billing system does where there is just one."""
    billing = [one.schedule for one in instances if one.plays is Role.BILLING]
    shared = billing[0] if len(billing) == 1 else Convention()
    for one in instances:
        if one.plays is Role.CRM:
            yield one.name, *(getattr(one.schedule, name) or getattr(shared, name) for name in Convention.model_fields)


def _frame(rows: Sequence[tuple[object, ...]], **schema: pl.DataType) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")
