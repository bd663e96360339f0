"""Who logs in: users by their name, with the password and security token that they have."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from simulator.database import Database

TABLES = """
CREATE TABLE IF NOT EXISTS password (
    user_id TEXT PRIMARY KEY, password TEXT NOT NULL, security_token TEXT NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Secret:
    """What a user logs in with. Without a security token (a trusted network) none is asked for."""

    password: str
    security_token: str


class People:
    """Needs the table of users. `born_with` have passwords made of their ids, so of the seed."""

    def __init__(self, database: Database, born_with: tuple[str, ...]) -> None:
        self._db = database
        self._db.connection.executescript(TABLES)
        for user_id in born_with:
            made = _secret_of(user_id)
            self._db.execute(
                "INSERT OR IGNORE INTO password VALUES (?, ?, ?)",
                (user_id, made.password, made.security_token),
            )

    def active(self, username: str) -> str | None:
        """The id of the active user of that name, whatever the letter case."""
        row = self._db.execute(
            'SELECT Id FROM "so_User" WHERE Username = ? COLLATE NOCASE AND IsActive = 1',
            (username,),
        ).fetchone()
        return str(row[0]) if row else None

    def approved(self, username: str) -> str | None:
        """The same, if a permission set makes the user pre-authorized for the app."""
        user_id = self.active(username)
        row = self._db.execute("SELECT 1 FROM assignment WHERE user_id = ?", (user_id,)).fetchone()
        return user_id if row else None

    def is_active(self, user_id: str) -> bool:
        row = self._db.execute('SELECT IsActive FROM "so_User" WHERE Id = ?', (user_id,)).fetchone()
        return row is not None and bool(row[0])

    def secret(self, user_id: str) -> Secret | None:
        row = self._db.execute(
            "SELECT password, security_token FROM password WHERE user_id = ?", (user_id,)
        ).fetchone()
        return Secret(*row) if row else None

    def set_secret(self, user_id: str, secret: Secret) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO password VALUES (?, ?, ?)",
            (user_id, secret.password, secret.security_token),
        )

    def login(self, username: str, given: str) -> str | None:
        """The id of who this is: a name, and a password with the security token right behind it."""
        user_id, secret = self._known(username)
        if secret is None or not _same(given, secret.password + secret.security_token):
            return None
        return user_id

    def lacks_token(self, username: str, given: str) -> bool:
        """Whether only the security token is missing."""
        _, secret = self._known(username)
        return secret is not None and _same(given, secret.password)

    def _known(self, username: str) -> tuple[str | None, Secret | None]:
        user_id = self.active(username)
        return user_id, self.secret(user_id) if user_id else None


def _secret_of(user_id: str) -> Secret:
    made = hashlib.sha256(f"password of {user_id}".encode()).hexdigest()
    return Secret(f"Sim-{made[:12]}", made[12:36])


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
