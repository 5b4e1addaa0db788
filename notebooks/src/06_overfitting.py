# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] lang="en"
# # 06 · Overfitting and regularisation
#
# **Question.** A large network can learn its training images by heart. How do I see that it does, and what helps against it?
#
# **At the end you can** recognise overfitting in two curves, name its causes, write down what L1, L2, elastic net and dropout
# do to a gradient or a value, and say what each cure costs.
#
# You need: loss and gradient from lesson 00, training and epochs from lesson 02, schedules, validation and Adam from
# lesson 04. Time: about a minute on two cores, without network.
#
# With photos of your own (`DATA`) you get numbers of your own. What the sentences say beside them was checked on the drawings.

# %% [markdown] lang="ja"
# # 06 · 過学習と正則化
#
# **問い。** 大きなネットワークは、訓練画像を丸暗記できてしまいます。丸暗記していることはどうすればわかり、何をすれば防げるのでしょうか。
#
# **この章を終えると**、2 本の曲線から過学習を読み取り、その原因を挙げ、L1・L2・エラスティックネット・ドロップアウトが勾配や値に何をするかを
# 式で書き、それぞれの代償を説明できるようになります。
#
# 前提:第 00 章の損失と勾配、第 02 章の学習とエポック、第 04 章のスケジュール・検証・Adam。所要時間:2 コアで約 1 分、ネットワーク接続は
# 不要です。
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
# *Overfitting* (過学習): a network gets better on its training images (訓練データ) while it gets worse on others. It has learned
# what is true of these images alone: their noise. Three things make it easy: **many parameters**, **few images**, and **large
# weights**, with which the answer can turn sharply between one image and the next. The opposite is *underfitting* (未学習): the network is too
# simple, or was trained too little, and does badly on all images.
#
# *Regularisation* (正則化) is whatever makes the answers better on new images at the price of the training loss.
# *Explicit* (明示的) regularisation is written into the loss or the network:
#
# | name | added to the loss | added to the gradient |
# |---|---|---|
# | L2, ridge (リッジ) | $\lambda \sum w^2$ | $2\lambda w$: pulls in proportion |
# | L1, lasso (ラッソ) | $\lambda \sum \lvert w\rvert$ | $\lambda\,\text{sign}(w)$: pulls all alike |
# | elastic net (エラスティックネット) | $\lambda_1 \sum \lvert w\rvert + \lambda_2 \sum w^2$ | $\lambda_1\,\text{sign}(w) + 2\lambda_2 w$ |
#
# Many books write $\frac{\lambda}{2}\sum w^2$, so that the gradient of ridge is $\lambda w$, rate times weight; Keras has no ½.
# The sums go over weights and not over *biases* (バイアス): a bias only shifts, it makes nothing steep.
#
# *Dropout* (ドロップアウト) sets random values inside the network to 0 in each training step, so that no unit can rely on another.
#
# *Implicit* (暗黙的) regularisation is a side effect of how one trains. *Early stopping* (早期終了) ends a training when the loss on
# validation (検証データ) has not become better for some epochs, its *patience*, and keeps the weights of the epoch that was
# best. Small batches and batch normalisation (lesson 05) bring noise, which is said to help too.
# %% [markdown] lang="ja"
# ## 考え方
#
# *過学習*(overfitting)とは、訓練データでの成績が上がる一方で、ほかの画像での成績が下がることです。その画像だけに当てはまること、つまり
# ノイズまで学習してしまったのです。起こりやすくする原因は三つ。**パラメータが多い**こと、**画像が少ない**こと、そして**重みが大きい**ことです。
# 重みが大きいと、出力はわずかな入力の違いで急に変わることができます。反対に、ネットワークが単純すぎたり学習が足りなかったりして、どの画像
# でも成績が悪いことを*未学習*(underfitting)といいます。
#
# *正則化*(regularisation)とは、訓練損失を多少犠牲にして、新しい画像での成績を上げる工夫の総称です。
# *明示的*(explicit)な正則化は、損失やネットワークの中に書き込みます。
#
# | 名前 | 損失に加える項 | 勾配に加わる項 |
# |---|---|---|
# | L2、リッジ(ridge) | $\lambda \sum w^2$ | $2\lambda w$:大きさに比例して引く |
# | L1、ラッソ(lasso) | $\lambda \sum \lvert w\rvert$ | $\lambda\,\text{sign}(w)$:どれも同じ強さで引く |
# | エラスティックネット(elastic net) | $\lambda_1 \sum \lvert w\rvert + \lambda_2 \sum w^2$ | $\lambda_1\,\text{sign}(w) + 2\lambda_2 w$ |
#
# 多くの本では $\frac{\lambda}{2}\sum w^2$ と書きます。その場合、リッジの勾配は $\lambda w$(係数 × 重み)です。Keras の式に ½ はありません。
# 和は重みについてとり、*バイアス*は含めません。バイアスは値をずらすだけで、傾きを急にはしないからです。
#
# *ドロップアウト*(dropout)は、訓練のステップごとに、ネットワーク内部の値をランダムに選んで 0 にします。どのユニットも、特定の相手に
# 頼れなくなります。
#
# *暗黙的*(implicit)な正則化は、学習のしかたに伴う副作用です。*早期終了*(early stopping)は、検証データの損失が何エポックか続けて改善しない
# ときに学習を終え、最もよかったエポックの重みを採用します。この待つエポック数を patience といいます。小さなバッチやバッチ正規化
# (第 05 章)がもたらすノイズも、これに当たるとされます。
# %% [markdown] lang="en"
# ## Predict before you run
#
# 1. Ten points lie on a sine curve, with some noise. You fit polynomials of degree 1, 3 and 9. Which one has the smallest error
#    at the ten points, which one between them?
# 2. Only the penalty acts on a weight of 0.5, step by step. How does the weight go to 0 under L2, how under L1? Does it arrive?
# 3. A network with many parameters is trained on images whose labels were shuffled, so that there is nothing to learn. How many
#    of its training images will it get right?
# %% [markdown] lang="ja"
# ## 実行する前に予想しよう
#
# 1. サイン曲線の上に、少しノイズの乗った点が 10 個あります。1 次、3 次、9 次の多項式を当てはめます。10 個の点で誤差が最小になるのは
#    どれでしょうか。点と点の間ではどうでしょうか。
# 2. 0.5 の重みに、罰則項だけをステップごとに作用させます。L2 では、また L1 では、重みはどのように 0 に近づくでしょうか。0 に着くでしょうか。
# 3. パラメータの多いネットワークを、ラベルをでたらめに入れ替えた画像で学習させます。学ぶべき規則は何もありません。訓練画像の
#    何割に正解するでしょうか。
# %% [markdown] lang="en"
# ## Run: in plain NumPy
#
# A polynomial is the smallest network that can overfit: its weights are the factors of $1, x, x^2, \ldots$ In
# `scratch/least_squares.py`, `ridge` finds those for which half the squared error plus $\frac{\lambda}{2}\sum w^2$ is least. Two
# hundred draws of ten noisy points are fitted, and one of them is drawn below.
# %% [markdown] lang="ja"
# ## 実行:NumPy だけで
#
# 多項式は、過学習を起こせる最も小さなネットワークです。重みは $1, x, x^2, \ldots$ の係数です。`scratch/least_squares.py` の `ridge` は、
# 二乗誤差の半分と $\frac{\lambda}{2}\sum w^2$ の和が最小になる重みを求めます。ノイズの乗った 10 個の点を 200 組つくって当てはめ、そのうちの
# 1 組を図にします。
# %%
import numpy as np

from lessons import canvas, check, learn, read, say, show
from scratch.least_squares import powers, ridge, soft

x, fine = np.linspace(-1, 1, 10), np.linspace(-1, 1, 201)
TRIES = {"degree 1": (1, 0), "degree 3": (3, 0), "degree 9": (9, 0), "degree 9, ridge": (9, 0.02)}
draws = [np.sin(np.pi * x) + np.random.default_rng(draw).normal(0, 0.25, 10) for draw in range(200)]

# %%
errors = {}
for name, (degree, penalty) in TRIES.items():
    weights = [ridge(powers(x, degree), y, penalty) for y in draws]
    at = [np.mean((powers(x, degree) @ w - y) ** 2) for w, y in zip(weights, draws, strict=True)]
    between = [np.mean((powers(fine, degree) @ w - np.sin(np.pi * fine)) ** 2) for w in weights]
    largest = np.median([abs(w).max() for w in weights])
    errors[name] = np.mean(at) ** 0.5, np.mean(between) ** 0.5, largest
    print(
        f"{name:16} error at the points {errors[name][0]:.2f}, between {errors[name][1]:.2f}, largest weight {largest:.1f}"
    )

# %% [markdown] lang="en"
# ## Picture
#
# Dashed is the sine, black the ten points, and the line is the polynomial.

# %% [markdown] lang="ja"
# ## 図で見る
#
# 破線がサイン曲線、黒い点が 10 個の点、実線が多項式です。

# %%
y = draws[2]
figure, axes = canvas(2, 2, 5, sharex=True, sharey=True)
for ax, (name, (degree, penalty)) in zip(axes.flat, TRIES.items(), strict=True):
    ax.plot(fine, np.sin(np.pi * fine), color="#888888", linestyle="--", linewidth=1.5)
    ax.plot(fine, powers(fine, degree) @ ridge(powers(x, degree), y, penalty))
    ax.plot(x, y, "o", color="black", markersize=5)
    ax.set(title=name, ylim=(-2, 2))
for ax in axes[:, 0]:
    ax.set_ylabel("y")
for ax in axes[1]:
    ax.set_xlabel("x")
show(
    figure,
    "Ten noisy points of a sine (dashed) and polynomials: degree 1 too stiff, 9 through all points, 9 with ridge smooth.",
)

# %%
assert errors["degree 9"][0] < 0.01
assert errors["degree 9"][1] > 2 * errors["degree 3"][1]
assert errors["degree 9, ridge"][1] < errors["degree 9"][1] / 2
one, three, nine, held = errors.values()
say(
    f"**What was seen.** At the points, degree 9 has no error ({nine[0]:.2f}), degree 1 a large one ({one[0]:.2f}). Between "
    f"them it is {nine[1]:.2f} for degree 9, {three[1]:.2f} for degree 3, {one[1]:.2f} for degree 1, which is too stiff for a "
    f"sine: it underfits. With a penalty, degree 9 has {held[1]:.2f}: the same number of weights, but the "
    f"largest is {held[2]:.1f} instead of {nine[2]:.1f}.",
    f"**わかったこと。** 10 個の点では、9 次の誤差は {nine[0]:.2f}、1 次は {one[0]:.2f} です。点の間では、9 次が {nine[1]:.2f}、3 次が {three[1]:.2f}、"
    f"1 次が {one[1]:.2f} でした。1 次はサイン曲線には単純すぎ、未学習になっています。罰則項を加えた 9 次は {held[1]:.2f} です。重みの数は"
    f"同じでも、最大の重みが {nine[2]:.1f} から {held[2]:.1f} に小さくなりました。",
)

# %% [markdown] lang="en"
# ## How a weight goes to zero
#
# Let nothing but the penalty act, with steps of 0.1: L2 multiplies $w$ by the same number in every step, L1 takes off the same
# amount. But $|w|$ has a kink at 0, where it has no slope: any number from -1 to 1 is a *subgradient* (劣勾配) there. Programs
# pick one (`numpy.sign(0)` is 0). It hardly matters which, since a step seldom lands on 0 exactly: it jumps across. The lasso
# therefore takes another step, *soft thresholding* (軟閾値処理), in which a weight that would cross 0 stays there.

# %% [markdown] lang="ja"
# ## 重みはどのように 0 に近づくか
#
# 罰則項だけを、学習率 0.1 で作用させます。L2 は 1 ステップごとに $w$ に同じ数を掛け、L1 は同じ量を引きます。ただし $|w|$ は 0 で折れ曲がって
# いて、そこには傾きがありません。-1 から 1 までのどの数も*劣勾配*(subgradient)です。プログラムはその一つを選びます(`numpy.sign(0)` は
# 0)。もっとも、どれを選んでもほとんど影響はありません。ちょうど 0 に止まることはまれで、たいていは 0 を飛び越えるからです。そこで
# ラッソでは*軟閾値処理*(soft thresholding)を使います。0 を越えるはずの重みは、0 にとどまります。

# %%
from scratch.regularization import elastic_net, l1, l2

RULES = {
    "L2": lambda w: w - 0.1 * l2(0.5).gradient(w),
    "L1, gradient": lambda w: w - 0.1 * l1(0.3).gradient(w),
    "L1, soft threshold": lambda w: soft(w, 0.1 * 0.3),
}
paths = {name: [0.5] for name in RULES}
for name, rule in RULES.items():
    for _ in range(40):
        paths[name].append(float(rule(paths[name][-1])))

# %%
figure, axes = canvas()
for (name, path), style in zip(paths.items(), ("-", "-", "--"), strict=True):
    axes[0, 0].plot(path, style, label=name)
axes[0, 0].set(xlabel="step", ylabel="weight")
axes[0, 0].legend()
show(
    figure,
    "A weight of 0.5 under L2 alone, which shrinks it slowly, and L1 alone, which takes it down in a straight line.",
)

# %%
assert 0 < paths["L2"][-1] < 0.05
assert paths["L1, soft threshold"][-1] == 0
assert 0 < min(abs(value) for value in paths["L1, gradient"][20:]) < 0.03
say(
    f"**What was seen.** After 40 steps L2 has left {paths['L2'][-1]:.4f}: ever smaller, never 0. L1 by its gradient jumps to and fro "
    f"between {max(paths['L1, gradient'][-2:]):.2f} and {min(paths['L1, gradient'][-2:]):.2f}. With the soft threshold it is exactly 0. So "
    '"L1 makes weights zero" is true of the lasso\'s own method; a network trained by Adam or SGD, in Keras too, gets weights *near* 0.',
    f"**わかったこと。** 40 ステップ後、L2 では {paths['L2'][-1]:.4f} が残りました。小さくなり続けますが、0 にはなりません。勾配による L1 は "
    f"{max(paths['L1, gradient'][-2:]):.2f} と {min(paths['L1, gradient'][-2:]):.2f} の間を行き来します。軟閾値処理ならちょうど 0 です。つまり「L1 は重みを 0 に"
    "する」というのはラッソ専用の解法での話で、Adam や SGD で学習したネットワーク(Keras も同じ)では、0 の*近く*に集まるだけです。",
)

# %% [markdown] lang="en"
# ## Weights in a histogram
#
# Now a network: two hidden layers on 120 training images, made 8 × 8 and grey, without a penalty and with each of three. What
# became of its weights? Their *width* is the standard deviation (標準偏差).

# %% [markdown] lang="ja"
# ## 重みのヒストグラム
#
# 次はネットワークです。120 枚の訓練画像を 8 × 8 のグレースケールに縮め、隠れ層 2 層のネットワークを、罰則項なしと 3 種類の罰則項で学習します。
# 重みはどうなるでしょうか。

# %%
from lessons.dense_stacks import grey_pairs, learn_stack

dataset = read(DATA, image_size=32)
train, validation = grey_pairs(dataset)
few = tuple(part[:: max(1, len(part) // 120)] for part in train)
PENALTIES = {"none": l2(0), "L2": l2(0.01), "L1": l1(0.002), "elastic net": elastic_net(0.001, 0.005)}
PLAN = {"rate": 0.1, "epochs": 400, "batch_size": 30, "depth": 2}
stacks = {name: [learn_stack(few, validation, seed, penalty=penalty, **PLAN)[0] for seed in SEEDS]
          for name, penalty in PENALTIES.items()}  # fmt: skip
learned = {name: [np.concatenate([layer.params["w"].ravel() for layer in stack if layer.params]) for stack in three]
           for name, three in stacks.items()}  # fmt: skip

# %%
for name, three in learned.items():
    print(f"{name:12} largest {np.mean([abs(w).max() for w in three]):.2f}, width {np.mean([w.std() for w in three]):.3f}, "
          f"nearer to 0 than 0.001: {100 * np.mean([np.mean(abs(w) < 0.001) for w in three]):.0f} %")  # fmt: skip

# %%
figure, axes = canvas(2, 2, 4.6, sharex=True, sharey=True)
for ax, (name, three) in zip(axes.flat, learned.items(), strict=True):
    ax.hist(three[0], bins=np.linspace(-0.8, 0.8, 65))
    ax.set(title=name, yscale="log")
for ax in axes[:, 0]:
    ax.set_ylabel("weights")
for ax in axes[1]:
    ax.set_xlabel("value")
show(figure, "Weights of a network: without penalty wide, with L2 narrow, with L1 a spike at 0 and a few large ones.")

# %%
width = {name: [float(w.std()) for w in three] for name, three in learned.items()}
zero = {name: [float(np.mean(abs(w) < 0.001)) for w in three] for name, three in learned.items()}
exact = sum(int((w == 0).sum()) for w in learned["L1"])
assert DATA or max(width["L2"]) < 0.7 * min(width["none"])
assert DATA or min(zero["L1"]) > 5 * max(*zero["L2"], *zero["none"])
say(
    f"**What was seen.** Without a penalty the weights have a width of {np.mean(width['none']):.2f}, with L2 of {np.mean(width['L2']):.2f}: all "
    f"become smaller, hardly any is 0. With L1, {100 * np.mean(zero['L1']):.0f} % lie within a thousandth of 0, and the others may stay large. "
    f"Exactly 0: {exact}. Elastic net does some of both.",
    f"**わかったこと。** 重みの広がり(標準偏差)は、罰則項なしで {np.mean(width['none']):.2f}、L2 で {np.mean(width['L2']):.2f} でした。L2 は全体を小さくしますが、"
    f"0 になるものはほとんどありません。L1 では {100 * np.mean(zero['L1']):.0f} % が 0 から 1000 分の 1 以内に集まり、残りは大きいままのものもあります。"
    f"ちょうど 0 になったのは {exact} 個です。エラスティックネットは両方の性質を少しずつ持ちます。",
)

# %% [markdown] lang="en"
# ## Dropout: who scales?
#
# With a dropout rate of 0.5, half of the values are missing in training: a sum over them is half as large as for a prediction,
# when nothing is dropped. One of the two has to be scaled. The paper (2014) multiplies the weights by the share kept **at test
# time**, and so it stands in many books. Keras, like other libraries today, divides by that share **in training** ("inverted"
# dropout), and leaves predictions alone. Look:

# %% [markdown] lang="ja"
# ## ドロップアウト:どちらでスケールするか
#
# ドロップアウト率が 0.5 なら、訓練時には値の半分が欠け、その和は、何も落とさない予測時の半分になります。どちらかをスケールして合わせな
# ければなりません。論文(2014)は**予測時に**重みへ残す割合を掛け、多くの本もそう説明しています。一方、Keras をはじめ現在のライブラリは、
# **訓練時に**その割合で割り(inverted dropout)、予測時には何もしません。確かめましょう。

# %%
import keras

from scratch.dropout import Dropout

ones = np.ones((1, 10_000), np.float32)
for layer in (Dropout(0.5, np.random.default_rng(0)).forward, keras.layers.Dropout(0.5, seed=0)):
    training, predicting = np.asarray(layer(ones, training=True)), np.asarray(layer(ones, training=False))
    print("in training:", training[0, :8], f"mean {training.mean():.2f};  for a prediction:", predicting[0, :4])
    assert set(np.unique(training)) == {0, 2}
    assert abs(training.mean() - 1) < 0.05
    assert (predicting == 1).all()

# %% [markdown] lang="en"
# ## Label smoothing: never quite sure
#
# Cross-entropy is 0 only where the right class has all the probability, and for that its score must lie infinitely far above the
# others: weights that grow without end. *Label smoothing* (ラベル平滑化) takes a share $s$ from the right class and spreads it
# over all $K$: $t \leftarrow (1 - s)\,t + s / K$. The best answer is then that smoothed label, which finite scores give: the
# right one is ahead by $\ln\left(1 + K (1 - s) / s\right)$, and no more. The flag: `--label-smoothing 0.1`. It holds back
# over-confidence, also in wrong labels. Its cost: the loss cannot reach 0, and where the images *are* clear, the network is too
# modest (calibration: lesson 14). Here with three classes.

# %% [markdown] lang="ja"
# ## ラベル平滑化:確信しすぎない
#
# 交差エントロピーが 0 になるのは、正解のクラスが確率をすべて得たときだけで、そのためにはスコアがほかより無限に大きくなければなりません。重みは
# 際限なく大きくなろうとします。*ラベル平滑化*(label smoothing)は、正解のクラスから割合 $s$ を取り、$K$ 個のクラス全部に分けます:
# $t \leftarrow (1 - s)\,t + s / K$。すると最良の答えはこの平滑化したラベルになり、有限のスコアで実現できます。正解のスコアが
# $\ln\left(1 + K (1 - s) / s\right)$ だけ上回れば十分です。フラグは `--label-smoothing 0.1` です。自信過剰を抑え、誤ったラベルを信じ込むことも
# 防ぎます。代償として、損失は 0 にならず、*はっきりした*画像に対しては控えめになりすぎます(較正:第 14 章)。ここではクラスを三つとします。

# %%
from scratch.losses import cross_entropy, softmax

label, lead = np.array([[1.0, 0.0, 0.0]]), {}
for share in (0.0, 0.1):
    z, lead[share] = np.zeros((1, 3)), []
    for step in range(1, 10_001):
        z = z - cross_entropy(z, label, share)[1]
        if step in (100, 1000, 10_000):
            lead[share].append(float(z[0, 0] - z[0, 1]))
    print(f"smoothing {share}: probabilities {softmax(z)[0].round(4)}, loss {cross_entropy(z, label, share)[0]:.3f}")

# %%
ratio = 1 + 3 * 0.9 / 0.1
enough = np.log(ratio)
assert lead[0.0][2] > lead[0.0][1] + 2 > lead[0.0][0] + 4
assert np.allclose(lead[0.1][1:], enough)
say(
    f"**What was seen.** After 100, 1,000 and 10,000 steps the right score is ahead by {', '.join(f'{value:.1f}' for value in lead[0.0])} without smoothing, and by {', '.join(f'{value:.1f}' for value in lead[0.1])} with s = 0.1: there it "
    f"stands still, at ln {ratio:.0f} = {enough:.2f}.",
    f"**わかったこと。** 100、1,000、10,000 ステップ後に正解のスコアが上回る幅は、平滑化なしで {'、'.join(f'{value:.1f}' for value in lead[0.0])}、s = 0.1 で {'、'.join(f'{value:.1f}' for value in lead[0.1])} でした。平滑化すると "
    f"ln {ratio:.0f} = {enough:.2f} で止まります。",
)

# %% [markdown] lang="en"
# ## Run: overfitting on purpose, in Keras
#
# A LeNet with 16 instead of 6 filters in its first layer, about 150,000 weights, on a fifth of the training images, and nothing that
# would hold it back.

# %% [markdown] lang="ja"
# ## 実行:わざと過学習を起こす(Keras)
#
# 最初の層のフィルタを 6 枚から 16 枚に増やした LeNet(重みは約 15 万個)を、訓練画像の 5 分の 1 だけで、何の歯止めもなしに学習させます。

# %%
FREE = {"width": 16, "activation": "relu", "init": "he", "l2": 0.0, "dropout": 0.0, "augment": {}, "patience": 0}
FREE |= {"learning_rate": 0.002, "schedule": "constant", "epochs": 24}
fifth = dataset.examples().indices["train"][::5]
runs = {"nothing": [learn(dataset, fifth, **FREE, seed=seed) for seed in SEEDS]}
print(f"{runs['nothing'][0].network.count_params():,} parameters, {len(fifth)} images")
figure, axes = canvas()
for column, marker, name in (("loss", "o", "training"), ("val_loss", "s", "validation")):
    losses = np.array([[row[column] for row in run.history] for run in runs["nothing"]])
    (line,) = axes[0, 0].plot(range(1, 25), losses.mean(0), marker=marker, markersize=5, label=name)
    axes[0, 0].fill_between(range(1, 25), losses.min(0), losses.max(0), color=line.get_color(), alpha=0.15)
axes[0, 0].set(xlabel="epoch", ylabel="loss")
axes[0, 0].legend()
show(figure, "Training loss falls to 0 over 24 epochs while validation loss falls for some epochs and then climbs.")

# %%
free = [run.history for run in runs["nothing"]]
best = [min(range(24), key=lambda i, rows=rows: rows[i]["val_loss"]) for rows in free]
lowest = [rows[i]["val_loss"] for rows, i in zip(free, best, strict=True)]
final = [rows[-1]["val_loss"] for rows in free]
right = [
    [f"{100 * rows[i]['val_accuracy']:.0f} %" for i in (number, -1)] for rows, number in zip(free, best, strict=True)
]

# %%
assert DATA or all(rows[-1]["loss"] < 0.1 for rows in free)
assert DATA or all(end > low + 0.5 for end, low in zip(final, lowest, strict=True))
say(
    f"**What was seen.** The training loss ends at {np.mean([rows[-1]['loss'] for rows in free]):.3f}: every training image by heart. The "
    f"validation loss was lowest after {', '.join(str(i + 1) for i in best)} epochs (seed by seed), {np.mean(lowest):.2f} on average, and ends at {np.mean(final):.2f}. "
    f"Right on validation then and at the end: {'; '.join(' and '.join(pair) for pair in right)}. The accuracy need not follow: it may stay, or even rise a little, "
    "while the network becomes ever surer of its mistakes, and the loss counts that.",
    f"**わかったこと。** 訓練損失は最後に {np.mean([rows[-1]['loss'] for rows in free]):.3f} となり、訓練画像を完全に暗記しました。検証損失は(シード順に)"
    f"{'、'.join(str(i + 1) for i in best)} エポック後に最小(平均 {np.mean(lowest):.2f})となり、最後は {np.mean(final):.2f} です。そのときと最後の検証データの正解率は "
    f"{'、'.join(' → '.join(pair) for pair in right)} でした。正解率まで下がるとは限りません。変わらないことも、少し上がることさえあります。それでも、間違った答えにますます自信を持つように"
    "なっていて、損失にはそれが表れるのです。",
)

# %% [markdown] lang="en"
# ## Explicit and implicit, side by side
#
# The same network and images, with one cure at a time: **L2** and **dropout** are explicit; **early stopping** is implicit, and
# needs no new run, since the curve above says where to stop. **Augmentation** (データ拡張: flipped and shifted images, lesson
# 10) is called explicit by some authors (Zhang et al.) and implicit by others (Hernández-García and König). And one thing that
# is no regularisation at all: **five times as many images**, for about as many steps.

# %% [markdown] lang="ja"
# ## 明示的な正則化と暗黙的な正則化を並べる
#
# 同じネットワークと画像で、対策を一つずつ試します。**L2** と**ドロップアウト**は明示的な正則化です。**早期終了**は暗黙的で、新たに学習しなく
# ても、上の曲線を見れば止める場所がわかります。**データ拡張**(左右反転や平行移動、第 10 章)を明示的と呼ぶ著者(Zhang ら)も、暗黙的と呼ぶ著者
# (Hernández-García と König)もいます。最後に、正則化ではありませんが、**画像を 5 倍に**した場合も、ほぼ同じステップ数で試します。

# %%
CURES = {
    "L2": {"l2": 0.02},
    "dropout": {"dropout": 0.5, "dropout_at": "both"},
    "augmentation": {"augment": {"flip": 0.5, "translation": 0.1}},
}
for name, cure in CURES.items():
    runs[name] = [learn(dataset, fifth, **FREE | cure, seed=seed) for seed in SEEDS]
more = [learn(dataset, **FREE | {"epochs": 5}, seed=seed).history[-1] for seed in SEEDS]
ends = {name: [run.history[-1] for run in three] for name, three in runs.items()} | {"5 x images": more}
stopped = [rows[i] for rows, i in zip(free, best, strict=True)]
ends = {"nothing": ends.pop("nothing"), "early stopping": stopped} | ends
for name, rows in ends.items():
    print(f"{name:15} training loss {np.mean([row['loss'] for row in rows]):.2f}, validation",
          *(f"{row['val_loss']:.2f} ({100 * row['val_accuracy']:.0f} %)" for row in rows))  # fmt: skip

# %%
figure, axes = canvas()
for (name, three), marker in zip(runs.items(), "os^D", strict=True):
    losses = np.array([[row["val_loss"] for row in run.history] for run in three])
    axes[0, 0].plot(range(1, 25), losses.mean(0), marker=marker, markersize=5, label=name)
axes[0, 0].plot(np.mean(best) + 1, np.mean(lowest), "*", color="black", markersize=16, label="early stopping", zorder=5)
axes[0, 0].set(xlabel="epoch", ylabel="validation loss")
axes[0, 0].legend(fontsize=11)
show(
    figure, "Validation loss over 24 epochs without a cure, with L2, dropout and augmentation, and where to stop early."
)

# %%
loss = {name: float(np.mean([row["val_loss"] for row in rows])) for name, rows in ends.items()}
share = {name: float(np.mean([row["val_accuracy"] for row in rows])) for name, rows in ends.items()}
count = len(dataset.examples().indices["val"])
error = (share["nothing"] * (1 - share["nothing"]) / count) ** 0.5  # the standard error of a share

# %%
assert DATA or all(loss[name] < loss["nothing"] - 0.3 for name in loss if name != "nothing")
assert DATA or share["5 x images"] > share["nothing"] + error

# %%
listed = [f"{name} {loss[name]:.2f}" for name in loss if name != "nothing"]
cured = [100 * share[name] for name in ("early stopping", *CURES)]
say(
    f"**What was seen.** At the last epoch the validation loss is {loss['nothing']:.2f} with nothing, and lower with every cure: {', '.join(listed)}. "
    f"Of the accuracy no such thing can be said: {100 * share['nothing']:.0f} % with nothing, {min(cured):.0f} to {max(cured):.0f} % with a cure, and {count} "
    f"images alone leave it uncertain by ± {100 * error:.0f} points. The cures kept the network from being sure of what it did not know; they taught it nothing new. "
    f"More images did: {100 * share['5 x images']:.0f} % right. Early stopping needed no run of its own. But it chose the epoch of the best loss, which is not that "
    "of the best accuracy: which of the two to watch is your choice.",
    f"**わかったこと。** 最後のエポックの検証損失は、対策なしで {loss['nothing']:.2f}、どの対策でもそれより低くなりました:{'、'.join(listed)}。正解率については"
    f"そこまで言えません。対策なしで {100 * share['nothing']:.0f} %、対策ありで {min(cured):.0f} 〜 {max(cured):.0f} % ですが、検証画像が {count} 枚では "
    f"± {100 * error:.0f} ポイント程度の不確かさがあります。対策は、知らないことに自信を持ちすぎるのを防ぎましたが、新しいことを教えたわけではありません。"
    f"画像を増やすと、正解率は {100 * share['5 x images']:.0f} % に上がりました。早期終了には追加の学習が要りません。ただし、損失が最小の"
    "エポックと正解率が最高のエポックは別です。どちらを見て止めるかは、自分で決めることになります。",
)

# %% [markdown] lang="en"
# ## Where it breaks
#
# **A small training loss proves nothing.** Here are 120 images whose labels were shuffled: nothing about them can be learned,
# only remembered.

# %% [markdown] lang="ja"
# ## うまくいかないとき
#
# **訓練損失が小さくても、何の証明にもなりません。** 120 枚の画像のラベルをでたらめに入れ替えてみます。学べる規則は何もなく、暗記すること
# しかできません。

# %%
from scratch.train import accuracy

shares = []
for seed in SEEDS:
    shuffled = few[0], np.random.default_rng(seed).permutation(few[1])
    layers, _ = learn_stack(shuffled, validation, seed, rate=0.1, epochs=200, batch_size=30, depth=2, units=64)
    shares.append((accuracy(layers, *shuffled), accuracy(layers, *validation)))
print("right, training and validation:", *(f"{100 * a:.0f} % and {100 * b:.0f} %," for a, b in shares))
common = float(validation[1].mean(0).max())
print(f"always the most common class: {100 * common:.0f} % of validation")
assert DATA or min(a for a, _ in shares) > 0.95
assert DATA or max(b for _, b in shares) < common + 0.05

# %% [markdown] lang="en"
# - **Every cure costs**: a factor or rate that has to be chosen, and with dropout and augmentation more epochs, as every epoch shows
#   less, or other images.
# - **Too much of a cure is an illness**: a strong penalty or dropout gives underfitting, with *both* losses high. If the training
#   loss is high as well, a larger network or a longer training is the cure.
# - **"The more parameters, the more overfitting" is no law.** Very large networks, trained far beyond a training loss of 0, often
#   predict better again (*double descent*, 二重降下; Belkin et al. 2019, Nakkiran et al. 2019).
# - **L2 and weight decay** (重み減衰), which takes a share of each weight off, are the same for plain SGD; with
#   momentum, and for Adam (lesson 04), they are not.
# - **L2 before batch normalisation** (lesson 05) cannot make the answers smoother, as their size is normalised away: it acts on
#   the learning rate instead.
# - **Early stopping chooses by validation.** The validation figures of the chosen epoch are then a little too good, and a noisy
#   curve with a short patience stops too early. What the network is worth, the test split says, once (lesson 13).

# %% [markdown] lang="ja"
# - **どの対策にも代償があります。** 係数や割合を決めなければならず、ドロップアウトやデータ拡張では、必要なエポック数も増えます。
# - **薬も多すぎれば毒になります。** 罰則項やドロップアウトが強すぎると未学習になり、*両方の*損失が高くなります。訓練損失も高いときは、ネットワークを
#   大きくするか、学習を長くするべきです。
# - **「パラメータが多いほど過学習する」は法則ではありません。** 訓練損失が 0 になった先まで学習した非常に大きなネットワークは、しばしば再び
#   予測がよくなります(*二重降下*、double descent。Belkin ら 2019、Nakkiran ら 2019)。
# - **L2 と重み減衰**(weight decay:重みを一定の割合ずつ減らす)は、モーメンタムのない SGD では同じものですが、
#   モーメンタムや Adam(第 04 章)では違います。
# - **バッチ正規化**(第 05 章)**の前の L2** は、重みの大きさが正規化で打ち消されるため、出力をなめらかにはできません。代わりに、実質的な学習率に
#   影響します。
# - **早期終了は検証データで選びます。** そのため、選んだエポックの検証の成績は少しよく見えすぎます。また、曲線のばらつきが大きいのに
#   patience が短いと、早く止まりすぎます。ネットワークの本当の実力は、テストデータで一度だけ測ります(第 13 章)。

# %% [markdown] lang="en"
# ## Exercises
#
# Replace the dots, run the cell, and read what it says.
#
# **1.** The loss gets the penalty $l_1 \sum |w| + l_2 \sum w^2$. Given the gradients of the loss alone, return those of weights and
# bias with the penalty.

# %% [markdown] lang="ja"
# ## 演習
#
# `...` を書き換えてセルを実行し、表示を読んでください。
#
# **1.** 損失に罰則項 $l_1 \sum |w| + l_2 \sum w^2$ を加えます。損失だけの勾配が与えられたとき、罰則項を含めた重みの勾配とバイアスの勾配を
# 返してください。


# %%
def reg_gradients(w, b, grad_w, grad_b, l1, l2): ...


check(reg_gradients)

# %% [markdown] solution="reg_gradients"

# %% [markdown] lang="en"
# **2.** Dropout as in Keras: `kept` holds 1 for each value that is kept and 0 for each that is dropped at the rate `rate`;
# `training` is True or False.

# %% [markdown] lang="ja"
# **2.** Keras と同じ方式のドロップアウトです。`kept` は残す値が 1、落とす値が 0、`rate` は落とす割合、`training` は True か False です。


# %%
def reg_dropout(x, kept, rate, training): ...


check(reg_dropout)

# %% [markdown] solution="reg_dropout"

# %% [markdown] lang="en"
# **3.** Early stopping: `losses` are the validation losses of epochs 1, 2, 3, …. Training ends as soon as `patience` epochs in a
# row were no better than the best one, or when there are no more. Return the last epoch, and the epoch whose weights are kept.

# %% [markdown] lang="ja"
# **3.** 早期終了:`losses` はエポック 1、2、3、… の検証損失です。最良の値を更新しないエポックが `patience` 回続いたとき、または最後まで来た
# ときに終わります。最後に実行したエポックと、重みを採用するエポックの番号を返してください。


# %%
def reg_stopping(losses, patience): ...


check(reg_stopping)

# %% [markdown] solution="reg_stopping"

# %% [markdown] lang="en"
# ## Sources
#
# - Ridge: Hoerl, Kennard, *Ridge regression*, Technometrics 1970; lasso: Tibshirani, *Regression shrinkage and selection via the
#   lasso*, 1996; elastic net: Zou, Hastie, 2005; the polynomials: Bishop, *Pattern Recognition and Machine Learning*, 1.1
# - Dropout: Srivastava et al., JMLR 2014; https://keras.io/api/layers/regularization_layers/dropout/
# - Label smoothing: Szegedy et al., https://arxiv.org/abs/1512.00567; what it does and does not: Müller et al.,
#   https://arxiv.org/abs/1906.02629
# - Explicit and implicit; random labels: Zhang et al., https://arxiv.org/abs/1611.03530; augmentation: Hernández-García, König,
#   https://arxiv.org/abs/1806.03852
# - Double descent: Belkin et al., https://arxiv.org/abs/1812.11118; Nakkiran et al., https://arxiv.org/abs/1912.02292
# - L2 with batch normalisation: van Laarhoven, https://arxiv.org/abs/1706.05350
# - The flags: `python main.py train --l1 0.001 --l2 0.01 --dropout 0.5 --dropout-at both --patience 8 --label-smoothing 0.1`

# %% [markdown] lang="ja"
# ## 出典
#
# - リッジ:Hoerl, Kennard, *Ridge regression*, Technometrics 1970。ラッソ:Tibshirani, *Regression shrinkage and selection via the
#   lasso*, 1996。エラスティックネット:Zou, Hastie, 2005。多項式の例:Bishop, *Pattern Recognition and Machine Learning* 1.1
# - ドロップアウト:Srivastava et al., JMLR 2014。https://keras.io/api/layers/regularization_layers/dropout/
# - ラベル平滑化:Szegedy et al., https://arxiv.org/abs/1512.00567 その効果と限界:Müller et al., https://arxiv.org/abs/1906.02629
# - 明示的・暗黙的な正則化とでたらめなラベル:Zhang et al., https://arxiv.org/abs/1611.03530 データ拡張の位置づけ:Hernández-García, König,
#   https://arxiv.org/abs/1806.03852
# - 二重降下:Belkin et al., https://arxiv.org/abs/1812.11118 Nakkiran et al., https://arxiv.org/abs/1912.02292
# - バッチ正規化と L2:van Laarhoven, https://arxiv.org/abs/1706.05350
# - コマンドのフラグ:`python main.py train --l1 0.001 --l2 0.01 --dropout 0.5 --dropout-at both --patience 8 --label-smoothing 0.1`
