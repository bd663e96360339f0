"""Who may use this page, and the tokens that programs use: made and revoked here."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from admin.access import Refused, SignedIn, signed_in
from admin.pages.page import Page, changing, reading, text
from admin.pages.queries import one_of, orgs_of
from admin.signin.tokens import create_token
from sync.errors import NotAllowed
from sync.ports.accounts import NewToken, Role

SHOWN_EVENTS = 50


class Access(Page):
    """Accounts, tokens, and what happened to them. Only admins of every org see the accounts."""

    path = "/access"
    menu_label = "Access"

    @reading("")
    def index(self, request: Request) -> Response:
        """What there is."""
        return self._page(request, made=None)

    @changing("/tokens/revoke")
    def revoke(self, request: Request, form: FormData) -> str:
        """Let a token count no more."""
        person = signed_in(request)
        try:
            token_id = int(text(form, "id"))
        except ValueError as error:
            raise NotAllowed("The page sent a token that is none: load it again.") from error
        _check_token(person, self._orgs_of_token(token_id))
        token = self.services.store.revoke_token(token_id, person.username)
        return f"The token {token.name} counts no more."

    @changing("/tokens/make")
    def make(self, request: Request, form: FormData) -> Response:
        """Make a token and show it, this once."""
        person = signed_in(request)
        role = one_of(Role, text(form, "role")) or Role.VIEWER
        org = text(form, "org")
        orgs = person.orgs if not org else frozenset({org})
        _check_token(person, orgs)
        store = self.services.store
        new = NewToken(text(form, "name"), role, orgs, store.account(person.username).id)
        token, secret = create_token(store, new, person.username)
        return self._page(request, made=(token.name, secret))

    def _page(self, request: Request, made: tuple[str, str] | None) -> Response:
        person, store = signed_in(request), self.services.store
        sees_all = person.may_change and person.orgs is None
        return self.render(
            request,
            "pages/access.html",
            made=made,
            tokens=[t for t in store.tokens() if person.may_change and _reaches(person, t.orgs)],
            accounts=store.accounts() if sees_all else None,
            events=store.account_events(SHOWN_EVENTS) if sees_all else [],
            orgs=orgs_of(self.services, person),
        )

    def _orgs_of_token(self, token_id: int) -> frozenset[str] | None:
        for token in self.services.store.tokens():
            if token.id == token_id:
                return token.orgs
        raise NotAllowed("There is no such token: load the page again.")


def _reaches(person: SignedIn, orgs: frozenset[str] | None) -> bool:
    """Whether everything that a token reaches, its person reaches too."""
    if person.orgs is None:
        return True
    return orgs is not None and orgs <= person.orgs


def _check_token(person: SignedIn, orgs: frozenset[str] | None) -> None:
    if not _reaches(person, orgs):
        raise Refused("Your account does not reach all orgs of this token.")
