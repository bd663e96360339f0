"""The domain: what a license decision is, and how a record is brought to hold it.

Nothing here reads the environment, keeps a clock of its own, or knows Celery.
"""
