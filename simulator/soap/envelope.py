"""A SOAP request as it came in: which operation, what it was given, what the headers say.

Namespaces, prefixes, CDATA and escapes are as the client likes; only local names count. A
document type is refused before anything is parsed: entities are the one danger of XML, and no
client sends any.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET


class NotSoap(ValueError):
    """The body is no envelope with an operation in it."""


@dataclass(frozen=True)
class Envelope:
    """`arguments` are the texts inside the operation, `headers` those inside each header."""

    operation: str
    namespace: str
    arguments: dict[str, str]
    headers: dict[str, dict[str, str]]


def read_envelope(body: bytes) -> Envelope:
    """Raises NotSoap."""
    try:
        text = body.decode("utf-8-sig")
        if "<!DOCTYPE" in text:
            raise NotSoap("a document type declaration is not allowed")
        root = ET.fromstring(text)
    except (UnicodeDecodeError, ET.ParseError) as error:
        raise NotSoap(str(error)) from error
    parts = {_name(part): part for part in root}
    if _name(root) != "Envelope" or len(parts.get("Body", ())) == 0:
        raise NotSoap("there is no operation in a Body in an Envelope")
    operation = parts["Body"][0]
    headers = {_name(header): _texts(header) for header in parts.get("Header", ())}
    return Envelope(_name(operation), _namespace(operation), _texts(operation), headers)


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _namespace(element: ET.Element) -> str:
    return element.tag.rpartition("}")[0].lstrip("{")


def _texts(element: ET.Element) -> dict[str, str]:
    return {_name(child): child.text or "" for child in element}
