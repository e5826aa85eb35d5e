"""The toy generation experiment with parts of a few thousand parameters."""

import sys
from pathlib import Path

import numpy as np
import torch

from mmkbdm.datasets.toy_human import write_dataset
from mmkbdm.evaluation.judges.base import Judge, check_images, person
from mmkbdm.registry import JUDGES

ROOT = Path(__file__).parents[2]
sys.path += [
    str(ROOT / 'tests' / 'models' / 'generators'),
    str(ROOT / 'tests' / 'evaluation'),
]


@JUDGES.register_module()
class BrightestJudge(Judge):
    """Finds one person, of sure joints around the brightest pixel."""

    def __init__(self, batch_size=1):
        self.batch_size = batch_size

    def judge(self, images):
        check_images(images)
        return [self._person(image) for image in images]

    def _person(self, image):
        row, column = np.divmod(image.sum(-1).argmax(), image.shape[1])
        steps = np.linspace(-9, 9, 17)[:, None]
        places = np.array([column, row]) + steps
        box = [*places.min(0), *places.max(0)]
        return person(places[None], np.ones((1, 17)), [0.9], [box])

    def describe(self):
        return dict(name='BrightestJudge')


def write_experiment(folder):
    """Write data, base, CLIP and configs; returns the tool's flags."""
    import tiny_clip
    import tiny_generator
    from transformers import CLIPTextModelWithProjection, CLIPTokenizer

    from mmkbdm.models.generators.parts import build_part

    data = folder / 'data'
    write_dataset(data, num_train=8, num_val=8, size=64, max_people=2)
    torch.manual_seed(0)
    base, clip = folder / 'base', folder / 'clip'
    clip.mkdir()
    tiny_clip.write_clip(clip)
    unet = dict(tiny_generator.UNET, cross_attention_dim=16)
    for name, part in (('vae', tiny_generator.VAE), ('unet', unet)):
        build_part(dict(part), name).save_pretrained(base / name)
    text = CLIPTextModelWithProjection.from_pretrained(clip, projection_dim=8)
    text.save_pretrained(base / 'text_encoder')
    CLIPTokenizer.from_pretrained(clip).save_pretrained(base / 'tokenizer')
    configs = folder / 'configs'
    configs.mkdir()
    for name, cfg in _configs(folder, tiny_generator).items():
        lines = [f'{key} = {value!r}' for key, value in cfg.items()]
        (configs / f'{name}.py').write_text('\n'.join(lines) + '\n')
    flags = dict(
        configs=configs,
        data=data,
        data_config=configs / 'data.py',
        judge=configs / 'judge.py',
        features=configs / 'features.py',
        work_dir=folder / 'work',
        out=folder / 'out',
        iters=2,
        batch_size=2,
        steps=2,
        num_images=8,
        eval_batch_size=4,
        jobs=1,
        device='cpu',
    )
    words = []
    for key, value in flags.items():
        words += [f'--{key.replace("_", "-")}', str(value)]
    return words


def _configs(folder, tiny):
    runtime = dict(
        default_scope='mmpose',
        optim_wrapper=dict(optimizer=dict(type='AdamW', lr=1e-3)),
    )
    dataset = dict(
        type='mmkbdm.ToyHumanPoseText',
        data_root='elsewhere/',
        ann_file='annotations/train.json',
        data_prefix=dict(img='train/'),
        pipeline=[
            dict(type='mmkbdm.LoadImage'),
            dict(type='mmkbdm.ResizeCenterCrop', size=64),
            dict(type='mmkbdm.DrawPose'),
            dict(type='mmkbdm.PackGeneration'),
        ],
    )
    held_out = dict(
        dataset,
        ann_file='annotations/val.json',
        data_prefix=dict(img='val/'),
    )
    parts = {
        part: dict(type=kind, from_pretrained=str(folder / 'base' / part))
        for part, kind in dict(
            vae='AutoencoderKL',
            unet='UNet2DConditionModel',
            text_encoder='CLIPTextModelWithProjection',
            tokenizer='CLIPTokenizer',
        ).items()
    }
    controlnet = tiny.config(**parts)
    codebook = dict(
        type='mmkbdm.FeatureCodebook',
        in_dim=8,
        num_codes=8,
        code_dim=4,
        hidden_dim=8,
    )
    to_code = dict(type='mmkbdm.TextToCode', in_dim=8, num_codes=8)
    pretrained = dict(type='Pretrained', checkpoint='elsewhere.pth')
    knowledge = dict(
        type='mmkbdm.KnowledgeBase',
        source=dict(
            type='mmkbdm.PredictedCode',
            codebook=dict(codebook, init_cfg=pretrained),
            text_to_code=dict(to_code, init_cfg=pretrained),
            top_k=2,
        ),
    )
    kbdmgen = tiny.config(
        **parts,
        masks=tiny.masks(),
        knowledge_base=knowledge,
        film=dict(places=(2, 4), rank=4),
    )
    training = dict(
        train_cfg=dict(by_epoch=False, max_iters=9),
        train_dataloader=dict(
            batch_size=9,
            num_workers=0,
            dataset=dataset,
            sampler=dict(type='InfiniteSampler', shuffle=True, seed=9),
            collate_fn=dict(type='pseudo_collate'),
        ),
        default_hooks=dict(
            checkpoint=dict(
                type='mmkbdm.SafeCheckpointHook', by_epoch=False, interval=9
            )
        ),
        custom_hooks=[dict(type='EMAHook')],
        randomness=dict(seed=9),
        **runtime,
    )
    arms = dict(
        base=dict(controlnet, adapter=None),
        controlnet=controlnet,
        kbdmgen=kbdmgen,
    )
    configs = {
        f'{name}_toy': dict(model=model, **training)
        for name, model in arms.items()
    }
    for stage, model in (('kb_stage1', codebook), ('kb_stage2', to_code)):
        configs[f'{stage}_toy'] = dict(
            model=model, **_stage(folder, stage, dataset, held_out, codebook)
        )
        configs[f'{stage}_toy'].update(runtime)
    configs['data'] = dict(dataset=held_out)
    configs['judge'] = dict(
        custom_imports=dict(imports=['tiny_experiment']),
        judge=dict(type='mmkbdm.BrightestJudge'),
    )
    configs['features'] = dict(
        features=dict(
            type='mmkbdm.CLIPFeatures', name_or_path=str(folder / 'clip')
        )
    )
    return configs


def _stage(folder, stage, train, val, codebook):
    def loader(split, dataset, shuffle):
        features = dict(
            type='mmkbdm.ImageFeatures',
            dataset=dict(dataset, pipeline=dataset['pipeline'][:2]),
            encoder=str(folder / 'configs' / 'features.py'),
            cache=str(folder / 'cache' / split),
        )
        if stage == 'kb_stage2':
            features.update(
                type='mmkbdm.TextCodes',
                codebook=codebook,
                checkpoint='elsewhere.pth',
            )
        return dict(
            batch_size=4,
            num_workers=0,
            dataset=features,
            collate_fn=dict(type='default_collate'),
            sampler=dict(type='DefaultSampler', shuffle=shuffle),
        )

    metric = dict(type='mmkbdm.CodeAccuracy')
    if stage == 'kb_stage1':
        metric = dict(type='mmkbdm.CodebookUse', num_codes=8)
    return dict(
        train_cfg=dict(by_epoch=True, max_epochs=2, val_interval=1),
        train_dataloader=loader('train', train, True),
        val_dataloader=loader('val', val, False),
        val_cfg=dict(),
        val_evaluator=metric,
        default_hooks=dict(
            checkpoint=dict(type='mmkbdm.SafeCheckpointHook', interval=1)
        ),
        randomness=dict(seed=9),
    )
