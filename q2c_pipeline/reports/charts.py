"""Charts as inline SVG: the waterfall from one side of a leg to the other, and the trend over runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import altair as alt
import polars as pl
import vl_convert
from markupsafe import Markup

from q2c_pipeline.reports.formats import amount_text

TOTAL, FLIGHT, UNEXPLAINED, MORE, LESS = "total", "in flight", "unexplained", "more", "less"
COLOURS = {TOTAL: "#3d4f5f", FLIGHT: "#8b99a6", UNEXPLAINED: "#c0392b", MORE: "#2f74a3", LESS: "#b9772a"}
_LABELS = 205
_ROW = 24
_FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif"
_NAMESPACES = re.compile(r' xmlns(:\w+)?="[^"]*"')


@dataclass(frozen=True)
class Step:
    """One row of a waterfall: its label, its amount and what kind of step it is."""

    label: str
    amount: Decimal
    kind: str


def waterfall(steps: Sequence[Step], currency: str) -> Markup:
    """The first step is the whole difference; the others lead from it down to nothing."""
    drawn = _bars(steps, currency)
    rows = pl.DataFrame(drawn)
    y = alt.Y(
        "label:N",
        sort=[bar["label"] for bar in drawn],
        title=None,
        axis=alt.Axis(labelLimit=_LABELS, minExtent=_LABELS, maxExtent=_LABELS),
    )
    x = alt.X("start:Q", scale=_scale(drawn), title=None, axis=None)
    base = alt.Chart(rows).encode(y=y)
    bars = base.mark_bar(height=_ROW - 10).encode(x=x, x2="end:Q", color=_colour())
    zero = alt.Chart(pl.DataFrame({"zero": [0.0]})).mark_rule(strokeWidth=1, color="#8b99a6").encode(x="zero:Q")
    right = base.transform_filter("datum.label_side == 'right'").mark_text(align="left", dx=5).encode(x="far:Q", text="text:N")
    left = base.transform_filter("datum.label_side == 'left'").mark_text(align="right", dx=-5).encode(x="near:Q", text="text:N")
    return _svg(alt.layer(bars, zero, right, left).properties(width=340, height=alt.Step(_ROW)))


def _bars(steps: Sequence[Step], currency: str) -> list[dict[str, Any]]:
    """Where each bar starts and ends: the only place that turns amounts into floats, to be drawn and never printed."""
    level, bars = Decimal(0), []
    for step in steps:
        start, end = (Decimal(0), step.amount) if step.kind == TOTAL else (level, level - step.amount)
        level = end
        bars.append(
            {
                "label": step.label,
                "kind": step.kind,
                "start": float(start),
                "end": float(end),
                "near": float(min(start, end)),
                "far": float(max(start, end)),
                "label_side": "left" if min(start, end) < 0 and max(start, end) <= 0 else "right",
                "text": amount_text(step.amount, currency),
            }
        )
    return bars


def _scale(drawn: Sequence[dict[str, Any]]) -> alt.Scale:
    """From the lowest bar to the highest, with room for the figures beside them."""
    low = min(0.0, *(bar["near"] for bar in drawn))
    high = max(0.0, *(bar["far"] for bar in drawn))
    span = (high - low) or 1.0
    sides = {bar["label_side"] for bar in drawn}
    left, right = (span * (0.45 if side in sides else 0.05) for side in ("left", "right"))
    return alt.Scale(domain=[low - left, high + right], nice=False, zero=False)


def _colour() -> alt.Color:
    return alt.Color("kind:N", legend=None, scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())))


def trend(days: Sequence[str], values: Sequence[Decimal], *, colour: str = "#2f74a3") -> Markup:
    """A line over runs, from zero; only the first and last day are named."""
    rows = pl.DataFrame({"day": list(days), "value": [float(value) for value in values]})
    axis = alt.Axis(values=sorted({days[0], days[-1]}), labelAngle=0, ticks=False, labelPadding=6, labelFlush=True)
    x = alt.X("day:O", title=None, axis=axis, scale=alt.Scale(padding=0.3))
    y = alt.Y("value:Q", title=None, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=4, format=",.0f", grid=True))
    base = alt.Chart(rows).encode(x=x, y=y)
    area = base.mark_area(color=colour, opacity=0.10)
    line = base.mark_line(color=colour, strokeWidth=2)
    points = base.mark_circle(color=colour, size=28, opacity=1)
    return _svg(alt.layer(area, line, points).properties(width=440, height=130))


def _svg(chart: Any) -> Markup:
    """SVG text that can stand inside a page: no name spaces, no width that the page could not shrink."""
    text = vl_convert.vegalite_to_svg(
        chart.configure(background="transparent", font=_FONT)
        .configure_view(stroke=None)
        .configure_axis(
            domain=False,
            ticks=False,
            gridColor="#8b99a6",
            gridOpacity=0.25,
            labelColor="#33424f",
            labelFontSize=12,
            labelPadding=8,
        )
        .configure_text(fontSize=12, color="#33424f")
        .to_dict()
    )
    return Markup(_NAMESPACES.sub("", text))  # noqa: S704  (vl-convert escapes every text that it draws)
