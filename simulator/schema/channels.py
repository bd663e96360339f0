"""Which objects have change events, and on which channels: PlatformEventChannelMember.

Format: Metadata API source format. What the simulator cannot do (filters, enriched fields) stops
the start: events that come or lack for no visible reason would mislead.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from simulator.schema.model import SObject

SPACE = "{http://soap.sforce.com/2006/04/metadata}"
DEFAULT = "ChangeEvents"
NOT_SERVED = ("filterExpression", "enrichedFields")


def read_channels(base: Path, objects: dict[str, SObject]) -> dict[str, tuple[SObject, ...]]:
    """The selected objects of each channel, in the order of the files' names."""
    found: dict[str, list[SObject]] = {DEFAULT: []}
    for path in sorted(base.glob("platformEventChannels/*.platformEventChannel-meta.xml")):
        found[path.name.removesuffix(".platformEventChannel-meta.xml")] = []
    for path in sorted(
        base.glob("platformEventChannelMembers/*.platformEventChannelMember-meta.xml")
    ):
        root = ElementTree.parse(path).getroot()
        channel, entity = (_text(path, root, name) for name in ("eventChannel", "selectedEntity"))
        unserved = [name for name in NOT_SERVED if root.find(SPACE + name) is not None]
        if unserved:
            raise ValueError(f"{path}: this simulator has no {unserved[0]}")
        if channel not in found:
            raise ValueError(f"{path}: there is no channel {channel}")
        found[channel].append(_selected(path, entity, objects))
    return {name: tuple(members) for name, members in found.items()}


def _text(path: Path, root: ElementTree.Element, name: str) -> str:
    found = root.find(SPACE + name)
    if found is None or not found.text:
        raise ValueError(f"{path}: {name} is missing")
    return found.text.strip()


def _selected(path: Path, entity: str, objects: dict[str, SObject]) -> SObject:
    """`UserChangeEvent` selects User, `Seat__ChangeEvent` selects Seat__c."""
    stem = entity.removesuffix("ChangeEvent")
    name = f"{stem}c" if stem.endswith("__") else stem
    if stem == entity or name.lower() not in objects:
        raise ValueError(f"{path}: no object has {entity}")
    return objects[name.lower()]
