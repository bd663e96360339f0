"""Users as people name them: by id or by username."""

from sync.errors import UnknownReference
from sync.org import Org
from sync.salesforce.ids import to_18


def user_id(org: Org, named: str) -> str:
    """The 18-character id of a user; UnknownReference if there is none of that name."""
    try:
        return to_18(named)
    except ValueError:
        found = org.gateway.find(named)
    if found is None:
        raise UnknownReference(
            f"{org.name} has no user {named!r}: name an id or a username of a standard user."
        )
    return found
