# The host without a neck: the baseline of all experiments.
_base_ = '../_base_/toyhuman_experiment.py'
