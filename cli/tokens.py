"""`license-sync admin tokens`: what programs show to use the API."""

from typing import Annotated

import typer

from cli.output import age, isoformat, moment, print_json, print_json_array, print_table, say
from cli.session import JsonFlag, person, runtime, the_org
from sync.ports.accounts import ApiToken, NewToken, Role

app = typer.Typer(no_args_is_help=True, help=__doc__)


@app.command("list")
def list_(json: JsonFlag = False) -> None:
    """List the tokens, newest first, without what opens the door."""
    tokens = runtime().store.tokens()
    if json:
        print_json_array(map(_token_json, tokens))
        return
    now = runtime().store.now()
    print_table(
        ("id", "name", "role", "orgs", "made", "by", "used", "revoked"),
        (
            (
                str(token.id),
                token.name,
                token.role.value,
                "all" if token.orgs is None else ", ".join(sorted(token.orgs)),
                moment(token.created_at),
                token.created_by,
                age(token.last_used_at, now),
                moment(token.revoked_at),
            )
            for token in tokens
        ),
        empty="There are no tokens: `license-sync admin tokens create NAME`.",
    )


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    role: Annotated[Role, typer.Option("--role", help="`admin` may decide.")] = Role.VIEWER,
    org: Annotated[
        list[str] | None, typer.Option("--org", help="Only this org; may be repeated.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Make a token, and show it this once."""
    # Here, since no other command needs the page's framework, and it takes long to import.
    from admin.signin.tokens import create_token

    orgs = frozenset(map(the_org, org)) if org else None
    made, secret = create_token(runtime().store, NewToken(name, role, orgs), person())
    if json:
        print_json(_token_json(made) | {"token": secret})
        return
    say(f"Token {made.id} of {made.name}. It is shown this once; keep it in a safe place:")
    say(secret)


@app.command()
def revoke(token_id: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Let a token count no more, for good."""
    gone = runtime().store.revoke_token(token_id, person())
    say(f"Token {gone.id} of {gone.name} counts no more.")


def _token_json(token: ApiToken) -> dict[str, object]:
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role.value,
        "orgs": None if token.orgs is None else sorted(token.orgs),
        "created_at": isoformat(token.created_at),
        "created_by": token.created_by,
        "last_used_at": isoformat(token.last_used_at),
        "revoked_at": isoformat(token.revoked_at),
    }
