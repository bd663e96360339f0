"""The message as it is documented and seen in samples, and what counts as hearing it.

Unconfirmed: that fields without a value are left out, the SOAPAction header, the length of the
organization's id in the URLs, and how times are printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from simulator.outbound.order import Order
from simulator.schema.model import Field
from simulator.xml_input import BadXml, local_name, parse_xml

HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
VERSION = "66.0"
OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
FORM = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<soapenv:Envelope xmlns:soapenv="{SOAP}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n <soapenv:Body>\n'
    f'  <notifications xmlns="{OUTBOUND}">\n'
    "   <OrganizationId>{organization}</OrganizationId>\n   <ActionId>{action}</ActionId>\n"
    '   <SessionId xsi:nil="true"/>\n'
    "   <EnterpriseUrl>https://{host}/services/Soap/c/{version}/{organization}</EnterpriseUrl>\n"
    "   <PartnerUrl>https://{host}/services/Soap/u/{version}/{organization}</PartnerUrl>\n"
    "{notifications}  </notifications>\n </soapenv:Body>\n</soapenv:Envelope>"
)


def message(
    host: str,
    organization_id: str,
    action_id: str,
    order: Order,
    records: Iterable[tuple[str, dict[str, Any]]],
) -> bytes:
    """`records` are notification ids with what is stored now."""
    told = "".join(_notification(order, number, row) for number, row in records)
    text = FORM.format(
        organization=organization_id,
        action=action_id,
        host=host,
        version=VERSION,
        notifications=told,
    )
    return text.encode()


def is_acknowledged(status: int, body: bytes) -> bool:
    """Anything but 200 with an Ack that is true is not."""
    if status != 200:
        return False
    try:
        found: Sequence[Any] = [parse_xml(body)]
    except BadXml:
        return False
    for tag in ("Envelope", "Body", "notificationsResponse", "Ack"):
        found = [one for one in found if local_name(one) == tag]
        if len(found) != 1:
            return False
        acknowledged, found = found[0].text or "", list(found[0])
    return bool(acknowledged.strip() == "true")


def _notification(order: Order, notification_id: str, row: dict[str, Any]) -> str:
    fields = [order.sobject.by_name[name.lower()] for name in order.fields]
    values = "".join(
        f"     <sf:{one.name}>{escape(_printed(one, row[one.name]))}</sf:{one.name}>\n"
        for one in fields
        if row[one.name] is not None
    )
    return (
        f"   <Notification>\n    <Id>{notification_id}</Id>\n"
        f'    <sObject xsi:type="sf:{order.sobject.name}" '
        f'xmlns:sf="urn:sobject.enterprise.soap.sforce.com">\n{values}'
        "    </sObject>\n   </Notification>\n"
    )


def _printed(field: Field, value: Any) -> str:
    if field.type == "boolean":
        return "true" if value else "false"
    if field.type == "datetime":
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return NOT_XML.sub("", str(value))
