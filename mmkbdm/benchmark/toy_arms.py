"""The arms of the ToyHuman experiment and the questions put to them (ours).

All of it was fixed before the first result was seen, but for lite on the long
schedule and the question whether lite is better than the default: these were
added when lite had come out ahead on the short one.
"""

# Study: arms, as configs/rmpg/toyhuman/{host}_{arm}.py.
ARMS = {
    'short': (
        'none',
        'conv',
        'lite',
        'default',
        'paper',
        'no-context',
        'conv_joints',
        'supervised',
        'no-context_supervised',
        'joints',
        'hierarchical',
        'conv-large_joints',
        'channel',
        'no-position',
        'depth1',
        'depth2',
        'children4',
        'gate1',
        'fast-gate',
    ),
    'wide': (
        'none',
        'conv',
        'default',
        'no-context',
        'conv_joints',
        'supervised',
    ),
    'long': ('none', 'conv', 'default', 'lite'),
    'tune': ('none', 'conv', 'lite', 'default'),
}
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
    'Are three levels better than one?': ('default', 'depth1'),
    'Are three levels better than two?': ('default', 'depth2'),
    'Are two children better than four?': ('default', 'children4'),
    'Is gate_init 0 better than 1?': ('default', 'gate1'),
    'Is a faster gate better?': ('fast-gate', 'default'),
}
