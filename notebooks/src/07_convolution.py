# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] lang="en"
# # 07 · Convolution
#
# **Question.** A dense layer takes an image as a list of numbers and does not know which pixels are neighbours. What does a
# layer look like that does?
#
# **At the end you can** work out the size of every map and the number of every layer's parameters in LeNet, do a convolution as
# one matrix product, and say what pooling keeps and what flattening loses.
#
# You need: dense layers from lesson 02, initial values from lesson 03, batch normalisation from lesson 05. Time: about a
# minute on two cores, without network.
#
# With photos of your own (`DATA`) you get numbers of your own. What the sentences say beside them was checked on the drawings.

# %% [markdown] lang="ja"
# # 07 · 畳み込み
#
# **問い。** 全結合層は、画像をただの数の並びとして受け取り、どの画素とどの画素が隣り合うかを知りません。それを知っている層とは、どんな層
# でしょうか。
#
# **この章を終えると**、LeNet のすべての特徴マップの大きさと各層のパラメータ数を求め、畳み込みを一つの行列積として計算し、プーリングが何を
# 残し、平坦化(Flatten)が何を失うかを説明できるようになります。
#
# 前提:第 02 章の全結合層、第 03 章の初期値、第 05 章のバッチ正規化。所要時間:2 コアで約 1 分、ネットワーク接続は不要です。
#
# `DATA` で自分の写真を指定すると、数値はその写真での結果になります。文章の説明は、描画した画像で確かめたものです。

# %%
import sys
from pathlib import Path

sys.path.insert(0, str(next(folder for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "lessons").is_dir())))
from study.runtime import start

DATA = None  # a folder with one sub-folder of photos a class, or None for the drawings
SEEDS = (0, 1, 2)
start(SEEDS[0])
# %% [markdown] lang="en"
# ## The idea
#
# A *convolutional layer* (畳み込み層) has a small square of weights, the *kernel* (カーネル) or *filter* (フィルタ). It is laid on the
# image, its weights are multiplied by the pixels under it, and the products are summed: one number. Then the kernel moves on. The
# numbers form a *feature map* (特徴マップ), which says where in the image the kernel's pattern is (here for a step of 1):
#
# $$y_{ij} = b + \sum_{u}\sum_{v}\sum_{c} x_{i+u,\,j+v,\,c}\; w_{u v c}$$
#
# - **Channels** (チャネル): a colour image has three, so the kernel has three layers, and their sums are added. A layer with $F$ kernels
#   makes $F$ maps, which are the channels of the next layer.
# - **Padding** (パディング) $P$: so many pixels of 0 are put around the image first.
# - **Stride** (ストライド) $S$: the kernel moves so many pixels at a time.
#
# An image of side $H$ and a kernel of side $K$ give a map of the side
#
# $$\left\lfloor \frac{H + 2P - K}{S} \right\rfloor + 1$$
#
# The same weights are used at every place (*weight sharing*, 重み共有), and each output sees only its window. That is why there are
# so few of them. **Pooling** (プーリング) has none at all: of each window of a map it keeps the largest value (*max*) or the mean
# (*average*).
# %% [markdown] lang="ja"
# ## 考え方
#
# *畳み込み層*(convolutional layer)は、*カーネル*(kernel)または*フィルタ*(filter)と呼ばれる小さな正方形の重みを持ちます。これを画像に重ね、
# 下にある画素と重みを掛けて、すべて足すと、一つの数になります。次にカーネルをずらします。得られた数を並べたものが*特徴マップ*
# (feature map)で、カーネルの模様が画像のどこにあるかを表します(1 画素ずつずらす場合の式です)。
#
# $$y_{ij} = b + \sum_{u}\sum_{v}\sum_{c} x_{i+u,\,j+v,\,c}\; w_{u v c}$$
#
# - **チャネル**(channel):カラー画像は三つのチャネルを持つので、カーネルも 3 枚重ねになり、それぞれの和を合計します。カーネルが $F$ 個ある
#   層は $F$ 枚の特徴マップをつくり、それが次の層のチャネルになります。
# - **パディング**(padding)$P$:あらかじめ画像の周りに、値が 0 の画素を $P$ 画素分加えます。
# - **ストライド**(stride)$S$:カーネルを一度に $S$ 画素ずつ動かします。
#
# 一辺 $H$ の画像と一辺 $K$ のカーネルからは、次の一辺を持つ特徴マップができます。
#
# $$\left\lfloor \frac{H + 2P - K}{S} \right\rfloor + 1$$
#
# どの場所でも同じ重みを使い(*重み共有*、weight sharing)、一つの出力は窓の中だけを見ます。だから重みの数が少なくてすみます。
# **プーリング層**(pooling layer)には重みがまったくありません。特徴マップの窓ごとに、最大値(最大プーリング)または平均
# (平均プーリング)だけを残します。
# %% [markdown] lang="en"
# ## Predict before you run
#
# 1. An image of 6 × 6, a kernel of 2 × 2, stride 1, padding 1: how large is the map?
# 2. LeNet begins with a colour image of 32 × 32 and 6 kernels of 5 × 5. How many parameters has that layer? How many would a
#    dense layer need that makes as many outputs?
# 3. The pixels of all images are put into another order, the same for every image. Who suffers: a dense network, a
#    convolutional one, or both?
# %% [markdown] lang="ja"
# ## 実行する前に予想しよう
#
# 1. 6 × 6 の画像、2 × 2 のカーネル、ストライド 1、パディング 1 のとき、特徴マップの大きさはいくつでしょうか。
# 2. LeNet の最初の層は、32 × 32 のカラー画像に 5 × 5 のカーネルを 6 個使います。パラメータはいくつでしょうか。同じ数の出力を全結合層で
#    つくるには、いくつ必要でしょうか。
# 3. すべての画像の画素を、同じ規則で並べ替えます。困るのは、全結合のネットワークでしょうか、畳み込みのネットワークでしょうか、
#    それとも両方でしょうか。
# %% [markdown] lang="en"
# ## Run: in plain NumPy
#
# A drawing as grey values, and the kernel of Sobel, in which the right column is added and the left one taken away. One value of
# the map by hand:
# %% [markdown] lang="ja"
# ## 実行:NumPy だけで
#
# 描画した動物の画像をグレースケールにし、右の列を足して左の列を引くソーベルのカーネルを使います。まず、特徴マップの値を一つだけ
# 手計算してみましょう。
# %%
import numpy as np

from lessons import canvas, check, learn, read, say, show
from lessons.convolving import draw_moving, feature_map

dataset = read(DATA, image_size=32)
examples = dataset.examples()
val = examples.indices["val"]
pixels, labels = examples.inputs[val], examples.labels[val]
animal = pixels[np.flatnonzero(labels == labels.max())[0]]
grey = animal.mean(-1) / 127.5 - 1

# %%
SOBEL = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
window = grey[10:13, 4:7]
print("the window\n", window.round(2), "\nthe kernel\n", SOBEL)
print("their products\n", (window * SOBEL).round(2), f"\ntheir sum {(window * SOBEL).sum():.2f}")
assert np.isclose(feature_map(grey, SOBEL)[10, 4], (window * SOBEL).sum())

# %% [markdown] lang="en"
# ## Picture: a convolution on its way
#
# Above, the image with the window at three moments; below, the map as far as it is done. Orange is negative, purple positive: the
# kernel finds upright edges, and says on which side of them it is brighter.

# %% [markdown] lang="ja"
# ## 図で見る:動いていく畳み込み
#
# 上は三つの時点での画像と窓、下はそこまでに計算できた特徴マップです。オレンジは負、紫は正です。このカーネルは縦の輪郭を見つけ、
# どちら側が明るいかも示します。

# %%
figure, axes = canvas(2, 3, 4.6)
for column, done in zip(axes.T, (13 * 30 + 10, 19 * 30 + 18, 30 * 30), strict=True):
    draw_moving(column, grey, SOBEL, done)
    column[0].set_title(f"window {done} of 900")
axes[0, 0].set_ylabel("image 32 × 32")
axes[1, 0].set_ylabel("map 30 × 30")
show(figure, "A 3 by 3 window moves over a drawing row by row; the map below fills with the outline of the animal.")

# %% [markdown] lang="en"
# ## Sizes, and a convolution as a matrix product
#
# `im2col` (image to columns) lays every window flat, as a row of a matrix (in other programs as a
# column, hence the name). Then the convolution of the whole image is that matrix
# times the kernel laid flat, and computers are very good at matrix products. Here for the 6 × 6 of the first question:

# %% [markdown] lang="ja"
# ## 大きさと、行列積としての畳み込み
#
# `im2col`(image to columns)は、すべての窓を 1 行ずつに並べた行列をつくります(列に並べる流儀が名前の由来です)。すると、画像全体の畳み込みは、その行列と、一列に並べた
# カーネルとの積になります。コンピュータは行列積がとても得意です。最初の問いの 6 × 6 の例で試しましょう。

# %%
import keras

from scratch.conv import im2col

rng = np.random.default_rng(0)
image, kernel = rng.normal(size=(1, 6, 6, 1)), rng.normal(size=(2, 2))
padded = np.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)))
rows = im2col(padded, size=2, stride=1).reshape(-1, 4)
by_product = (rows @ kernel.ravel()).reshape(7, 7)
layer = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.ZeroPadding2D(1), keras.layers.Conv2D(1, 2)])
layer.set_weights([kernel[..., None, None], np.zeros(1)])
assert np.allclose(by_product, np.asarray(layer(image))[0, ..., 0], atol=1e-5)
print(
    f"{padded.shape[1:3]} with padding; matrix {rows.shape} times kernel {kernel.ravel().shape} = {by_product.size} values"
)

# %%
print(" H  K  S  P  Keras  formula")
for side, size, stride, padding in (
    (6, 2, 1, 1),
    (32, 5, 1, 0),
    (28, 2, 2, 0),
    (32, 3, 2, 1),
    (7, 3, 2, 0),
    (8, 3, 2, 0),
):
    convolve = keras.layers.Conv2D(1, size, strides=stride)
    found = convolve(keras.layers.ZeroPadding2D(padding)(np.zeros((1, side, side, 1)))).shape[1]
    formula = (side + 2 * padding - size) // stride + 1
    print(f"{side:2} {size:2} {stride:2} {padding:2} {found:6} {formula:8}")
    assert found == formula

# %%
say(
    f"**What was seen.** 6 × 6 with padding 1 becomes {by_product.shape[0]} × {by_product.shape[1]}: larger than the image, since the kernel of 2 "
    "has 7 places in a line of 8. The last two lines of the table give the same size for 7 and for 8 pixels: the window that does not fit "
    "is left out. Keras' own `padding='same'` chooses the padding so that at stride 1 the size stays.",
    f"**わかったこと。** パディング 1 の 6 × 6 は {by_product.shape[0]} × {by_product.shape[1]} になります。長さ 8 の列に幅 2 のカーネルを置ける場所が 7 か所あるので、"
    "元の画像より大きくなります。表の最後の 2 行では、7 画素でも 8 画素でも同じ大きさです。収まらない窓は使われません。Keras の `padding='same'` は、"
    "ストライド 1 のとき大きさが変わらないようにパディングを選びます。",
)

# %% [markdown] lang="en"
# ## LeNet: 32 → 28 → 14 → 10 → 5 → 120 → 84 → 10
#
# LeNet (1998) read the digits on cheques; here it gets colour images. Twice it convolves and pools, then it *flattens* (平坦化) the maps into one list of
# numbers, and dense, also called *fully connected* (全結合), layers follow. Check each size by the formula:

# %% [markdown] lang="ja"
# ## LeNet:32 → 28 → 14 → 10 → 5 → 120 → 84 → 10
#
# LeNet(1998)は小切手の数字を読むためのネットワークです(ここではカラー画像を入力します)。畳み込みとプーリングを 2 回行い、特徴マップを*平坦化*(flatten)して一列の数に
# し、その後に*全結合層*(fully connected、dense)が続きます。それぞれの大きさを式で確かめてください。

# %%
from scratch.lenet import lenet

x, counts = np.zeros((1, 32, 32, 3), np.float32), {}
for number, part in enumerate(lenet(3, 10, np.random.default_rng(0))):
    x = part.forward(x)
    counts[number, type(part).__name__] = sum(weights.size for weights in part.params.values())
    print(f"{type(part).__name__:12} {x.shape[1:]!s:13} {counts[number, type(part).__name__]:7,} parameters")
total, dense = sum(counts.values()), sum(count for (_, kind), count in counts.items() if kind == "Affine")
print(f"{total:,} in all, {100 * dense / total:.0f} % of them in the dense layers")
assert counts[0, "Conv"] == 5 * 5 * 3 * 6 + 6
as_dense = (32 * 32 * 3 + 1) * 28 * 28 * 6
print(f"the first layer: {counts[0, 'Conv']:,} parameters; a dense layer of as many outputs: {as_dense:,}")

# %% [markdown] lang="en"
# Then, with padding, kernels of many channels and pooling, `scratch/conv.py` and `scratch/pooling.py` against Keras. *Max pooling*
# of 2 × 2 halves the side and keeps the strongest answer of four.

# %% [markdown] lang="ja"
# 次に、パディング、多チャネルのカーネル、プーリングについて、`scratch/conv.py`、`scratch/pooling.py` と Keras を比べます。2 × 2 の*最大プーリング*
# (max pooling)は一辺を半分にし、四つの値のうち最も強い反応を残します。

# %%
from scratch.conv import Conv
from scratch.pooling import AveragePool, MaxPool

own = Conv(3, 6, 5, np.random.default_rng(0), padding="same")
theirs = keras.layers.Conv2D(6, 5, padding="same")
theirs.build((None, 32, 32, 3))
theirs.set_weights([own.params["w"], own.params["b"]])
batch = (pixels[:4] / 127.5 - 1).astype(np.float32)
assert np.allclose(own.forward(batch), theirs(batch), atol=1e-4)
for mine, other in ((MaxPool(2), keras.layers.MaxPooling2D(2)), (AveragePool(2), keras.layers.AveragePooling2D(2))):
    assert np.allclose(mine.forward(batch), other(batch), atol=1e-5)
corner = np.array([[1.0, 2, 0, 0], [3, 4, 0, 8], [0, 0, 5, 5], [1, 0, 5, 5]])[None, ..., None]
print("max    ", MaxPool(2).forward(corner)[0, ..., 0].tolist())
print("average", AveragePool(2).forward(corner)[0, ..., 0].tolist())

# %% [markdown] lang="en"
# ## Run: in Keras, and what the kernels became
#
# LeNet learns the drawings, over three seeds; its kernels begin as random numbers, and nobody tells them to look for edges. Below,
# an image and the six maps that the first layer makes of it. Which of them show edges, which areas?
#
# To click through a trained LeNet, value by value, open [explainer.html](explainer.html) in a browser: `notebooks/explainer.html`.

# %% [markdown] lang="ja"
# ## 実行:Keras で。カーネルは何になったか
#
# LeNet に描画した動物の画像を、三つのシードで学習させます。カーネルは乱数から始まり、輪郭を探せとは誰も教えません。下は、ある画像と、最初の
# 層がつくる 6 枚の特徴マップです。輪郭を示すのはどれで、面を示すのはどれでしょうか。
#
# 訓練済みの LeNet の計算を値一つずつたどるには、ブラウザで [explainer.html](../explainer.html)(`notebooks/explainer.html`、英語)を開いてください。

# %%
PLAN = {"activation": "relu", "init": "he", "norm": "batch", "augment": {}, "epochs": 6, "patience": 0}
lenets = [learn(dataset, seed=seed, **PLAN) for seed in SEEDS]
backbone = lenets[0].network.get_layer("backbone")
first = keras.Model(backbone.input, backbone.get_layer("block1_relu").output)
maps = np.asarray(first(animal[None].astype(np.float32)))[0]
figure, axes = canvas(2, 4, 3.7)
for ax, (title, shown) in zip(
    axes.flat, [("image", animal), *((f"map {i + 1}", maps[..., i]) for i in range(6))], strict=False
):
    ax.imshow(shown, cmap="viridis")
    ax.set_title(title)
for ax in axes.flat:
    ax.axis("off")
axes.flat[-1].text(0.5, 0.5, "bright:\nthe pattern\nis here", ha="center", va="center")
show(figure, "An image and six feature maps of LeNet's first layer, bright where each kernel's pattern is.")

# %% [markdown] lang="en"
# ## Moved: is the animal still found?
#
# Move an image two pixels to the right, and the map of a convolution moves two pixels to the right: nothing else changes, as the
# weights are the same everywhere. That is *equivariance* (等変性). Is the answer of the whole network then the same? That would be
# *invariance* (不変性).

# %% [markdown] lang="ja"
# ## ずらしても見つかるか
#
# 画像を右に 2 画素ずらすと、畳み込みの特徴マップも右に 2 画素ずれるだけで、ほかは何も変わりません。どの場所でも重みが同じだからです。
# これを*等変性*(equivariance)といいます。では、ネットワーク全体の答えも変わらないでしょうか。変わらないなら、それは
# *不変性*(invariance)です。

# %%
from lessons.convolving import share_right, shifted, shuffled

still, moved = (
    feature_map(one[0, ..., 0], SOBEL) for one in (grey[None, ..., None], shifted(grey[None, ..., None], 2))
)
assert np.allclose(moved[:, 4:], still[:, 2:-2])
pooled = MaxPool(2).forward(still[None, ..., None])[0, ..., 0]
for right in (1, 2):
    other = feature_map(shifted(grey[None, ..., None], right)[0, ..., 0], SOBEL)
    other = MaxPool(2).forward(other[None, ..., None])[0, ..., 0]
    equal = np.isclose(other[:, 3:], pooled[:, 2:-1]).mean()
    print(f"moved by {right}: {100 * equal:.0f} % of the pooled values are those of before, one place further right")
assert equal == 1

# %% [markdown] lang="en"
# Three networks, of which none saw a moved image in training: a dense one (in NumPy, on grey pixels); LeNet, which flattens its
# last maps; and a small network of convolutions alone, which ends with *global average pooling* (グローバル平均プーリング): the mean
# of each map, wherever in it something was found.

# %% [markdown] lang="ja"
# 三つのネットワークを比べます。どれも、ずらした画像では学習していません。全結合のネットワーク(NumPy、グレースケール)、最後の特徴マップを
# 平坦化する LeNet、そして畳み込みだけを重ね、最後に*グローバル平均プーリング*(global average pooling)を行う小さなネットワークです。この
# プーリングは、どこで見つかったかを問わず、特徴マップごとに平均をとります。

# %%
from lessons.dense_stacks import grey as as_grey
from lessons.dense_stacks import grey_pairs, learn_stack
from scratch.train import accuracy

SMALL = {"model": "plain", "depth": 8, "width": 8, "learning_rate": 0.005}
pooling = [learn(dataset, seed=seed, **SMALL, augment={}, epochs=6, patience=0) for seed in SEEDS]
STACK = {"rate": 0.02, "epochs": 8, "depth": 2, "units": 64, "norm": "batch"}
train, validation = grey_pairs(dataset, side=32)
stacks = [learn_stack(train, validation, seed, **STACK)[0] for seed in SEEDS]

# %%
STEPS = (0, 1, 2, 4, 6)
found = {
    "dense": [
        [accuracy(stack, as_grey(shifted(pixels, right), 32), validation[1]) for right in STEPS] for stack in stacks
    ]
}
for name, trained in (("LeNet, flattened", lenets), ("global pooling", pooling)):
    found[name] = [[share_right(run.network, shifted(pixels, right), labels) for right in STEPS] for run in trained]
found = {name: np.array(rows) for name, rows in found.items()}

# %%
common = float(np.bincount(labels).max() / len(labels))
figure, axes = canvas()
for (name, rows), marker in zip(found.items(), "o^s", strict=True):
    (line,) = axes[0, 0].plot(STEPS, 100 * rows.mean(0), marker=marker, label=name)
    axes[0, 0].fill_between(STEPS, 100 * rows.min(0), 100 * rows.max(0), color=line.get_color(), alpha=0.15)
axes[0, 0].axhline(100 * common, color="#888888", linestyle=":")
axes[0, 0].set(xlabel="moved to the right by (pixels)", ylabel="right on validation, %", xticks=STEPS)
axes[0, 0].legend(fontsize=11)
show(figure, "Accuracy over the shift: that of LeNet falls fast, that of a network with global pooling falls little.")

# %%
lost = {name: 100 * (rows[:, 0] - rows[:, 3]) for name, rows in found.items()}
start_at = {name: 100 * rows[:, 0].mean() for name, rows in found.items()}
assert DATA or lost["global pooling"].mean() < lost["LeNet, flattened"].mean() - 4
say(
    f"**What was seen.** In place, LeNet is right about {start_at['LeNet, flattened']:.0f} %, the network with global pooling about "
    f"{start_at['global pooling']:.0f} %, the dense one about {start_at['dense']:.0f} %; the dotted line is the share of the most common class, {100 * common:.0f} %. "
    f"Moved by four pixels, LeNet loses {lost['LeNet, flattened'].mean():.0f} points and global pooling {lost['global pooling'].mean():.0f}. So a "
    "convolution alone does not make an answer independent of the place: LeNet's dense layers have a weight of their own for every "
    "place of every map. What forgets the place is the pooling over the whole map. (Some of the loss is that the animal leaves the image.)",
    f"**わかったこと。** ずらさないとき、LeNet の正解率は約 {start_at['LeNet, flattened']:.0f} %、グローバル平均プーリングは約 {start_at['global pooling']:.0f} %、全結合は約 "
    f"{start_at['dense']:.0f} % です(点線は最も多いクラスの割合 {100 * common:.0f} %)。4 画素ずらすと、LeNet は {lost['LeNet, flattened'].mean():.0f} ポイント、"
    f"グローバル平均プーリングは {lost['global pooling'].mean():.0f} ポイント下がりました。畳み込みだけでは、答えは場所に左右されます。LeNet の全結合層は、特徴マップの場所ごとに"
    "別の重みを持つからです。場所を忘れさせるのは、特徴マップ全体でのプーリングです。(動物が画像の外に出てしまうことによる低下も含まれます。)",
)

# %% [markdown] lang="en"
# ## What flattening loses
#
# Put the pixels of all images into another order, the same for all. To us they are noise. A dense layer sees no difference: put
# its weights into the same order, and it computes the same.

# %% [markdown] lang="ja"
# ## 平坦化が失うもの
#
# すべての画像の画素を、同じ規則で並べ替えます。人間にはただのノイズに見えます。全結合層にとっては何も変わりません。重みも同じ規則で
# 並べ替えれば、まったく同じ計算になります。

# %%
order = np.random.default_rng(0).permutation(1024)
weights = np.random.default_rng(1).normal(size=(1024, 64))
assert np.allclose(validation[0] @ weights, validation[0][:, order] @ weights[order])

# %%
mixed = shuffled(dataset)
mixed_train, mixed_validation = grey_pairs(mixed, side=32)
right = {
    "dense": [[accuracy(stack, *validation) for stack in stacks],
              [accuracy(learn_stack(mixed_train, mixed_validation, seed, **STACK)[0], *mixed_validation) for seed in SEEDS]],
    "LeNet": [[run.accuracy for run in lenets], [learn(mixed, seed=seed, **PLAN).accuracy for seed in SEEDS]],
}  # fmt: skip
for name, (ordered, disordered) in right.items():
    print(
        f"{name:6} ordered",
        *(f"{100 * a:.0f} %" for a in ordered),
        "  shuffled",
        *(f"{100 * a:.0f} %" for a in disordered),
    )

# %%
mean = {name: [100 * float(np.mean(part)) for part in pair] for name, pair in right.items()}
assert DATA or min(right["LeNet"][0]) > max(right["LeNet"][1])
assert DATA or abs(mean["dense"][0] - mean["dense"][1]) < 10
spread = 100 * max(max(part) - min(part) for part in right["dense"])
say(
    f"**What was seen.** With shuffled pixels LeNet falls from {mean['LeNet'][0]:.0f} % to {mean['LeNet'][1]:.0f} %: its worst seed with the "
    f"true order is better than its best without. The dense network has {mean['dense'][0]:.0f} % and {mean['dense'][1]:.0f} %, where seeds alone "
    f"differ by up to {spread:.0f} points. It never used the order. That is what flattening loses: which values are neighbours.",
    f"**わかったこと。** 画素を並べ替えると、LeNet は {mean['LeNet'][0]:.0f} % から {mean['LeNet'][1]:.0f} % に下がります。元の並びでの最悪のシードが、並べ替えた場合の"
    f"最良のシードを上回りました。全結合のネットワークは {mean['dense'][0]:.0f} % と {mean['dense'][1]:.0f} % でした(シードだけでも最大 {spread:.0f} ポイント違います)。"
    "もともと並びを使っていなかったのです。どの値が隣り合っているか、それが平坦化で失われるものです。",
)

# %% [markdown] lang="en"
# ## Where it breaks
#
# - **"Pooling makes a network indifferent to shifts"** is true of a pooling over the whole map, and then nearly. Pooling of 2 × 2 is
#   exact only for even shifts, as you saw above: at a shift of 1 other values meet in a window. Deep networks with many strides
#   change their answers over a single pixel (Azulay, Weiss 2018; Zhang 2019).
# - **A pooled map no longer says where.** Where the place is the question (does the horse stand on the left?), global pooling throws
#   the answer away. CoordConv (lesson 11) gives each pixel its coordinates as further channels.
# - **Padding of 0 is a border** that kernels notice: near the edge the map is different.
# - **"Convolution"** in mathematics turns the kernel round first; what all libraries compute is called cross-correlation
#   (相互相関). As the kernel is learned, it makes no difference.
# - **A kernel of 3 × 3 sees nine pixels.** Only in a deep network does a value see much of the image: at stride 1 two layers see 5 × 5,
#   three 7 × 7.
#   This is the *receptive field* (受容野); `python main.py inspect` shows that of each layer.

# %% [markdown] lang="ja"
# ## うまくいかないとき
#
# - **「プーリングをすれば位置ずれに影響されない」**と言えるのは、特徴マップ全体でのプーリングだけで、それもおおよその話です。2 × 2 のプーリングで
#   正確に成り立つのは、上で見たように偶数画素のずれだけです。1 画素ずらすと、窓に入る値の組み合わせが変わります。ストライドの多い深い
#   ネットワークは、1 画素のずれで答えが変わることがあります(Azulay, Weiss 2018、Zhang 2019)。
# - **プーリングすると、どこにあったかはわからなくなります。** 位置そのものが問題なとき(馬は左側にいるか、など)、グローバル平均プーリングは答えを
#   捨ててしまいます。CoordConv(第 11 章)は、各画素の座標をチャネルとして加えます。
# - **0 によるパディングは縁をつくります。** カーネルはそれに反応するので、端の近くでは特徴マップの値が変わります。
# - 数学でいう**「畳み込み」**は、先にカーネルを裏返します。どのライブラリも実際に計算しているのは*相互相関*(cross-correlation)です。カーネルは
#   学習で決まるので、違いは問題になりません。
# - **3 × 3 のカーネルが見るのは 9 画素だけです。** 層を重ねて初めて、広い範囲が見えるようになります。ストライド 1 なら 2 層で 5 × 5、3 層で 7 × 7 です。これを
#   *受容野*(receptive field)といい、`python main.py inspect` で各層の受容野を調べられます。

# %% [markdown] lang="en"
# ## Exercises
#
# Replace the dots, run the cell, and read what it says.
#
# **1.** The side of the map: an image of side `side`, a square kernel of side `kernel`, a stride, and a padding on every side.

# %% [markdown] lang="ja"
# ## 演習
#
# `...` を書き換えてセルを実行し、表示を読んでください。
#
# **1.** 特徴マップの一辺:画像の一辺 `side`、正方形のカーネルの一辺 `kernel`、ストライド `stride`、各辺のパディング `padding` から求めてください。


# %%
def conv_output_size(side, kernel, stride, padding): ...


check(conv_output_size)

# %% [markdown] solution="conv_output_size"

# %% [markdown] lang="en"
# **2.** How many parameters has a convolutional layer with square kernels of side `kernel`, `channels` input channels and `filters`
# output maps, biases included?

# %% [markdown] lang="ja"
# **2.** 一辺 `kernel` の正方形のカーネル、入力チャネル数 `channels`、出力の特徴マップ数 `filters` の畳み込み層には、バイアスを含めてパラメータが
# いくつあるでしょうか。


# %%
def conv_parameters(kernel, channels, filters): ...


check(conv_parameters)

# %% [markdown] solution="conv_parameters"

# %% [markdown] lang="en"
# **3.** `im2col` for one grey image, a NumPy array (height, width), at stride 1 and without padding: return a matrix with a row for
# every window of side `kernel`, in reading order, its pixels in reading order too.

# %% [markdown] lang="ja"
# **3.** 1 枚のグレースケール画像(NumPy 配列、(高さ, 幅))に対する `im2col` です。ストライド 1、パディングなしとします。一辺 `kernel` の窓を 1 行に一つ、
# 左上から横書きの文章を読む順に並べた行列を返してください。窓の中の画素も同じ順です。


# %%
def conv_im2col(image, kernel): ...


check(conv_im2col)

# %% [markdown] solution="conv_im2col"

# %% [markdown] lang="en"
# ## Sources
#
# - LeNet: LeCun, Bottou, Bengio, Haffner, *Gradient-based learning applied to document recognition*, 1998
# - Output sizes: Dumoulin, Visin, *A guide to convolution arithmetic*, https://arxiv.org/abs/1603.07285
# - im2col: Chellapilla, Puri, Simard, *High performance convolutional neural networks for document processing*, 2006
# - Global average pooling: Lin, Chen, Yan, https://arxiv.org/abs/1312.4400
# - Shifts: Azulay, Weiss, https://arxiv.org/abs/1805.12177; Zhang, https://arxiv.org/abs/1904.11486
# - The flags: `python main.py train --model lenet --width 6`; sizes and parameters of any model: `python main.py summary --model lenet`

# %% [markdown] lang="ja"
# ## 出典
#
# - LeNet:LeCun, Bottou, Bengio, Haffner, *Gradient-based learning applied to document recognition*, 1998
# - 出力の大きさ:Dumoulin, Visin, *A guide to convolution arithmetic*, https://arxiv.org/abs/1603.07285
# - im2col:Chellapilla, Puri, Simard, *High performance convolutional neural networks for document processing*, 2006
# - グローバル平均プーリング:Lin, Chen, Yan, https://arxiv.org/abs/1312.4400
# - 位置ずれ:Azulay, Weiss, https://arxiv.org/abs/1805.12177 Zhang, https://arxiv.org/abs/1904.11486
# - コマンドのフラグ:`python main.py train --model lenet --width 6`。モデルの大きさとパラメータ数:`python main.py summary --model lenet`
