"""Lets the tests below import report_makers, which lies beside this."""
