"""`python -m simulator`: serves one org, and says where in one line of JSON."""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
from pathlib import Path

from simulator.app import make_app
from simulator.org import Org, OrgSettings
from simulator.schema.metadata import read_schema
from simulator.seed.population import Population
from simulator.server import listen, serve
from simulator.tls import load_certificates

SCHEMA = Path(__file__).parent.parent / "sfdx"


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    try:
        if options.data:
            options.data.mkdir(parents=True, exist_ok=True)
            _run(options, options.data)
        else:
            with tempfile.TemporaryDirectory(prefix="simulated-org-") as folder:
                _run(options, Path(folder))
    except (OSError, ValueError, sqlite3.Error) as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 1
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="simulator", description="A Salesforce org on this machine."
    )
    parser.add_argument("--port", type=int, default=0, help="0 (default) picks a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        help="a host name more for the certificate and the URL",
    )
    parser.add_argument(
        "--users",
        type=int,
        default=100,
        help="standard users, the admin and the integration included",
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed makes the same org")
    parser.add_argument(
        "--brownfield", action="store_true", help="licenses held, nothing requested"
    )
    parser.add_argument("--control", action="store_true", help="serve /__control__/ as well")
    parser.add_argument(
        "--data",
        type=Path,
        help="folder in which the org lives on; without it, it is gone at the end",
    )
    parser.add_argument("--schema", type=Path, default=SCHEMA, help="the Salesforce DX project")
    parser.add_argument(
        "--objects", type=Path, action="append", default=[], help="a folder of objects in TOML"
    )
    parser.add_argument(
        "--token-lifetime", type=float, default=7200.0, help="seconds that an access token lasts"
    )
    return parser.parse_args(arguments)


def _run(options: argparse.Namespace, folder: Path) -> None:
    if options.users < 2:
        raise ValueError("--users must be at least 2: the admin and the integration user")
    population = Population(options.users, options.seed, options.brownfield)
    listener = listen(options.host, options.port)
    org = Org(
        OrgSettings(folder.resolve(), population, options.token_lifetime),
        read_schema(options.schema, *options.objects),
    )
    certificates = load_certificates(folder.resolve(), options.name)
    port = listener.getsockname()[1]

    def ready() -> None:
        found = {
            "url": f"https://{[*options.name, 'localhost'][0]}:{port}",
            "ca_file": str(certificates.ca_file),
            "client_id": org.app.client_id,
            "client_secret": org.app.client_secret,
            "organization_id": org.organization_id,
            "jwt_client_id": org.app.client_id,
            "jwt_username": org.username(org.integration_id),
            "jwt_private_key_file": str(org.app.private_key_file),
            "admin_username": org.username(org.admin_id),
        }
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()

    try:
        serve(make_app(org, control=options.control), certificates, listener, ready)
    finally:
        org.close()


if __name__ == "__main__":
    sys.exit(main())
