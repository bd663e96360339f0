"""Which orgs a process serves: one as the options say, or one for each `--org`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simulator.hosts import DOMAIN
from simulator.org import Org
from simulator.pubsub.admission import Tenant
from simulator.seed.population import Population
from simulator.server import Door, listen
from simulator.tls import Certificates

NAME = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True)
class OrgOptions:
    """What may differ between orgs of one process; without a name it is the only one."""

    name: str
    users: int
    seed: int
    brownfield: bool
    port: int
    http_port: int | None
    token_lifetime: float
    session_prolonged: bool

    @property
    def population(self) -> Population:
        if self.users < 2:
            raise ValueError("--users must be at least 2: the admin and the integration user")
        return Population(self.users, self.seed, self.brownfield)

    def domain(self, names: list[str]) -> str:
        """The org's My Domain: a name given for it, or one made of its own."""
        if self.name:
            return f"{self.name}.my.salesforce.com"
        return names[0] if names else DOMAIN


def wanted(options: argparse.Namespace) -> list[OrgOptions]:
    """Raises ValueError with what is wrong with an `--org`."""
    usual = OrgOptions(
        "",
        options.users,
        options.seed,
        options.brownfield,
        options.port,
        options.http_port,
        options.token_lifetime,
        options.session_prolonged,
    )
    if not options.org:
        return [usual]
    found = [_parse(text, replace(usual, port=0)) for text in options.org]
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        raise ValueError("--org: every org needs a name of its own")
    return found


def _parse(text: str, usual: OrgOptions) -> OrgOptions:
    """`acme:users=300,seed=7,brownfield`: a name, and what is not as in the other options."""
    name, _, rest = text.partition(":")
    if not NAME.fullmatch(name):
        raise ValueError(f"--org: a name is a-z, 0-9 and hyphens, not {name!r}")
    given = dict(part.partition("=")[::2] for part in rest.split(",") if part)
    unknown = given.keys() - KEYS.keys()
    if unknown:
        known = ", ".join(KEYS)
        raise ValueError(f"--org {name}: unknown {', '.join(sorted(unknown))}; there are {known}")
    try:
        values: dict[str, Any] = {key: KEYS[key](value) for key, value in given.items()}
    except ValueError as error:
        raise ValueError(f"--org {name}: {error}") from error
    return replace(usual, name=name, **values)


def _flag(text: str) -> bool:
    if text not in ("", "true", "false"):
        raise ValueError(f"true or false, not {text!r}")
    return text != "false"


KEYS: dict[str, Callable[[str], Any]] = {
    "users": int,
    "seed": int,
    "brownfield": _flag,
    "port": int,
    "http_port": int,
    "token_lifetime": float,
    "session_prolonged": _flag,
}


class Served:
    """An org on its ports: one with TLS, and one without where that is wanted."""

    def __init__(self, options: OrgOptions, host: str, org: Org) -> None:
        self.options = options
        self.org = org
        self._tls = listen(host, options.port)
        self._plain = None if options.http_port is None else listen(host, options.http_port)

    def doors(self, app: Any, certificates: Certificates) -> list[Door]:
        doors = [Door(app, self._tls, certificates)]
        return doors if self._plain is None else [*doors, Door(app, self._plain, None)]

    @property
    def tenant(self) -> Tenant:
        return Tenant(self.org, None if self._plain is None else self._plain.getsockname()[1])

    def facts(self, host: str, ca_file: Path) -> dict[str, str]:
        """What a client needs in order to get in; `host` is the name it is to call."""
        org = self.org
        secret = org.people.secret(org.admin_id)
        found = {
            "url": f"https://{host}:{self._tls.getsockname()[1]}",
            "ca_file": str(ca_file),
            "client_id": org.app.client_id,
            "client_secret": org.app.client_secret,
            "organization_id": org.organization_id,
            "jwt_client_id": org.app.client_id,
            "jwt_username": org.username(org.integration_id),
            "jwt_private_key_file": str(org.app.private_key_file),
            "admin_username": org.username(org.admin_id),
            "admin_password": secret.password if secret else "",
            "admin_security_token": secret.security_token if secret else "",
        }
        if self._plain is not None:
            found["http_url"] = f"http://{host}:{self._plain.getsockname()[1]}"
        return {"name": self.options.name} | found if self.options.name else found
