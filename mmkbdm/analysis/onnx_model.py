"""A pose network as an ONNX file, compared with torch (ours)."""

import json
import os
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

import torch
from mmengine.config import Config
from torch import Tensor, nn

import mmkbdm
from mmkbdm.analysis.network import RawNetwork, input_size
from mmkbdm.analysis.timing import take_turns
from mmkbdm.apis.errors import PreflightError
from mmkbdm.models.layers import LayerScale

PACKAGES = ('onnx', 'onnxruntime', 'onnxscript')
TOLERANCE = 1e-4
# A protobuf message holds less than 2 GiB; larger weights lie beside it.
MAX_BYTES = 1_900_000_000


def check_packages() -> None:
    """Look for what exporting needs.

    Raises:
        PreflightError: With the line for pip.
    """
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise PreflightError(
            f'{", ".join(missing)} cannot be imported: pip install '
            f'{" ".join(missing)}'
        )


def output_names(output: Tensor | tuple, name: str) -> list[str]:
    """Names of the outputs, those that MMDeploy gives.

    Args:
        output (Tensor | tuple): Answer of a :class:`RawNetwork`.
        name (str): Path of the config, for the message.

    Raises:
        PreflightError: When the head is neither one of heatmaps or
            coordinates nor of SimCC.
    """
    if isinstance(output, Tensor):
        return ['output']
    if (
        isinstance(output, tuple)
        and len(output) == 2
        and all(isinstance(o, Tensor) and o.ndim == 3 for o in output)
    ):
        return ['simcc_x', 'simcc_y']
    raise PreflightError(
        f'{name}: the head answers a {type(output).__name__}, and one tensor '
        'or the two of SimCC can be exported: give a config with such a head'
    )


def metadata(cfg: Config, name: str) -> dict[str, str]:
    """What a program must know to feed the network and to read its output.

    Args:
        cfg (Config): Complete config.
        name (str): Its path.

    Returns:
        dict[str, str]: JSON values for ``metadata_props``.
    """
    preprocessor = cfg.model.get('data_preprocessor') or {}
    decoder = (cfg.model.get('head') or {}).get('decoder')
    # MMPose loads BGR images.
    colours = 'RGB' if preprocessor.get('bgr_to_rgb') else 'BGR'
    values = dict(
        input=f'{colours} image (batch, 3, height, width), float32, '
        'normalised: (pixel - mean) / std, pixel in 0 ... 255',
        mean=preprocessor.get('mean'),
        std=preprocessor.get('std'),
        input_size=list(input_size(cfg, name)),
        codec=decoder if decoder is not None else cfg.get('codec'),
        flip_test='not in the graph',
        config=Path(name).name,
        mmkbdm=mmkbdm.__version__,
        torch=torch.__version__,
    )
    return {key: json.dumps(value) for key, value in values.items()}


def gates_are_zero(network: nn.Module) -> bool:
    """Whether a branch is closed, so that outputs do not depend on it."""
    return any(
        not module.gamma.any()
        for module in network.modules()
        if isinstance(module, LayerScale)
    )


def export(
    network: RawNetwork,
    image: Tensor,
    path: str,
    *,
    name: str,
    metadata_props: dict[str, str],
) -> dict[str, float]:
    """Write a network as ONNX, after onnxruntime has agreed with torch.

    The batch is dynamic. Weights of 1.9 GB and more go into ``path.data``.
    The files are written beside their place and moved there when all is
    well: what stood there before stays otherwise.

    Args:
        network (RawNetwork): In evaluation mode, on the CPU.
        image (Tensor): One image (1, 3, H, W).
        path (str): ONNX file.
        name (str): Path of the config, for messages.
        metadata_props (dict[str, str]): Written into the file.

    Returns:
        dict[str, float]: ``batch_1`` and ``batch_3``: the greatest difference
        between onnxruntime and torch in units of the largest output;
        ``torch`` and ``onnxruntime``: median seconds of one image.

    Raises:
        PreflightError: When the network does not export, or the difference
            exceeds 1e-4.
    """
    with torch.no_grad():
        names = output_names(network(image), name)
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix='.onnx-', dir=target.parent))
    try:
        draft = folder / target.name
        _write(network, image, draft, names, name, metadata_props)
        figures = _compare(network, image, draft, name)
        # The weights first: a model without them could not be read.
        for file in sorted(folder.iterdir(), reverse=True):
            os.replace(file, target.parent / file.name)
    finally:
        shutil.rmtree(folder)
    return figures


def _write(
    network: RawNetwork,
    image: Tensor,
    path: Path,
    names: list[str],
    name: str,
    metadata_props: dict[str, str],
) -> None:
    try:
        program = torch.onnx.export(
            network,
            # Two images: a batch of one would be taken for a constant.
            (image.repeat(2, 1, 1, 1),),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim('batch', min=1, max=1024)},),
            input_names=['input'],
            output_names=names,
            verbose=False,
        )
    except Exception as error:  # what torch.export and its passes raise
        reason = str(error.__cause__ or error).strip().splitlines()
        raise PreflightError(
            f'{name} does not export to ONNX: '
            f'{reason[0] if reason else type(error).__name__}: replace that '
            'operation, or override the setting with --cfg-options'
        ) from error
    program.model.metadata_props.update(metadata_props)
    tensors = (*network.parameters(), *network.buffers())
    program.save(
        str(path),
        external_data=sum(t.nbytes for t in tensors) > MAX_BYTES,
    )


def _compare(
    network: RawNetwork, image: Tensor, path: Path, name: str
) -> dict[str, float]:
    """Difference and latency of the two, on random images."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(
        str(path), options, providers=['CPUExecutionProvider']
    )
    figures = {}
    for size in (1, 3):
        batch = torch.randn(size, *image.shape[1:])
        with torch.no_grad():
            expected = network(batch)
        expected = (expected,) if isinstance(expected, Tensor) else expected
        got = session.run(None, {'input': batch.numpy()})
        worst = max(
            ((torch.from_numpy(g) - e).abs() / e.abs().max().clamp(min=1e-9))
            .max()
            .item()
            for g, e in zip(got, expected)
        )
        # Written so that a difference that is no number fails as well.
        if not worst <= TOLERANCE:
            raise PreflightError(
                f'{name}: onnxruntime and torch differ by {worst:.1e}, more '
                f'than {TOLERANCE}, on {size} images: nothing was written'
            )
        figures[f'batch_{size}'] = worst

    def by_torch() -> None:
        with torch.no_grad():
            network(image)

    pixels = image.numpy()
    seconds = take_turns(
        {
            'torch': by_torch,
            'onnxruntime': lambda: session.run(None, {'input': pixels}),
        },
        repeats=15,
        max_seconds=30,
    )
    for runtime, values in seconds.items():
        figures[runtime] = sorted(values)[len(values) // 2]
    return figures
