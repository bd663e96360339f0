"""Scenes for the browser tests: an org in which something waits for a person, made as it happens.

Everything is edited in the simulated org and found by the worker; nothing is put into the database.
"""

from collections.abc import Mapping, Sequence

from tests.e2e.harness import API, FIELDS, Program, Salesforce, wait_for

AT_ONCE = 200
_OPEN = "SELECT id, user_id FROM conflict WHERE status = 'open' AND kind = 'conflict'"


def edit_all(org: Salesforce, user_ids: Sequence[str], fields: Mapping[str, object]) -> None:
    """The same edit of many users, as the admin; whoever was locked is edited again."""
    left = list(user_ids)
    for _ in range(20):
        refused: list[str] = []
        for at in range(0, len(left), AT_ONCE):
            part = left[at : at + AT_ONCE]
            records = [{"attributes": {"type": "User"}, "id": i, **fields} for i in part]
            body = {"allOrNone": False, "records": records}
            answer = org.http.patch(f"{org.url}{API}/composite/sobjects", json=body, timeout=60)
            answer.raise_for_status()
            refused += [i for i, r in zip(part, answer.json(), strict=True) if not r["success"]]
        if not refused:
            return
        left = refused
    raise AssertionError(f"{len(left)} users could not be edited")


def idle_users(org: Salesforce, count: int) -> list[str]:
    """Active users who request and have nothing, and whom no scene was given before."""
    facts = org.facts_now()
    org.given |= {facts["admin_id"], facts["integration_id"]}
    flags = [f"{kind}_{name}__c" for kind in ("Requested", "Effective") for name in FIELDS.values()]
    found = [
        user_id
        for user_id, user in org.users().items()
        if user["IsActive"] and user_id not in org.given and not any(user[f] for f in flags)
    ][:count]
    assert len(found) == count, f"the org has only {len(found)} idle users left"
    org.given |= set(found)
    return found


def give_freedom(org: Salesforce, user_ids: Sequence[str], seconds: float = 60.0) -> None:
    """Freedom, and CTI with it, for these users; returns when they have it."""
    edit_all(org, user_ids, {"Requested_Freedom__c": True})

    def have_it() -> bool:
        users = org.users()
        return all(users[user_id]["Effective_Freedom__c"] for user_id in user_ids)

    wait_for(f"{len(user_ids)} users have Freedom", have_it, seconds)


def open_conflicts(
    made: Program, org: Salesforce, count: int = 1, seconds: float = 90.0
) -> dict[str, int]:
    """Users who have Freedom and then request Service Cloud Voice too: id of user to conflict."""
    users = idle_users(org, count)
    give_freedom(org, users, seconds)
    edit_all(org, users, {"Requested_SCV__c": True})

    def all_open() -> dict[str, int]:
        found = conflicts(made)
        return found if set(users) <= found.keys() else {}

    found = wait_for(f"{count} conflicts", all_open, seconds)
    return {user_id: found[user_id] for user_id in users}


def conflicts(made: Program) -> dict[str, int]:
    """The open conflicts: id of user to id of conflict."""
    with made.reading() as database:
        return {user_id: number for number, user_id in database.execute(_OPEN)}
