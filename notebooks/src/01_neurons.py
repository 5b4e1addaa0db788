# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] lang="en"
# # 01 · Neurons
#
# **Question.** A line cannot follow a curve, and a stack of lines is still a line. What has to be put between them, so that a
# network can learn what no line can?
#
# **At the end you can** say what a neuron, an activation and a hidden layer are, explain why XOR needs one, name the step,
# sigmoid, tanh, ReLU and softmax with their slopes, and say why softmax and cross-entropy go together.
#
# You need: loss, gradient and learning rate from lesson 00; products of matrices. Time: under a minute on two cores, without
# network.

# %% [markdown] lang="ja"
# # 01 · ニューロン
#
# **問い。** 直線は曲線になれず、直線をいくつ重ねても直線のままです。では、間に何をはさめば、
# 直線には学べないことをネットワークが学べるようになるのでしょうか。
#
# **この章を終えると**、ニューロン、活性化関数、隠れ層とは何か、なぜ XOR に隠れ層が必要なのかを説明でき、ステップ関数、
# シグモイド関数、tanh、ReLU、ソフトマックス関数の式と微分、
# ソフトマックス関数と交差エントロピーを組み合わせる理由を言えるようになります。
#
# 前提：第 00 章の損失、勾配、学習率と、行列の積。所要時間：2 コアで 1 分以内、ネットワーク接続は不要です。

# %%
import sys
from pathlib import Path

sys.path.insert(0, str(next(folder for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "lessons").is_dir())))
from study.runtime import start

SEEDS = (0, 1, 2)
start(SEEDS[0])
# %% [markdown] lang="en"
# ## The idea
#
# A *neuron* (ニューロン) is the regression of lesson 00 with several inputs and a bend at its end:
#
# $$y = f(a), \qquad a = x_1 w_1 + x_2 w_2 + \dots + b$$
#
# $f$ is its *activation* (活性化関数). With the *step* (ステップ関数) for $f$, 1 where $a > 0$ and else 0, it is the
# *perceptron* (パーセプトロン) of 1958. Neurons that see the same inputs are a *layer* (層): with a matrix $W$, one column a
# neuron, and a vector $b$ it computes $f(xW + b)$. As every input reaches every neuron, it is called *fully connected*
# (全結合層), in Keras `Dense`. A layer whose outputs are the inputs of another is a *hidden layer* (隠れ層): nobody says what
# its neurons should answer.
#
# Why the bend? Without it two layers are one, for $(x W_1 + b_1) W_2 + b_2 = x\,(W_1 W_2) + (b_1 W_2 + b_2)$: a single matrix
# and a single bias, however many layers there are.
# %% [markdown] lang="ja"
# ## 考え方
#
# *ニューロン*（neuron）は、第 00 章の回帰の入力を複数にし、最後に「曲げ」を加えたものです。
#
# $$y = f(a), \qquad a = x_1 w_1 + x_2 w_2 + \dots + b$$
#
# $f$ を*活性化関数*（activation）と呼びます。$a > 0$ なら 1、それ以外は 0 となる*ステップ関数*（step）を $f$ にしたものが、
# 1958 年に提案された*パーセプトロン*（perceptron）です。同じ入力を受け取るニューロンをまとめたものが*層*（layer）で、
# 各列が一つのニューロンに対応する行列 $W$ とベクトル $b$ を使って $f(xW + b)$ を計算します。
# すべての入力がすべてのニューロンにつながるので*全結合層*（fully connected layer）と呼ばれ、Keras では `Dense` です。
# 出力が別の層の入力になる層を*隠れ層*（hidden layer）と呼びます。そのニューロンが何を出すべきかは、誰も教えません。
#
# なぜ曲げるのでしょうか。曲げなければ、$(x W_1 + b_1) W_2 + b_2 = x\,(W_1 W_2) + (b_1 W_2 + b_2)$ となり、
# 何層重ねても一つの行列と一つのバイアス、つまり 1 層と同じになってしまうからです。
# %% [markdown] lang="en"
# ## Predict before you run
#
# Two bits go in, one comes out. AND is 1 where both are 1; OR where at least one is; XOR (排他的論理和) where exactly one is.
#
# 1. Draw the four inputs as corners of a square. Which of the three can be divided by one straight line into 0 and 1?
# 2. Three layers *without* activation learn XOR for a long time. How many of the four answers can be right at best?
# 3. Where is the sigmoid $1 / (1 + e^{-a})$ steepest, and how steep?
# %% [markdown] lang="ja"
# ## 実行する前に予想しよう
#
# 入力は 2 ビット、出力は 1 ビットです。AND は両方が 1 のとき、OR は少なくとも一方が 1 のとき、
# XOR（排他的論理和）は一方だけが 1 のときに 1 になります。
#
# 1. 四つの入力を正方形の頂点として描いてください。一本の直線で 0 と 1 に分けられるのは、三つのうちどれでしょうか。
# 2. 活性化関数の*ない*層を三つ重ねて、XOR を長時間学習させます。四つの答えのうち、最大でいくつ正解できるでしょうか。
# 3. シグモイド関数 $1 / (1 + e^{-a})$ の傾きが最大になるのはどこで、その値はいくつでしょうか。
# %% [markdown] lang="en"
# ## Run: a perceptron in plain NumPy
#
# The perceptron's rule: only a mistake changes anything, by $w \leftarrow w + \eta\,(t - y)\,x$ and
# $b \leftarrow b + \eta\,(t - y)$, with the right answer $t$. One pass through all pairs is an *epoch* (エポック).
# %% [markdown] lang="ja"
# ## 実行：NumPy だけでパーセプトロン
#
# パーセプトロンの学習則では、間違えたときだけ $w \leftarrow w + \eta\,(t - y)\,x$、$b \leftarrow b + \eta\,(t - y)$
# と更新します。$t$ は正解です。すべてのデータの組を一巡することを 1 *エポック*（epoch）と呼びます。
# %%
import numpy as np

from lessons import canvas, check, regions, say, show
from scratch import perceptron
from scratch.perceptron import GATES, INPUTS

learned = {name: perceptron.learn(INPUTS, right, epochs=100) for name, right in GATES.items()}
for name, (w, b, mistakes) in learned.items():
    print(f"{name:4} mistakes in each epoch: {str(mistakes[:8])[1:-1]:22} … {len(mistakes)} epochs; w = {w}, b = {b:g}")
print("XOR by a hidden layer of two perceptrons, NAND and OR:", perceptron.xor_by_hand(INPUTS))
# %% [markdown] lang="en"
# Why XOR fails: it would take $b \le 0$ for (0, 0), $w_1 + b > 0$ and $w_2 + b > 0$ for the two that are 1. Added up,
# $w_1 + w_2 + b > -b \ge 0$; but for (1, 1) that sum must not be above 0. With a hidden layer it works: NAND (not both) and OR,
# and then AND of those two.
# %% [markdown] lang="ja"
# XOR がうまくいかない理由：(0, 0) から $b \le 0$、答えが 1 の二点から $w_1 + b > 0$ と $w_2 + b > 0$ が必要です。
# 足し合わせると $w_1 + w_2 + b > -b \ge 0$ となりますが、(1, 1) ではこの和が 0 以下でなければならず、矛盾します。
# 隠れ層があれば解けます。NAND（AND の否定）と OR を計算し、その二つの AND をとるのです。
# %% [markdown] lang="en"
# ## Picture
#
# Left, OR and the line that was learned. Middle, XOR: try to draw one. Right, the same four points as the hidden layer sees
# them, with NAND across and OR up: two of them now lie on each other, and one line is enough.
# %% [markdown] lang="ja"
# ## 図で見る
#
# 左は OR と、学習で得られた直線です。中央は XOR で、分ける直線を引いてみてください。右は、
# 同じ四点を隠れ層から見たものです（横軸が NAND、縦軸が OR）。二点が重なり、一本の直線で分けられるようになりました。
# %%
hidden = perceptron.layer(INPUTS, *perceptron.HIDDEN)
right = GATES["XOR"].astype(int)
w, b, _ = learned["OR"]
figure, axes = canvas(1, 3, 2.7)
regions.draw(axes[0, 0], lambda x: perceptron.step(x @ w + b), INPUTS, GATES["OR"].astype(int))
axes[0, 1].plot(*INPUTS[right == 0].T, "o", *INPUTS[right == 1].T, "s", markersize=9, markeredgecolor="black")
axes[0, 1].set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5))
regions.draw(axes[0, 2], lambda x: perceptron.layer(x, *perceptron.OUTPUT)[:, 0], hidden, right)
for ax, title, across, up in zip(
    axes.flat, ("OR", "XOR", "XOR, hidden"), ("x1", "x1", "NAND"), ("x2", "x2", "OR"), strict=True
):
    ax.set(title=title, xlabel=across, ylabel=up)
show(figure, "OR divided by a line; XOR, which no line divides; XOR as the hidden layer sees it, divided by a line.")
# %%
assert learned["AND"][2][-1] == learned["OR"][2][-1] == learned["NAND"][2][-1] == 0
assert min(learned["XOR"][2]) > 0
assert list(perceptron.xor_by_hand(INPUTS)) == list(GATES["XOR"])
say(
    f"**What was seen.** One perceptron learns OR in {len(learned['OR'][2])} epochs and AND in {len(learned['AND'][2])}. On XOR it "
    f"makes at least {min(learned['XOR'][2])} mistakes in each of {len(learned['XOR'][2])} epochs, and more epochs would not help. "
    "Three perceptrons in two layers answer all four right, with weights set by hand. (The line of OR touches a point: the rule stops "
    "at its first epoch without a mistake, and looks for no distance.)",
    f"**わかったこと。** パーセプトロン一つで、OR は {len(learned['OR'][2])} エポック、AND は {len(learned['AND'][2])} エポックで学習できました。XOR では "
    f"{len(learned['XOR'][2])} エポックのどれでも少なくとも {min(learned['XOR'][2])} 回は間違え、続けても変わりません。2 層に並べた三つの"
    "パーセプトロンなら四つとも正解しますが、その重みは人が決めたものです。（OR の直線が点に接しているのは、学習則が、間違いのなくなった最初の"
    "エポックで止まり、点から離れようとはしないからです。）",
)
# %% [markdown] lang="en"
# ## Activations and their slopes
#
# To *learn* the hidden weights we need gradients, and the step has none: its slope is 0 everywhere (and at 0 it jumps). So it
# was replaced by functions with a slope:
#
# | activation | $f(a)$ | slope $f'(a)$ | |
# |---|---|---|---|
# | step (ステップ関数) | 1 if $a > 0$, else 0 | 0 | nothing to follow |
# | sigmoid (シグモイド関数) | $s = 1 / (1 + e^{-a})$ | $s (1 - s)$ | outputs between 0 and 1; one such neuron alone is *logistic regression* (ロジスティック回帰) |
# | tanh (双曲線正接) | $t = (e^a - e^{-a}) / (e^a + e^{-a})$ | $1 - t^2$ | outputs between −1 and 1 |
# | ReLU | $\max(a, 0)$ | 1 if $a > 0$, else 0 | the usual one today |
#
# At $a = 0$ ReLU has no slope; libraries take 0 there, and as a sum is hardly ever exactly 0, it does not matter.
# %% [markdown] lang="ja"
# ## 活性化関数とその微分
#
# 隠れ層の重みを*学習*するには勾配が必要ですが、ステップ関数にはそれがありません。傾きがどこでも 0 だからです（0
# では跳び上がります）。そこで、傾きのある関数に置き換えます。
#
# | 活性化関数 | $f(a)$ | 微分 $f'(a)$ | |
# |---|---|---|---|
# | ステップ関数（step） | $a > 0$ なら 1、それ以外は 0 | 0 | 手がかりがない |
# | シグモイド関数（sigmoid） | $s = 1 / (1 + e^{-a})$ | $s (1 - s)$ | 出力は 0 と 1 の間。このニューロン一つだけなら*ロジスティック回帰* |
# | 双曲線正接（tanh） | $t = (e^a - e^{-a}) / (e^a + e^{-a})$ | $1 - t^2$ | 出力は −1 と 1 の間 |
# | ReLU | $\max(a, 0)$ | $a > 0$ なら 1、それ以外は 0 | 現在の標準 |
#
# ReLU は $a = 0$ で微分できません。ライブラリはそこでの傾きを 0 としますが、和がちょうど 0
# になることはまずないので問題になりません。
# %%
from scratch.activations import FUNCTIONS

a = np.linspace(-5, 5, 401)
figure, axes = canvas(1, 2)
axes[0, 0].plot(a, perceptron.step(a), ":", color="#888888", label="step")
for name, style in {"sigmoid": "-", "tanh": "--", "relu": "-."}.items():
    function, slope = FUNCTIONS[name]
    axes[0, 0].plot(a, function(a), style, label=name)
    axes[0, 1].plot(a, slope(a), style, label=name)
axes[0, 0].set(xlabel="a", ylabel="f(a)", ylim=(-1.2, 2.5))
axes[0, 1].set(xlabel="a", ylabel="slope f'(a)", ylim=(-0.05, 1.3))
axes[0, 0].legend(fontsize=11)
show(figure, "Left: step, sigmoid, tanh and ReLU from -5 to 5. Right: the slopes of sigmoid, tanh and ReLU.")
# %%
slopes = {name: FUNCTIONS[name][1](a) for name in ("sigmoid", "tanh", "relu")}
steepest, far = slopes["sigmoid"].max(), FUNCTIONS["sigmoid"][1](np.array([10.0]))[0]
assert np.isclose(steepest, 0.25)
assert np.isclose(a[slopes["sigmoid"].argmax()], 0, atol=1e-9)
say(
    f"The sigmoid's slope is at most {steepest:.2f}, at 0; tanh's at most {slopes['tanh'].max():.0f}. At a = 10 the sigmoid's is "
    f"{far:.0e}: it is *saturated*. By the chain rule slopes of layers are multiplied: ten sigmoids contribute a factor of at most "
    f"0.25¹⁰ = {0.25**10:.0e}, and only large weights could make up for it. That is the subject of lesson 03.",
    f"シグモイド関数の傾きは 0 で最大の {steepest:.2f}、tanh の傾きは最大 {slopes['tanh'].max():.0f} です。a = 10 ではシグモイド関数の傾きは "
    f"{far:.0e} で、これを*飽和*（saturation）と呼びます。連鎖律により層の傾きは掛け合わされるので、シグモイド関数が十層続くと、その因子は最大でも "
    f"0.25¹⁰ = {0.25**10:.0e} になり、補えるのは大きな重みだけです。これが第 03 章のテーマです。",
)
# %% [markdown] lang="en"
# ## Below 0: leaky ReLU, ELU, GELU, SiLU
#
# A ReLU whose sum is below 0 for every input has the slope 0 everywhere and never changes again: it is *dead*. Four followers
# give the part below 0 a slope:
#
# | activation | $f(a)$ for $a \le 0$ | for $a > 0$ | |
# |---|---|---|---|
# | leaky ReLU | $0.2\,a$ | $a$ | the slope is 0.2 (in the paper 0.01), never 0 |
# | ELU | $e^a - 1$ | $a$ | smooth at 0, not below −1; outputs are nearer to 0 on average |
# | GELU | $a\,\Phi(a)$ | the same | $\Phi(a)$: how often a standard normal number is below $a$; usual in transformers |
# | SiLU, also swish | $a\,s(a)$ | the same | $s$: the sigmoid; usual in EfficientNet |
#
# GELU and SiLU are smooth and dip below 0 before they come back to it. All but leaky ReLU cost an exponential or more for each
# value, and none is best everywhere: try them, `--activation leaky_relu`, `elu`, `gelu` or `silu`. Here one neuron should answer
# $x$ for $x$ from 0 to 1, and begins with all sums below 0.
# %% [markdown] lang="ja"
# ## 0 より下では：leaky ReLU、ELU、GELU、SiLU
#
# どの入力に対しても和が 0 より小さい ReLU は、傾きがどこでも 0 なので、もう変わることがありません。これを「死んでいる」といいます。0 より下にも
# 傾きをもたせた後継が四つあります。
#
# | 活性化関数 | $a \le 0$ での $f(a)$ | $a > 0$ では | |
# |---|---|---|---|
# | leaky ReLU | $0.2\,a$ | $a$ | 傾きは 0.2（論文では 0.01）で、0 にならない |
# | ELU | $e^a - 1$ | $a$ | 0 でなめらか、−1 より下がらない。出力の平均が 0 に近い |
# | GELU | $a\,\Phi(a)$ | 同じ | $\Phi(a)$ は標準正規分布に従う数が $a$ 以下である確率。トランスフォーマーで標準的 |
# | SiLU（swish） | $a\,s(a)$ | 同じ | $s$ はシグモイド関数。EfficientNet で使われる |
#
# GELU と SiLU はなめらかで、0 より下に一度くぼんでから 0 に戻ります。leaky ReLU 以外は、値ごとに指数関数などの計算が必要です。どこでも
# 最良というものはないので、`--activation` に `leaky_relu`、`elu`、`gelu`、`silu` を指定して試します。ここでは、0 から 1 の $x$ に対して $x$ を
# 答えるべきニューロン一つを、すべての和が 0 より小さいところから始めます。
# %%
x, ends = np.linspace(0, 1, 50), {}
for name in ("relu", "leaky_relu", "elu", "gelu", "silu"):
    function, slope = FUNCTIONS[name]
    w, b = 1.0, -2.0  # sums from -2 to -1
    for _ in range(1000):
        back = 2 * (function(w * x + b) - x) * slope(w * x + b)
        w, b = w - 0.1 * np.mean(back * x), b - 0.1 * np.mean(back)
    ends[name] = np.mean((function(w * x + b) - x) ** 2)
    print(f"{name:10} w = {w:5.2f}, b = {b:5.2f}, squared error {ends[name]:.4f}")
lowest = {name: (a[FUNCTIONS[name][0](a).argmin()], FUNCTIONS[name][0](a).min()) for name in ("gelu", "silu")}
# %%
assert max(ends["leaky_relu"], ends["elu"]) < 1e-3
assert min(ends["relu"], ends["gelu"], ends["silu"]) > 0.3
say(
    f"The ReLU stays where it was, leaky ReLU and ELU arrive. GELU and SiLU are not dead, but here they move *away*: left of their lowest point, at a = {lowest['gelu'][0]:.2f} "
    f"({lowest['gelu'][1]:.2f}) and {lowest['silu'][0]:.2f} ({lowest['silu'][1]:.2f}), they fall, so that a larger answer lies on the wrong side. A neuron is seldom so far off for *every* "
    "input: initial values (lesson 03) and normalisation (lesson 05) see to that.",
    f"ReLU は元の場所から動かず、leaky ReLU と ELU は正解に着きました。GELU と SiLU は死んではいませんが、ここでは*遠ざかって*しまいます。最低点（a = {lowest['gelu'][0]:.2f} で "
    f"{lowest['gelu'][1]:.2f}、a = {lowest['silu'][0]:.2f} で {lowest['silu'][1]:.2f}）より左では右下がりなので、答えを大きくしようとすると逆の方向に進むのです。もっとも、*すべての*入力で"
    "これほど外れることはまれで、初期値（第 03 章）と正規化（第 05 章）がそれを防ぎます。",
)
# %% [markdown] lang="en"
# ## Several classes: softmax and cross-entropy
#
# For cat, dog and horse a network has three outputs $z$, any numbers. *Softmax* (ソフトマックス関数) makes shares of them,
# positive and summing to 1, which are read as probabilities: $p_k = e^{z_k} / \sum_j e^{z_j}$. The right answer is written as
# shares too: dog, class 1 of 0, 1, 2, becomes $t = (0, 1, 0)$. This is *one-hot encoding*; in Keras `to_categorical` makes it.
# The loss is the *cross-entropy* (交差エントロピー誤差) $L = -\sum_k t_k \log p_k$: minus the logarithm of the share that the
# right class got.
#
# Why these two together? Their slopes cancel to the plainest there is: $\partial L / \partial z = p - t$, answer minus right
# answer. The regression of lesson 00 had the same: no activation (the *identity*, 恒等関数) and half the squared error,
# $\frac{1}{2}(y - d)^2$, give $y - d$ with the right answer $d$. A sigmoid with squared error does not: it gives
# $(y - d)\, y (1 - y)$, almost 0 where the answer is badly wrong.
# %% [markdown] lang="ja"
# ## 多クラス：ソフトマックス関数と交差エントロピー
#
# 猫・犬・馬を分類するネットワークは、三つの出力 $z$（任意の数）をもちます。
# *ソフトマックス関数*（softmax）$p_k = e^{z_k} / \sum_j e^{z_j}$ は、それを正で合計 1 の割合に変え、
# 確率とみなせるようにします。正解も同じ形で表します。クラス 0, 1, 2 のうちの 1（犬）は $t = (0, 1, 0)$ です。
# これを *one-hot 表現*と呼び、Keras では `to_categorical` で作れます。
# 損失は*交差エントロピー誤差*（cross-entropy）$L = -\sum_k t_k \log p_k$、
# つまり正解のクラスに与えた割合の対数にマイナスを付けたものです。
#
# なぜこの二つを組み合わせるのでしょうか。微分が打ち消し合い、
# $\partial L / \partial z = p - t$（出力−正解）という最も簡単な形になるからです。第 00 章の回帰も同じ形でした。
# 活性化関数なし（*恒等関数*）と二乗誤差の半分 $\frac{1}{2}(y - d)^2$ の組では、正解を $d$ として $y - d$ です。
# シグモイド関数と二乗誤差の組ではそうならず、$(y - d)\, y (1 - y)$ となって、大きく間違えているときにほとんど 0
# になってしまいます。
# %%
import keras

from scratch import losses
from scratch.gradient_check import numerical_gradient

z, t = np.array([[2.0, 1.0, -1.0]]), keras.utils.to_categorical([1], num_classes=3)
p = losses.softmax(z)
print("to_categorical of class 1:", t[0], " softmax:", p[0].round(3), " sum", p.sum().round(6))
print("cross-entropy", round(losses.cross_entropy(z, t)[0], 3), "= -log", p[0, 1].round(3))
slopes_of_loss = numerical_gradient(lambda: losses.cross_entropy(z, t)[0], z)
print("slopes by differences", slopes_of_loss[0].round(4), " p - t", (p - t)[0].round(4))
assert np.allclose(slopes_of_loss, p - t, atol=1e-6)
# %%
wrong = FUNCTIONS["sigmoid"][0](np.array([-8.0]))[0]  # the right answer would be 1
print(
    f"sigmoid answers {wrong:.4f} for 1: slope y - d {wrong - 1:.3f}, with squared error {(wrong - 1) * wrong * (1 - wrong):.5f}"
)
# %% [markdown] lang="en"
# ## XOR learned: the regions as training goes on
#
# Eight hidden neurons with tanh, two outputs, softmax and cross-entropy: nobody sets a weight by hand any more. How the
# gradient reaches the hidden layer is the subject of lesson 02; here `fit` does it, with `SGD`, the update of lesson 00.
# Coloured is what the network would answer at each place.
# %% [markdown] lang="ja"
# ## XOR の学習：領域が変わっていく様子
#
# tanh の隠れニューロン八つ、出力二つ、ソフトマックス関数と交差エントロピーを使います。重みはもう手では決めません。
# 勾配が隠れ層に届く仕組みは第 02 章で説明し、ここでは `fit` と、第 00 章の更新を行う `SGD` に任せます。色は、
# それぞれの場所でネットワークが出す答えを表します。
# %%
from scratch.activations import Activation
from scratch.affine import Affine
from scratch.optimizers import SGD
from scratch.train import fit, predict

targets = keras.utils.to_categorical(right)
# %%
rng = np.random.default_rng(SEEDS[0])
network, update = [Affine(2, 8, rng), Activation("tanh"), Affine(8, 2, rng)], SGD(learning_rate=0.5)
figure, axes = canvas(2, 3, 4.6, sharex=True, sharey=True)
for ax, more in zip(axes.flat, (0, 5, 10, 15, 70, 400), strict=True):
    fit(network, (INPUTS, targets), (INPUTS, targets), update, more, rng, batch_size=4)
    regions.draw(ax, lambda x: predict(network, x).argmax(1), INPUTS, right)
    ax.set_title(f"epoch {update.steps}")
figure.supxlabel("x1")
figure.supylabel("x2")
show(figure, "Regions of a network learning XOR after 0, 5, 15, 30, 100 and 500 epochs: in the end two corners each.")
# %% [markdown] lang="en"
# One picture is one seed (乱数シード), one draw of the first weights. So here are twenty seeds each of: three layers without
# activation, two hidden neurons, and eight.
# %% [markdown] lang="ja"
# 図は*乱数シード*（seed）一つ、つまり重みの初期値を一度引いただけの結果です。そこで、活性化関数なしの 3 層、
# 隠れニューロン二つ、隠れニューロン八つを、それぞれ 20 個のシードで試します。
# %%
tries = {"no activation": (8, None), "2 hidden, tanh": (2, "tanh"), "8 hidden, tanh": (8, "tanh")}
solved, final = {}, {}
for name, (width, activation) in tries.items():
    ends = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        between = [Activation(activation)] if activation else [Affine(width, width, rng)]
        network = [Affine(2, width, rng), *between, Affine(width, 2, rng)]
        ends.append(fit(network, (INPUTS, targets), (INPUTS, targets), SGD(0.5), 400, rng, batch_size=4)[-1])
    solved[name] = sum(end.validation_accuracy == 1 for end in ends)
    final[name] = np.mean([end.loss for end in ends])
    print(f"{name:15} all four right: {solved[name]:2} of 20 seeds; mean loss {final[name]:.4f}")
# %%
assert solved["no activation"] == 0
assert abs(final["no activation"] - np.log(2)) < 0.01
assert solved["8 hidden, tanh"] >= 18
assert solved["2 hidden, tanh"] < solved["8 hidden, tanh"]
say(
    f"Without activation not one of 20 seeds learns XOR. The loss ends at {final['no activation']:.4f} = log 2: the best that a line can do "
    f"is to say half and half everywhere. Eight hidden neurons solve it with {solved['8 hidden, tanh']} of 20 seeds. Two would be enough, as we "
    f"saw by hand, but only {solved['2 hidden, tanh']} of 20 trainings find such weights: *that a solution exists* does not mean *that training finds it*.",
    f"活性化関数がなければ、20 個のシードのどれも XOR を学習できません。損失は {final['no activation']:.4f} = log 2 で止まります。直線にできる最善は、どこでも半々と"
    f"答えることなのです。隠れニューロンが八つなら、20 個中 {solved['8 hidden, tanh']} 個のシードで解けました。手で作ったとおり二つでも足りるはずですが、そのような重みが"
    f"見つかったのは 20 回中 {solved['2 hidden, tanh']} 回だけです。*解が存在すること*と、*学習で見つかること*とは別なのです。",
)
# %% [markdown] lang="en"
# ## Run: the same in Keras
#
# A *framework* (フレームワーク) computes with arrays on processors and graphics cards and works out gradients by itself. The
# large ones are TensorFlow (Google, 2015), PyTorch (Meta, 2016) and JAX (Google, 2018). Keras (François Chollet, 2015) is a
# layer above them: it names layers, losses and optimisers (最適化手法, the rules that change the weights). Keras 2 ended on
# TensorFlow alone; Keras 3 (2023) runs on TensorFlow, PyTorch or JAX, whichever the variable `KERAS_BACKEND` names before it is
# imported. This project uses TensorFlow underneath.
# %% [markdown] lang="ja"
# ## 実行：同じことを Keras で
#
# *フレームワーク*（framework）は、CPU や GPU で配列を計算し、勾配を自動的に求めてくれます。代表的なものは TensorFlow（Google、
# 2015 年）、PyTorch（Meta、2016 年）、JAX（Google、2018 年）です。Keras（François Chollet、2015 年）はその上に載り、
# 層・損失関数・最適化手法（重みの更新のしかた）を提供します。Keras 2 は最終的に TensorFlow 専用になりましたが、
# Keras 3（2023 年）は TensorFlow、PyTorch、JAX のどれの上でも動き、インポートする前に環境変数 `KERAS_BACKEND` で選びます。
# このプロジェクトでは TensorFlow を使います。
# %%
accuracies = {}
for activation, seed in (("linear", 0), *(("tanh", seed) for seed in SEEDS)):  # linear: no activation
    keras.utils.set_random_seed(seed)
    hidden_layer = keras.layers.Dense(8, activation=activation)
    model = keras.Sequential([keras.Input(shape=(2,)), hidden_layer, keras.layers.Dense(2, activation="softmax")])
    model.compile(keras.optimizers.SGD(learning_rate=0.5), loss="categorical_crossentropy")
    for _ in range(300):
        model.train_on_batch(INPUTS, targets)
    accuracies[activation, seed] = float(np.mean(np.argmax(model(INPUTS), axis=1) == right))
print("Keras on", keras.backend.backend(), accuracies)
assert all(accuracies["tanh", seed] == 1 for seed in SEEDS)
assert accuracies["linear", 0] <= 0.75
# %% [markdown] lang="en"
# ## Where it breaks
#
# - **Too few neurons get stuck**, as the twenty seeds of two hidden neurons showed. More neurons than needed learn more easily.
# - **ReLU can die.** A neuron whose sum is negative for every input answers 0 and has the slope 0, as we saw above: nothing will
#   change it again. Put `relu` for `tanh` above and count the seeds.
# - **"One hidden layer can do everything"** is half of a theorem: with enough neurons it can come near any continuous function
#   on a bounded region. It does not say how many are enough, or that training gets there.
# - **Softmax outputs are read as probabilities**, but being 99 % sure and being right 99 % of the time are two things: lesson
#   14.
# - **e to a large number overflows.** So libraries take the largest $z$ away first, and put softmax and logarithm into one
#   formula.
# %% [markdown] lang="ja"
# ## うまくいかないとき
#
# - **ニューロンが少なすぎると行き詰まります。** 隠れニューロン二つの 20 回の試行で見たとおりです。
#   必要な数より多いほうが学習しやすくなります。
# - **ReLU は「死ぬ」ことがあります。** どの入力に対しても和が負になったニューロンは、出力も傾きも 0 になり、
#   二度と変わりません。上の `tanh` を `relu` に変えて、解けたシードを数えてみてください。
# - **「隠れ層が一つあれば何でもできる」は、定理の半分にすぎません。** ニューロンが十分あれば、
#   有界な領域の任意の連続関数を近似できます。しかし、いくつで十分なのか、学習でそこへたどり着けるのかは、何も述べていません。
# - **ソフトマックス関数の出力は確率とみなされます**が、「99 % の確信」と「99 % の割合で正解」とは別のことです（第 14 章）。
# - **大きな数の指数関数は桁あふれします。** そのためライブラリは、先に最大の $z$ を引き、
#   ソフトマックス関数と対数を一つの式にまとめています。
# %% [markdown] lang="en"
# ## Exercises
#
# Replace the dots, run the cell, and read what it says.
#
# **1.** A layer of neurons with sigmoid: `x` has one number an input, `w` one row an input and one column a neuron, `b` one
# number a neuron.
# %% [markdown] lang="ja"
# ## 演習
#
# `...` を書き換えてセルを実行し、表示を読んでください。
#
# **1.** シグモイド関数をもつ層：`x` は入力ごとに一つの数、`w` は行が入力・列がニューロンに対応する行列、
# `b` はニューロンごとに一つの数です。


# %%
def neuron_layer(x, w, b): ...


check(neuron_layer)

# %% [markdown] solution="neuron_layer"

# %% [markdown] lang="en"
# **2.** Two layers without activation, first `w1`, `b1`, then `w2`, `b2`: return the `w` and `b` of the one layer that does the
# same.

# %% [markdown] lang="ja"
# **2.** 活性化関数のない二つの層（先に `w1`, `b1`、次に `w2`, `b2`）と同じ計算をする、一つの層の `w` と `b` を返してください。


# %%
def neuron_collapse(w1, b1, w2, b2): ...


check(neuron_collapse)

# %% [markdown] solution="neuron_collapse"

# %% [markdown] lang="en"
# **3.** Softmax of an array `z`, also of large numbers.

# %% [markdown] lang="ja"
# **3.** 配列 `z` のソフトマックス関数。大きな数でも計算できるようにしてください。


# %%
def neuron_softmax(z): ...


check(neuron_softmax)

# %% [markdown] solution="neuron_softmax"

# %% [markdown] lang="en"
# ## Sources
#
# - Perceptron: Rosenblatt, *The perceptron*, Psychological Review 65, 1958; that its rule arrives: Novikoff, *On convergence
#   proofs on perceptrons*, 1962; what one layer cannot do: Minsky, Papert, *Perceptrons*, MIT Press 1969
# - XOR learned by a hidden layer: Rumelhart, Hinton, Williams, *Learning internal representations by error propagation*, 1986
# - One hidden layer comes near any continuous function: Cybenko, 1989; Hornik, Stinchcombe, White, 1989
# - ReLU: Nair, Hinton, ICML 2010; Glorot, Bordes, Bengio, *Deep sparse rectifier neural networks*, AISTATS 2011
# - Leaky ReLU: Maas, Hannun, Ng, *Rectifier nonlinearities improve neural network acoustic models*, 2013; ELU: Clevert et al.,
#   https://arxiv.org/abs/1511.07289; GELU: Hendrycks, Gimpel, https://arxiv.org/abs/1606.08415; SiLU: Elfwing et al.,
#   https://arxiv.org/abs/1702.03118
# - Which loss belongs to which activation: Bishop, *Pattern recognition and machine learning*, Springer 2006, section 4.3.6
# - Keras 3 and its backends: https://keras.io/keras_3/
# - The code: `scratch/perceptron.py`, `scratch/activations.py`, `scratch/losses.py`; the flag: `python main.py train
#   --activation tanh`

# %% [markdown] lang="ja"
# ## 出典
#
# - パーセプトロン：Rosenblatt, *The perceptron*, Psychological Review 65, 1958。学習則が収束すること：Novikoff, *On
#   convergence proofs on perceptrons*, 1962。1 層では不可能なこと：Minsky, Papert, *Perceptrons*, MIT Press 1969
# - 隠れ層による XOR の学習：Rumelhart, Hinton, Williams, *Learning internal representations by error propagation*, 1986
# - 隠れ層一つで任意の連続関数を近似できること（万能近似定理）：Cybenko, 1989; Hornik, Stinchcombe, White, 1989
# - ReLU:Nair, Hinton, ICML 2010; Glorot, Bordes, Bengio, *Deep sparse rectifier neural networks*, AISTATS 2011
# - leaky ReLU：Maas, Hannun, Ng, *Rectifier nonlinearities improve neural network acoustic models*, 2013。ELU：Clevert et al.,
#   https://arxiv.org/abs/1511.07289 、GELU：Hendrycks, Gimpel, https://arxiv.org/abs/1606.08415 、SiLU：Elfwing et al.,
#   https://arxiv.org/abs/1702.03118
# - 活性化関数と損失関数の組み合わせ：Bishop, *Pattern recognition and machine learning*, Springer 2006, 4.3.6 節
# - Keras 3 とバックエンド：https://keras.io/keras_3/
# - コード：`scratch/perceptron.py`、`scratch/activations.py`、`scratch/losses.py`。フラグ：
#   `python main.py train --activation tanh`
