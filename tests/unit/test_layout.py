"""Test paths mirror code paths, and modules stay small enough to have one reason to change."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("sync", "config", "worker", "admin", "cli")
LONGEST_MODULE = 300
LONGEST_FUNCTION = 50

MODULES = sorted(
    path.relative_to(ROOT)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if path.name != "__init__.py"
)


def test_every_unit_test_has_the_module_that_it_tests() -> None:
    stray = [
        str(test.relative_to(ROOT))
        for package in PACKAGES
        for test in (ROOT / "tests" / "unit" / package).rglob("test_*.py")
        if not _code_of(test).exists()
    ]
    assert stray == []


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_says_why_it_exists_and_is_not_too_long(path: Path) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), f"{path} has no docstring"
    assert len(text.splitlines()) <= LONGEST_MODULE, f"{path} is too long"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{path}: {node.name} has {length} lines"


def _code_of(test: Path) -> Path:
    inside = test.relative_to(ROOT / "tests" / "unit")
    module = inside.with_name(inside.name.removeprefix("test_"))
    package = (ROOT / module).with_suffix("")
    return package if package.is_dir() else ROOT / module
