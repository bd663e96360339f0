"""When things happen: the Celery application, its thin tasks and its schedule."""
