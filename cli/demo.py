"""`license-sync demo`: the whole program on a simulated org, with a story to watch."""

import os
import secrets
import shlex
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from dotenv import set_key

from admin.signin.passwords import Passwords
from cli.demo_org import Address, Admin, DemoFailed, start_org
from cli.output import print_json, say, warn
from cli.session import runtime
from cli.story import ORG, Summary, Teller
from cli.supervisor import LOOK_SECONDS, Supervisor
from cli.up import alone_in, start_parts
from config.loading import load_settings
from config.settings import PREFIX
from sync.arming import Mode
from sync.errors import UnknownReference
from sync.model import License, Licenses
from sync.ports.accounts import NewAccount, Role

ARMED_SECONDS = 60.0
SETTINGS = "demo.env"
POLL_SECONDS = "1"
PAGE_PORT = 8477
DEMO_USER = "demo"

StateDir = Annotated[
    Path | None,
    typer.Option("--state-dir", help="Where the demo lives on; --exit forgets it."),
]
Ticks = Annotated[list[str] | None, typer.Option(metavar="LICENSE", help="May be repeated.")]


def demo(
    leave: Annotated[bool, typer.Option("--exit", help="End when all is settled.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The summary as the last line.")] = False,
    users: Annotated[int, typer.Option(min=30, help="Users of the simulated org.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed makes the same org.")] = 7,
    state_dir: StateDir = None,
) -> None:
    """Run the whole program on a simulated org, with a story to watch."""
    options = ["--users", str(users), "--seed", str(seed)]
    with ExitStack() as stack:
        home = state_dir
        if home is None and leave:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="license-sync-")))
        home = (home or _usual_home()).absolute()
        supervisor, admin = stack.enter_context(_everything(home, options, leave=leave))
        teller = Teller(admin, runtime().store, say, partial(_pause, supervisor))
        summary = teller.tell()
        _report(summary, json=json)
        if not leave:
            _stay(supervisor, teller, home)
    if leave and not summary.is_good:
        raise typer.Exit(1)


def _usual_home() -> Path:
    """A folder in the state folder; that itself if its settings are the demo's."""
    state_dir = load_settings().state_dir
    return state_dir if (state_dir / SETTINGS).exists() else state_dir / "demo"


@contextmanager
def _everything(
    home: Path, options: list[str], *, leave: bool
) -> Iterator[tuple[Supervisor, Admin]]:
    """The simulated org and all of license-sync, armed; ended at the end."""
    logs = home / "logs"
    supervisor = Supervisor()
    with alone_in(home):
        logs.mkdir(exist_ok=True)
        supervisor.stop_on_signals()
        try:
            say("A simulated Salesforce org starts …")
            address = start_org(supervisor, home / "salesforce", logs / "org.log", options)
            _use_settings(home, address, _free_port(None if leave else PAGE_PORT))
            start_parts(supervisor, runtime().settings, logs)
            _wait_until_armed(supervisor)
            yield supervisor, Admin(address)
        finally:
            supervisor.stop()


def _free_port(wanted: int | None) -> int:
    """The port wanted, if nobody has it; else one that nobody has."""
    for port in (wanted or 0, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise DemoFailed("This machine has no free port for the review page.")


def _use_settings(home: Path, address: Address, page_port: int) -> None:
    """Point this process, its children, and whoever sources the file at the demo."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    lines = address.settings() | {
        f"{PREFIX}STATE_DIR": str(home),
        f"{PREFIX}POLL_SECONDS": POLL_SECONDS,
        f"{PREFIX}ADMIN__PORT": str(page_port),
        f"{PREFIX}ADMIN__URL": f"http://localhost:{page_port}",
    }
    file = home / SETTINGS
    file.unlink(missing_ok=True)
    for name, value in lines.items():
        set_key(file, name, value)
    os.environ[f"{PREFIX}ENV_FILE"] = str(file)
    runtime.cache_clear()


def _wait_until_armed(supervisor: Supervisor) -> None:
    say("license-sync looks at the org: it writes nothing before its first plan removes nothing.")
    org, store = runtime().org(ORG), runtime().store
    deadline = time.monotonic() + ARMED_SECONDS
    while time.monotonic() < deadline:
        state = store.state(ORG)
        if org.mode(state) is Mode.ARMED:
            say(f"Armed by {state.armed_by}.")
            return
        _pause(supervisor, LOOK_SECONDS)
    raise DemoFailed(
        f"The org was not armed in {ARMED_SECONDS:.0f} s: "
        f"{store.state(ORG).problem or 'its plan would remove licenses'}"
    )


def _pause(supervisor: Supervisor, seconds: float) -> None:
    if supervisor.stopping.wait(seconds):
        say("Stopping …")
        raise KeyboardInterrupt


def _report(summary: Summary, *, json: bool) -> None:
    for problem in summary.problems:
        warn(problem)
    say(
        f"{summary.edits_settled} of {summary.edits} edits settled, the slowest in "
        f"{summary.slowest_seconds} s; {summary.licenses_corrected} licenses corrected; "
        f"{summary.conflicts_resolved} of {summary.conflicts_opened} conflicts resolved; "
        f"{summary.pending} pending, {summary.parked} parked."
    )
    if json:
        print_json(asdict(summary) | {"ok": summary.is_good}, indent=None)


def _stay(supervisor: Supervisor, teller: Teller, home: Path) -> None:
    someone = teller.admin.users("IsActive = true AND Username LIKE 'user%'", 1)[0]["Username"]
    waiting, url = teller.leave_open(), runtime().settings.admin.url
    say("")
    say(f"It stays up. The review page is {url}")
    say(f"  sign in as {DEMO_USER} with the password {_demo_account()} (new at each start)")
    if waiting is not None:
        say(f"  {url}/conflicts/{waiting.id} waits for your decision")
    say("Or in another terminal:")
    say(f"  export {PREFIX}ENV_FILE={shlex.quote(str(home / SETTINGS))}")
    say(f"  license-sync demo-edit {someone} --tick Freedom --tick SCV")
    say(f"  license-sync explain {someone}")
    say("  license-sync conflicts list")
    say("  license-sync status")
    say(f"The logs are in {home / 'logs'}. Ctrl-C ends it; the next start finds this state.")
    supervisor.watch(warn)
    say("Stopping …")


def _demo_account() -> str:
    """Let somebody sign in who may decide; the password, a new one at each start."""
    store, password = runtime().store, secrets.token_urlsafe(12)
    hashed = Passwords().hash(password)
    if any(account.name == DEMO_USER for account in store.accounts()):
        store.set_password(DEMO_USER, hashed, DEMO_USER)
    else:
        store.create_account(NewAccount(DEMO_USER, Role.ADMIN, None, hashed), DEMO_USER)
    return password


def edit(user: str, tick: Ticks = None, untick: Ticks = None) -> None:
    """Tick or untick requests of a user of the running demo, as an admin in Salesforce would."""
    if (not tick and not untick) or set(tick or ()) & set(untick or ()):
        raise typer.BadParameter("Say what to --tick or to --untick, each license once.")
    settings = runtime().settings.orgs.get(ORG)
    if settings is None or settings.ca_file is None:
        raise UnknownReference("No demo is set: `export` what `license-sync demo` prints first.")
    admin = Admin(Address(settings.login_url, str(settings.ca_file), settings.client_id, ""))
    escaped = user.replace("\\", "\\\\").replace("'", "\\'")
    found = admin.users(f"Username = '{escaped}'", 1)
    if not found:
        raise UnknownReference(f"The demo has no user {user!r}.")
    admin.request(found[0]["Id"], on=_licenses(tick), off=_licenses(untick))
    say(f"Done: `license-sync explain {user}` says what came of it.")


def _licenses(ticked: list[str] | None) -> Licenses:
    try:
        return Licenses.from_names(ticked or [])
    except ValueError as error:
        known = ", ".join(license.value for license in License)
        raise UnknownReference(f"{error}: the licenses are {known}.") from None
