# The VAE of the toy base.
_base_ = ['./_base_/toy_runtime.py', '../_base_/toy_networks.py']

train_cfg = dict(max_iters=3000, val_interval=3000)
model = dict(type='mmkbdm.ImageAutoencoder', vae={{_base_.vae}})
train_dataloader = dict(batch_size=128)
val_evaluator = dict(type='mmkbdm.SampleMeans', prefix='vae')
