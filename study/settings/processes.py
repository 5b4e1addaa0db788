"""What several processes that learn one network together refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from errors import UserError
from study.settings import declare

if TYPE_CHECKING:
    from study.settings.train import TrainSettings

ALONE = ("find_learning_rate", "augment_preview", "crossval", "callback", "tensorboard")  # what one process does


def check(settings: TrainSettings) -> None:
    """Raise UserError where settings, as far as they are settled, do not go with several processes."""
    run, size = settings.run, settings.optimization.batch_size
    if run.processes == 1:
        return
    received = f"Received: --processes {run.processes}"
    if run.backend != "jax":
        raise UserError(f"--processes is for --backend jax, on which they learn together. {received}, on {run.backend}")
    for name in ALONE:
        if getattr(run, name):
            raise UserError(f"{declare.flag(name)} is for one process. {received}; leave one of both out.")
    if settings.learning.kind == "transfer":
        raise UserError(
            "--processes is for --learning scratch or finetune, where a whole network learns: under transfer a head "
            f"learns alone, in seconds. {received}; leave it out."
        )
    if size and size % run.processes:
        near = max(run.processes, size - size % run.processes)
        raise UserError(
            f"--processes take equal shares of a batch: give --batch-size {near}, or another multiple of "
            f"{run.processes}. {received} --batch-size {size}"
        )
