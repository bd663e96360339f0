"""The page that describes the API, made from its own OpenAPI document; it runs no script."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

_TEMPLATES = Path(__file__).parent.parent / "templates" / "api"


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a field of the body."""

    name: str
    place: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked."""

    method: str
    path: str
    summary: str
    description: str
    fields: tuple[Field, ...]
    example: str


def page(document: Mapping[str, Any], base: str) -> str:
    """The page; `base` is where the API is to be found."""
    env = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = env.get_template("index.html")
    return template.render(operations=list(operations(document, base)), base=base)


def operations(document: Mapping[str, Any], base: str) -> Iterator[Operation]:
    """The operations of a description, in its order."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            body = _body(document, operation)
            first, _, rest = operation.get("description", "").partition("\n\n")
            yield Operation(
                method=method.upper(),
                path=path,
                summary=first,
                description=rest,
                fields=(*_parameters(document, operation), *_fields(document, body)),
                example=_example(method.upper(), f"$PAGE{base}{path}", _sample(document, body)),
            )


def _parameters(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[Field]:
    for parameter in operation.get("parameters", ()):
        schema = parameter["schema"]
        yield Field(
            parameter["name"],
            parameter["in"],
            _kind(document, schema),
            bool(parameter.get("required")),
            parameter.get("description") or schema.get("description", ""),
        )


def _body(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Mapping[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    return _resolved(document, schema)


def _fields(document: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[Field]:
    for name, schema in body.get("properties", {}).items():
        required = name in body.get("required", ())
        kind = _kind(document, schema)
        yield Field(name, "body", kind, required, schema.get("description", ""))


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema, or the one that it refers to."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Mapping[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _kind(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What may stand there, in few words."""
    schema = _resolved(document, schema)
    if "anyOf" in schema:
        kinds = (_kind(document, one) for one in schema["anyOf"] if one.get("type") != "null")
        return ", ".join(kinds)
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_kind(document, schema['items'])}"
    if "properties" in schema:
        return "object: " + ", ".join(schema["properties"])
    return str(schema.get("format") or schema.get("type", "anything"))


def _sample(document: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    """A body that would do; empty if there is none."""
    if not body:
        return ""
    return json.dumps(
        {
            name: _value(document, body["properties"][name])
            for name in body.get("required", ()) or list(body["properties"])[:1]
        }
    )


def _value(document: Mapping[str, Any], schema: Mapping[str, Any]) -> object:
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("type") == "boolean":
        return True
    found = _resolved(document, schema.get("anyOf", [schema])[0])
    return found["enum"][1] if "enum" in found else "Agreed with the team lead."


def _example(method: str, url: str, sample: str) -> str:
    url = (
        url.replace("{org}", "acme")
        .replace("{user_id}", "005000000000001AAA")
        .replace("{entry_id}", "17")
        .replace("{run_id}", "3")
    )
    words = ["curl", '-H "Authorization: Bearer $TOKEN"']
    if method != "GET":
        words.append(f"-X {method}")
    if sample:
        words.append(f"-H 'Content-Type: application/json' -d '{sample}'")
    return " ".join([*words, f'"{url}"'])
