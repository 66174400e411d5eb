"""The small market, as the tests of the API have it."""

from tests.small_market import market_folder, settings, store_url, workspace

__all__ = ["market_folder", "settings", "store_url", "workspace"]
