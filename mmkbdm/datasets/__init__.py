"""Datasets of ``mmkbdm``; each subpackage is imported on its own."""
