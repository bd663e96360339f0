"""`license-sync admin`: runs the review page; who may use it, and the tokens of programs.

A password is typed twice, or comes on standard input: never as an argument, which others can see.
"""

import sys
from typing import Annotated

import typer

from admin.signin.passwords import Passwords, require_good
from cli import tokens
from cli.output import isoformat, moment, print_json_array, print_table, say
from cli.session import JsonFlag, person, runtime, the_org
from sync.errors import NotAllowed
from sync.ports.accounts import Account, NewAccount, Role, checked_name

app = typer.Typer(help=__doc__)
app.add_typer(tokens.app, name="tokens")

Name = Annotated[str, typer.Argument(metavar="NAME")]
RoleOption = Annotated[
    Role, typer.Option("--role", help="`viewer` looks, `admin` decides as well.")
]
OrgsOption = Annotated[
    list[str] | None, typer.Option("--org", help="Only this org; may be repeated. All if none.")
]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@app.callback(invoke_without_command=True)
def serve(context: typer.Context) -> None:
    """Run the review page, unless one of its commands is named."""
    if context.invoked_subcommand is None:
        from admin.server import serve as serve_page

        serve_page(runtime().settings)


@app.command()
def create_user(
    name: Name,
    role: RoleOption = Role.VIEWER,
    org: OrgsOption = None,
    password_stdin: FromStdin = False,
) -> None:
    """Make an account for the review page."""
    name, orgs = checked_name(name), named_orgs(org)
    hashed = _new_password(name, from_stdin=password_stdin)
    made = runtime().store.create_account(NewAccount(name, role, orgs, hashed), person())
    say(f"{made.name} may sign in: {reach(made.role, made.orgs)}.")


@app.command()
def set_password(name: Name, password_stdin: FromStdin = False) -> None:
    """Give an account a new password. Its sessions end."""
    found = runtime().store.account(name)
    if found.subject is not None:
        raise NotAllowed(f"{found.name} signs in with Salesforce, and has no password here.")
    hashed = _new_password(found.name, from_stdin=password_stdin)
    runtime().store.set_password(name, hashed, person())
    say(f"{found.name} has a new password. All sessions of the account have ended.")


@app.command()
def users(json: JsonFlag = False) -> None:
    """List the accounts."""
    accounts = runtime().store.accounts()
    if json:
        print_json_array(map(_account_json, accounts))
        return
    print_table(
        ("name", "role", "orgs", "made", "by", "signs in with", "disabled"),
        (_cells(account) for account in accounts),
        empty="Nobody may sign in yet: `license-sync admin create-user NAME --role admin`.",
    )


@app.command()
def events(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    json: JsonFlag = False,
) -> None:
    """List what happened to accounts and tokens: made, changed, signed in, refused."""
    found = runtime().store.account_events(limit)
    if json:
        print_json_array(
            {
                "at": isoformat(event.at),
                "kind": event.kind.value,
                "name": event.name,
                "actor": event.actor,
                "address": event.address,
                "detail": event.detail,
            }
            for event in found
        )
        return
    print_table(
        ("when", "what", "account or token", "by", "from", "why"),
        (
            (moment(e.at), e.kind.value, e.name, e.actor, e.address or "–", e.detail or "–")
            for e in found
        ),
        empty="Nothing has happened yet.",
    )


@app.command()
def disable(name: Name) -> None:
    """Let nobody use an account. Its sessions end at once, its tokens count no more."""
    runtime().store.disable(name, person())
    say(f"{runtime().store.account(name).name} is disabled, and signed out everywhere.")


@app.command()
def enable(name: Name) -> None:
    """Undo `disable`, and forget sign-ins that failed under this name."""
    runtime().store.enable(name, person())
    say(f"{runtime().store.account(name).name} may sign in.")


@app.command()
def set_role(
    name: Name,
    role: Annotated[Role, typer.Argument(metavar="viewer|admin")],
    org: OrgsOption = None,
) -> None:
    """Change what an account may do, and for which orgs: all if none is named. Sessions end."""
    runtime().store.set_role(name, role, named_orgs(org), person())
    changed = runtime().store.account(name)
    say(f"{changed.name} is {reach(changed.role, changed.orgs)}, from the next sign-in on.")


def named_orgs(names: list[str] | None) -> frozenset[str] | None:
    """The orgs named on the command line; None for all. UnknownReference."""
    return frozenset(map(the_org, names)) if names else None


def reach(role: Role, orgs: frozenset[str] | None) -> str:
    """A role and its orgs for people."""
    return f"{role.value} of {'all orgs' if orgs is None else ', '.join(sorted(orgs)) or 'no org'}"


def _new_password(name: str, *, from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt="Once more")
    require_good(password, name)
    return Passwords().hash(password)


def _cells(account: Account) -> tuple[str, ...]:
    return (
        account.name,
        account.role.value,
        "all" if account.orgs is None else ", ".join(sorted(account.orgs)),
        moment(account.created_at),
        account.created_by,
        "a password" if account.subject is None else "Salesforce",
        moment(account.disabled_at),
    )


def _account_json(account: Account) -> dict[str, object]:
    return {
        "name": account.name,
        "role": account.role.value,
        "orgs": None if account.orgs is None else sorted(account.orgs),
        "created_at": isoformat(account.created_at),
        "created_by": account.created_by,
        "disabled_at": isoformat(account.disabled_at),
        "subject": account.subject,
    }
