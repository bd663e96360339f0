"""The license-sync command: parses, calls one thing, turns errors into one line and a status."""

import errno
import io
import os
import sys

import typer

from cli import (
    admin,
    alerts,
    brakes,
    conflicts,
    find,
    history,
    orgs,
    parked,
    policy,
    runs,
)
from cli.check import check
from cli.decide import decide
from cli.demo import demo, edit
from cli.explain import explain
from cli.health import health
from cli.output import warn
from cli.processes import beat, listen, migrate, worker
from cli.reconcile import reconcile
from cli.status import status
from cli.up import up
from config.errors import BadSettings
from config.layouts import LayoutError
from sync.errors import SyncError
from sync.policy import PolicyError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Keeps the phone-system licenses on Salesforce user records true.",
)
for command in (
    up,
    check,
    status,
    health,
    reconcile,
    explain,
    decide,
    demo,
    worker,
    beat,
    listen,
    migrate,
):
    app.command()(command)
app.command("demo-edit")(edit)
app.add_typer(orgs.app, name="orgs")
app.add_typer(conflicts.app, name="conflicts")
app.add_typer(parked.app, name="parked")
app.add_typer(history.app, name="history")
app.add_typer(find.app, name="users")
app.add_typer(brakes.app, name="brake")
app.add_typer(runs.app, name="runs")
app.add_typer(policy.app, name="policy")
app.add_typer(admin.app, name="admin")
app.add_typer(alerts.app, name="alerts")


def main() -> None:
    """Run the command. Status 0: done; 1: it says why not; 2: usage or settings."""
    os.umask(0o077)  # what is stored is nobody else's business
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app()
    except (BadSettings, PolicyError, LayoutError) as error:
        _fail(str(error), 2)
    except SyncError as error:
        _fail(str(error), 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _fail("There is no space left to write to: free some, or write elsewhere.", 1)


def _fail(sentences: str, status_code: int) -> None:
    warn(sentences)
    sys.exit(status_code)
