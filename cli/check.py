"""`license-sync check`: can it work? One line for each thing that can be wrong, with the mend."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import redis
import typer

from cli.output import console, print_json, say
from cli.session import JsonFlag, runtime
from config.settings import Settings
from config.wiring import Runtime
from sync.arming import organization_problem
from sync.errors import StoreUnavailable, SyncError
from sync.org import Org

SKEW = timedelta(minutes=1)
LOW_QUOTA = 0.9


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `problem` is a sentence with the mend, None if it is well."""

    what: str
    problem: str | None
    note: str = ""


def check(json: JsonFlag = False) -> None:
    """Look at the settings, database, broker, and each org's login, fields, quota, clock, rules."""
    checks: list[Check] = []
    for found in all_checks(runtime()):
        checks.append(found)
        if not json:
            _print(found)
    if json:
        print_json(
            [{"what": c.what, "ok": c.problem is None, "says": c.problem or c.note} for c in checks]
        )
    if any(found.problem for found in checks):
        raise typer.Exit(1)


def all_checks(running: Runtime) -> Iterator[Check]:
    """Every check, in the order in which the mends depend on each other."""
    yield _settings(running)
    yield _tried("database", lambda: _database(running))
    yield _tried("broker", lambda: _broker(running.settings))
    for name in running.org_names:
        yield from _org_checks(running, name)


def _settings(running: Runtime) -> Check:
    names = ", ".join(running.org_names)
    problem = (
        None
        if names
        else (
            "no org is configured: set LICENSE_SYNC_ORGS__NAME__LOGIN_URL, __CLIENT_ID and "
            "__CLIENT_SECRET (the README shows how)."
        )
    )
    return Check("settings", problem, f"orgs: {names}")


def _tried(what: str, look: Callable[[], str]) -> Check:
    try:
        return Check(what, None, look())
    except SyncError as error:
        return Check(what, str(error))


def _database(running: Runtime) -> str:
    return f"answers, its clock says {running.store.now():%Y-%m-%d %H:%M:%S}Z"


def _broker(settings: Settings) -> str:
    try:
        redis.Redis.from_url(settings.redis(), socket_timeout=3).ping()
    except redis.RedisError:
        if settings.uses_embedded_broker:
            return "the embedded one is not running; `license-sync up` starts it"
        raise BrokerDown(
            "the broker at LICENSE_SYNC_BROKER_URL does not answer: start it, or correct the URL."
        ) from None
    return "answers"


class BrokerDown(SyncError):
    """The broker does not answer."""


def _org_checks(running: Runtime, name: str) -> Iterator[Check]:
    policy = _tried(f"{name}: rules and layout", lambda: running.org(name).rulebook.version)
    yield policy
    if policy.problem is not None:
        return
    looks = []
    for look in _looks(running, running.org(name)):
        looks.append(look)
        yield look
    if all(look.problem is None for look in looks):
        with suppress(StoreUnavailable):  # said above
            running.store.report_good(name)
        if running.settings.orgs[name].events:
            yield _tried(f"{name}: change events", lambda: _events(running, name))


def _looks(running: Runtime, org: Org) -> Iterator[Check]:
    """What has to be well in an org. Once it is, nobody waits out the trouble that was."""
    name = org.name
    login = _tried(f"{name}: login", lambda: f"organization {org.gateway.organization_id()}")
    yield login
    if login.problem is not None:
        return
    yield _tried(f"{name}: organization", lambda: _organization(running, org))
    yield _tried(f"{name}: fields", lambda: _fields(org))
    yield _tried(f"{name}: reading", lambda: _reading(org))
    yield _tried(f"{name}: quota", lambda: _quota(org))
    yield _tried(f"{name}: clock", lambda: _clock(org))


class Wrong(SyncError):
    """A check found something to mend."""


def _organization(running: Runtime, org: Org) -> str:
    problem = organization_problem(running.store.state(org.name), org.gateway.organization_id())
    if problem is not None:
        raise Wrong(problem)
    return "as before"


def _fields(org: Org) -> str:
    problem = org.gateway.check_schema()
    if problem is not None:
        raise Wrong(problem)
    return "all there, readable and writable as needed"


def _reading(org: Org) -> str:
    page = org.gateway.reader.everyone("", 1)
    if not page.records:
        raise Wrong("no user in scope is visible: give the integration user View All Users.")
    return "users can be read"


def _quota(org: Org) -> str:
    usage = org.gateway.usage
    if usage is None:
        return "the org does not say"
    if usage.used >= usage.allowed * LOW_QUOTA:
        raise Wrong(
            f"{usage.used} of {usage.allowed} API calls of the day are used: "
            "find out who uses them, or poll less often (LICENSE_SYNC_POLL_SECONDS)."
        )
    return f"{usage.used} of {usage.allowed} API calls used"


def _clock(org: Org) -> str:
    skew = abs(datetime.now(UTC) - org.gateway.reader.server_time())
    if skew > SKEW:
        raise Wrong(
            f"this machine's clock is {skew.total_seconds():.0f} s off Salesforce's: set it "
            "(login by JWT fails when it is further off)."
        )
    return f"within {skew.total_seconds():.0f} s of Salesforce's"


def _events(running: Runtime, name: str) -> str:
    from config import listening

    return f"{listening.check(running, name)} can be listened to"


def _print(found: Check) -> None:
    mark = "[green]ok  [/]" if found.problem is None else "[red]FAIL[/]"
    console.print(mark, end=" ")
    say(f"{found.what}: {found.problem or found.note}")
