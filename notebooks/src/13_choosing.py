# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] lang="en"
# # 13 · Choosing honestly
#
# **Question.** I tried fifty settings and took the best. How good is it really, and how do I find out without fooling myself?
#
# **At the end you can** say what validation and test are for, divide images into folds in four ways, search settings on a
# log scale, and tell a real difference from luck.
#
# You need: softmax from lesson 01, epoch and backpropagation from 02, learning rate and mini-batch from 04. Time: about a minute and a
# half on two cores, without network.

# %% [markdown] lang="ja"
# # 13 · 公正なモデル選択
#
# **問い。** 五十通りの設定を試して、いちばん良いものを選びました。その実力は本当はどれくらいでしょうか。自分をだまさずに知るには、
# どうすればよいでしょうか。
#
# **この章を終えると**、検証データとテストデータの役割を説明し、画像を四通りの方法でフォールドに分け、対数スケールで設定を探索し、
# 本当の差と偶然の差を見分けられるようになります。
#
# 前提：第 01 章のソフトマックス、第 02 章のエポックと誤差逆伝播法、第 04 章の学習率とミニバッチ。所要時間：2 コアで約 1 分半、ネットワーク
# 接続は不要です。

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
# Training sets the weights. What *you* set is a *hyper-parameter* (ハイパーパラメータ): learning rate, number of epochs, batch
# size, image size, and so on. So there are three sets of images, for example 8:1:1 of all:
#
# | images | have a say in | may be looked at |
# |---|---|---|
# | training data (訓練データ) | the weights | always |
# | validation data (検証データ) | the hyper-parameters | as often as you choose |
# | test data (テストデータ) | nothing | once, at the end |
#
# **Every figure is a draw.** If a network is right with probability $p$, its *accuracy* (正解率, the share of right answers) on $n$
# images has a standard deviation (標準偏差) of $\sqrt{p(1-p)/n}$: 4 points for $p = 0.6$, $n = 150$.
#
# **A maximum picks up luck.** Take the best of $m$ equally good candidates whose figures have the standard deviation $\sigma$: on
# average it looks better than it is, by at most about $\sigma\sqrt{2 \ln m}$. This is *selection bias* (選択バイアス).
#
# **With few images, let everybody judge once.** *Cross-validation* (交差検証) divides the images into $k$ parts, the *folds*
# (フォールド). Each fold is judged by a model that learned from the other $k - 1$; the figure is the mean
# $\frac{1}{k}\sum_i a_i$ of the accuracies $a_i$.
# %% [markdown] lang="ja"
# ## 考え方
#
# 重みは学習で決まります。*あなた*が決めるもの、たとえば学習率、エポック数、バッチサイズ、画像サイズなどが*ハイパーパラメータ*
# （hyper-parameter）です。そこで画像を三つに分けます。たとえば 8:1:1 です。
#
# | 画像 | 決めるもの | 見てよい回数 |
# |---|---|---|
# | 訓練データ（training data） | 重み | 何度でも |
# | 検証データ（validation data） | ハイパーパラメータ | 選択のたびに |
# | テストデータ（test data） | なし | 最後に一度だけ |
#
# **どの数値も、くじ引きの結果です。** 確率 $p$ で正解するネットワークを $n$ 枚で評価すると、*正解率*（accuracy）の標準偏差は
# $\sqrt{p(1-p)/n}$ になります。$p = 0.6$、$n = 150$ なら 4 ポイントです。
#
# **最大値は運も拾います。** 実力が同じ $m$ 個の候補があり、評価値の標準偏差が $\sigma$ だとします。その中の最良のものは、平均すると実力より
# 最大でおよそ $\sigma\sqrt{2 \ln m}$ だけ良く見えます。これを*選択バイアス*（selection bias）といいます。
#
# **画像が少ないときは、どの画像も一度ずつ評価に使います。** *交差検証*（cross-validation）では、画像を $k$ 個の*フォールド*（fold）に
# 分け、各フォールドを、残りの $k - 1$ 個で学習したモデルで評価します。結果は正解率 $a_i$ の平均 $\frac{1}{k}\sum_i a_i$ です。
# %% [markdown] lang="en"
# ## Predict before you run
#
# 1. Fifty models are equally good in truth. The best of them on 150 validation images: how many points better than it is does it
#    look?
# 2. A *grid* tries every combination of three learning rates and three penalties; another search draws nine pairs at random.
#    Both cost nine trainings. How many different learning rates does each of them try?
# 3. In every fold, training is ended at the epoch that is best on the fold which judges. Is the mean of the folds then too high,
#    too low or right?
# %% [markdown] lang="ja"
# ## 実行する前に予想しよう
#
# 1. 実力がまったく同じモデルが五十個あります。150 枚の検証データで最良だったものは、実力より何ポイント良く見えるでしょうか。
# 2. *グリッド*は学習率 3 通りと罰則 3 通りのすべての組み合わせを試します。もう一つの方法は 9 組を無作為に選びます。どちらも学習は
#    9 回です。それぞれ何通りの学習率を試すことになるでしょうか。
# 3. どのフォールドでも、評価に使うフォールドで最良だったエポックで学習を止めます。平均は高すぎる、低すぎる、正しい、のどれでしょうか。
# %% [markdown] lang="en"
# ## Run: in plain NumPy
#
# To see luck, one has to repeat things hundreds of times. So the images are shrunk to 4 × 4 pixels, a vector of 48 numbers, and the
# model is *least squares* (最小二乗法), a regression as in lesson 00 with one output for each class, whose best weights are found
# by solving an equation, in a thousandth of a second. It is a weak model,
# hardly better than always naming the commonest class; luck works on a good one in the same way. For this study all images are put together and split anew again and again: first sixty
# times into 8:1:1.

# %% [markdown] lang="ja"
# ## 実行：NumPy だけで
#
# 運を目に見えるようにするには、何百回も繰り返す必要があります。そこで画像を 4 × 4 画素、つまり 48 個の数のベクトルに縮め、モデルには
# *最小二乗法*（least squares）を使います。第 00 章の回帰の出力をクラスの数だけ並べたもので、最良の重みは方程式を解くだけで求まり、
# 1000 分の 1 秒で終わります。いつも最多のクラスを答えるのと大差ない弱いモデルですが、運の
# 働き方は良いモデルでも同じです。この実験ではすべての画像を一つにまとめ、何度も分割し直します。まずは 8:1:1 の分割を 60 回です。

# %%
from functools import partial

import numpy as np

from lessons import canvas, check, learn, read, say, show, trials, vectors
from scratch import ensemble
from scratch import model_selection as select

parts = vectors.of(read(DATA, image_size=32), side=4)
x, t = (np.concatenate([part[place] for part in parts.values()]) for place in (0, 1))
labels, rng = t.argmax(axis=1), np.random.default_rng(SEEDS[0])
fit = partial(ensemble.fit_least_squares, classes=t.shape[1], penalty=10.0)
tenth = len(x) // 10
print(f"{len(x):,} images as vectors of {x.shape[1]} numbers; a tenth of them is {tenth}")

# %%
scores = []
for _ in range(60):
    validation, test, train = np.split(rng.permutation(len(x)), [tenth, 2 * tenth])
    learner = fit(x[train], labels[train])
    scores.append([100 * select.accuracy(learner, x[rows], labels[rows]) for rows in (validation, test)])
scores = np.array(scores)
p = scores.mean() / 100
expected, seen = 100 * np.sqrt(p * (1 - p) / tenth), scores[:, 1].std()
assert 0.7 < seen / expected < 1.4
say(
    f"**What was seen.** One and the same method is right in {scores[:, 1].min():.0f} to {scores[:, 1].max():.0f} % of the test "
    f"images, only because the split is another. The standard deviation is {seen:.1f} points; the formula says {expected:.1f}.",
    f"**わかったこと。** まったく同じ方法なのに、分割が違うだけで、テストデータの正解率は {scores[:, 1].min():.0f} % から {scores[:, 1].max():.0f} % "
    f"まで変わりました。標準偏差は {seen:.1f} ポイントで、式の値は {expected:.1f} ポイントです。",
)

# %% [markdown] lang="en"
# ## Four ways to make folds
#
# - **k-fold** (k 分割交差検証): shuffle, and deal the images out to $k$ folds like cards.
# - **stratified** (層化): deal out class after class, so that each fold has its share of every class.
# - **repeated** (反復): the same several times over, shuffled anew; the mean of all.
# - **leave-one-out** (一つ抜き): as many folds as images; each image is judged by a model that learned from all the others.
#
# Say there are 40 images of one class and only 10 of a rare one. How many rare ones are in each of five folds?

# %% [markdown] lang="ja"
# ## フォールドの作り方は四通り
#
# - **k 分割**（k-fold）：シャッフルして、トランプのように $k$ 個のフォールドへ配ります。
# - **層化**（stratified）：クラスごとに順に配り、どのフォールドにも各クラスが同じ割合で入るようにします。
# - **反復**（repeated）：シャッフルし直して何度か行い、全体の平均を取ります。
# - **一つ抜き**（leave-one-out）：画像の枚数だけフォールドを作ります。各画像を、残りすべてで学習したモデルで評価します。
#
# あるクラスの画像が 40 枚、まれなクラスの画像が 10 枚だけあるとします。五つのフォールドに、まれな画像は何枚ずつ入るでしょうか。

# %%
rare = np.repeat([0, 1], [40, 10])
for name, folds in {
    "k-fold": select.k_folds(50, 5, rng),
    "stratified": select.stratified_folds(rare, 5, rng),
}.items():
    print(f"{name:10} rare images in each fold:", [int(rare[fold].sum()) for fold in folds])

# %% [markdown] lang="en"
# Now somebody who has only 120 images estimates the accuracy of the method. The others, which this person does not have, tell the
# truth. All this is done forty times, with other images.

# %% [markdown] lang="ja"
# 次に、画像を 120 枚しか持っていない人が、この方法の正解率を推定します。その人が持っていない残りの画像が、本当の値を教えてくれます。
# これを画像を入れ替えて 40 回行います。

# %%
errors = {name: [] for name in ("one split", "5-fold", "stratified 5-fold", "repeated 10 ×", "leave-one-out")}
for _ in range(40):
    own, others = np.split(rng.permutation(len(x)), [120])
    mine, classes = x[own], labels[own]
    truth = select.accuracy(fit(mine, classes), x[others], labels[others])
    stratified = select.repeated_folds(classes, 5, 10, rng)
    ways = [[stratified[0][:1]], [select.k_folds(120, 5, rng)], stratified[:1], stratified, [select.leave_one_out(120)]]
    for name, repeats in zip(errors, ways, strict=True):
        found = np.mean([np.mean(select.cross_validate(mine, classes, folds, fit)) for folds in repeats])
        errors[name].append(100 * (found - truth))

# %% [markdown] lang="en"
# ## Picture

# %% [markdown] lang="ja"
# ## 図で見る

# %%
figure, axes = canvas()
for place, values in enumerate(errors.values()):
    jitter = np.random.default_rng(place).uniform(-0.2, 0.2, len(values))
    axes[0, 0].plot(values, place + jitter, "o", markersize=5, alpha=0.6)
axes[0, 0].axvline(0, color="#888888", linewidth=1)
axes[0, 0].set_yticks(range(len(errors)), list(errors))
axes[0, 0].invert_yaxis()
axes[0, 0].set(xlabel="estimate minus truth, points of accuracy")
show(
    figure,
    "Errors of five estimates from 120 images, forty times each: one split is spread about twice as wide as the others.",
)

# %%
off = {name: float(np.sqrt(np.mean(np.square(values)))) for name, values in errors.items()}
folds_off = [off[name] for name in off if name != "one split"]
assert off["one split"] > 1.25 * max(folds_off)
assert max(folds_off) < 1.5 * min(folds_off)
say(
    f"**What was seen.** The estimate from one split is off by {off['one split']:.1f} points (root mean square), cross-validation by "
    f"{min(folds_off):.1f} to {max(folds_off):.1f}: each of the 120 images judges, not 24 of them. Which folds matters much less. "
    "Textbooks say that leave-one-out varies more than 5-fold; with least squares here that is hardly to be seen, with "
    f"{off['leave-one-out']:.1f} points against {off['5-fold']:.1f} and {off['stratified 5-fold']:.1f}. "
    "Stratifying is no gain here, as no class is rare.",
    f"**わかったこと。** 推定の誤差（二乗平均平方根）は、1 回の分割では {off['one split']:.1f} ポイント、交差検証では {min(folds_off):.1f}〜"
    f"{max(folds_off):.1f} ポイントでした。24 枚ではなく 120 枚すべてが評価に使われるからです。フォールドの作り方の影響は、それよりずっと小さい"
    "ものでした。教科書には「一つ抜きは 5 分割よりばらつきが大きい」とありますが、この最小二乗法ではほとんど見られません"
    f"（{off['leave-one-out']:.1f} ポイントに対し、{off['5-fold']:.1f} と {off['stratified 5-fold']:.1f}）。まれなクラスがないので、層化の効果もありません。",
)

# %% [markdown] lang="en"
# ## The best of fifty
#
# Fifty models that differ in nothing but luck: before least squares the vectors go through a hidden layer whose weights are random
# and never trained, with another *random seed* (乱数シード, the number from which a computer's random numbers begin) for each model.
# The best on validation is taken, and then asked for the test data. Twenty times, with other splits.

# %% [markdown] lang="ja"
# ## 五十個の中の最良
#
# 運のほかに違いのない、五十個のモデルを用意します。最小二乗法の前に、重みが無作為で学習もしない隠れ層を置き、モデルごとに*乱数シード*
# （random seed、乱数列の出発点となる数）を変えます。検証データで最良のものを選び、それをテストデータで評価します。分割を変えて 20 回
# 行います。

# %%
found = np.zeros((2, 20, 50))  # validation or test, split, model
for split in range(20):
    *judges, train = np.split(rng.permutation(len(x)), [tenth, 2 * tenth])
    for model in range(50):
        weights = np.random.default_rng(50 * split + model).normal(0, 1 / 7, (x.shape[1], 64))
        hidden = np.maximum(x @ weights, 0)
        learner = fit(hidden[train], labels[train])
        found[:, split, model] = [100 * select.accuracy(learner, hidden[rows], labels[rows]) for rows in judges]
winners = np.array([select.best_so_far(scores) for scores in found[0]])
on_validation, on_test = (np.take_along_axis(scores, winners, axis=1).mean(axis=0) for scores in found)

# %%
figure, axes = canvas()
axes[0, 0].plot(range(1, 51), on_validation, label="winner on validation, which chose it")
axes[0, 0].plot(range(1, 51), on_test, "--", label="the same winner on test")
axes[0, 0].axhline(found[1].mean(), color="#888888", linewidth=1)
axes[0, 0].text(1, found[1].mean() - 0.15, "mean of all fifty on test", ha="left", va="top", fontsize=11)
axes[0, 0].set(xlabel="models tried", ylabel="accuracy, %", ylim=(found[1].mean() - 2, on_validation[-1] + 2))
axes[0, 0].legend(fontsize=11, loc="upper left")
show(figure, "The more models are tried, the better the winner looks on validation; on test it stays where it was.")

# %%
flattery, gain = on_validation[-1] - on_test[-1], on_test[-1] - found[1].mean()
assert flattery > 2
assert abs(gain) < 2.5
say(
    f"**What was seen.** The best of fifty seeds is right in {on_validation[-1]:.1f} % of validation and {on_test[-1]:.1f} % of test: "
    f"{flattery:.1f} points were luck. On test it is about as good as any of them (mean {found[1].mean():.1f} %). A seed is noise: "
    "never choose one, and never report the best of several seeds.",
    f"**わかったこと。** 50 個のシードの中で最良のものは、検証データで {on_validation[-1]:.1f} %、テストデータで {on_test[-1]:.1f} % でした。"
    f"{flattery:.1f} ポイントは運です。テストデータでは、ほかのものとほぼ同じです（平均 {found[1].mean():.1f} %）。シードはノイズにすぎません。"
    "シードを選んだり、いくつかのシードの最良の値を報告したりしてはいけません。",
)

# %% [markdown] lang="en"
# ## Grid search or random search?
#
# A learning rate of 0.01 or 0.02: that matters. 10.01 or 10.02: it does not. What counts is the ratio, so rates are tried on a *log scale*
# (対数スケール), where every power of ten is as likely as another: $\eta = \text{low} \cdot (\text{high}/\text{low})^u$ with $u$ uniform
# from 0 to 1.
#
# *Grid search* (グリッドサーチ) tries all combinations of some values; *random search* (ランダムサーチ) draws each trial anew. Nine
# trials each, of a learning rate from 10⁻⁵ to 100 and an L2 penalty from 10⁻⁶ to 10⁻² (a small pull of all weights towards 0, lesson
# 06), for a *softmax regression*, one layer of weights with softmax, in three epochs. In each of 250 repeats the grid is shifted by
# chance, so that it owes nothing to lucky values.

# %% [markdown] lang="ja"
# ## グリッドサーチか、ランダムサーチか
#
# 学習率 0.01 と 0.02 の差は大切ですが、10.01 と 10.02 の差はどうでもよいものです。意味があるのは比なので、学習率は*対数スケール*
# （log scale）で試します。10 の何乗の区間も同じ確率で選ばれるように、$u$ を 0 から 1 の一様乱数として
# $\eta = \text{low} \cdot (\text{high}/\text{low})^u$ とします。
#
# *グリッドサーチ*（grid search）はいくつかの値のすべての組み合わせを試し、*ランダムサーチ*（random search）は 1 回ごとに値を引き直します。
# 試すのは 9 回ずつ、学習率は 10⁻⁵ から 100、L2 の罰則は 10⁻⁶ から 10⁻²（すべての重みを少し 0 へ引く力、第 06 章）です。モデルは
# *ソフトマックス回帰*（重みの層 1 枚とソフトマックス）、3 エポックです。グリッドが幸運な値に助けられないよう、250 回の繰り返しごとに
# グリッドを無作為にずらします。

# %%
LOW, HIGH = np.array([1e-5, 1e-6]), np.array([1e2, 1e-2])  # rate, penalty
tried = {"grid": [], "random": []}
for _ in range(250):
    steps = (np.arange(3)[:, None] + rng.random(2)) / 3
    tried["grid"].append(select.log_uniform(LOW, HIGH, select.grid(*steps.T)))
    tried["random"].append(select.log_uniform(LOW, HIGH, rng.random((9, 2))))
tried["random, linear"] = [LOW + (HIGH - LOW) * rng.random((9, 2)) for _ in range(25)]
losses = {
    name: np.array([[trials.validation_loss(parts["train"], parts["val"], *pair) for pair in nine] for nine in repeats])
    for name, repeats in tried.items()
}
best = {name: values.min(axis=1) for name, values in losses.items()}

# %%
figure, axes = canvas(1, 3, 3.4, sharey=True)
for ax, (name, repeats) in zip(axes[0], tried.items(), strict=True):
    (rates, penalties), floor = repeats[0].T, LOW[1] / 3
    ax.plot(rates, penalties, "o")
    ax.plot(rates, np.full(9, floor), "|", markersize=14, color="#D55E00")
    ax.set(xscale="log", yscale="log", xlim=(3e-6, 3e2), ylim=(LOW[1] / 6, 2e-2), xticks=[1e-4, 1e-1, 1e2])
    ax.set_title(name, fontsize=13)
axes[0, 0].set_ylabel("L2 penalty")
axes[0, 1].set_xlabel("learning rate (ticks at the bottom: the rates tried)")
show(
    figure,
    "Nine trials each: the grid tries three learning rates, the random search nine; drawn on a linear scale nearly all are above 1.",
)

# %%
middle = {name: float(np.median(values)) for name, values in best.items()}
wins = int((best["random"] < best["grid"]).sum())
assert middle["random, linear"] > 1.5 * max(middle["grid"], middle["random"])
assert wins > 140  # 110 to 140 of 250 is what tosses of a coin give in 95 % of cases
say(
    f"**What was seen.** The best of nine has, in the median of the repeats, a validation loss of {middle['grid']:.3f} by grid and "
    f"{middle['random']:.3f} by random search, which wins {wins} times of 250; chance alone would give 110 to 140. The penalty hardly "
    "matters here, so the grid spends its nine trainings on three learning rates, and random search on nine. The gain is small beside that of the log scale: drawn "
    f"linearly, nearly all rates are too large, and the loss is {middle['random, linear']:.1f}.",
    f"**わかったこと。** 9 回の中で最良の検証損失は、繰り返しの中央値で、グリッドサーチが {middle['grid']:.3f}、ランダムサーチが "
    f"{middle['random']:.3f} でした。250 回のうち {wins} 回はランダムサーチの勝ちです（互角なら偶然の範囲は 110〜140 回です）。ここでは罰則が"
    "ほとんど影響しないので、グリッドは 9 回の学習で学習率を 3 通り、ランダムサーチは 9 通り試すことになります。ただし、その差は対数スケールの効果に比べれば小さなものです。線形スケールで引くと、ほとんどの"
    f"学習率が大きすぎ、損失は {middle['random, linear']:.1f} になりました。",
)

# %% [markdown] lang="en"
# ## A search that learns from its trials
#
# `python main.py tune` searches, by default, by the *tree-structured Parzen estimator*, TPE (木構造パルツェン推定器). It begins
# with ten random trials. Then it divides all trials so far into a good part and the rest, and makes of each a density (密度), a
# sum of small bells around its values: $l(x)$ of the good, $g(x)$ of the rest. Of some values drawn from $l$, the one with the
# largest $l(x) / g(x)$ is tried next. The cost: trials come one after the other, and a search that believes its first finds can
# miss a better place. Here with bells of one width for the learning rate alone, whose losses are worked out beforehand.

# %% [markdown] lang="ja"
# ## 試した結果から学ぶ探索
#
# `python main.py tune` は、指定しなければ*木構造パルツェン推定器*（tree-structured Parzen estimator、TPE）で探索します。最初の 10 回は無作為です。
# その後は、それまでの試行を良いものと残りに分け、それぞれの値のまわりに小さな釣鐘形を重ねて密度（density）を作ります。良いほうが $l(x)$、残りが
# $g(x)$ です。$l$ から引いたいくつかの値のうち、$l(x) / g(x)$ が最大のものを次に試します。代償として、試行は順番に行うことになり、初めの結果を
# 信じすぎて、もっと良い場所を見逃すこともあります。ここでは学習率だけを、幅が一定の釣鐘形で探索します。損失はあらかじめ計算しておきます。

# %%
steps, luck = np.linspace(0, 1, 29), np.random.default_rng(1)
pairs = select.log_uniform(LOW, HIGH, select.grid(steps, np.linspace(0, 1, 9)))  # 29 rates, 9 penalties each
surface = np.array([trials.validation_loss(parts["train"], parts["val"], *pair) for pair in pairs]).reshape(29, 9)
surface = np.minimum(surface, 1000)  # where it diverged
lowest, searches = {"random": [], "TPE": []}, luck.random((200, 20))
for search in searches:
    lowest["random"].append(np.interp(search, steps, surface.mean(axis=1)).min())
    for n in range(10, 20):
        by_loss = search[:n][np.interp(search[:n], steps, surface.mean(axis=1)).argsort()]
        good, rest = by_loss[: n // 4], by_loss[n // 4 :]
        drawn = np.clip(luck.choice(good, 24) + luck.normal(0, 0.1, 24), 0, 1)
        bells = [np.exp(-(((drawn[:, None] - own) / 0.1) ** 2) / 2).mean(axis=1) for own in (good, rest)]
        search[n] = drawn[((bells[0] + 0.1) / (bells[1] + 0.1)).argmax()]  # 0.1: nowhere is a density 0
    lowest["TPE"].append(np.interp(search, steps, surface.mean(axis=1)).min())

# %%
missed = {name: np.median(values) - surface.mean(axis=1).min() for name, values in lowest.items()}
ahead = np.mean(np.array(lowest["TPE"]) < np.array(lowest["random"]))
assert missed["TPE"] < missed["random"]
assert ahead > 0.6
say(
    f"**What was seen.** Of 200 searches with 20 trials each, the ten last ones drawn by TPE instead of by chance, TPE ends lower in {100 * ahead:.0f} %. In the "
    f"median it misses the lowest loss by {missed['TPE']:.4f}, random search by {missed['random']:.4f}. Both are near: TPE saves trials; it cannot mend a wrong search space.",
    f"**わかったこと。** 20 回の試行を 200 組行い、後半の 10 回を無作為ではなく TPE で選ぶと、{100 * ahead:.0f} % の組で TPE のほうが低い損失で終わりました。最小の損失との差は、"
    f"中央値で TPE が {missed['TPE']:.4f}、ランダムサーチが {missed['random']:.4f} です。どちらも小さな差です。TPE が節約するのは試行の回数で、探索範囲の誤りは直せません。",
)

# %% [markdown] lang="en"
# ## Few epochs for most, and which setting matters
#
# *Successive halving* (逐次半減法) saves epochs: all trials begin with a few, the best third goes on to three times as many, the
# best third of those to three times as many again. Whoever is slow at first is lost, even if it would have won. `tune` lets a
# trial go on only if it is among the best third of those that came as far.
#
# The *importance of a setting* (設定の重要度) is the share of the variance of all results $f$ that goes with this setting $x_i$
# alone, $\mathrm{Var}(\mathbb{E}[f \mid x_i]) / \mathrm{Var}(f)$: *functional analysis of variance*, fANOVA. On a full grid the
# means are plain ones, as here; `tune` asks a random forest (ランダムフォレスト) fitted to its trials, from 20 on. It holds for
# the space searched: make the range of a setting narrow, and it matters less.

# %% [markdown] lang="ja"
# ## 多くは少ないエポックで打ち切る、そしてどの設定が効くのか
#
# *逐次半減法*（successive halving）はエポックを節約します。すべての試行を少ないエポックで始め、上位 3 分の 1 だけを 3 倍のエポックへ、そのまた
# 上位 3 分の 1 だけをさらに 3 倍のエポックへ進めます。最初に遅いものは、最後には勝つはずだったとしても失われます。`tune` は、そこまで進んだ試行の
# 上位 3 分の 1 に入るものだけを先へ進めます。
#
# *設定の重要度*（importance of a setting）は、すべての結果 $f$ の分散のうち、その設定 $x_i$ だけで決まる割合
# $\mathrm{Var}(\mathbb{E}[f \mid x_i]) / \mathrm{Var}(f)$ です。これを*関数的分散分析*（fANOVA）といいます。すべての格子点があれば、
# ここのようにただの平均で求まります。`tune` は、20 回以上の試行に当てはめた*ランダムフォレスト*（random forest）に尋ねます。値は探索した
# 範囲についてのものです。ある設定の範囲を狭めれば、その重要度は下がります。

# %%
left = {"halving": [], "all to the end": [], "nine to the end": []}
for _ in range(10):
    chosen = select.log_uniform(LOW, HIGH, luck.random((27, 2)))
    after = np.array([trials.validation_losses(parts["train"], parts["val"], *pair, epochs=9) for pair in chosen])
    going_on = after[:, 0].argsort()[:9]  # 27 for one epoch, 9 for three, 3 for nine
    going_on = going_on[after[going_on, 2].argsort()[:3]]
    for name, rows in zip(left, (going_on, range(27), range(9)), strict=True):
        left[name].append(after[rows, 8].min())
print("lowest loss, mean of ten searches:", {name: round(float(np.mean(values)), 3) for name, values in left.items()})
f = np.log(surface) - np.log(surface).mean()
shares = [np.mean(f.mean(axis=axis) ** 2) / np.mean(f**2) for axis in (1, 0)]  # of the rate, of the penalty

# %%
same = int(np.sum(np.isclose(left["halving"], left["all to the end"])))
assert np.mean(left["halving"]) < np.mean(left["nine to the end"])
assert shares[0] > 0.8 > 0.1 > shares[1]
say(
    f"**What was seen.** Halving takes {27 + 9 * 2 + 3 * 6} epochs where 27 trials in full take {27 * 9}, and ends with the same winner in {same} of 10 searches; nine trials in full, "
    f"{9 * 9} epochs, end at {np.mean(left['nine to the end']):.3f} instead of {np.mean(left['halving']):.3f}. Of the variance of the log loss {100 * shares[0]:.1f} % go with the learning rate, "
    f"{100 * shares[1]:.1f} % with the penalty, {100 * (1 - sum(shares)):.1f} % with both together. So the grid above wasted its trials on the penalty.",
    f"**わかったこと。** 逐次半減法のエポックは合計 {27 + 9 * 2 + 3 * 6} で、27 回の試行を最後まで行う {27 * 9} エポックよりずっと少なく済み、10 回の探索のうち {same} 回で同じ勝者に着きました。"
    f"9 回の試行を最後まで行う場合（{9 * 9} エポック）の損失は {np.mean(left['nine to the end']):.3f} で、逐次半減法は {np.mean(left['halving']):.3f} です。対数損失の分散のうち、"
    f"{100 * shares[0]:.1f} % が学習率、{100 * shares[1]:.1f} % が罰則、{100 * (1 - sum(shares)):.1f} % が両者の組み合わせによるものでした。上のグリッドは、試行の多くを罰則のために無駄にしていたのです。",
)

# %% [markdown] lang="en"
# ## Early stopping inside the folds
#
# *Early stopping* (早期終了) ends a training where validation is best. Inside a fold it is tempting to let the fold that judges say
# when. Then it has had a say in the choice. A small network, 200 images, five folds, ten repeats; the other images tell the truth about
# the very same weights. Beside it: 20 epochs, fixed before anything was run.

# %% [markdown] lang="ja"
# ## フォールドの中の早期終了
#
# *早期終了*（early stopping）は、検証データで最良のところで学習を止めます。交差検証では、評価に使うフォールドに「いつ止めるか」も決めさせたく
# なりますが、そうするとそのフォールドが選択に関わってしまいます。小さなネットワーク、画像 200 枚、5 分割、10 回の反復で試します。同じ重みの
# 本当の正解率は、残りの画像が教えてくれます。比べる相手は、実行前に 20 エポックと決めておく方法です。

# %%
curves = []  # of each fold: epoch, judge (the fold, fresh images)
for repeat in range(10):
    own, fresh = np.split(rng.permutation(len(x)), [200])
    for fold in select.stratified_folds(labels[own], 5, rng):
        rows = [np.delete(own, fold), own[fold], fresh]
        train, *judges = [(x[of], t[of]) for of in rows]
        curves.append(trials.accuracies(train, judges, epochs=40, seed=repeat))
curves = 100 * np.array(curves)
stopped = np.array([curve[curve[:, 0].argmax()] for curve in curves]).mean(axis=0)
fixed = curves[:, 19].mean(axis=0)

# %%
figure, axes = canvas()
axes[0, 0].plot(range(1, 41), curves[:, :, 0].mean(axis=0), label="the folds, epoch by epoch")
axes[0, 0].plot(range(1, 41), curves[:, :, 1].mean(axis=0), "--", label="fresh images")
axes[0, 0].axhline(stopped[0], color="#009E73", linestyle=":")
axes[0, 0].text(40, stopped[0] - 0.4, "each fold at its own best epoch", ha="right", va="top", fontsize=11)
axes[0, 0].set(xlabel="epoch", ylabel="accuracy, %")
axes[0, 0].legend(fontsize=11, loc="lower right")
show(
    figure,
    "Mean accuracy of the folds and of fresh images run together; the mean of each fold's best epoch lies well above both.",
)

# %%
too_good, honest = stopped[0] - stopped[1], fixed[0] - fixed[1]
assert too_good > 3
assert abs(honest) < too_good - 1
say(
    f"**What was seen.** Where each fold chooses its own epoch, it says {stopped[0]:.1f} %; fresh images say {stopped[1]:.1f} % of the "
    f"same weights. At 20 epochs, fixed first, it is {fixed[0]:.1f} % against {fixed[1]:.1f} %; what is left is the luck of which 200 images. `python main.py crossval` fixes the epochs "
    "too; with `--early-stopping` it says that its figure is too good.",
    f"**わかったこと。** フォールドごとに最良のエポックを選ばせると正解率は {stopped[0]:.1f} % ですが、同じ重みを新しい画像で評価すると "
    f"{stopped[1]:.1f} % でした。先に 20 エポックと決めておくと {fixed[0]:.1f} % と {fixed[1]:.1f} % で、残る差は 200 枚の選ばれ方による偶然です。`python main.py crossval` もエポック数を"
    "先に決めます。`--early-stopping` を付けると、値が良すぎることを表示します。",
)

# %% [markdown] lang="en"
# ## Run: batch size and resolution, in Keras
#
# Batch size and *resolution* (解像度, the size to which images are shrunk) are hyper-parameters too, and both are paid for. So
# write beside each accuracy its time, and the memory of all layers' outputs for one batch, which training keeps for
# backpropagation. LeNet over three seeds, four epochs; one row has fifteen, so that batches of 128 make about as many steps as those
# of 32. The accuracy is that of the last epoch.

# %% [markdown] lang="ja"
# ## 実行：バッチサイズと解像度を Keras で
#
# バッチサイズや*解像度*（resolution、画像を縮める大きさ）もハイパーパラメータで、どちらにも費用がかかります。そこで正解率の横に、時間と、1 バッチ分の
# 全層の出力が占めるメモリ（誤差逆伝播のために学習中は保持されます）を書きます。LeNet を三つのシードで 4 エポック学習します。1 行だけ
# 15 エポックなのは、128 枚のバッチのステップ数を 32 枚のバッチとほぼ同じにするためです。正解率は最後のエポックのものです。

# %%
import time

from lessons.costs import activation_megabytes

SETTINGS = [(32, 32, 4), (48, 32, 4), (64, 32, 4), (32, 128, 4), (32, 128, 15)]  # image size, batch size, epochs
results, fixed_settings = {}, {"optimizer": "adam", "learning_rate": 0.002, "schedule": "constant", "augment": {}}
for size, batch, epochs in SETTINGS:
    dataset, began = read(DATA, image_size=size), time.perf_counter()
    runs = [learn(dataset, batch_size=batch, epochs=epochs, seed=seed, **fixed_settings) for seed in SEEDS]
    right = [100 * run.history[-1]["val_accuracy"] for run in runs]
    losses = [run.history[-1]["loss"] for run in runs]
    results[size, batch, epochs] = right, losses, (time.perf_counter() - began) / len(runs)
    memory = activation_megabytes(runs[0].network, batch)
    told = " ".join(f"{value:.1f}" for value in right), f"{results[size, batch, epochs][2]:.1f} s, {memory:.1f} MB"
    print(f"{size} pixels, batch {batch:3}, {epochs:2} epochs: {told[0]} % of validation, {told[1]}")

# %%
mean, lost = ({key: np.mean(value[part]) for key, value in results.items()} for part in (0, 1))
base, wide, long = (32, 32, 4), (64, 32, 4), (32, 128, 15)
spread = max(np.ptp(right) for right, _, _ in results.values())
assert lost[wide] < lost[base] - 0.1
assert lost[long] < lost[base] - 0.05
assert mean[long] > mean[base] - 5
say(
    f"**What was seen.** Seeds alone move the accuracy by up to {spread:.1f} points: between two single trainings, a smaller difference says nothing. At 64 pixels the training "
    f"loss falls to {lost[wide]:.2f}, at 32 to {lost[base]:.2f}, for four times the memory; validation gives {mean[wide]:.1f} and "
    f"{mean[base]:.1f} %. Batches of 128 for as many steps, which is four times as many images, reach {lost[long]:.2f} and {mean[long]:.1f} %.",
    f"**わかったこと。** シードの違いだけで正解率は最大 {spread:.1f} ポイント動きます。1 回ずつの学習を比べるだけでは、それより小さな差からは何も言えません。訓練損失は 64 画素で "
    f"{lost[wide]:.2f}、32 画素で {lost[base]:.2f} まで下がり、メモリは約 4 倍です。検証データの正解率は {mean[wide]:.1f} % と {mean[base]:.1f} % でした。"
    f"128 枚のバッチを同じステップ数だけ（画像は 4 倍）学習すると、損失 {lost[long]:.2f}、正解率 {mean[long]:.1f} % になりました。",
)

# %% [markdown] lang="en"
# ## More than chance? A test over seeds
#
# Two settings, trained with the same $n$ seeds, differ by $d_1, \dots, d_n$. The *paired t-test* (対応のある t 検定) asks how
# often chance alone would bring a mean as far from 0 as $\bar d$: $t = \bar d / (s / \sqrt n)$, with $s$ the standard deviation
# of the $d_i$, is compared with Student's distribution of $n - 1$ degrees of freedom (自由度), and $p$ is the share of it beyond
# $\pm t$. It takes for granted that differences scatter like a bell; pairs help, as trainings of one seed share their first
# weights and the order of the images.
#
# Among many pairs some lie below $p = 0.05$ by luck. *Holm's method* (ホルムの方法) multiplies the smallest of $m$ values of $p$
# by $m$, the next by $m - 1$, and so on, and lets none be smaller than the one before: then even a single false alarm comes
# about in at most 5 % of cases. `compare --vary … --seeds 5` does both. The price: true differences need more seeds to be seen.

# %% [markdown] lang="ja"
# ## 偶然以上の差か：シードにわたる検定
#
# 同じ $n$ 個のシードで学習した二つの設定の差を $d_1, \dots, d_n$ とします。*対応のある t 検定*（paired t-test）は、偶然だけで平均
# $\bar d$ がこれほど 0 から離れる確率を調べます。$d_i$ の標準偏差を $s$ として $t = \bar d / (s / \sqrt n)$ を求め、自由度（degrees of
# freedom）$n - 1$ の t 分布で $\pm t$ より外側の割合を $p$ とします。差が釣鐘形に散らばることが前提です。シードが同じなら重みの初期値と画像の順番も
# 同じなので、組にすると差が見えやすくなります。
#
# たくさんの組を比べると、偶然 $p = 0.05$ を下回るものが出てきます。*ホルムの方法*（Holm's method）は、$m$ 個の $p$ のうち最小のものを $m$ 倍、次を
# $m - 1$ 倍、… とし、前のものより小さくならないようにします。こうすると、誤った判定が一つでも出る確率が 5 % 以下になります。
# `compare --vary … --seeds 5` は両方を行います。代償として、本当の差を見つけるのに、より多くのシードが必要です。

# %%
from itertools import combinations

from scipy import stats

drawn = np.random.default_rng(SEEDS[0]).normal(size=(2000, 5, 5))  # rounds; five equal settings; five seeds of each
d = np.stack([drawn[:, a] - drawn[:, b] for a, b in combinations(range(5), 2)], axis=1)  # ten pairs a round
p = 2 * stats.t.sf(np.abs(d.mean(axis=2) / (d.std(axis=2, ddof=1) / np.sqrt(5))), df=4)
holm = np.minimum(np.maximum.accumulate(np.sort(p, axis=1) * np.arange(10, 0, -1), axis=1), 1)
alarms = [100 * np.mean(values.min(axis=1) < 0.05) for values in (p, holm)]
points = np.subtract(results[wide][0], results[base][0])
ours = float(2 * stats.t.sf(abs(points.mean()) / (points.std(ddof=1) / np.sqrt(len(points))), df=len(points) - 1))

# %%
assert np.allclose(p[0, 0], stats.ttest_rel(drawn[0, 0], drawn[0, 1]).pvalue)
assert alarms[1] <= 6 < 15 < alarms[0]
say(
    f"**What was seen.** Among five *equal* settings some pair has p below 0.05 in {alarms[0]:.0f} % of the rounds; by Holm's method in {alarms[1]:.1f} %. For 64 against 32 pixels above, "
    f"the differences are {', '.join(f'{value:+.1f}' for value in points)} points, and p = {ours:.2f}: three seeds are few, and a difference that is not seen may still be there.",
    f"**わかったこと。** *まったく同じ*五つの設定でも、{alarms[0]:.0f} % の回で、どれかの組の p が 0.05 を下回りました。ホルムの方法では {alarms[1]:.1f} % です。上の 64 画素と 32 画素の差は "
    f"{'、'.join(f'{value:+.1f}' for value in points)} ポイントで、p = {ours:.2f} でした。シード三つでは少なく、見えなかった差も、本当はあるかもしれません。",
)

# %% [markdown] lang="en"
# ## Are small batches "biased" and large ones "sharp"?
#
# One reads that a large batch is "sharp and unbiased". The two words are about different things. *Unbiased* (不偏): the mean over all
# possible batches is the gradient of all images. That is so for **every** batch size; only the noise differs. Let us measure it, on one
# layer of weights.

# %% [markdown] lang="ja"
# ## 小さなバッチは「偏り」、大きなバッチは「鋭い」のか
#
# 「大きなバッチはシャープで不偏」と書かれていることがありますが、この二つの言葉は別々のことを指します。*不偏*（unbiased）とは、あらゆるバッチに
# ついて平均すると全画像の勾配に一致することで、これは**どの**バッチサイズでも成り立ちます。違うのはノイズの大きさだけです。重みの層 1 枚で
# 測ってみましょう。

# %%
from scratch.losses import cross_entropy

w = rng.normal(0, 0.1, (x.shape[1], t.shape[1]))
whole = x.T @ cross_entropy(x @ w, t)[1]
noise = {}
for size in (10, 40, 160):
    batches = [rng.choice(len(x), size, replace=False) for _ in range(1000)]
    gradients = np.array([x[rows].T @ cross_entropy(x[rows] @ w, t[rows])[1] for rows in batches])
    away = np.sqrt(np.mean(np.sum((gradients - whole) ** 2, axis=(1, 2))))
    noise[size] = 100 * np.array([away, np.linalg.norm(gradients.mean(axis=0) - whole)]) / np.linalg.norm(whole)
    print(f"batch {size:3}: one gradient is off by {noise[size][0]:.0f} %, the mean of 1,000 by {noise[size][1]:.1f} %")

# %%
assert all(mean_off < 0.1 * one_off for one_off, mean_off in noise.values())
assert 1.7 < noise[10][0] / noise[40][0] < 2.4
say(
    f"**What was seen.** Four times the batch halves the noise ({noise[10][0]:.0f} % to {noise[40][0]:.0f} %), and the mean gradient is right at "
    "every size: none is biased. *Sharp* (a narrow minimum) is a finding of Keskar et al. for long trainings with large batches. "
    "Dinh et al. showed that the same function can be made as sharp as one likes by other weights; Hoffer et al. and Goyal et al. "
    "closed the gap by more steps and a larger rate. So a batch size is tried like any other hyper-parameter, with a rate of its own.",
    f"**わかったこと。** バッチを 4 倍にするとノイズは半分になります（{noise[10][0]:.0f} % から {noise[40][0]:.0f} %）。平均の勾配はどの大きさでも正しく、"
    "偏りはありません。*シャープ*（幅の狭い極小）は、大きなバッチでの長い学習について Keskar らが報告したものです。しかし Dinh らは、同じ関数でも"
    "重みの取り方しだいでいくらでもシャープにできることを示し、Hoffer らや Goyal らは、ステップ数を増やし学習率を大きくすると差が縮まることを示しました。"
    "バッチサイズも、専用の学習率と組にして、ほかのハイパーパラメータと同じように試すものです。",
)

# %% [markdown] lang="en"
# ## Where it breaks
#
# - **A test looked at twice is validation.** Who changes something after the test figure has let it choose. Then only new images can judge.
# - **Folds that share a picture.** Two photos of one animal, or a crop and its original, must stand in one fold (lesson 09), else the model is
#   asked what it has seen. `crossval` keeps near duplicates together.
# - **Cross-validation judges a recipe**, not one network: there are $k$ of them. The final one learns from all the images,
#   and so is rather a little better than they were. The folds
#   share most of their training images, so their spread is no standard error; nobody has an unbiased one (Bengio and Grandvalet).
# - **Choosing by cross-validation flatters too.** The best of fifty settings by its mean over folds is again a maximum. *Nested*
#   cross-validation (入れ子の交差検証) chooses inside each training part, and judges outside.
# - **Random search is no magic.** With one hyper-parameter, or with two that matter alike, a good grid is as good.

# %% [markdown] lang="ja"
# ## うまくいかないとき
#
# - **二度見たテストデータは検証データです。** テストの値を見てから何かを変えれば、テストデータに選ばせたことになります。そのあと評価できるのは、
#   新しい画像だけです。
# - **同じものが写った画像が別々のフォールドに入る。** 同じ動物の 2 枚の写真や、元画像とその切り抜きは、同じフォールドに置かなければなりません
#   （第 09 章）。そうしないと、見たことのあるものを尋ねることになります。`crossval` は、ほぼ同じ画像を同じフォールドに置きます。
# - **交差検証が評価するのは作り方であって**、一つのネットワークではありません。ネットワークは $k$ 個あり、最後に使うものは全画像で学習するので、
#   むしろ少し良くなります。
#   フォールドどうしは訓練データの大部分を共有するので、そのばらつきは標準誤差ではなく、不偏な推定量は存在しません（Bengio と Grandvalet）。
# - **交差検証で選んでも、値は良く見えすぎます。** 五十の設定の中で平均が最大のものは、やはり最大値です。*入れ子の交差検証*（nested
#   cross-validation）では、内側の訓練部分だけで選び、外側で評価します。
# - **ランダムサーチは魔法ではありません。** ハイパーパラメータが一つのときや、二つが同じくらい大切なときは、良いグリッドも同じくらい有効です。

# %% [markdown] lang="en"
# ## Exercises
#
# Replace the dots, run the cell, and read what it says.
#
# **1.** Rows 0, 1, 2, … are dealt out to `k` folds in turn, like cards: row 0 to fold 0, row 1 to fold 1, … Which of `count` rows may be
# learned from, when fold number `fold` judges? Return a list.

# %% [markdown] lang="ja"
# ## 演習
#
# `...` を書き換えてセルを実行し、表示を読んでください。
#
# **1.** 行 0, 1, 2, … を、トランプのように `k` 個のフォールドへ順に配ります。行 0 はフォールド 0、行 1 はフォールド 1、… です。フォールド `fold` が
# 評価に使われるとき、`count` 行のうち学習に使ってよい行はどれでしょうか。リストで返してください。


# %%
def choosing_training_rows(count, k, fold): ...


check(choosing_training_rows)

# %% [markdown] solution="choosing_training_rows"

# %% [markdown] lang="en"
# **2.** A random number `u` from 0 to 1 is to become a learning rate from `low` (at 0) to `high` (at 1) on a log scale.

# %% [markdown] lang="ja"
# **2.** 0 から 1 の乱数 `u` を、対数スケールで `low`（u = 0）から `high`（u = 1）までの学習率に変えてください。


# %%
def choosing_rate(low, high, u): ...


check(choosing_rate)

# %% [markdown] solution="choosing_rate"

# %% [markdown] lang="en"
# **3.** Given are the accuracies of some candidates on validation and on test, as two lists. Return the number of the candidate that an
# honest person takes, from 0, and the accuracy that this person reports.

# %% [markdown] lang="ja"
# **3.** いくつかの候補の、検証データとテストデータでの正解率が、二つのリストで与えられます。正直な人が選ぶ候補の番号（0 から数えます）と、その人が報告する
# 正解率を返してください。


# %%
def choosing_report(validation, test): ...


check(choosing_report)

# %% [markdown] solution="choosing_report"

# %% [markdown] lang="en"
# ## Sources
#
# - Cross-validation: Stone, *Cross-validatory choice and assessment of statistical predictions*, 1974; Kohavi, *A study of
#   cross-validation and bootstrap for accuracy estimation and model selection*, IJCAI 1995; Bengio, Grandvalet, *No unbiased estimator
#   of the variance of k-fold cross-validation*, JMLR 2004; on leave-one-out: Hastie, Tibshirani, Friedman, *The elements of statistical
#   learning*, 7.10, and against it Zhang, Yang, *Cross-validation for selecting a model selection procedure*, 2015
# - Selection: Cawley, Talbot, *On over-fitting in model selection and subsequent selection bias in performance evaluation*, JMLR 2010
# - Random search: Bergstra, Bengio, *Random search for hyper-parameter optimization*, JMLR 2012; TPE: Bergstra, Bardenet,
#   Bengio, Kégl, *Algorithms for hyper-parameter optimization*, 2011, https://papers.nips.cc/paper/4443
# - Successive halving: Jamieson, Talwalkar, https://arxiv.org/abs/1502.07943; as trials come: Li et al.,
#   https://arxiv.org/abs/1810.05934; fANOVA: Hutter, Hoos, Leyton-Brown, *An efficient approach for assessing hyperparameter
#   importance*, ICML 2014, https://proceedings.mlr.press/v32/hutter14.html
# - Tests: Dietterich, *Approximate statistical tests for comparing supervised classification learning algorithms*, Neural
#   Computation 10, 1998; Holm, *A simple sequentially rejective multiple test procedure*, 1979
# - Batch size: Keskar et al., https://arxiv.org/abs/1609.04836; Dinh et al., https://arxiv.org/abs/1703.04933; Hoffer et al.,
#   https://arxiv.org/abs/1705.08741; Goyal et al., https://arxiv.org/abs/1706.02677
# - The commands: `python main.py crossval --folds 5 --repeats 10` (or `--leave-one-out`), `python main.py compare --vary
#   batch_size=32,128 --seeds 5`, `python main.py tune --sampler tpe`

# %% [markdown] lang="ja"
# ## 出典
#
# - 交差検証：Stone, *Cross-validatory choice and assessment of statistical predictions*, 1974。Kohavi, *A study of
#   cross-validation and bootstrap for accuracy estimation and model selection*, IJCAI 1995。Bengio, Grandvalet, *No unbiased estimator
#   of the variance of k-fold cross-validation*, JMLR 2004。一つ抜きについて：Hastie, Tibshirani, Friedman, *The elements of statistical
#   learning*, 7.10、反論：Zhang, Yang, *Cross-validation for selecting a model selection procedure*, 2015
# - 選択バイアス：Cawley, Talbot, *On over-fitting in model selection and subsequent selection bias in performance evaluation*, JMLR 2010
# - ランダムサーチ：Bergstra, Bengio, *Random search for hyper-parameter optimization*, JMLR 2012。TPE：Bergstra, Bardenet,
#   Bengio, Kégl, *Algorithms for hyper-parameter optimization*, 2011, https://papers.nips.cc/paper/4443
# - 逐次半減法：Jamieson, Talwalkar, https://arxiv.org/abs/1502.07943 、試行が進むたびに行う方法：Li et al.,
#   https://arxiv.org/abs/1810.05934 、fANOVA：Hutter, Hoos, Leyton-Brown, *An efficient approach for assessing hyperparameter
#   importance*, ICML 2014, https://proceedings.mlr.press/v32/hutter14.html
# - 検定：Dietterich, *Approximate statistical tests for comparing supervised classification learning algorithms*, Neural
#   Computation 10, 1998。Holm, *A simple sequentially rejective multiple test procedure*, 1979
# - バッチサイズ：Keskar et al., https://arxiv.org/abs/1609.04836 、Dinh et al., https://arxiv.org/abs/1703.04933 、Hoffer et al.,
#   https://arxiv.org/abs/1705.08741 、Goyal et al., https://arxiv.org/abs/1706.02677
# - コマンド：`python main.py crossval --folds 5 --repeats 10`（または `--leave-one-out`）、`python main.py compare --vary
#   batch_size=32,128 --seeds 5`、`python main.py tune --sampler tpe`
