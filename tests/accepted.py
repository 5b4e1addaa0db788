"""Whether a command would be accepted up to its work: what is checked before data or a run is looked for."""

import shlex

import main
import models
from study.ensemble import settle
from study.experiments import crossval
from study.experiments.plan import make_plan
from study.search import asked as tune_asked
from study.settings import conflicts, declare
from study.settings.commands import CompareSettings, CrossvalSettings, EnsembleSettings, TuneSettings
from study.settings.resolve import defaults_of, resolve, with_model
from study.settings.train import TrainSettings


def flags_of(rest):
    """The command and its flags, read as the program reads them."""
    command, flags = main.read(shlex.split(rest, comments=True))
    flags.pop("json", None)
    return command, flags


def train_settings(flags):
    flags = with_model(flags)
    spec = models.get(flags["model"]).SPEC
    settings = resolve(flags, defaults_of(spec, flags))
    conflicts.check_flags(settings, spec)
    return settings


def accept(rest):
    """Read a command, with or without `python main.py` in front; flags, values, and what goes with what."""
    command, flags = flags_of(rest.removeprefix("python main.py "))
    declared = main.COMMANDS[command][0]
    if declared is TrainSettings:
        train_settings(flags)
    elif declared is CompareSettings:
        assert len(make_plan(*declare.own_and_rest(CompareSettings, flags)).combinations) > 1
    elif declared is CrossvalSettings:
        asked, texts = declare.own_and_rest(CrossvalSettings, flags)
        crossval.check(asked, texts, crossval.settled(texts))
    elif declared is TuneSettings:
        assert tune_asked.settle(*declare.own_and_rest(TuneSettings, flags), "").space.entries
    elif declared is EnsembleSettings:
        asked, others = declare.own_and_rest(EnsembleSettings, flags)
        given = {name: value for name, value in flags.items() if name != "paths" or value}
        method = settle.method_of(asked, given)
        settle.check_of_runs(given) if asked.paths else settle.settled(method, others)
    else:
        given = dict(flags)
        settings, others = declare.own_and_rest(declared, flags)
        declare.reject_unused_of(settings, given)
        if others:  # flags of train
            assert getattr(settings, "run", None) is None
            train_settings(others)
    return command, flags
