"""Names of the files of a report (ours)."""

METRICS = 'metrics.json'
IMAGES = 'per_image.csv'
POSES = 'poses.npz'
PAGE = 'report.html'
