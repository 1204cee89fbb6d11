from __future__ import annotations

from pathlib import Path

import pytest

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.identity.pairs import read_pairs, score_file
from q2c_pipeline.identity.scoring import Thresholds


def written(folder: Path, content: bytes) -> Path:
    path = folder / "pairs.csv"
    path.write_bytes(content)
    return path


def test_pairs_come_out_in_order_with_their_names_as_given(tmp_path: Path) -> None:
    frame = score_file(written(tmp_path, b"left_name,right_name\nIBM,International Business Machines\nFord,Fiat\n"), Thresholds())
    assert frame.columns == ["left_name", "right_name", "score", "decision", "explanation"]
    assert frame["decision"].to_list() == ["same", "different"]


@pytest.mark.parametrize(
    "content",
    [
        '\ufeffleft_name,right_name\r\n"Müller, KG",x\r\n'.encode(),
        'Left Name;RIGHT_NAME\n"Müller, KG";x\n'.encode("cp1252"),
        "right_name\tleft-name\textra\nx\tMüller, KG\n\n".encode("utf-16"),
        'left_name,right_name,left_country\n"Müller, KG",x\n'.encode(),
    ],
)
def test_files_from_anywhere_can_be_read(tmp_path: Path, content: bytes) -> None:
    pairs = read_pairs(written(tmp_path, content))
    assert [(left.name, right.name) for left, right in pairs] == [("Müller, KG", "x")]


def test_optional_columns_count(tmp_path: Path) -> None:
    content = (
        b"left_name,left_tax_id,left_country,right_name,right_tax_id,right_country\nA Ltd,DE136695976,DE,B Ltd,136695976,DE\n"
    )
    assert score_file(written(tmp_path, content), Thresholds())["decision"].to_list() == ["same"]


@pytest.mark.parametrize("content", [b"", b"\n", b"a,b\n1,2\n", b"left_name\nx\n"])
def test_a_missing_column_is_named(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ConfigurationError, match="no right_name"):
        read_pairs(written(tmp_path, content))


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        read_pairs(tmp_path / "none.csv")


def test_a_pair_without_names_keeps_its_place(tmp_path: Path) -> None:
    content = b"left_name,right_name\nA Ltd,A Ltd\n,\n\nB Ltd,\nC Ltd,C Ltd\n"
    assert score_file(written(tmp_path, content), Thresholds())["decision"].to_list() == ["same", "unsure", "unsure", "same"]


def test_quotation_marks_within_a_name_are_read_and_one_without_end_is_named(tmp_path: Path) -> None:
    ((left, right),) = read_pairs(written(tmp_path, b'left_name,right_name\n"The "Q" Co","The ""Q"" Co"\n'))
    assert "Q" in left.name
    assert right.name == 'The "Q" Co'
    with pytest.raises(ConfigurationError, match="quotation marks in pairs"):
        read_pairs(written(tmp_path, b'left_name,right_name\nA,"B\n' + b"C,D\n" * 50_000))
