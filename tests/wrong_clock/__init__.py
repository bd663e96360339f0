"""Workers whose clock is wrong: an environment for their processes."""

from pathlib import Path

_FOLDER = Path(__file__).with_name("startup")
_VARIABLE = "WRONG_CLOCK_FILE"


def environment(file: Path) -> dict[str, str]:
    """With it, each worker that starts is ahead by the seconds that stand in the file then."""
    return {"PYTHONPATH": str(_FOLDER), _VARIABLE: str(file)}
