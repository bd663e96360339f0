"""The gRPC server: one endpoint for all orgs of the process, in the event loop that serves them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message_factory import GetMessageClass

from eventbus import pubsub_api_pb2
from simulator.pubsub.admission import Tenant
from simulator.pubsub.service import Service
from simulator.tls import Certificates

CONTRACT = pubsub_api_pb2.DESCRIPTOR.services_by_name["PubSub"]
OPTIONS = (
    ("grpc.so_reuseport", 0),  # a port that is taken is an error
    ("grpc.max_concurrent_streams", 1000),
    ("grpc.keepalive_permit_without_calls", 1),  # clients may ask for signs of life as they like
    ("grpc.http2.max_ping_strikes", 0),
)


class PubSubServer:
    """Where it listens is known as soon as it is started."""

    def __init__(
        self, tenants: list[Tenant], host: str, port: int, certificates: Certificates
    ) -> None:
        self._service = Service(tenants)
        self._address = f"{host}:{port}"
        self._certificates = certificates
        self.port = port

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        pem = self._certificates.server_file.read_bytes()  # key and chain in one
        server = grpc.aio.server(options=OPTIONS)
        server.add_generic_rpc_handlers((_handlers(self._service),))
        self.port = server.add_secure_port(self._address, grpc.ssl_server_credentials([(pem, pem)]))
        await server.start()
        try:
            yield
        finally:
            await server.stop(None)


def _handlers(service: Service) -> grpc.GenericRpcHandler:
    """Paths and messages are those of the contract."""
    unary, stream = grpc.unary_unary_rpc_method_handler, grpc.stream_stream_rpc_method_handler
    found: dict[str, tuple[Any, Any]] = {
        "GetTopic": (unary, service.get_topic),
        "GetSchema": (unary, service.get_schema),
        "Subscribe": (stream, service.subscribe),
        "ManagedSubscribe": (stream, service.managed_subscribe),
        "Publish": (unary, service.publish),
        "PublishStream": (stream, service.publish_stream),
    }
    methods = {}
    for name, (kind, behavior) in found.items():
        described = CONTRACT.methods_by_name[name]
        methods[name] = kind(
            behavior,
            request_deserializer=GetMessageClass(described.input_type).FromString,
            response_serializer=GetMessageClass(described.output_type).SerializeToString,
        )
    return grpc.method_handlers_generic_handler(CONTRACT.full_name, methods)
