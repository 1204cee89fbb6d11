"""A SQL file says what it is in its header, and its syntax tree says what it reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from q2c_pipeline.engine.controls import FINDING_COLUMNS, SAID_COLUMNS, load_sql_files, with_generated
from q2c_pipeline.engine.runner import graph
from q2c_pipeline.engine.sqlfiles import load, load_analyst, load_assertions, read, sql_root
from q2c_pipeline.errors import SqlError

HEADER = "-- grain: a\n-- owner: accounting\n-- says: something\n"
CONTROL = HEADER + "-- control: {id}\n-- priority: {priority}\n-- severity: low\n-- queue: tax\n-- repair: r\n"
FINDING = "select " + ", ".join(f"null as {name}" for name in FINDING_COLUMNS) + " from grid.a"


def write(root: Path, place: str, text: str) -> Path:
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_folder_and_stem_name_the_table(tmp_path: Path) -> None:
    file = read(write(tmp_path, "40_grid/booked_billed.sql", HEADER + "select a from canonical.contract"))

    assert (file.name, file.order, file.columns) == ("grid.booked_billed", 40, ("a",))


def test_upstreams_are_read_from_the_tree(tmp_path: Path) -> None:
    nested = "(select 1 as k from link.c) as d"
    text = f"{HEADER}with x as (select b from link.b) select x.b from x join canonical.a on a.k = x.b join {nested} on d.k = x.b"

    assert read(write(tmp_path, "40_grid/a.sql", text)).upstreams == ("canonical.a", "link.b", "link.c")


def test_a_comment_line_without_key_continues_the_value(tmp_path: Path) -> None:
    file = read(write(tmp_path, "40_grid/a.sql", HEADER + "--         and more\nselect a from link.b"))

    assert file.header["says"] == "something and more"


def test_params_are_words(tmp_path: Path) -> None:
    file = read(
        write(tmp_path, "40_grid/a.sql", "-- params: as_of, days\n" + HEADER + "select $as_of as a, $days as b from link.b")
    )

    assert file.params == ("as_of", "days")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER.replace("owner", "ownr") + "select a from link.b", "write 'owner'"),
        ("-- grain: a\n-- says: b\nselect a from link.b", "no owner"),
        (HEADER + "select $as_of as a from link.b", "params: as_of"),
        ("-- params: as_of\n" + HEADER + "select a from link.b", "params: none"),
        (HEADER + "select a from link.b; select b from link.b", "one statement"),
        (HEADER + "select from where", "one SELECT"),
    ],
)
def test_an_unacceptable_file_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SqlError) as caught:
        _ = read(write(tmp_path, "40_grid/a.sql", text)).tree
    assert said in str(caught.value)


def test_only_numbered_folders_hold_tables(tmp_path: Path) -> None:
    with pytest.raises(SqlError, match="numbered folder"):
        read(write(tmp_path, "grids/a.sql", HEADER + "select a from link.b"))


def test_a_control_needs_its_own_header_lines(tmp_path: Path) -> None:
    with pytest.raises(SqlError, match="priority"):
        read(write(tmp_path, "50_control/x.sql", HEADER + "-- control: XX01\n" + FINDING))


def test_a_control_names_a_queue_that_somebody_works_on(tmp_path: Path) -> None:
    header = CONTROL.format(id="XX01", priority=7).replace("queue: tax", "queue: treasury")
    with pytest.raises(SqlError, match=r"expected one of the queues revenue_operations, .*, found 'treasury'"):
        read(write(tmp_path, "50_control/x.sql", header + FINDING))


def test_a_control_says_which_systems_it_needs_where_they_are_not_those_of_its_leg(tmp_path: Path) -> None:
    header = CONTROL.format(id="XX01", priority=7) + "-- needs: billing, ledger\n"
    with pytest.raises(SqlError, match=r"needs: some of crm, billing, erp, found 'ledger'"):
        read(write(tmp_path, "50_control/x.sql", header + FINDING))


def test_controls_are_united_and_catalogued_without_a_registry(tmp_path: Path) -> None:
    write(tmp_path, "50_control/b.sql", CONTROL.format(id="XX02", priority=5) + FINDING)
    write(tmp_path, "50_control/a.sql", CONTROL.format(id="XX01", priority=7) + FINDING)

    made = {file.name: file for file in with_generated(load(tmp_path))}

    assert made["control.finding"].upstreams == ("control.a", "control.b")
    assert made["control.finding"].columns == ("control_id", "priority", *FINDING_COLUMNS, *SAID_COLUMNS)
    assert made["control.catalogue"].columns[:3] == ("control_id", "leg", "claim")


def test_a_control_without_a_cell_says_both_values(tmp_path: Path) -> None:
    write(tmp_path, "50_control/a.sql", CONTROL.format(id="XX01", priority=7) + FINDING)
    both = FINDING.replace(" from ", ", 'a' as expected_text, 'b' as found_text from ", 1)
    write(tmp_path, "50_control/b.sql", CONTROL.format(id="XX02", priority=7) + both)
    made = {file.name: file for file in with_generated(load(tmp_path))}
    first, second = made["control.finding"].sql.lower().split("union all")
    assert "cast(null as text) as expected_text" in " ".join(first.split())
    assert "null" not in second


def test_two_controls_of_one_id_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path, f"50_control/{name}.sql", CONTROL.format(id="XX01", priority=7) + FINDING)

    with pytest.raises(SqlError, match="one file a control id"):
        with_generated(load(tmp_path))


def test_a_control_with_other_columns_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "50_control/a.sql", CONTROL.format(id="XX01", priority=7) + "select a as cell_id from grid.a")

    with pytest.raises(SqlError, match="exactly these columns"):
        with_generated(load(tmp_path))


def test_the_order_of_work_does_not_depend_on_the_order_of_files() -> None:
    files = load_sql_files()

    names = [file.name for file in graph(files)]

    assert names == [file.name for file in graph(files[::-1])]
    places = {name: place for place, name in enumerate(names)}
    assert all(places[up] < places[file.name] for file in files for up in file.upstreams if up in places)


def test_a_circle_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "40_grid/a.sql", HEADER + "select k from grid.b")
    write(tmp_path, "40_grid/b.sql", HEADER + "select k from grid.a")

    with pytest.raises(SqlError, match="circle"):
        graph(load(tmp_path))


def test_all_committed_files_are_found() -> None:
    assert (sql_root() / "50_control").is_dir()
    assert {file.schema for file in load()} == {
        "canonical",
        "claim",
        "link",
        "schedule",
        "grid",
        "control",
        "recon",
        "repair",
        "mart",
    }
    assert load_analyst()
    assert load_assertions()
