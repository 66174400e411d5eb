"""A small simulated market for the use cases."""

from tests.small_market import market_folder, store_url, workspace

__all__ = ["market_folder", "store_url", "workspace"]
