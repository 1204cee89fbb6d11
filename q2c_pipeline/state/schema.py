"""Every table of the state store on its one METADATA: whoever needs all of them (migrations, backup, tests) asks here."""

from q2c_pipeline.state import alert_tables, audit_tables, case_tables, correction_tables
from q2c_pipeline.state.tables import METADATA

DECLARED_IN = (alert_tables, audit_tables, case_tables, correction_tables)
"""A module that declares more tables is added here."""

__all__ = ["DECLARED_IN", "METADATA"]
