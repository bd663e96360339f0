"""From settings to who listens to an org's change events. Apart from the rest of the wiring, so
that only the process that listens has gRPC in it: it does not go well with forking.
"""

import random
import time
from collections.abc import Callable

from config.layouts import load_layout
from config.wiring import Runtime, gateway
from sync.listening import Listener
from sync.salesforce.gateway import Gateway
from sync.salesforce.pubsub.bus import BusAddress, PubSubBus, topic_of


def listening_orgs(runtime: Runtime) -> list[str]:
    """The orgs whose events are to be listened to."""
    return [name for name in runtime.org_names if runtime.settings.orgs[name].events]


def listener(
    runtime: Runtime,
    name: str,
    holder: str,
    wake: Callable[[str], None],
    rest: Callable[[float], bool],
) -> Listener:
    """Who listens to this org; no network before it does. SyncError says what cannot be used."""
    session, bus, topic = _connected(runtime, name)
    return Listener(
        org=name,
        topic=topic,
        holder=holder,
        store=runtime.store,
        login=session,
        bus=bus,
        wake=wake,
        rest=rest,
        jitter=random.random,
        monotonic=time.monotonic,
        silence_seconds=runtime.settings.events_silence_seconds,
    )


def check(runtime: Runtime, name: str) -> str:
    """Which topic would be listened to; SyncError says why that cannot be."""
    _, bus, topic = _connected(runtime, name)
    try:
        bus.check(topic)
    finally:
        bus.close()
    return topic


def _connected(runtime: Runtime, name: str) -> tuple[Gateway, PubSubBus, str]:
    settings = runtime.settings.orgs[name]
    layout, session = load_layout(settings.layout), gateway(name, settings)
    address = BusAddress(settings.events_endpoint, settings.ca_file)
    topic = settings.events_topic or topic_of(layout.object)
    return session, PubSubBus(address, session, layout), topic
