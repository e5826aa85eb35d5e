"""One step of a pose network on this process's share of a batch.

Usage: ddp_worker.py DATA OUT, under torch.distributed.run or alone.
"""

import os
import sys

import torch

from mmkbdm import compat

compat.activate()

from mmengine.config import Config  # noqa: E402
from mmengine.model import MMDistributedDataParallel  # noqa: E402
from mmengine.registry import init_default_scope  # noqa: E402
from mmpose.registry import DATASETS, MODELS  # noqa: E402
from sync_batch_norm import convert  # noqa: E402


def main(data, out):
    torch.set_num_threads(1)
    world = int(os.environ.get('WORLD_SIZE', 1))
    rank = int(os.environ.get('RANK', 0))
    if world > 1:
        torch.distributed.init_process_group('gloo')
    cfg = Config.fromfile('configs/rmpg/simplebaseline_toy_rmpg_toyhuman.py')
    init_default_scope(cfg.default_scope)
    dataset = cfg.train_dataloader.dataset
    dataset.data_root = data
    dataset.pipeline = [
        step for step in dataset.pipeline if 'Random' not in step.type
    ]
    dataset = DATASETS.build(dataset)
    samples = [dataset[i] for i in range(4)]
    share = samples[rank::world]
    cfg.model.neck.gate_init = 0.5
    torch.manual_seed(0)
    model = convert(MODELS.build(cfg.model))
    model.train()
    net = MMDistributedDataParallel(model) if world > 1 else model
    losses = []
    for _ in range(2):  # the second one fails if a parameter was not used
        net.zero_grad()
        batch = model.data_preprocessor(
            dict(
                inputs=[s['inputs'] for s in share],
                data_samples=[s['data_samples'] for s in share],
            ),
            training=True,
        )
        loss = net(**batch, mode='loss')['loss_kpt']
        loss.backward()
        losses.append(loss.detach())
    loss = torch.stack(losses)
    if world > 1:
        torch.distributed.all_reduce(loss)
    grads = {name: p.grad for name, p in model.named_parameters()}
    if rank == 0:
        torch.save(dict(loss=loss / world, grads=grads), out)
    if world > 1:
        torch.distributed.barrier()
        # Taking the wrapped model down can hang: its destructor holds the
        # GIL and waits for a thread of gloo that wants it.
        os._exit(0)


main(*sys.argv[1:])
