"""Outbound messages as Salesforce sends them, for whoever takes them."""

from collections.abc import Sequence

from sync.salesforce.ids import to_18

TOKEN = "Tq3_wV7-xN1kR9mC5bY2hJ8dF4gL6pS0"
ORGANIZATION = to_18("00D5g000004XyZa")
ANN, BOB, CID = (to_18(f"0055g00000AbcD{letter}") for letter in "ABC")
CONTACT = to_18("0035g00000AbcDA")


def notification_id(number: int) -> str:
    """The id of a notification."""
    return to_18(f"04l5g{number:010}")


def notification(record_id: str, number: int = 1, *, more: str = "") -> str:
    """One save of a record."""
    return (
        f"<Notification><Id>{notification_id(number)}</Id>"
        '<sObject xsi:type="sf:User" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
        f"<sf:Id>{record_id}</sf:Id>{more}</sObject></Notification>"
    )


def envelope(notifications: str, organization_id: str = ORGANIZATION) -> str:
    """A whole message, as the fact sheet has it."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{organization_id}</OrganizationId>"
        f"<ActionId>{to_18('04k5g0000000001')}</ActionId>"
        '<SessionId xsi:nil="true"/>'
        "<EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/66.0/00D</EnterpriseUrl>"
        "<PartnerUrl>https://acme.my.salesforce.com/services/Soap/u/66.0/00D</PartnerUrl>"
        f"{notifications}</notifications></soapenv:Body></soapenv:Envelope>"
    )


def message(record_ids: Sequence[str], first: int = 1, organization_id: str = ORGANIZATION) -> str:
    """A message about these records, with notifications numbered from `first` on."""
    numbered = enumerate(record_ids, first)
    return envelope("".join(notification(i, n) for n, i in numbered), organization_id)
