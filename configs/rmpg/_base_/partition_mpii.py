# The body as a tree of parts, by the joint names of MPII. Every level holds
# all 16 joints and stays the same when left and right are exchanged: the
# pelvis belongs to both legs.
head = ['thorax', 'upper_neck', 'head_top']
arms = [
    *('left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow'),
    *('left_wrist', 'right_wrist'),
]
left_leg = ['left_hip', 'left_knee', 'left_ankle', 'pelvis']
right_leg = ['right_hip', 'right_knee', 'right_ankle', 'pelvis']
partition = dict(
    whole=[[*head, *arms, *left_leg, *right_leg[:-1]]],
    halves=[head + arms, [*left_leg, *right_leg[:-1]]],
    quarters=[head, arms, left_leg, right_leg],
)
del head, arms, left_leg, right_leg
