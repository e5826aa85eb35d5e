"""Every host family at a size that a test can afford."""

from pathlib import Path

from mmkbdm.apis.arguments import read_config

CONFIGS = Path(__file__).parents[2] / 'configs' / 'rmpg'
# Config: options that make its network small.
HOSTS = {
    'simplebaseline_toy_rmpg_toyhuman': {
        'model.neck.gate_init': 1.0,
    },
    'simplebaseline_res50_rmpg_coco': {
        'codec.input_size': (64, 96),
        'model.backbone.depth': 18,
        'model.backbone.base_channels': 16,
        'model.backbone.stem_channels': 16,
        'model.neck.in_channels': 128,
        'model.neck.mid_channels': 32,
        'model.neck.gate_init': 1.0,
        'model.head.in_channels': 128,
        'model.head.deconv_out_channels': (16, 16),
        'model.head.deconv_kernel_sizes': (4, 4),
    },
    'hourglass52_rmpg_coco': {
        'codec.input_size': (64, 64),
        'model.backbone.downsample_times': 2,
        'model.backbone.num_stacks': 2,
        # The stem always gives 256 channels.
        'model.backbone.stage_channels': (256, 16, 16),
        'model.backbone.stage_blocks': (1, 1, 1),
        'model.backbone.feat_channel': 16,
        'model.neck.in_channels': 16,
        'model.neck.num_maps': 2,
        'model.neck.gate_init': 1.0,
        'model.head.in_channels': 16,
        'model.head.num_stages': 2,
    },
    'hrnet_w32_rmpg_coco': {
        'codec.input_size': (64, 64),
        **{
            f'model.backbone.extra.stage{stage}.{key}': value
            for stage in (2, 3, 4)
            for key, value in dict(
                num_modules=1,
                num_blocks=(1,) * stage,
                num_channels=(8, 16, 32, 64)[:stage],
            ).items()
        },
        'model.backbone.extra.stage1.num_blocks': (1,),
        'model.neck.in_channels': 8,
        'model.neck.gate_init': 1.0,
        'model.head.in_channels': 8,
    },
    'vitpose_s_rmpg_coco': {
        'codec.input_size': (48, 64),
        'model.backbone.img_size': (64, 48),
        'model.backbone.arch.embed_dims': 32,
        'model.backbone.arch.num_layers': 2,
        'model.backbone.arch.num_heads': 2,
        'model.backbone.arch.feedforward_channels': 64,
        'model.neck.in_channels': 32,
        'model.neck.gate_init': 1.0,
        'model.head.in_channels': 32,
        'model.head.deconv_out_channels': (16, 16),
    },
    'rtmpose_s_rmpg_coco': {
        'codec.input_size': (64, 96),
        'model.backbone.widen_factor': 0.125,
        'model.backbone.deepen_factor': 0.1,
        'model.neck.in_channels': 128,
        'model.neck.gate_init': 1.0,
        'model.head.in_channels': 128,
        'model.head.input_size': (64, 96),
        'model.head.in_featuremap_size': (2, 3),
    },
}


def path_of(name):
    return str(CONFIGS / f'{name}.py')


def tiny(name):
    """The small config of a host, its neck far from the identity."""
    cfg = read_config(path_of(name))
    options = dict(HOSTS[name])
    size = options.pop('codec.input_size', None)
    cfg.merge_from_dict(options)
    if size is not None:
        cfg.codec.input_size = cfg.model.head.decoder.input_size = size
    return cfg
