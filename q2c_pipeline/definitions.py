"""What Dagster loads: the graph of the company that q2c.toml (or $Q2C_CONFIG) describes.

    1_landing    every object of every system as it was sent, in immutable batches    platforms/, landing/
    2_canonical  vendor records as rows of one model; the newest version of each      platforms/*/mapping, sql/10_canonical
    2_claim      which records name each other, before anybody is believed            sql/15_claim
    2_identity   who is who where no id says so                                       identity/
    3_link       which record of one system is which record of another               sql/20_link
    4_schedule   what should have been billed, and when                               sql/30_schedule
    5_grid       what should be beside what is, at the finest grain both share        sql/40_grid
    6_control    the causes of differences, one file each                             sql/50_control
    7_recon      one cause a cell, exceptions, and the bridge that explains each cent sql/60_recon
    7_repair     what would repair an exception, one file a control and action        sql/65_repair
    8_mart       tables for reports and for tracing                                   sql/70_mart
    9_outcomes   the published file, the workbook, the report                         engine/publishing, reports/

The job `nightly` is all of it. Edges come from mappings and from the syntax trees of the SQL files; nothing is listed here.
"""

from q2c_pipeline.orchestration.graph import build_definitions
from q2c_pipeline.settings import load_settings

defs = build_definitions(load_settings())
