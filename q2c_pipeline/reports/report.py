"""The page that people open in the morning: one HTML file that works without a network."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from q2c_pipeline.reports.contents import Contents
from q2c_pipeline.reports.page import build_page


def write_report(contents: Contents, target: Path) -> Path:
    """Write the page; the same contents give the same bytes."""
    target.write_text(render(contents), encoding="utf-8", newline="\n")
    return target


def render(contents: Contents) -> str:
    """The page as text, everything from data escaped."""
    loader = PackageLoader("q2c_pipeline.reports", "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("report.html.j2").render(page=build_page(contents))
