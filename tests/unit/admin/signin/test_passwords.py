"""Passwords: what is kept of them, and that a wrong name takes as long as a wrong password."""

import time

import pytest
from argon2 import PasswordHasher

from admin.signin.passwords import Passwords, require_good
from sync.errors import NotAllowed

GOOD = "correct horse battery"


def test_a_password_fits_its_hash_alone(passwords: Passwords) -> None:
    known = passwords.hash(GOOD)
    assert known.startswith("$argon2id$")
    assert GOOD not in known
    assert passwords.fits(GOOD, known)
    for wrong in ("", GOOD.upper(), GOOD + " ", "x" * 2000):
        assert not passwords.fits(wrong, known)
    assert passwords.hash(GOOD) != known


def test_nobody_has_the_password_of_nobody(passwords: Passwords) -> None:
    assert not passwords.fits("what nobody has for a password", None)
    assert not passwords.fits(GOOD, "no hash at all")


def test_any_text_may_be_one(passwords: Passwords) -> None:
    for odd in ("\x00" * 12, "\udcff" * 12, "数" * 12):
        assert passwords.fits(odd, passwords.hash(odd))


def test_a_wrong_name_takes_as_long_as_a_wrong_password() -> None:
    passwords = Passwords()
    known = passwords.hash(GOOD)

    def took(hash_: str | None) -> float:
        start = time.process_time()
        assert not passwords.fits("wrong", hash_)
        return time.process_time() - start

    wrong = min(took(known) for _ in range(3))
    nobody = min(took(None) for _ in range(3))
    assert 0.5 < nobody / wrong < 2


def test_a_hash_of_less_work_is_weak(passwords: Passwords) -> None:
    known = passwords.hash(GOOD)
    assert not passwords.is_weak(known)
    assert Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)).is_weak(known)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("x" * 11, "at least 12"),
        ("x" * 1001, "at most 1000"),
        ("Ada@Acme.Example", "The name is no password"),
        ("aaaaaaaaaaaa", "at least four different"),
    ],
)
def test_what_is_guessed_at_once_is_no_password(password: str, said: str) -> None:
    with pytest.raises(NotAllowed, match=said):
        require_good(password, "ada@acme.example")
    require_good(GOOD, "ada@acme.example")
