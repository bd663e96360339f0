"""The part of the SOAP API that clients log in and out with."""
