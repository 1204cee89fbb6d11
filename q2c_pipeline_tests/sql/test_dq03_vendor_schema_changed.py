"""DQ03: a new field, a field gone, or a new enum value."""

from __future__ import annotations

from decimal import Decimal

from q2c_pipeline_tests.sql.deliveries import delivered, reject
from q2c_pipeline_tests.sql.world import found_in


def test_records_with_an_unknown_value_are_symptoms_of_one_exception() -> None:
    world = delivered(reject=[reject("ch_1", "status", enum=True), reject("ch_2", "status", enum=True)])

    with world.run("recon.exception", "recon.bridge", "recon.symptom") as warehouse:
        assert found_in(warehouse) == [("DQ03", "stripe_main.charge.status", Decimal("0.0000"), None)]
        symptoms = warehouse.query("select control_id, subject_key, cause_control_id from recon.symptom order by all").rows()
    assert symptoms == [("DQ02", f"stripe_main.charge/ch_{n}", "DQ03") for n in (1, 2)]


def test_a_new_field() -> None:
    drift: dict[str, object] = {
        "instance": "sf_main",
        "object_name": "Account",
        "vendor_field": "Region_Code__c",
        "drift_kind": "new_field",
        "detail": "9 rows",
    }

    assert delivered(drift=[drift]).exceptions() == [("DQ03", "sf_main.Account.Region_Code__c", Decimal("0.0000"), None)]


def test_no_drift_no_exception() -> None:
    assert delivered().exceptions() == []
