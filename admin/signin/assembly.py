"""Puts sign-in together from the settings: what the server mounts, and nothing else has to know."""

from admin.signin.desk import Desk, SignInStore
from admin.signin.openid import OpenId
from admin.signin.passwords import Passwords
from admin.signin.provider import SignIn
from admin.signin.sessions import SessionRules, Sessions
from config.settings import Settings
from config.state import page_key


def make_sign_in(
    settings: Settings, store: SignInStore, passwords: Passwords | None = None
) -> SignIn:
    """The provider to give to starlette-admin. BadSettings."""
    page = settings.admin
    rules = SessionRules(page.session_minutes * 60, page.idle_minutes * 60, page.is_https)
    sessions = Sessions(store, rules)
    desk = Desk(store, passwords or Passwords(), sessions)
    return SignIn(desk, sessions, OpenId(settings, secret_key(settings)), page.url)


def secret_key(settings: Settings) -> str:
    """What signs the page's cookies; starlette-admin takes the same. BadSettings."""
    given = settings.admin.secret_key
    return page_key(settings.state_dir) if given is None else given.get_secret_value()
