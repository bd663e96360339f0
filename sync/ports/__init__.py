"""The protocols that settle, the scans and the runs need of the outside world.

They are cut by who uses them. One contract suite runs against every implementation of each.
Times of the store are its database's, times of records are Salesforce's; all are aware and UTC.
"""
