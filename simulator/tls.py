"""The org's own certificate authority and server certificate, kept in its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme

NAMES = ("localhost", "127.0.0.1", "::1", "simulated-org.my.salesforce.com")


@dataclass(frozen=True)
class Certificates:
    ca_file: Path
    server_file: Path


def load_certificates(folder: Path, more_names: list[str]) -> Certificates:
    """Makes them at the first start; clients that trust the CA go on working at later ones."""
    found = Certificates(folder / "ca.pem", folder / "server.pem")
    if not found.server_file.exists():
        authority = trustme.CA()
        authority.cert_pem.write_to_path(found.ca_file)
        found.server_file.touch(mode=0o600)
        authority.issue_cert(*NAMES, *more_names).private_key_and_cert_chain_pem.write_to_path(
            found.server_file
        )
    return found
