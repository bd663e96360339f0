"""Reading the SOAP envelope of an outbound message. Anybody may have sent it.

The form is that of several receivers and samples; namespaces count, prefixes do not. No document
type is taken, so there are no entities to expand and no file or host to ask for one.
"""

from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from sync.ports.outbound import Notification, OddMessage, OutboundMessage
from sync.salesforce.ids import to_18

MOST = 100
"""Notifications of one message (Salesforce's "Understanding Outbound Messaging")."""

_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
_RECORDS = "{urn:sobject."
"""How a field's namespace begins: `urn:sobject.enterprise.…`; the partner's is unconfirmed."""


def read_message(body: bytes) -> OutboundMessage:
    """What the message says; OddMessage."""
    notifications = _only(_only(_root(body), f"{_SOAP}Body"), f"{_OUTBOUND}notifications")
    found = notifications.findall(f"{_OUTBOUND}Notification")
    if not 1 <= len(found) <= MOST:
        raise OddMessage(f"It has {len(found)} notifications: one to {MOST} are taken.")
    organization_id = _id(_text(_only(notifications, f"{_OUTBOUND}OrganizationId")))
    if organization_id is None:
        raise OddMessage("Its OrganizationId is no id.")
    return OutboundMessage(organization_id, tuple(map(_notification, found)))


def _root(body: bytes) -> Element:
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, ValueError, LookupError):
        # ValueError: what defusedxml forbids, and odd encodings.
        raise OddMessage("It is no XML, or has a document type.") from None
    if root.tag != f"{_SOAP}Envelope":
        raise OddMessage("It is no SOAP envelope.")
    return root


def _notification(element: Element) -> Notification:
    notification_id = _id(_text(_only(element, f"{_OUTBOUND}Id")))
    if notification_id is None:
        raise OddMessage("The Id of a notification is no id.")
    record = _only(element, f"{_OUTBOUND}sObject")
    ids = [field for field in record if field.tag.startswith(_RECORDS) and _local(field) == "Id"]
    if len(ids) != 1:
        raise OddMessage("A record has no Id, or several.")
    return Notification(notification_id, _id(_text(ids[0])))


def _only(parent: Element, tag: str) -> Element:
    found = parent.findall(tag)
    if len(found) != 1:
        name = tag.rpartition("}")[2]
        raise OddMessage(f"It has {len(found)} of the element {name} in one place instead of one.")
    return found[0]


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: Element) -> str:
    return (element.text or "").strip()


def _id(text: str) -> str | None:
    try:
        return to_18(text)
    except ValueError:
        return None
