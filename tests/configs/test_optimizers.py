"""Weight decay would pull the gates back to the identity."""

import pytest
from matrix import DATA, HOSTS, build, load, thin, unscoped
from mmengine.optim import build_optim_wrapper


def groups_of(cfg, model):
    """(weight decay, learning rate) of every parameter, by name."""
    groups = build_optim_wrapper(model, cfg.optim_wrapper).param_groups
    found = {
        id(parameter): (group['weight_decay'], group['lr'])
        for group in groups
        for parameter in group['params']
    }
    return {n: found[id(p)] for n, p in model.named_parameters()}


def is_gate_or_norm(name):
    return name.endswith('gamma') or '.norm.' in name


@pytest.mark.parametrize(
    'name',
    [
        'vitpose_b_rmpg_coco',
        'vitpose_b_rmpg-paper_mpii',
        'vitpose_b_rmpg_coco_finetune',
        'rtmpose_m_rmpg_coco',
        'rtmpose_m_rmpg-lite_mpii',
        'rtmpose_m_rmpg_crowdpose',
        'simplebaseline_toy_rmpg_toyhuman',
    ],
)
def test_gates_and_norms_do_not_decay(name):
    cfg = load(name)
    optimizer = cfg.optim_wrapper.optimizer
    assert optimizer.weight_decay > 0
    groups = groups_of(cfg, build(cfg if 'toy' in name else thin(cfg)))
    neck = {n: g for n, g in groups.items() if n.startswith('neck.')}
    assert any(n.endswith('gamma') for n in neck)
    assert any('.norm.' in n for n in neck)
    for parameter, (decay, lr) in neck.items():
        spared = is_gate_or_norm(parameter)
        if parameter.endswith('.bias') and not spared:
            continue  # the host's habit
        assert decay == (0 if spared else optimizer.weight_decay), parameter
        assert lr == optimizer.lr, parameter  # no layer decay


def test_rtmpose_itself_decays_as_in_mmpose():
    cfg = thin(load('rtmpose_m_rmpg_coco'))
    model = build(cfg)
    ours = groups_of(cfg, model)
    cfg.optim_wrapper.paramwise_cfg.pop('custom_keys')
    for name, group in groups_of(cfg, model).items():
        if not name.startswith('neck.'):
            assert ours[name] == group, name
    assert ours['head.gau.gamma'][0] > 0


@pytest.mark.parametrize('data', DATA)
def test_rtmpose_s_does_not_decay(data):
    cfg = load(f'rtmpose_s_rmpg_{data}')
    assert cfg.optim_wrapper.optimizer.weight_decay == 0


@pytest.mark.parametrize(
    'host', [h for h in HOSTS if not h.startswith(('vitpose', 'rtmpose'))]
)
def test_other_hosts_do_not_decay_at_all(host):
    optimizer = unscoped(load(f'{host}_rmpg_coco').optim_wrapper.optimizer)
    assert optimizer == dict(type='Adam', lr=5e-4)
