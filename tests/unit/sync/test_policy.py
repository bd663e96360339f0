"""What a policy means, and what is said about one that is wrong."""

import copy
import pickle
import tomllib

import pytest

from config.policies import load_policy
from sync.model import License
from sync.policy import (
    Policy,
    PolicyError,
    conflict_options,
    needs_code,
    removed_code,
)
from sync.policy_file import parse

FULL = """
name = "acme"
about = "Ours"
on_conflict = "prefer:SCV"
inactive = "release"
[features]
scv = false
old = true
[needs.SCV]
feature = "scv"
refusal = "not_enabled"
message = "No SCV."
[requires.CTI]
license = "Freedom"
unless = "old"
refusal = "needs_freedom"
message = "CTI needs Freedom."
[requires.Record]
license = "PBX"
refusal = "needs_pbx"
message = " Record needs PBX. "
[implies]
Freedom = ["CTI"]
[exclusive]
licenses = ["SCV", "Freedom"]
keep_for_swap = ["Freedom"]
[warnings.interface_without_pbx]
any_of = ["CTI", "SCV"]
without = "PBX"
message = "No PBX."
[warnings.record_needs_group]
any_of = ["Record"]
message = "No group."
"""


def read(text: str) -> Policy:
    return parse(tomllib.loads(text), "acme.toml")


# What it means


def test_the_meaning_does_not_depend_on_comments_order_or_name() -> None:
    other = tomllib.loads(FULL)
    other["name"], other["about"] = "other", "Theirs"
    other["exclusive"]["licenses"].reverse()
    turned = parse(dict(reversed(other.items())), "other.toml")
    assert turned.canonical() == read(FULL).canonical()
    assert turned.version.partition("@")[2] == read(FULL).version.partition("@")[2]


CHANGES: list[tuple[tuple[str, ...], object]] = [
    (("on_conflict",), "hold"),
    (("inactive",), "keep"),
    (("features", "scv"), True),
    (("needs", "SCV", "feature"), "old"),
    (("needs", "SCV", "refusal"), "not_in_use"),
    (("needs", "SCV", "message"), "Other."),
    (("requires", "Record", "license"), "Insight"),
    (("requires", "CTI", "unless"), "scv"),
    (("requires", "CTI", "message"), "Other."),
    (("implies", "Insight"), ["PCI"]),
    (("exclusive", "keep_for_swap"), ["SCV"]),
    (("warnings", "interface_without_pbx", "any_of"), ["SCV"]),
    (("warnings", "interface_without_pbx", "without"), "Insight"),
    (("warnings", "interface_without_pbx", "message"), "Other."),
]


@pytest.mark.parametrize(("path", "value"), CHANGES)
def test_every_change_of_meaning_changes_the_version(path: tuple[str, ...], value: object) -> None:
    data = tomllib.loads(FULL)
    table = data
    for step in path[:-1]:
        table = table[step]
    table[path[-1]] = value
    if path[:2] == ("requires", "Record"):
        data["requires"]["Record"]["refusal"] = "needs_insight"
    assert parse(data, "acme.toml").version != read(FULL).version


def test_the_canonical_text_and_the_version_stay_what_they_are() -> None:
    policy = read('name = "acme"\n[implies]\nFreedom = ["CTI"]\n[features]\nb = true\na = false')
    assert policy.canonical() == (
        '{"exclusive":null,"features":{"a":false,"b":true},"implies":{"Freedom":["CTI"]},'
        '"inactive":"keep","needs":{},"on_conflict":"hold","requires":{},"warnings":{}}'
    )
    assert policy.version == "acme@63386320"


def test_the_meaning_is_plain_values_under_the_files_own_names() -> None:
    assert read(FULL).meaning() == {
        "on_conflict": "prefer:SCV",
        "inactive": "release",
        "features": {"old": True, "scv": False},
        "needs": {"SCV": ["scv", "not_enabled", "No SCV."]},
        "requires": {
            "CTI": ["Freedom", "old", "needs_freedom", "CTI needs Freedom."],
            "Record": ["PBX", None, "needs_pbx", "Record needs PBX."],
        },
        "implies": {"Freedom": ["CTI"]},
        "exclusive": [["Freedom", "SCV"], ["Freedom"]],
        "warnings": {
            "interface_without_pbx": [["CTI", "SCV"], "PBX", "No PBX."],
            "record_needs_group": [["Record"], None, "No group."],
        },
    }


def test_a_policy_is_a_value() -> None:
    assert hash(read(FULL)) == hash(read(FULL))
    assert pickle.loads(pickle.dumps(read(FULL))) == read(FULL)
    assert copy.copy(PolicyError(["a", "b"])).problems == ["a", "b"]


def test_options_replace_what_the_file_says() -> None:
    policy = read(FULL)
    assert policy.with_options() == policy
    assert policy.with_options(on_conflict="hold").on_conflict == "hold"
    assert policy.with_options(on_conflict="hold").inactive == "release"
    assert policy.with_options(inactive="keep").inactive == "keep"
    assert policy.with_options(inactive="keep").on_conflict == "prefer:SCV"


def test_options_that_the_policy_does_not_know_are_refused_together() -> None:
    with pytest.raises(PolicyError) as raised:
        read(FULL).with_options(on_conflict="prefer:PBX", inactive="kep")
    assert raised.value.problems == [
        'policy acme: inactive: unknown value "kep"; did you mean "keep"?',
        'policy acme: on_conflict: unknown value "prefer:PBX"; did you mean "prefer:SCV"?',
    ]
    assert str(raised.value) == "\n".join(raised.value.problems)


def test_features_are_the_policys_defaults_and_the_orgs_own() -> None:
    assert read(FULL).features_of([]) == {"old"}
    assert read(FULL).features_of(["scv", "scv"]) == {"old", "scv"}


def test_features_that_the_policy_does_not_declare_are_refused_together() -> None:
    with pytest.raises(PolicyError) as raised:
        read(FULL).features_of(["svc", "xyz", "xyz"])
    assert raised.value.problems == [
        'policy acme: features: unknown feature "svc"; did you mean "scv"?',
        'policy acme: features: unknown feature "xyz"; write one of old, scv.',
    ]
    with pytest.raises(PolicyError, match='unknown feature "scv"; declare it'):
        read('name = "a"').features_of(["scv"])


def test_a_preference_is_for_one_of_the_pair() -> None:
    assert conflict_options(read(FULL).exclusive) == ("hold", "prefer:Freedom", "prefer:SCV")
    assert conflict_options(None) == ("hold",)


def test_codes_are_made_of_license_names() -> None:
    assert [needs_code(name) for name in License] == [
        "needs_cti",
        "needs_freedom",
        "needs_scv",
        "needs_pbx",
        "needs_contact_center",
        "needs_record",
        "needs_pci",
        "needs_insight",
    ]
    assert removed_code(License.CONTACT_CENTER) == "removed_with_contact_center"


def test_what_comes_with_a_license_is_followed_to_the_end() -> None:
    policy = read('name = "a"\n[implies]\nPBX = ["Record"]\nRecord = ["PCI"]\nPCI = ["Insight"]')
    assert policy.comes_with(License.PBX).names == ["Record", "PCI", "Insight"]
    assert policy.comes_with(License.CTI).names == []


def test_the_shipped_policies_differ_in_pci_alone() -> None:
    older, newer = load_policy("natterbox-2022").meaning(), load_policy("natterbox-2023").meaning()
    assert older.pop("features") == {"cti_only": False, "pci": False, "scv": False}
    assert newer.pop("features") == {"cti_only": False, "pci": True, "scv": False}
    assert older == newer
