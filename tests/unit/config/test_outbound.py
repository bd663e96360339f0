"""Which orgs have a door for outbound messages."""

from pathlib import Path

import pytest

from config.errors import BadSettings
from config.loading import load_settings
from config.outbound import digest, doors
from tests.outbound import TOKEN
from tests.unit.config.conftest import FOUR, Setter

MINE = "ORGS__ACME__OUTBOUND_"
FINGERPRINT = "AB:" * 31 + "CD"


def test_without_a_token_there_is_no_door(environment: Setter) -> None:
    environment(**FOUR)
    assert list(doors(load_settings())) == []


def test_an_org_with_a_token_has_one(environment: Setter) -> None:
    environment(**FOUR, **{f"{MINE}TOKEN": TOKEN})
    (door,) = doors(load_settings())
    assert (door.org, door.digest, door.certificate) == ("acme", digest(TOKEN), None)
    assert (door.key_prefix, door.per_minute) == ("005", 300)


def test_nothing_of_the_token_is_shown(environment: Setter) -> None:
    environment(**FOUR, **{f"{MINE}TOKEN": TOKEN})
    settings = load_settings()
    (door,) = doors(settings)
    shown = f"{settings!r} {door!r}"
    assert TOKEN not in shown
    assert str(digest(TOKEN)) not in shown


def test_the_token_may_stand_in_a_file(environment: Setter, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    environment(**FOUR, **{f"{MINE}TOKEN_FILE": str(tmp_path / "token")})
    (door,) = doors(load_settings())
    assert door.digest == digest(TOKEN)


@pytest.mark.parametrize("content", ["", "short", TOKEN + "/x", f"{TOKEN}\n{TOKEN}"])
def test_a_file_that_holds_no_token_leaves_the_door_shut(
    environment: Setter, tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    (tmp_path / "token").write_text(content)
    environment(**FOUR, **{f"{MINE}TOKEN_FILE": str(tmp_path / "token")})
    assert list(doors(load_settings())) == []
    assert "acme takes no outbound messages: LICENSE_SYNC_ORGS__ACME__OUTBOUND_TOKEN" in caplog.text
    assert TOKEN not in caplog.text


def test_an_unusable_layout_shuts_its_own_door_only(
    environment: Setter, caplog: pytest.LogCaptureFixture
) -> None:
    beta = {name.replace("ACME", "BETA"): value for name, value in FOUR.items()}
    environment(**FOUR, **beta, **{f"{MINE}TOKEN": TOKEN, "ORGS__BETA__OUTBOUND_TOKEN": TOKEN})
    environment(ORGS__ACME__LAYOUT="nothere")
    assert [door.org for door in doors(load_settings())] == ["beta"]
    assert "acme takes no outbound messages" in caplog.text


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("CN=acme, O=Salesforce", "CN=acme, O=Salesforce"),
        (FINGERPRINT, FINGERPRINT.replace(":", "").lower()),
        (FINGERPRINT.replace(":", ""), FINGERPRINT.replace(":", "").lower()),
    ],
)
def test_a_certificate_is_named_by_subject_or_fingerprint(
    environment: Setter, written: str, kept: str
) -> None:
    environment(**FOUR, **{f"{MINE}TOKEN": TOKEN, f"{MINE}CLIENT_CERTIFICATE": written})
    (door,) = doors(load_settings())
    assert door.certificate == kept


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({f"{MINE}TOKEN": TOKEN[:31]}, "OUTBOUND_TOKEN: write 32 to 200 random letters"),
        ({f"{MINE}TOKEN": TOKEN * 7}, "OUTBOUND_TOKEN: write 32 to 200 random letters"),
        ({f"{MINE}TOKEN": TOKEN + "/"}, "OUTBOUND_TOKEN: write 32 to 200 random letters"),
        ({f"{MINE}TOKEN": TOKEN + "é"}, "OUTBOUND_TOKEN: write 32 to 200 random letters"),
        ({f"{MINE}TOKEN": TOKEN, f"{MINE}TOKEN_FILE": "here"}, "or outbound_token_file, not both"),
        ({f"{MINE}CLIENT_CERTIFICATE": "CN=x"}, "needs an outbound_token as well"),
        (
            {f"{MINE}TOKEN": TOKEN, f"{MINE}CLIENT_CERTIFICATE": "AB:CD"},
            "write the certificate's subject",
        ),
        ({f"{MINE}TOKEN": TOKEN, f"{MINE}PER_MINUTE": "0"}, "OUTBOUND_PER_MINUTE"),
        ({"ADMIN__CLIENT_CERTIFICATE_HEADER": "X: y"}, "CLIENT_CERTIFICATE_HEADER"),
    ],
)
def test_what_cannot_be_used_is_said_without_it(
    environment: Setter, tmp_path: Path, given: dict[str, str], said: str
) -> None:
    (tmp_path / "here").write_text(TOKEN)
    environment(**FOUR, **given)
    with pytest.raises(BadSettings, match=said) as raised:
        load_settings()
    assert TOKEN[:31] not in str(raised.value)
