# The body as a tree of parts, by the joint names of COCO. Every level holds
# all 17 joints and stays the same when left and right are exchanged.
head = ['nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear']
arms = [
    *('left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow'),
    *('left_wrist', 'right_wrist'),
]
left_leg = ['left_hip', 'left_knee', 'left_ankle']
right_leg = ['right_hip', 'right_knee', 'right_ankle']
partition = dict(
    whole=[head + arms + left_leg + right_leg],
    halves=[head + arms, left_leg + right_leg],
    quarters=[head, arms, left_leg, right_leg],
)
del head, arms, left_leg, right_leg
