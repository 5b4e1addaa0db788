# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] lang="en"
# # 03 · Vanishing gradients and initial values
#
# **Question.** Training changes weights step by step, but with which weights does it begin? And why did networks of many layers
# refuse to learn for decades?
#
# **At the end you can** say why zeros and equal values teach nothing, why gradients vanish or explode in deep networks, and
# choose first weights for tanh and for ReLU by a formula.
#
# You need: activations from lesson 01, backpropagation and mini-batches from lesson 02. Time: about a minute on two cores,
# without network.

# %% [markdown] lang="ja"
# # 03 · 勾配消失と重みの初期値
#
# **問い。** 学習では重みを少しずつ変えていきますが、最初の重みはどう決めるのでしょうか。また、
# 層の深いネットワークが何十年もうまく学習できなかったのはなぜでしょうか。
#
# **この章を終えると**、すべて 0 や同じ値では何も学習できない理由、深いネットワークで勾配が消失・爆発する理由を説明し、
# tanh や ReLU に合った重みの初期値を式で選べるようになります。
#
# 前提：第 01 章の活性化関数、第 02 章の誤差逆伝播法とミニバッチ。所要時間：2 コアで約 1 分、ネットワーク接続は不要です。

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
# Backpropagation multiplies by something in every layer: by the slope of the activation and by the weights. Ten factors of 0.2
# are a ten-millionth: the first layers get no gradient and do not learn. This is the *vanishing gradient* (勾配消失). Ten
# factors of 5 are ten million: the *exploding gradient* (勾配爆発). Going forward, the values themselves shrink or grow in the
# same way.
#
# What decides it at the beginning are the *initial values* (重みの初期値). They are drawn at random around 0; how far they
# scatter is their *standard deviation* (標準偏差), its square the *variance* (分散). A neuron sums $n$ products $x w$.
# Independent variances add up:
#
# $$\mathrm{Var}(\text{sum}) = n \cdot \mathrm{Var}(w) \cdot \overline{x^2}$$
#
# So a layer keeps the size of its values where $\mathrm{Var}(w) = 1 / n$. ReLU sets about half of them to 0, which halves
# $\overline{x^2}$; to make up for it takes $2 / n$.
#
# | initial values | standard deviation | made for |
# |---|---|---|
# | zeros (ゼロ) | 0 | nothing: see below |
# | std 1, std 0.01 | fixed, whatever $n$ is | nothing in particular |
# | Xavier | $1 / \sqrt{n}$ | tanh, whose slope at 0 is 1 |
# | He | $\sqrt{2 / n}$ | ReLU |
#
# A word on the name. Many books give $1/\sqrt{n}$ with $n$ inputs as *Xavier's*. What Xavier Glorot and Bengio proposed in 2010
# is $\sqrt{2 / (n_{in} + n_{out})}$, which thinks of the way back too; $1/\sqrt{n}$ is older, from LeCun and others in 1998.
# Where a layer has as many outputs as inputs they are the same, and the library Caffe took the inputs alone under the name
# `xavier`. Keras has `glorot_normal`, `lecun_normal` and `he_normal`.
# %% [markdown] lang="ja"
# ## 考え方
#
# 誤差逆伝播法では、層ごとに活性化関数の傾きと重みが掛けられます。0.2 を十回掛けると一千万分の一になり、
# 最初のほうの層には勾配が届かず、学習が進みません。これを*勾配消失*（vanishing gradient）と呼びます。
# 逆に 5 を十回掛けると約一千万倍になり、*勾配爆発*（exploding gradient）が起きます。順伝播でも、
# 値そのものが同じように縮んだり膨らんだりします。
#
# 学習の始めにこれを決めるのが*重みの初期値*（initial values）です。初期値は 0 のまわりの乱数で、
# 散らばりの大きさを*標準偏差*（standard deviation）、その二乗を*分散*（variance）といいます。
# ニューロンは $n$ 個の積 $x w$ を足し合わせ、独立なものの分散は足し算になります。
#
# $$\mathrm{Var}(\text{sum}) = n \cdot \mathrm{Var}(w) \cdot \overline{x^2}$$
#
# したがって $\mathrm{Var}(w) = 1 / n$ なら、層を通っても値の大きさが保たれます。ReLU は約半分の値を 0 にするので
# $\overline{x^2}$ が半分になり、それを補うには $2 / n$ が必要です。
#
# | 初期値 | 標準偏差 | 想定する活性化関数 |
# |---|---|---|
# | ゼロ（zeros） | 0 | なし（下で確かめます） |
# | 標準偏差 1、0.01 | $n$ によらず一定 | 特になし |
# | Xavier の初期値 | $1 / \sqrt{n}$ | tanh（0 での傾きが 1） |
# | He の初期値 | $\sqrt{2 / n}$ | ReLU |
#
# 名前について一言。入力の数を $n$ として、$1/\sqrt{n}$ を「Xavier の初期値」とする本がたくさんあります。
# Xavier Glorot と Bengio が 2010 年に提案したのは、逆伝播のことも考えた $\sqrt{2 / (n_{in} + n_{out})}$ です。
# $1/\sqrt{n}$ のほうは、それより前の 1998 年の LeCun らの論文にあります。入力と出力の数が等しい層では両者は一致し、
# ライブラリ Caffe は入力の数だけを使う方法を `xavier` と名付けました。Keras には `glorot_normal`、`lecun_normal`、
# `he_normal` があります。
# %% [markdown] lang="en"
# ## Predict before you run
#
# 1. One hidden layer of tanh, all weights and biases 0. Which weights does the first update change?
# 2. All weights 0.02 instead. How many different neurons does the hidden layer have after training?
# 3. Ten layers of ReLU with $1/\sqrt{n}$: by which factor do the values shrink from one layer to the next?
# 4. Sigmoid, tanh, ReLU, each with five kinds of initial values: which of the fifteen pairs learns fastest?
# %% [markdown] lang="ja"
# ## 実行する前に予想しよう
#
# 1. tanh の隠れ層が一つ、重みもバイアスもすべて 0 です。最初の更新で変わるのはどの重みでしょうか。
# 2. 代わりに、すべての重みを 0.02 にします。学習後の隠れ層には、異なるニューロンがいくつあるでしょうか。
# 3. ReLU の層を十個重ね、初期値を $1/\sqrt{n}$ にします。値は 1 層ごとに何倍に縮むでしょうか。
# 4. シグモイド関数、tanh、ReLU と五種類の初期値、合わせて 15 通りの組のうち、最も速く学習するのはどれでしょうか。
# %% [markdown] lang="en"
# ## Run: zeros and equal values, in plain NumPy
#
# `scratch/deep.py` stacks the layers of lesson 02, with `FIRST_WEIGHTS` of the table. The images become vectors of 8 × 8 pixels
# in three colours.
# %% [markdown] lang="ja"
# ## 実行：ゼロと同じ値（NumPy だけで）
#
# `scratch/deep.py` は第 02 章の層を積み重ね、上の表の `FIRST_WEIGHTS` で重みを初期化します。
# 画像は 8 × 8 画素・3 色のベクトルにします。
# %%
import numpy as np

from lessons import canvas, check, histograms, read, say, show, vectors
from scratch import deep, initializers
from scratch.optimizers import SGD
from scratch.train import fit

pairs = vectors.of(read(DATA, image_size=32), side=8)
x, t = pairs["train"]
shares = t.mean(axis=0)
guess = float(-(shares * np.log(shares)).sum())  # the loss of always answering how frequent each class is
print(f"{len(x):,} images of {x.shape[1]} numbers; loss of answering the shares of the classes: {guess:.3f}")
# %%
STARTS = {
    "zeros": deep.FIRST_WEIGHTS["zeros"],
    "all 0.02": lambda shape, rng: initializers.constant(shape, 0.02),
    "xavier": deep.FIRST_WEIGHTS["xavier"],
}
hidden, ends = {}, {}
for name, draw in STARTS.items():
    rng = np.random.default_rng(SEEDS[0])
    network = deep.stack([x.shape[1], 32, t.shape[1]], "tanh", draw, rng)
    ends[name] = fit(network, pairs["train"], pairs["val"], SGD(0.02), 8, rng, batch_size=20)[-1].loss
    hidden[name] = network[0].params["w"]
    apart = np.abs(hidden[name] - hidden[name][:, :1]).max()  # of the neurons from the first one
    print(
        f"{name:8} loss {ends[name]:.3f}; weights at most {np.abs(hidden[name]).max():.3f}, neurons apart by {apart:.0e}"
    )
# %%
assert np.abs(hidden["zeros"]).max() == 0
assert np.abs(hidden["all 0.02"] - hidden["all 0.02"][:, :1]).max() < 1e-5
assert ends["xavier"] < ends["all 0.02"] - 0.1
say(
    f"From zeros no weight of the hidden layer ever moves: its answers are 0, so the layer above gets no gradient, and hands none back. Only the "
    f"last biases learn: how frequent each class is, a loss of {ends['zeros']:.3f}. From equal values all 32 neurons get the same gradient and stay *one "
    f"neuron*: {ends['all 0.02']:.3f}. Random values make them differ: {ends['xavier']:.3f}. (For biases zeros are usual, and a single neuron, as in lesson 00, has nobody to be equal to.)",
    f"ゼロから始めると、隠れ層の重みはまったく動きません。出力が 0 なので次の層の重みに勾配がなく、戻ってくる勾配も 0 だからです。学習するのは最後のバイアス、つまりクラスの割合だけで、"
    f"損失は {ends['zeros']:.3f} です。同じ値から始めると、32 個のニューロンは同じ勾配を受け取り、*一つのニューロン*と変わりません（損失 {ends['all 0.02']:.3f}）。乱数がこの対称性を破り、"
    f"損失は {ends['xavier']:.3f} になりました。（バイアスはゼロで始めるのが普通です。また第 00 章のようにニューロンが一つなら、対称になる相手がいません。）",
)
# %% [markdown] lang="en"
# ## Picture: what comes out of each layer
#
# Ten layers of 64 neurons before any training, fed with the images. For each activation and each of the five initial values:
# histograms of what layers 1, 4, 7 and 10 give, beside each its standard deviation, in short *spread*. Bars are drawn as the
# square root of their counts, so that low ones can be seen; what lies outside is drawn at the edge.
# %% [markdown] lang="ja"
# ## 図で見る：各層の出力
#
# 64 個のニューロンの層を十個重ね、学習前の状態で画像を入力します。活性化関数と五つの初期値のすべての組について、
# 第 1・4・7・10 層の出力のヒストグラムを示します。低い棒も見えるように、棒の高さは個数の平方根にしてあります。
# 横の数は標準偏差です。範囲の外の値は端に描いてあります。
# %%
WIDTHS = [x.shape[1]] + [64] * 10 + [t.shape[1]]
WINDOWS = {"sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, 3)}
spread, by_image = {}, {}
# %%
for activation, window in WINDOWS.items():
    figure, axes = canvas(2, 3, 5)
    for ax, (name, draw) in zip(axes.flat, deep.FIRST_WEIGHTS.items(), strict=False):
        outputs = deep.activations(deep.stack(WIDTHS, activation, draw, np.random.default_rng(SEEDS[0])), x)
        histograms.draw(ax, {layer: outputs[layer - 1] for layer in (1, 4, 7, 10)}, *window)
        ax.set_title(name)
        spread[activation, name] = [float(values.std()) for values in outputs]
        by_image[activation, name] = float(outputs[-1].std(axis=0).mean())
    axes[0, 0].set_ylabel("layer")
    axes[1, 0].set(ylabel="layer", xlabel="value")
    axes[1, 2].axis("off")
    axes[1, 2].text(0.5, 0.5, f"{activation},\nbefore training", ha="center", va="center")
    show(figure, f"Histograms of what layers 1, 4, 7 and 10 of {activation} give, for five kinds of initial values.")
# %%
shrunk = (spread["relu", "xavier"][9] / spread["relu", "xavier"][0]) ** (1 / 9)
assert spread["tanh", "std 0.01"][9] < 1e-6
assert spread["tanh", "std 1"][9] > 0.9
assert 0.6 < shrunk < 0.85
assert spread["relu", "he"][9] > 10 * spread["relu", "xavier"][9]
say(
    f"**What was seen.** With 0.01 the values of tanh end at 0 (spread {spread['tanh', 'std 0.01'][9]:.0e} in layer 10). With 1 they sit at −1 and 1, sigmoid's at 0 and 1, where the "
    f"slope is 0: *saturated*; ReLU's grow to {spread['relu', 'std 1'][9]:.0e}. With Xavier those of ReLU shrink by {shrunk:.2f} a layer, near the "
    f"1/√2 = 0.71 of the formula; with He they keep their size.",
    f"**わかったこと。** 標準偏差 0.01 では tanh の値がほぼ 0 になります（第 10 層の標準偏差 {spread['tanh', 'std 0.01'][9]:.0e}）。1 では −1 と 1（シグモイド関数なら 0 と 1）に張り付き、傾きが 0 の"
    f"*飽和*状態です。ReLU では {spread['relu', 'std 1'][9]:.0e} まで膨らみます。ReLU に Xavier の初期値を使うと 1 層ごとに {shrunk:.2f} 倍に縮み、式の 1/√2 = 0.71 に近い値です。He の初期値では"
    "大きさが保たれます。",
)
# %%
assert by_image["sigmoid", "xavier"] < 0.01 * by_image["tanh", "xavier"]
say(
    f"Sigmoid with Xavier looks healthy, and is not: its {spread['sigmoid', 'xavier'][9]:.2f} is how far the *neurons* of layer 10 differ. From image to image one "
    f"neuron changes by no more than {by_image['sigmoid', 'xavier']:.0e} (tanh: {by_image['tanh', 'xavier']:.2f}). Which image it was can no longer be told.",
    f"シグモイド関数と Xavier の組は一見よさそうですが、そうではありません。{spread['sigmoid', 'xavier'][9]:.2f} は第 10 層の*ニューロンどうし*の違いです。一つのニューロンの出力が画像によって変わる幅は "
    f"{by_image['sigmoid', 'xavier']:.0e} しかなく（tanh では {by_image['tanh', 'xavier']:.2f}）、どの画像だったのかはもう区別できません。",
)
# %% [markdown] lang="en"
# ## The gradient on its way back
#
# The length of the gradient of each layer's weights, before any training. The way back is from right to left.
# %% [markdown] lang="ja"
# ## 戻っていく勾配
#
# 学習前の、各層の重みについての勾配の大きさ（ノルム）です。逆伝播は右から左へ進みます。
# %%
PAIRS = ("sigmoid, xavier", "tanh, std 0.01", "tanh, xavier", "relu, xavier", "relu, he", "relu, std 1")
STROKES = (":", "-.", "--", "--", "-", "-")
norms = {}
figure, axes = canvas(height=4)
for pair, style in zip(PAIRS, STROKES, strict=True):
    activation, name = pair.split(", ")
    network = deep.stack(WIDTHS, activation, deep.FIRST_WEIGHTS[name], np.random.default_rng(SEEDS[0]))
    norms[pair] = deep.gradient_norms(network, x, t)
    axes[0, 0].semilogy(range(1, 12), norms[pair], style, label=pair)
axes[0, 0].set(xlabel="layer (11: the last)", ylabel="length of the gradient")
figure.legend(loc="outside lower center", ncols=3, fontsize=11)
show(
    figure, "Length of the gradient by layer: through sigmoids it falls a millionfold, with ReLU and He it stays level."
)
# %%
vanished = norms["sigmoid, xavier"][0] / norms["sigmoid, xavier"][-1]
kept = norms["relu, he"][0] / norms["relu, he"][-1]
assert vanished < 1e-3
assert kept > 0.05
say(
    f"Through ten sigmoids the gradient of the first layer is {vanished:.0e} of that of the last. With ReLU and He it is {kept:.1f} of it. "
    f"ReLU with 1 explodes: {norms['relu, std 1'][0]:.0e}. A gradient can also be equally tiny *everywhere*, as with tanh and 0.01: there it is the values that vanished.",
    f"シグモイド関数を十回通ると、最初の層の勾配は最後の層の {vanished:.0e} 倍になります。ReLU と He の初期値では {kept:.1f} 倍です。ReLU と標準偏差 1 では爆発します（{norms['relu, std 1'][0]:.0e}）。"
    "tanh と 0.01 のように、*すべての層で*同じように小さくなることもあります。こちらは値のほうが消えてしまった場合です。",
)
# %% [markdown] lang="en"
# ## Training all fifteen pairs
#
# Three seeds each; ReLU with 1 explodes within the first steps and cannot be drawn. The grey line is the loss of answering the
# shares of the classes.
# %% [markdown] lang="ja"
# ## 15 通りの組をすべて学習させる
#
# シードは三つずつです。ReLU と標準偏差 1 の組は最初の数ステップで発散するため、描けません。灰色の線は、
# クラスの割合を答えるだけの場合の損失です。
# %%
losses = {}
for activation in WINDOWS:
    for name, draw in deep.FIRST_WEIGHTS.items():
        for seed in SEEDS:
            rng = np.random.default_rng(seed)
            network = deep.stack(WIDTHS, activation, draw, rng)
            with np.errstate(over="ignore", invalid="ignore"):  # of what explodes
                history = fit(network, pairs["train"], pairs["val"], SGD(0.02), 8, rng, batch_size=20)
            losses.setdefault((activation, name), []).append([epoch.loss for epoch in history])
last = {pair: [curve[-1] for curve in curves] for pair, curves in losses.items()}
for (activation, name), found in last.items():
    print(f"{activation:8} {name:9} loss of each seed:", *(f"{value:.3f}" for value in found))
# %%
figure, axes = canvas(1, 3, 4, sharey=True)
STYLES = dict(zip(deep.FIRST_WEIGHTS, (":", "-.", (0, (1, 1)), "--", "-"), strict=True))
for ax, activation in zip(axes.flat, WINDOWS, strict=True):
    ax.axhline(guess, color="#bbbbbb", linewidth=5)
    for name, style in STYLES.items():
        curves = np.array(losses[activation, name])
        (line,) = ax.plot(range(1, 9), curves.mean(0), linestyle=style, label=name)
        ax.fill_between(range(1, 9), curves.min(0), curves.max(0), color=line.get_color(), alpha=0.15)
    ax.set(title=activation, xlabel="epoch", ylim=(0.4, 2.3))
axes[0, 0].set_ylabel("training loss")
figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=11)
show(
    figure, "Training loss of all pairs over 8 epochs: sigmoid learns nothing, tanh by Xavier and He, ReLU by He alone."
)
# %%
assert max(last["relu", "he"]) < min(last["relu", "xavier"]) - 0.1
assert max(last["tanh", "he"]) < min(last["tanh", "xavier"])
assert min(value for (activation, _), found in last.items() if activation == "sigmoid" for value in found) > 0.93
stuck = ("tanh", "zeros"), ("relu", "std 0.01"), ("relu", "xavier")
assert all(abs(value - guess) < 0.03 for pair in stuck for value in last[pair])
mean = {pair: f"{np.mean(found):.2f}" for pair, found in last.items()}
say(
    f"Under ReLU, He learns ({mean['relu', 'he']}); Xavier ({mean['relu', 'xavier']}) is after eight epochs still where guessing the shares is ({guess:.2f}). Under tanh, "
    f"made for Xavier ({mean['tanh', 'xavier']}), *He is faster too* ({mean['tanh', 'he']}): away from 0 tanh's slope is below 1, so that with Xavier the values "
    f"still shrink, from {spread['tanh', 'xavier'][0]:.2f} in layer 1 to {spread['tanh', 'xavier'][9]:.2f} in layer 10; with He they only go from {spread['tanh', 'he'][0]:.2f} to {spread['tanh', 'he'][9]:.2f}.",
    f"ReLU では、He の初期値（{mean['relu', 'he']}）なら学習できましたが、Xavier の初期値（{mean['relu', 'xavier']}）では 8 エポック後も、割合を答えるだけの損失（{guess:.2f}）とほとんど変わりません。Xavier が想定する tanh"
    f"（{mean['tanh', 'xavier']}）でも、*He のほうが速い*結果です（{mean['tanh', 'he']}）。tanh の傾きは 0 から離れると 1 より小さいので、Xavier の初期値では標準偏差が第 1 層の {spread['tanh', 'xavier'][0]:.2f} から"
    f"第 10 層の {spread['tanh', 'xavier'][9]:.2f} まで縮みます。He の初期値では {spread['tanh', 'he'][0]:.2f} から {spread['tanh', 'he'][9]:.2f} にとどまります。",
)
# %%
say(
    f'You may read "Xavier for sigmoid and tanh". For sigmoid it does not show: with Xavier the loss stays at {mean["sigmoid", "xavier"]}, where guessing the shares has {guess:.2f}, '
    "and no other initial value saves ten layers of sigmoid. The formula takes a slope of 1 for granted; the sigmoid has 1/4, and its outputs are not around 0. Glorot and Bengio themselves "
    "call it unsuited for deep networks with random initial values.",
    f"「シグモイド関数と tanh には Xavier の初期値」とよく書かれています。しかしシグモイド関数では、その効果は現れません。Xavier でも損失は {mean['sigmoid', 'xavier']} のままで（割合を答えるだけで {guess:.2f}）、"
    "ほかの初期値でも 10 層のシグモイド関数は学習できません。式は傾きが 1 であることを前提としていますが、シグモイド関数の傾きは最大 1/4 で、出力も 0 を中心としていないからです。Glorot と Bengio 自身も、"
    "乱数で初期化する深いネットワークには適さないと述べています。",
)
# %% [markdown] lang="en"
# ## Run: the same in Keras
#
# A `Dense` layer of Keras begins with `glorot_uniform` unless told otherwise: Glorot's variance, drawn evenly between two
# bounds. For ten layers of ReLU that is not the best choice.
# %% [markdown] lang="ja"
# ## 実行：同じことを Keras で
#
# Keras の `Dense` 層は、指定しなければ `glorot_uniform`（Glorot の分散をもつ一様分布）で初期化されます。ReLU を十層重ねる場合、
# これは最善の選択ではありません。
# %%
import keras
import tensorflow as tf

tf.get_logger().setLevel("ERROR")  # that several networks are built is meant
in_keras = {"glorot_uniform": [], "he_normal": []}
for initializer, found in in_keras.items():
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        hidden = [keras.layers.Dense(64, "relu", kernel_initializer=initializer) for _ in range(10)]
        model = keras.Sequential([keras.Input((x.shape[1],)), *hidden, keras.layers.Dense(t.shape[1])])
        model.compile(keras.optimizers.SGD(0.02), keras.losses.CategoricalCrossentropy(from_logits=True))
        found.append(model.fit(x, t, batch_size=20, epochs=8, verbose=0).history["loss"][-1])
print({name: np.round(found, 3).tolist() for name, found in in_keras.items()})
assert max(in_keras["he_normal"]) < min(in_keras["glorot_uniform"])
# %% [markdown] lang="en"
# ## Better than chance: a first layer that knows its images
#
# What the first layer will see is known before training: the images. With $x$ a *patch* (パッチ), the square that one filter of
# a convolution sees (lesson 07), its filters can begin as the eigenvectors of $\sum x x^\top$ with the largest eigenvalues, the
# directions along which patches are largest (the *principal components*, 主成分, without taking the mean away). The product
# of two of their answers is 0 on average, so that none says what another says; and as ReLU lets one sign through, each direction
# comes with both: $v$ and $-v$. Divided by the root of its eigenvalue each would have answers of one size, which is *whitening*
# (白色化); `train --first-layer pca` gives all of them the length of random filters, and leaves that to the normalisation behind. It
# costs a look at some hundred images before the training, and is for the first convolution of a network from scratch alone, as
# nobody knows yet what deeper layers will see. It pays most in short trainings, which leave large random filters much as they
# were.

# %% [markdown] lang="ja"
# ## 偶然よりよい初期値：画像を知っている第 1 層
#
# 第 1 層が何を見るかは、学習の前からわかっています。画像です。畳み込み（第 07 章）の一つのフィルタが見る正方形の*パッチ*（patch）を $x$ とすると、
# フィルタの初期値を、$\sum x x^\top$ の固有値の大きい固有ベクトルにできます。パッチの成分が最も大きい方向で、（平均を引かない）*主成分*（principal
# components）です。二つのフィルタの出力の積は平均すると 0 で、同じことを二度言いません。ReLU は一方の符号しか通さないので、$v$ と $-v$ の両方を
# 使います。固有値の平方根で割れば出力の大きさもそろい、これを*白色化*（whitening）といいます。`train --first-layer pca` は、どれも乱数のフィルタと
# 同じ長さにし、大きさをそろえるのは後ろの正規化に任せます。代償は、学習の前に数百枚の画像を調べることです。使えるのは、一から学習するネットワークの
# 最初の畳み込みだけです。深い層がこれから何を見るかは、まだわからないからです。効果が大きいのは短い学習です。短い学習では、大きな乱数の
# フィルタがほとんどそのまま残ってしまいます。

# %%
from scratch.conv import im2col

examples = read(DATA, image_size=32).examples()
images = np.asarray(examples.inputs[examples.indices["train"][::5]], np.float32) / 127.5 - 1
patches = im2col(images, 5, 2).reshape(-1, 5 * 5 * 3)
filters = {"random": initializers.scaled("he_normal", (75, 12), np.random.default_rng(SEEDS[0]))}
filters["principal"] = initializers.principal_pairs(patches, 12)

# %%
figure, axes = canvas(2, 6, 2.6)
for own, (name, kernels) in zip(axes, filters.items(), strict=True):
    for ax, kernel in zip(own, kernels.T, strict=False):
        ax.imshow(kernel.reshape(5, 5, 3) / np.abs(kernel).max() / 2 + 0.5)
        ax.axis("off")
    own[0].set_title(name)
show(
    figure,
    "Above six random filters of 5 by 5 pixels, below the six directions along which patches of the images are largest.",
)

# %%
alike, caught = {}, {}
for name, kernels in filters.items():
    moments = (patches @ kernels[:, :6]).T @ (patches @ kernels[:, :6])
    sizes = np.sqrt(np.diag(moments))
    alike[name] = np.abs(moments / np.outer(sizes, sizes))[~np.eye(6, dtype=bool)].mean()
    basis = np.linalg.qr(kernels[:, :6])[0]
    caught[name] = 100 * np.sum((patches @ basis) ** 2) / np.sum(patches**2)
assert alike["principal"] < 0.01 < alike["random"]
assert caught["principal"] > 1.5 * caught["random"]
say(
    f"**What was seen.** Six of 75 directions hold {caught['principal']:.0f} % of all that is in the patches (their sum of squares); six random ones {caught['random']:.0f} %. And the answers of two random filters say in good part the same, with a mean correlation (uncentred) of {alike['random']:.2f}; those of "
    f"two principal ones have {alike['principal']:.2f}.",
    f"**わかったこと。** 75 方向のうち六つで、パッチに含まれるもの（二乗和）の {caught['principal']:.0f} % を捉えました。乱数の六つでは {caught['random']:.0f} % です。また、乱数のフィルタどうしの出力は、かなりの部分で同じことを言っています。相関（平均を引かない）の平均は {alike['random']:.2f} です。"
    f"主成分どうしでは {alike['principal']:.2f} です。",
)

# %% [markdown] lang="en"
# ## Where it breaks
#
# - **Only at the beginning.** Initial values set the size of the first steps; later the weights go where training takes them.
# - **Only half a cure.** Beyond some tens of layers, more is needed: normalisation (lesson 05) and residual connections (lesson
#   08).
# - **Dead neurons.** With too large a step, a ReLU may answer 0 for every image from then on.
# - **The formula assumes** weights and inputs that are independent, which pixels side by side are not: $1/\sqrt 2$ is met only
#   nearly.
# - **Training loss is not accuracy.** Ten layers that learn fast may be wrong about new images more often than two.
# %% [markdown] lang="ja"
# ## うまくいかないとき
#
# - **効くのは最初だけです。** 初期値が決めるのは最初の数ステップの大きさで、そのあとの重みは学習しだいです。
# - **万能ではありません。** 数十層を超えると、正規化（第 05 章）や残差接続（第 08 章）が必要になります。
# - **死んだニューロン。** 一度の更新が大きすぎると、それ以降どの画像に対しても 0 しか出さない ReLU が生まれることがあります。
# - **式の前提。** 重みと入力が独立だと仮定していますが、隣り合う画素は独立ではありません。
#   そのため $1/\sqrt 2$ とはわずかにずれます。
# - **訓練データの損失は正解率ではありません。** 速く学習する 10 層のほうが、2 層より新しい画像で多く間違えることもあります。
# %% [markdown] lang="en"
# ## Exercises
#
# Replace the dots, run the cell, and read what it says.
#
# **1.** The standard deviation of the initial values `"lecun"`, `"glorot"` and `"he"` for a layer of so many `inputs` and
# `outputs`.
# %% [markdown] lang="ja"
# ## 演習
#
# `...` を書き換えてセルを実行し、表示を読んでください。
#
# **1.** 入力が `inputs` 個、出力が `outputs` 個の層について、初期値 `"lecun"`、`"glorot"`、`"he"` の標準偏差を返してください。


# %%
def initial_spread(name, inputs, outputs): ...


check(initial_spread)

# %% [markdown] solution="initial_spread"

# %% [markdown] lang="en"
# **2.** Values with the standard deviation 1 (and mean 0) enter a stack of `layers` layers without activation. Each has `n`
# inputs and `n` outputs, and random weights of the standard deviation `spread`. Which standard deviation do the values have at
# the end?

# %% [markdown] lang="ja"
# **2.** 標準偏差 1（平均 0）の値を、活性化関数のない `layers` 個の層に入力します。各層の入力と出力はそれぞれ `n` 個、
# 重みの標準偏差は `spread` です。最後の値の標準偏差はいくらでしょうか。


# %%
def signal_after(layers, n, spread): ...


check(signal_after)

# %% [markdown] solution="signal_after"

# %% [markdown] lang="en"
# **3.** How many *different* neurons does a layer with the weights `w` have, one column a neuron (and all biases 0)?

# %% [markdown] lang="ja"
# **3.** 重みが `w`（各列が一つのニューロン）、バイアスがすべて 0 の層には、*異なる*ニューロンがいくつあるでしょうか。


# %%
def different_neurons(w): ...


check(different_neurons)

# %% [markdown] solution="different_neurons"

# %% [markdown] lang="en"
# ## Sources
#
# - Vanishing gradients: Hochreiter, *Untersuchungen zu dynamischen neuronalen Netzen*, thesis, 1991
# - $1/\sqrt{n}$: LeCun, Bottou, Orr, Müller, *Efficient BackProp*, 1998, section 4.6
# - $\sqrt{2/(n_{in} + n_{out})}$, and sigmoid unsuited: Glorot, Bengio, *Understanding the difficulty of training deep
#   feedforward neural networks*, AISTATS 2010, https://proceedings.mlr.press/v9/glorot10a.html
# - $\sqrt{2/n}$: He, Zhang, Ren, Sun, *Delving deep into rectifiers*, https://arxiv.org/abs/1502.01852
# - First filters from the images: Krähenbühl et al., https://arxiv.org/abs/1511.06856; with both signs: Jordan,
#   https://arxiv.org/abs/2404.00498
# - Initial values in Keras: https://keras.io/api/layers/initializers/
# - The code: `scratch/deep.py`, `scratch/initializers.py`; a network of your choice layer by layer: `python main.py inspect -m
#   plain --activation sigmoid --init glorot --norm none`

# %% [markdown] lang="ja"
# ## 出典
#
# - 勾配消失：Hochreiter, *Untersuchungen zu dynamischen neuronalen Netzen*（学位論文）, 1991
# - $1/\sqrt{n}$:LeCun, Bottou, Orr, Müller, *Efficient BackProp*, 1998, 4.6 節
# - $\sqrt{2/(n_{in} + n_{out})}$ と、シグモイド関数が適さないこと：Glorot, Bengio, *Understanding the difficulty of training
#   deep feedforward neural networks*, AISTATS 2010, https://proceedings.mlr.press/v9/glorot10a.html
# - $\sqrt{2/n}$:He, Zhang, Ren, Sun, *Delving deep into rectifiers*, https://arxiv.org/abs/1502.01852
# - 画像から作る最初のフィルタ：Krähenbühl et al., https://arxiv.org/abs/1511.06856 、両方の符号：Jordan, https://arxiv.org/abs/2404.00498
# - Keras の初期値：https://keras.io/api/layers/initializers/
# - コード：`scratch/deep.py`、`scratch/initializers.py`。好きなネットワークを層ごとに調べるには：
#   `python main.py inspect -m plain --activation sigmoid --init glorot --norm none`
