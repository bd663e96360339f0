"""Where a request comes from, as far as sign-in is concerned."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.requests import Request

NOWHERE = "unknown"


def client_address(request: Request) -> str:
    """The client's address; of IPv6 the network, since whoever has one has all of it."""
    if request.client is None:
        return NOWHERE
    try:
        address = ip_address(request.client.host)
    except ValueError:
        return NOWHERE
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Network((address.packed, 64), strict=False))
    return str(address)
