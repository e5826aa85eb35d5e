import os
import signal
import subprocess
import sys
import textwrap

import pytest
import torch
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn

from mmkbdm.compat.checkpoint import read_checkpoint
from mmkbdm.engine.atomic_backend import AtomicLocalBackend
from mmkbdm.engine.checkpoint_match import CheckpointMismatchError
from mmkbdm.models.necks import RMPG


class Net(BaseModel):
    def __init__(self, width=4):
        super().__init__()
        self.backbone = nn.Linear(2, width)
        self.neck = nn.Linear(width, width)
        self.head = nn.Linear(width, 1)

    def forward(self, inputs, mode='tensor'):
        out = self.head(self.neck(self.backbone(inputs)))
        return dict(loss=out.square().mean()) if mode == 'loss' else out


class Score(BaseMetric):
    """A metric that gets better every epoch."""

    epochs = 0

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        self.epochs += 1
        return dict(score=float(self.epochs))


def make_runner(work_dir, model=None, epochs=2, hook=None, **kwargs):
    loader = dict(
        dataset=[torch.ones(2)] * 4,
        batch_size=2,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=lambda batch: dict(inputs=torch.stack(batch)),
    )
    return Runner(
        model=model or Net(),
        work_dir=str(work_dir),
        train_dataloader=loader,
        val_dataloader=loader,
        val_evaluator=Evaluator(Score()),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        val_cfg=dict(),
        test_dataloader=loader,
        test_evaluator=Evaluator(Score()),
        test_cfg=dict(),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9)),
        default_hooks=dict(
            checkpoint=dict(
                type='mmkbdm.SafeCheckpointHook',
                interval=1,
                max_keep_ckpts=1,
                save_best='score',
                rule='greater',
                **(hook or {}),
            )
        ),
        experiment_name=f'{work_dir.name}{os.urandom(4).hex()}',
        **kwargs,
    )


def checkpoints(folder):
    return sorted(path.name for path in folder.glob('*.pth'))


def test_keeps_the_last_and_the_best(tmp_path):
    make_runner(tmp_path).train()
    assert checkpoints(tmp_path) == ['best_score_epoch_2.pth', 'epoch_2.pth']
    assert not list(tmp_path.glob('.*.tmp'))
    assert read_checkpoint(tmp_path / 'epoch_2.pth')['meta']['epoch'] == 2


@pytest.mark.parametrize('fails_at', [3, 4, 5])
def test_failed_save_leaves_the_previous_checkpoint(
    tmp_path, monkeypatch, fails_at
):
    """Saves of an epoch: the last, the best, the last with the best known."""
    calls = []

    def full_disk(handle):
        calls.append(handle)
        if len(calls) > fails_at:
            raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', full_disk)
    with pytest.raises(OSError, match='No space left'):
        make_runner(tmp_path).train()
    last = (tmp_path / 'last_checkpoint').read_text()
    epoch = 1 if fails_at == 3 else 2
    assert last.endswith(f'epoch_{epoch}.pth')
    assert read_checkpoint(last)['meta']['epoch'] == epoch
    for name in checkpoints(tmp_path):
        read_checkpoint(tmp_path / name)
    assert any('best' in name for name in checkpoints(tmp_path))
    assert not list(tmp_path.glob('.*.tmp'))
    monkeypatch.undo()
    runner = make_runner(tmp_path, epochs=3, resume=True)
    runner.train()
    assert 'epoch_3.pth' in checkpoints(tmp_path)


def test_killed_while_writing_leaves_the_old_file(tmp_path):
    target = tmp_path / 'file.pth'
    target.write_bytes(b'old')
    code = textwrap.dedent(f"""
        import os, signal
        from mmkbdm.engine.atomic_backend import AtomicLocalBackend
        os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
        AtomicLocalBackend().put(b'new', {str(target)!r})
    """)
    done = subprocess.run([sys.executable, '-c', code])
    assert done.returncode == -signal.SIGKILL
    assert target.read_bytes() == b'old'


def test_atomic_backend_writes_like_the_local_one(tmp_path):
    target = tmp_path / 'new' / 'file.txt'
    AtomicLocalBackend().put_text('täxt', target)
    assert target.read_text(encoding='utf-8') == 'täxt'
    plain = tmp_path / 'plain'
    plain.write_text('')
    assert target.stat().st_mode == plain.stat().st_mode


def test_resume_goes_on_with_the_same_state(tmp_path):
    torch.manual_seed(0)
    net = Net()
    start = {k: v.clone() for k, v in net.state_dict().items()}
    make_runner(tmp_path / 'whole', net, epochs=3).train()
    again = Net()
    again.load_state_dict(start)
    make_runner(tmp_path / 'parts', again, epochs=2).train()
    runner = make_runner(tmp_path / 'parts', Net(), epochs=3, resume=True)
    runner.train()
    for name, value in net.state_dict().items():
        assert torch.equal(value, runner.model.state_dict()[name])


def test_evaluation_alone_saves_nothing(tmp_path):
    runner = make_runner(tmp_path)
    assert runner.val()['score'] == 1
    assert not checkpoints(tmp_path)


class TestMatch:
    @pytest.fixture
    def saved(self, tmp_path):
        make_runner(tmp_path, epochs=1).train()
        return tmp_path / 'epoch_1.pth'

    def test_backbone_of_another_width(self, saved, tmp_path):
        runner = make_runner(
            tmp_path / 'b', Net(5), load_from=str(saved), epochs=1
        )
        with pytest.raises(CheckpointMismatchError) as caught:
            runner.train()
        message = str(caught.value)
        assert message.startswith(f'{saved}: the checkpoint is of another')
        assert 'backbone.weight is (4, 2) in it, (5, 2)' in message
        assert '\n' not in message
        assert saved.exists()

    def test_training_may_change_the_head(self, saved, tmp_path):
        net = Net()
        net.head = nn.Linear(4, 3)
        make_runner(
            tmp_path / 'b', net, load_from=str(saved), epochs=1
        ).train()

    @pytest.mark.parametrize('part, fits', [('neck', True), ('head', False)])
    def test_evaluation_may_lack_the_neck_only(
        self, saved, tmp_path, part, fits
    ):
        checkpoint = torch.load(saved, weights_only=True)
        for name in list(checkpoint['state_dict']):
            if name.startswith(part):
                del checkpoint['state_dict'][name]
        torch.save(checkpoint, saved)
        runner = make_runner(tmp_path / 'b', load_from=str(saved))
        if fits:
            runner.test()
        else:
            with pytest.raises(CheckpointMismatchError, match=r'head\.'):
                runner.test()

    def test_a_neck_that_begins_open_may_not_be_missing(self, saved, tmp_path):
        checkpoint = torch.load(saved, weights_only=True)
        state_dict = checkpoint['state_dict']
        for name in ('neck.weight', 'neck.bias'):
            del state_dict[name]
        torch.save(checkpoint, saved)
        net = Net()
        net.neck = RMPG(4, (2,), gate_init=1.0)
        runner = make_runner(tmp_path / 'b', net, load_from=str(saved))
        with pytest.raises(CheckpointMismatchError, match=r'neck\.graphs'):
            runner.test()

    def test_resuming_needs_everything(self, saved, tmp_path):
        checkpoint = torch.load(saved, weights_only=True)
        del checkpoint['state_dict']['neck.bias']
        torch.save(checkpoint, saved)
        runner = make_runner(tmp_path / 'b', load_from=str(saved), resume=True)
        with pytest.raises(CheckpointMismatchError, match='neck.bias'):
            runner.train()

    def test_names_of_an_older_release_are_read_as_the_model_reads_them(
        self, saved, tmp_path
    ):
        """MMPose renames ``keypoint_head`` and drops the preprocessor."""

        def rename(state_dict, prefix, *args):
            for name in list(state_dict):
                if name.startswith('keypoint_head.'):
                    new = name.replace('keypoint_head', 'head')
                    state_dict[new] = state_dict.pop(name)
            state_dict.pop('data_preprocessor.mean', None)

        checkpoint = torch.load(saved, weights_only=True)
        tensors = checkpoint['state_dict']
        for name in ('head.weight', 'head.bias'):
            tensors[f'module.keypoint_{name}'] = tensors.pop(name) + 1
        tensors['data_preprocessor.mean'] = torch.zeros(3)
        old = tmp_path / 'old.pth'
        torch.save(checkpoint, old)
        with pytest.raises(CheckpointMismatchError, match='head'):
            make_runner(tmp_path / 'b', load_from=str(old)).test()
        net = Net()
        net._register_load_state_dict_pre_hook(rename)
        make_runner(tmp_path / 'c', net, load_from=str(old)).test()
        wanted = tensors['module.keypoint_head.bias']
        assert torch.equal(net.head.bias, wanted)


def test_half_written_files_of_a_killed_process_are_removed(tmp_path):
    half = tmp_path / '.epoch_1.pth.abc.tmp'
    half.write_bytes(b'half')
    make_runner(tmp_path, epochs=1).train()
    assert not half.exists()
