"""Reports of judged images, written and compared (ours)."""
