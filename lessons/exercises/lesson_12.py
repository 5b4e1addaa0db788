"""Exercises of lesson 12, transfer and fine-tuning."""

from __future__ import annotations

from lessons.checking import Exercise, Wrong


def transfer_or_not(images):
    rarest = min(images)
    if rarest > 5000:
        return "scratch"
    return "finetune" if rarest >= 1000 else "transfer"


def _all_together(images):
    return transfer_or_not([sum(images)])


def _largest(images):
    return transfer_or_not([max(images)])


def _mean(images):
    return transfer_or_not([sum(images) / len(images)])


def _turned_round(images):
    return {"scratch": "transfer", "transfer": "scratch", "finetune": "finetune"}[transfer_or_not(images)]


def transfer_trained(kind, backbone, normalising, features, classes):
    head = features * classes + classes
    return head if kind == "transfer" else backbone - normalising + head


def _no_bias(kind, backbone, normalising, features, classes):
    return transfer_trained(kind, backbone, normalising, features, classes) - classes


def _normalising_too(kind, backbone, normalising, features, classes):
    return transfer_trained(kind, backbone, 0, features, classes)


def _everything(kind, backbone, normalising, features, classes):
    return backbone + features * classes + classes


def _without_head(kind, backbone, normalising, features, classes):
    return features * classes + classes if kind == "transfer" else backbone - normalising


def transfer_running_mean(mean, batch_means, momentum, trainable):
    if trainable:
        for batch_mean in batch_means:
            mean = momentum * mean + (1 - momentum) * batch_mean
    return mean


def _always(mean, batch_means, momentum, trainable):
    return transfer_running_mean(mean, batch_means, momentum, True)


def _swapped(mean, batch_means, momentum, trainable):
    return transfer_running_mean(mean, batch_means, 1 - momentum, trainable)


def _last_only(mean, batch_means, momentum, trainable):
    return transfer_running_mean(mean, batch_means[-1:], momentum, trainable)


def _never(mean, batch_means, momentum, trainable):
    return mean


EXERCISES = (
    Exercise(
        transfer_or_not,
        [
            ([200, 900, 300],),
            ([400, 400, 400],),
            ([1000, 3000],),
            ([5000, 9000],),
            ([6000, 5001],),
            ([999, 9000, 9000],),
            ([800, 900, 5500],),
        ],
        (
            Wrong(
                _all_together,
                "That goes by all images together. The table's last column speaks of a class.",
                "全体の枚数で決めています。表の最後の列は 1 クラスあたりの枚数です。",
            ),
            Wrong(
                _largest,
                "That goes by the class that is best off. Which class is hardest to learn?",
                "画像がもっとも多いクラスで決めています。いちばん学習しにくいのはどのクラスでしょうか。",
            ),
            Wrong(
                _mean,
                "That goes by the mean of the classes; a rare class hides behind a common one there.",
                "クラスの平均で決めています。平均では、少ないクラスが多いクラスの陰に隠れます。",
            ),
            Wrong(
                _turned_round,
                "Two of the answers have changed places: which way needs most images, and why?",
                "二つの答えが入れ替わっています。もっとも多くの画像を必要とするのはどの方法で、なぜでしょうか。",
            ),
        ),
    ),
    Exercise(
        transfer_trained,
        [
            ("transfer", 3_413_024, 84_000, 1280, 3),
            ("finetune", 3_413_024, 84_000, 1280, 3),
            ("transfer", 1000, 100, 10, 2),
            ("finetune", 1000, 100, 10, 2),
        ],
        (
            Wrong(
                _no_bias,
                "Nearly: the head has more than a matrix. Look at its formula once more.",
                "あと少しです。ヘッドにあるのは行列だけではありません。式をもう一度見てみましょう。",
            ),
            Wrong(
                _normalising_too,
                "Right for transfer. In fine-tuning, which layers of the backbone stay as they were?",
                "転移学習については正解です。ファインチューニングで凍結したままにする層はどれでしょうか。",
            ),
            Wrong(
                _everything,
                "That trains everything, always. What does it mean that a backbone is frozen?",
                "いつもすべてを学習しています。バックボーンを凍結するとはどういうことでしょうか。",
            ),
            Wrong(
                _without_head,
                "Right for transfer. Does the head stop learning when the backbone is unfrozen?",
                "転移学習については正解です。バックボーンの凍結を解除すると、ヘッドの学習は止まるでしょうか。",
            ),
        ),
    ),
    Exercise(
        transfer_running_mean,
        [
            (0.0, [1.0, 1.0], 0.9, True),
            (0.5, [1.0, 3.0, -2.0], 0.99, True),
            (0.5, [1.0, 3.0], 0.99, False),
            (2.0, [0.0], 0.9, True),
        ],
        (
            Wrong(
                _always,
                "Right where the layer is let loose. What does a frozen one do with the batches?",
                "解放された層については正解です。凍結した層は、バッチをどう扱うでしょうか。",
            ),
            Wrong(
                _swapped,
                "It jumps to the newest batch. Which of the two shares is that of the old value?",
                "最新のバッチに飛びついています。古い値に掛ける割合はどちらでしょうか。",
            ),
            Wrong(
                _last_only,
                "Only one batch has left a trace. What happens at each of the others?",
                "一つのバッチしか反映されていません。ほかのバッチでは何が起こるでしょうか。",
            ),
            Wrong(
                _never,
                "It never moves, which is right only where the layer is frozen.",
                "値が動きません。それが正しいのは、層が凍結されているときだけです。",
            ),
        ),
    ),
)
