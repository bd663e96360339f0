"""The wire contract of Salesforce's Pub/Sub API: messages and the paths of calls, no behavior.

It is the vendor's, so both who subscribes and the simulated org read it from here; a client that
nobody here wrote checks that it is right (docs/simulator.md).
"""
