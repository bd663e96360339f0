"""The license-sync command: parses, calls one thing, turns errors into one line and a status."""

import sys

import typer

from cli import conflicts, orgs, parked, policy
from cli.check import check
from cli.decide import decide
from cli.demo import demo, edit
from cli.explain import explain
from cli.health import health
from cli.output import errors
from cli.processes import beat, migrate, worker
from cli.reconcile import reconcile
from cli.status import status
from cli.up import up
from config.loading import BadSettings
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
    migrate,
):
    app.command()(command)
app.command("demo-edit")(edit)
app.add_typer(orgs.app, name="orgs")
app.add_typer(conflicts.app, name="conflicts")
app.add_typer(parked.app, name="parked")
app.add_typer(policy.app, name="policy")


def main() -> None:
    """Run the command. Status 0: done; 1: it says why not; 2: usage or settings."""
    try:
        app()
    except (BadSettings, PolicyError) as error:
        _fail(error, 2)
    except SyncError as error:
        _fail(error, 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)


def _fail(error: SyncError, status_code: int) -> None:
    errors.print(str(error), markup=False, highlight=False, soft_wrap=True)
    sys.exit(status_code)
