"""The sentences of the page of `inspect --page`, in both languages; what stands in braces is put in by the page."""

from __future__ import annotations

from study.pages.language import Bilingual, t

KINDS = {
    "image": t("Image", "画像"),
    "scale": t("Rescaling", "値の範囲の変換"),
    "conv": t("Convolution", "畳み込み"),
    "depthwise": t("Depthwise convolution", "深さ方向の畳み込み"),
    "max": t("Max pooling", "最大値プーリング"),
    "average": t("Average pooling", "平均プーリング"),
    "norm": t("Batch normalisation", "バッチ正規化"),
    "activation": t("Activation", "活性化関数"),
    "add": t("Addition", "加算"),
    "flatten": t("Flattening", "平坦化"),
    "mean": t("Global average pooling", "グローバル平均プーリング"),
    "dense": t("Dense layer", "全結合層"),
    "softmax": t("Softmax", "ソフトマックス"),
}
ABOUT = {
    "image": t(
        "What the network is given: red, green and blue of each pixel, 0 to 255.",
        "ネットワークへの入力です。画素ごとに赤・緑・青の値（0〜255）があります。",
    ),
    "scale": t(
        "Each value is multiplied by a fixed number and a fixed number is added, so that the values lie around 0.",
        "それぞれの値に決まった数を掛け、決まった数を足して、値を 0 の周りに集めます。",
    ),
    "conv": t(
        "A kernel of {size} is laid on the maps before. Each of its weights is multiplied by the value under it; "
        "the sum "
        "of all products, over all channels, and the bias is one value of one map. Then the kernel moves on by "
        "{stride}.",
        "大きさ {size} のカーネルを前の層のマップに重ね、重みとその下の値を掛けます。"
        "すべてのチャネルの積の合計にバイアスを足したものが、"
        "マップの値一つです。そのあとカーネルを {stride} ずつずらします。",
    ),
    "depthwise": t(
        "As a convolution, with a kernel of {size} for each channel alone: no sum over the channels. It moves on "
        "by {stride}.",
        "チャネルごとに別々の {size} のカーネルによる畳み込みです。チャネルの間では足し合わせません。カーネルは "
        "{stride} ずつずらします。",
    ),
    "max": t(
        "Of each window of {size} the largest value is kept, map by map. The window moves on by {stride}. There "
        "are no weights.",
        "大きさ {size} の窓ごとに、最も大きい値だけを残します（マップごと）。窓は {stride} ずつずらします。"
        "重みはありません。",
    ),
    "average": t(
        "Of each window of {size} the mean is kept, map by map. The window moves on by {stride}. There are no weights.",
        "大きさ {size} の窓ごとに、平均を取ります（マップごと）。窓は {stride} ずつずらします。重みはありません。",
    ),
    "norm": t(
        "In prediction it is a scale and a shift, one pair for each channel, from the mean and the variance that "
        "training "
        "kept and from gamma and beta, which were learned.",
        "予測のときは、チャネルごとに一つの倍率とずらす量になります。訓練中に記録した平均と分散、学習した γ と β "
        "から決まります。",
    ),
    "activation": t(
        "Each value by itself goes through the function {formula}. Without it, two layers in a row could do no "
        "more than one.",
        "値を一つずつ関数 {formula} に通します。これがないと、層を二つ重ねても一つの層と同じことしかできません。",
    ),
    "add": t(
        "The values of two earlier steps are added, place by place: the shortcut of a residual network.",
        "前の二つの層の値を、位置ごとに足します。残差ネットワークのショートカットです。",
    ),
    "flatten": t(
        "The maps are written into one long row of numbers: place by place, the channels of a place side by side.",
        "マップの値を一列に並べます。位置の順に、各位置のチャネルを続けて並べます。",
    ),
    "mean": t(
        "Of each map the mean is kept, one number: what was found, no longer where.",
        "マップごとに平均を取り、数一つにします。何があったかは残り、どこにあったかは失われます。",
    ),
    "dense": t(
        "Each output has a weight for every input. The sum of all products and the bias is its value.",
        "それぞれの出力は、すべての入力に対する重みを持ちます。積の合計にバイアスを足したものが出力の値です。",
    ),
    "softmax": t(
        "Makes probabilities of scores: e to the power of each, divided by the sum of all.",
        "スコアを確率に変えます。e のスコア乗を、全クラスの合計で割ります。",
    ),
    "maps": t(
        "This page does not take this layer apart: it shows what the layer puts out.",
        "この層の計算の内訳は、このページでは扱いません。出力だけを示します。",
    ),
}
NOTES = {
    "large": t(
        "The maps before it are too large for this page, so its values are shown, but not how they come about.",
        "前の層のマップが大きすぎてこのページに収まらないため、値だけを示し、計算の内訳は示しません。",
    ),
    "some": t("Shown: the first {shown} of {all}.", "全 {all} 個のうち、はじめの {shown} 個を示します。"),
    "all": t("Shown: all {all}.", "{all} 個すべてを示します。"),
    "between": t(
        "Layers right before it are not shown, but what they gave it is.",
        "直前の層は示していませんが、そこから受け取った値は使っています。",
    ),
    "own_scale": t(
        "Each map has a scale of its own: bright is high.", "色の範囲はマップごとに異なり、明るいほど大きい値です。"
    ),
    "exact": t(
        "The numbers are kept as in the network, with 32 bits.", "数値はネットワークと同じ 32 ビットで保存しています。"
    ),
    "rounded": t(
        "The numbers are kept with 16 bits, about three digits: what is computed from them here may differ from the "
        "network's own value in the third.",
        "数値は 16 ビット（約 3 桁）で保存しています。ここで計算した値は、ネットワークの値と 3 "
        "桁目で違うことがあります。",
    ),
    "steps": t(
        "{shown} of the {all} layers of this network are shown.",
        "このネットワークの {all} 層のうち {shown} 層を示します。",
    ),
    "dropped": t(
        "Dropout, which changes nothing in prediction, is left out.",
        "予測では何も変えないドロップアウトは省いています。",
    ),
}
WORDS = {
    "map": t("map", "マップ"),
    "maps": t("Maps", "マップ"),
    "values": t("Values", "値"),
    "value": t("value", "値"),
    "channel": t("channel", "チャネル"),
    "true": t("true", "正解"),
    "predicted": t("predicted", "予測"),
    "layers": t("Layers", "層"),
    "images": t("Image", "画像"),
    "previous": t("Previous layer", "前の層"),
    "next": t("Next layer", "次の層"),
    "row": t("row", "行"),
    "column": t("column", "列"),
    "position": t("position", "位置"),
    "how": t("How one value comes about", "一つの値の計算"),
    "click": t(
        "Click a place of the map, or use the arrow keys on it.",
        "マップの上をクリックするか、矢印キーで位置を選べます。",
    ),
    "sees": t("The part of the image that this value depends on", "この値が依存する画像の範囲"),
    "everything": t("This value depends on the whole image.", "この値は画像全体に依存します。"),
    "window": t("values", "値"),
    "kernel": t("kernel", "カーネル"),
    "products": t("products", "積"),
    "sum": t("sum", "合計"),
    "bias": t("bias", "バイアス"),
    "no_bias": t("This layer has no bias.", "この層にバイアスはありません。"),
    "others": t("the other {n} channels together", "ほか {n} チャネルの合計"),
    "other_inputs": t("the other {n} inputs together", "ほか {n} 個の入力の合計"),
    "other_classes": t("the other {n} classes together", "ほか {n} クラスの合計"),
    "show_all": t("Show all {n} channels", "{n} チャネルすべてを表示"),
    "show_few": t("Show fewer", "表示を減らす"),
    "signs": t("Blue is above 0, orange below.", "青は正、オレンジは負の値です。"),
    "strongest_channels": t("The channels that add most come first.", "合計への寄与が大きいチャネルから示します。"),
    "computed": t("Computed here", "ここでの計算"),
    "strongest": t("The largest products first.", "積の絶対値が大きい順です。"),
    "input": t("input", "入力"),
    "weight": t("weight", "重み"),
    "product": t("product", "積"),
    "own": t("The network's own value", "ネットワークの値"),
    "difference": t("difference", "差"),
    "largest": t("The largest is kept", "最大値"),
    "mean_of": t("sum of {n} values, divided by {n}", "{n} 個の値の合計を {n} で割った値"),
    "padding": t("Dashed: outside the map, where 0 is taken.", "破線はマップの外側で、0 とみなします。"),
    "outside": t("Dashed: outside the map, which is not counted.", "破線はマップの外側で、計算に含めません。"),
    "scale_shift": t("scale and shift", "倍率とずらす量"),
    "class": t("class", "クラス"),
    "score": t("score", "スコア"),
    "exp": t("e to the power of (score − largest)", "e の（スコア − 最大値）乗"),
    "probability": t("probability", "確率"),
    "less_largest": t(
        "The largest score is taken from all first: the probabilities stay the same, and no power gets too large.",
        "先にすべてのスコアから最大値を引きます。確率は変わらず、指数関数の値が大きくなりすぎません。",
    ),
    "from_map": t(
        "position {n} is row {y}, column {x} of channel {c}", "位置 {n} は、チャネル {c} の {y} 行 {x} 列です"
    ),
}
PAGE = {
    "title": t("Through the layers of {model}", "{model} の層をたどる"),
    "intro": t(
        "Choose an image, a layer, one of its maps and a place in it: the page computes that value from the "
        "weights and the "
        "values of the layer before, and sets the network's own value beside it.",
        "画像、層、マップ、その中の位置を選ぶと、重みと前の層の値からその値を計算し、"
        "ネットワークの値と並べて示します。",
    ),
    "script": t(
        "This page needs JavaScript, which is switched off.",
        "このページには JavaScript が必要です（無効になっています）。",
    ),
}


def texts(of_language: object) -> dict[str, object]:
    """Return all that the page's script says, in one language: `of_language` takes a text of both and gives that "
    "one."""
    groups = {"kinds": KINDS, "about": ABOUT, "notes": NOTES, "words": WORDS}
    return {name: {key: of_language(text) for key, text in group.items()} for name, group in groups.items()}


def sentence(key: str, **values: object) -> Bilingual:
    """Return a sentence that stands in the page itself."""
    text = PAGE[key]
    return t(text.format(**values), text.ja.format(**values))
