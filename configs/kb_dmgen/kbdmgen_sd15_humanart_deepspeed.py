# KB-DMGen on Human-Art in bfloat16, the optimizer spread over the GPUs: ZeRO 2
# of DeepSpeed, by MMEngine's FlexibleRunner and tools/dist_train.sh.
# Tried with DeepSpeed 0.17.6 on the CPU, in one process, with the generator of
# the tests: training, resuming, zero_to_fp32.py. Not tried: GPUs, this size.
# DeepSpeed from 0.18 on does not fit MMEngine 0.10.7. What MMEngine leaves out
# with it: random states on resuming, EMAHook. Its FSDPStrategy needs GPUs and
# was not tried.
_base_ = './kbdmgen_sd15_humanart.py'

runner_type = 'FlexibleRunner'
env_cfg = dict(dist_cfg=dict(backend='nccl'))
strategy = dict(
    type='DeepSpeedStrategy',
    bf16=dict(enabled=True),
    zero_optimization=dict(stage=2),
    gradient_clipping=1.0,
    # gradient_accumulation_steps=2 in place of accumulative_counts.
    exclude_frozen_parameters=True,
)
optim_wrapper = dict(
    _delete_=True,
    type='DeepSpeedOptimWrapper',
    constructor='mmkbdm.MergedGroupsConstructor',
    optimizer=dict(type='AdamW', lr=1e-5, weight_decay=0.01),
    paramwise_cfg={{_base_.optim_wrapper.paramwise_cfg}},
)
