import pytest
import torch

from mmkbdm.generation import image_generators, image_seed
from mmkbdm.generation.shares import chunks_of_rank, spread


def test_seeds_are_the_same_forever():
    assert image_seed(7, 0) == 7985665222500292864
    assert image_seed('00000007', 1) == 4594277284958135916
    torch.Generator().manual_seed(2**63 - 1)


def test_seeds_differ_by_image_and_run():
    seeds = {image_seed(i, seed) for i in range(100) for seed in range(3)}
    assert len(seeds) == 300
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_generator_does_not_know_its_neighbours():
    many = image_generators([1, 2, 3], seed=5)
    [alone] = image_generators([3], seed=5)
    torch.testing.assert_close(
        torch.rand(4, generator=many[2]), torch.rand(4, generator=alone)
    )
    assert many[0].initial_seed() != many[1].initial_seed()


@pytest.mark.parametrize('world_size', [1, 2, 3, 8])
def test_batches_are_those_of_one_process(world_size):
    alone = chunks_of_rank(11, 3)
    shared = [chunks_of_rank(11, 3, r, world_size) for r in range(world_size)]
    assert sorted(sum(shared, []), key=lambda one: one.start) == alone
    assert [i for chunk in alone for i in chunk] == list(range(11))
    sizes = [len(one) for one in shared]
    assert max(sizes) - min(sizes) <= 1


def test_images_are_spread():
    assert spread(3, 9) == [0, 4, 8]
    assert spread(1, 9) == [0]
    assert spread(20, 4) == [0, 1, 2, 3]
    assert len(set(spread(64, 4750))) == 64
