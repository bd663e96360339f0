"""The REST API: one synchronous function per resource, from a Call to an Answer.

Nothing here awaits; a request is judged, carried out and committed in one go.
"""
