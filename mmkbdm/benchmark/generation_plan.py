"""The tasks of the toy generation experiment, each skipped if done (ours)."""

import sys
from argparse import Namespace
from pathlib import Path

from mmkbdm.apis.arguments import read_config
from mmkbdm.apis.errors import PreflightError

from .generation_arms import ARMS, CODEBOOKS, STAGES, TUNING
from .generation_foundation import NAMES, foundation_tasks
from .runs import ResultFile, Run
from .workers import Task

STAGE_NAMES = ('data', 'foundation', 'knowledge', 'adapters', 'evaluate')
# Tasks before all others.
READY = ('data', *NAMES)
# Tasks that fill a cache: samples of adapters, features of knowledge bases.
SAMPLES, FEATURES = 'samples', 'features'
SOURCE = 'model.knowledge_base.source'
# The run that scores real images and reconstructions.
REFERENCES = 'references'


class Plan:
    """What is to be done, given what is done.

    Args:
        args (Namespace): Of ``tools/benchmark/generation_toy.py``.
        file (ResultFile): What is done.

    Attributes:
        tasks (list[Task]): In order: the first seed of all arms, then the
            next, so that what a cut leaves is whole seeds.
        runs (dict[str, Run]): Those whose results are kept, by name of the
            task.

    Raises:
        PreflightError: An arm does not exist, or a config cannot be read.
    """

    def __init__(self, args: Namespace, file: ResultFile) -> None:
        self.args = args
        self.file = file
        self.tasks: list[Task] = []
        self.runs: dict[str, Run] = {}
        self.settled = 0
        for arm in args.arms or ():
            if arm not in ARMS:
                raise PreflightError(
                    f'--arms {arm}: there are {", ".join(ARMS)}'
                )
        if 'data' in args.stages:
            self._data()
        if 'foundation' in args.stages:
            logs = Path(args.work_dir, 'logs')
            self.tasks += foundation_tasks(logs, args.retrain)
        self._kept_stage_one = self._checkpoint('kb_stage1')
        self._kept_stage_two = self._checkpoint('kb_stage2')
        if 'evaluate' in args.stages:
            self._references()
        variants = {seed: self._variants(seed) for seed in args.seeds}
        needed = {
            need
            for tasks in variants.values()
            for task in tasks
            for need in task.needs
        }
        if any(self._is_due('kb_stage2', s, needed) for s in args.seeds):
            needed.add(f'kb_stage1_seed{args.seeds[0]}')
        for seed in args.seeds:
            if 'knowledge' in args.stages:
                self._knowledge('kb_stage1', seed, needed)
                self._knowledge('kb_stage2', seed, needed)
            self.tasks += variants[seed]
            if 'knowledge' in args.stages:
                # Controls, which nothing waits for.
                for name in list(CODEBOOKS)[1:]:
                    self._knowledge(name, seed, needed)
        self._caches()

    def setting(self) -> dict:
        """Return what results must share to be compared."""
        args = self.args
        return dict(
            iters=args.iters,
            batch_size=args.batch_size,
            images=args.num_images,
            steps=args.steps,
            guidance=list(args.guidance),
        )

    @property
    def held_out(self) -> dict:
        """Arguments of :func:`build_held_out`."""
        args = self.args
        return dict(
            data=args.data_config,
            root=args.data,
            judge=args.judge,
            features=args.features,
            num_images=args.num_images,
            batch_size=args.eval_batch_size,
        )

    def _add(self, name: str, run: Run | None = None, **kwargs) -> Task:
        log = Path(self.args.work_dir, 'logs', f'{name}.log')
        task = Task(name, str(log), **kwargs)
        if run is not None:
            self.runs[name] = run
        return task

    def _data(self) -> None:
        args = self.args
        if Path(args.data, 'annotations/val.json').exists():
            return
        command = [sys.executable, 'tools/dataset/make_toy_human.py']
        command += [args.data, '--size', '64', '--max-people', '2']
        command += ['--num-train', args.num_train, '--num-val', args.num_val]
        command += ['--seed', '2', '--workers', args.jobs]
        command = list(map(str, command))
        settings = dict(action='command', command=command)
        self.tasks.append(self._add('data', settings=settings))

    def _folder(self, name: str, seed: int) -> Path:
        return Path(self.args.work_dir, name, f'seed{seed}')

    def _config(self, name: str) -> str:
        return str(Path(self.args.configs, f'{name}_toy.py'))

    def _checkpoint(self, stage: str) -> Path:
        """Where the knowledge base of all arms is."""
        epochs = read_config(self._config(stage)).train_cfg.max_epochs
        return self._folder(stage, self.args.seeds[0]) / f'epoch_{epochs}.pth'

    def _knowledge_run(self, name: str, seed: int) -> Run:
        stage = 'kb_stage1' if name in CODEBOOKS else 'kb_stage2'
        epochs = read_config(self._config(stage)).train_cfg.max_epochs
        return Run(self.args.device, name, seed, iters=epochs)

    def _is_due(self, name: str, seed: int, needed: set[str]) -> bool:
        """Whether a result, or a checkpoint that is needed, is not there."""
        run = self._knowledge_run(name, seed)
        kept = (self._folder(name, seed) / f'epoch_{run.iters}.pth').exists()
        gone = f'{name}_seed{seed}' in needed and not kept
        return gone or bool(self.file.missing([run]))

    def _knowledge(self, name: str, seed: int, needed: set[str]) -> None:
        args = self.args
        if not self._is_due(name, seed, needed):
            self.settled += 1
            return
        stage = 'kb_stage1' if name in CODEBOOKS else 'kb_stage2'
        config = self._config(stage)
        run = self._knowledge_run(name, seed)
        epochs = run.iters
        task_name = f'{name}_seed{seed}'
        folder = self._folder(name, seed)
        options = {
            'randomness.seed': seed,
            'default_hooks.checkpoint.interval': epochs,
            'train_cfg.val_interval': epochs,
        }
        needs = (*READY, FEATURES)
        if stage == 'kb_stage2':
            needs += (f'kb_stage1_seed{args.seeds[0]}',)
            for phase in ('train', 'val'):
                key = f'{phase}_dataloader.dataset.checkpoint'
                options[key] = str(self._kept_stage_one)
        else:
            changed = CODEBOOKS[name]
            options.update(
                {f'model.quantizer.{k}': v for k, v in changed.items()}
            )
        settings = dict(
            action='knowledge',
            config=config,
            root=args.data,
            options=options,
            work_dir=str(folder),
        )
        self.tasks.append(
            self._add(task_name, run, needs=needs, settings=settings)
        )

    def _references(self) -> None:
        args = self.args
        run = Run(args.device, REFERENCES, 0, iters=0)
        if not self.file.missing([run]):
            self.settled += 1
            return
        settings = dict(
            action='references',
            config=self._config('base'),
            seed=0,
            work_dir=str(self._folder(REFERENCES, 0)),
            held_out=self.held_out,
        )
        needs = READY
        steps = 2 * (args.num_images - len(range(0, args.num_images, TUNING)))
        self.tasks.append(
            self._add(
                REFERENCES, run, needs=needs, steps=steps, settings=settings
            )
        )

    def _variants(self, seed: int) -> list[Task]:
        args = self.args
        if not {'adapters', 'evaluate'} & set(args.stages):
            return []
        tasks = [
            self._variant(arm, seed)
            for arm in ARMS
            if not args.arms or arm in args.arms
        ]
        return [task for task in tasks if task is not None]

    def _variant(self, arm: str, seed: int) -> Task | None:
        args = self.args
        name = f'{arm}_seed{seed}'
        run = Run(args.device, arm, seed, iters=args.iters)
        folder = self._folder(arm, seed)
        score = 'evaluate' in args.stages
        done = not self.file.missing([run])
        if not score and arm == 'base':
            return None
        if not score:
            done |= (folder / f'iter_{args.iters}.pth').exists()
        if done:
            self.settled += 1
            return None
        steps = 0 if arm == 'base' else args.iters
        if score:
            chosen = len(range(0, args.num_images, TUNING))
            tests = 1 + (arm != 'base') + arm.startswith('kb')
            steps += chosen * len(args.guidance)
            steps += tests * (args.num_images - chosen)
        needs = READY if arm == 'base' else (*READY, SAMPLES)
        if arm in STAGES:
            # Stage 2 finds codes of stage 1.
            stages = sorted({'kb_stage1', STAGES[arm]})
            needs += (FEATURES, *(f'{s}_seed{args.seeds[0]}' for s in stages))
        settings = dict(
            action='variant',
            name=arm,
            config=self._config_of(arm),
            root=args.data,
            options=self._options(arm, seed),
            work_dir=str(folder),
            seed=seed,
            scales=tuple(args.guidance),
            call=dict(num_inference_steps=args.steps),
            held_out=self.held_out,
            score=score,
        )
        kept = run if score else None
        return self._add(
            name, kept, steps=steps, needs=needs, settings=settings
        )

    def _config_of(self, arm: str) -> str:
        return str(Path(self.args.configs, f'{ARMS[arm][0]}.py'))

    def _options(self, arm: str, seed: int) -> dict:
        args = self.args
        options = {
            'randomness.seed': seed,
            'train_dataloader.sampler.seed': seed,
            'train_dataloader.batch_size': args.batch_size,
            'train_cfg.max_iters': args.iters,
        }
        if args.no_graph:
            options['model.graph'] = False
        checkpoints = dict(
            codebook=self._kept_stage_one, text_to_code=self._kept_stage_two
        )
        for part in {'kb_stage1': ['codebook'], 'kb_stage2': checkpoints}.get(
            STAGES.get(arm), ()
        ):
            key = f'{SOURCE}.{part}.init_cfg.checkpoint'
            options[key] = str(checkpoints[part])
        return options

    def _caches(self) -> None:
        """What many tasks read is made by one before."""
        needed = {need for task in self.tasks for need in task.needs}
        for name, config in (
            (SAMPLES, self._config_of('controlnet')),
            (FEATURES, self._config('kb_stage1')),
        ):
            settings = dict(
                action='prepare',
                config=config,
                root=self.args.data,
                options={},
            )
            if name in needed:
                task = self._add(name, needs=READY, settings=settings)
                self.tasks.insert(0, task)
