"""The arms of the toy generation experiment and what is asked (ours).

All of it was fixed before the first result was seen.
"""

# Arm: config of configs/kb_dmgen, and what it is.
ARMS = {
    'base': ('base_toy', 'the frozen base, not told the pose'),
    'controlnet': ('controlnet_toy', 'ControlNet'),
    'stablepose': (
        'stablepose_toy',
        'Stable-Pose-style: static masks, weighted loss',
    ),
    'dm': ('dm_toy', 'Stable-Pose-style with dynamic masks'),
    'kb': ('kb_toy', 'Stable-Pose-style with a knowledge base'),
    'kbdmgen': ('kbdmgen_toy', 'KB-DMGen: both'),
    'kbdmgen-raw': (
        'kbdmgen-raw_toy',
        'KB-DMGen, the text feature in place of a code',
    ),
    'kbdmgen-random': ('kbdmgen-random_toy', 'KB-DMGen, a random code'),
    'kbdmgen-oracle': (
        'kbdmgen-oracle_toy',
        'KB-DMGen, the code of the real image',
    ),
}
# Arms whose knowledge base is of that stage, which has to be trained before.
STAGES = {
    'kb': 'kb_stage2',
    'kbdmgen': 'kb_stage2',
    'kbdmgen-random': 'kb_stage1',
    'kbdmgen-oracle': 'kb_stage1',
}
GUIDANCE = (1.0, 1.5, 2.0, 3.0, 5.0)
# One of so many held-out poses chooses among them.
TUNING = 3

# Knowledge base: what differs from the config of the stage.
NO_ENTROPY = {'entropy': 0.0}
# More vectors than a training sees.
NO_RESTART = {'patience': 1e9}
CODEBOOKS = {
    'kb_stage1': {},
    'kb_stage1_no-entropy': NO_ENTROPY,
    'kb_stage1_no-restart': NO_RESTART,
    'kb_stage1_neither': {**NO_ENTROPY, **NO_RESTART},
    'kb_stage1_strong-entropy': {'entropy': 1.0, **NO_RESTART},
}
CODEBOOK_NAMES = {
    'kb_stage1': 'entropy term and restart of dead codes',
    'kb_stage1_no-entropy': 'restart, no entropy term',
    'kb_stage1_no-restart': 'entropy term, no restart',
    'kb_stage1_neither': 'neither',
    'kb_stage1_strong-entropy': 'entropy term of ten times the weight, no '
    'restart',
}
# Of mmkbdm/benchmark/composition.py, and of stage 2 itself.
ASKED_NAMES = {
    'type': 'the type alone',
    'objects': 'the objects alone',
    'status': 'the status alone',
    'mean': 'the mean of the codes of these parts',
    'together': 'the product of their probabilities, as training starts',
    'code': 'the whole caption',
}

# Question: (arm, reference).
QUESTIONS = {
    'Does the pose adapter help?': ('controlnet', 'base'),
    'Do masks and the weighted loss help?': ('stablepose', 'controlnet'),
    'Do dynamic masks help?': ('dm', 'stablepose'),
    'Does the knowledge base help?': ('kb', 'stablepose'),
    'Do both help?': ('kbdmgen', 'stablepose'),
    'Is KB-DMGen better than ControlNet?': ('kbdmgen', 'controlnet'),
    'Does the knowledge base help dynamic masks?': ('kbdmgen', 'dm'),
    'Is a code better than the text feature?': ('kbdmgen', 'kbdmgen-raw'),
    'Is the right code better than a random one?': (
        'kbdmgen',
        'kbdmgen-random',
    ),
    "Is the real image's code better than the predicted one?": (
        'kbdmgen-oracle',
        'kbdmgen',
    ),
}
