# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] lang="en"
# # 04 · Optimisers
#
# **Question.** The gradient says which way is downhill. Why, then, are there five well-known ways to follow it, and which
# one should I take?
#
# **At the end you can** write down SGD, momentum, AdaGrad, RMSProp and Adam, say what each remembers of the steps before,
# and tell from a curve that the learning rate is too small or too large.
#
# You need: gradient and update from lesson 00. Time: about two minutes on two cores, without network.

# %% [markdown] lang="ja"
# # 04 · 最適化手法
#
# **問い。** 勾配は下り坂の方向を教えてくれます。それなのに、なぜ有名な進み方が五つもあり、どれを選べばよいのでしょうか。
#
# **この章を終えると**、SGD、モーメンタム、AdaGrad、RMSProp、Adam の式を書き、それぞれが過去のステップの何を覚えているかを説明し、
# 学習曲線から学習率が小さすぎる・大きすぎることを読み取れるようになります。
#
# 前提：第 00 章の勾配と更新。所要時間：2 コアで約 2 分、ネットワーク接続は不要です。

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
# A *loss* (損失) $L$ depends on the weights $w$. An *optimiser* (最適化手法) repeats one thing: work out the gradient
# $g = \partial L / \partial w$ on a *mini-batch* (ミニバッチ, a handful of images), and change $w$ by it. The *learning
# rate* (学習率) $\eta$ says how far. All operations go weight by weight:
#
# | name | what it remembers | step |
# |---|---|---|
# | SGD (確率的勾配降下法) | nothing | $w \leftarrow w - \eta g$ |
# | momentum (モーメンタム) | a velocity $v$ | $v \leftarrow \mu v - \eta g,\quad w \leftarrow w + v$ |
# | AdaGrad | the sum $s$ of all $g^2$ | $s \leftarrow s + g^2,\quad w \leftarrow w - \eta g / \sqrt{s}$ |
# | RMSProp | a moving average $s$ of $g^2$ | $s \leftarrow \rho s + (1-\rho) g^2,\quad w \leftarrow w - \eta g / \sqrt{s}$ |
# | Adam | moving averages $v$ of $g$ and $s$ of $g^2$ | $w \leftarrow w - \eta\, \hat v / \sqrt{\hat s}$ |
#
# A moving average that begins at 0 is too small at first; Adam's hats divide by how much it has been filled:
# $\hat v = v / (1 - \beta_1^t)$ after $t$ steps, and likewise $\hat s$. So that nothing is divided
# by 0, a tiny $\varepsilon$ is added: here, as in Keras, to $s$ inside the root for AdaGrad and RMSProp, to the root for Adam. In
# Keras, the $s$ of AdaGrad also begins at 0.1 instead of 0.
# %% [markdown] lang="ja"
# ## 考え方
#
# *損失*（loss）$L$ は重み $w$ で決まります。*最適化手法*（optimiser）がすることは一つだけです。*ミニバッチ*（数十枚ほどの画像）で
# 勾配 $g = \partial L / \partial w$ を計算し、それに従って $w$ を変える。どれだけ動くかを決めるのが*学習率* $\eta$ です。
# 演算はすべて重みごとに行います。
#
# | 名前 | 覚えているもの | 更新式 |
# |---|---|---|
# | SGD（確率的勾配降下法） | なし | $w \leftarrow w - \eta g$ |
# | モーメンタム | 速度 $v$ | $v \leftarrow \mu v - \eta g,\quad w \leftarrow w + v$ |
# | AdaGrad | $g^2$ の総和 $s$ | $s \leftarrow s + g^2,\quad w \leftarrow w - \eta g / \sqrt{s}$ |
# | RMSProp | $g^2$ の移動平均 $s$ | $s \leftarrow \rho s + (1-\rho) g^2,\quad w \leftarrow w - \eta g / \sqrt{s}$ |
# | Adam | $g$ の移動平均 $v$ と $g^2$ の移動平均 $s$ | $w \leftarrow w - \eta\, \hat v / \sqrt{\hat s}$ |
#
# 0 から始まる移動平均は最初のうち小さすぎます。Adam のハット記号は、平均がどれだけ満たされたかで割る補正です：$t$ ステップ後に
# $\hat v = v / (1 - \beta_1^t)$、$\hat s$ も同様です。0 で割らないように、ごく小さな $\varepsilon$ も加えます。
# ここでは Keras と同じく、AdaGrad と RMSProp では根号の中の $s$ に、Adam では根号に加えます。また Keras の AdaGrad では、$s$ は 0 ではなく 0.1 から
# 始まります。
# %% [markdown] lang="en"
# ## Predict before you run
#
# The valley $L = x^2/20 + y^2$ is twenty times as steep across ($y$) as along ($x$). Its lowest point is $(0, 0)$; every way
# begins at $(-7, 2)$. Before you run the next cells, write down:
#
# 1. Which optimiser zig-zags across the valley?
# 2. Which one goes past the lowest point and comes back?
# 3. Which one takes ever smaller steps?
# %% [markdown] lang="ja"
# ## 実行する前に予想しよう
#
# 谷 $L = x^2/20 + y^2$ は、谷を横切る方向（$y$）の傾きが、谷に沿う方向（$x$）の 20 倍あります。いちばん低い点は $(0, 0)$、出発点はすべて
# $(-7, 2)$ です。次のセルを実行する前に、答えを書いてみてください。
#
# 1. 谷を横切ってジグザグに進むのはどの手法でしょうか。
# 2. いちばん低い点を通り過ぎてから戻ってくるのはどれでしょうか。
# 3. 歩幅がどんどん小さくなるのはどれでしょうか。
# %% [markdown] lang="en"
# ## Run: in plain NumPy
#
# `scratch/optimizers.py` holds each formula of the table in a few lines of NumPy. Each rate was chosen so that its way can be
# seen well; they are not comparable.
# %% [markdown] lang="ja"
# ## 実行：NumPy だけで
#
# `scratch/optimizers.py` には、上の表の式がそれぞれ数行の NumPy で書いてあります。学習率は軌跡が見やすいように手法ごとに選んだもので、
# 互いに比べるためのものではありません。
# %%
from lessons import canvas, check, learn, read, say, show, surfaces
from scratch import optimizers

OPTIMISERS = {
    "SGD": lambda: optimizers.SGD(0.95),
    "momentum": lambda: optimizers.Momentum(0.1),
    "AdaGrad": lambda: optimizers.AdaGrad(1.5, start=0.0),
    "RMSProp": lambda: optimizers.RMSProp(0.3),
    "Adam": lambda: optimizers.Adam(0.3),
}
ways = {name: surfaces.descend(make(), surfaces.VALLEY, 30) for name, make in OPTIMISERS.items()}
turns = {name: int((way[1:, 1] * way[:-1, 1] < 0).sum()) for name, way in ways.items()}
print("steps that cross the valley's floor, of 30:", turns)

# %% [markdown] lang="en"
# ## Picture

# %% [markdown] lang="ja"
# ## 図で見る

# %%
figure, axes = canvas(3, 2, 6.6)
for ax, (name, way) in zip(axes.flat, ways.items(), strict=False):
    surfaces.draw(ax, surfaces.VALLEY, [way])
    ax.set_title(name)
axes.flat[-1].axis("off")
axes.flat[-1].text(0.5, 0.5, "o start, x end\nafter 30 steps", ha="center", va="center")
show(
    figure,
    "Ways of five optimisers from (-7, 2) in a long valley: SGD zig-zags, momentum swings past the lowest point.",
)

# %%
lengths = {name: ((way[1:] - way[:-1]) ** 2).sum(1) ** 0.5 for name, way in ways.items()}
beyond = ways["momentum"][:, 0].max()
assert turns["SGD"] == max(turns.values())
assert beyond > 0.5
assert all(lengths["AdaGrad"][i] < lengths["AdaGrad"][i - 1] for i in range(5, 30))
say(
    f"**What was seen.** SGD crosses the floor in {turns['SGD']} of 30 steps: the steep direction throws it from side to side, "
    f"while it creeps along the flat one. Momentum rolls past the lowest point, as far as x = {beyond:.1f}. From its fifth step "
    "on, each step of AdaGrad is shorter than the one before.",
    f"**わかったこと。** SGD は 30 ステップ中 {turns['SGD']} 回も谷底を横切ります。急な方向では谷の両側を行ったり来たりし、なだらかな方向には少しずつしか"
    f"進みません。モーメンタムは最低点を通り過ぎ、x = {beyond:.1f} まで転がります。AdaGrad の歩幅は 5 ステップ目以降、必ず前より短くなります。",
)

# %% [markdown] lang="en"
# ## Looking ahead: Nesterov momentum
#
# Momentum takes the slope where the weight is, and then rolls on by $\mu v$ whatever that slope said. *Nesterov momentum*
# (ネステロフのモーメンタム) takes the slope where the roll will lead:
# $v \leftarrow \mu v - \eta\, g(w + \mu v),\quad w \leftarrow w + v$. So it brakes a step earlier. Libraries keep the place
# looked ahead to, $w + \mu v$, as the weight; then the same reads
# $v \leftarrow \mu v - \eta g,\quad w \leftarrow w + \mu v - \eta g$, and costs nothing more. The flag: `--optimizer nesterov`.

# %% [markdown] lang="ja"
# ## 先を見る：ネステロフのモーメンタム
#
# モーメンタムは今いる場所の勾配を使い、その勾配が何であっても $\mu v$ だけ転がります。*ネステロフのモーメンタム*（Nesterov momentum）は、転がった先の
# 勾配を使います：$v \leftarrow \mu v - \eta\, g(w + \mu v),\quad w \leftarrow w + v$。そのため、1 ステップ早くブレーキがかかります。ライブラリは先を
# 見た場所 $w + \mu v$ のほうを重みとして持ちます。すると式は $v \leftarrow \mu v - \eta g,\quad w \leftarrow w + \mu v - \eta g$ となり、余分な計算は
# 要りません。フラグは `--optimizer nesterov` です。

# %%
import numpy as np

long = {
    make.__name__: surfaces.descend(make(0.1), surfaces.VALLEY, 100)
    for make in (optimizers.Momentum, optimizers.Nesterov)
}
past = {name: way[:, 0].max() for name, way in long.items()}
w, v, slope = np.array([-7.0, 2.0]), np.zeros(2), np.array([0.1, 2.0])  # the gradient at w is slope * w
for ahead in long["Nesterov"][1:]:
    v = 0.9 * v - 0.1 * slope * (w + 0.9 * v)
    w = w + v
    assert np.allclose(w + 0.9 * v, ahead)  # both forms are one

# %%
assert past["Nesterov"] < past["Momentum"]
say(
    f"**What was seen.** In 100 steps at the same rate momentum rolls past the lowest point as far as x = {past['Momentum']:.2f}, Nesterov momentum as far as {past['Nesterov']:.2f}.",
    f"**わかったこと。** 同じ学習率の 100 ステップで、最低点を通り過ぎて進んだのは、モーメンタムが x = {past['Momentum']:.2f} まで、ネステロフのモーメンタムが {past['Nesterov']:.2f} まででした。",
)

# %% [markdown] lang="en"
# ## How far? The learning rate
#
# In the steep direction of the valley SGD multiplies $y$ by $1 - 2\eta$ in every step. You can tell what happens without
# running anything: $|1 - 2\eta| < 1$ shrinks, $= 1$ swings for ever, $> 1$ runs away.

# %% [markdown] lang="ja"
# ## どれだけ進むか：学習率
#
# 谷の急な方向では、SGD は 1 ステップごとに $y$ を $1 - 2\eta$ 倍します。ですから実行しなくても結果がわかります。$|1 - 2\eta| < 1$
# なら縮み、$= 1$ なら永遠に振動し、$> 1$ なら発散します。

# %%
RATES = {"too small": 0.02, "good": 0.6, "oscillates": 0.97, "diverges": 1.05}
figure, axes = canvas()
for name, rate in RATES.items():
    way = surfaces.descend(optimizers.SGD(rate), surfaces.VALLEY, 12)
    axes[0, 0].plot(way[:, 1], marker=".", label=f"{rate}: {name}")
axes[0, 0].axhline(0, color="#888888", linewidth=1)
axes[0, 0].set(xlabel="step", ylabel="y")
axes[0, 0].legend(ncols=2, fontsize=11, loc="lower center")
show(figure, "The weight y over 12 steps of SGD at four learning rates: slow, good, oscillating and diverging.")

# %% [markdown] lang="en"
# ## A gradient that is too long: clipping
#
# A good rate for most of the way may be far too large at a cliff, where the gradient is suddenly huge. *Gradient clipping*
# (勾配クリッピング) shortens what is longer than $c$ and keeps its direction:
# $g \leftarrow g \cdot \min(1,\ c / \lVert g \rVert)$, with the length $\lVert g \rVert$ over all weights together. The flag:
# `--clip-norm 1`. It is for trainings whose loss jumps or becomes no number. Its cost is a number to choose: if nearly every
# gradient is clipped, all steps are alike in length, and slow. Here $L = w^4 / 4$, whose gradient is $w^3$, from $w = 5$ at a
# rate of 0.1.

# %% [markdown] lang="ja"
# ## 長すぎる勾配：クリッピング
#
# 道のりの大部分では適切な学習率も、勾配が急に巨大になる崖では大きすぎることがあります。*勾配クリッピング*（gradient clipping）は、長さが $c$ を超えた
# 勾配を、向きを変えずに縮めます：$g \leftarrow g \cdot \min(1,\ c / \lVert g \rVert)$。長さ $\lVert g \rVert$ は、すべての重みをまとめて測ります。
# フラグは `--clip-norm 1` です。損失が跳ね上がったり、数でなくなったりする学習で使います。代償は、決める数が一つ増えることです。ほとんどの勾配が
# 縮められると、どのステップも同じ長さになり、遅くなります。ここでは $L = w^4 / 4$（勾配は $w^3$）を、$w = 5$ から学習率 0.1 で下ります。

# %%
cliff = {}
for limit in (np.inf, 1.0):
    cliff[limit] = [5.0]
    while len(cliff[limit]) < 300 and abs(cliff[limit][-1]) < 1e6:
        g = cliff[limit][-1] ** 3
        cliff[limit].append(cliff[limit][-1] - 0.1 * g * min(1, limit / abs(g)))
wild, calm = cliff.values()
assert abs(wild[-1]) > 1e6
assert abs(calm[-1]) < 0.2
say(
    f"**What was seen.** As it is, w goes {', '.join(f'{value:,.1f}' for value in wild[:4])}, and runs away. Clipped to a length of 1 it goes {', '.join(f'{value:.1f}' for value in calm[:4])}, "
    f"and after {len(calm) - 1} steps it is at {calm[-1]:.2f}.",
    f"**わかったこと。** そのままでは w は {'、'.join(f'{value:,.1f}' for value in wild[:4])} と動いて発散します。長さ 1 に縮めると {'、'.join(f'{value:.1f}' for value in calm[:4])} と進み、"
    f"{len(calm) - 1} ステップ後には {calm[-1]:.2f} に着きました。",
)

# %% [markdown] lang="en"
# ## A saddle
#
# At a *saddle point* (鞍点) the gradient is 0 though it is no minimum: $L = x^2 - y^2$ goes up along $x$ and down along $y$. All
# begin a thousandth beside the ridge, and the question is after how many steps they have left it by 1.

# %% [markdown] lang="ja"
# ## 鞍点
#
# *鞍点*（saddle point）では、最小でもないのに勾配が 0 になります。$L = x^2 - y^2$ は $x$ 方向には上り、$y$ 方向には下りです。どの手法も
# 尾根から 1000 分の 1 だけずれた所から出発します。尾根から 1 だけ離れるまでに何ステップかかるでしょうか。

# %%
SLOW = {
    "SGD": optimizers.SGD(0.05),
    "momentum": optimizers.Momentum(0.05),
    "AdaGrad": optimizers.AdaGrad(0.05, start=0.0),
}
SLOW |= {"RMSProp": optimizers.RMSProp(0.05), "Adam": optimizers.Adam(0.05)}
left = {}
for name, optimizer in SLOW.items():
    away = abs(surfaces.descend(optimizer, surfaces.SADDLE, 400)[:, 1]) > 1
    left[name] = int(away.argmax()) if away.any() else None
print("steps until |y| > 1, all at a rate of 0.05:", left)

# %%
assert left["momentum"] < left["SGD"]
assert left["RMSProp"] < left["SGD"]
assert left["AdaGrad"] is not None
say(
    f"**What was seen.** At one rate, SGD needs {left['SGD']} steps to leave the saddle, momentum {left['momentum']}, RMSProp "
    f'{left["RMSProp"]}. You may read that AdaGrad "causes" saddle points: it does not, a saddle belongs to the loss and not to '
    f"the optimiser, and here AdaGrad leaves it too, after {left['AdaGrad']} steps.",
    f"**わかったこと。** 同じ学習率で、鞍点から離れるまでに SGD は {left['SGD']} ステップ、モーメンタムは {left['momentum']} ステップ、RMSProp は "
    f"{left['RMSProp']} ステップかかりました。「AdaGrad は鞍点を引き起こす」と書かれていることがありますが、鞍点は損失関数の性質であって、"
    f"手法が作るものではありません。ここでは AdaGrad も {left['AdaGrad']} ステップで抜け出しました。",
)

# %% [markdown] lang="en"
# ## Run: the same five on a network, in Keras
#
# LeNet, a small network for images (lesson 07), learns the drawings with each optimiser at a usual rate, over three *seeds*
# (乱数シード): another seed, other first weights and another order of the images. What differs between seeds is chance. How often it is
# right is measured on *validation* images (検証データ, lesson 09), from which it does not learn.

# %% [markdown] lang="ja"
# ## 実行：同じ五つを Keras のネットワークで
#
# 小さな画像用ネットワーク LeNet（第 07 章）で、描画した動物の画像を学習します。学習率は手法ごとに普通の値とし、*乱数シード*（seed）を三つ試します。
# シードが変わると、重みの初期値と画像の順番が変わります。シードによる違いは偶然によるものです。正解率は、学習に使わない*検証データ*
# （validation、第 09 章）で測ります。

# %%
dataset = read(DATA, image_size=32)
RATE = {"sgd": 0.02, "momentum": 0.02, "adagrad": 0.02, "rmsprop": 0.002, "adam": 0.002}
runs = {
    name: [
        learn(dataset, optimizer=name, learning_rate=rate, epochs=8, schedule="constant", augment={}, seed=seed)
        for seed in SEEDS
    ]
    for name, rate in RATE.items()
}
for name, trained in runs.items():
    print(f"{name:9}", *(f"{100 * run.accuracy:.1f} %" for run in trained), "of validation right, seed by seed")

# %%
figure, axes = canvas()
losses = {name: np.array([[row["loss"] for row in run.history] for run in trained]) for name, trained in runs.items()}
for name, curves in losses.items():
    (line,) = axes[0, 0].plot(range(1, 9), curves.mean(0), label=name)
    axes[0, 0].fill_between(range(1, 9), curves.min(0), curves.max(0), color=line.get_color(), alpha=0.15)
axes[0, 0].set(xlabel="epoch", ylabel="training loss")
axes[0, 0].legend(fontsize=11)
show(
    figure,
    "Training loss of LeNet over eight epochs by five optimisers; the band reaches from the best to the worst seed.",
)

# %%
last = {name: curves[:, -1] for name, curves in losses.items()}
assert last["momentum"].max() < last["sgd"].min()
assert last["adam"].max() < last["sgd"].min()
say(
    f"**What was seen.** After eight epochs the training loss is {last['sgd'].mean():.2f} with SGD, "
    f"{last['momentum'].mean():.2f} with momentum at the same rate, and {last['adam'].mean():.2f} with Adam: with either, the "
    "worst of three seeds is below the best of SGD. That says who goes downhill faster here, at these rates. It does not say "
    "who is right about new images more often: compare the validation figures above, and how far the seeds lie apart.",
    f"**わかったこと。** 8 エポック後の訓練損失は、SGD で {last['sgd'].mean():.2f}、同じ学習率のモーメンタムで {last['momentum'].mean():.2f}、"
    f"Adam で {last['adam'].mean():.2f} でした。どちらも、三つのシードのうち最悪のものが SGD の最良のものを下回っています。ただし、これはこの学習率で"
    "どれが速く下るかを示すだけです。新しい画像にどれだけ正しく答えるかは別の話です。上の検証データの値と、シードによるばらつきを見比べてください。",
)

# %% [markdown] lang="en"
# ## A rate that changes: the schedule
#
# Large steps get far, small steps settle. A *schedule* (スケジュール) lowers the rate as training goes on. `train` takes
# `--schedule cosine` of its own accord; `--warmup` raises the rate over the first steps, while Adam's averages still fill.

# %% [markdown] lang="ja"
# ## 変化する学習率：スケジュール
#
# 大きな歩幅は遠くまで進み、小さな歩幅は落ち着きます。*スケジュール*（schedule）は、学習が進むにつれて学習率を下げます。`train` は何も
# 指定しなければ `--schedule cosine` を使います。`--warmup` は、Adam の移動平均が満ちるまでの最初のステップで学習率を上げていきます。

# %%
from scratch import schedules

SHAPES = {
    "stepwise": schedules.stepwise(0.1, every=30),
    "exponential": schedules.exponential(0.1, every=30),
    "cosine": schedules.cosine(0.1, steps=100),
    "warm-up, cosine": schedules.warm_up(schedules.cosine(0.1, steps=90), warm=10),
    "one cycle": schedules.one_cycle(0.1, steps=100),
}
figure, axes = canvas()
for name, schedule in SHAPES.items():
    axes[0, 0].plot([schedule(step) for step in range(100)], label=name)
axes[0, 0].set(xlabel="step", ylabel="learning rate")
axes[0, 0].legend(fontsize=11)
show(figure, "Five schedules of the learning rate over a hundred steps.")

# %% [markdown] lang="en"
# ## The mean of many weights
#
# Noise from mini-batches keeps the weights moving around the lowest point. A *moving average of the weights* (重みの移動平均),
# $\bar w \leftarrow \beta \bar w + (1 - \beta)\, w$ after each step, evens that out without a lower rate. It changes no step:
# $\bar w$ is only what is evaluated and kept. It remembers about the last $1 / (1 - \beta)$ steps, and costs a copy of the
# weights; with a long memory it lags behind. The flag: `--ema 0.99`. Here the valley, by SGD with noise on its gradients.

# %% [markdown] lang="ja"
# ## たくさんの重みの平均
#
# ミニバッチのノイズがあるかぎり、重みは最低点のまわりを動き続けます。*重みの移動平均*（moving average of the weights）は、ステップごとに
# $\bar w \leftarrow \beta \bar w + (1 - \beta)\, w$ とし、学習率を下げずにこの揺れをならします。ステップそのものは変わりません。$\bar w$ は評価して
# 保存するためのものです。およそ最後の $1 / (1 - \beta)$ ステップを覚えていて、重みのコピーが一つ余分に要ります。記憶が長いと、遅れて付いてきます。
# フラグは `--ema 0.99` です。ここでは谷を、勾配にノイズを加えた SGD で下ります。

# %%
random, w = np.random.default_rng(SEEDS[0]), np.array([-7.0, 2.0])
average, heights = w, []
for _ in range(4000):
    w = w - 0.2 * (slope * w + random.normal(0, 0.5, 2))
    average = 0.99 * average + 0.01 * w
    heights.append([surfaces.VALLEY.loss(*w), surfaces.VALLEY.loss(*average)])
early, late = np.array(heights)[99], np.mean(heights[2000:], axis=0)
assert late[1] < late[0] / 3
assert early[1] > early[0]
say(
    f"**What was seen.** Over the last 2,000 of 4,000 steps the loss is {late[0]:.4f} on average at w, and {late[1]:.4f} at its moving average. But after 100 steps it was {early[0]:.2f} and "
    f"{early[1]:.2f}: the average still remembered where it began.",
    f"**わかったこと。** 4,000 ステップのうち最後の 2,000 ステップで、損失の平均は w では {late[0]:.4f}、その移動平均では {late[1]:.4f} でした。ただし 100 ステップ後には {early[0]:.2f} と "
    f"{early[1]:.2f} で、移動平均はまだ出発点を覚えていました。",
)

# %% [markdown] lang="en"
# ## A step for a whole matrix: Muon
#
# Adam treats each weight by itself. *Muon* looks at a layer's weights as the matrix that they are. Its momentum is
# $M = U \Sigma V^\top$, with the *singular values* (特異値) on the diagonal of $\Sigma$: how much of each direction is in it.
# Often one is large and the rest are small. Muon steps along $U V^\top$, in which all of them are 1, so that rare directions
# count as much. No decomposition is worked out: five rounds of $X \leftarrow aX + (bA + cA^2) X$ with $A = X X^\top$, from
# $X = M / \lVert M \rVert$, bring them near 1. That costs some products of matrices in each step. It is for the kernels inside a
# network: `--optimizer muon` gives the last layer, biases and normalisation to AdamW.

# %% [markdown] lang="ja"
# ## 行列まるごとのステップ：Muon
#
# Adam は重みを一つずつ扱います。*Muon* は、層の重みを行列のまま扱います。モーメンタムを $M = U \Sigma V^\top$ と書くと、$\Sigma$ の対角に並ぶ
# *特異値*（singular values）は、それぞれの方向がどれだけ含まれるかを表します。一つだけ大きく、残りは小さいことがよくあります。Muon は、
# 特異値をすべて 1 にした $U V^\top$ の方向に進むので、まれな方向も同じだけ効きます。分解は計算しません。$X = M / \lVert M \rVert$ から始めて、
# $A = X X^\top$ として $X \leftarrow aX + (bA + cA^2) X$ を五回繰り返すと、特異値は 1 に近づきます。代償は、ステップごとに増える行列の積です。
# ネットワーク内部のカーネルのための手法で、`--optimizer muon` は、最後の層、バイアス、正規化を AdamW に任せます。

# %%
drawn = np.random.default_rng(SEEDS[0])
m = 10 * np.outer(drawn.normal(size=4), drawn.normal(size=6)) + drawn.normal(size=(4, 6))  # mostly of one direction
step = m / np.linalg.norm(m)
for _ in range(5):
    a = step @ step.T
    step = 3.4445 * step + (-4.7750 * a + 2.0315 * a @ a) @ step
before, after = (np.linalg.svd(each)[1] for each in (m, step))
assert before.max() / before.min() > 10
assert 0.6 < after.min() < after.max() < 1.3
say(
    f"**What was seen.** The singular values {', '.join(f'{value:.2f}' for value in before)} become {', '.join(f'{value:.2f}' for value in after)}: not quite 1, and near enough.",
    f"**わかったこと。** 特異値 {'、'.join(f'{value:.2f}' for value in before)} は {'、'.join(f'{value:.2f}' for value in after)} になりました。ちょうど 1 ではありませんが、十分に近い値です。",
)

# %% [markdown] lang="en"
# ## Where it breaks
#
# - **No optimiser guarantees the lowest point.** Momentum can roll out of a small hollow, and it can roll past the lowest point
#   too; what it finds depends on where it began. For convex losses such as the valley there are proofs; the loss of a network
#   is not convex.
# - **"Adam needs no learning rate"** is false: its first step moves every weight by about $\eta$. Multiply its rate by 100 in the
#   cell above and look.
# - **AdaGrad's sum only grows**, so its steps shrink for ever. In a long training it may stop before it has arrived; RMSProp
#   forgets, and goes on.
# - **L2 inside Adam is not weight decay:** the penalty's gradient would be divided by $\sqrt{s}$ as well. AdamW, `--optimizer
#   adamw --weight-decay`, takes it out of that.

# %% [markdown] lang="ja"
# ## うまくいかないとき
#
# - **どの手法も最小点への到達を保証しません。** モーメンタムは小さなくぼみから抜け出すことも、最小点を通り過ぎることもあります。どこに
#   着くかは出発点しだいです。谷のような凸関数なら証明がありますが、ネットワークの損失は凸ではありません。
# - **「Adam なら学習率を決めなくてよい」は誤りです。** 最初のステップでは、どの重みもおよそ $\eta$ だけ動きます。上のセルで学習率を 100 倍に
#   して確かめてください。
# - **AdaGrad の総和は増える一方です。** そのため歩幅は縮み続け、長い学習では目的地の手前で止まることがあります。RMSProp は過去を忘れる
#   ので進み続けます。
# - **Adam の中に入れた L2 は、重み減衰（weight decay）と同じではありません。** 罰則項の勾配まで $\sqrt{s}$ で割られてしまうからです。
#   AdamW(`--optimizer adamw --weight-decay`)では、重み減衰を別に行います。

# %% [markdown] lang="en"
# ## Exercises
#
# Replace the dots, run the cell, and read what it says.
#
# **1.** One step of momentum: return the new `w` and the new `v`.

# %% [markdown] lang="ja"
# ## 演習
#
# `...` を書き換えてセルを実行し、表示を読んでください。
#
# **1.** モーメンタムの 1 ステップ：新しい `w` と新しい `v` を返してください。


# %%
def momentum_step(w, v, g, rate, momentum): ...


check(momentum_step)

# %% [markdown] solution="momentum_step"

# %% [markdown] lang="en"
# **2.** AdaGrad with $s = 0$ at first and without $\varepsilon$: how long is each step, given the gradients one after another?
# Return a list.

# %% [markdown] lang="ja"
# **2.** 最初は $s = 0$、$\varepsilon$ なしの AdaGrad です。勾配が順に与えられるとき、各ステップの長さはいくらでしょうか。リストで返してください。


# %%
def adagrad_steps(gradients, rate): ...


check(adagrad_steps)

# %% [markdown] solution="adagrad_steps"

# %% [markdown] lang="en"
# **3.** The cosine schedule falls from `first` at epoch 0 to 0 at epoch `epochs` along half a cosine. What is the rate at `epoch`?

# %% [markdown] lang="ja"
# **3.** コサインスケジュールは、エポック 0 の `first` から、エポック `epochs` の 0 まで、コサインの半周期に沿って下がります。`epoch` での
# 学習率はいくらでしょうか。


# %%
def cosine_rate(first, epoch, epochs): ...


check(cosine_rate)

# %% [markdown] solution="cosine_rate"

# %% [markdown] lang="en"
# ## Sources
#
# - Momentum: Polyak, *Some methods of speeding up the convergence of iteration methods*, 1964; as used here, and Nesterov's:
#   Sutskever et al., *On the importance of initialization and momentum in deep learning*, ICML 2013
# - AdaGrad: Duchi, Hazan, Singer, *Adaptive subgradient methods*, JMLR 2011
# - RMSProp: Hinton, lecture 6e of *Neural networks for machine learning*, 2012
# - Adam: Kingma, Ba, https://arxiv.org/abs/1412.6980; AdamW: Loshchilov, Hutter, https://arxiv.org/abs/1711.05101
# - Muon: Jordan, https://kellerjordan.github.io/posts/muon/; its length: Liu et al., https://arxiv.org/abs/2502.16982
# - Clipping: Pascanu, Mikolov, Bengio, https://arxiv.org/abs/1211.5063; averaging: Polyak, Juditsky, *Acceleration of stochastic
#   approximation by averaging*, 1992
# - Saddle points: Dauphin et al., https://arxiv.org/abs/1406.2572
# - The flags: `python main.py train --optimizer adam --learning-rate 0.002 --schedule cosine`; which rate to take:
#   `--find-learning-rate`; `--clip-norm`, `--ema`

# %% [markdown] lang="ja"
# ## 出典
#
# - モーメンタム：Polyak, *Some methods of speeding up the convergence of iteration methods*, 1964。ここでの形とネステロフの方法：Sutskever et al.,
#   *On the importance of initialization and momentum in deep learning*, ICML 2013
# - AdaGrad:Duchi, Hazan, Singer, *Adaptive subgradient methods*, JMLR 2011
# - RMSProp:Hinton, *Neural networks for machine learning* 第 6e 講, 2012
# - Adam:Kingma, Ba, https://arxiv.org/abs/1412.6980 AdamW:Loshchilov, Hutter, https://arxiv.org/abs/1711.05101
# - Muon：Jordan, https://kellerjordan.github.io/posts/muon/ 、ステップの長さ：Liu et al., https://arxiv.org/abs/2502.16982
# - クリッピング：Pascanu, Mikolov, Bengio, https://arxiv.org/abs/1211.5063 、重みの平均：Polyak, Juditsky, *Acceleration of
#   stochastic approximation by averaging*, 1992
# - 鞍点：Dauphin et al., https://arxiv.org/abs/1406.2572
# - コマンドのフラグ：`python main.py train --optimizer adam --learning-rate 0.002 --schedule cosine`。学習率の選び方：
#   `--find-learning-rate`。`--clip-norm`、`--ema`
