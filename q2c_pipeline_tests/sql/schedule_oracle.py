"""What lines bill and earn, worked out slowly in exact fractions in plain Python: the other opinion in tests of the SQL."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from q2c_pipeline.domain.money import exponents

Case = dict[str, Any]
Period = tuple[date, date, Fraction]
"""First day, day after the last, exact amount."""
MONTHS = {"monthly": 1, "quarterly": 3, "semi_annual": 6, "annual": 12}
DAY = timedelta(days=1)


def months_later(day: date, months: int) -> date:
    """31 January and one month are 28 February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def rounded(amount: Fraction, currency: str, mode: str) -> Fraction:
    """The amount in whole minor units of its currency."""
    scale = 10 ** exponents()[currency]
    whole, rest = divmod(abs(amount) * scale, 1)
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (mode == "half_up" or whole % 2 == 1))
    return (-1 if amount < 0 else 1) * Fraction(whole + up, scale)


def written(amount: Fraction, currency: str) -> str:
    """Digits of an amount: -0.50, 1.000 (KWD), 12 (JPY)."""
    digits = exponents()[currency]
    units = f"{abs(int(amount * 10**digits)):0{digits + 1}}"
    return ("-" if amount < 0 else "") + (f"{units[:-digits]}.{units[-digits:]}" if digits else units)


def billed(case: Case) -> Case:
    """Total and schedule of a billing case."""
    line, mode = case["line"], case["policy"]["rounding"]
    count = thirty_360 if case["policy"]["proration"] == "thirty_360" else actual_days
    whole_only = case["policy"]["proration"] == "none"
    periods = list(once(line) if line["charge_type"] == "one_time" else recurring(line, count, whole_only=whole_only))
    total = rounded(sum((amount for *_, amount in periods), Fraction(0)), line["currency"], mode)
    amounts = [rounded(amount, line["currency"], mode) for *_, amount in periods]
    amounts[-1] = total - sum(amounts[:-1])
    arrears = line["timing"] == "arrears" and line["charge_type"] != "one_time"
    schedule = [
        {
            "service_start": str(first),
            "service_end": str(after - DAY),
            "due": str(after if arrears else first),
            "amount": written(amount, line["currency"]),
        }
        for (first, after, _), amount in zip(periods, amounts, strict=True)
    ]
    return {"total": written(total, line["currency"]), "schedule": schedule}


def actual_days(start: date, after: date) -> int:
    return (after - start).days


def thirty_360(start: date, after: date) -> int:
    """Days where every month has thirty: 11 February to (not with) 1 March are 20."""
    return (after.year - start.year) * 360 + (after.month - start.month) * 30 + min(after.day, 30) - min(start.day, 30)


def once(line: Case) -> Iterator[Period]:
    start, end = date.fromisoformat(line["start"]), date.fromisoformat(line["end"])
    yield start, end + DAY, Fraction(line["quantity"]) * Fraction(line["unit_price"]) * (1 - Fraction(line["discount"]))


def recurring(line: Case, count: Callable[[date, date], int], *, whole_only: bool) -> Iterator[Period]:
    start, after = date.fromisoformat(line["start"]), date.fromisoformat(line["end"]) + DAY
    is_prepaid = line["billing_frequency"] == "one_time"
    begun = next(n for n in range(1, 10_000) if months_later(start, n) >= after)
    months = begun if is_prepaid else line.get("billing_period_months") or MONTHS[line["billing_frequency"]]
    anchor = date(start.year, 1, 1) if line["anchor"] == "calendar" and not is_prepaid else start
    discounted = (
        max(date.fromisoformat(str(line.get("discount_start", line["start"]))), start),
        min(date.fromisoformat(str(line.get("discount_end", line["end"]))) + DAY, after),
    )
    full = Fraction(line["quantity"]) * Fraction(line["unit_price"]) * months / (12 if line["price_period"] == "year" else 1)
    for number in range(10_000):
        whole = months_later(anchor, number * months), months_later(anchor, (number + 1) * months)
        if whole[0] >= after:
            return
        part = max(whole[0], start), min(whole[1], after)
        if part[0] < part[1]:
            cheaper = max(part[0], discounted[0]), min(part[1], discounted[1])
            if whole_only:
                is_cheap = cheaper[0] == part[0] and cheaper[0] < cheaper[1]
                yield *part, full * (1 - Fraction(line["discount"]) * is_cheap)
                continue
            yield *part, full * (share(part, whole, count) - Fraction(line["discount"]) * share(cheaper, whole, count))


def share(part: tuple[date, date], whole: tuple[date, date], count: Callable[[date, date], int]) -> Fraction:
    return Fraction(count(*part), count(*whole)) if part[0] < part[1] else Fraction(0)


def earned(case: Case) -> Case:
    """Total and schedule of a revenue case: the growth of what is earned by each month's end, rounded once."""
    line, currency, mode = case["line"], case["line"]["currency"], case["policy"].get("rounding", "half_up")
    total = rounded(Fraction(line["total"]), currency, mode)
    so_far, schedule = Fraction(0), []
    for month, fraction in _earned_by_month(line, case["policy"]["recognition"]):
        by_now = rounded(total * fraction, currency, mode)
        schedule.append({"period": f"{month:%Y-%m}", "amount": written(by_now - so_far, currency)})
        so_far = by_now
    return {"total": written(total, currency), "schedule": schedule}


def _earned_by_month(line: Case, recognition: str) -> Iterator[tuple[date, Fraction]]:
    start, after = date.fromisoformat(line["start"]), date.fromisoformat(line["end"]) + DAY
    month = start.replace(day=1)
    if recognition == "point_in_time":
        yield month, Fraction(1)
    elif recognition == "even_by_month":
        begun = next(n for n in range(1, 10_000) if months_later(start, n) >= after)
        yield from ((months_later(month, n), Fraction(n + 1, begun)) for n in range(begun))
    else:
        while month < after:
            yield month, Fraction((min(months_later(month, 1), after) - start).days, (after - start).days)
            month = months_later(month, 1)


def metered(case: Case) -> Case:
    """Total and schedule of a usage case with tiers or packages."""
    line, currency, mode = case["line"], case["line"]["currency"], case["policy"]["rounding"]
    start, after = date.fromisoformat(line["start"]), date.fromisoformat(line["end"]) + DAY
    used: dict[date, Fraction] = {}
    for use in line["usage"]:
        month = date.fromisoformat(use["start"]).replace(day=1)
        used[month] = used.get(month, Fraction(0)) + Fraction(use["quantity"])
    worth = {month: (1 - Fraction(line["discount"])) * rated(line, quantity) for month, quantity in used.items()}
    owed = {month: rounded(amount, currency, mode) for month, amount in worth.items()}
    committed = Fraction(line.get("minimum_commitment", 0))
    missing = committed - sum(owed.values())
    if committed > 0:
        last = (after - DAY).replace(day=1)
        owed[last] = owed.get(last, Fraction(0)) + max(missing, Fraction(0))
    schedule = [
        {
            "service_start": str(max(month, start)),
            "service_end": str(min(months_later(month, 1), after) - DAY),
            "due": str(months_later(month, 1)),
            "amount": written(amount, currency),
        }
        for month, amount in sorted(owed.items())
    ]
    return {"total": written(sum(owed.values(), Fraction(0)), currency), "schedule": schedule}


def rated(line: Case, quantity: Fraction) -> Fraction:
    """What a month's quantity is worth before discount and rounding."""
    charged = max(quantity - Fraction(line.get("included_quantity", 0)), Fraction(0))
    if line.get("usage_model") == "package":
        return -(-charged // Fraction(line["package_size"])) * Fraction(line["unit_price"])
    if not line.get("tiers"):
        return charged * Fraction(line["unit_price"])
    worth, low = Fraction(0), Fraction(0)
    for tier in line["tiers"]:
        high = charged if tier["up_to"] is None else min(Fraction(tier["up_to"]), charged)
        if charged > low:
            whole = Fraction(tier["unit_price"]) * charged + Fraction(tier["flat_amount"])
            part = Fraction(tier["unit_price"]) * (high - low) + Fraction(tier["flat_amount"])
            worth = whole if line.get("usage_model") == "volume" else worth + part
        low = Fraction(tier["up_to"] or 0)
        if tier["up_to"] is None or charged <= low:
            break
    return worth
