"""Repair files are gathered by the engine: adding one edits nothing, and one that cannot fit is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from q2c_pipeline.engine.controls import load_sql_files
from q2c_pipeline.engine.repairs import ACTIONS, repair_tables, repaired_controls
from q2c_pipeline.engine.sqlfiles import SqlFile, read
from q2c_pipeline.errors import SqlError

Write = Callable[..., SqlFile]
_TASK = "select 'e1' as exception_id, 1 as step, 'tax' as queue, 't' as title, 'b' as body"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, control: str = "BB06", action: str = "task", sql: str = _TASK) -> SqlFile:
        path = tmp_path / "65_repair" / f"{name}.sql"
        path.parent.mkdir(exist_ok=True)
        head = f"-- control: {control}\n-- action:  {action}\n-- grain: x\n-- owner: tax\n-- says: y\n"
        path.write_text(head + sql + "\n", encoding="utf-8")
        return read(path)

    return written


@pytest.fixture(scope="module")
def controls() -> list[SqlFile]:
    return [file for file in load_sql_files() if file.is_control]


def test_a_repair_is_no_control(write: Write) -> None:
    file = write("bb06_more")
    assert file.is_repair
    assert not file.is_control


def test_two_files_of_an_action_stand_in_one_table(write: Write, controls: list[SqlFile]) -> None:
    made = {file.name: file for file in repair_tables([*controls, write("bb06_a"), write("bb08_b", control="BB08")])}
    assert made["repair.task"].upstreams == ("repair.bb06_a", "repair.bb08_b")
    assert made["repair.task"].columns == ACTIONS["task"][1]
    repairing = {f"repair.{table}" for table, _ in ACTIONS.values()} - {"repair.note"}
    assert set(made["repair.proposed"].upstreams) == repairing


def test_without_repairs_there_are_no_tables(controls: list[SqlFile]) -> None:
    assert repair_tables(controls) == []


def test_a_file_may_answer_several_controls_or_any(write: Write) -> None:
    assert repaired_controls(write("both", control="BB06, BB08")) == ["BB06", "BB08"]
    assert repaired_controls(write("any", control="any")) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"action": "guess"}, "an action"),
        ({"control": "ZZ99"}, "ids of controls of 50_control, found ZZ99"),
        ({"control": "BB06, ZZ99"}, "ids of controls of 50_control, found ZZ99"),
        ({"sql": "select 'e1' as exception_id"}, "columns exception_id, step"),
    ],
)
def test_a_file_that_cannot_fit_is_refused(write: Write, controls: list[SqlFile], given: dict[str, str], said: str) -> None:
    with pytest.raises(SqlError, match=said):
        repair_tables([*controls, write("bb06_odd", **given)])


def test_every_committed_action_is_known() -> None:
    found = {file.header["action"] for file in load_sql_files() if file.is_repair}
    assert found == set(ACTIONS)
