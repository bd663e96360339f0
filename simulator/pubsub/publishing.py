"""Publish and PublishStream: refused, because nobody but the org publishes change events.

Which code says so is unconfirmed; those for requests without a topic or events are documented.
"""

from __future__ import annotations

from eventbus.pubsub_api_pb2 import PublishRequest
from simulator.pubsub.admission import Caller
from simulator.pubsub.refusals import Refusal, refusal
from simulator.pubsub.topics import find_topic


def refused(request: PublishRequest, caller: Caller) -> Refusal:
    """Why the request cannot be carried out."""
    if not request.topic_name:
        return refusal("publish.topic.validation.empty", "The topic name can't be blank.")
    if not request.events:
        return refusal("publish.event.count.invalid", "There must be an event to publish.")
    topic = find_topic(caller.org.events.topics, request.topic_name)
    message = f"Events can't be published to {topic.name}."
    return refusal("topic.meta.permission", message)
