"""Experiments of many training runs: run them, compare them, report them."""
