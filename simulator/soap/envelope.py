"""A SOAP request as it came in: which operation, what it was given, what the headers say.

Only local names count.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from simulator.xml_input import BadXml, local_name, parse_xml


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
        root = parse_xml(body)
    except BadXml as error:
        raise NotSoap(str(error)) from error
    parts = {local_name(part): part for part in root}
    if local_name(root) != "Envelope" or len(parts.get("Body", ())) == 0:
        raise NotSoap("there is no operation in a Body in an Envelope")
    operation = parts["Body"][0]
    headers = {local_name(header): _texts(header) for header in parts.get("Header", ())}
    return Envelope(local_name(operation), _namespace(operation), _texts(operation), headers)


def _namespace(element: ET.Element) -> str:
    return element.tag.rpartition("}")[0].lstrip("{")


def _texts(element: ET.Element) -> dict[str, str]:
    return {local_name(child): child.text or "" for child in element}
