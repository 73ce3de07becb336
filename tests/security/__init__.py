"""Attacks on the running product, by whoever is not let in: each one failed before it was mended."""
