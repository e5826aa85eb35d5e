# RMPG's presets, arguments of the neck beside those that a host needs.
rmpg = dict(type='mmkbdm.RMPG')
rmpg_lite = dict(combine='add', out_proj=True)
rmpg_paper = dict(kernel_size=3, position='none', combine='add')

# Crash-safe, and a checkpoint of another model is refused.
rmpg_hooks = dict(checkpoint=dict(type='mmkbdm.SafeCheckpointHook'))
