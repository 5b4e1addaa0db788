# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] lang="en"
# # 05 · Normalisation
#
# **Question.** Inputs are scaled before a network sees them. What happens if the values *inside* the network are scaled too,
# after every layer, and whose mean should be taken for it?
#
# **At the end you can** normalise a batch by hand, in training and for a prediction; say what batch, layer, instance and
# group normalisation average over; and tell when batch normalisation fails.
#
# You need: dense layers and batches from lesson 02, learning rate and optimiser from lesson 04. Time: about a minute on two
# cores, without network.
#
# With photos of your own (`DATA`) you get numbers of your own. What the sentences say beside them was checked on the drawings.

# %% [markdown] lang="ja"
# # 05 · 正規化
#
# **問い。** 入力は、ネットワークに渡す前にスケールをそろえます。では、ネットワークの*内部*の値も層ごとにそろえると、何が
# 変わるのでしょうか。そのとき、平均は何についてとればよいのでしょうか。
#
# **この章を終えると**、訓練時と予測時のそれぞれについてバッチを手計算で正規化し、バッチ正規化・層正規化・インスタンス正規化・
# グループ正規化が何について平均をとるかを説明し、バッチ正規化がうまく働かない場面を見分けられるようになります。
#
# 前提:第 02 章の全結合層とバッチ、第 04 章の学習率と最適化手法。所要時間:2 コアで約 1 分、ネットワーク接続は不要です。
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
# While a network learns, every layer's outputs change their size, and the next layer has to keep up. *Normalisation* (正規化)
# brings them back, for every *channel* (チャネル: one output of a dense layer, or one map of a convolution), to mean (平均) 0
# and variance (分散) 1:
#
# $$\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad y = \gamma \hat x + \beta$$
#
# $\mu$ is a mean, $\sigma^2$ a variance, and the tiny $\varepsilon$ keeps the root from 0. The *scale* $\gamma$ and the *shift*
# $\beta$ are learned: if another mean and width suit the network better, it can have them.
#
# **Batch normalisation** (バッチ正規化) takes $\mu$ and $\sigma^2$ over the images of the mini-batch. Then what a network says of
# one image depends on the other images of its batch. In training that is a little noise; for a prediction it would be absurd. So
# the layer also keeps *running statistics* (移動平均), with a momentum $m$ such as 0.9, and predicts with these:
#
# $$\mu_\text{run} \leftarrow m\, \mu_\text{run} + (1 - m)\, \mu_\text{batch}, \qquad
# \sigma^2_\text{run} \leftarrow m\, \sigma^2_\text{run} + (1 - m)\, \sigma^2_\text{batch}$$
#
# Layer (層), instance (インスタンス) and group (グループ) normalisation average within a single image instead: they need no running
# statistics, and do the same in training and for a prediction.
# %% [markdown] lang="ja"
# ## 考え方
#
# 学習が進むあいだ、各層の出力の大きさは変わり続け、次の層はそれに合わせ直さなければなりません。*正規化*(normalisation)は、
# *チャネル*(channel:全結合層なら一つの出力、畳み込み層なら一枚の特徴マップ)ごとに、平均を 0、分散を 1 にそろえます。
#
# $$\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad y = \gamma \hat x + \beta$$
#
# $\mu$ は平均、$\sigma^2$ は分散で、ごく小さな $\varepsilon$ は分母が 0 になるのを防ぎます。*スケール* $\gamma$ と*シフト* $\beta$ は
# 学習されるパラメータです。別の平均や広がりのほうがよければ、ネットワークはそれを選べます。
#
# **バッチ正規化**(batch normalisation)は、ミニバッチに含まれる画像について $\mu$ と $\sigma^2$ を求めます。すると、ある画像に対する出力が、
# 同じバッチの他の画像に左右されます。訓練時には多少の雑音にすぎませんが、予測時にそれでは困ります。そこで層は*移動平均*
# (running statistics)も更新しておき、予測にはこちらを使います。$m$ は 0.9 などのモーメンタムです。
#
# $$\mu_\text{run} \leftarrow m\, \mu_\text{run} + (1 - m)\, \mu_\text{batch}, \qquad
# \sigma^2_\text{run} \leftarrow m\, \sigma^2_\text{run} + (1 - m)\, \sigma^2_\text{batch}$$
#
# 層正規化(レイヤー正規化、layer)、インスタンス正規化(instance)、グループ正規化(group)は、1 枚の画像の中で平均をとります。移動平均は不要で、
# 訓練時も予測時も同じ計算をします。
# %% [markdown] lang="en"
# ## Predict before you run
#
# Write your answers down first:
#
# 1. A batch holds two images, and a channel has the values 0 and 100 for them. What are the two values after batch
#    normalisation ($\gamma = 1$, $\beta = 0$)? What if the values are 3 and 4?
# 2. All weights of a layer are multiplied by 10. What changes behind the batch normalisation that follows it?
# 3. A batch holds a single image. What does batch normalisation make of it in training, after a dense layer?
# %% [markdown] lang="ja"
# ## 実行する前に予想しよう
#
# まず答えを書いてみてください。
#
# 1. バッチに画像が 2 枚あり、あるチャネルの値は 0 と 100 です。バッチ正規化($\gamma = 1$、$\beta = 0$)の後、二つの値はいくつになる
#    でしょうか。値が 3 と 4 だったらどうでしょうか。
# 2. ある層の重みをすべて 10 倍にします。その直後のバッチ正規化の出力はどう変わるでしょうか。
# 3. バッチに画像が 1 枚しかないとき、全結合層の後のバッチ正規化は、訓練時に何を出力するでしょうか。
# %% [markdown] lang="en"
# ## Run: in plain NumPy
#
# `scratch/normalization.py` holds all four kinds. First batch normalisation, on one channel of four images whose values are 1,
# 3, 5 and 7: their mean is 4, their variance $(9 + 1 + 1 + 9)/4 = 5$.
# %% [markdown] lang="ja"
# ## 実行:NumPy だけで
#
# `scratch/normalization.py` には 4 種類すべてがあります。まずバッチ正規化です。4 枚の画像の、あるチャネルの値が 1、3、5、7 だとすると、
# 平均は 4、分散は $(9 + 1 + 1 + 9)/4 = 5$ です。
# %%
import numpy as np

from lessons import canvas, check, learn, read, say, show
from scratch.normalization import BatchNorm, GroupNorm, InstanceNorm, LayerNorm

norm = BatchNorm(1, momentum=0.9)
values = np.array([[1.0], [3.0], [5.0], [7.0]])
print("by hand:         ", ((values - 4) / 5**0.5).ravel().round(2))
print("in training:     ", norm.forward(values, training=True).ravel().round(2))
print("running mean and variance:", norm.moving_mean, norm.moving_variance)
print("for a prediction:", norm.forward(values, training=False).ravel().round(2))
# %% [markdown] lang="en"
# After a single batch the running mean is still near the 0 with which it began, and the running variance near 1. So the
# prediction is far off. They need many batches to arrive:
# %% [markdown] lang="ja"
# バッチを一つ見ただけでは、移動平均はまだ初期値(平均 0、分散 1)の近くにあり、予測時の出力は大きくずれています。十分に近づくには、
# たくさんのバッチが必要です。
# %%
outputs = {}
for seen in range(2, 61):
    norm.forward(values, training=True)
    outputs[seen] = float(norm.forward(values[:1], training=False)[0, 0])
print("a prediction for the value 1 after", {seen: round(outputs[seen], 2) for seen in (2, 5, 10, 30, 60)}, "batches")
two = BatchNorm(1).forward(np.array([[0.0], [100.0]]), training=True).ravel()
near = BatchNorm(1).forward(np.array([[3.0], [4.0]]), training=True).ravel()
alone = BatchNorm(1).forward(np.array([[100.0]]), training=True).ravel()
print("a batch of two, 0 and 100:", two.round(2), " 3 and 4:", near.round(2), " a batch of one, 100:", alone)

# %%
epsilon = BatchNorm(1).epsilon
close = {
    apart: float(BatchNorm(1).forward(np.array([[0.0], [apart]]), training=True)[1, 0])
    for apart in (1.0, 0.2, 2 * epsilon**0.5)
}
assert abs(outputs[60] + 1.34) < 0.02
assert abs(outputs[2] + 1.34) > 1
assert np.allclose(two, [-1, 1], atol=0.01)
assert np.allclose(near, [-1, 1], atol=0.01)
assert np.allclose(list(close.values()), [d / 2 / (d**2 / 4 + epsilon) ** 0.5 for d in close])
assert 0.94 < close[0.2] < 0.96
assert alone == 0

# %%
say(
    f"**What was seen.** In training, 1 becomes {norm.forward(values, training=True)[0, 0]:.2f}. A prediction says "
    f"{outputs[2]:.2f} after two batches and {outputs[60]:.2f} after sixty. Of a batch of two, nothing is left but which of the "
    f"two is larger: -1 and 1, whether they were 0 and 100 or 3 and 4. Two values that differ by $d$ become ±(d/2)/√(d²/4 + ε): only where "
    f"they differ by less than about 0.2 do they come out clearly smaller, at 0.2 as ±{close[0.2]:.2f}, and at twice the root of epsilon, "
    f"{2 * epsilon**0.5:.2f}, as ±{close[2 * epsilon**0.5]:.2f}. Of a batch of one nothing at all is left.",
    f"**わかったこと。** 訓練時には 1 が {norm.forward(values, training=True)[0, 0]:.2f} になります。予測時の出力は、2 バッチ後には "
    f"{outputs[2]:.2f}、60 バッチ後には {outputs[60]:.2f} です。バッチが 2 枚だと、残る情報はどちらが大きいかだけです。0 と 100 でも 3 と 4 でも、"
    f"結果は -1 と 1 になります。差が $d$ の二つの値は ±(d/2)/√(d²/4 + ε) になるので、はっきり小さくなるのは差がおよそ 0.2 より小さいときだけです。差が 0.2 なら "
    f"±{close[0.2]:.2f}、$\\varepsilon$ の平方根の 2 倍(約 {2 * epsilon**0.5:.2f})なら ±{close[2 * epsilon**0.5]:.2f} です。バッチが 1 枚だと、何も残りません。",
)

# %% [markdown] lang="en"
# ## Picture: whose mean?
#
# The outputs of a convolution for a batch are a block of numbers: images × height × width × channels. Which of them enter the
# mean? Rather than believe it, change one input after the other, and note which change the *first* output: image 1, channel
# 1, its upper left pixel. Every box below is one image and one channel, with its 2 × 2 pixels.

# %% [markdown] lang="ja"
# ## 図で見る:何についての平均か
#
# バッチに対する畳み込み層の出力は、画像 × 高さ × 幅 × チャネルの数の塊です。そのうちどれが平均に入るのでしょうか。説明をうのみに
# せず、入力を一つずつ変えて、*最初の*出力(画像 1、チャネル 1 の左上の画素)が変わるかどうかを調べましょう。下の図の一つの枠は、
# 1 枚の画像の一つのチャネルで、中に 2 × 2 の画素があります。

# %%
from lessons.normalising import draw_reached, reached

KINDS = {
    "batch": BatchNorm(4),
    "layer (Keras)": LayerNorm(4),
    "layer (paper)": GroupNorm(4, groups=1),
    "group, 2 groups": GroupNorm(4, groups=2),
    "instance": InstanceNorm(4),
}
counted = {name: reached(layer) for name, layer in KINDS.items()}

# %%
figure, axes = canvas(2, 3, 5.2)
for ax, (name, changes) in zip(axes.flat, counted.items(), strict=False):
    draw_reached(ax, changes)
    ax.set_title(f"{name}:\n{changes.sum()} values", fontsize=13)
axes.flat[-1].axis("off")
axes.flat[-1].text(0.5, 0.5, "red: the value\n\norange: the others\nin its mean", ha="center", va="center")
show(figure, "For five normalisations, which of 4 images by 4 channels enter the mean of one value.")

# %%
sizes = {name: int(changes.sum()) for name, changes in counted.items()}
assert sizes == {"batch": 16, "layer (Keras)": 4, "layer (paper)": 16, "group, 2 groups": 8, "instance": 4}
assert all(not changes[1:].any() for name, changes in counted.items() if name != "batch")
say(
    f"**What was seen.** Only batch normalisation looks at other images: {sizes['batch']} values, one channel of all four. "
    f"Instance normalisation stays within one channel of one image ({sizes['instance']} values), group normalisation takes a group of "
    f"channels of one image ({sizes['group, 2 groups']}). Of layer normalisation there are two: the paper's averages over the whole image "
    f"({sizes['layer (paper)']}), `keras.layers.LayerNormalization`, left as it is, over the channels of each pixel ({sizes['layer (Keras)']}). "
    "After a dense layer, where there is one pixel, the two are the same.",
    f"**わかったこと。** 他の画像を見るのはバッチ正規化だけで、4 枚すべての同じチャネル、{sizes['batch']} 個の値を使います。インスタンス正規化は 1 枚の画像の"
    f"一つのチャネルの中({sizes['instance']} 個)、グループ正規化は 1 枚の画像のいくつかのチャネルをまとめた中({sizes['group, 2 groups']} 個)で平均します。"
    f"層正規化には二つの流儀があります。論文では画像全体({sizes['layer (paper)']} 個)、`keras.layers.LayerNormalization` の既定では画素ごとに"
    f"チャネルの方向({sizes['layer (Keras)']} 個)です。全結合層の後では画素が一つしかないので、両者は同じになります。",
)

# %% [markdown] lang="en"
# ## Initial values and learning rate
#
# Multiply a layer's weights by 10, and its outputs are ten times as large, and so are their mean and the root of their
# variance: $\hat x$ does not notice. The next cell checks it. So the initial values should matter less, and steps may be
# larger. A stack of six dense layers on the images, made 8 × 8 and grey, tries both: once over the width of its initial weights
# (1 is He's rule of lesson 03), once over the learning rate, ten epochs each, three seeds.
#
# The dotted line is the loss of a network that has learned nothing but how common each class is. We say that a network has
# learned where its training loss is at least 0.03 below that.

# %% [markdown] lang="ja"
# ## 初期値と学習率
#
# ある層の重みを 10 倍にすると、出力も、その平均も、標準偏差も 10 倍になるので、$\hat x$ は変わりません(次のセルで確かめます)。それなら、
# 初期値の影響は小さくなり、学習率も大きくできるはずです。画像を 8 × 8 のグレースケールに縮め、6 層の全結合ネットワークで両方を試します。一つは重みの初期値の
# 広がり(1 が第 03 章の He の初期値)、もう一つは学習率です。それぞれ 10 エポック、三つのシードで学習します。
#
# 点線は、各クラスの割合だけを覚えたネットワークの損失です。訓練損失がこれより 0.03 以上低ければ、「学習が進んだ」とみなします。

# %%
from lessons.dense_stacks import dense_stack, grey_pairs, learn_stack
from scratch.train import forward

rows = np.random.default_rng(0).normal(size=(32, 64))
for kind in (None, "batch"):
    made = [dense_stack(64, 3, np.random.default_rng(0), depth=6, norm=kind, scale=scale) for scale in (1, 10)]
    one, ten = (forward(layers, rows, training=True) for layers in made)
    print(f"norm {kind}: hidden weights times 10, outputs times {np.median(ten / one):,.2f}")
assert np.allclose(one, ten, atol=0.01)

# %%
dataset = read(DATA, image_size=32)
train, validation = grey_pairs(dataset)
WIDTHS, RATES = (0.03, 0.1, 0.3, 1, 3, 10), (0.01, 0.03, 0.1, 0.3, 1, 3)
NAMES = {None: "without", "batch": "batch norm"}
shares = train[1].mean(0)
guess = float(-(shares * np.log(shares)).sum())
by_width, by_rate = (
    {kind: np.array([[learn_stack(train, validation, seed, epochs=10, depth=6, norm=kind, **one)[1][-1].loss
                      for seed in SEEDS] for one in values]) for kind in NAMES}
    for values in ([{"scale": w, "rate": 0.1} for w in WIDTHS], [{"rate": r} for r in RATES])
)  # fmt: skip

# %%
figure, axes = canvas(1, 2, 3.8, sharey=True)
for ax, xs, found in ((axes[0, 0], WIDTHS, by_width), (axes[0, 1], RATES, by_rate)):
    for kind, marker in ((None, "o"), ("batch", "s")):
        losses = np.nan_to_num(found[kind], nan=9, posinf=9)
        (line,) = ax.plot(xs, losses.mean(1), marker=marker, label=NAMES[kind])
        ax.fill_between(xs, losses.min(1), losses.max(1), color=line.get_color(), alpha=0.15)
    ax.axhline(guess, color="#888888", linestyle=":")
    ax.set(xscale="log", ylim=(0.6, 1.5))
axes[0, 0].set(xlabel="width of the initial weights", ylabel="training loss")
axes[0, 1].set(xlabel="learning rate")
axes[0, 0].legend(fontsize=11, loc="upper left")
show(figure, "Training loss over the width of initial weights and over the learning rate, with and without batch norm.")

# %%
learned = {kind: [np.nan_to_num(found[kind], nan=9, posinf=9).max(1) < guess - 0.03 for found in (by_width, by_rate)]
           for kind in NAMES}  # fmt: skip
widths, rates = ({kind: np.array(xs)[learned[kind][i]] for kind in NAMES} for i, xs in enumerate((WIDTHS, RATES)))
assert DATA or len(widths["batch"]) >= len(widths[None]) + 2
assert DATA or max(rates["batch"], default=0) > max(rates[None], default=0)
say(
    f"**What was seen.** Without normalisation all three seeds learn at {len(widths[None])} of {len(WIDTHS)} widths, with it at "
    f"{len(widths['batch'])}. The largest rate at which all three learn is {max(rates[None], default=0):g} without it and {max(rates['batch'], default=0):g} with it. "
    "A line that runs off the top has no loss left: its weights became infinite. Very wide initial weights are slow even with batch "
    "normalisation: they give the same outputs, but a gradient that is smaller by as much as they are larger.",
    f"**わかったこと。** 三つのシードすべてで学習が進んだのは、正規化なしでは {len(WIDTHS)} 通りの広がりのうち {len(widths[None])} 通り、正規化ありでは "
    f"{len(widths['batch'])} 通りでした。三つとも学習できた最大の学習率は、正規化なしで {max(rates[None], default=0):g}、ありで {max(rates['batch'], default=0):g} です。"
    "図の上にはみ出した線は、重みが無限大になり、損失が計算できなくなったことを示します。なお、初期値がとても大きいと、バッチ正規化があっても"
    "学習は遅くなります。出力は同じでも、重みが大きい分だけ勾配が小さくなるからです。",
)

# %% [markdown] lang="en"
# ## Run: in Keras
#
# The layers of Keras compute what `scratch/` computes. Then LeNet on the drawings, without normalisation, with batch and with
# layer normalisation, plain SGD, five epochs, three seeds.

# %% [markdown] lang="ja"
# ## 実行:Keras で
#
# Keras の層は `scratch/` と同じ計算をします。それを確かめてから、描画した動物の画像を LeNet で学習します。正規化なし、バッチ正規化、層正規化の
# 3 通りで、SGD、5 エポック、三つのシードです。

# %%
import keras

maps = np.random.default_rng(0).normal(3, 2, (8, 5, 5, 4)).astype(np.float32)
keras_norm, own_norm = keras.layers.BatchNormalization(momentum=0.9), BatchNorm(4, momentum=0.9)
for training in (True, False):
    assert np.allclose(keras_norm(maps, training=training), own_norm.forward(maps, training=training), atol=1e-4)
assert np.allclose(keras_norm.moving_mean, own_norm.moving_mean, atol=1e-5)
assert np.allclose(keras.layers.LayerNormalization()(maps), LayerNorm(4).forward(maps), atol=1e-4)
assert np.allclose(keras.layers.GroupNormalization(2)(maps), GroupNorm(4, 2).forward(maps), atol=1e-4)
print("Keras and scratch/ agree, in training and for a prediction")

# %%
PLAN = {"optimizer": "sgd", "learning_rate": 0.1, "activation": "relu", "init": "he"}
PLAN |= {"epochs": 5, "schedule": "constant", "augment": {}}
runs = {kind: [learn(dataset, norm=kind, seed=seed, **PLAN) for seed in SEEDS] for kind in ("none", "batch", "layer")}
figure, axes = canvas()
curves = {kind: np.array([[row["loss"] for row in run.history] for run in three]) for kind, three in runs.items()}
for (kind, losses), marker in zip(curves.items(), "os^", strict=True):
    (line,) = axes[0, 0].plot(range(1, 6), losses.mean(0), marker=marker, label=kind)
    axes[0, 0].fill_between(range(1, 6), losses.min(0), losses.max(0), color=line.get_color(), alpha=0.15)
axes[0, 0].set(xlabel="epoch", ylabel="training loss", xticks=range(1, 6))
axes[0, 0].legend(title="norm", fontsize=11)
show(figure, "Training loss of LeNet over five epochs without, with batch and with layer norm; bands over three seeds.")

# %%
last = {kind: losses[:, -1] for kind, losses in curves.items()}
right = {kind: [f"{100 * run.accuracy:.0f} %" for run in three] for kind, three in runs.items()}
assert DATA or last["batch"].max() < last["none"].min()
say(
    f"**What was seen.** At one learning rate the training loss after five epochs is {last['none'].mean():.2f} without normalisation, "
    f"{last['batch'].mean():.2f} with batch and {last['layer'].mean():.2f} with layer normalisation; the worst seed with batch "
    f"normalisation is below the best without. Right on validation: {', '.join(right['none'])} without, {', '.join(right['batch'])} with "
    "it. There the seeds lie far apart: normalisation made the training faster; whether it made the answers better, three seeds and "
    "so few images cannot say.",
    f"**わかったこと。** 同じ学習率で 5 エポック学習した後の訓練損失は、正規化なしで {last['none'].mean():.2f}、バッチ正規化で "
    f"{last['batch'].mean():.2f}、層正規化で {last['layer'].mean():.2f} でした。バッチ正規化の最悪のシードも、正規化なしの最良のシードを下回っています。"
    f"検証データの正解率は、正規化なしで {'、'.join(right['none'])}、バッチ正規化で {'、'.join(right['batch'])} です。こちらはシードによる"
    "ばらつきが大きく、正規化で学習が速くなったとは言えても、正解率が上がったとまでは、三つのシードとこの枚数からは言えません。",
)

# %% [markdown] lang="en"
# ## Where it breaks
#
# **A batch of two.** You have seen what two images leave of a channel: -1 and 1. Nudge one of the values, and it is still -1 or
# 1, so hardly any gradient gets back to the layers before. The same stack as above, four layers deep, with batches
# of 2 and of 32; the rate goes with the size of the batch, so that an epoch moves the weights about as far.

# %% [markdown] lang="ja"
# ## うまくいかないとき
#
# **バッチサイズ 2。** 2 枚の画像では、一つのチャネルに -1 と 1 しか残らないことを、すでに見ました。値を少し変えても -1 と 1 のままなので、
# 前の層にはほとんど勾配が伝わりません。上と同じネットワーク(4 層)を、バッチサイズ 2 と 32 で学習
# します。1 エポックで重みが動く量をそろえるため、学習率はバッチサイズに比例させます。

# %%
small = {
    (kind, size): [
        learn_stack(train, validation, seed, 0.05 * size / 32, 6, batch_size=size, norm=kind)[1][-1].loss
        for seed in SEEDS
    ]
    for kind in ("batch", "layer")
    for size in (2, 32)
}
for (kind, size), losses in small.items():
    print(f"{kind} norm, batches of {size:2}: training loss", *(f"{loss:.2f}" for loss in losses))
print(f"knowing only how common the classes are: {guess:.2f}")

# %%
assert DATA or min(small["batch", 2]) > max(small["batch", 32]) + 0.05
assert DATA or max(small["layer", 2]) < min(small["batch", 2]) - 0.03
mean = {key: float(np.mean(losses)) for key, losses in small.items()}
say(
    f"**What was seen.** With batch normalisation the loss is {mean['batch', 32]:.2f} at 32 images and {mean['batch', 2]:.2f} at two, "
    f"where {guess:.2f} is what guessing gives: the network does not learn. Layer normalisation, which never looks at the batch, has "
    f"{mean['layer', 32]:.2f} and {mean['layer', 2]:.2f}. Behind a convolution a batch of two is less bad, as the mean goes "
    "over all pixels of two maps: in LeNet 2 × 28 × 28 = 1,568 values at first, 2 × 10 × 10 = 200 later. But it is not good: on ImageNet, "
    "Wu and He (2018) report an error of 23.6 % with 32 images, and of 34.7 % with two.",
    f"**わかったこと。** バッチ正規化の訓練損失は、32 枚では {mean['batch', 32]:.2f} ですが、2 枚では {mean['batch', 2]:.2f} に悪化します。当て推量の損失が "
    f"{guess:.2f} ですから、学習できていません。バッチを見ない層正規化は {mean['layer', 32]:.2f} と {mean['layer', 2]:.2f} です。畳み込み層の後なら、"
    "2 枚分の特徴マップの全画素(LeNet では最初が 2 × 28 × 28 = 1,568 個、次が 2 × 10 × 10 = 200 個)で平均するので、ここまで悪くはなりません。"
    "それでも十分ではなく、Wu と He(2018)は ImageNet での誤り率が 32 枚で 23.6 %、2 枚で 34.7 % だったと報告しています。",
)

# %% [markdown] lang="en"
# **A frozen network.** Suppose a network has learned from a million photos, and you train only a new last layer on your own few
# images (*transfer learning*, 転移学習, lesson 12). To *freeze* (凍結) a layer is to forbid it to change. Its running statistics
# belong to its weights as much as $\gamma$ and $\beta$ do, so they must stay as well, or a handful of your images would
# overwrite what a million left. Keras does that: with `trainable = False`, a `BatchNormalization` layer uses and keeps its
# running statistics, even when called with `training=True`.

# %% [markdown] lang="ja"
# **凍結したネットワーク。** 百万枚の写真で学習したネットワークに新しい最終層をつけ、手元の少ない画像でその層だけを学習するとします
# (*転移学習*、第 12 章)。層を*凍結*(freeze)するとは、変化しないようにすることです。移動平均も、$\gamma$ や $\beta$ と同じく学習の成果です。
# 一緒に固定しなければ、百万枚から得たものが数枚の画像で上書きされてしまいます。Keras では `trainable = False` にした
# `BatchNormalization` 層は、`training=True` で呼び出しても、移動平均を使い、更新しません。

# %%
learned_norm = keras.layers.BatchNormalization(momentum=0.9)
learned_norm.build((None, 1))
learned_norm.set_weights([np.ones(1), np.zeros(1), np.array([100.0]), np.array([400.0])])  # of the million photos
mine = np.array([[110.0], [150.0]])  # two images of mine
for trainable in (True, False):
    learned_norm.trainable = trainable
    learned_norm.set_weights([np.ones(1), np.zeros(1), np.array([100.0]), np.array([400.0])])
    answer = np.asarray(learned_norm(mine, training=True)).ravel().round(2)
    print(f"trainable={trainable!s:5}  110, 150 -> {answer}  running mean then: {np.asarray(learned_norm.moving_mean)}")
assert np.allclose(answer, [0.5, 2.5], atol=0.01)
assert np.asarray(learned_norm.moving_mean) == 100

# %% [markdown] lang="en"
# More of where it breaks:
#
# - **Too few steps.** Keras' own momentum is 0.99: after 20 batches, 82 % of the running mean is still its initial 0. A network
#   that does well in training and badly in validation after a short run may just wait for its running statistics. (This
#   project's networks take 0.9.)
# - **A bias before batch normalisation** does nothing: the mean takes it away again, and $\beta$ does its work.
# - **Why does it help?** The paper's reason, that it keeps the distribution of each layer's inputs from shifting ("internal
#   covariate shift"), is still in many books. Santurkar et al. (2018) put noise of changing mean and width behind batch
#   normalisation, and training was nearly as fast. They find instead that the loss becomes smoother, so that a gradient holds
#   for a longer step.
# - **A network with batch normalisation evaluates an image differently in training**: Keras' training accuracy is measured
#   with the statistics of each batch, the validation accuracy with the running ones.

# %% [markdown] lang="ja"
# ほかにも、次のような落とし穴があります。
#
# - **ステップ数が足りない。** Keras の既定のモーメンタムは 0.99 で、20 バッチ後でも移動平均の 82 % は初期値の 0 のままです。短い学習で訓練の成績は
#   よいのに検証の成績が悪いときは、移動平均がまだ追いついていないだけかもしれません。(このプロジェクトのネットワークは 0.9 です。)
# - **バッチ正規化の直前のバイアス**は意味がありません。平均を引くときに消えてしまい、その役目は $\beta$ が果たします。
# - **なぜ効くのか。** 論文は、各層の入力の分布が変わること(内部共変量シフト)を防ぐからだと説明し、今も多くの本に書かれています。しかし
#   Santurkar ら(2018)がバッチ正規化の後に、平均や広がりの変わる雑音を加えても、学習の速さはほとんど変わりませんでした。損失がなめらかになり、
#   勾配をより遠くまで信頼できるようになるからだ、というのが彼らの結論です。
# - **訓練時と予測時で、同じ画像の評価が異なります。** Keras の訓練の正解率はバッチの統計量で、検証の正解率は移動平均で計算されます。

# %% [markdown] lang="en"
# ## Exercises
#
# Replace the dots, run the cell, and read what it says.
#
# **1.** Batch normalisation in training: `x` has a row for each image and a column for each channel. Return the normalised,
# scaled and shifted values.

# %% [markdown] lang="ja"
# ## 演習
#
# `...` を書き換えてセルを実行し、表示を読んでください。
#
# **1.** 訓練時のバッチ正規化:`x` の行は画像、列はチャネルです。正規化し、スケールとシフトを施した値を返してください。


# %%
def norm_forward(x, gamma, beta, epsilon): ...


check(norm_forward)

# %% [markdown] solution="norm_forward"

# %% [markdown] lang="en"
# **2.** The running mean begins at 0 and sees one batch after the other, with the means in the list `means`. What is it at the
# end?

# %% [markdown] lang="ja"
# **2.** 移動平均は 0 から始まり、平均がリスト `means` の値であるバッチを順に見ていきます。最後の値はいくらでしょうか。


# %%
def norm_moving(means, momentum): ...


check(norm_moving)

# %% [markdown] solution="norm_moving"

# %% [markdown] lang="en"
# **3.** `x` is an array (images, height, width, channels). Return the means that normalisation of the kind `"batch"`, `"layer"`
# (as Keras does it) or `"instance"` takes, without the axes that are averaged away.

# %% [markdown] lang="ja"
# **3.** `x` は(画像, 高さ, 幅, チャネル)の配列です。`kind` が `"batch"`、`"layer"`(Keras の方式)、`"instance"` のとき、正規化に使う平均を
# 返してください。平均をとった軸は残しません。


# %%
def norm_mean(x, kind): ...


check(norm_mean)

# %% [markdown] solution="norm_mean"

# %% [markdown] lang="en"
# ## Sources
#
# - Batch normalisation: Ioffe, Szegedy, https://arxiv.org/abs/1502.03167; why it helps: Santurkar et al.,
#   https://arxiv.org/abs/1805.11604
# - Layer normalisation: Ba, Kiros, Hinton, https://arxiv.org/abs/1607.06450; instance: Ulyanov, Vedaldi, Lempitsky,
#   https://arxiv.org/abs/1607.08022; group, and small batches: Wu, He, https://arxiv.org/abs/1803.08494
# - Frozen layers in Keras: https://keras.io/api/layers/normalization_layers/batch_normalization/
# - The flag: `python main.py train --norm batch`, or `layer`, `instance`, `group`, `none`

# %% [markdown] lang="ja"
# ## 出典
#
# - バッチ正規化:Ioffe, Szegedy, https://arxiv.org/abs/1502.03167 効く理由:Santurkar et al., https://arxiv.org/abs/1805.11604
# - 層正規化:Ba, Kiros, Hinton, https://arxiv.org/abs/1607.06450 インスタンス正規化:Ulyanov, Vedaldi, Lempitsky,
#   https://arxiv.org/abs/1607.08022 グループ正規化と小さなバッチ:Wu, He, https://arxiv.org/abs/1803.08494
# - Keras での層の凍結:https://keras.io/api/layers/normalization_layers/batch_normalization/
# - コマンドのフラグ:`python main.py train --norm batch`。ほかに `layer`、`instance`、`group`、`none` があります。
