"""Accounts on the command line."""

import json

import pytest

from admin.signin.passwords import Passwords
from cli.session import runtime
from sync.errors import NotAllowed, UnknownReference
from sync.ports.accounts import OpenIdPerson, Role
from tests.unit.cli.conftest import Run

GOOD = "correct horse battery"


def fits(name: str, password: str) -> bool:
    found = runtime().store.credentials(name)
    assert found is not None
    return Passwords().fits(password, found.password_hash)


def make(run: Run, name: str = "Ada", *more: str) -> None:
    made = run("admin", "create-user", name, "--password-stdin", *more, answer=f"{GOOD}\n")
    assert made.exit_code == 0, made.output


def test_a_password_is_typed_twice_and_not_shown(run: Run) -> None:
    made = run("admin", "create-user", "Ada", "--role", "admin", answer=f"{GOOD}\n{GOOD}\n")
    assert "Ada may sign in: admin of all orgs." in made.output
    assert GOOD not in made.output
    assert fits("ada", GOOD)
    [account] = runtime().store.accounts()
    assert (account.role, account.orgs, account.created_by) == (Role.ADMIN, None, "ada")


def test_two_passwords_that_differ_are_asked_for_again(run: Run) -> None:
    made = run("admin", "create-user", "Ada", answer=f"{GOOD}\nother horse\n{GOOD}\n{GOOD}\n")
    assert made.exit_code == 0
    assert fits("ada", GOOD)


def test_an_account_of_one_org(run: Run) -> None:
    make(run, "Ada", "--org", "acme")
    assert runtime().store.account("ada").orgs == {"acme"}
    found = run("admin", "create-user", "Bob", "--org", "nowhere", "--password-stdin", answer=GOOD)
    assert isinstance(found.exception, UnknownReference)


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("Bob", "short", "at least 12 characters"),
        ("Bob", "", "at least 12 characters"),
        ("bob@acme.example", "BOB@acme.example", "The name is no password"),
        ("ada", GOOD, "another account's"),
        ("a\nb", GOOD, "no invisible characters"),
    ],
)
def test_what_cannot_be_an_account(run: Run, name: str, password: str, said: str) -> None:
    make(run)
    made = run("admin", "create-user", name, "--password-stdin", answer=f"{password}\n")
    assert isinstance(made.exception, NotAllowed)
    assert said in str(made.exception)
    assert len(runtime().store.accounts()) == 1


def test_a_new_password(run: Run) -> None:
    make(run)
    done = run("admin", "set-password", "ADA", "--password-stdin", answer="another horse battery\n")
    assert "All sessions of the account have ended." in done.output
    assert fits("ada", "another horse battery")
    assert not fits("ada", GOOD)
    gone = run("admin", "set-password", "bob", "--password-stdin", answer=GOOD)
    assert isinstance(gone.exception, UnknownReference)


def test_accounts_are_listed_without_what_proves_them(run: Run) -> None:
    assert "Nobody may sign in yet" in run("admin", "users").output
    make(run, "Ada", "--role", "admin", "--org", "acme")
    [row] = json.loads(run("admin", "users", "--json").output)
    assert (row["name"], row["role"], row["orgs"]) == ("Ada", "admin", ["acme"])
    assert "argon2" not in str(row)
    assert "Ada" in run("admin", "users").output


def test_disabled_and_enabled(run: Run) -> None:
    make(run)
    assert "Ada is disabled" in run("admin", "disable", "ada").output
    assert runtime().store.account("ada").disabled_at is not None
    assert "Ada may sign in." in run("admin", "enable", "ada").output
    assert runtime().store.account("ada").disabled_at is None


def test_another_role(run: Run) -> None:
    make(run, "Ada", "--role", "admin")
    assert (
        "Ada is viewer of acme" in run("admin", "set-role", "ada", "viewer", "--org", "acme").output
    )
    assert runtime().store.account("ada").role is Role.VIEWER
    assert run("admin", "set-role", "ada", "god").exit_code == 2


def test_who_signs_in_with_salesforce_has_no_password_here(run: Run) -> None:
    runtime().store.meet_person(OpenIdPerson("sub-1", "Ada", Role.ADMIN, None))
    done = run("admin", "set-password", "ada", "--password-stdin", answer=GOOD)
    assert isinstance(done.exception, NotAllowed)
    assert "signs in with Salesforce" in str(done.exception)
    [row] = json.loads(run("admin", "users", "--json").output)
    assert row["subject"] == "sub-1"


def test_what_happened_to_accounts_is_listed(run: Run) -> None:
    make(run, "Ada", "--role", "admin")
    run("admin", "disable", "Ada")
    newest, oldest = json.loads(run("admin", "events", "--json").stdout)
    assert (newest["kind"], oldest["kind"]) == ("disabled", "created")
    assert newest["name"] == "Ada"
    assert "disabled" in run("admin", "events").output
