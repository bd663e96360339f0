"""Access tokens and refresh tokens: who may call, as which app, how long.

No `expires_in` is ever sent: the lifetime is a setting. It counts from the login, or, if
sessions are prolonged, from the last use in the second half of the time (so Salesforce's help
on session timeouts; the simulator looks at each call).
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass

from simulator.database import Database

ALPHABET = string.ascii_letters + string.digits + "._"
SCOPE = "api"
TABLES = """
CREATE TABLE IF NOT EXISTS session (
    token TEXT PRIMARY KEY, user_id TEXT NOT NULL, client_id TEXT NOT NULL, scope TEXT NOT NULL,
    issued_at REAL NOT NULL, lifetime REAL NOT NULL, expires_at REAL NOT NULL, refresh_token TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS session_refresh ON session (refresh_token);
CREATE TABLE IF NOT EXISTS refresh_token (
    token TEXT PRIMARY KEY, user_id TEXT NOT NULL, client_id TEXT NOT NULL, scope TEXT NOT NULL,
    issued_at REAL NOT NULL
) WITHOUT ROWID;
"""


class OAuthError(Exception):
    """A refusal of the token endpoint: HTTP 400 with `error` and `error_description`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description

    def body(self) -> dict[str, str]:
        return {"error": self.error, "error_description": self.description}


@dataclass(frozen=True)
class Permit:
    """What a token allows: calls as this user, through this app, within this scope.

    `expires_at` is None for a refresh token: it lasts until it is revoked.
    """

    user_id: str
    client_id: str
    scope: str
    issued_at: float
    expires_at: float | None


class Tokens:
    """Every token of the org; kept in its folder, so that sessions outlive the process."""

    def __init__(self, database: Database, lifetime: float, *, prolonged: bool = False) -> None:
        self._db = database
        self._db.connection.executescript(TABLES)
        self.lifetime = lifetime
        self.prolonged = prolonged

    def issue(
        self,
        user_id: str,
        organization_id: str,
        now: float,
        lifetime: float | None = None,
        *,
        client_id: str = "",
        scope: str = SCOPE,
        refresh_token: str | None = None,
    ) -> str:
        token = f"{organization_id[:15]}!AQ" + _random(94)
        lasts = self.lifetime if lifetime is None else lifetime
        self._db.execute(
            "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (token, user_id, client_id, scope, now, lasts, now + lasts, refresh_token),
        )
        return token

    def issue_refresh(self, user_id: str, client_id: str, scope: str, now: float) -> str:
        token = "5Aep861" + _random(80)
        self._db.execute(
            "INSERT INTO refresh_token VALUES (?, ?, ?, ?, ?)",
            (token, user_id, client_id, scope, now),
        )
        return token

    def user_of(self, token: str, now: float) -> str | None:
        """Whose session this is; a call by it prolongs it, where that is the setting."""
        row = self._db.execute(
            "SELECT user_id, lifetime, expires_at FROM session WHERE token = ? AND expires_at > ?",
            (token, now),
        ).fetchone()
        if row is None:
            return None
        user_id, lifetime, expires_at = row
        if self.prolonged and expires_at - now < lifetime / 2:
            self._db.execute(
                "UPDATE session SET expires_at = ? WHERE token = ?", (now + lifetime, token)
            )
        return str(user_id)

    def access_permit(self, token: str, now: float) -> Permit | None:
        row = self._db.execute(
            "SELECT user_id, client_id, scope, issued_at, expires_at FROM session "
            "WHERE token = ? AND expires_at > ?",
            (token, now),
        ).fetchone()
        return Permit(*row) if row else None

    def refresh_permit(self, token: str) -> Permit | None:
        row = self._db.execute(
            "SELECT user_id, client_id, scope, issued_at, NULL FROM refresh_token WHERE token = ?",
            (token,),
        ).fetchone()
        return Permit(*row) if row else None

    def revoke(self, token: str) -> bool:
        """Ends a session, or a refresh token with every session that came of it."""
        ended = self._db.execute("DELETE FROM session WHERE token = ?", (token,)).rowcount
        ended += self._db.execute("DELETE FROM refresh_token WHERE token = ?", (token,)).rowcount
        self._db.execute("DELETE FROM session WHERE refresh_token = ?", (token,))
        return ended > 0

    def revoke_all(self, user_id: str | None = None) -> int:
        """Ends the sessions of one user, or of everyone."""
        if user_id is None:
            return self._db.execute("DELETE FROM session").rowcount
        return self._db.execute("DELETE FROM session WHERE user_id = ?", (user_id,)).rowcount


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
