"""Exercises of lesson 09, data first."""

from __future__ import annotations

from lessons.checking import Exercise, Wrong


def data_class_weights(counts):
    return [sum(counts) / (len(counts) * count) for count in counts]


def _one_over(counts):
    return [1 / count for count in counts]


def _without_classes(counts):
    return [sum(counts) / count for count in counts]


def _upside_down(counts):
    return [len(counts) * count / sum(counts) for count in counts]


def data_scenes_in_both(train, test):
    return sorted(set(train) & set(test))


def _in_either(train, test):
    return sorted(set(train) | set(test))


def _only_test(train, test):
    return sorted(set(test) - set(train))


def _each_image(train, test):
    return sorted(scene for scene in test if scene in train)


def data_merged(matrix, a, b):
    rows = [[row[j] + (row[b] if j == a else 0) for j in range(len(row)) if j != b] for row in matrix]
    added = [x + y for x, y in zip(rows[a], rows[b], strict=True)]
    return [added if i == a else row for i, row in enumerate(rows) if i != b]


def _left_out(matrix, a, b):
    return [[value for j, value in enumerate(row) if j != b] for i, row in enumerate(matrix) if i != b]


def _rows_only(matrix, a, b):
    added = [x + y for x, y in zip(matrix[a], matrix[b], strict=True)]
    return [added if i == a else row for i, row in enumerate(matrix) if i != b]


def _columns_only(matrix, a, b):
    return [[row[j] + (row[b] if j == a else 0) for j in range(len(row)) if j != b] for row in matrix]


EXERCISES = (
    Exercise(
        data_class_weights,
        [([1668, 4863, 2623],), ([10, 30],), ([5, 5, 5, 5],)],
        (
            Wrong(
                _one_over,
                "The weights have the right ratio, but they are tiny: what should their mean over all images be?",
                "重みの比は正しいのですが、小さすぎます。全画像にわたる重みの平均は、いくつであるべきでしょうか。",
            ),
            Wrong(
                _without_classes,
                "Try four classes of five images each: nothing is rare there, so which weight should each have?",
                "4 クラスに 5 枚ずつなら、少数クラスはありません。そのとき重みはいくつになるはずでしょうか。",
            ),
            Wrong(
                _upside_down,
                "The most frequent class gets the largest weight. Which class is to count more?",
                "いちばん多いクラスの重みが最大になっています。重くしたいのはどのクラスでしょうか。",
            ),
        ),
    ),
    Exercise(
        data_scenes_in_both,
        [(["a", "a", "b", "d"], ["b", "c", "b", "d"]), ([1, 2, 3], [4, 5]), ([7, 7, 8], [8, 7])],
        (
            Wrong(
                _in_either,
                "Those are all scenes there are. A leak needs a scene on both sides.",
                "それではすべての場面が入ります。リークになるのは、両側にある場面です。",
            ),
            Wrong(
                _only_test,
                "Those are the scenes of which the network has seen nothing: the harmless ones.",
                "それはネットワークが一度も見ていない、問題のない場面です。",
            ),
            Wrong(
                _each_image,
                "A scene with two shots in the test is named twice. Each scene once, please.",
                "テストに 2 枚ある場面が 2 回出てきます。場面はそれぞれ 1 回だけ挙げてください。",
            ),
        ),
    ),
    Exercise(
        data_merged,
        [
            ([[5, 2, 1], [3, 6, 0], [1, 1, 8]], 0, 1),
            ([[5, 2, 1], [3, 6, 0], [1, 1, 8]], 0, 2),
            ([[4, 1], [2, 3]], 0, 1),
        ],
        (
            Wrong(
                _left_out,
                "Images have got lost: the sum of the matrix must stay what it was.",
                "画像が消えてしまいました。行列の総和は変わらないはずです。",
            ),
            Wrong(
                _rows_only,
                "The true classes are merged now, but the network may still answer either of the two.",
                "正解のクラスは統合されましたが、ネットワークの答えにはまだ二つのクラスが残っています。",
            ),
            Wrong(
                _columns_only,
                "The answers are merged now, but the true classes are still two.",
                "答えは統合されましたが、正解のクラスはまだ二つのままです。",
            ),
        ),
    ),
)
