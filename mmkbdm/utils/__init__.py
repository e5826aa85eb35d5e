"""Helpers that belong to no framework."""
