"""The whole graph of one company: every landed object, table, outcome and check, made from settings and files."""

import dagster as dg

from q2c_pipeline.engine.controls import with_generated
from q2c_pipeline.engine.sqlfiles import load, load_assertions
from q2c_pipeline.orchestration.alert_sensors import alert_sensors
from q2c_pipeline.orchestration.assets import identity_assets, outcome_assets, policy_assets, table_asset
from q2c_pipeline.orchestration.checks import assertion_check, expectation_checks
from q2c_pipeline.orchestration.intake import landing_assets, mapped_assets
from q2c_pipeline.orchestration.night import NightResult, Report
from q2c_pipeline.orchestration.push_jobs import push_jobs, push_sensor
from q2c_pipeline.orchestration.resources import NIGHT, night_resource
from q2c_pipeline.orchestration.schedules import NIGHTLY, nightly_schedule
from q2c_pipeline.settings import Settings

_NIGHTLY_SAYS = "one whole night: extract, load, relate, explain, publish; resources.night.config.as_of chooses the day"


def build_definitions(settings: Settings, result: NightResult | None = None, report: Report | None = None) -> dg.Definitions:
    """Everything that Dagster needs; opens no secret and no connection. `result` and `report` are for a caller that waits."""
    files = with_generated(load())
    order = {file.name: file.order for file in files}
    return dg.Definitions(
        assets=[
            *(landing_assets(configured) for configured in settings.instances),
            mapped_assets(settings),
            *policy_assets(files),
            identity_assets(),
            *(table_asset(file) for file in files),
            *outcome_assets(files),
        ],
        asset_checks=[*(assertion_check(file, order) for file in load_assertions()), expectation_checks()],
        jobs=[dg.define_asset_job(NIGHTLY, dg.AssetSelection.all(), description=_NIGHTLY_SAYS), *push_jobs(settings)],
        schedules=[nightly_schedule(settings)],
        sensors=[*alert_sensors(settings), push_sensor(settings)],
        resources={NIGHT: night_resource(settings, result, report)},
        executor=dg.in_process_executor,
    )
