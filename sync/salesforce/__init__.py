"""Salesforce behind the ports: the only package that knows its URLs, fields and error codes.

Start at `gateway.connect`. Nothing in here decides anything about licenses.
"""
