"""Users as people name them: by id or by username."""

from collections.abc import Iterable

from sync.errors import UnknownReference
from sync.org import Org
from sync.salesforce.ids import to_18


def user_id(org: Org, named: str) -> str:
    """The 18-character id of a user; UnknownReference if there is none of that name."""
    try:
        return to_18(named)
    except ValueError:
        # An argument that is not UTF-8 comes with surrogates, which cannot be sent.
        found = org.gateway.find(named) if named.isprintable() else None
    if found is None:
        raise UnknownReference(
            f"{org.name} has no user {named[:80]!r}: name an id or a username of a standard user."
        )
    return found


def user_ids(org: Org, named: Iterable[str]) -> tuple[str, ...]:
    """The ids of users, each once; UnknownReference if one cannot be read or is out of scope."""
    ids = {user_id(org, name): name for name in named}
    if ids:
        found = org.gateway.reader.read(list(ids)).records
        missing = ", ".join(name for id_, name in ids.items() if id_ not in found)
        if missing:
            raise UnknownReference(f"{org.name} has no such users that may be read: {missing}.")
    return tuple(ids)
