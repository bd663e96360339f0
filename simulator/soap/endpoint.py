"""`/services/Soap/u/{version}` and `/c/`, with or without the organization and a last slash."""

from __future__ import annotations

import re

from simulator.errors import ApiError, not_found
from simulator.exchange import Exchange, Reply
from simulator.org import Org
from simulator.rest.versions import check_version
from simulator.soap.answers import SoapFault, answer, client_fault, fault
from simulator.soap.envelope import NotSoap, read_envelope
from simulator.soap.operations import OPERATIONS, SoapCall

PATH = re.compile(r"/services/soap/([uc])/(\d+(?:\.\d)?)(?:/00D\w+)?/?", re.IGNORECASE)
NAMESPACES = {"u": "urn:partner.soap.sforce.com", "c": "urn:enterprise.soap.sforce.com"}


def soap(org: Org, exchange: Exchange) -> Reply:
    """What the SOAPAction says makes no difference: real clients send all kinds."""
    match = PATH.fullmatch(exchange.path)
    if match is None:
        return Reply(404, not_found().body())
    if exchange.method != "POST":  # the body of this answer is unconfirmed
        return Reply(405, "", {"Allow": "POST", "Content-Type": "text/html; charset=UTF-8"})
    kind, version = match[1].lower(), match[2]
    namespace = NAMESPACES[kind]
    try:
        envelope = read_envelope(exchange.body)
    except NotSoap as error:
        return client_fault(str(error))
    operation = OPERATIONS.get(envelope.operation)
    if operation is None:
        name = f"{{{envelope.namespace}}}{envelope.operation}"
        return client_fault(
            f"No operation available for request {name}, please check the WSDL for the service."
        )
    try:
        _check(version)
        result = operation(SoapCall(org, exchange, kind, version, envelope))
    except SoapFault as error:
        return fault(namespace, error)
    return answer(namespace, envelope.operation, result)


def _check(version: str) -> None:
    """The code is the WSDL's; how SOAP words it is unconfirmed."""
    try:
        check_version(version)
    except ApiError as error:
        raise SoapFault("UNSUPPORTED_API_VERSION", f"Invalid Api version: {version}") from error
