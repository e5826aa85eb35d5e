import numpy as np
import pytest
import torch
from tiny_generator import config, masks
from tiny_view import make_job, make_pipeline

from mmkbdm.visualization.generation.masked_rows import masked_rows, paid_to
from mmkbdm.visualization.generation.record import SamplingRecord, recorded
from mmkbdm.visualization.generation.view import (
    look_at_generation,
    make_image,
    token_distances,
)


def test_the_rows_are_what_the_layers_compute(pipeline):
    """Output of a layer, from what was recorded of it."""
    job, block = make_job(), pipeline.adapter.masked_block
    seen = []
    handles = [
        layer.register_forward_hook(
            lambda _, given, out: seen.append((given[0][-1], out[-1]))
        )
        for layer in block.layers
    ]
    view = look_at_generation(pipeline, job, [1])
    for handle in handles:
        handle.remove()
    assert len(seen) == 3 * 2
    [look] = view.looks
    for layer, (tokens, answer), attended in zip(
        block.layers, seen[2:4], look.layers
    ):
        rows = masked_rows(*attended, range(len(tokens)))
        value = layer.project(tokens[None])[2, 0]
        heads = torch.einsum('qhn,hnd->qhd', rows, value)
        tokens = tokens + layer.proj(heads.flatten(1))
        tokens = tokens + layer.mlp(layer.norm2(tokens))
        torch.testing.assert_close(tokens, answer, atol=1e-4, rtol=1e-4)


def test_recording_changes_nothing(pipeline, view):
    plain = make_image(pipeline, view.job)
    np.testing.assert_array_equal(view.image, plain)
    modules = pipeline.adapter.masked_block.modules()
    assert not any(module._forward_hooks for module in modules)


def test_all_steps_and_the_ones_looked_at(pipeline, view):
    times = [float(t) for t in pipeline.scheduler.timesteps]
    assert [step.timestep for step in view.steps] == times
    assert [step.step for step in view.steps] == [0, 1, 2]
    assert [look.step for look in view.looks] == [0, 2]
    assert [len(step.layers) for step in view.steps] == [2, 0, 2]
    assert [len(step.paid) for step in view.steps] == [2, 2, 2]
    assert view.steps[1].latents is None


def test_the_last_latents_are_the_image(view):
    np.testing.assert_array_equal(view.so_far[-1], view.image)
    assert (view.so_far[0] != view.image).any()


def test_attention_paid_to_the_pose(view):
    on_pose = view.token_distance.flatten() == 0
    assert 0 < on_pose.sum() < len(on_pose)
    for look in view.looks:
        for block, attended in enumerate(look.layers):
            shares = paid_to(*attended, torch.from_numpy(on_pose)).mean(1)
            paid = look.paid[block]
            assert paid.pose == pytest.approx(shares[on_pose].mean().item())
            assert paid.background == pytest.approx(
                shares[~on_pose].mean().item()
            )
            # The mask leads background to the pose.
            assert paid.background > look.paid_unmasked[block].background


def test_an_image_without_guidance(pipeline):
    call = dict(num_inference_steps=2, guidance_scale=1.0)
    view = look_at_generation(pipeline, make_job(call=call))
    assert [len(look.layers) for look in view.looks] == [2, 2]


def test_steps_where_the_adapter_rests(pipeline):
    call = dict(num_inference_steps=4, pose_start=0.25, pose_end=0.75)
    view = look_at_generation(pipeline, make_job(call=call), [0, 1, 3])
    assert [len(step.paid) for step in view.steps] == [0, 2, 2, 0]
    assert [len(look.layers) for look in view.looks] == [0, 2, 0]


def test_a_model_without_masks():
    plain = make_pipeline(config())
    view = look_at_generation(plain, make_job(), [0])
    assert not view.looks[0].layers and not view.steps[2].paid
    assert view.so_far[0].shape == (64, 64, 3)


def test_hooks_go_when_sampling_fails(pipeline):
    record = SamplingRecord([0], torch.zeros(64, dtype=torch.bool))
    block = pipeline.adapter.masked_block
    with pytest.raises(RuntimeError), recorded(block, record):
        raise RuntimeError
    assert not any(m._forward_hooks for m in block.modules())


def test_token_distances_are_the_adapter_s():
    model = make_pipeline(config(masks=masks()))
    condition = np.zeros((64, 128, 3), np.uint8)
    condition[20, 70] = 9
    distance = token_distances(model.adapter, condition)
    assert distance.shape == (8, 16)
    assert np.argwhere(distance == 0).tolist() == [[2, 8]]
