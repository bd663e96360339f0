"""What a command works with: the settings and the runtime, read when first needed."""

import getpass
import os
from functools import cache
from typing import Annotated

import typer

from config.loading import load_settings
from config.wiring import Runtime, unknown_org
from sync.errors import UnknownReference

JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
OrgOption = Annotated[str | None, typer.Option("--org", help="Only this org.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@cache
def runtime() -> Runtime:
    """The runtime of this command."""
    return Runtime(load_settings())


def the_org(name: str | None) -> str:
    """The org named, or the only one there is; UnknownReference."""
    names = runtime().org_names
    if name is None and len(names) == 1:
        return names[0]
    if name is None and names:
        raise UnknownReference(f"There are several orgs: name one of {', '.join(names)}.")
    if name is None or name not in names:
        raise UnknownReference(unknown_org(name or "", names))
    return name


def an_org(name: str | None) -> str | None:
    """The org named for a listing, configured or once known; None for all. UnknownReference."""
    if name is not None and runtime().store.state(name).organization_id is None:
        return the_org(name)
    return name


def person() -> str:
    """Who gives this command, for the history: LICENSE_SYNC_ADMIN, or the login name."""
    named = os.environ.get("LICENSE_SYNC_ADMIN")
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user need not stand in its passwd.
        return f"uid {os.getuid()}"
