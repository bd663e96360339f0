"""Reading the envelope."""

import pytest

from sync.ports.outbound import Notification, OddMessage
from sync.salesforce.outbound import read_message
from tests.outbound import ANN, BOB, ORGANIZATION, envelope, message, notification, notification_id


def test_a_message_says_who_was_saved() -> None:
    found = read_message(message([ANN, BOB[:15], "x"], first=7).encode())
    assert found.organization_id == ORGANIZATION
    assert found.notifications == (
        Notification(notification_id(7), ANN),
        Notification(notification_id(8), BOB),
        Notification(notification_id(9), None),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_any_encoding_that_xml_knows_is_read(encoding: str) -> None:
    text = message([ANN]).replace("UTF-8", encoding.removesuffix("-sig"))
    assert read_message(text.encode(encoding)).notifications[0].record_id == ANN


def test_prefixes_are_the_senders_business() -> None:
    text = message([ANN]).replace("soapenv:", "S:").replace("xmlns:soapenv", "xmlns:S")
    text = text.replace("sf:", "ns1:").replace("xmlns:sf=", "xmlns:ns1=")
    assert read_message(text.encode()).notifications[0].record_id == ANN


def test_other_fields_are_passed_over() -> None:
    more = "<sf:Name>Ann &amp; Bob</sf:Name><sf:Requested_CTI__c>true</sf:Requested_CTI__c>"
    text = envelope(notification(ANN, more=more))
    assert read_message(text.encode()).notifications == (Notification(notification_id(1), ANN),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<a", "is no XML"),
        (message([]), "0 notifications: one to 100"),
        (message([ANN] * 101), "101 notifications: one to 100"),
        ("<a/>", "no SOAP envelope"),
        (message([ANN], organization_id="acme"), "OrganizationId is no id"),
        (message([ANN]).replace("sf:Id", "sf:Ident"), "no Id, or several"),
        (message([ANN]).replace(notification_id(1), "1"), "Id of a notification is no id"),
        (message([ANN]).replace("sObject", "object"), "0 of the element sObject"),
    ],
)
def test_what_is_odd_is_said_without_quoting_it(text: str, said: str) -> None:
    with pytest.raises(OddMessage, match=said) as raised:
        read_message(text.encode())
    assert ANN not in str(raised.value)
