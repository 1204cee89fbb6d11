"""An exception's amount is told with what it counts, where its cells show several amounts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from q2c_pipeline.reports import sentences


def cell(measure: str, difference: str) -> dict[str, Any]:
    facts = dict.fromkeys(("service_start_date", "period"), None) | {"legal_entity_code": "US", "currency": "USD"}
    amounts = {"left_amount": Decimal(0), "right_amount": Decimal(0), "difference_amount": Decimal(difference)}
    return {**facts, **amounts, "measure": measure}


@pytest.mark.parametrize(
    ("amount", "cells", "said"),
    [
        ("30", [cell("net", "10"), cell("net", "20")], "30.00 USD in all."),
        ("30", [], "30.00 USD in all."),
        ("119", [cell("receivable", "119"), cell("revenue", "-100"), cell("tax", "-19")], "119.00 USD of the receivable in all."),
        ("100", [cell("revenue", "-100")], "100.00 USD, with the sign of a credit turned."),
        ("100", [cell("deferred_revenue", "-100"), cell("revenue", "100")], "100.00 USD, counted once."),
    ],
    ids=["cells add up", "finding without a cell", "document", "credit alone", "moved between classes"],
)
def test_the_amount_says_what_it_counts(amount: str, cells: list[dict[str, Any]], said: str) -> None:
    one = {"leg": "BP", "currency": "USD", "difference_amount": Decimal(amount)}
    assert list(sentences.found(one, cells))[-1] == f"Expected less found is {said}"
