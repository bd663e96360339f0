"""`license-sync decide --jsonl`, as a program that pipes into it sees it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli.decide import Decider, decide

ROOT = Path(__file__).parents[3]

app = typer.Typer()
app.command("decide")(decide)
app.command("other")(lambda: None)


def answers(*lines: object) -> tuple[list[dict[str, object]], int]:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    result = CliRunner().invoke(app, ["decide", "--jsonl"], input=text)
    return [json.loads(line) for line in result.stdout.splitlines()], result.exit_code


def test_a_case_is_answered_as_the_design_says() -> None:
    case = {
        "policy": "natterbox-2022",
        "features": ["scv"],
        "active": True,
        "requested": ["SCV", "Freedom", "PBX"],
        "held": ["SCV"],
        "unknown": [],
    }
    assert answers(case) == (
        [
            {
                "effective": ["SCV", "PBX"],
                "findings": [
                    {
                        "kind": "conflict",
                        "code": "mutually_exclusive",
                        "licenses": ["Freedom", "SCV"],
                        "message": (
                            "Freedom and Service Cloud Voice exclude each other: Service Cloud "
                            "Voice stays until one of the requests is taken back."
                        ),
                    }
                ],
            }
        ],
        0,
    )


def test_every_key_has_a_default() -> None:
    nothing: dict[str, object] = {"effective": [], "findings": []}
    nulls = dict.fromkeys(("policy", "features", "active", "requested", "held", "unknown"))
    assert answers({}, nulls) == ([nothing, nothing], 0)


def test_what_may_not_be_written_is_null() -> None:
    lines, status = answers({"requested": ["PBX"], "unknown": ["PBX"]})
    assert lines[0]["effective"] is None
    assert status == 0


@pytest.mark.parametrize(
    ("case", "effective"),
    [
        ({"features": ["scv"], "on_conflict": "prefer:SCV"}, ["SCV", "Record"]),
        ({"features": ["scv"]}, ["Record"]),
        ({}, ["CTI", "Freedom", "Record"]),
        ({"active": None}, ["CTI", "Freedom", "Record"]),
        ({"active": False, "held": ["Record"]}, ["Record"]),
        ({"active": False, "held": ["Record"], "inactive": "release"}, []),
        ({"policy": "natterbox-2023"}, ["CTI", "Freedom", "Record", "PCI"]),
    ],
)
def test_each_key_of_a_case_counts(case: dict[str, object], effective: list[str]) -> None:
    lines, _ = answers({"requested": ["Freedom", "SCV", "PCI", "Record"], **case})
    assert lines[0]["effective"] == effective


@pytest.mark.parametrize(("group", "said"), [(False, 1), (True, 0), (None, 0)])
def test_the_recording_group_counts(group: bool | None, said: int) -> None:
    lines, _ = answers({"requested": ["Record"], "in_recording_group": group})
    assert lines[0]["findings"] == [] if not said else lines[0]["findings"]
    assert len(json.loads(json.dumps(lines[0]["findings"]))) == said


BAD = [
    ("nope", "This line is not JSON: "),
    ("", "This line is not JSON: "),
    ("[1]", "This line is not a JSON object; write one in braces."),
    ('{"reqested": []}', 'reqested: unknown key; remove it, or did you mean "requested"?'),
    ('{"requested": ["Fredom"]}', 'requested: unknown license "Fredom"; did you mean "Freedom"?'),
    ('{"held": "PBX"}', "held: write a list."),
    ('{"unknown": [1]}', "unknown: write a list of names."),
    ('{"features": [1]}', "features: write a list of names."),
    ('{"active": 1}', "active: write true or false."),
    ('{"in_recording_group": "no"}', "in_recording_group: write true or false."),
    ('{"policy": 1}', "policy: write text."),
    ('{"policy": "x"}', 'There is no policy "x"; name one of '),
    ('{"features": ["svc"]}', 'policy natterbox-2022: features: unknown feature "svc"; did you'),
    ('{"on_conflict": "x"}', 'policy natterbox-2022: on_conflict: unknown value "x"; write one'),
    ('{"inactive": "x"}', 'policy natterbox-2022: inactive: unknown value "x"; write one of'),
]


@pytest.mark.parametrize(("line", "error"), BAD)
def test_a_bad_line_is_told_in_its_place_and_the_rest_is_answered(line: str, error: str) -> None:
    lines, status = answers({}, line, {})
    assert status == 1
    assert [sorted(answer) for answer in lines] == [
        ["effective", "findings"],
        ["error"],
        ["effective", "findings"],
    ]
    assert str(lines[1]["error"]).startswith(error)
    assert "\n" not in str(lines[1]["error"])


def test_all_problems_of_a_policy_are_told_on_one_line() -> None:
    lines, _ = answers({"on_conflict": "x", "inactive": "x"})
    assert str(lines[0]["error"]).count("policy natterbox-2022: ") == 2


def test_a_policy_file_is_named_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    path.write_text('name = "acme"\n')
    lines, _ = answers({"policy": str(path), "requested": ["SCV", "CTI"]})
    assert lines == [{"effective": ["CTI", "SCV"], "findings": []}]


def test_a_last_line_without_an_end_is_answered() -> None:
    result = CliRunner().invoke(app, ["decide", "--jsonl"], input='{}\n{"held": ["PBX"]}')
    assert result.stdout.count("\n") == 2


def test_no_input_is_no_output() -> None:
    result = CliRunner().invoke(app, ["decide", "--jsonl"], input="")
    assert (result.stdout, result.exit_code) == ("", 0)


def test_without_jsonl_it_says_how_it_is_used() -> None:
    result = CliRunner().invoke(app, ["decide"])
    assert result.exit_code == 2
    assert "--jsonl" in result.output


def test_memory_is_bounded_and_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [json.dumps({"requested": [name], "held": []}).encode() for name in ("PBX", "Insight")]
    usual = [Decider().answer(line) for line in lines]
    monkeypatch.setattr("cli.decide._MEMO_LIMIT", 1)
    small = Decider()
    assert [small.answer(line) for line in lines * 3] == usual * 3
    assert len(small._answers) == len(small._written) == 1


def test_each_line_is_answered_before_the_next_one_comes() -> None:
    program = "import typer; from cli.decide import decide; typer.run(decide)"
    with subprocess.Popen(
        [sys.executable, "-c", program, "--jsonl"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        for name in ("PBX", "Insight", "nothing"):
            process.stdin.write(json.dumps({"requested": [name]}) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            assert answer.get("effective", ["nothing"]) == [name]
        process.stdin.close()
        assert process.wait(timeout=20) == 1
