# KB-DMGen on Human-Art, the optimizer spread over GPUs by DeepSpeed (ZeRO 2,
# bfloat16). Tried on a CPU, one process, DeepSpeed 0.17, the generator of the
# tests: training, resuming (with chance that begins anew), zero_to_fp32.py.
# Not tried: GPUs, this size. MMEngine 0.10.7 wants deepspeed<0.18.
_base_ = './kbdmgen_sd15_humanart.py'

runner_type = 'FlexibleRunner'
env_cfg = dict(dist_cfg=dict(backend='nccl'))
strategy = dict(
    type='DeepSpeedStrategy',
    bf16=dict(enabled=True),
    zero_optimization=dict(stage=2),
    gradient_clipping=1.0,
    gradient_accumulation_steps=1,
    exclude_frozen_parameters=True,
)
optim_wrapper = dict(
    _delete_=True,
    type='DeepSpeedOptimWrapper',
    constructor='mmkbdm.MergedGroupsConstructor',
    optimizer=dict(type='AdamW', lr=1e-5, weight_decay=0.01),
    paramwise_cfg={{_base_.optim_wrapper.paramwise_cfg}},
)
