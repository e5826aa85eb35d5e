"""What a network costs and how it leaves torch: measured, not estimated."""
