"""The Pub/Sub API of the org: change events of every committed write, streams that deliver them.

The wire contract is `eventbus/`. Documented behavior: Salesforce's Pub/Sub API and Change Data
Capture guides. Nothing here knows how a record was changed; it is told of commits by
`simulator.database`.
"""
