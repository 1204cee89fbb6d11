"""What people decided about pairs of customer records: only ever added to; the newest word on a pair counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import insert, select
from sqlalchemy.engine import Engine

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.state.audit import Entry, append
from q2c_pipeline.state.store import writing
from q2c_pipeline.state.tables import IDENTITY_JUDGEMENT


class Opinion(StrEnum):
    """What a person may say of a pair; `withdrawn` takes an earlier word back."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Judgement:
    """One person's word on one pair of records, with the reason."""

    left_key: str
    right_key: str
    opinion: Opinion
    why: str
    who: str
    judged_at: datetime


def record_judgement(engine: Engine, judgement: Judgement, rule_version: str) -> None:
    """Add a word on a pair, and say so in the audit log; raises ConfigurationError for one record alone, or without a reason."""
    left, right = pair_of(judgement.left_key, judgement.right_key)
    if left == right or not judgement.why.strip():
        raise ConfigurationError(
            expected="two different records and a reason",
            found=f"{left}, {right} and '{judgement.why}'",
            where="identity judgement",
            next_step="name both records, and say why with --why",
        )
    values = {
        "left_key": left,
        "right_key": right,
        "opinion": judgement.opinion.value,
        "why": judgement.why.strip(),
        "who": judgement.who,
        "judged_at": judgement.judged_at,
    }
    said = {"opinion": judgement.opinion.value}
    subject = f"customers:{left}|{right}"
    entry = Entry(judgement.judged_at, judgement.who, "identity.judged", subject, None, said, judgement.why.strip(), rule_version)
    with writing(engine) as connection:
        append(connection, entry)
        connection.execute(insert(IDENTITY_JUDGEMENT), values)


def judgements(engine: Engine) -> list[Judgement]:
    """Everything that was ever said, in the order of saying."""
    table = IDENTITY_JUDGEMENT
    with engine.connect() as connection:
        rows = connection.execute(select(table).order_by(table.c.judgement_id)).mappings().all()
    return [
        Judgement(row["left_key"], row["right_key"], Opinion(row["opinion"]), row["why"], row["who"], row["judged_at"])
        for row in rows
    ]


def in_force(said: Iterable[Judgement]) -> Mapping[tuple[str, str], Judgement]:
    """The last word on each pair, in the order given; a withdrawn one leaves the pair to the rules."""
    newest = {pair_of(one.left_key, one.right_key): one for one in said}
    return {pair: one for pair, one in newest.items() if one.opinion is not Opinion.WITHDRAWN}


def pair_of(one: str, other: str) -> tuple[str, str]:
    """Two keys in their order: a pair has no sides."""
    return (one, other) if one <= other else (other, one)
