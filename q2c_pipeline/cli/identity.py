"""`q2c identity`: scores, uncertain pairs, and what people decided."""
# ruff: noqa: PLC0415  (so that `q2c --help` and a mistyped option answer at once)

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from q2c_pipeline.cli.common import Config, Form, Written, show_rows

identity = typer.Typer(help="Who is who across systems: scores, uncertain pairs, and what people decided.", no_args_is_help=True)


class Word(StrEnum):
    """What a person says of two customer records."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"
    WITHDRAWN = "withdrawn"


@identity.command("score")
def score_pairs(
    pairs: Annotated[Path, typer.Argument(metavar="PAIRS.csv", help="Columns left_name, right_name; *_country, *_tax_id ...")],
    form: Written = Form.TABLE,
    config: Config = None,
) -> None:
    """Score pairs of companies: the same, different or unsure, and why; needs no configuration."""
    from q2c_pipeline.identity.pairs import score_file
    from q2c_pipeline.orchestration.identifying import thresholds

    show_rows(score_file(pairs, thresholds(config)), form)


@identity.command("review")
def review_pairs(form: Written = Form.TABLE, config: Config = None) -> None:
    """List pairs of customer records that only a person can decide, the likeliest first."""
    from q2c_pipeline.orchestration.identifying import review
    from q2c_pipeline.settings import load_settings

    show_rows(review(load_settings(config)), form)


@identity.command("judge")
def judge_records(
    one: Annotated[str, typer.Argument(metavar="A", help="INSTANCE:ID of a customer record, or its id.")],
    other: Annotated[str, typer.Argument(metavar="B", help="The other record.")],
    opinion: Annotated[
        Word,
        typer.Argument(metavar="same|different|unsure|withdrawn", help="What they are; withdrawn takes an earlier word back."),
    ],
    why: Annotated[str, typer.Option("--why", help="The reason, for those who come after.")],
    config: Config = None,
) -> None:
    """Decide about two customer records; this beats every rule from the next run on, and can be withdrawn."""
    from q2c_pipeline.domain.people import Permission, require
    from q2c_pipeline.orchestration.acting import current_actor
    from q2c_pipeline.orchestration.identifying import judge
    from q2c_pipeline.settings import load_settings
    from q2c_pipeline.state.judgements import Opinion

    settings, now = load_settings(config), datetime.now(UTC)
    settings = settings.on(settings.business_day(now))
    actor = current_actor(settings)
    require(actor, Permission.JUDGE_IDENTITY)
    said = judge(settings, (one, other), Opinion(opinion.value), why, actor.name, now)
    typer.echo(f"{said.left_key} and {said.right_key}: {said.opinion.value}, says {said.who}")
