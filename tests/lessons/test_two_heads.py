"""Two heads on one hidden layer: what the weight of the second does, and labels that nobody told."""

import numpy as np

from lessons.two_heads import learn_both, made


def test_a_second_label_that_says_what_the_class_depends_on_helps_where_few_classes_are_told():
    judge = made(500, 500, seed=9)
    alone, helped = (np.mean([learn_both(made(800, 100, s), judge, a, 20, s)[0] for s in (0, 1)]) for a in (0.0, 0.3))
    assert helped > alone + 0.03


def test_without_weight_the_second_head_learns_nothing():
    judge = made(500, 500, seed=9)
    assert (
        learn_both(made(400, 400, 0), judge, 0.0, 10, 0)[1] < 0.5 < learn_both(made(400, 400, 0), judge, 1.0, 10, 0)[1]
    )


def test_classes_are_told_of_the_first_only_and_follow_from_the_second_labels():
    data = made(50, 20, seed=0)
    assert data.classes.sum(axis=1).tolist() == [1] * 20 + [0] * 30
    signs = data.second.argmax(axis=1)[:20]
    assert (data.classes.argmax(axis=1)[:20] == np.isin(signs, (1, 2))).all()
