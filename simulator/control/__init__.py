"""`/__control__/…`: what tests order and ask. Never part of a real org; off without `--control`."""

from simulator.control.app import Control

__all__ = ["Control"]
