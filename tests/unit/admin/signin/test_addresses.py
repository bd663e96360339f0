"""Where a request comes from."""

import pytest
from starlette.requests import Request

from admin.signin.addresses import client_address


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("testclient", "unknown"),
        (None, "unknown"),
    ],
)
def test_addresses(host: str | None, address: str) -> None:
    client = None if host is None else (host, 1)
    assert client_address(Request({"type": "http", "headers": [], "client": client})) == address
