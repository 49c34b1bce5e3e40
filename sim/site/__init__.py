"""The site: pages of scenarios and of stored runs with an index, for any static host or a disk."""

from sim.site.building import build_site

__all__ = ["build_site"]
