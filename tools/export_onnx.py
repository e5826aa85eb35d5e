"""Export a pose network: python tools/export_onnx.py CONFIG [CHECKPOINT].

The graph holds backbone, neck and head. Its 'input' is the NORMALISED image,
float32 (batch, 3, height, width), and the batch is dynamic; it gives 'output'
(heatmaps), or 'simcc_x' and 'simcc_y'. Normalisation, flip test and decoding
are not part of it: order of colours, mean, std, input_size (width, height)
and codec stand in the metadata of the file as JSON. Nothing is written unless
onnxruntime and torch agree to 1e-4, in units of the largest output.
"""

import argparse
from pathlib import Path

from mmkbdm.apis.arguments import CfgOptions, override, read_config
from mmkbdm.apis.errors import PreflightError, command_line
from mmkbdm.apis.output import check_writable


def parse_args() -> argparse.Namespace:
    """Config, checkpoint and the file to write."""
    parser = argparse.ArgumentParser(
        description=__doc__.partition('\n\n')[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('config', help='config file path')
    parser.add_argument(
        'checkpoint', nargs='?', help='checkpoint file; random weights without'
    )
    parser.add_argument(
        '--out', help='file to write; CONFIG.onnx in work_dirs by default'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=CfgOptions,
        metavar='KEY=VALUE',
        help='override settings of the config',
    )
    return parser.parse_args()


@command_line
def main() -> None:
    """Build, load, export, compare."""
    args = parse_args()
    out = args.out or str(
        Path('work_dirs', 'onnx', Path(args.config).stem + '.onnx')
    )
    if Path(out).suffix != '.onnx':
        raise PreflightError(f'--out {out} must end in .onnx')
    check_writable(Path(out).parent)
    from mmkbdm.analysis.network import (
        build_network,
        check_runs,
        random_images,
    )
    from mmkbdm.analysis.onnx_model import (
        check_packages,
        export,
        gates_are_zero,
        metadata,
    )

    check_packages()
    cfg = read_config(args.config)
    override(cfg, args.cfg_options)
    network = build_network(cfg, args.config)
    if args.checkpoint:
        load(network.estimator, args.checkpoint)
    image = random_images(cfg, args.config)
    check_runs(network, image, args.config)
    figures = export(
        network,
        image,
        out,
        name=args.config,
        metadata_props=metadata(cfg, args.config),
    )
    print(
        f'{out}: onnxruntime and torch differ by {figures["batch_1"]:.1e} '
        f'(1 image) and {figures["batch_3"]:.1e} (3 images)'
    )
    if gates_are_zero(network):
        print(
            'note: a gate of the neck is zero, as before training, and hides '
            'what stands behind it from this comparison; --cfg-options '
            'model.neck.gate_init=1 compares with open gates'
        )
    print(
        f'one image: torch {1e3 * figures["torch"]:.1f} ms, onnxruntime '
        f'{1e3 * figures["onnxruntime"]:.1f} ms'
    )


def load(estimator, checkpoint: str) -> None:
    """Load a checkpoint that must be of this network.

    Raises:
        CheckpointError: When it cannot be read.
        CheckpointMismatchError: When it is of another network.
    """
    from mmkbdm.compat.checkpoint import read_checkpoint
    from mmkbdm.engine.checkpoint_match import (
        AUXILIARY,
        as_read_by,
        check_match,
    )

    content = read_checkpoint(checkpoint)
    state_dict = as_read_by(estimator, content.get('state_dict', content))
    # As for tools/test.py: a plain network's file leaves the neck as it
    # starts, and predictors of training have no part in the graph.
    check_match(
        estimator.state_dict(),
        state_dict,
        may_lack=('neck.', AUXILIARY),
        may_differ=() if hasattr(estimator, 'auxiliary') else (AUXILIARY,),
    )
    estimator.load_state_dict(state_dict, strict=False)


if __name__ == '__main__':
    main()
