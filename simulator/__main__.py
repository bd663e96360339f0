"""`python -m simulator`: serves an org, or several, and says where in one line of JSON."""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
from contextlib import ExitStack, closing, nullcontext
from pathlib import Path

from simulator.app import make_app
from simulator.bulk.settings import BulkSettings
from simulator.bulk.working import resume
from simulator.org import Org, OrgSettings
from simulator.orgs import OrgOptions, Served, wanted
from simulator.outbound.sending import resume as resume_outbound
from simulator.pubsub.server import PubSubServer
from simulator.schema.metadata import read_schema
from simulator.server import serve
from simulator.tls import Certificates, load_certificates

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
    parser.add_argument(
        "--session-prolonged", action="store_true", help="use prolongs a token, as in many orgs"
    )
    parser.add_argument("--http-port", type=int, help="serve plain HTTP as well; 0 picks a port")
    parser.add_argument(
        "--pubsub-port", type=int, help="serve the Pub/Sub API as well; 0 picks a port"
    )
    parser.add_argument(
        "--org",
        action="append",
        default=[],
        metavar="NAME[:users=N,seed=S,brownfield,port=P,…]",
        help="one of several orgs in this process; the other options are what it starts from",
    )
    parser.add_argument(
        "--seed-cache", type=Path, help="folder that keeps seeded orgs, for a quick start"
    )
    parser.add_argument(
        "--bulk-delay", type=float, default=0.0, help="seconds that a bulk job stays in each state"
    )
    parser.add_argument(
        "--bulk-page", type=int, default=0, help="rows of a page of bulk results; 0: all in one"
    )
    return parser.parse_args(arguments)


def _run(options: argparse.Namespace, folder: Path) -> None:
    folder, orgs = folder.resolve(), wanted(options)
    with ExitStack() as opened:
        served = []
        for one in orgs:
            org = opened.enter_context(closing(_open(one, options, folder)))
            served.append(Served(one, options.host, org))
        names = [f"{one.name}.localhost" for one in orgs if one.name]
        certificates = load_certificates(folder, [*options.name, *names])
        host = [*options.name, "localhost"][0]
        doors = [
            door
            for place in served
            for door in place.doors(make_app(place.org, control=options.control), certificates)
        ]
        pubsub = _pubsub(options, served, certificates)

        def ready() -> None:
            more = {} if pubsub is None else {"pubsub_endpoint": f"{host}:{pubsub.port}"}
            _ready(served, host, certificates, more, several=bool(options.org))

        serve(doors, ready, nullcontext if pubsub is None else pubsub.running)


def _pubsub(
    options: argparse.Namespace, served: list[Served], certificates: Certificates
) -> PubSubServer | None:
    if options.pubsub_port is None:
        return None
    tenants = [place.tenant for place in served]
    return PubSubServer(tenants, options.host, options.pubsub_port, certificates)


def _open(one: OrgOptions, options: argparse.Namespace, folder: Path) -> Org:
    """An org with a name has a folder of its own in that of the process."""
    home = folder / one.name
    home.mkdir(exist_ok=True)
    settings = OrgSettings(
        home,
        one.population,
        one.token_lifetime,
        BulkSettings(options.bulk_delay, options.bulk_page),
        options.seed_cache,
        one.session_prolonged,
        one.domain(options.name),
    )
    return Org(settings, read_schema(options.schema, *options.objects))


def _ready(
    served: list[Served],
    host: str,
    certificates: Certificates,
    more: dict[str, str],
    *,
    several: bool,
) -> None:
    """Jobs and outbound messages go on where they stood; whoever waits for the line reads it."""
    for one in served:
        resume(one.org)
        resume_outbound(one.org)
    facts = [one.facts(host, certificates.ca_file) | more for one in served]
    common = {"ca_file": str(certificates.ca_file), **more}
    found = {**common, "orgs": facts} if several else facts[0]
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
