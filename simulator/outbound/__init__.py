"""Outbound messages: the org posts who was saved to an address, again and again until it is heard.

What is saved is read from the changes that were committed, so that nothing stands in the way of a
save and a restart forgets none of them.
"""
