"""The two answers to an outbound message. Salesforce takes nothing else for an acknowledgement."""

from xml.sax.saxutils import escape

from starlette.responses import Response

from admin.outbound.refusal import Refusal

_TYPE = "text/xml; charset=utf-8"
_ENVELOPE = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
    "<soapenv:Body>{}</soapenv:Body></soapenv:Envelope>"
)
_ACK = (
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound">'
    "<Ack>{}</Ack></notificationsResponse>"
)
_FAULT = (
    "<soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>{}</faultstring>"
    "<detail>{}</detail></soapenv:Fault>"
)


def acknowledged() -> Response:
    """All of it is committed: it need not come again."""
    return Response(_ENVELOPE.format(_ACK.format("true")), media_type=_TYPE)


def refused(refusal: Refusal) -> Response:
    """A fault with the sentence. The rest of the body may be unread: the connection ends."""
    fault = _FAULT.format(escape(str(refusal)), _ACK.format("false"))
    return Response(
        _ENVELOPE.format(fault), refusal.status, {"Connection": "close"}, media_type=_TYPE
    )
