"""What Salesforce reads."""

from defusedxml.ElementTree import fromstring

from admin.outbound.answers import acknowledged, refused
from admin.outbound.refusal import Reason, Refusal

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
RESPONSE = "{http://soap.sforce.com/2005/09/outbound}notificationsResponse"
ACK = "{http://soap.sforce.com/2005/09/outbound}Ack"


def test_an_acknowledgement_is_the_documented_one() -> None:
    answer = acknowledged()
    assert answer.status_code == 200
    assert answer.body == (
        b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
        b'<soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound">'
        b"<Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>"
    )


def test_a_refusal_is_a_fault_that_acknowledges_nothing() -> None:
    answer = refused(Refusal(418, Reason.ODD, "It is <odd> & short."))
    body = fromstring(bytes(answer.body)).find(f"{SOAP}Body")
    assert answer.status_code == 418
    assert answer.headers["connection"] == "close"
    assert [child.tag for child in body] == [f"{SOAP}Fault"]
    assert body.findtext(f"{SOAP}Fault/faultstring") == "It is <odd> & short."
    assert body.findtext(f"{SOAP}Fault/detail/{RESPONSE}/{ACK}") == "false"
