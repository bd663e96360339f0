"""One certificate authority and one server certificate, kept in a folder.

The certificate covers this machine's names and the names that Salesforce's hosts have, so that a
client that insists on them can be pointed here. The authority is one that only who trusts
`ca.pem` believes; its key stays in the folder for names that come later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography import x509

# `*.localhost` is believed by some clients only (OpenSSL and Node want two dots): name orgs apart.
NAMES = (
    "localhost",
    "*.localhost",
    "127.0.0.1",
    "::1",
    "login.salesforce.com",
    "test.salesforce.com",
    "*.my.salesforce.com",
    "*.sandbox.my.salesforce.com",
    "*.develop.my.salesforce.com",
    "*.scratch.my.salesforce.com",
)


@dataclass(frozen=True)
class Certificates:
    ca_file: Path
    server_file: Path


def load_certificates(folder: Path, more_names: Iterable[str]) -> Certificates:
    """Made at the first start, and anew for new names; clients that trust the CA go on working.

    A folder of an older simulator has no key of its CA: its certificate stays as it is.
    """
    found = Certificates(folder / "ca.pem", folder / "server.pem")
    names, ca_key = [*NAMES, *more_names], folder / "ca-key.pem"
    if not found.server_file.exists():
        authority = trustme.CA()
        authority.cert_pem.write_to_path(found.ca_file)
        _write_secret(ca_key, authority.private_key_pem.bytes())
    elif not ca_key.exists() or set(names) <= _names_in(found.server_file):
        return found
    else:
        authority = trustme.CA.from_pem(found.ca_file.read_bytes(), ca_key.read_bytes())
    certificate = authority.issue_cert(*names)
    _write_secret(found.server_file, certificate.private_key_and_cert_chain_pem.bytes())
    return found


def _names_in(server_file: Path) -> set[str]:
    certificate = x509.load_pem_x509_certificate(server_file.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}


def _write_secret(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
