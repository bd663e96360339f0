"""A Salesforce org on this machine, for tests and for the demonstration.

It shares no code with the program it is there to test, so that it can disagree
with it. What it knows about Salesforce comes from the documentation and from
recorded answers of real orgs; where neither says, the code says "unconfirmed".
"""
