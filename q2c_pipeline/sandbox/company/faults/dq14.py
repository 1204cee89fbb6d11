"""DQ14: postings stand on accounts that the chart does not classify."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from q2c_pipeline.sandbox.company.faults.ground import Ground


def dq14_account_of_unknown_type(ground: Ground) -> None:
    """The rent account has a type that nobody has seen before."""
    _spoil(ground, "6100", "unknown_enum", "Exotic")


def dq14_account_without_type(ground: Ground) -> None:
    """Nobody said what the account for accrued expenses is."""
    _spoil(ground, "2200", "malformed_row", None)


def _spoil(ground: Ground, number: str, kind: str, value: str | None) -> None:
    accounts = ground.world.netsuite["account"]
    key = next(key for key, one in accounts.items() if one["acctnumber"] == number)
    ground.misbehave("netsuite", kind, "account", id=key, field="accttype", value=value)
    ground.tell_without_money("DQ14", f"netsuite_main.account/{key}")
