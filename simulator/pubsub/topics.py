"""Which topics there are: what the org's metadata selects. Names tell upper from lower case."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.pubsub.avro import event_name
from simulator.pubsub.refusals import refusal
from simulator.schema.access import Access
from simulator.schema.channels import DEFAULT
from simulator.schema.model import Schema, SObject

SEES_USERS = "ViewAllUsers"


@dataclass(frozen=True)
class Topic:
    """`single` topics have one object, channels whatever was put on them."""

    name: str
    objects: tuple[SObject, ...]
    single: bool

    def open_to(self, access: Access) -> tuple[SObject, ...]:
        """The objects whose events this user gets. Rights to objects but User are not simulated."""
        return tuple(o for o in self.objects if may_see(access, o))


def may_see(access: Access, sobject: SObject) -> bool:
    """For User the guide demands View All Users."""
    if sobject.name.lower() in access.closed:
        return False
    return sobject.name != "User" or access.is_admin or SEES_USERS in access.user_permissions


def topics_of(schema: Schema) -> dict[str, Topic]:
    """A topic of one object exists where the object is on the default channel."""
    found = {}
    for channel, objects in schema.channels.items():
        found[f"/data/{channel}"] = Topic(f"/data/{channel}", objects, single=False)
    for sobject in schema.channels.get(DEFAULT, ()):
        name = f"/data/{event_name(sobject)}"
        found[name] = Topic(name, (sobject,), single=True)
    return found


def find_topic(topics: dict[str, Topic], name: str) -> Topic:
    if not name:
        raise refusal("topic.validation.empty", "The topic name can't be blank.")
    if name not in topics:
        raise refusal("topic.not.found", f"The topic {name} was not found.")
    return topics[name]
