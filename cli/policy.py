"""`license-sync policy`: show the rules in force, check a file, prove what must always hold."""

import sys
from collections.abc import Callable
from typing import Annotated

import typer
from rich.progress import Progress as Bar

from cli.output import console, print_json, print_table, say
from config.policies import DEFAULT_POLICY, load_policy
from sync.findings import labels
from sync.policy import Policy, PolicyError
from sync.proof import Progress, prove
from sync.proof_report import Counterexample, Proof

app = typer.Typer(no_args_is_help=True, help="The rules: show, check and prove them.")

_Name = Annotated[str, typer.Argument(metavar="[NAME|FILE]", help="A shipped policy or a file.")]
_File = Annotated[str, typer.Argument(metavar="FILE|NAME", help="A shipped policy or a file.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]

_STEPS = 8
"""How many lines tell of the progress where there is no terminal."""


@app.command()
def show(name: _Name = DEFAULT_POLICY, json: _Json = False) -> None:
    """Show what a policy says."""
    policy = load_policy(name)
    if json:
        print_json({"version": policy.version, **policy.meaning()})
        return
    say(f"{policy.version}   on_conflict: {policy.on_conflict}   inactive: {policy.inactive}")
    print_table(("feature", "on for everyone"), _features(policy), "No features.")
    print_table(("licenses", "rule", "said"), _rules(policy), "Everything is as requested.")


@app.command()
def check(file: _File, json: _Json = False) -> None:
    """Say everything that is wrong with a policy file; status 1 if anything is."""
    try:
        policy = load_policy(file)
    except PolicyError as error:
        if json:
            print_json({"valid": False, "problems": error.problems})
        for problem in () if json else error.problems:
            say(problem)
        raise typer.Exit(1) from None
    if json:
        print_json({"valid": True, "version": policy.version, "problems": []})
    else:
        say(f"{policy.version} is valid.")


@app.command("prove")
def prove_policy(file: _File, json: _Json = False) -> None:
    """Try every combination of flags, features and options; status 1 if a property fails."""
    policy = load_policy(file)
    proof = _with_progress(lambda progress: prove(policy, progress))
    if json:
        print_json(_proof_json(proof))
    else:
        _show_proof(proof)
    if not proof.holds:
        raise typer.Exit(1)


def _features(policy: Policy) -> list[tuple[str, str]]:
    return [(name, "yes" if default else "no") for name, default in policy.features]


def _rules(policy: Policy) -> list[tuple[str, str, str]]:
    rows = [
        (need.license.label, f"only with the feature {need.feature}", need.message)
        for need in policy.needs
    ]
    for requirement in policy.requires:
        unless = f", unless the feature {requirement.unless} is on" if requirement.unless else ""
        rule = f"only with {requirement.other.label}{unless}"
        rows.append((requirement.license.label, rule, requirement.message))
    rows += [
        (implication.license.label, f"brings {labels(implication.others)}", "")
        for implication in policy.implies
        if implication.others
    ]
    if policy.exclusive:
        rows.append((labels(policy.exclusive.pair), "exclude each other", ""))
        if policy.exclusive.keep_for_swap:
            kept = labels(policy.exclusive.keep_for_swap)
            rows.append((kept, "kept when the other is requested and not to be had", ""))
    for hint in policy.hints:
        where = f"without {hint.without.label}" if hint.without else "outside a recording group"
        rows.append((labels(hint.any_of), f"granted {where}, with a notice", hint.message))
    return rows


def _with_progress(work: Callable[[Progress], Proof]) -> Proof:
    """Run the work with a bar on a terminal, with a few lines on standard error otherwise."""
    if not console.is_terminal:
        return work(_tell)
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task("Trying every combination")
        return work(lambda done, total: bar.update(task, completed=done, total=total))


def _tell(done: int, total: int) -> None:
    if done * _STEPS // total > (done - 1) * _STEPS // total:
        sys.stderr.write(f"{done} of {total} settings tried\n")
        sys.stderr.flush()


def _show_proof(proof: Proof) -> None:
    for prop in proof.properties:
        verdict = "holds" if not prop.failures else f"FAILS for {prop.failures:,} combinations"
        say(f"{prop.number}. {prop.sentence}: {verdict}.")
        for example in prop.counterexamples:
            say(f"   For example, {example.words}.")
    holds = "every property holds" if proof.holds else "not every property holds"
    say(f"{proof.policy}: {proof.combinations:,} combinations tried; {holds}.")


def _proof_json(proof: Proof) -> dict[str, object]:
    return {
        "policy": proof.policy,
        "combinations": proof.combinations,
        "holds": proof.holds,
        "properties": [
            {
                "number": prop.number,
                "sentence": prop.sentence,
                "checked": prop.checked,
                "failures": prop.failures,
                "counterexamples": [_example_json(one) for one in prop.counterexamples],
            }
            for prop in proof.properties
        ],
    }


def _example_json(example: Counterexample) -> dict[str, object]:
    return {
        **example.setting._asdict(),
        "requested": example.requested,
        "held": example.held,
        "effective": example.effective,
        "what": example.what,
        "words": example.words,
    }
