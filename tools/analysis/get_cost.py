"""Cost of RMPG in a host: python tools/analysis/get_cost.py CONFIG ...

Parameters, multiply-accumulates (fused attention included) and latency of one
image, for the host without a neck and with the three presets. The variants
take turns, so that a change of the machine's speed meets all of them.
"""

import argparse
import statistics
import time

from mmkbdm.apis.errors import PreflightError, command_line

PRESETS = {
    'base': None,
    'lite': dict(combine='add', out_proj=True),
    'default': dict(),
    'paper-size': dict(kernel_size=3, position='none', combine='add'),
}


def parse_args() -> argparse.Namespace:
    """Configs and how often to measure."""
    parser = argparse.ArgumentParser(
        description='Parameters, GMAC and latency of a host without and '
        'with RMPG'
    )
    parser.add_argument('configs', nargs='+', help='configs with an RMPG neck')
    parser.add_argument(
        '--repeats', type=int, default=15, help='measurements of a variant'
    )
    parser.add_argument('--device', default='cpu', help='cpu or cuda')
    return parser.parse_args()


def build_variants(config: str, device: str):
    """Build the network of a config without a neck and with each preset.

    Returns:
        tuple: dict of networks by preset, and the input (1, 3, H, W).
    """
    import torch
    from mmengine.config import Config
    from mmengine.registry import init_default_scope
    from mmpose.registry import MODELS

    cfg = Config.fromfile(config)
    init_default_scope(cfg.get('default_scope', 'mmpose'))
    neck = cfg.model.get('neck') or {}
    if neck.get('type') != 'mmkbdm.RMPG':
        raise PreflightError(f'{config} has no neck of type mmkbdm.RMPG')
    place = {
        key: neck[key]
        for key in ('type', 'in_channels', 'mid_channels', 'kv_pool')
        if key in neck
    }
    networks = {}
    for name, preset in PRESETS.items():
        cfg.model.pop('neck', None)
        if preset is not None:
            cfg.model.neck = dict(**place, **preset)
        networks[name] = MODELS.build(cfg.model).to(device).eval()
    width, height = cfg.codec.input_size
    return networks, torch.randn(1, 3, height, width, device=device)


def measure(networks: dict, image, repeats: int) -> dict[str, list[float]]:
    """Seconds of each repeat of each network, after two that do not count."""
    import torch
    from tqdm import tqdm

    seconds = {name: [] for name in networks}
    with torch.no_grad():
        for repeat in tqdm(range(-2, repeats), desc='repeats', leave=False):
            for name, network in networks.items():
                start = time.perf_counter()
                network.head.forward(network.extract_feat(image))
                if image.is_cuda:
                    torch.cuda.synchronize()
                if repeat >= 0:
                    seconds[name].append(time.perf_counter() - start)
    return seconds


def count_macs(network, image) -> float:
    """Multiply-accumulates of one image, those of attention included."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    # The fused CPU kernel is not known to the counter, its plain form is.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        network.head.forward(network.extract_feat(image))
    return counter.get_total_flops() / 2


@command_line
def main() -> None:
    """Print one Markdown table."""
    args = parse_args()
    import torch

    print(
        f'torch {torch.__version__}, {args.device}, '
        f'{torch.get_num_threads()} threads, one image, float32, median of '
        f'{args.repeats}'
    )
    print('| config | neck | params | GMAC | ms | ratio |')
    print('|---|---|---|---|---|---|')
    for config in args.configs:
        networks, image = build_variants(config, args.device)
        macs = {n: count_macs(net, image) for n, net in networks.items()}
        seconds = measure(networks, image, args.repeats)
        for name, network in networks.items():
            params = sum(p.numel() for p in network.parameters())
            ratio = statistics.median(
                a / b for a, b in zip(seconds[name], seconds['base'])
            )
            print(
                f'| {config} | {name} | {params / 1e6:.2f} M | '
                f'{macs[name] / 1e9:.2f} | '
                f'{1e3 * statistics.median(seconds[name]):.1f} | '
                f'{ratio:.2f} |'
            )


if __name__ == '__main__':
    main()
