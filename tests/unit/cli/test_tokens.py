"""Tokens on the command line."""

import json
import re

from cli.session import runtime
from sync.errors import UnknownReference
from sync.ports.accounts import Role, digest
from tests.unit.cli.conftest import Run


def test_a_token_is_shown_once(run: Run) -> None:
    made = run("admin", "tokens", "create", "ci", "--role", "admin", "--org", "acme")
    found = re.search(r"lsync_[\w-]{43}", made.output)
    assert found
    use = runtime().store.use_token(digest(found[0]))
    assert use is not None
    assert (use.token.name, use.token.role, use.token.orgs) == ("ci", Role.ADMIN, {"acme"})
    assert (use.token.created_by, use.creator) == ("ada", None)
    listed = run("admin", "tokens", "list").output + run("admin", "tokens", "list", "--json").output
    assert "ci" in listed
    assert found[0] not in listed


def test_a_token_for_a_program_that_makes_it(run: Run) -> None:
    made = json.loads(run("admin", "tokens", "create", "ci", "--json").output)
    assert runtime().store.use_token(digest(made["token"])) is not None
    [row] = json.loads(run("admin", "tokens", "list", "--json").output)
    assert {name: made[name] for name in row if name != "last_used_at"} == {
        name: row[name] for name in row if name != "last_used_at"
    }


def test_a_token_is_revoked(run: Run) -> None:
    assert "There are no tokens" in run("admin", "tokens", "list").output
    made = json.loads(run("admin", "tokens", "create", "ci", "--json").output)
    assert "counts no more" in run("admin", "tokens", "revoke", str(made["id"])).output
    assert runtime().store.tokens()[0].revoked_at is not None
    gone = run("admin", "tokens", "revoke", "99")
    assert isinstance(gone.exception, UnknownReference)
