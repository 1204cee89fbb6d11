"""What SQL files are given of the configuration: values by name, and small tables of the schema `policy`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import polars as pl

from q2c_pipeline.domain.kinds import Role
from q2c_pipeline.domain.money import exponents
from q2c_pipeline.settings.agreements import OWNERSHIP_COLUMNS
from q2c_pipeline.settings.company import Company, InstanceSettings
from q2c_pipeline.settings.policy import Policy
from q2c_pipeline.settings.rules import Convention, GraceRule, Schedule

_TEXT = pl.String()
_DAYS = ("booking_days", "invoice_days", "posting_days")


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
    systems = [(one.name, one.platform, one.plays.value) for one in instances]
    alone = [
        (product, currency, None if price == "residual" else price)
        for product, prices in policy.standalone_prices.items()
        for currency, price in prices.items()
    ]
    bundles = [
        (name, product, currency, price)
        for name, bundle in policy.bundles.items()
        for currency, price in bundle.price.items()
        for product in bundle.products
    ]
    limits = {"amount": pl.Decimal(20, 4), "percent": pl.Decimal(8, 4)}
    tolerances = [(one.control, one.entity, one.currency, one.amount, one.percent) for one in policy.tolerances]
    material = [(one.entity, one.amount, one.percent) for one in policy.materiality]
    return {
        "in_force": _frame(
            [(policy.version, policy.digest, policy.effective_from)], version=_TEXT, digest=_TEXT, effective_from=pl.Date()
        ),
        "entity": _frame(entities, legal_entity_code=_TEXT, currency=_TEXT, country_code=_TEXT),
        "instance": _frame(systems, instance=_TEXT, platform=_TEXT, role=_TEXT),
        "currency": _frame(sorted(exponents().items()), currency=_TEXT, exponent=pl.Int64()),
        "convention": _frame(
            [*_conventions(instances, policy.conventions)], **dict.fromkeys(("instance", *Schedule.model_fields), _TEXT)
        ),
        "summary_convention": _frame(
            [*_summaries(instances, policy.conventions)], instance=_TEXT, grouping=_TEXT, number_prefix=_TEXT
        ),
        "standalone_price": _frame(alone, product_code=_TEXT, currency=_TEXT, unit_price=pl.Decimal(20, 4)),
        "bundle": _frame(bundles, bundle=_TEXT, product_code=_TEXT, currency=_TEXT, unit_price=pl.Decimal(20, 4)),
        "grace": _frame(
            [*_graces(instances, [*company.entities], policy.grace_rules)],
            instance=_TEXT,
            legal_entity_code=_TEXT,
            **dict.fromkeys(_DAYS, pl.Int32()),
        ),
        "ownership": _frame([*policy.ownership.rows()], **dict.fromkeys(OWNERSHIP_COLUMNS, _TEXT)),
        "tolerance": _frame(
            tolerances,
            control_id=_TEXT,
            legal_entity_code=_TEXT,
            currency=_TEXT,
            **{f"tolerance_{k}": v for k, v in limits.items()},
        ),
        "materiality": _frame(material, legal_entity_code=_TEXT, **{f"materiality_{k}": v for k, v in limits.items()}),
    }


def _conventions(instances: Sequence[InstanceSettings], said: Mapping[str, Convention]) -> Iterator[tuple[object, ...]]:
    """How the lines of each CRM are scheduled: as it says itself, else as the billing system does where there is just one."""
    billing = [said.get(one.name, Convention()) for one in instances if one.plays is Role.BILLING]
    shared = billing[0] if len(billing) == 1 else Convention()
    for one in instances:
        if one.plays is Role.CRM:
            own = said.get(one.name, Convention())
            yield one.name, *(getattr(own, name) or getattr(shared, name) for name in Schedule.model_fields)


def _summaries(instances: Sequence[InstanceSettings], said: Mapping[str, Convention]) -> Iterator[tuple[object, ...]]:
    """Ledgers that post one journal for many documents, how these belong together, and what the journals' numbers begin with."""
    for one in instances:
        own = said.get(one.name, Convention())
        if own.summary_journals:
            yield one.name, own.summary_journals, own.summary_prefix


def _graces(
    instances: Sequence[InstanceSettings], entities: Sequence[str], rules: Sequence[GraceRule]
) -> Iterator[tuple[object, ...]]:
    """Days of grace where they are not those of all: by instance (none: whatever no single one sends) and entity."""
    ranked = sorted(rules, key=lambda rule: (rule.instance is None, rule.entity is None))
    for instance in (None, *(one.name for one in instances)):
        for entity in entities:
            fitting = [rule for rule in ranked if rule.fits(instance, entity)]
            if fitting:
                yield instance, entity, *(_first_said(fitting, days) for days in _DAYS)


def _first_said(rules: Sequence[GraceRule], days: str) -> int | None:
    return next((getattr(rule, days) for rule in rules if getattr(rule, days) is not None), None)


def _frame(rows: Sequence[tuple[object, ...]], **schema: pl.DataType) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")
