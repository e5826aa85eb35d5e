# KB-DMGen on Human-Art with a moving average, which is judged and shown in
# TensorBoard every 2000 iterations. Both cost time and memory.
_base_ = './kbdmgen_sd15_humanart.py'

custom_hooks = [
    dict(
        type='EMAHook', ema_type='mmkbdm.TrainedMovingAverage', momentum=1e-3
    ),
    dict(
        type='mmkbdm.GenerationEvalHook',
        interval=2000,
        dataset='configs/evaluation/humanart_val.py',
        num_images=64,
        batch_size=8,
        judge='configs/judges/rtmpose-l_humanart.py',
        save_best='pose/AP',
    ),
]
