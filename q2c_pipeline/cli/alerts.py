"""`q2c alerts`: what was told, what waits, and sending it between nights."""
# ruff: noqa: PLC0415  (so that `q2c --help` and a mistyped option answer at once)

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from q2c_pipeline.cli.common import Config, Form, Written, errors, output, show_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from q2c_pipeline.orchestration.alerting import Told

alerts = typer.Typer(help="What people are told without asking, and by which channel.", no_args_is_help=True)
Channel = Annotated[str, typer.Argument(metavar="CHANNEL", help="A channel of policy.alerts.channels.")]


@alerts.command("send")
def send_alerts(config: Config = None) -> None:
    """Look for what is worth telling, and send what may go out now: run it every hour, for digests and after quiet hours."""
    from q2c_pipeline.orchestration.alerting import tell
    from q2c_pipeline.settings import load_settings

    settings, now = load_settings(config), datetime.now(UTC)
    show_told(tell(settings, settings.business_day(now), now))


@alerts.command("list")
def list_alerts(form: Written = Form.TABLE, config: Config = None) -> None:
    """List alerts, the newest first: when each was told on which channel, or what keeps it waiting."""
    from q2c_pipeline.orchestration.alerting import listed
    from q2c_pipeline.settings import load_settings

    show_rows(listed(load_settings(config)), form)


@alerts.command("try")
def try_one(channel: Channel, config: Config = None) -> None:
    """Send a test message to one channel, whatever the hour."""
    from q2c_pipeline.orchestration.alerting import try_channel
    from q2c_pipeline.settings import load_settings

    settings = load_settings(config)
    trouble = try_channel(settings, channel, settings.business_day(datetime.now(UTC)))
    if trouble:
        errors().print(f"{channel}: {trouble}", style="red", markup=False)
        raise typer.Exit(1)
    output().print(f"{channel}: accepted")


def show_told(told: Sequence[Told]) -> None:
    """One line a message; what was not accepted in red, to be sent again next time."""
    for one in told:
        if one.trouble:
            text = f"alerts: {one.alerts} not told on {one.channel}: {one.trouble}; they wait for the next time"
            errors().print(text, style="red", markup=False, soft_wrap=True)
        else:
            errors().print(f"alerts: {one.alerts} told on {one.channel}", markup=False)
