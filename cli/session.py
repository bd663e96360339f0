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
    if name is None or name not in names:
        raise UnknownReference(unknown_org(name or "", names))
    return name


def person() -> str:
    """Who gives this command, for the history: LICENSE_SYNC_ADMIN, or the login name."""
    return os.environ.get("LICENSE_SYNC_ADMIN") or getpass.getuser()
