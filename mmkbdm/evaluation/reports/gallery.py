"""The worst and the best images of a run, as cards of a page (ours)."""

import base64
from collections.abc import Sequence

import cv2
import numpy as np

from mmkbdm.utils.errors import UnreadableImageError
from mmkbdm.visualization.pose_drawing import LIMBS, draw_pose, drawable

from ..functional.people_count import SCORE_THRESHOLD
from ..inputs.read_image import read_image
from ..judged import Evaluation, JudgedImage
from ..judges.base import JOINT_THRESHOLD
from .html import Html, element

# Longer side of a picture in pixels.
SIDE = 288
QUALITY = 85
ASKED, FOUND = (255, 255, 255), (255, 140, 0)


def worst_and_best(
    rows: Sequence[dict], number: int = 12
) -> tuple[list[str], list[str]]:
    """Choose names of images by the OKS of their people, none twice.

    An image that was to show nobody, or nobody whose OKS is defined, has no
    OKS. Among the worst it has 1 / (1 + people count error) in its place; it
    is never among the best, where an empty image would tell nothing.

    Args:
        rows (Sequence[dict]): Of :func:`image_table`.
        number (int): At most so many each. Defaults to 12.
    """

    def place(row: dict) -> tuple:
        error = row['people_count_error']
        quality = 1 / (1 + error) if row['oks'] == '' else row['oks']
        return quality, -error, row['name']

    scored = [row for row in rows if row['status'] == 'scored']
    order = sorted(scored, key=place)
    worst = order[: min(number, -(-len(order) // 2))]
    rest = [row for row in order[len(worst) :] if row['oks'] != '']
    best = rest[::-1][:number]
    return [row['name'] for row in worst], [row['name'] for row in best]


def cards(
    names: Sequence[str], evaluation: Evaluation, rows: Sequence[dict]
) -> Html:
    """Show images: the condition, and the picture with both poses over it.

    Args:
        names (Sequence[str]): Of images that were scored.
        evaluation (Evaluation): All of them.
        rows (Sequence[dict]): Of :func:`image_table`.
    """
    places = {image.name: i for i, image in enumerate(evaluation.images)}
    by_name = {row['name']: row for row in rows}
    detections = evaluation.collect().detections
    sure = detections.scores > SCORE_THRESHOLD
    return element(
        'div',
        *(
            _card(
                evaluation.images[places[name]],
                detections.joints[sure & (detections.image == places[name])],
                by_name[name],
            )
            for name in names
        ),
        class_='cards',
    )


def _card(image: JudgedImage, found: np.ndarray, row: dict) -> Html:
    oks = 'no OKS' if row['oks'] == '' else f'OKS {row["oks"]:.3f}'
    asked = _people(row['people'])
    condition = draw_pose(_scaled(image.poses, image), *_shape(image))
    lines = [
        element('p', image.name, class_='name', title=image.name),
        element('p', f'{oks} · {asked} asked for, {row["detections"]} found'),
    ]
    if image.prompt:
        lines.append(
            element('p', image.prompt, class_='what-for', title=image.prompt)
        )
    return element(
        'div',
        element(
            'div',
            _picture(condition, f'pose condition of {image.name}'),
            _overlay(image, found),
            class_='pair',
        ),
        *lines,
        class_='card',
    )


def _overlay(image: JudgedImage, found: np.ndarray) -> Html:
    """The picture with both poses, or why there is none."""
    try:
        pixels = read_image(image.path)
    except UnreadableImageError:
        text = f'The image is not to be read any more: {image.path}'
        return element('div', text, class_='gone')
    if pixels.shape[:2] != (image.height, image.width):
        height, width = pixels.shape[:2]
        text = (
            f'The image has changed since it was judged: {image.path} is '
            f'{width} x {height}, was {image.width} x {image.height}'
        )
        return element('div', text, class_='gone')
    height, width = _shape(image)
    shrinks = height < image.height
    pixels = cv2.resize(
        pixels,
        (width, height),
        interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC,
    )
    # White that still shows is a pose that was not met.
    _draw_lines(pixels, _scaled(image.poses, image), ASKED, 1, 0)
    _draw_lines(pixels, _scaled(found, image), FOUND, 2, JOINT_THRESHOLD)
    return _picture(pixels, f'poses asked for and found in {image.name}')


def _draw_lines(
    pixels: np.ndarray,
    poses: np.ndarray,
    colour: tuple[int, int, int],
    width: int,
    threshold: float,
) -> None:
    """Draw limbs with a dark rim, which shows on any ground."""
    shown = drawable(poses, *pixels.shape[:2], threshold=threshold)
    points = np.where(shown[..., None], poses[..., :2], 0)
    points = np.rint(points).astype(int).tolist()
    for rim, ink in ((2, (0, 0, 0)), (0, colour)):
        for joints, there in zip(points, shown):
            for a, b in LIMBS:
                if there[a] and there[b]:
                    ends = joints[a], joints[b]
                    cv2.line(pixels, *ends, ink, width + rim, cv2.LINE_AA)
            # A joint alone has no limb to be seen by.
            for joint, visible in zip(joints, there):
                if visible:
                    radius = width + rim // 2
                    cv2.circle(pixels, joint, radius, ink, -1, cv2.LINE_AA)


def _shape(image: JudgedImage) -> tuple[int, int]:
    """Height and width in which an image is shown."""
    scale = SIDE / max(image.height, image.width)
    return tuple(
        max(1, round(side * scale)) for side in (image.height, image.width)
    )


def _scaled(poses: np.ndarray, image: JudgedImage) -> np.ndarray:
    """Poses (P, 17, 3) in the pixels shown; what is no number is hidden."""
    poses = np.asarray(poses, float).reshape(-1, 17, 3).copy()
    poses[~np.isfinite(poses).all(-1)] = 0
    height, width = _shape(image)
    scale = np.array([width / image.width, height / image.height])
    poses[..., :2] = (poses[..., :2] + 0.5) * scale - 0.5
    return poses


def _picture(pixels: np.ndarray, text: str) -> Html:
    """An RGB picture inside the page."""
    quality = (cv2.IMWRITE_JPEG_QUALITY, QUALITY)
    _, data = cv2.imencode('.jpg', pixels[..., ::-1], quality)
    code = base64.b64encode(data).decode()
    return element(
        'img',
        src=f'data:image/jpeg;base64,{code}',
        alt=text,
        width=pixels.shape[1],
        height=pixels.shape[0],
    )


def _people(number: int) -> str:
    return 'nobody' if not number else f'{number}'
