"""A small published warehouse whose bridge closes by construction: made of exceptions, however many a test wants."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from q2c_pipeline.domain.keys import digest
from q2c_pipeline.engine import sqlfiles
from q2c_pipeline.engine.runner import Warehouse, graph
from q2c_pipeline.state.runs import Run

AS_OF = date(2026, 3, 31)
ZERO = Decimal("0.0000")
BOOKS = (("US", "USD", 1), ("UK", "GBP", 1), ("UK", "EUR", 1), ("DE", "EUR", 1), ("JP", "JPY", 100))
PERIODS = tuple(date(2025 + month // 12, month % 12 + 1, 1) for month in range(3, 15))
MEASURES = {"BB": ("net",), "BP": ("receivable", "revenue", "deferred_revenue", "tax")}
CONTROLS = (
    ("BB01", "missing_subscription", "high", "revenue operations", "contract line was never set up as a subscription"),
    ("BB02", "billed_without_contract", "high", "billing operations", "billed without any contract"),
    ("BB04", "price_drift", "high", "revenue operations", "unit price or discount differs from the contract"),
    ("BB05", "quantity_drift", "medium", "revenue operations", "quantity differs from the contract"),
    ("BB06", "unbilled_period", "high", "billing operations", "a due period was not billed although the subscription is right"),
    ("BB08", "billed_twice", "high", "billing operations", "the same period was billed twice"),
    ("BP01", "not_posted", "high", "accounting", "invoice was not posted"),
    ("BP04", "net_differs", "medium", "accounting", "net amount posted differs from the document"),
    ("BP07", "wrong_period", "medium", "accounting", "posted in another accounting period"),
    ("MD07", "external_id_wrong", "low", "master data", "external id is missing or points to the wrong record"),
    ("ST01", "stale_write_back", "low", "revenue operations", "status or ids were not written back to the CRM"),
    ("DQ01", "extract_incomplete", "high", "data platform", "extract is incomplete: counts differ from the source's own"),
    ("DQ02", "record_quarantined", "low", "data platform", "a record could not be read and sits in quarantine"),
)
_DDL = (
    """recon.exception (exception_id varchar, control_id varchar, leg varchar, subject_key varchar, legal_entity_code varchar,
       currency varchar, first_period date, last_period date, cell_count bigint, difference_amount decimal(20,4),
       amount_at_risk decimal(20,4), severity varchar, queue varchar, owner varchar, reason varchar, repair varchar,
       evidence varchar)""",
    """recon.bridge (leg varchar, legal_entity_code varchar, currency varchar, period date, measure varchar,
       left_amount decimal(20,4), right_amount decimal(20,4), difference_amount decimal(20,4), cause varchar,
       cause_amount decimal(20,4))""",
    "recon.materiality (exception_id varchar, is_material boolean)",
    """recon.control_result (control_id varchar, leg varchar, says varchar, population bigint, exceptions bigint,
       amount_at_risk decimal(20,4), status varchar)""",
    """recon.timing (cell_id varchar, leg varchar, subject_key varchar, legal_entity_code varchar, currency varchar,
       period date, measure varchar, left_amount decimal(20,4), right_amount decimal(20,4), difference_amount decimal(20,4))""",
    """control.catalogue (control_id varchar, leg varchar, claim varchar, severity varchar, queue varchar, says varchar,
       repair varchar)""",
    """mart.exception_record (exception_id varchar, side varchar, instance varchar, table_name varchar, source_id varchar,
       record_number varchar, record_date date, service_start_date date, currency varchar, quantity decimal(16,8),
       unit_price decimal(16,8), amount decimal(20,4), record_status varchar, description varchar)""",
    "mart.ageing (age_bucket varchar, bucket_order bigint, exceptions bigint, amount_at_risk decimal(20,4))",
)


@dataclass(frozen=True)
class Sample:
    """What the published file shall hold."""

    exceptions: int = 24
    timing: int = 4
    unexplained: Decimal = ZERO
    subject: str = "ORD-{:05d}/1"
    reason: str = "contract says {left} {currency}, billing says {right} {currency}"
    rejects: int = 3
    immaterial_below: Decimal = Decimal(50)


CLEAN = Sample(exceptions=0, timing=0, rejects=0)


def publish_sample(path: Path, sample: Sample | None = None) -> Path:
    """Write the file that a night would have published."""
    wanted = sample or Sample()
    with Warehouse(path) as warehouse:
        connection = warehouse.connection
        for schema in ("recon", "control", "mart"):
            connection.execute(f"create schema {schema}")
        for ddl in _DDL:
            connection.execute(f"create table {ddl}")
        for table, rows in _tables(wanted).items():
            if rows:
                _insert(warehouse, table, rows)
        for file in graph([file for file in sqlfiles.load() if _is_ours(file)]):
            warehouse.run_file(file, {"as_of": AS_OF, "group_currency": "USD"})
    return path


def _is_ours(file: sqlfiles.SqlFile) -> bool:
    """The real SQL of all tables that need no more than what the sample writes."""
    given = all(name.startswith(("recon.", "landing.", "mart.")) or name == _OPEN_REJECT for name in file.upstreams)
    return file.name == _OPEN_REJECT or (file.schema == "mart" and given)


_OPEN_REJECT = "canonical.open_reject"


def _insert(warehouse: Warehouse, table: str, rows: Sequence[dict[str, Any]]) -> None:
    names = list(rows[0])
    placeholders = ", ".join("?" for _ in names)
    columns = ", ".join(f'"{name}"' for name in names)
    for start in range(0, len(rows), 500):
        part = rows[start : start + 500]
        values = ", ".join(f"({placeholders})" for _ in part)
        flat = [row[name] for row in part for name in names]
        warehouse.connection.execute(f"insert into {table} ({columns}) values {values}", flat)


def _tables(sample: Sample) -> dict[str, list[dict[str, Any]]]:
    exceptions = [_exception(number, sample) for number in range(sample.exceptions)]
    timing = [_timing(number) for number in range(sample.timing)]
    return {
        "recon.exception": exceptions,
        "recon.materiality": [_materiality(row, sample) for row in exceptions],
        "recon.bridge": _bridge(exceptions, timing, sample.unexplained),
        "recon.control_result": _results(exceptions),
        "recon.timing": timing,
        "control.catalogue": [_catalogue(control) for control in CONTROLS],
        "mart.exception_record": [row for exception in exceptions for row in _records(exception)],
        "mart.ageing": _ages(exceptions),
        "landing.batch": [_batch(number, sample) for number in range(6)],
        "landing.check_result": [_check(number, is_short=sample.exceptions > 0 and number == 5) for number in range(6)],
        "landing.reject": [_reject(number) for number in range(sample.rejects)],
    }


def _exception(number: int, sample: Sample) -> dict[str, Any]:
    control, claim, severity, queue, says = CONTROLS[number % len(CONTROLS)]
    leg = control[:2]
    entity, currency, scale = BOOKS[number * 7 % len(BOOKS)]
    period = PERIODS[number * 5 % len(PERIODS)]
    is_money = leg in MEASURES
    amount = Decimal((number * 7919 % 90_000 + 150) * scale) / (1 if scale > 1 else 100) * (-1 if number % 4 == 3 else 1)
    amount = amount.quantize(ZERO) if is_money else ZERO
    subject = sample.subject.format(number)
    reason = sample.reason.format(left=f"{amount + 1000:,.2f}", right="1,000.00", currency=currency) if is_money else says
    return {
        "exception_id": digest(control, subject, currency if is_money else None),
        "control_id": control,
        "leg": leg,
        "subject_key": subject,
        "legal_entity_code": entity,
        "currency": currency if is_money else None,
        "first_period": period if is_money else None,
        "last_period": period if is_money else None,
        "cell_count": 1,
        "difference_amount": amount,
        "amount_at_risk": (abs(amount) / scale).quantize(ZERO),
        "severity": "critical" if abs(amount) / scale > 800 else severity,
        "queue": queue,
        "owner": queue,
        "reason": reason,
        "repair": f"correct the {claim.replace('_', ' ')}",
        "evidence": json.dumps([{"instance": "sf_main", "table": "contract_line", "source_id": f"802{number:09d}"}]),
    }


def _materiality(exception: dict[str, Any], sample: Sample) -> dict[str, Any]:
    is_small = exception["currency"] is not None and exception["amount_at_risk"] < sample.immaterial_below
    return {"exception_id": exception["exception_id"], "is_material": not is_small}


def _timing(number: int) -> dict[str, Any]:
    entity, currency, scale = BOOKS[number % len(BOOKS)]
    leg = "BB" if number % 2 else "BP"
    amount = Decimal(4200 * scale + number).quantize(ZERO)
    return {
        "cell_id": f"cell{number}",
        "leg": leg,
        "subject_key": f"INV-{entity}-{number:06d}",
        "legal_entity_code": entity,
        "currency": currency,
        "period": PERIODS[-1],
        "measure": MEASURES[leg][0],
        "left_amount": amount,
        "right_amount": ZERO,
        "difference_amount": amount,
    }


def _bridge(exceptions: Iterable[dict[str, Any]], timing: Iterable[dict[str, Any]], gap: Decimal) -> list[dict[str, Any]]:
    """Rows for every line of the bridge; the left side is the right side and all causes, so that it closes."""
    causes: dict[tuple[Any, ...], dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for row in exceptions:
        if row["leg"] in MEASURES:
            key = (row["leg"], row["legal_entity_code"], row["currency"], row["first_period"], MEASURES[row["leg"]][0])
            causes[key][row["control_id"]] += row["difference_amount"]
    for row in timing:
        key = (row["leg"], row["legal_entity_code"], row["currency"], row["period"], MEASURES[row["leg"]][0])
        causes[key]["timing"] += row["difference_amount"]
    rows = []
    for number, key in enumerate(_bridge_keys()):
        named = {"timing": ZERO, "unexplained": ZERO, **causes[key]}
        if number == 0:
            named["unexplained"] += gap
        right = Decimal((310_000 + number * 137) * (100 if key[2] == "JPY" else 1)).quantize(ZERO)
        difference = sum(named.values(), ZERO)
        start = dict(zip(("leg", "legal_entity_code", "currency", "period", "measure"), key, strict=True))
        amounts = {"left_amount": right + difference, "right_amount": right, "difference_amount": difference}
        rows += [{**start, **amounts, "cause": cause, "cause_amount": amount} for cause, amount in named.items()]
    return rows


def _bridge_keys() -> list[tuple[Any, ...]]:
    return [
        (leg, entity, currency, period, measure)
        for leg, measures in MEASURES.items()
        for entity, currency, _ in BOOKS
        for measure in measures
        for period in PERIODS
    ]


def _results(exceptions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for number, (control, _, _, _, says) in enumerate(CONTROLS):
        found = [row for row in exceptions if row["control_id"] == control]
        rows.append(
            {
                "control_id": control,
                "leg": control[:2],
                "says": says,
                "population": 2410 + number * 311,
                "exceptions": len(found),
                "amount_at_risk": sum((row["amount_at_risk"] for row in found), ZERO),
                "status": "exceptions" if found else "ok",
            }
        )
    return rows


def _catalogue(control: tuple[str, str, str, str, str]) -> dict[str, Any]:
    control_id, claim, severity, queue, says = control
    return {
        "control_id": control_id,
        "leg": control_id[:2],
        "claim": f"{control_id.lower()}_{claim}",
        "severity": severity,
        "queue": queue,
        "says": says,
        "repair": "correct it",
    }


def _records(exception: dict[str, Any]) -> list[dict[str, Any]]:
    if exception["leg"] not in MEASURES:
        return []
    sides = (
        ("booked", "contract_line", "sf_main"),
        ("billed", "invoice_line", "stripe_main"),
        ("posted", "posting", "netsuite_main"),
    )
    return [_record(exception, *side, place) for place, side in enumerate(sides) if (place + exception["cell_count"]) % 4]


def _record(exception: dict[str, Any], side: str, table: str, instance: str, place: int) -> dict[str, Any]:
    right = Decimal(1000).quantize(ZERO)
    return {
        "exception_id": exception["exception_id"],
        "side": side,
        "instance": instance,
        "table_name": table,
        "source_id": f"{table[:3]}_{exception['exception_id'][:8]}{place}",
        "record_number": exception["subject_key"] if side == "booked" else f"INV-{exception['exception_id'][:6]}",
        "record_date": exception["first_period"] + timedelta(days=place),
        "service_start_date": exception["first_period"],
        "currency": exception["currency"],
        "quantity": Decimal(10),
        "unit_price": Decimal("12.5"),
        "amount": right + exception["difference_amount"] if side == "booked" else right,
        "record_status": "open",
        "description": "monthly, in advance",
    }


def _ages(exceptions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    buckets = ("0 to 7 days", "8 to 30 days", "31 to 90 days", "over 90 days")
    rows = []
    for order, bucket in enumerate(buckets):
        found = exceptions[order :: len(buckets)]
        at_risk = sum((row["amount_at_risk"] for row in found), ZERO)
        rows.append({"age_bucket": bucket, "bucket_order": order, "exceptions": len(found), "amount_at_risk": at_risk})
    return rows


def _batch(number: int, sample: Sample) -> dict[str, Any]:
    objects = (("sf_main", "Order"), ("sf_main", "OrderItem"), ("stripe_main", "invoice"), ("stripe_main", "charge"))
    instance, name = (*objects, ("netsuite_main", "transaction"), ("netsuite_main", "item"))[number]
    rejected = sample.rejects if name == "charge" else 0
    return {
        "batch_id": f"b{number}",
        "instance": instance,
        "platform": instance.split("_")[0],
        "object_name": name,
        "sequence": 1,
        "as_of": AS_OF,
        "row_count": 400 + number,
        "loaded_rows": 400 + number - rejected,
        "rejected_rows": rejected,
    }


def _check(number: int, *, is_short: bool) -> dict[str, Any]:
    expected = 400 + number + is_short
    return {
        "batch_id": f"b{number}",
        "instance": "any",
        "object_name": "any",
        "check_name": "rows",
        "expected_value": str(expected),
        "found_value": str(400 + number),
        "is_ok": not is_short,
    }


def _reject(number: int) -> dict[str, Any]:
    return {
        "batch_id": "b3",
        "instance": "stripe_main",
        "object_name": "charge",
        "source_id": f"ch_{number:05d}",
        "row_number": number,
        "field_name": "tax_id" if number % 3 == 2 else "created",
        "reason": "not a date",
        "value": "DE123456789" if number % 3 == 2 else "yesterday",
        "is_unknown_enum": False,
        "record": "{}",
    }


def run_history(count: int = 12) -> list[Run]:
    """Nights up to the sample's day, getting better."""
    moment = datetime(2026, 3, 31, 2, 30, tzinfo=UTC)
    last = Run(
        run_id="2026-03-31-0230",
        as_of=AS_OF,
        started_at=moment,
        finished_at=moment + timedelta(minutes=3, seconds=12),
        status="succeeded",
        policy_version="1",
        batches=38,
        exceptions=24,
        amount_at_risk=Decimal("9120.5000"),
        group_currency="USD",
        unexplained=0,
    )
    return [
        replace(
            last,
            run_id=f"night-{back}",
            as_of=AS_OF - timedelta(days=back),
            started_at=moment - timedelta(days=back),
            exceptions=24 + back * 3 + back % 4 * 5,
            amount_at_risk=last.amount_at_risk + back * 1311,
            unexplained=1 if back == 6 else 0,
        )
        for back in range(count - 1, 0, -1)
    ] + [last][: min(count, 1)]
