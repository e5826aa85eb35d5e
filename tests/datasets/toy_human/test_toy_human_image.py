import re

import cv2
import numpy as np
import pytest

from mmkbdm.datasets.toy_human import ToyHumanError, render_image
from mmkbdm.datasets.toy_human.annotations import person_annotation
from mmkbdm.datasets.toy_human.body import SHIRT_COLOURS, Look
from mmkbdm.datasets.toy_human.canvas import SHIRT
from mmkbdm.datasets.toy_human.poses import ARCHETYPES, Pose, sample_pose
from mmkbdm.datasets.toy_human.scene import Person, Prop, Scene
from mmkbdm.datasets.toy_human.skeleton import (
    KEYPOINT_NAMES,
    Skeleton,
    sample_build,
)
from mmkbdm.datasets.toy_human.styles import STYLES

SIZE = 128
SIDE = 2 * SIZE
DOWN, LEG = (20, 0, 20, 0), (5, 0, 5, 0)


def person(x=0.5, yaw=0.0, arms=(DOWN, DOWN), ground=240.0, shirt='red'):
    """An upright person whose hips are at column ``x`` of the image."""
    look = Look(
        shirt, (60, 60, 60), (140, 175, 225), (30, 30, 30), (40, 40, 40),
        'short', 'trousers', 'short',
    )  # fmt: skip
    pose = Pose('standing', arms, (LEG, LEG))
    build = sample_build(np.random.default_rng(0))
    return Person(
        pose, look, Skeleton(build, pose, yaw), 220.0, (x * SIDE, 140.0),
        ground,
    )  # fmt: skip


def paint(people, props=()):
    rng = np.random.default_rng(0)
    return Scene(SIZE, list(people), list(props), (0.6, -0.7), rng)


def visibility(scene, i=0):
    return dict(zip(KEYPOINT_NAMES, scene.visibility(i)))


def test_same_seed_same_image_and_other_seed_other_image():
    first, again = render_image((3, 0, 5), 64), render_image((3, 0, 5), 64)
    assert np.array_equal(first.image, again.image)
    assert first.annotations == again.annotations
    assert first.description == again.description
    for other in ((4, 0, 5), (3, 1, 5), (3, 0, 6)):
        assert not np.array_equal(first.image, render_image(other, 64).image)


def test_annotations_are_the_same_on_every_machine():
    toy = render_image((0, 0, 0), 128)
    assert toy.description == 'shadow_play, a person in pink sitting'
    (annotation,) = toy.annotations
    assert annotation['keypoints'][:15] == [
        75.56, 29.56, 2, 76.92, 27.14, 2, 77.45, 27.67, 1,
        84.43, 29.07, 2, 86.03, 30.66, 1,
    ]  # fmt: skip
    assert annotation['keypoints'][45:] == [
        69.1, 102.77, 2, 61.19, 105.06, 2,
    ]  # fmt: skip
    assert annotation['bbox'] == [47.0, 20.5, 50.0, 95.0]
    assert annotation['area'] == 1994.5


@pytest.mark.parametrize('style', STYLES)
def test_every_style_renders_with_texture(style):
    toy = render_image((0, 0), 48, style=style)
    assert toy.image.shape == (48, 48, 3)
    assert toy.image.dtype == np.uint8
    assert toy.image.std() > 15
    assert toy.category == style.replace('_', ' ')
    assert toy.description.startswith(f'{style}, ')


def test_styles_differ_on_the_same_scene():
    images = [render_image((0, 1), 64, style=style).image for style in STYLES]
    for i, image in enumerate(images):
        for other in images[:i]:
            assert cv2.absdiff(image, other).mean() > 5


@pytest.mark.parametrize('size', [32, 57, 200])
def test_other_sizes(size):
    for index in range(6):
        toy = render_image((1, index), size)
        assert toy.image.shape == (size, size, 3)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(size=31), 'size 31'),
        (dict(max_people=5), 'max_people 5'),
        (dict(max_people=0), 'max_people 0'),
        (dict(style='baroque'), "style 'baroque'"),
    ],
)
def test_refused_arguments(arguments, message):
    with pytest.raises(ToyHumanError, match=message) as caught:
        render_image(0, **arguments)
    assert '\n' not in str(caught.value)


def test_left_is_on_the_right_of_the_image_when_facing_the_camera():
    front, back = paint([person()]), paint([person(yaw=180)])
    column = dict(zip(KEYPOINT_NAMES, front.people[0].joints[:, 0]))
    away = dict(zip(KEYPOINT_NAMES, back.people[0].joints[:, 0]))
    for joint in ('eye', 'ear', 'shoulder', 'wrist', 'hip', 'ankle'):
        assert column[f'left_{joint}'] > column[f'right_{joint}']
        assert away[f'left_{joint}'] < away[f'right_{joint}']


def test_a_free_person_facing_the_camera_is_wholly_visible():
    assert set(visibility(paint([person()])).values()) == {2}


def test_face_is_hidden_from_behind():
    seen = visibility(paint([person(yaw=180)]))
    for name in ('nose', 'left_eye', 'right_eye'):
        assert seen[name] == 1
    for name in ('left_ear', 'left_shoulder', 'right_ankle'):
        assert seen[name] == 2


def test_profile_hides_the_far_side():
    seen = visibility(paint([person(yaw=88)]))  # looks to the image's right
    assert seen['nose'] == 2
    assert seen['left_eye'] == seen['left_ear'] == 1
    assert seen['left_shoulder'] == seen['left_hip'] == 1
    assert seen['right_shoulder'] == seen['right_ear'] == 2


def test_trunk_hides_the_far_shoulder_even_without_an_arm_before_it():
    up = (170, 0, 175, 0)
    scene = paint([person(yaw=65, arms=(up, up))])
    column, row = scene.people[0].joints[5].round().astype(int)
    assert scene.palette.entries[scene.index[row, column]][1] == 'torso'
    assert visibility(scene)['left_shoulder'] == 1


def test_person_in_front_hides_the_one_behind():
    behind, front = person(ground=230.0), person(ground=244.0, shirt='blue')
    scene = paint([behind, front])
    assert set(visibility(scene, 0).values()) == {1}
    assert set(visibility(scene, 1).values()) == {2}
    behind.ground = 250.0
    scene = paint([behind, front])
    assert set(visibility(scene, 0).values()) == {2}
    assert set(visibility(scene, 1).values()) == {1}


def test_silhouette_includes_what_others_hide():
    behind, front = person(ground=230.0), person(ground=244.0, x=0.53)
    alone = person_annotation(paint([behind]), 0)
    hidden = person_annotation(paint([behind, front]), 0)
    for key in ('bbox', 'area', 'segmentation'):
        assert hidden[key] == alone[key]
    mask = np.zeros((SIZE, SIZE), np.uint8)
    outline = np.array(alone['segmentation'][0]).reshape(-1, 2)
    cv2.fillPoly(mask, [outline.round().astype(np.int32)], 1)
    assert 0.8 < mask.sum() / alone['area'] < 1.25


def test_object_over_the_wrist_hides_only_the_wrist():
    free = person()
    wrist = paint([free]).people[0].joints[KEYPOINT_NAMES.index('left_wrist')]
    ball = Prop('ball', 26.0, (wrist[0], wrist[1] + 13.0), 250.0)
    seen = visibility(paint([person()], [ball]))
    assert seen.pop('left_wrist') == 1
    assert set(seen.values()) == {2}
    ball.ground = 10.0
    assert visibility(paint([person()], [ball]))['left_wrist'] == 2


def test_own_torso_hides_the_wrist_behind_it():
    behind_back = (30, -60, 62, 175)
    seen = visibility(paint([person(arms=(behind_back, DOWN))]))
    assert seen['left_wrist'] == 1
    assert seen['right_wrist'] == 2


def test_joint_outside_the_image_has_no_coordinates():
    seen = visibility(paint([person(x=0.02)]))
    assert seen['right_wrist'] == 0
    assert seen['left_shoulder'] == 2


def body_joints(name, seed):
    """Joints of an archetype seen from the front, y up, in statures."""
    rng = np.random.default_rng([5, seed])
    pose = sample_pose(rng, name)
    points = Skeleton(sample_build(rng), pose).points
    return {key: np.array(point) for key, point in points.items()}


@pytest.mark.parametrize('seed', range(8))
def test_pose_words_agree_with_the_geometry(seed):
    j = body_joints('both_arms_up', seed)
    assert min(j['left_wrist'][1], j['right_wrist'][1]) > j['head'][1]
    j = body_joints('one_arm_up', seed)
    up = [j[f'{side}_wrist'][1] > j['head'][1] for side in ('left', 'right')]
    assert sorted(up) == [False, True]
    j = body_joints('arms_out', seed)
    for side in ('left', 'right'):
        reach = j[f'{side}_wrist'] - j[f'{side}_shoulder']
        assert abs(reach[1]) < 0.5 * abs(reach[0])
    j = body_joints('hands_on_hips', seed)
    for side in ('left', 'right'):
        assert np.linalg.norm(j[f'{side}_wrist'] - j[f'{side}_hip']) < 0.16
        assert abs(j[f'{side}_elbow'][0]) > abs(j[f'{side}_wrist'][0])
    j = body_joints('sitting', seed)
    for side in ('left', 'right'):
        drop = j[f'{side}_hip'][1] - j[f'{side}_knee'][1]
        assert abs(drop) < 0.1
    j = body_joints('handstand', seed)
    assert min(j['left_ankle'][1], j['right_ankle'][1]) > j['pelvis'][1]
    assert max(j['left_wrist'][1], j['right_wrist'][1]) < j['head'][1]
    j = body_joints('kicking', seed)
    kick = [j[f'{side}_ankle'][1] for side in ('left', 'right')]
    assert abs(kick[0] - kick[1]) > 0.25


def test_caption_names_the_people_and_objects_of_the_scene():
    objects = 0
    for index in range(60):
        toy = render_image((2, index), 64)
        rest = toy.description.split(', ', 1)[1]
        people = toy.scene.people
        assert len(people) == len(toy.annotations)
        if len(people) > 1:
            number = {2: 'two', 3: 'three', 4: 'four'}[len(people)]
            assert rest.startswith(f'{number} people, ')
        for person in people:
            phrase = ARCHETYPES[person.pose.name].phrase
            assert f'in {person.look.shirt_name} {phrase}' in rest
        for name in ('ball', 'box', 'plant', 'balloon', 'rock', 'barrel',
                     'lamp'):  # fmt: skip
            if re.search(rf'\ba {name}\b', rest):
                objects += 1
                assert toy.scene.visible(owner=name) > 0
    assert objects > 10


@pytest.mark.parametrize('style', STYLES)
def test_shirt_has_the_colour_that_the_caption_names(style):
    """The mean hue of the shirt's pixels is nearest to the named colour."""
    hues = {name: hue_of(colour) for name, colour in SHIRT_COLOURS.items()}
    right = total = 0
    for index in range(12):
        toy = render_image((6, index), 96, 1, style)
        scene = toy.scene
        name = scene.people[0].look.shirt_name
        numbers = scene.palette.select(owner=0, role=SHIRT)
        mask = np.isin(scene.index, numbers).astype(np.uint8) * 255
        mask = cv2.resize(mask, (96, 96), interpolation=cv2.INTER_AREA)
        mask = cv2.erode(mask, np.ones((3, 3), np.uint8)) == 255
        if mask.sum() < 20:
            continue
        hue = hue_of(np.median(toy.image[mask], 0))
        best = min(hues, key=lambda key: hue_distance(hues[key], hue))
        total += 1
        right += best == name
    assert total >= 8
    assert right >= 0.9 * total


def hue_of(colour):
    pixel = np.array(colour, np.float32).reshape(1, 1, 3) / 255
    return float(cv2.cvtColor(pixel, cv2.COLOR_BGR2HSV)[0, 0, 0])


def hue_distance(a, b):
    return min(abs(a - b), 360 - abs(a - b))


def test_about_a_fifth_of_the_joints_is_hidden():
    values = [
        v
        for index in range(150)
        for annotation in render_image((7, index), 48).annotations
        for v in annotation['keypoints'][2::3]
    ]
    hidden = values.count(1) / (values.count(1) + values.count(2))
    assert 0.15 < hidden < 0.30
