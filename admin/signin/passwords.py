"""Passwords: argon2id, and the same work for a name that nobody has.

https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
"""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from sync.errors import NotAllowed
from sync.ports.accounts import name_key

SHORTEST = 12
LONGEST = 1000
AT_ONCE = 4
"""One look takes 64 MiB; a flood of sign-ins waits in line instead of taking all memory."""


def require_good(password: str, name: str) -> None:
    """NotAllowed if a password would be guessed at once, or is not one."""
    if len(password) < SHORTEST:
        raise NotAllowed(f"A password has at least {SHORTEST} characters: choose a longer one.")
    if len(password) > LONGEST:
        raise NotAllowed(f"A password has at most {LONGEST} characters: choose a shorter one.")
    if name_key(password) in (name_key(name), name_key(name) * 2):
        raise NotAllowed("The name is no password: choose another one.")
    if len(set(password)) < 4:
        raise NotAllowed("A password has at least four different characters: choose another one.")


class Passwords:
    """Makes hashes and compares with them; safe to share between threads."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._nobodys = self._hasher.hash("what nobody has for a password")

    def hash(self, password: str) -> str:
        """What is kept of a password."""
        with self._turns:
            return self._hasher.hash(_octets(password))

    def fits(self, password: str, known: str | None) -> bool:
        """Whether this is the password; None is nobody's, and takes as long to say no."""
        if len(password) > LONGEST:
            password, known = "", None
        with self._turns:
            try:
                fits = self._hasher.verify(known or self._nobodys, _octets(password))
            except (VerificationError, InvalidHashError):
                return False
        return fits and known is not None

    def is_weak(self, known: str) -> bool:
        """Whether a hash was made with less than we use now."""
        return self._hasher.check_needs_rehash(known)


def _octets(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
