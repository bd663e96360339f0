"""`license-sync alerts`: what people were told of, and whether they can be reached."""

from typing import Annotated

import typer

from cli.output import age, isoformat, moment, print_json_array, print_table, say, warn
from cli.session import JsonFlag, OrgOption, runtime, the_org
from config.alerting import send_test
from sync.errors import NotAllowed
from sync.ports.alerts import Alert

app = typer.Typer(no_args_is_help=True, help=__doc__)

Every = Annotated[bool, typer.Option("--all", help="Also those that are over.")]


@app.command("list")
def list_(every: Every = False, json: JsonFlag = False) -> None:
    """List alerts that stand, newest first: whether they were told, and if not, why."""
    alerts = runtime().store.alerts(standing=not every)
    if json:
        print_json_array(alert_json(alert) for alert in alerts)
        return
    now = runtime().store.now()
    print_table(
        ("about", "kind", "for", "told", "over", "says"),
        (
            (a.org or "all", a.kind, age(a.since, now), _told(a), moment(a.over_at), _says(a))
            for a in alerts
        ),
        empty="No alert stands.",
    )


@app.command("test")
def try_targets(org: OrgOption = None, json: JsonFlag = False) -> None:
    """Send a test to everybody, or to whoever hears of one org; exit 1 unless all took it."""
    answers = send_test(runtime().settings, the_org(org) if org is not None else None)
    if not answers:
        raise NotAllowed(
            "Nobody is told: set LICENSE_SYNC_ALERT_URLS, or an org's __ALERT_URLS, to the URLs of "
            "Apprise."
        )
    if json:
        print_json_array({"target": one.target, "error": one.error} for one in answers)
    else:
        for one in answers:
            (say if one.error is None else warn)(one.error or f"{one.target} took it.")
    if any(one.error is not None for one in answers):
        raise typer.Exit(1)


def _told(alert: Alert) -> str:
    if alert.over_at is not None:
        return moment(alert.over_told_at)
    return moment(alert.told_at)


def _says(alert: Alert) -> str:
    return f"{alert.summary} [{alert.error}]" if alert.error else alert.summary


def alert_json(alert: Alert) -> dict[str, object]:
    """An alert as programs see it."""
    return {
        "id": alert.id,
        "org": alert.org or None,
        "kind": alert.kind,
        "since": isoformat(alert.since),
        "summary": alert.summary,
        "told_at": isoformat(alert.told_at),
        "over_at": isoformat(alert.over_at),
        "over_told_at": isoformat(alert.over_told_at),
        "tries": alert.tries,
        "error": alert.error,
    }
