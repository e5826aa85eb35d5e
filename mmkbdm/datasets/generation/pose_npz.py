"""HumanSD's pose files, read without running what is in them (ours)."""

import pickle
import zipfile

import numpy as np
from numpy.lib import format as npy_format

from mmkbdm.apis.errors import PreflightError

from .records import check_pose, fail, stack_poses

_MEMBER = 'arr_0.npy'
# Enough for dicts of arrays and numbers. NumPy 2 renamed its core.
_ALLOWED = {
    (module, name)
    for core in ('numpy.core', 'numpy._core')
    for module, name in (
        (f'{core}.multiarray', '_reconstruct'),
        (f'{core}.multiarray', 'scalar'),
    )
} | {('numpy', 'ndarray'), ('numpy', 'dtype')}


class _NumPyOnly(pickle.Unpickler):
    """Loads arrays and plain Python values, and no other code."""

    def find_class(self, module, name):
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f'it asks for {module}.{name}')
        return super().find_class(module, name)


def read_pose_npz(path: str) -> np.ndarray:
    """Read the poses of one image.

    Assumed: the array ``arr_0`` holds one dict a person, with ``keypoints``
    (17, 3): x and y in pixels of the original image, and the estimator's
    confidence; other keys are ignored. Such a file is a pickle: anything in
    it but arrays and numbers is refused before it runs. A numeric array (P,
    17, 3), which needs no pickle, is understood as well (ours).

    Args:
        path (str): The file.

    Returns:
        np.ndarray: float32 (P, 17, 3).

    Raises:
        PreflightError: Names the file, the person and the problem.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_MEMBER) as file:
            people = _read_array(file)
    except FileNotFoundError as error:
        raise PreflightError(
            f'{path} cannot be read ({error.strerror}): unpack the poses '
            'there or set data_prefix.pose'
        ) from error
    except KeyError as error:
        raise PreflightError(
            f'{path} has no array "arr_0": it is not a pose file of HumanSD'
        ) from error
    except Exception as error:
        # Damaged zips and pickles raise errors of many classes.
        raise PreflightError(
            f'{path} is not a whole pose file ({type(error).__name__}: '
            f'{error}): get it again'
        ) from error
    poses = []
    for index, person in enumerate(people):
        name = f'person {index}'
        if isinstance(person, dict):
            if 'keypoints' not in person:
                fail(path, name, 'has no key "keypoints"')
            person = person['keypoints']
        elif people.dtype.hasobject:
            fail(path, name, f'is a {type(person).__name__}, not a dict')
        poses.append(check_pose(person, path, name))
    return stack_poses(poses)


def _read_array(file) -> np.ndarray:
    version = npy_format.read_magic(file)
    read_header = {
        (1, 0): npy_format.read_array_header_1_0,
        (2, 0): npy_format.read_array_header_2_0,
    }[version]
    shape, fortran_order, dtype = read_header(file)
    if not shape:
        raise ValueError('arr_0 is no list of people')
    if dtype.hasobject:
        return _NumPyOnly(file).load().reshape(shape)
    array = np.frombuffer(file.read(), dtype)
    return array.reshape(shape, order='F' if fortran_order else 'C')
