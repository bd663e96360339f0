"""What SOAP answers look like. Clients are particular about them.

No prefix on any element of a result, no attribute but nil, no header, the recorded order: clients
look elements up by their bare names, by regular expressions, or by position. A fault's details
have the prefix `sf`, literally.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from simulator.exchange import Reply

XML = {"Content-Type": "text/xml; charset=utf-8"}
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
Value = str | bool | int | None
Tree = dict[str, "Value | Tree"]


class SoapFault(Exception):
    """A refusal: HTTP 500, a code and a sentence; `kind` is the fault's type in the WSDL."""

    def __init__(self, code: str, message: str, kind: str = "UnexpectedErrorFault") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.kind = kind


def answer(namespace: str, operation: str, result: Tree | None) -> Reply:
    """A result of None is an answer without one."""
    inside = "" if result is None else _element("result", result)
    name = f"{operation}Response"
    body = f"<{name}>{inside}</{name}>" if inside else f"<{name}/>"
    return Reply(200, _envelope(f' xmlns="{namespace}"', body), dict(XML))


def fault(namespace: str, refusal: SoapFault) -> Reply:
    """`namespace` is that of the API; its faults have one of their own."""
    of_faults = namespace.replace("urn:", "urn:fault.", 1)
    body = (
        f"<soapenv:Fault><faultcode>{refusal.code}</faultcode>"
        f"<faultstring>{escape(str(refusal))}</faultstring>"
        f'<detail><sf:{refusal.kind} xsi:type="sf:{refusal.kind}">'
        f"<sf:exceptionCode>{refusal.code}</sf:exceptionCode>"
        f"<sf:exceptionMessage>{escape(refusal.message)}</sf:exceptionMessage>"
        f"</sf:{refusal.kind}></detail></soapenv:Fault>"
    )
    return Reply(500, _envelope(f' xmlns:sf="{of_faults}"', body), dict(XML))


def client_fault(message: str) -> Reply:
    """What is no call at all: the wording of real orgs, as often quoted."""
    body = (
        "<soapenv:Fault><faultcode>soapenv:Client</faultcode>"
        f"<faultstring>{escape(message)}</faultstring></soapenv:Fault>"
    )
    return Reply(500, _envelope("", body), dict(XML))


def _envelope(namespaces: str, body: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{SOAP}"{namespaces} xmlns:xsi="{XSI}">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )


def _element(name: str, value: Value | Tree) -> str:
    if value is None:
        return f'<{name} xsi:nil="true"/>'
    if isinstance(value, dict):
        inside = "".join(_element(inner, one) for inner, one in value.items())
    else:
        inside = escape(str(value).lower() if isinstance(value, bool) else str(value))
    return f"<{name}>{inside}</{name}>"
