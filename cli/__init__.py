"""The license-sync command."""
