"""With what the program runs: settings, policies and layouts as files, and the wiring."""
