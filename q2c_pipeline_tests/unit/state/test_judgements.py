from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.state.audit import entries
from q2c_pipeline.state.judgements import Judgement, Opinion, in_force, judgements, record_judgement
from q2c_pipeline.state.tables import IDENTITY_JUDGEMENT

MOMENT = datetime(2026, 3, 31, 8, 0, tzinfo=UTC)


def said(left: str, right: str, opinion: Opinion, why: str = "asked") -> Judgement:
    return Judgement(left, right, opinion, why, "ada", MOMENT)


def test_the_newest_word_on_a_pair_counts_whichever_side_comes_first(state: Engine) -> None:
    record_judgement(state, said("sf:1", "ns:7", Opinion.SAME), "3")
    record_judgement(state, said("ns:7", "sf:1", Opinion.DIFFERENT), "3")
    kept = judgements(state)
    assert len(kept) == 2
    with state.connect() as connection:
        assert [(number, one.subject, one.who) for number, one in entries(connection)] == [
            (1, "customers:ns:7|sf:1", "ada"),
            (2, "customers:ns:7|sf:1", "ada"),
        ]
    assert in_force(kept) == {("ns:7", "sf:1"): said("ns:7", "sf:1", Opinion.DIFFERENT)}


def test_a_withdrawn_word_leaves_the_pair_to_the_rules(state: Engine) -> None:
    record_judgement(state, said("a", "b", Opinion.SAME), "3")
    record_judgement(state, said("a", "b", Opinion.WITHDRAWN), "3")
    assert in_force(judgements(state)) == {}


def test_what_was_said_is_never_rewritten(state: Engine) -> None:
    record_judgement(state, said("a", "b", Opinion.SAME), "3")
    for statement in (update(IDENTITY_JUDGEMENT).values(why="other"), delete(IDENTITY_JUDGEMENT)):
        with pytest.raises(IntegrityError, match="only grows"), state.begin() as connection:
            connection.execute(statement)


@pytest.mark.parametrize("judgement", [said("a", "a", Opinion.SAME), said("a", "b", Opinion.SAME, why=" ")])
def test_a_word_needs_two_records_and_a_reason(state: Engine, judgement: Judgement) -> None:
    with pytest.raises(ConfigurationError, match="two different records and a reason"):
        record_judgement(state, judgement, "3")
