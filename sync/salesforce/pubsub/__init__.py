"""Change events behind their port: the Pub/Sub API's gRPC, its errors, and Avro.

Only who listens imports this: a worker that forks should have no gRPC in it.
"""
