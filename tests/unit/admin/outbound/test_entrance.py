"""Which path and which certificate open a door."""

from dataclasses import replace

import pytest

from admin.outbound import entrance
from admin.outbound.entrance import Entrance, is_certificate
from config.outbound import Door, digest
from tests.outbound import TOKEN

ACME = Door("acme", digest(TOKEN), None, "005", 300)
BETA = replace(ACME, org="beta", digest=digest("b" * 32))


@pytest.mark.parametrize(
    ("path", "org", "opens"),
    [
        (f"/outbound/acme/{TOKEN}", "acme", True),
        (f"/outbound/beta/{'b' * 32}", "beta", True),
        (f"/outbound/beta/{TOKEN}", "beta", False),
        (f"/outbound/acme/{TOKEN}/", "acme", False),
        ("/outbound/acme/", "acme", False),
        (f"/outbound/gamma/{TOKEN}", None, False),
        (f"/outbound//{TOKEN}", None, False),
        ("/outbound/acme/\udcff", "acme", False),
    ],
)
def test_a_door_opens_to_its_own_token(path: str, org: str | None, opens: bool) -> None:
    found, door = Entrance([ACME, BETA]).knock(path)
    assert found == org
    assert (door is not None) is opens


def test_an_org_without_a_door_costs_as_much_as_one_with(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return one == other

    monkeypatch.setattr(entrance.hmac, "compare_digest", compare)
    for path in (f"/outbound/acme/{TOKEN}", "/outbound/acme/x", "/outbound/gamma/x", "/outbound/"):
        Entrance([ACME]).knock(path)
    assert compared == [(32, 32)] * 4


SUBJECT = "CN=acmé.example,O=Acme\\, Inc."
PRINT = "ab" * 31 + "cd"


@pytest.mark.parametrize(
    ("wanted", "shown", "fits"),
    [
        (SUBJECT, SUBJECT.encode().decode("latin-1"), True),
        (SUBJECT, SUBJECT.lower(), False),
        (SUBJECT, SUBJECT + ",C=US", False),
        (SUBJECT, None, False),
        (SUBJECT, "", False),
        (PRINT, PRINT, True),
        (PRINT, ":".join(PRINT[i : i + 2] for i in range(0, 64, 2)).upper(), True),
        (PRINT, PRINT[:-1] + "e", False),
        (PRINT, "", False),
    ],
)
def test_a_certificate_is_the_one_or_not(wanted: str, shown: str | None, fits: bool) -> None:
    assert is_certificate(wanted, shown) is fits
