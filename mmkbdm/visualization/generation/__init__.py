"""Pictures of how a pose-guided generator makes an image.

``record`` takes down what happens while it samples, ``view`` is one image
with all that, the other modules draw pages of it, and ``book`` writes them.
"""
