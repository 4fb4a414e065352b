"""The course behind `handgrad learn`: ten chapters, all of them live runs of the backends.

The chapters up to mini-batches are about one table of one feature, so that the loss is a surface over (W, b) that can
be drawn; each has a module of its name here, but that the chain rule by hand and on a tape share one. The chapter on
summation adds up numbers of its own, and the costs of the last two are measured in processes of their own.
"""

from __future__ import annotations

from handgrad.compare.check.exercises.catalogue import EXERCISES
from handgrad.compare.learn.by_hand import by_hand
from handgrad.compare.learn.checking import checking
from handgrad.compare.learn.costs import costs
from handgrad.compare.learn.mini_batches import mini_batches
from handgrad.compare.learn.one_feature import OneFeature
from handgrad.compare.learn.rates import rates
from handgrad.compare.learn.scaling import scaling
from handgrad.compare.learn.sources import excerpts
from handgrad.compare.learn.summation import summation
from handgrad.compare.learn.surface import surface
from handgrad.compare.results.learn.lessons import CourseExercise, Lessons
from handgrad.compare.timing import environment
from handgrad.compare.timing.progress import Progress, silent
from handgrad.data.dataset import Dataset

#: Runs of the course: the chain rule by hand and on a tape share one, and the last two chapters another.
RUNS = 8


def lessons(dataset: Dataset, seed: int = 0, progress: Progress = silent) -> Lessons:
    """Runs all experiments.

    Args:
        dataset: The table of the chapters up to mini-batches; of several features, the one that explains the target
            best is taken.
        seed: Of everything random.
        progress: Called before each run.

    Raises:
        DataError, InputError: If the table cannot be used.
    """
    table = OneFeature.of(dataset)
    progress("the loss as a surface, on every backend", 1, RUNS)
    walked = surface(table)
    progress("the chain rule, by hand and on a tape", 2, RUNS)
    at_a_point = by_hand(table)
    progress("checking a gradient", 3, RUNS)
    checked = checking(table, at_a_point)
    progress("learning rates", 4, RUNS)
    four_rates = rates(table)
    progress("scaling", 5, RUNS)
    scaled = scaling(table)
    progress("mini-batches", 6, RUNS)
    batches = mini_batches(table, seed)
    progress("the order of summation", 7, RUNS)
    added = summation(seed)
    progress("what an epoch costs", 8, RUNS)
    timed = costs(seed, progress=lambda size: progress(f"what an epoch costs, {size}", 8, RUNS))
    return Lessons(
        subject=table.subject,
        surface=walked,
        by_hand=at_a_point,
        checking=checked,
        rates=four_rates,
        scaling=scaled,
        mini_batches=batches,
        summation=added,
        costs=timed,
        excerpts=excerpts(),
        exercises=tuple(CourseExercise(one.number, one.name, one.chapter) for one in EXERCISES.values()),
        environment=environment.capture(environment.available_cores()),
        seed=seed,
    )
