import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from config.layouts import SHIPPED, LayoutError, load_layout
from sync.model import License

USER = (SHIPPED / "user.toml").read_text(encoding="utf-8")
SFDX = (
    Path(__file__).parents[3]
    / "sfdx"
    / "force-app"
    / "main"
    / "default"
    / "objects"
    / "User"
    / "fields"
)


def problems(tmp_path: Path, text: str) -> list[str]:
    """What is wrong with a layout file, without the file's name, which each problem has."""
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LayoutError) as caught:
        load_layout(path)
    said = [str(problem) for problem in caught.value.problems]
    assert str(caught.value) == "\n".join(said)
    assert all(problem.startswith(f"{path}: ") for problem in said)
    return [problem.removeprefix(f"{path}: ") for problem in said]


def test_the_shipped_layout() -> None:
    layout = load_layout("user")
    assert (layout.name, layout.object, layout.key_prefix) == ("user", "User", "005")
    assert layout.scope == {"UserType": ("Standard",)}
    assert layout.requested[License.CONTACT_CENTER] == "Requested_Contact_Center__c"
    assert list(layout.requested) == list(layout.effective) == list(License)
    assert layout.recording_group is None


@pytest.mark.skipif(not SFDX.is_dir(), reason="sfdx/ is not there")
def test_the_shipped_layout_names_what_sfdx_deploys() -> None:
    deployed = {
        ElementTree.parse(path).findtext("{*}fullName") for path in SFDX.glob("*.field-meta.xml")
    }
    layout = load_layout("user")
    assert {*layout.requested.values(), *layout.owned} <= deployed


def test_a_layout_of_ones_own(tmp_path: Path) -> None:
    text = USER.replace('# recording_group = "In_', 'recording_group = "In_')
    path = tmp_path / "mine.toml"
    path.write_text(text.replace('key_prefix = "005"', "").replace('active = "IsActive"', ""))
    layout = load_layout(str(path))
    assert (layout.name, layout.key_prefix, layout.active) == ("mine", None, None)
    assert layout.recording_group == "In_Recording_Group__c"


def test_a_layout_may_look_after_every_record(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(USER.replace('UserType = ["Standard"]', ""))
    assert load_layout(str(path)).scope == {}


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    text = (
        USER.replace('object = "User"', 'objekt = "User"')
        .replace('UserType = ["Standard"]', 'UserType = "Standard"')
        .replace('username = "Username"', "username = 7")
        .replace('status = "License_Sync_Status__c"', 'status = "Title"')
        .replace('CTI = "Requested_CTI__c"', 'CtI = "Requested_CTI__c"')
        .replace('SCV = "Effective_SCV__c"', 'SCV = "effective_freedom__C"')
        .replace('PCI = "Effective_PCI__c"', 'PCI = "Effective PCI"')
    )
    same = "effective.SCV is 'effective_freedom__C', the same as effective.Freedom"
    no_name = "effective.PCI is 'Effective PCI', which is no API name"
    assert problems(tmp_path, text) == [
        "objekt is unknown; did you mean object",
        "object is missing; add it",
        "requested.CtI is unknown; did you mean CTI",
        "requested.CTI is missing; add it",
        "scope.UserType is 'Standard'; write a list of values: [\"Standard\"]",
        "fields.username is 7; put the field's API name in quotes there",
        "fields.status is 'Title', a standard field; name a custom field (…__c)",
        f"{no_name}; use letters, digits and underscores",
        f"{same}; name a field of its own",
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('object = "User"', "object = 1", "object is 1; put a text in quotes there"),
        ('object = "User"', 'object = "User u"', "object is 'User u', which is no API name"),
        ('["Standard"]', "[]", 'scope.UserType is []; write a list of values: ["Standard"]'),
        ('["Standard"]', "[1]", 'scope.UserType is [1]; write a list of values: ["Standard"]'),
        ("UserType =", '"User.Type" =', "scope.User.Type is no API name; use letters, digits"),
        ("[scope]\nUserType", "scope", "scope is no table; write [scope] and its fields below it"),
        ("[scope]\nUserType", "UserType", "scope is missing; add it"),
        ('"005"', '"05"', "key_prefix is '05'; give the three characters"),
        (
            '"Name"',
            '"Id"',
            "fields.name is 'Id', the same as a field that license-sync reads anyway",
        ),
        ("[effective]", "[xyz]", "xyz is unknown; leave it out; known: object, key_prefix, "),
        ("[effective]", "[xyz]", "effective is missing; add it"),
        ("[scope]", "effective = 3\n[scope]", "is not TOML"),
        ("[fields]", "[[fields]]", "fields is no table; write [fields] and its keys below it"),
        ('= "User"', "= User", "is not TOML"),
    ],
)
def test_each_problem_names_key_and_mend(tmp_path: Path, old: str, new: str, problem: str) -> None:
    said = problems(tmp_path, USER.replace(old, new, 1))
    assert any(one.startswith(problem) for one in said), said


@pytest.mark.parametrize("name", ["usr", "no/such.toml", "./no-such-layout.toml"])
def test_a_layout_that_is_not_there(name: str) -> None:
    with pytest.raises(LayoutError, match=r"cannot be read.*one of: user"):
        load_layout(name)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(LayoutError, match="is not TOML"):
        load_layout(path)


def test_an_empty_file_lacks_everything(tmp_path: Path) -> None:
    said = problems(tmp_path, "")
    assert len(said) == len(tomllib.loads(USER)) - 1
    assert all(one.endswith("is missing; add it") for one in said)
