"""XML that a client sent. Namespaces, prefixes, CDATA and escapes are as it likes.

A document type is refused before anything is parsed: entities are the one danger of XML, and no
client sends any.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET


class BadXml(ValueError):
    """The text is no XML, or none that is taken."""


def parse_xml(body: bytes) -> ET.Element:
    """The root element, or BadXml."""
    try:
        text = body.decode("utf-8-sig")
        if "<!DOCTYPE" in text:
            raise BadXml("a document type declaration is not allowed")
        return ET.fromstring(text)
    except (UnicodeDecodeError, ET.ParseError) as error:
        raise BadXml(str(error)) from error


def local_name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
