"""Tests: they mirror the packages. Builders and oracles that several of them share stand beside them."""
