"""The graph: loads without secrets and network, is what the snapshot says, and its groups are the folders of sql/.

After a change on purpose: Q2C_UPDATE_SNAPSHOT=1 pytest q2c_pipeline_tests/unit/orchestration/test_graph.py
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from q2c_pipeline.engine.sqlfiles import load, load_assertions, sql_root
from q2c_pipeline.orchestration.extracting import connect
from q2c_pipeline.orchestration.graph import build_definitions
from q2c_pipeline.orchestration.intake import known_instance, landing_key
from q2c_pipeline.quality.suites import suites
from q2c_pipeline.schemas.tables import TABLES
from q2c_pipeline.settings import Settings
from q2c_pipeline_tests.unit.orchestration.conftest import ROOT
from q2c_pipeline_tests.unit.quality.deliveries import DAY

SNAPSHOT = Path(__file__).parent / "graph.json"
GROUPS = [
    *("1_landing", "2_canonical", "2_claim", "2_identity", "3_link", "4_schedule", "5_grid", "6_control", "7_recon"),
    *("7_repair", "8_mart", "9_outcomes"),
]


@pytest.fixture(scope="module")
def definitions(example: Settings) -> dg.Definitions:
    return build_definitions(example)


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions) -> Any:
    return definitions.resolve_asset_graph()


def described(graph: Any) -> dict[str, dict[str, Any]]:
    """Group and upstreams of every asset, by key."""
    return {
        key.to_user_string(): {
            "group": graph.get(key).group_name,
            "deps": sorted(parent.to_user_string() for parent in graph.get(key).parent_keys),
        }
        for key in sorted(graph.get_all_asset_keys())
    }


def test_it_is_loadable(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


def test_it_is_what_the_snapshot_says(graph: Any) -> None:
    lines = [f"{json.dumps(key)}: {json.dumps(node)}" for key, node in described(graph).items()]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    if os.environ.get("Q2C_UPDATE_SNAPSHOT"):
        SNAPSHOT.write_text(text, encoding="utf-8")
    expected = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    assert json.loads(text) == expected, "meant? then run this test again with Q2C_UPDATE_SNAPSHOT=1 and commit graph.json"


def test_no_edge_points_backwards(graph: Any) -> None:
    nodes = described(graph)
    backwards = [(up, key) for key, node in nodes.items() for up in node["deps"] if nodes[up]["group"] > node["group"]]
    assert backwards == []


def test_groups_and_folders_tell_the_same_flow(graph: Any) -> None:
    assert sorted({node["group"] for node in described(graph).values()}) == GROUPS
    folders = sorted(path.name for path in sql_root().iterdir() if path.name[:2].isdigit())
    stages = {f"{int(name[:2]) // 10 + 1}_{name[3:]}" for name in folders} - {"9_analyst"}
    assert stages == set(GROUPS) - {"1_landing", "2_identity", "9_outcomes"}


def test_every_sql_file_and_canonical_table_is_an_asset(graph: Any) -> None:
    keys = set(described(graph))
    assert {f"{file.schema}/{file.table}" for file in load()} <= keys
    assert {f"mapped/{name}" for name in TABLES} <= keys


def test_every_check_is_there(graph: Any) -> None:
    names = {key.name for key in graph.asset_check_keys}
    assert {file.table for file in load_assertions()} <= names
    assert {one.name for suite in suites(DAY) for one in suite.expectations} <= names
    assert sum(key.name == "contract" for key in graph.asset_check_keys) == len(TABLES)


def test_every_landed_object_is_an_asset(graph: Any, example: Settings) -> None:
    keys = graph.get_all_asset_keys()
    for configured in example.instances:
        instance = known_instance(configured)
        dummy = dict.fromkeys(configured.credentials, "not a secret")
        connector = connect(type(instance)(**{**vars(instance), "credentials": dummy}))
        assert {landing_key(instance.name, spec.name) for spec in connector.objects()} == {
            key for key in keys if list(key.path[:2]) == ["landing", instance.name]
        }
        connector.close()


def test_every_asset_says_what_it_is_and_who_owns_it(graph: Any) -> None:
    nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
    assert [node.key.to_user_string() for node in nodes if not node.description or not node.owners] == []


def test_definitions_load_without_network_and_secrets(monkeypatch: pytest.MonkeyPatch, example: Settings) -> None:
    def refuse(*_args: object, **_named: object) -> None:
        raise AssertionError("the graph must be drawn without a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert build_definitions(example).resolve_job_def("nightly")


def test_the_module_that_dagster_loads() -> None:
    """In a process of its own, with an environment that has no secret; Great Expectations is not imported to draw a graph."""
    code = "import sys, q2c_pipeline.definitions as d; print(len(d.defs.assets), 'great_expectations' in sys.modules)"
    environ = {"PATH": os.environ["PATH"], "Q2C_CONFIG": str(ROOT / "q2c.example.toml"), "DAGSTER_DISABLE_TELEMETRY": "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.split()[1] == "False"
