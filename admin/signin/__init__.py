"""Who somebody is: passwords, sessions, OpenID Connect, and tokens for programs."""
