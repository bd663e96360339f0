"""The proof finds what is wrong, and nothing where nothing is."""

from itertools import product

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from config.policies import load_policy
from sync import rules
from sync.model import CATALOGUE, Decision, License, Licenses
from sync.policy import NEED_CODES, Policy, PolicyError, needs_code
from sync.policy_file import parse
from sync.proof import prove, prove_settings
from sync.proof import settings as all_settings
from sync.proof_report import Proof, Setting
from sync.rules import Case, Rulebook

PLAIN = Setting(("scv",), "hold", "keep", True, None)
INACTIVE = PLAIN._replace(active=False)


def failed(proof: Proof) -> list[int]:
    return [prop.number for prop in proof.properties if prop.failures]


def without(*sections: str, **more: object) -> Policy:
    """The default policy's core without these sections and with others."""
    need = {"feature": "scv", "refusal": "not_enabled", "message": "No SCV."}
    requirement = {"license": "Freedom", "refusal": "needs_freedom", "message": "Needs Freedom."}
    data: dict[str, object] = {
        "name": "holed",
        "features": {"scv": False},
        "needs": {"SCV": need},
        "requires": {"CTI": requirement},
        "implies": {"Freedom": ["CTI"]},
        "exclusive": {"licenses": ["Freedom", "SCV"], "keep_for_swap": ["Freedom"]},
    }
    kept = {key: value for key, value in data.items() if key not in sections}
    return parse({**kept, **more}, "holed.toml")


# Whole policies


def test_the_default_policy_holds_for_every_combination() -> None:
    policy = load_policy()
    # Without what only repeats: what becomes of inactive users for those who are active. The
    # recording group is tried below.
    chosen = [
        setting
        for setting in all_settings(policy)
        if setting.in_recording_group is None and (not setting.active or setting.inactive == "keep")
    ]
    proof = prove_settings(policy, chosen)
    assert failed(proof) == []
    assert proof.holds
    assert proof.policy == policy.version
    assert proof.combinations == 3 * 3 * 8 * 65536
    assert [prop.checked for prop in proof.properties] == [proof.combinations] * 6


@pytest.mark.parametrize("inactive", ["keep", "release"])
def test_the_recording_group_changes_no_property(inactive: str) -> None:
    chosen = [Setting(("pci", "scv"), "hold", inactive, active, False) for active in (True, False)]
    assert prove_settings(load_policy("natterbox-2023"), chosen).holds


def test_every_setting_is_tried() -> None:
    everything = list(all_settings(load_policy()))
    assert len(set(everything)) == len(everything) == 2 * 2 * 2 * 3 * 8
    newer = list(all_settings(load_policy("natterbox-2023")))
    assert len(newer) == 2 * 2 * 2 * 3 * 4
    assert {"pci" in setting.features for setting in newer} == {True}
    assert {s.in_recording_group for s in all_settings(without())} == {None}


def test_progress_is_told_after_each_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.proof.settings", lambda _: [PLAIN, INACTIVE])
    told: list[tuple[int, int]] = []
    prove(without(), lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


# Policies with a hole


def test_a_policy_that_lets_both_be_had_is_unsound() -> None:
    proof = prove_settings(without("exclusive"), [PLAIN])
    assert failed(proof) == [1]
    assert not proof.holds
    assert proof.properties[0].counterexamples[0].words == (
        "an active user who requests Freedom, SCV and holds nothing (features: scv; "
        "on_conflict: hold; inactive: keep) gets CTI, Freedom, SCV: Freedom, SCV exclude each other"
    )
    assert len(proof.properties[0].counterexamples) == 3


def test_a_policy_that_grants_freedom_without_cti_is_unsound() -> None:
    proof = prove_settings(without("implies"), [PLAIN])
    assert failed(proof) == [1]
    example = proof.properties[0].counterexamples[0]
    assert example.what == "Freedom is granted without CTI"
    assert example.effective == Licenses.from_code("F")


def test_a_policy_that_grants_cti_without_freedom_is_unsound() -> None:
    proof = prove_settings(without("requires"), [PLAIN])
    assert failed(proof) == [1]
    assert proof.properties[0].counterexamples[0].what == "CTI is granted without Freedom"


def test_a_policy_in_which_an_optional_license_changes_another_is_not_independent() -> None:
    proof = prove_settings(without(implies={"Freedom": ["CTI"], "Record": ["Insight"]}), [PLAIN])
    assert failed(proof) == [5]
    assert proof.properties[4].counterexamples[0].what == "Record changes Insight"


# Rules with a hole: each property has to notice.


def grant(bits: int) -> rules.Rule:
    def rule(_: object, draft: rules.Draft) -> None:
        draft.granted |= bits

    return rule


def proof_with(
    monkeypatch: pytest.MonkeyPatch, rule: rules.Rule, setting: Setting = PLAIN
) -> Proof:
    monkeypatch.setattr("sync.rules.RULES", (*rules.RULES, rule))
    return prove_settings(without(), [setting])


def test_a_license_that_the_org_may_not_have_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    proof = proof_with(monkeypatch, grant(License.SCV.bit), PLAIN._replace(features=()))
    assert 1 in failed(proof)
    assert proof.properties[0].counterexamples[0].what == (
        "the org may not have SCV, for want of the feature scv"
    )


def test_a_license_from_nowhere_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    proof = proof_with(monkeypatch, grant(License.PCI.bit))
    assert failed(proof) == [2, 4]
    assert proof.properties[1].counterexamples[0].what == "nothing brings PCI"


def test_what_an_inactive_user_gains_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(_: object, draft: rules.Draft) -> None:
        draft.granted |= draft.requested & License.PCI.bit

    proof = proof_with(monkeypatch, fill, INACTIVE)
    assert failed(proof) == [2]
    assert proof.properties[1].counterexamples[0].what == "an inactive user gains PCI"


def test_freedom_that_is_kept_for_no_swap_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def cling(_: object, draft: rules.Draft) -> None:
        draft.granted |= draft.held & (License.FREEDOM.bit | License.CTI.bit)

    assert 2 in failed(proof_with(monkeypatch, cling))


def test_a_decision_that_does_not_stay_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def flip(_: object, draft: rules.Draft) -> None:
        if draft.held & License.CTI.bit:
            draft.granted &= ~License.PCI.bit

    proof = proof_with(monkeypatch, flip)
    assert 3 in failed(proof)
    assert proof.properties[2].counterexamples[0].what == (
        "deciding again with that as held gives PCI"
    )


def test_what_nothing_is_said_about_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def drop(_: object, draft: rules.Draft) -> None:
        draft.granted &= ~License.PCI.bit

    proof = proof_with(monkeypatch, drop)
    assert failed(proof) == [4]
    assert proof.properties[3].counterexamples[0].what == "nothing is said about PCI"


def test_what_is_said_twice_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def repeat(_: object, draft: rules.Draft) -> None:
        if "implied" in draft.said:
            draft.said["kept_for_swap"] = draft.said["implied"]

    proof = proof_with(monkeypatch, repeat)
    assert failed(proof) == [4]
    assert proof.properties[3].counterexamples[0].what == "more than one finding names CTI"


def test_an_optional_license_that_is_held_and_changes_another_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def depend(_: object, draft: rules.Draft) -> None:
        if draft.held & License.INSIGHT.bit:
            draft.granted &= ~License.PCI.bit

    # Of an optional license, what is held reaches the rules for inactive users only.
    proof = proof_with(monkeypatch, depend, INACTIVE)
    assert 5 in failed(proof)
    assert proof.properties[4].counterexamples[0].what == "Insight changes PCI"


@pytest.mark.parametrize("answer", [None, RuntimeError("broken")])
def test_a_combination_without_an_answer_is_noticed(
    monkeypatch: pytest.MonkeyPatch, answer: Exception | None
) -> None:
    decide = Rulebook.decide

    def gap(self: Rulebook, case: Case) -> Decision:
        if case.requested.on.bits != License.PCI.bit:
            return decide(self, case)
        if answer is not None:
            raise answer
        return Decision(None, ())

    monkeypatch.setattr(Rulebook, "decide", gap)
    proof = prove_settings(without(), [INACTIVE])
    assert failed(proof)[-1] == 6
    assert proof.properties[5].failures == 256
    assert proof.properties[5].counterexamples[0].words == (
        "an inactive user who requests PCI and holds nothing (features: scv; on_conflict: hold; "
        "inactive: keep) gets no answer: nothing was decided"
    )


# Policies that a customer could write

FEATURES = ("one", "two", "cti_only")
NAMES = [name.value for name in CATALOGUE]


def needs() -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries(
        {
            "feature": st.sampled_from(FEATURES),
            "refusal": st.sampled_from(NEED_CODES),
            "message": st.just("Not for this org."),
        }
    )


def requirements() -> st.SearchStrategy[dict[str, object]]:
    return st.sampled_from(CATALOGUE).flatmap(
        lambda other: st.fixed_dictionaries(
            {
                "license": st.just(other.value),
                "refusal": st.just(needs_code(other)),
                "message": st.just(f"Needs {other.label}."),
            },
            optional={"unless": st.sampled_from(FEATURES)},
        )
    )


def some(values: st.SearchStrategy[object], most: int) -> st.SearchStrategy[dict[str, object]]:
    return st.dictionaries(st.sampled_from(NAMES), values, max_size=most)


PAIRS = st.lists(st.sampled_from(NAMES), min_size=2, max_size=2, unique=True)
EXCLUSIVE = PAIRS.flatmap(
    lambda pair: st.fixed_dictionaries(
        {"licenses": st.just(pair)},
        optional={"keep_for_swap": st.lists(st.sampled_from(pair), unique=True)},
    )
)
POLICIES = st.fixed_dictionaries(
    {
        "name": st.just("random"),
        "features": st.fixed_dictionaries({name: st.booleans() for name in FEATURES}),
        "needs": some(needs(), 3),
        "requires": some(requirements(), 3),
        "implies": some(st.lists(st.sampled_from(NAMES), max_size=2, unique=True), 3),
    },
    optional={"exclusive": EXCLUSIVE},
)


@settings(max_examples=20)
@given(POLICIES, st.data())
def test_a_policy_is_refused_or_its_own_rules_hold(
    data: dict[str, object], draw: st.DataObject
) -> None:
    try:
        policy = parse(data, "random.toml")
    except PolicyError as error:
        told = all(line.startswith("random.toml: ") for line in error.problems)
        reject() if told else pytest.fail(str(error))
    setting = draw.draw(st.sampled_from(list(all_settings(policy))))
    proof = prove_settings(policy, [setting], vendor=False)
    assert failed(proof) == [], [prop.counterexamples[:1] for prop in proof.properties]


@settings(max_examples=8)
@given(
    st.booleans(),
    st.booleans(),
    st.sampled_from(["hold", "prefer:Freedom", "prefer:SCV"]),
    st.sampled_from(["keep", "release"]),
    some(needs(), 4),
    st.data(),
)
def test_a_policy_that_keeps_to_the_vendors_page_holds_whatever_else_needs_a_feature(
    one: bool,
    two: bool,
    on_conflict: str,
    inactive: str,
    needed: dict[str, object],
    draw: st.DataObject,
) -> None:
    # CTI comes with Freedom, so they need the same or nothing.
    needed.pop("CTI", None)
    policy = without(
        features={"one": one, "two": two, "cti_only": False},
        needs=needed,
        on_conflict=on_conflict,
        inactive=inactive,
    )
    setting = draw.draw(st.sampled_from(list(all_settings(policy))))
    assert failed(prove_settings(policy, [setting])) == []


def test_every_pair_of_relations_is_refused_or_holds() -> None:
    """What hypothesis may miss: all policies of one implication and one requirement."""
    accepted = 0
    for a, b, c in product(("Freedom", "CTI", "PBX"), repeat=3):
        requirement = {"license": c, "refusal": needs_code(License(c)), "message": "Needs it."}
        data = {"name": "p", "implies": {a: [b]}, "requires": {b: requirement}}
        try:
            policy = parse(data, "p.toml")
        except PolicyError:
            continue
        accepted += 1
        setting = Setting((), "hold", "keep", True, None)
        assert failed(prove_settings(policy, [setting], vendor=False)) == []
    assert accepted == 6
