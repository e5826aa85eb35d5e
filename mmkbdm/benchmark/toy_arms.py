"""The arms of the ToyHuman experiment and the questions put to them (ours).

Fixed before a result of theirs was seen: the first nineteen arms before the
experiment on CPUs, but for lite on the long schedule and the question whether
lite is better than the default, which were added when lite had come out ahead
there; rotary positions, heads, norms, the arms of the wide host and of the
long schedule that had not been there before, and a rate and a gate rate for
every arm before the experiment on a GPU. ``fast-gate``, an arm of the former,
is now a choice that every arm has.
"""

# In the order of their importance: a cut leaves whole seeds of these.
CORE = (
    'none',
    'conv',
    'lite',
    'default',
    'no-context',
    'supervised',
    'no-context_supervised',
    'conv_joints',
    'hierarchical',
    'conv-large_joints',
)
# Study: arms, as configs/rmpg/toyhuman/{host}_{arm}.py.
ARMS = {
    'short': (
        *CORE,
        'paper',
        'joints',
        'channel',
        'no-position',
        'rotary',
        'heads2',
        'no-norm',
        'group-norm',
        'depth1',
        'depth2',
        'children4',
        'gate1',
    ),
    'wide': CORE,
    'long': CORE,
}
# Every arm gets a rate of its own; the wide host and the long schedule take
# those of the short ones.
ARMS['tune'] = ARMS['short']
HOSTS = {'short': 'short', 'wide': 'wide', 'long': 'short', 'tune': 'short'}
ITERS = {'short': 500, 'wide': 500, 'long': 1500, 'tune': 500}

DESCRIPTIONS = {
    'none': 'the host alone',
    'conv': 'two residual blocks of 3x3 convolutions, as many parameters',
    'lite': 'RMPG, lite',
    'default': 'RMPG',
    'paper': 'RMPG, paper-size',
    'no-context': 'RMPG with Z = V',
    'conv_joints': 'conv, auxiliary heatmaps of all joints',
    'supervised': 'RMPG, nodes predict 2 and 4 body parts',
    'no-context_supervised': 'RMPG with Z = V, nodes predict body parts',
    'joints': 'RMPG, the same nodes predict all joints',
    'hierarchical': 'three RMPGs, nodes predict the body, 2 and 4 parts',
    'conv-large_joints': 'conv_joints with as many parameters as three RMPGs',
    'channel': 'RMPG, context among channels',
    'no-position': 'RMPG without position encoding',
    'rotary': 'RMPG, rotary positions',
    'heads2': 'RMPG, two heads a child',
    'no-norm': 'RMPG without norm',
    'group-norm': 'RMPG, nodes normalised over the whole map',
    'depth1': 'RMPG, one level',
    'depth2': 'RMPG, two levels',
    'children4': 'RMPG, four children a node, two levels',
    'gate1': 'RMPG, gates start at one',
    'fast-gate': 'RMPG, gates learn ten times faster',
}

# Question: (arm, reference).
QUESTIONS = {
    'Is RMPG better than convolutions of its size?': ('default', 'conv'),
    'Is lite better than the host alone?': ('lite', 'none'),
    'Is lite better than the default?': ('lite', 'default'),
    'Does the context relation help?': ('default', 'no-context'),
    'Does it help under supervision?': ('supervised', 'no-context_supervised'),
    'Does supervision help RMPG?': ('supervised', 'default'),
    'Does it help convolutions?': ('conv_joints', 'conv'),
    'Do parts help more than all joints?': ('supervised', 'joints'),
    'Is supervised RMPG better than supervised convolutions?': (
        'supervised',
        'conv_joints',
    ),
    'Is the hierarchy better than one supervised RMPG?': (
        'hierarchical',
        'supervised',
    ),
    'Is the hierarchy better than convolutions of its size?': (
        'hierarchical',
        'conv-large_joints',
    ),
    'Does fuse help over paper-size?': ('default', 'paper'),
    'Are tokens better than channels?': ('default', 'channel'),
    'Does the position encoding help?': ('default', 'no-position'),
    'Are rotary positions better?': ('rotary', 'default'),
    'Are two heads a child better?': ('heads2', 'default'),
    'Does the norm help?': ('default', 'no-norm'),
    'Is a norm of positions better than one of maps?': (
        'default',
        'group-norm',
    ),
    'Are three levels better than one?': ('default', 'depth1'),
    'Are three levels better than two?': ('default', 'depth2'),
    'Are two children better than four?': ('default', 'children4'),
    'Is gate_init 0 better than 1?': ('default', 'gate1'),
    'Is a faster gate better?': ('fast-gate', 'default'),
}
