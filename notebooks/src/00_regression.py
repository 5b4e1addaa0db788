# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] lang="en"
# # 00 · Regression
#
# **Question.** A program that classifies images is said to have *learned*. What exactly happens in a computer that learns?
#
# **At the end you can** say what a labelled data set, a loss, a gradient and a learning rate are, work out one step of
# gradient descent with a pencil, and tell whether a learning rate is too small or too large.
#
# You need: the slope of a function (its derivative) from school, and a little Python. Time: under half a minute on two cores,
# without network. `python regression.py` tells the same story in a terminal, with all numbers of the first steps.

# %% [markdown] lang="ja"
# # 00 · 回帰
#
# **問い。** 画像を分類するプログラムは「学習した」と言われます。コンピュータが学習するとき、
# 実際には何が起きているのでしょうか。
#
# **この章を終えると**、教師データ、損失、勾配、学習率とは何かを説明し、勾配降下法の 1 ステップを紙と鉛筆で計算し、
# 学習率が小さすぎるか大きすぎるかを判断できるようになります。
#
# 前提：高校で習う微分（関数の傾き）と、Python の初歩。所要時間：2 コアで 30 秒以内、ネットワーク接続は不要です。
# 端末で `python regression.py` を実行すると、同じ内容を、最初の数ステップのすべての数値とともに読めます。

# %%
import sys
from pathlib import Path

sys.path.insert(0, str(next(folder for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "lessons").is_dir())))
from study.runtime import start

start(0)
# %% [markdown] lang="en"
# ## The idea
#
# *Labelled data* (教師データ) are pairs: an input $x$, and beside it the answer $y$ that would be right. For an image
# classifier $x$ is an image and $y$ its class. Where $y$ is a number, finding a function that leads from $x$ to $y$ is called
# *regression* (回帰). The simplest such function is a line:
#
# $$\hat y = w x + b$$
#
# $\hat y$ ("y hat") is the *prediction* (予測), $w$ the *weight* (重み), which says how steep the line is, and $b$ the *bias*
# (バイアス), its height at $x = 0$. To *learn* means: move $w$ and $b$ so that the predictions come nearer to the answers.
#
# | step | formula | in words |
# |---|---|---|
# | error (誤差) | $e = \hat y - y$ | how far off is each prediction? |
# | *loss* (損失) | $L = \frac{1}{n} \sum e^2$ | all of it in one number, the mean squared error (平均二乗誤差) |
# | *gradient* (勾配) | $\frac{\partial L}{\partial w} = \frac{2}{n} \sum e\,x, \quad \frac{\partial L}{\partial b} = \frac{2}{n} \sum e$ | by how much does $L$ rise if $w$, or $b$, grows a little? |
# | update (更新) | $w \leftarrow w - \eta \frac{\partial L}{\partial w}, \quad b \leftarrow b - \eta \frac{\partial L}{\partial b}$ | go the other way, downhill |
#
# $\partial L / \partial w$ is the slope of $L$ when $w$ alone changes. The *learning rate* (学習率) $\eta$ ("eta") says how far
# to go. The four again and again are *gradient descent* (勾配降下法); a network with millions of weights learns by the same
# four.
# %% [markdown] lang="ja"
# ## 考え方
#
# *教師データ*（labelled data）とは、入力 $x$ と、その正解 $y$ の組を集めたものです。画像分類なら、$x$ が画像、
# $y$ がそのクラスです。$y$ が数値のとき、$x$ から $y$ を求める関数を見つけることを*回帰*（regression）と呼びます。
# 最も単純な関数は直線です。
#
# $$\hat y = w x + b$$
#
# $\hat y$（ワイハット）は*予測*、$w$ は直線の傾きを決める*重み*、$b$ は $x = 0$ での高さを決める*バイアス*です。*学習*とは、
# 予測が正解に近づくように $w$ と $b$ を動かすことです。
#
# | 手順 | 式 | 意味 |
# |---|---|---|
# | 誤差 | $e = \hat y - y$ | それぞれの予測はどれだけ外れているか |
# | *損失*（loss） | $L = \frac{1}{n} \sum e^2$ | 全体の外れ具合を一つの数で表す（平均二乗誤差） |
# | *勾配*（gradient） | $\frac{\partial L}{\partial w} = \frac{2}{n} \sum e\,x, \quad \frac{\partial L}{\partial b} = \frac{2}{n} \sum e$ | $w$ や $b$ が少し増えると $L$ はどれだけ増えるか |
# | 更新 | $w \leftarrow w - \eta \frac{\partial L}{\partial w}, \quad b \leftarrow b - \eta \frac{\partial L}{\partial b}$ | 逆の方向、つまり下り坂へ進む |
#
# $\partial L / \partial w$ は、$w$ だけを変えたときの $L$ の傾き（偏微分）です。どれだけ進むかは*学習率*（learning
# rate）$\eta$（イータ）が決めます。この四つを繰り返すのが*勾配降下法*（gradient descent）で、
# 重みが何百万個もあるネットワークも同じ四つで学習します。
# %% [markdown] lang="en"
# ## Predict before you run
#
# Five points lie on the line $y = 2x + 1$, at $x = 0, 1, 3, 5, 6$. Training is not told so: it begins with $w = 0$ and $b = 0$,
# the flat line at height 0. Before you run the next cells, write down:
#
# 1. What are the five errors at the beginning? Are the two slopes positive or negative?
# 2. With the learning rate 0.02, does the first step move $w$ or $b$ further?
# 3. What happens with a learning rate ten times as small? And with one five times as large?
# %% [markdown] lang="ja"
# ## 実行する前に予想しよう
#
# 直線 $y = 2x + 1$ の上に、$x = 0, 1, 3, 5, 6$ の五つの点があります。学習する側はこの式を知りません。$w = 0$、$b = 0$、
# つまり高さ 0 の水平な直線から始めます。次のセルを実行する前に、答えを書いてみてください。
#
# 1. 最初の五つの誤差はいくつですか。二つの傾きは正でしょうか、負でしょうか。
# 2. 学習率 0.02 の最初のステップでは、$w$ と $b$ のどちらが大きく動くでしょうか。
# 3. 学習率を 10 分の 1 にすると何が起きるでしょうか。5 倍にするとどうでしょうか。
# %% [markdown] lang="en"
# ## Run: in plain NumPy
#
# `scratch/linear_regression.py` holds the formulas of the table in two functions, `evaluate` and `update`. `X` and `Y` are the five points.
# %% [markdown] lang="ja"
# ## 実行：NumPy だけで
#
# `scratch/linear_regression.py` には、上の表の式が短い関数として書いてあります。`X` と `Y` が五つの点です。
# %%
import numpy as np

from lessons import canvas, check, say, show, surfaces
from scratch.linear_regression import X, Y, gradient_descent, largest_curvature

states = gradient_descent(X, Y, learning_rate=0.02, steps=400)
for state in states[:4]:
    print(f"step {state.step}: w = {state.w:.3f}, b = {state.b:.3f}, loss {state.loss:.3f}")
    print(f"        errors {state.error.round(2)}, slopes dL/dw = {state.dw:.3f}, dL/db = {state.db:.3f}")
print(f"step {states[-1].step}: w = {states[-1].w:.3f}, b = {states[-1].b:.3f}, loss {states[-1].loss:.6f}")
# %% [markdown] lang="en"
# Follow the first step with a pencil: the errors are $-1, -3, -7, -11, -13$; multiplied by $x$ they are $0, -3, -21, -55, -78$,
# which sum to $-157$. So $\partial L / \partial w = 2 \cdot (-157) / 5 = -62.8$, and $w$ becomes
# $0 - 0.02 \cdot (-62.8) = 1.256$.
# %% [markdown] lang="ja"
# 最初のステップを鉛筆で追ってみましょう。誤差は $-1, -3, -7, -11, -13$、それに $x$ を掛けると $0, -3, -21, -55, -78$ で、
# 和は $-157$ です。したがって $\partial L / \partial w = 2 \cdot (-157) / 5 = -62.8$ となり、
# $w$ は $0 - 0.02 \cdot (-62.8) = 1.256$ になります。
# %% [markdown] lang="en"
# ## Picture
#
# Left, the line turns towards the points. Right, the same seen from above: every place is a pair of $w$ and $b$, the grey lines
# join places of equal loss, as a map's contour lines join places of equal height. This is the *loss surface* (損失関数の曲面).
# %% [markdown] lang="ja"
# ## 図で見る
#
# 左の図では、直線が点に向かって動いていきます。右の図は同じことを上から見たものです。平面上の場所が $w$ と $b$ の組を表し、
# 灰色の線は損失が等しい場所を結んでいます（地図の等高線と同じです）。これを*損失関数の曲面*（loss surface）と呼びます。
# %%
surface = surfaces.of_line(X, Y)
figure, axes = canvas(1, 2)
for step in (0, 1, 2, 400):
    axes[0, 0].plot(X, states[step].w * X + states[step].b, label=f"step {step}")
axes[0, 0].plot(X, Y, "o", color="black")
axes[0, 0].set(xlabel="x", ylabel="y")
axes[0, 0].legend(fontsize=11)
surfaces.draw(axes[0, 1], surface, [np.array([(state.w, state.b) for state in states])])
axes[0, 1].set(xlabel="w", ylabel="b")
show(
    figure,
    "Left: the line after 0, 1, 2 and 400 steps, and the five points. Right: its way over the loss surface, from o to x.",
)
# %%
first, early, last = states[0], states[5], states[-1]
assert abs(last.w - 2) < 0.01
assert abs(last.b - 1) < 0.01
assert early.loss < first.loss / 100
say(
    f"**What was seen.** The first step moves w by {states[1].w:.3f} and b by {states[1].b:.3f}: the loss is much steeper along w. "
    f"Five steps bring the loss from {first.loss:.1f} down to {early.loss:.2f}, as the way runs straight down the steep side of a "
    f"valley. Then it turns and creeps along the flat floor: after 400 steps w = {last.w:.3f} and b = {last.b:.3f}. Nobody told "
    "it 2 and 1.",
    f"**わかったこと。** 最初のステップで w は {states[1].w:.3f}、b は {states[1].b:.3f} だけ動きました。損失は w の方向にずっと急だからです。"
    f"谷の急な斜面をまっすぐ下るので、5 ステップで損失は {first.loss:.1f} から {early.loss:.2f} まで下がります。そのあとは向きを変え、平らな"
    f"谷底をゆっくり進みます。400 ステップ後には w = {last.w:.3f}、b = {last.b:.3f} です。2 と 1 という答えは一度も教えていません。",
)
# %% [markdown] lang="en"
# ## How far? The learning rate
#
# Four trainings that differ in nothing but the learning rate. Where the loss grows instead of falling, a training *diverges*
# (発散); where it settles, it *converges* (収束). The loss axis is logarithmic: each mark is ten times the one below.
# %% [markdown] lang="ja"
# ## どれだけ進むか：学習率
#
# 学習率だけを変えて、四通りの学習をします。損失が減らずに増え続けることを*発散*（diverge）、
# ある値に落ち着くことを*収束*（converge）と呼びます。損失の軸は対数目盛で、1 目盛りごとに 10 倍になります。
# %%
RATES = {"too small": 0.002, "good": 0.02, "swings": 0.066, "too large": 0.07}
ways = {name: gradient_descent(X, Y, rate, 60) for name, rate in RATES.items()}
figure, axes = canvas()
for name, way in ways.items():
    axes[0, 0].semilogy([state.loss for state in way], label=f"{RATES[name]}: {name}")
axes[0, 0].set(xlabel="step", ylabel="loss")
axes[0, 0].legend(fontsize=11, loc="upper left")
show(figure, "The loss over 60 steps at four learning rates: slow, fast, slow because it swings, and rising.")
limit = 2 / largest_curvature(X)
print(f"from a learning rate of {limit:.4f} on, the loss rises")
# %%
losses = {name: way[10].loss for name, way in ways.items()}
assert losses["good"] < losses["too small"]
assert losses["good"] < losses["swings"]
assert ways["too large"][-1].loss > ways["too large"][0].loss
assert ways["swings"][2].w < 2 < ways["swings"][1].w
say(
    f"**What was seen.** After ten steps the loss is {losses['too small']:.2f} at 0.002, {losses['good']:.2f} at 0.02 and "
    f"{losses['swings']:.0f} at 0.066. At 0.066 every step jumps over the valley's floor to the other side, where it lands only a "
    "little lower. At 0.07 it lands *higher*, and higher again: the training diverges. For this loss the border can be "
    f"worked out: it is 2 / λ = {limit:.4f}, where λ is the curvature of the valley in its steepest direction.",
    f"**わかったこと。** 10 ステップ後の損失は、学習率 0.002 で {losses['too small']:.2f}、0.02 で {losses['good']:.2f}、0.066 で "
    f"{losses['swings']:.0f} です。0.066 では 1 ステップごとに谷底を飛び越えて反対側の斜面に着き、わずかしか下がりません。0.07 では前より"
    "*高い*ところに着き、さらに高くなっていきます。発散したのです。この損失では境目を計算でき、"
    f"2 / λ = {limit:.4f} です。λ は、最も急な方向での谷の曲がり具合（曲率）です。",
)
# %%
patient = gradient_descent(X, Y, RATES["swings"], 400)[-1].loss
assert patient < last.loss
say(
    f"In the long run 0.066 wins, by the way: after 400 steps its loss is {patient:.0e}, that of 0.02 is {last.loss:.0e}, as that "
    "creeps along the flat floor in small steps. Which rate is good depends on how long you train.",
    f"ただし、長く続けると 0.066 が勝ちます。400 ステップ後の損失は、0.066 で {patient:.0e}、0.02 で {last.loss:.0e} です。0.02 は平らな谷底を"
    "小さな歩幅で進むからです。どの学習率がよいかは、どれだけ長く学習するかにもよります。",
)
# %% [markdown] lang="en"
# ## Where do the slopes come from? The chain rule
#
# Let $z = t^2$ and $t = x + y$. If $x$ grows a little, $t$ grows as much, and $z$ grows $2t$ times as much as $t$. Slopes of
# steps that follow each other are multiplied. This is the *chain rule* (連鎖律):
#
# $$\frac{\partial z}{\partial x} = \frac{\partial z}{\partial t} \cdot \frac{\partial t}{\partial x} = 2t \cdot 1$$
#
# The loss is such a chain as well: $e^2$ has the slope $2e$, and $e = w x + b - y$ has the slope $x$ along $w$ and 1 along $b$.
# You need not believe it. Move a value up by a tiny $h$ and down by as much, and see by how much the result differs: that is
# the *numerical gradient* (数値微分), $(f(x + h) - f(x - h)) / 2h$.
# %% [markdown] lang="ja"
# ## 傾きはどこから来るのか：連鎖律
#
# $z = t^2$、$t = x + y$ とします。$x$ が少し増えると $t$ も同じだけ増え、$z$ は $t$ の増分の $2t$ 倍だけ増えます。
# 続いて起きる変化の傾きは掛け合わせればよいのです。これを*連鎖律*（chain rule）と呼びます。
#
# $$\frac{\partial z}{\partial x} = \frac{\partial z}{\partial t} \cdot \frac{\partial t}{\partial x} = 2t \cdot 1$$
#
# 損失もこのような連鎖です。$e^2$ の傾きは $2e$、$e = w x + b - y$ の傾きは $w$ について $x$、$b$ について 1 です。
# うのみにせず、確かめてみましょう。値をごくわずかな $h$ だけ増やした結果と減らした結果の差から傾きを求めます。
# これが*数値微分* (numerical gradient)$(f(x + h) - f(x - h)) / 2h$ です。
# %%
from scratch.gradient_check import numerical_gradient

x_and_y = np.array([3.0, -1.0])
by_chain_rule = 2 * x_and_y.sum() * np.ones(2)
by_differences = numerical_gradient(lambda: float(x_and_y.sum() ** 2), x_and_y)
print("z = (x + y)²:  chain rule", by_chain_rule, " differences", by_differences.round(6))

w_and_b = np.zeros(2)
differences = numerical_gradient(lambda: float(surface.loss(*w_and_b)), w_and_b)
print("the loss at w = b = 0:  chain rule", [first.dw, first.db], " differences", differences.round(6))
assert np.allclose(by_chain_rule, by_differences, atol=1e-4)
assert np.allclose([first.dw, first.db], differences, atol=1e-4)
# %% [markdown] lang="en"
# ## Run: the same in Keras
#
# The smallest part of a neural network, a *neuron* (ニューロン), computes $w x + b$ too; in Keras it is a layer `Dense` with
# one output. `SGD` does the update of the table (its name is explained in lesson 02). Keras works out the gradient by itself,
# by the chain rule.
# %% [markdown] lang="ja"
# ## 実行：同じことを Keras で
#
# ニューラルネットワークの最小単位である*ニューロン*（neuron）も $w x + b$ を計算します。Keras では、
# 出力が一つの `Dense` 層です。`SGD` が表の「更新」を行います（名前の意味は第 02 章で説明します）。勾配は、
# Keras が連鎖律を使って自動的に計算します。
# %%
import keras

neuron = keras.layers.Dense(1, kernel_initializer="zeros")  # begins with w = 0; b = 0 is usual
model = keras.Sequential([keras.Input(shape=(1,)), neuron])
model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.02), loss="mean_squared_error")
for _ in range(100):
    model.train_on_batch(X[:, None], Y[:, None])  # one step with all five points
(w,), (b,) = neuron.get_weights()
print(f"after 100 steps: Keras w = {w[0]:.4f}, b = {b:.4f}; NumPy w = {states[100].w:.4f}, b = {states[100].b:.4f}")
# %%
apart = max(abs(w[0] - states[100].w), abs(b - states[100].b))
assert apart < 1e-3
say(
    f"**What was seen.** After a hundred steps Keras and our NumPy differ by at most {apart:.0e}, which is rounding: Keras counts in "
    "numbers of about seven digits. There is no other magic in the library.",
    f"**わかったこと。** 100 ステップ後、Keras と NumPy の差は最大でも {apart:.0e} でした。Keras が約 7 桁の精度で計算することによる丸め誤差です。"
    "ライブラリの中で特別なことが起きているわけではありません。",
)
# %% [markdown] lang="en"
# ## Where it breaks
#
# - **Inputs on another scale.** Measure $x$ in centimetres instead of metres, and the same learning rate diverges.
# - **One wrong point.** Errors are squared, so one far-off point counts more than many near ones.
# - **A line stays a line.** No training makes it follow a curve; that needs hidden layers, lesson 01.
# - **One lowest point.** The loss of a line has a single valley, whichever way one starts. That of a network has many.
# - **Outside the points** the line knows nothing: it goes on straight, whatever the world does.
#
# The first two can be measured:
# %% [markdown] lang="ja"
# ## うまくいかないとき
#
# - **入力の尺度が違うとき。** $x$ をメートルでなくセンチメートルで測ると、同じ学習率では発散します。
# - **おかしな点が一つあるとき。** 誤差を二乗するので、大きく外れた一点が、近くの多くの点より強く効きます。
# - **直線は直線のままです。** どれだけ学習しても曲線にはなりません。それには第 01 章の隠れ層が必要です。
# - **最小点が一つとは限りません。** 直線の損失の谷は一つだけなので、どこから始めても同じ点に着きます。
#   ネットワークの損失には谷がたくさんあります。
# - **点のない範囲のことは何もわかりません。** 現実がどうであれ、直線はまっすぐ伸びるだけです。
#
# 初めの二つは、測ってみることができます。
# %%
in_centimetres = 2 / largest_curvature(100 * X)
spoiled = Y + np.array([0, 0, 0, 0, 20.0])  # the last answer is 20 too large
wrong = gradient_descent(X, spoiled, learning_rate=0.06, steps=400)[-1]
assert in_centimetres < limit / 1000
assert wrong.w > 3
say(
    f"With x in centimetres the learning rate has to stay below {in_centimetres:.1e} instead of {limit:.4f}: hence inputs are brought "
    f"to a common scale before training. And one of five answers that is 20 too large turns the line from w = 2 to w = {wrong.w:.2f}.",
    f"x をセンチメートルで測ると、学習率は {limit:.4f} ではなく {in_centimetres:.1e} より小さくしなければなりません。だから入力は、学習の前に尺度を"
    f"そろえます。また、五つの正解のうち一つが 20 大きいだけで、直線の傾きは w = 2 から w = {wrong.w:.2f} に変わってしまいます。",
)
# %% [markdown] lang="en"
# ## Exercises
#
# Replace the dots, run the cell, and read what it says.
#
# **1.** The gradient: return $\partial L / \partial w$ and $\partial L / \partial b$ of the mean squared error; `x` and `y` are
# arrays.
# %% [markdown] lang="ja"
# ## 演習
#
# `...` を書き換えてセルを実行し、表示を読んでください。
#
# **1.** 勾配：平均二乗誤差の $\partial L / \partial w$ と $\partial L / \partial b$ を返してください。`x` と `y` は配列です。


# %%
def line_gradient(w, b, x, y): ...


check(line_gradient)

# %% [markdown] solution="line_gradient"

# %% [markdown] lang="en"
# **2.** One step of gradient descent: return the new `w` and the new `b`.

# %% [markdown] lang="ja"
# **2.** 勾配降下法の 1 ステップ：新しい `w` と新しい `b` を返してください。


# %%
def line_step(w, b, x, y, rate): ...


check(line_step)

# %% [markdown] solution="line_step"

# %% [markdown] lang="en"
# **3.** Let $z = t^3$ and $t = 2x + y$. Return $\partial z / \partial x$ and $\partial z / \partial y$.

# %% [markdown] lang="ja"
# **3.** $z = t^3$、$t = 2x + y$ とします。$\partial z / \partial x$ と $\partial z / \partial y$ を返してください。


# %%
def chain_slopes(x, y): ...


check(chain_slopes)

# %% [markdown] solution="chain_slopes"

# %% [markdown] lang="en"
# ## Sources
#
# - Gradient descent and linear regression: Goodfellow, Bengio, Courville, *Deep Learning*, MIT Press 2016, sections 4.3 and
#   5.1.4, https://www.deeplearningbook.org
# - The first gradient descent: Cauchy, *Méthode générale pour la résolution des systèmes d'équations simultanées*, 1847
# - The largest learning rate, 2 / λ: LeCun, Bottou, Orr, Müller, *Efficient BackProp*, 1998
# - Scale the inputs: the same, section 4.3
# - The code: `scratch/linear_regression.py`; in a terminal: `python regression.py --learning-rate 0.066`

# %% [markdown] lang="ja"
# ## 出典
#
# - 勾配降下法と線形回帰：Goodfellow, Bengio, Courville, *Deep Learning*, MIT Press 2016, 4.3 節と 5.1.4 節,
#   https://www.deeplearningbook.org
# - 最初の勾配降下法：Cauchy, *Méthode générale pour la résolution des systèmes d'équations simultanées*, 1847
# - 学習率の上限 2 / λ:LeCun, Bottou, Orr, Müller, *Efficient BackProp*, 1998
# - 入力の尺度をそろえる：同論文 4.3 節
# - コード：`scratch/linear_regression.py`。端末では `python regression.py --learning-rate 0.066`
