"""One served company for all modules of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from q2c_pipeline_tests.scenarios.site import Site, undisturbed_site


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A company with every fault after an undisturbed night; copy its stores to go on from there."""
    with undisturbed_site(tmp_path_factory.mktemp("evening")) as served:
        yield served
