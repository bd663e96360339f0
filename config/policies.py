"""Finds policies: the ones that ship with the program by name, a customer's own by path."""

import tomllib
from pathlib import Path

from sync.policy import Policy, PolicyError
from sync.policy_file import parse

DEFAULT_POLICY = "natterbox-2022"

_SHIPPED = Path(__file__).parent / "policies"
_SUFFIX = ".toml"


def policy_names() -> list[str]:
    """The names of the policies that ship with the program."""
    return sorted(path.stem for path in _SHIPPED.glob(f"*{_SUFFIX}"))


def load_policy(name_or_path: str = DEFAULT_POLICY) -> Policy:
    """The shipped policy of this name, or the one in this TOML file; PolicyError says what ails."""
    if name_or_path in policy_names():
        return _read(_SHIPPED / f"{name_or_path}{_SUFFIX}", f"{name_or_path}{_SUFFIX}")
    path = Path(name_or_path)
    if path.suffix == _SUFFIX or len(path.parts) > 1:
        return _read(path, name_or_path)
    names = ", ".join(policy_names())
    raise PolicyError(
        [f'There is no policy "{name_or_path}"; name one of {names}, or the path of a TOML file.']
    )


def _read(path: Path, source: str) -> Policy:
    try:
        # Editors on Windows put a mark in front of UTF-8.
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise PolicyError([f"{source}: there is no such file; check the path."]) from None
    except UnicodeDecodeError:
        raise PolicyError([f"{source}: is not UTF-8; save it in that encoding."]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PolicyError([f"{source}: cannot be read: {reason}; check the path."]) from None
    try:
        return parse(tomllib.loads(text), source)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError([f"{source}: is not valid TOML: {error}; correct it there."]) from None
