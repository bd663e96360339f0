"""A population as a real org has it; the same seed makes the same org."""
