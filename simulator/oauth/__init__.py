"""`/services/oauth2/…` and `/id/…`: every way to a token but SOAP's, and what a token tells."""
