"""Prints the shapes of the answers that a public repository has recorded of real orgs.

    python -m tests.simulator.recordings REPOSITORY.git PATTERN [PATTERN …]

for each recording whose path matches. Only facts come out: methods, paths, statuses, header names,
keys and types. The recordings stay where they are: shapes.toml is written from what this prints.

Known forms: `*.test.json` of NangoHQ/integration-templates (`api.<method>.<path>`), VCR cassettes
in YAML (CumulusCI, openstax_salesforce_api) and bare bodies (restforce's fixtures).
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.simulator.shapes import shape_of, written


class Loader(yaml.SafeLoader):
    """Ruby writes `!binary` for what YAML calls `!!binary`."""


Loader.add_constructor("!binary", yaml.SafeLoader.construct_yaml_binary)


@dataclass(frozen=True)
class Recording:
    """One answer; an empty method, path or status stands for what is not recorded."""

    source: str
    method: str
    path: str
    status: int
    headers: Mapping[str, Any]
    body: Any


def recordings(repository: str, patterns: list[str]) -> Iterator[Recording]:
    for path in _git(repository, "ls-tree", "-r", "--name-only", "HEAD").splitlines():
        if any(fnmatch(path, pattern) for pattern in patterns):
            yield from parse(path, _git(repository, "show", f"HEAD:{path}"))


def parse(path: str, text: str) -> Iterator[Recording]:
    name = PurePosixPath(path).name
    if name.endswith(".test.json"):
        yield from _nango(name, json.loads(text))
    elif name.endswith((".yaml", ".yml")):
        yield from _cassette(name, yaml.load(text, Loader))
    else:
        yield from _body(name, text)


def _nango(name: str, content: dict[str, Any]) -> Iterator[Recording]:
    for method, paths in content["api"].items():
        for path, found in paths.items():
            for answer in found if isinstance(found, list) else [found]:
                yield Recording(
                    name,
                    method.upper(),
                    path,
                    answer["status"],
                    answer["headers"],
                    answer["response"],
                )


def _cassette(name: str, content: dict[str, Any]) -> Iterator[Recording]:
    interactions = content.get("interactions") or content.get("http_interactions") or [content]
    for interaction in interactions:
        if "request" not in interaction:  # CumulusCI's: a reference to a shared cassette
            continue
        request, response = interaction["request"], interaction["response"]
        text, status = response["body"], response["status"]
        if isinstance(text, dict):
            text = text.get("string", "")
        for body in _body(name, text):
            method, path = request["method"].upper(), urlsplit(request["uri"]).path
            yield replace(
                body, method=method, path=path, status=status["code"], headers=response["headers"]
            )


def _body(name: str, text: Any) -> Iterator[Recording]:
    """Nothing, if it is no JSON: blanked out, XML, pictures, a reference to a template."""
    if isinstance(text, str | bytes):
        with contextlib.suppress(ValueError):
            yield Recording(name, "", "", 0, {}, json.loads(text))


def _git(repository: str, *arguments: str) -> str:
    command = ["git", "-C", repository, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main(repository: str, *patterns: str) -> None:
    for found in recordings(repository, list(patterns)):
        sys.stdout.write(f"# {found.source}: {found.method} {found.path} {found.status}\n")
        sys.stdout.write(f"# {', '.join(sorted(found.headers))}\n{written(shape_of(found.body))}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
