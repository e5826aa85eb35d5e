"""Everything that a config can name under ``model``.

``mmkbdm.registry`` imports the packages that register something;
``mmkbdm.models.layers`` alone needs nothing but torch.
"""
