from __future__ import annotations

from pathlib import Path

import pytest

from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.schemas.fieldmap import load_field_map

TOML = """
[Order]
id = "Id"
entity = "Legal_Entity__c"
note = "Note__c"
optional = ["note"]
ignored = ["attributes.*", "OwnerId"]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "salesforce").mkdir()
    file = tmp_path / "salesforce" / "fields.toml"
    file.write_text(TOML, encoding="utf-8")
    return file


def test_an_orgs_own_field_name_is_configuration(path: Path) -> None:
    order = load_field_map(path, {"Order": {"entity": "Company__c"}})["Order"]
    assert order.vendor["entity"] == "Company__c"
    assert order.required() == ["Id", "Company__c"]


def test_every_field_is_read_ignored_or_unknown(path: Path) -> None:
    order = load_field_map(path)["Order"]
    assert [order.knows(n) for n in ("Id", "attributes.type", "OwnerId", "New__c")] == [True, True, True, False]


def test_a_misspelt_override_names_the_nearest_field(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'entity'"):
        load_field_map(path, {"Order": {"entitty": "X__c"}})
    with pytest.raises(ConfigurationError, match="did you mean 'Order'"):
        load_field_map(path, {"Ordr": {"entity": "X__c"}})
