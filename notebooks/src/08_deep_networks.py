# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] lang="en"
# # 08 · Deep networks
#
# **Question.** More layers can compute more. Why, then, does a network of 30 plain layers do worse than one of 8, and what did
# one added arrow change about that?
#
# **At the end you can** name the ideas of AlexNet, recognise degradation and tell it from overfitting, write down a residual
# block, say what it does to a gradient, and count what a network costs.
#
# You need: initial values and vanishing gradients from lesson 03, batch normalisation from lesson 05, convolution from lesson
# 07. Time: about a minute on two cores, without network.
#
# With photos of your own (`DATA`) you get numbers of your own. What the sentences say beside them was checked on the drawings.

# %% [markdown] lang="ja"
# # 08 · 深いネットワーク
#
# **問い。** 層が多いほど、複雑な計算ができるはずです。それなのに、なぜ普通の層を 30 層重ねたネットワークは 8 層のものより成績が悪いので
# しょうか。矢印を 1 本加えるだけで、何が変わったのでしょうか。
#
# **この章を終えると**、AlexNet の工夫を挙げ、劣化問題を過学習と見分け、残差ブロックの式を書いて勾配への働きを説明し、ネットワークの計算量を
# 数えられるようになります。
#
# 前提:第 03 章の初期値と勾配消失、第 05 章のバッチ正規化、第 07 章の畳み込み。所要時間:2 コアで約 1 分、ネットワーク接続は不要です。
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
# **AlexNet** (2012), several of them together, won the ImageNet contest with 15.3 % of images wrong (the right class not among its first five), where the
# next best had 26.2 %. It is a LeNet grown large, five convolutions and three dense layers, with ideas that made that possible:
# *ReLU* in place of tanh; *dropout* in the dense layers and *augmentation* (データ拡張) against overfitting; max pooling with windows
# that overlap; and training on two graphics cards (GPU). After it, networks became deeper from year to year, until more layers made
# them worse.
#
# That is **degradation** (劣化問題): a deeper *plain* network, layer upon layer, has a higher loss **on its training images**. It is no
# overfitting, which has a low one. And it should not be: if the further layers did nothing but hand on what they get, the deep
# network would be as good as the shallow one. Evidently, training does not find even that.
#
# **ResNet** (2015) makes handing on the easy case. A *residual block* (残差ブロック) adds what came in to what its layers $f$ make of
# it, along a *skip connection* (スキップ接続):
#
# $$y = x + f(x), \qquad \frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} + \text{(the gradient through } f)$$
#
# With all weights of $f$ at 0, $y = x$. And the gradient has a path on which nothing is multiplied.
# %% [markdown] lang="ja"
# ## 考え方
#
# **AlexNet**(2012)は、いくつかを組み合わせて ImageNet の競技会に臨み、上位 5 クラスに正解が入らない割合 15.3 % で優勝しました(2 位は 26.2 %)。LeNet を大きくした、畳み込み
# 5 層と全結合 3 層のネットワークで、それを可能にした工夫は、tanh に代わる *ReLU*、過学習を防ぐ全結合層の*ドロップアウト*と*データ拡張*
# (augmentation)、窓を重ねる最大プーリング、そして 2 枚の GPU による学習です。その後ネットワークは年々深くなり、やがて、層を増やすと
# かえって悪くなるところに行き当たりました。
#
# これが**劣化問題**(degradation)です。層をただ重ねた*普通の*(plain)ネットワークを深くすると、**訓練データでの**損失が高くなります。訓練損失が
# 低くなる過学習とは違います。本来、そうなるはずはありません。増やした層が入力をそのまま渡すだけなら、浅いネットワークと同じ成績に
# なるからです。ところが実際の学習では、その程度の解さえ見つからないのです。
#
# **ResNet**(2015)は、「そのまま渡す」ことを簡単にしました。*残差ブロック*(residual block)は、入力を*スキップ接続*(skip connection)で運び、
# 層 $f$ の出力に足します。
#
# $$y = x + f(x), \qquad \frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} + (f \text{ を通る勾配})$$
#
# $f$ の重みがすべて 0 なら $y = x$ です。また、勾配には何も掛けられずに通れる道ができます。
# %% [markdown] lang="en"
# ## Predict before you run
#
# 1. A plain stack of 32 layers and one of 4, both with batch normalisation, learn the same images for as long. Which has the lower
#    training loss?
# 2. How many parameters do the skip connections add?
# 3. "Deep plain networks fail because the gradient vanishes." With batch normalisation, will the gradient of the first of 32 layers be
#    smaller or larger than that of the last?
# %% [markdown] lang="ja"
# ## 実行する前に予想しよう
#
# 1. どちらもバッチ正規化を使う、32 層と 4 層の普通のネットワークを、同じ画像で同じだけ学習させます。訓練損失が低いのはどちらでしょうか。
# 2. スキップ接続によって、パラメータはいくつ増えるでしょうか。
# 3. 「深い普通のネットワークがうまくいかないのは、勾配が消失するからだ」といわれます。バッチ正規化を使う 32 層のネットワークで、最初の層の
#    勾配は、最後の層の勾配より小さいでしょうか、大きいでしょうか。
# %% [markdown] lang="en"
# ## Run: in plain NumPy
#
# `scratch/residual.py` is the block: its `backward` returns the gradient it is given, plus the one through its layers. Here are dense
# stacks of 2 to 32 layers on the images, made 8 × 8 and grey, plain and with skip connections, six epochs, three seeds. Both begin with
# the very same weights. *Training* loss is what we look at.
# %% [markdown] lang="ja"
# ## 実行:NumPy だけで
#
# `scratch/residual.py` が残差ブロックです。`backward` は、受け取った勾配に、層を通った勾配を足して返します。画像を 8 × 8 のグレースケールに縮め、
# 2 〜 32 層の全結合ネットワークを、普通のものとスキップ接続つきの両方で、6 エポック、三つのシードで学習します。重みの初期値はどちらも
# まったく同じです。見るのは*訓練*損失です。
# %%
import numpy as np

from lessons import canvas, check, read, say, show
from lessons.dense_stacks import dense_stack, gradient_lengths, grey_pairs, learn_stack

dataset = read(DATA, image_size=32)
train, validation = grey_pairs(dataset)
shares = train[1].mean(0)
guess = float(-(shares * np.log(shares)).sum())

# %%
DEPTHS, NAMES = (2, 4, 8, 16, 32), {False: "plain", True: "residual"}
PLAN = {"rate": 0.05, "epochs": 6, "norm": "batch"}
deep = {skips: np.array([[learn_stack(train, validation, seed, depth=depth, skips=skips, **PLAN)[1][-1].loss
                          for seed in SEEDS] for depth in DEPTHS]) for skips in NAMES}  # fmt: skip
for skips, name in NAMES.items():
    print(
        f"{name:9}", *(f"{depth} layers {loss:.2f},  " for depth, loss in zip(DEPTHS, deep[skips].mean(1), strict=True))
    )

# %% [markdown] lang="en"
# ## Picture

# %% [markdown] lang="ja"
# ## 図で見る

# %%
figure, axes = canvas()
for (skips, name), marker in zip(NAMES.items(), "os", strict=True):
    (line,) = axes[0, 0].plot(DEPTHS, deep[skips].mean(1), marker=marker, label=name)
    axes[0, 0].fill_between(DEPTHS, deep[skips].min(1), deep[skips].max(1), color=line.get_color(), alpha=0.15)
axes[0, 0].axhline(guess, color="#888888", linestyle=":", label="guessing")
axes[0, 0].set(xscale="log", xlabel="hidden layers", ylabel="training loss")
axes[0, 0].set_xticks(DEPTHS, DEPTHS)
axes[0, 0].minorticks_off()
axes[0, 0].legend(fontsize=11)
show(figure, "Training loss over depth: that of plain stacks climbs to guessing, that of residual stacks stays low.")

# %%
assert DATA or deep[False][-1].min() > deep[False][1].max() + 0.05
assert DATA or deep[True][-1].max() < deep[False][-1].min()
say(
    f"**What was seen.** With 4 layers the plain stack has a training loss of {deep[False][1].mean():.2f}, with 32 layers {deep[False][-1].mean():.2f}, where "
    f"knowing only how common the classes are gives {guess:.2f}: it has learned nothing. With skip connections it is {deep[True][1].mean():.2f} and "
    f"{deep[True][-1].mean():.2f}; the worst seed is better than the best plain one. They cure the degradation. They do not make 32 layers better than 4 "
    "here: for images of 64 pixels there is nothing that so many layers are needed for.",
    f"**わかったこと。** 普通のネットワークの訓練損失は、4 層で {deep[False][1].mean():.2f}、32 層で {deep[False][-1].mean():.2f} でした。クラスの割合だけを覚えた場合が "
    f"{guess:.2f} ですから、何も学習していません。スキップ接続つきでは {deep[True][1].mean():.2f} と {deep[True][-1].mean():.2f} で、最悪のシードでも、普通の"
    "ネットワークの最良のシードを上回りました。劣化は防げましたが、32 層が 4 層よりよくなったわけではありません。64 画素の画像には、それほど多くの層は"
    "必要ないのです。",
)

# %% [markdown] lang="en"
# ## What happens to the gradient
#
# The length of the gradient of each layer's weights, on the first batch, before any training, in stacks of 32 layers. Left without
# normalisation, from initial weights half as wide as He's; right with batch normalisation. The first layer is on the left of each.

# %% [markdown] lang="ja"
# ## 勾配に何が起きているか
#
# 学習を始める前の、最初のバッチに対する各層の重みの勾配の大きさを、32 層のネットワークで調べます。左は正規化なしで、初期値の広がりを He の
# 初期値の半分にしたもの、右はバッチ正規化ありです。それぞれの図で、左端が最初の層です。

# %%
batch = tuple(part[:: max(1, len(part) // 64)][:64] for part in train)
CASES = {"without normalisation": {"scale": 0.5}, "with batch norm": {"norm": "batch"}}
lengths = {
    (case, skips): np.array([
        gradient_lengths(dense_stack(64, train[1].shape[1], np.random.default_rng(seed), depth=32, skips=skips, **made), batch)
        for seed in SEEDS
    ])
    for case, made in CASES.items()
    for skips in NAMES
}  # fmt: skip

# %%
figure, axes = canvas(1, 2, 3.8)
for ax, case in zip(axes[0], CASES, strict=True):
    for (skips, name), style in zip(NAMES.items(), ("-", "--"), strict=True):
        ax.plot(range(1, 34), np.exp(np.log(lengths[case, skips]).mean(0)), style, label=name)
    ax.set(yscale="log", xlabel="layer", title=case)
    ax.title.set_fontsize(13)
axes[0, 0].set_ylabel("length of the gradient")
axes[0, 1].legend(fontsize=11)
show(
    figure,
    "Gradient by layer in 32 layers: without norm plain vanishes; with batch norm plain explodes; residual stays level.",
)

# %%
factor = {key: np.exp(np.log(found[:, 0] / found[:, -1]).mean()) for key, found in lengths.items()}
tiny = lengths["without normalisation", False].max()
bare, batched = CASES
assert DATA or tiny < 1e-6
assert DATA or factor[batched, False] > 50
assert DATA or 1 / 20 < factor[batched, True] < 20
say(
    f"**What was seen.** Without normalisation no gradient of the plain stack is longer than {tiny:.0e}: vanished, and with it the signal. With batch "
    f"normalisation nothing vanishes: the plain stack's gradient is {factor[batched, False]:,.0f} times as long at the first layer as at the last. It explodes, "
    f"and no learning rate suits all layers. With skip connections the first layer's is {factor[batched, True]:.1f} times the last one's. So \"residual connections "
    "cure vanishing gradients\" is only half of it: the authors themselves wrote that their plain networks' gradients did not vanish.",
    f"**わかったこと。** 正規化なしの普通のネットワークでは、どの層の勾配も {tiny:.0e} 以下に消失しました。バッチ正規化があると、消失はしません。逆に、"
    f"最初の層の勾配は最後の層の {factor[batched, False]:,.0f} 倍に爆発し、すべての層に合う学習率がなくなります。スキップ接続つきでは {factor[batched, True]:.1f} 倍です。"
    "「残差接続は勾配消失を解決した」という説明は半分しか正しくありません。論文の著者自身が、普通のネットワークでも勾配は消失していなかったと書いています。",
)

# %% [markdown] lang="en"
# ## What it costs
#
# A *multiply-add* (積和演算) is one product added to a sum. A convolution does (places of its map) × (weights of its kernels) of them,
# for one image. Below, networks without their last layer. The residual network adds *nothing* to the plain one: what came in is added as
# it is; where a block halves the map and doubles the channels, every second pixel is taken and channels of 0 are put beside.

# %% [markdown] lang="ja"
# ## 計算量
#
# *積和演算*(multiply-add)は、積を一つ計算して和に加えることです。畳み込み層は、画像 1 枚につき(特徴マップの場所の数)×(カーネルの重みの数)回の
# 積和演算を行います。下の表は最終層を除いたネットワークです。残差ネットワークは、普通のネットワークに*何も*加えません。入力をそのまま足すだけ
# だからです。特徴マップを半分にしてチャネルを 2 倍にするブロックでは、1 画素おきに取り出し、足りないチャネルを 0 で補います。

# %%
from lessons.counting import cost_of

COUNTED = {
    "LeNet": ("lenet", 32, {}),
    "AlexNet": ("alexnet", 224, {}),
    "plain, 20 layers": ("plain", 32, {"depth": 20}),
    "residual, 20 layers": ("residual", 32, {"depth": 20}),
    "residual, 56 layers": ("residual", 32, {"depth": 56}),
    "ResNet50": ("resnet", 224, {}),
    "EfficientNet-B0": ("efficientnet", 224, {}),
}
costs = {name: cost_of(model, size, **options) for name, (model, size, options) in COUNTED.items()}

# %%
for name, (_, size, _) in COUNTED.items():
    print(
        f"{name:20} {size:3} pixels {costs[name].parameters:12,} parameters {costs[name].multiply_adds:14,} multiply-adds"
    )

# %%
alex, res, efficient = costs["AlexNet"], costs["ResNet50"], costs["EfficientNet-B0"]
assert costs["plain, 20 layers"] == costs["residual, 20 layers"]
assert alex.parameters > 2 * res.parameters
assert res.multiply_adds > 3 * alex.multiply_adds
say(
    f"**What was seen.** Parameters and work are two things: AlexNet has {alex.parameters / res.parameters:.1f} times the parameters of ResNet50 (nearly all in its "
    f"dense layers), which does {res.multiply_adds / alex.multiply_adds:.1f} times the work. The plain and the residual network of 20 layers cost the same.",
    f"**わかったこと。** パラメータ数と計算量は別のものです。AlexNet のパラメータは ResNet50 の {alex.parameters / res.parameters:.1f} 倍あり(ほとんどが全結合層)、計算量は "
    f"ResNet50 のほうが {res.multiply_adds / alex.multiply_adds:.1f} 倍です。20 層の普通のネットワークと残差ネットワークは、まったく同じ大きさでした。",
)

# %% [markdown] lang="en"
# **EfficientNet** (2019) asks how to grow a network that is good. One can make it deeper (more layers), wider (more filters) or give it a higher
# resolution (解像度, more pixels). Its *compound scaling* (複合スケーリング) does all three at once, by $\alpha^\varphi$, $\beta^\varphi$ and
# $\gamma^\varphi$: twice the depth is twice the work, twice the width or resolution is four times, so the work grows by
# $(\alpha \cdot \beta^2 \cdot \gamma^2)^\varphi$. With $\alpha = 1.2$, $\beta = 1.1$ and $\gamma = 1.15$, found by a search, that is about
# $2^\varphi$: B1 to B7 follow from B0. B0 itself saves work by *depthwise* convolutions, in which each channel has a kernel of its own.

# %% [markdown] lang="ja"
# **EfficientNet**(2019)は、よいネットワークをどう大きくすべきかを問いました。深く(層を増やす)、広く(フィルタを増やす)、高解像度に(画素を増やす)
# という三つの方法があります。*複合スケーリング*(compound scaling)は、三つを同時に $\alpha^\varphi$、$\beta^\varphi$、$\gamma^\varphi$ 倍します。
# 深さが 2 倍なら計算量は 2 倍、幅や解像度が 2 倍なら 4 倍になるので、計算量は $(\alpha \cdot \beta^2 \cdot \gamma^2)^\varphi$ 倍になります。
# 探索で得られた $\alpha = 1.2$、$\beta = 1.1$、$\gamma = 1.15$ では、およそ $2^\varphi$ 倍です。こうして B0 から B1 〜 B7 が得られます。B0 自体は、
# チャネルごとに別のカーネルを使う *depthwise* 畳み込みで計算量を減らしています。

# %%
base = costs["residual, 20 layers"].multiply_adds
GROWN = {
    "twice the depth": (32, {"depth": 38}),
    "twice the width": (32, {"width": 32}),
    "twice the resolution": (64, {}),
}
grown = {name: cost_of("residual", size, **options).multiply_adds / base for name, (size, options) in GROWN.items()}
print(*(f"{name}: {ratio:.2f} times the work; " for name, ratio in grown.items()))
print(f"EfficientNet, one step: {1.2 * 1.1**2 * 1.15**2:.2f} times")
assert np.allclose(list(grown.values()), [2, 4, 4], atol=0.1)

# %% [markdown] lang="en"
# ## Run: in Keras
#
# Now convolutions: the plain stack of 8 and of 26 layers, and the residual one of 26, each with 4 filters in its first stage and batch
# normalisation, five epochs on every second training image, three seeds.

# %% [markdown] lang="ja"
# ## 実行:Keras で
#
# 次は畳み込みです。普通のネットワークを 8 層と 26 層、残差ネットワークを 26 層とし、最初の段のフィルタを 4 枚、バッチ正規化ありで、訓練画像の半分を
# 5 エポック、三つのシードで学習します。

# %%
from lessons.depths import training_losses

half = dataset.examples().indices["train"][::2]
MODELS = {"plain, 8 layers": ("plain", 8), "plain, 26 layers": ("plain", 26), "residual, 26 layers": ("residual", 26)}
curves = {
    name: training_losses(dataset, half, SEEDS, model, epochs=5, depth=depth, width=4)
    for name, (model, depth) in MODELS.items()
}

# %%
figure, axes = canvas()
for (name, losses), marker in zip(curves.items(), "o^s", strict=True):
    (line,) = axes[0, 0].plot(range(1, 6), losses.mean(0), marker=marker, label=name)
    axes[0, 0].fill_between(range(1, 6), losses.min(0), losses.max(0), color=line.get_color(), alpha=0.15)
axes[0, 0].set(xlabel="epoch", ylabel="training loss", xticks=range(1, 6))
axes[0, 0].legend(fontsize=11)
show(
    figure,
    "Training loss over five epochs: the plain network of 26 layers learns slower than that of 8, the residual does not.",
)

# %%
shallow, plain, residual = (losses[:, -1] for losses in curves.values())
assert DATA or plain.min() > shallow.max()
assert DATA or residual.mean() < plain.mean() - 0.05
say(
    f"**What was seen.** After five epochs the training loss is {shallow.mean():.2f} for 8 plain layers, {plain.mean():.2f} for 26 plain ones and "
    f"{residual.mean():.2f} for 26 with skip connections (seeds from {residual.min():.2f} to {residual.max():.2f}; plain {plain.min():.2f} to {plain.max():.2f}). "
    "The best of three deep plain networks is worse than the worst shallow one, until the arrow is added.",
    f"**わかったこと。** 5 エポック後の訓練損失は、普通の 8 層で {shallow.mean():.2f}、普通の 26 層で {plain.mean():.2f}、スキップ接続つきの 26 層で {residual.mean():.2f} でした"
    f"(シードの範囲は {residual.min():.2f} 〜 {residual.max():.2f}、普通の 26 層は {plain.min():.2f} 〜 {plain.max():.2f})。普通の 26 層は、三つのうち最良のものでも 8 層の"
    "最悪のものに及びません。矢印を 1 本加えると、そうではなくなりました。",
)

# %% [markdown] lang="en"
# ## Where it breaks
#
# **Skip connections alone are not enough.** Each block adds to what came in, so that the values grow from block to block; without
# normalisation they grow without end. The same stacks once more, without batch normalisation:

# %% [markdown] lang="ja"
# ## うまくいかないとき
#
# **スキップ接続だけでは足りません。** ブロックは入力に値を足していくので、値はブロックごとに大きくなります。正規化がなければ、際限なく大きく
# なります。同じネットワークを、バッチ正規化なしで試しましょう。

# %%
bare_runs = {(depth, skips): [learn_stack(train, validation, seed, depth=depth, skips=skips, rate=0.05, epochs=6)[1][-1].loss
                              for seed in SEEDS] for depth in (4, 32) for skips in NAMES}  # fmt: skip
for (depth, skips), found in bare_runs.items():
    print(f"{depth:2} layers, {NAMES[skips]:8} without norm: training loss", *(f"{loss:.2f}" for loss in found))
assert DATA or not any(loss < guess for loss in bare_runs[32, True])

# %% [markdown] lang="en"
# (`nan`, *not a number*: the weights ran away.) More:
#
# - **Degradation or overfitting?** Look at the training loss. High: the network cannot be trained so, and regularisation would make it
#   worse. Low, with a high validation loss: lesson 06.
# - **What the skip connection hands on must have the same shape.** Where the map is halved, something has to be done about it: the
#   paper's option A (zeros, no parameters) or B (a convolution of 1 × 1).
# - **Where the last ReLU stands** matters in very deep networks: behind the sum it interrupts the path, so that He et al. (2016) moved
#   normalisation and ReLU in front of the convolutions (*pre-activation*, as in our NumPy stack).
# - **Deeper is not better by itself.** On a few thousand images a network of 20 layers seldom pays from random weights; a deep one that has
#   learned from a million photos does (transfer learning, lesson 12).
# - **AlexNet's local response normalisation** and its two halves on two cards are history: later networks do without them. ReLU, dropout and
#   augmentation stayed.

# %% [markdown] lang="ja"
# (`nan` は *not a number* の略で、重みが発散したことを示します。)ほかにも、次の点に注意してください。
#
# - **劣化か、過学習か。** 訓練損失を見ましょう。高ければ、うまく学習できていないのであり、正則化はかえって逆効果です。訓練損失が低く、検証損失が
#   高ければ、第 06 章の過学習です。
# - **スキップ接続で足すものは、形が同じでなければなりません。** 特徴マップが半分になるところでは工夫が要ります。論文の方式 A は 0 で補い
#   (パラメータなし)、方式 B は 1 × 1 の畳み込みを使います。
# - **最後の ReLU の位置**は、とても深いネットワークでは重要です。和の後に置くと、勾配の通り道がそこで遮られます。He ら(2016)は、正規化と ReLU を
#   畳み込みの前に移しました(*pre-activation*。この章の NumPy 版もこの形です)。
# - **深ければよいわけではありません。** 画像が数千枚なら、20 層のネットワークを乱数から学習しても、あまり得はありません。百万枚の写真で学習済みの
#   深いネットワークなら、十分に役立ちます(転移学習、第 12 章)。
# - **AlexNet の局所応答正規化**や、2 枚の GPU に分けた構造は、その後のネットワークでは使われなくなりました。ReLU、ドロップアウト、データ拡張は
#   今も使われています。

# %% [markdown] lang="en"
# ## Exercises
#
# Replace the dots, run the cell, and read what it says.
#
# **1.** A residual block of two dense layers without biases: $y = \text{ReLU}(x + \text{ReLU}(x W_1)\, W_2)$.

# %% [markdown] lang="ja"
# ## 演習
#
# `...` を書き換えてセルを実行し、表示を読んでください。
#
# **1.** バイアスのない全結合層 2 層の残差ブロックです:$y = \text{ReLU}(x + \text{ReLU}(x W_1)\, W_2)$。


# %%
def deep_block(x, w1, w2): ...


check(deep_block)

# %% [markdown] solution="deep_block"

# %% [markdown] lang="en"
# **2.** The multiply-adds of a convolution for one image: a map of side `side` with `channels` channels, square kernels of side `kernel`,
# `filters` of them, a stride, and padding as `"same"`: the side of the output is `side / stride`, rounded up.

# %% [markdown] lang="ja"
# **2.** 画像 1 枚に対する畳み込み層の積和演算の回数です。入力は一辺 `side`、チャネル数 `channels`、カーネルは一辺 `kernel` の正方形が `filters` 個、
# ストライド `stride`、パディングは `"same"` とします。出力の一辺は `side / stride` を切り上げた値です。


# %%
def deep_multiply_adds(side, kernel, channels, filters, stride): ...


check(deep_multiply_adds)

# %% [markdown] solution="deep_multiply_adds"

# %% [markdown] lang="en"
# **3.** Compound scaling: depth grows by `alpha` to the power of `phi`, width by `beta` and resolution by `gamma` to the same power. By which
# factor do the multiply-adds grow?

# %% [markdown] lang="ja"
# **3.** 複合スケーリング:深さを `alpha` の `phi` 乗倍、幅を `beta` の `phi` 乗倍、解像度を `gamma` の `phi` 乗倍にします。積和演算の回数は何倍に
# なるでしょうか。


# %%
def deep_compound(alpha, beta, gamma, phi): ...


check(deep_compound)

# %% [markdown] solution="deep_compound"

# %% [markdown] lang="en"
# ## Sources
#
# - AlexNet: Krizhevsky, Sutskever, Hinton, *ImageNet classification with deep convolutional neural networks*, NeurIPS 2012
# - ResNet, degradation, and that gradients did not vanish: He, Zhang, Ren, Sun, https://arxiv.org/abs/1512.03385, 4.1;
#   pre-activation: https://arxiv.org/abs/1603.05027
# - Gradients that explode under batch normalisation: Yang et al., https://arxiv.org/abs/1902.08129
# - EfficientNet: Tan, Le, https://arxiv.org/abs/1905.11946
# - The flags: `python main.py train --model residual --depth 20 --width 16`; layers and costs: `python main.py summary --model residual`

# %% [markdown] lang="ja"
# ## 出典
#
# - AlexNet:Krizhevsky, Sutskever, Hinton, *ImageNet classification with deep convolutional neural networks*, NeurIPS 2012
# - ResNet、劣化問題、勾配が消失していなかったこと:He, Zhang, Ren, Sun, https://arxiv.org/abs/1512.03385 4.1 節
#   pre-activation:https://arxiv.org/abs/1603.05027
# - バッチ正規化のもとでの勾配爆発:Yang et al., https://arxiv.org/abs/1902.08129
# - EfficientNet:Tan, Le, https://arxiv.org/abs/1905.11946
# - コマンドのフラグ:`python main.py train --model residual --depth 20 --width 16`。層と計算量:`python main.py summary --model residual`
