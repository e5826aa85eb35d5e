"""Pieces that MMEngine's Runner calls."""
