"""Bulk API 1.0 at `/services/async`: another front to the jobs of `simulator.bulk`."""
