"""What `bench/run.py` measures; each function does its work and returns printed rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from bench import rivals, synthetic
from bench.clock import Clock, Phases, Shares
from bench.company import AS_OF, running_company, settings_in
from q2c_pipeline.engine.controls import load_sql_files
from q2c_pipeline.engine.runner import graph
from q2c_pipeline.landing.manifest import Manifest
from q2c_pipeline.landing.store import Landing
from q2c_pipeline.orchestration import night
from q2c_pipeline.orchestration.jobs import run_nightly_job
from q2c_pipeline.orchestration.loading import field_map, map_batch, readings
from q2c_pipeline.settings import InstanceSettings, Settings

Rows = list[dict[str, object]]
_MAPPED_ROWS = 500_000
_PLATFORMS = "q2c_pipeline.platforms"
_PARTS = {
    "requests": [f"{_PLATFORMS}.http.HttpSession.request", f"{_PLATFORMS}.salesforce.transport.PatientAdapter.send"],
    "parsing": [
        f"{_PLATFORMS}.stripe.client.loads_exact",
        f"{_PLATFORMS}.netsuite.client.loads_exact",
        "simple_salesforce.api.Salesforce.parse_result_to_json",
    ],
    "flattening": [
        f"{_PLATFORMS}.stripe.delivery.flatten",
        f"{_PLATFORMS}.salesforce.client.flatten",
        f"{_PLATFORMS}.netsuite.reader.Reader._record",
    ],
    "landing": ["q2c_pipeline.landing.store.Landing.land", "q2c_pipeline.landing.draft.Draft.add"],
}


def extraction(_: int, accounts: int) -> Rows:
    """Land everything once from look-alikes in another process; processor seconds are this side's alone."""
    with running_company(accounts) as settings:
        return [_extracted(settings, configured) for configured in settings.instances]


def _extracted(settings: Settings, configured: InstanceSettings) -> dict[str, object]:
    result, clock, shares = night.NightResult(AS_OF), Clock(), Shares()
    one = settings.model_copy(update={"instances": [configured]})
    with shares.watching(_PARTS), clock.running():
        night.extract_all(one, AS_OF, lambda *_: None, result)
    rows, requests = (sum(getattr(m, name) for m in result.manifests) for name in ("row_count", "request_count"))
    rest = clock.cpu - sum(shares.seconds.values())
    return {
        "instance": configured.name,
        "rows": f"{rows:,}",
        "requests": requests,
        "seconds": f"{clock.wall:.2f}",
        "rows/s": f"{rows / clock.wall:,.0f}",
        "own CPU s": f"{clock.cpu:.2f}",
        "rows/CPU s": f"{rows / clock.cpu:,.0f}",
        **{part: f"{seconds:.2f}" for part, seconds in shares.seconds.items()},
        "rest": f"{rest:.2f}",
    }


def mapping(_: int, accounts: int) -> Rows:
    """Map the largest landed objects of each connector, each repeated to half a million rows, from Parquet."""
    with running_company(accounts) as settings:
        result = night.NightResult(AS_OF)
        night.extract_all(settings, AS_OF, lambda *_: None, result)
        return [row for configured in settings.instances for row in _mapped(settings, configured.name, result.manifests)]


def _mapped(settings: Settings, name: str, manifests: list[Manifest]) -> Iterator[dict[str, object]]:
    instance, landing = settings.instance(name), Landing(settings.stores.landing)
    rules, fields = readings(instance), field_map(instance)
    read = [m for m in manifests if m.instance == name and any(rule.source == m.object_name for rule in rules)]
    for manifest in sorted(read, key=lambda m: -m.row_count)[:3]:
        clock, path = Clock(), settings.root / "repeated.parquet"
        frame = landing.scan(manifest).collect()
        pl.concat([frame] * (_MAPPED_ROWS // frame.height + 1)).head(_MAPPED_ROWS).write_parquet(path, compression="zstd")
        map_batch(frame.lazy(), manifest, fields[manifest.object_name], rules)  # what is imported once a process
        with clock.running():
            mapped = map_batch(pl.scan_parquet(path), manifest, fields[manifest.object_name], rules)
        yield {
            "instance": name,
            "object": manifest.object_name,
            "columns": len(manifest.columns),
            "rows": f"{_MAPPED_ROWS:,}",
            "rejected": mapped.rejects.height,
            "seconds": f"{clock.wall:.2f}",
            "rows/s": f"{_MAPPED_ROWS / clock.wall:,.0f}",
            "rows/CPU s": f"{_MAPPED_ROWS / clock.cpu:,.0f}",
        }


def written(folder: Path, lines: int) -> Rows:
    """Landing batches of the made-up company, written without HTTP."""
    clock = Clock()
    with clock.running():
        synthetic.land(settings_in(folder), lines)
    return [{"step": "write batches", **clock.figures()}]


def filled(folder: Path, _: int) -> Rows:
    """The batches mapped and merged by the loading step."""
    settings, clock, result = settings_in(folder), Clock(), night.NightResult(synthetic.AS_OF)
    with night.open_warehouse(settings, synthetic.AS_OF) as warehouse:
        with clock.running():
            night.load_all(settings, warehouse, synthetic.AS_OF, lambda *_: None, result)
            warehouse.connection.execute("checkpoint")
        facts = {name: f"{warehouse.count(f'mapped.{name}'):,}" for name in ("contract_line", "invoice_line", "posting")}
    return [{"step": "load", **clock.figures(), **facts}]


def grids(folder: Path, _: int) -> Rows:
    """Every SQL file from canonical tables to bridge and marts, on a company with a few planted breaks."""
    settings = settings_in(folder)
    layers: defaultdict[str, Clock] = defaultdict(Clock)
    slowest: list[tuple[float, dict[str, object]]] = []
    with night.open_warehouse(settings, synthetic.AS_OF) as warehouse:
        parameters = settings.sql_parameters(synthetic.AS_OF)
        for file in graph(load_sql_files()):
            own = Clock()
            with own.running(), layers[file.schema].running():
                result = warehouse.run_file(file, parameters)
            slowest.append((own.cpu, {"table": file.name, **own.figures(), "rows": f"{result.rows:,}"}))
        exceptions, unexplained = warehouse.count("recon.exception"), warehouse.count(_UNEXPLAINED)
    facts = {"tables": len(slowest), "exceptions": exceptions, "unexplained": unexplained}
    named = sorted(slowest, key=lambda pair: -pair[0])[:_SHOWN]
    return [
        {"layer": "all", **_sum(layers.values()), **facts},
        {"layer": "links to bridge", **_sum(clock for name, clock in layers.items() if name in _TO_BRIDGE)},
        *({"layer": name, **clock.figures()} for name, clock in layers.items()),
        *(row for _, row in named),
    ]


def nights(folder: Path, lines: int) -> Rows:
    """A whole night, one month of it again, and the next night, on which one order in a hundred was delivered anew: tables alone."""
    settings, next_day = settings_in(folder), synthetic.AS_OF + timedelta(days=1)
    rows = [
        _transformed("whole", settings, synthetic.AS_OF),
        _transformed("one month again", settings, synthetic.AS_OF, month=_A_MONTH),
    ]
    synthetic.land_changes(settings, lines, next_day)
    with night.open_warehouse(settings, next_day) as warehouse:
        night.load_all(settings, warehouse, next_day, lambda *_: None, night.NightResult(next_day))
    return [*rows, _transformed("one per cent changed", settings, next_day)]


def _transformed(name: str, settings: Settings, as_of: date, *, month: date | None = None) -> dict[str, object]:
    clock = Clock()
    with night.open_warehouse(settings, as_of) as warehouse, clock.running():
        night.transform(settings, warehouse, as_of, lambda _: None, month=month)
    return {"night": name, **clock.figures()}


_A_MONTH = date(2025, 5, 1)
_SHOWN = 8
_TO_BRIDGE = ("claim", "link", "schedule", "grid", "control", "recon")
"""From canonical tables, which are given, to the bridge."""
_UNEXPLAINED = "recon.bridge where cause = 'unexplained' and cause_amount <> 0"


def _sum(clocks: Iterable[Clock]) -> dict[str, object]:
    total = Clock()
    for clock in clocks:
        total.wall, total.cpu = total.wall + clock.wall, total.cpu + clock.cpu
    return total.figures()


def nothing_changed(_: int, accounts: int) -> Rows:
    """A first night and a second one on which no system changed: the bare steps, then the job that `q2c nightly` runs."""
    runs: dict[str, Callable[[Settings, Phases], night.NightResult]] = {
        "steps alone": lambda settings, phases: night.run_night(settings, AS_OF, phases),
        "Dagster job": lambda settings, phases: run_nightly_job(settings, AS_OF, phases),
    }
    with running_company(accounts) as settings:
        return [
            _night(f"{name}, {which}", settings, run)
            for name, run in runs.items()
            for which in ("after changes" if name == "steps alone" else "start-up included", "nothing changed")
        ]


def _night(name: str, settings: Settings, run: Callable[[Settings, Phases], night.NightResult]) -> dict[str, object]:
    clock, phases = Clock(), Phases()
    with clock.running():
        result = run(settings, phases)
    delivered = f"{sum(m.row_count for m in result.manifests):,}"
    return {
        "night": name,
        "rows landed": delivered,
        **clock.figures(),
        **{phase: f"{seconds:.2f} s" for phase, seconds in phases.seconds.items()},
    }


COMPANY: dict[str, Callable[[int, int], Rows]] = {
    "extraction": extraction,
    "mapping": mapping,
    "nothing_changed": nothing_changed,
}
"""Measured on a company that is served over HTTP."""
LARGE: dict[str, Callable[[Path, int], Rows]] = {
    "written": written,
    "filled": filled,
    "hand_written": rivals.hand_written,
    "pandas_merge": rivals.pandas_merge,
    "datacompy": rivals.datacompy,
    "grids": grids,
    "nights": nights,
}
"""Measured one after the other on the made-up company in one work file."""
