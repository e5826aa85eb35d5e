"""Lets the tests below import synthetic_scenes, which lies beside this."""
