# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] lang="en"
# # 02 · Backpropagation
#
# **Question.** A small network has tens of thousands of weights, a large one millions. How does one find the slope of the loss
# along every single one of them, without trying each?
#
# **At the end you can** follow a gradient back through a network by the chain rule, check a gradient you wrote by hand, write
# the training loop over mini-batches, and count batches, iterations and epochs.
#
# You need: the chain rule from lesson 00; layers, softmax and cross-entropy from lesson 01. Time: about a minute on two cores,
# without network.

# %% [markdown] lang="ja"
# # 02 · 誤差逆伝播法
#
# **問い。** 小さなネットワークでも重みは数万個、大きなものなら何百万個もあります。一つずつ試すことなく、
# すべての重みについて損失の傾きを求めるにはどうすればよいのでしょうか。
#
# **この章を終えると**、連鎖律を使って勾配をネットワークの後ろから前へたどり、自分で書いた勾配が正しいかを確かめ、
# ミニバッチの学習ループを書き、バッチ・イテレーション・エポックを数えられるようになります。
#
# 前提：第 00 章の連鎖律、第 01 章の層、ソフトマックス関数、交差エントロピー。所要時間：2 コアで約 1 分、
# ネットワーク接続は不要です。

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
# Going *forward* (順伝播) a network computes a chain: input, sum, activation, sum, …, loss. The chain rule multiplies the
# slopes along the way. *Backpropagation* (誤差逆伝播法) does that from the end: each step is handed the slope of the loss along
# its output, multiplies it by its own slope, and hands the product to the step before. Nothing is computed twice, and a step
# needs to know nothing but itself:
#
# $$\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \cdot \frac{\partial y}{\partial x}$$
#
# | step | forward | backward |
# |---|---|---|
# | activation | $Y = f(A)$ | $\frac{\partial L}{\partial A} = \frac{\partial L}{\partial Y} \cdot f'(A)$, number by number |
# | fully connected layer | $A = X W + b$ | $\frac{\partial L}{\partial X} = \frac{\partial L}{\partial A} W^\top, \quad \frac{\partial L}{\partial W} = X^\top \frac{\partial L}{\partial A}, \quad \frac{\partial L}{\partial b} =$ the sum of $\frac{\partial L}{\partial A}$ over the images |
# | softmax with cross-entropy | $L$, the mean over $n$ images | $\frac{\partial L}{\partial Z} = (P - T) / n$ |
#
# A row of $X$ is an image; $\top$ turns rows into columns. What is used in several places, as $b$ is by every image, gets the
# sum of what comes back from them.
# %% [markdown] lang="ja"
# ## 考え方
#
# *順伝播*（forward）では、入力、和、活性化関数、和、……、損失という連鎖を計算します。連鎖律は、
# その途中の傾きを掛け合わせるものでした。*誤差逆伝播法*（backpropagation）は、それを後ろから行います。各ステップは、
# 自分の出力についての損失の傾きを受け取り、自分自身の傾きを掛けて、一つ前のステップに渡します。同じ計算を二度することはなく、
# 各ステップは自分のことだけ知っていれば十分です。
#
# $$\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \cdot \frac{\partial y}{\partial x}$$
#
# | ステップ | 順伝播 | 逆伝播 |
# |---|---|---|
# | 活性化関数 | $Y = f(A)$ | $\frac{\partial L}{\partial A} = \frac{\partial L}{\partial Y} \cdot f'(A)$（要素ごと） |
# | 全結合層 | $A = X W + b$ | $\frac{\partial L}{\partial X} = \frac{\partial L}{\partial A} W^\top, \quad \frac{\partial L}{\partial W} = X^\top \frac{\partial L}{\partial A}, \quad \frac{\partial L}{\partial b} =$ 画像についての $\frac{\partial L}{\partial A}$ の和 |
# | ソフトマックス関数と交差エントロピー | $L$（$n$ 枚の平均） | $\frac{\partial L}{\partial Z} = (P - T) / n$ |
#
# $X$ の 1 行が 1 枚の画像です。$\top$ は転置、つまり行と列の入れ替えです。すべての画像で使われる $b$ のように、
# 複数の場所で使われるものには、それぞれから戻ってきた勾配の和が渡されます。
# %% [markdown] lang="en"
# ## Predict before you run
#
# One neuron with a sigmoid answers $y$ where $d = 1$ would be right; the loss is $\frac{1}{2}(y - d)^2$.
#
# 1. At which end does the gradient begin, and what is its first value?
# 2. A network has 24,707 weights, biases counted. How often must it be run to find all slopes by nudging each weight up and
#    down?
# 3. 5,000 images go through it in batches of 100. How often are the weights changed until every image was seen once?
# 4. Nudging by a smaller and smaller $h$: does the slope get ever more exact?
# %% [markdown] lang="ja"
# ## 実行する前に予想しよう
#
# シグモイド関数をもつニューロン一つが $y$ を出力し、正解は $d = 1$、損失は $\frac{1}{2}(y - d)^2$ です。
#
# 1. 勾配の計算はどちらの端から始まり、最初の値は何でしょうか。
# 2. 重みが（バイアスを含めて）24,707 個あるネットワークで、重みを一つずつ上下に動かしてすべての傾きを求めるには、
#    ネットワークを何回実行しなければならないでしょうか。
# 3. 5,000 枚の画像を 100 枚ずつのバッチで学習します。すべての画像を一度ずつ使うまでに、重みは何回更新されるでしょうか。
# 4. 動かす幅 $h$ を小さくすればするほど、傾きは正確になるでしょうか。
# %% [markdown] lang="en"
# ## Run: one neuron, by hand
# %% [markdown] lang="ja"
# ## 実行：ニューロン一つを手計算で
# %%
import numpy as np

from lessons import canvas, check, graphs, read, say, show, vectors
from scratch.activations import sigmoid

x, w, b, d = 1.5, 0.8, -0.2, 1.0
wx = w * x  # forward, from left to right
a = wx + b
y = float(sigmoid(np.float64(a)))
loss = (y - d) ** 2 / 2
dy = y - d  # backward, from right to left: each line multiplies the one above by a slope
da = dy * y * (1 - y)
dwx = da * 1
dw = dwx * x
print(f"loss {loss:.4f}; slopes along y {dy:.4f}, a {da:.4f}, w x {dwx:.4f}, w {dw:.4f}")
# %% [markdown] lang="en"
# ## Picture
#
# Above, blue, the values on their way to the loss. Below, red, the gradient on its way back: every arrow multiplies by the
# slope of its step. The gradient along $w$ is the product of all of them.
# %% [markdown] lang="ja"
# ## 図で見る
#
# 上の青は損失へ向かう値、下の赤は戻ってくる勾配です。矢印ごとに、そのステップの傾きが掛けられます。$w$ についての勾配は、
# それらすべての積です。
# %%
figure, axes = canvas(height=2.6)
chain = [
    graphs.Node("w", w, dw, "× x", x),
    graphs.Node("w x", wx, dwx, "+ b", 1),
    graphs.Node("a", a, da, "sigmoid", y * (1 - y)),
    graphs.Node("y", y, dy, "½(y − d)²", y - d),
    graphs.Node("L", loss, 1.0),
]
graphs.draw_chain(axes[0, 0], chain)
show(
    figure,
    "A neuron as a chain from w to the loss L: values go right, the gradient comes back, times a slope each step.",
)
# %%
h = 1e-5
nudged = [(float(sigmoid(np.float64((w + step) * x + b))) - d) ** 2 / 2 for step in (h, -h)]
differences = (nudged[0] - nudged[1]) / (2 * h)
assert abs(differences - dw) < 1e-8
say(
    f"**What was seen.** The gradient begins at the loss, with 1, and becomes {dy:.3f} at y, {da:.3f} at a and {dw:.3f} at w. Nudging w "
    f"by {h:g} up and down gives {differences:.3f} as well. The sigmoid let only {y * (1 - y):.2f} of it through.",
    f"**わかったこと。** 勾配は損失の 1 から始まり、y で {dy:.3f}、a で {da:.3f}、w で {dw:.3f} になりました。w を上下に {h:g} だけ動かして求めた傾きも "
    f"{differences:.3f} です。シグモイド関数を通ると、勾配は {y * (1 - y):.2f} 倍に減りました。",
)
# %% [markdown] lang="en"
# ## Run: two layers in plain NumPy, and the gradient check
#
# In `scratch/` a layer is an object with `forward` and `backward`, the two columns of the table above. Whoever writes a
# `backward` makes mistakes; the *gradient check* (勾配確認) finds them: compare with differences, weight by weight. As a
# measure, the *relative error* $|g - g'| / (|g| + |g'|)$ is 0 where the two are equal, and at most 1. The numbers are float64,
# of about 16 digits.
# %% [markdown] lang="ja"
# ## 実行：NumPy だけで 2 層、そして勾配確認
#
# `scratch/` の層は `forward` と `backward` をもつオブジェクトで、上の表の二つの列に対応します。
# `backward` を書くと間違えやすいものですが、*勾配確認*（gradient check）で見つけられます。
# 重みを一つずつ動かして求めた数値微分と比べるのです。尺度には*相対誤差* $|g - g'| / (|g| + |g'|)$ を使います。
# 二つが等しければ 0 で、大きくても 1 です。数値は約 16 桁の精度をもつ float64 にします。
# %%
from scratch.activations import Activation
from scratch.affine import Affine
from scratch.gradient_check import numerical_gradient, relative_error
from scratch.losses import cross_entropy
from scratch.train import backward, batches, fit, forward, weights_and_gradients

rng = np.random.default_rng(SEEDS[0])
small = [Affine(4, 5, rng), Activation("tanh"), Affine(5, 3, rng)]
for layer in small:
    layer.params = {name: value.astype(np.float64) for name, value in layer.params.items()}
inputs, answers = rng.normal(size=(6, 4)), np.eye(3)[[0, 1, 2, 0, 1, 2]]  # six made-up images of four values
# %%
error, slope = cross_entropy(forward(small, inputs), answers)
backward(small, slope)
weights, gradients, _ = weights_and_gradients(small)
checked = [numerical_gradient(lambda: cross_entropy(forward(small, inputs), answers)[0], weight) for weight in weights]
errors = {}
for name, gradient, by_differences in zip(("W1", "b1", "W2", "b2"), gradients, checked, strict=True):
    errors[name] = relative_error(gradient, by_differences)
    print(f"{name} {gradient.shape!s:7} relative error {errors[name]:.0e}")
mistaken = relative_error(gradients[3] / len(inputs), checked[3])  # a mean where the sum belongs
print(f"b2 with a mean for the sum: {mistaken:.2f}")
assert max(errors.values()) < 1e-6
assert mistaken > 0.5
# %% [markdown] lang="en"
# How small should $h$ be? Looking to both sides, the error shrinks with $h^2$; looking to one side, with $h$. But two nearly
# equal numbers are subtracted, and a computer keeps about 16 digits: the smaller $h$, the fewer of them are left.
# %% [markdown] lang="ja"
# $h$ はどれくらい小さくすればよいのでしょうか。両側の差を使うと誤差は $h^2$ に、片側の差なら $h$ に比例して減ります。しかし、
# ほとんど等しい二つの数を引き算するため、約 16 桁しかもたないコンピュータでは、$h$
# が小さいほど有効な桁が減ってしまいます（桁落ち）。
# %%
h = 10.0 ** np.arange(-12, 0, 0.25)
both = abs((np.sin(1 + h) - np.sin(1 - h)) / (2 * h) - np.cos(1))
one = abs((np.sin(1 + h) - np.sin(1)) / h - np.cos(1))
figure, axes = canvas()
axes[0, 0].loglog(h, both, label="both sides")
axes[0, 0].loglog(h, one, "--", label="one side")
axes[0, 0].set(xlabel="h", ylabel="error of the slope of sin at 1")
axes[0, 0].legend()
show(
    figure,
    "Error of a numerical slope over h: it falls with h down to about 1e-5 for both sides, and then rises again.",
)
# %%
best = h[both.argmin()]
assert 1e-7 < best < 1e-3
assert both.min() < one.min() / 10
print(f"best h: {best:.0e} for both sides, {h[one.argmin()]:.0e} for one side")
# %% [markdown] lang="en"
# ## The loop over mini-batches
#
# The gradient of all images is costly, that of one image is a poor guide. Between them lies the *mini-batch* (ミニバッチ), here
# simply *batch*: a few images at a time. One update by one batch is an *iteration* (イテレーション); when every image was seen
# once, an *epoch* (エポック) is over. As the batches are drawn at random, this is *stochastic gradient descent*, SGD
# (確率的勾配降下法).
#
# The images are *drawings* of cats, dogs and horses, made by the program. They become vectors here: shrunk to 16 × 16 pixels of
# three colours, 768 numbers in a row.
# %% [markdown] lang="ja"
# ## ミニバッチの学習ループ
#
# 全画像の勾配を計算するのは高くつき、1 枚だけの勾配は当てになりません。その間をとって、
# 一度に何枚かずつ使うのが*ミニバッチ*（mini-batch、ここでは単にバッチ）です。一つのバッチによる 1
# 回の更新を*イテレーション*（iteration）、すべての画像を一度ずつ使い終えるまでを*エポック*（epoch）と呼びます。
# バッチを無作為に選ぶので、*確率的勾配降下法*（stochastic gradient descent、SGD）といいます。
#
# 画像は、プログラムが描いた猫・犬・馬の*描画*です。ここでは 16 × 16 画素・3 色に縮め、768 個の数を並べたベクトルとして扱います。
# %%
from data import iterations
from scratch.optimizers import SGD

pairs = vectors.of(read(DATA, image_size=32))
x, t = pairs["train"]
rng, optimizer = np.random.default_rng(SEEDS[0]), SGD(learning_rate=0.02)
network = [Affine(x.shape[1], 32, rng), Activation("relu"), Affine(32, t.shape[1], rng)]
for epoch in range(3):
    for rows in batches(len(x), 100, rng):  # an iteration: 100 images
        error, slope = cross_entropy(forward(network, x[rows]), t[rows])
        backward(network, slope)
        weights, gradients, _ = weights_and_gradients(network)
        optimizer.step(weights, gradients)
    print(f"epoch {epoch + 1}: {optimizer.steps} iterations so far, loss of the last batch {error:.3f}")
# %%
counted = len(list(batches(5000, 100, rng)))
numbers = sum(weight.size for weight in weights)
assert counted == iterations(5000, 100) == 50
assert optimizer.steps == 3 * iterations(len(x), 100)
say(
    f"5,000 images in batches of 100 are {counted} iterations an epoch; our {len(x):,} images are {iterations(len(x), 100)}. The network "
    f"has {numbers:,} weights: nudging them all would take {2 * numbers:,} runs for one update. Backpropagation takes one run forward and one back.",
    f"5,000 枚を 100 枚ずつのバッチにすると、1 エポックは {counted} イテレーションです。今回の {len(x):,} 枚では {iterations(len(x), 100)} イテレーションになります。このネットワークの"
    f"重みは {numbers:,} 個なので、一つずつ動かすと 1 回の更新に {2 * numbers:,} 回の実行が必要です。誤差逆伝播法なら、順伝播と逆伝播が 1 回ずつで済みます。",
)
# %% [markdown] lang="en"
# ## Large or small batches?
#
# Ten epochs each, at one learning rate: every training sees the same images equally often, and only the batch differs.
# %% [markdown] lang="ja"
# ## バッチは大きく、それとも小さく
#
# 同じ学習率で 10 エポックずつ学習します。どの学習も同じ画像を同じ回数だけ使い、違うのはバッチの大きさだけです。
# %%
curves = {}
for size in (len(x), 100, 10):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        network = [Affine(x.shape[1], 32, rng), Activation("relu"), Affine(32, t.shape[1], rng)]
        history = fit(network, pairs["train"], pairs["val"], SGD(0.02), 10, rng, batch_size=size)
        curves.setdefault(size, []).append([epoch.loss for epoch in history])
# %%
figure, axes = canvas()
for size, losses in curves.items():
    (line,) = axes[0, 0].plot(
        range(1, 11), np.mean(losses, 0), label=f"batch {size} (updates an epoch: {iterations(len(x), size)})"
    )
    axes[0, 0].fill_between(range(1, 11), np.min(losses, 0), np.max(losses, 0), color=line.get_color(), alpha=0.15)
axes[0, 0].set(xlabel="epoch", ylabel="training loss")
axes[0, 0].legend(fontsize=11)
show(figure, "Training loss over ten epochs with all images at once, batches of 100 and of 10: the smaller, the lower.")
# %%
last = {size: [losses[-1] for losses in of_seeds] for size, of_seeds in curves.items()}
assert max(last[10]) < min(last[len(x)])
assert max(last[100]) < min(last[len(x)])
say(
    f"After ten epochs the loss is {np.mean(last[len(x)]):.2f} with one update an epoch, {np.mean(last[100]):.2f} with batches of 100, "
    f"{np.mean(last[10]):.2f} with batches of 10: the worst of three seeds with mini-batches is below the best without. That says that more updates "
    "from the same images go further here; it does not say that small batches are better at an equal *time*: processors "
    "and graphics cards are at their best with large matrices.",
    f"10 エポック後の損失は、1 エポックに 1 回だけ更新した場合が {np.mean(last[len(x)]):.2f}、100 枚のバッチで {np.mean(last[100]):.2f}、10 枚のバッチで "
    f"{np.mean(last[10]):.2f} でした。ミニバッチを使った場合、三つのシードの最悪値でも、使わない場合の最良値を下回ります。同じ画像からより多く更新するほうが先へ進むのです。"
    "ただし、同じ*時間*で比べて小さいバッチのほうがよいという意味ではありません。CPU や GPU は、大きな行列の計算でこそ力を発揮するからです。",
)
# %% [markdown] lang="en"
# You may read that large batches are "unbiased". The gradient of a batch drawn at random is unbiased at *every* size:
# on average it is that of all images. A small batch scatters more around it.
# %% [markdown] lang="ja"
# 「大きいバッチは偏りがない」と書かれていることがありますが、無作為に選んだバッチの勾配は、*どの*大きさでも不偏です。
# 平均すれば全画像の勾配に一致します。小さいバッチでは、そのまわりのばらつきが大きくなるだけです。
# %%
scatter, means = {}, {}
for size in (len(x), 100, 10):
    of_batches, shares = [], []
    for rows in batches(len(x), size, np.random.default_rng(SEEDS[0])):
        backward(network, cross_entropy(forward(network, x[rows]), t[rows])[1])
        of_batches.append(network[0].grads["w"].ravel().astype(np.float64))
        shares.append(len(rows) / len(x))
    mean = np.average(of_batches, axis=0, weights=shares)
    scatter[size] = np.mean([np.linalg.norm(one - mean) for one in of_batches]) / np.linalg.norm(mean)
    means[size] = mean
    print(
        f"batch {size:5}: a batch is off by {scatter[size]:.2f} of the length, the mean of all by {relative_error(mean, means[len(x)]):.0e}"
    )
assert scatter[10] > scatter[100] > 0.05
assert all(relative_error(mean, means[len(x)]) < 1e-4 for mean in means.values())
# %% [markdown] lang="en"
# ## Run: the same in Keras
#
# Keras needs no `backward`: TensorFlow notes on a tape what is computed and goes back over it. That is *automatic
# differentiation* (自動微分), backpropagation for whatever was written.
# %% [markdown] lang="ja"
# ## 実行：同じことを Keras で
#
# Keras では `backward` を書く必要がありません。TensorFlow が計算の過程をテープのように記録し、それを逆にたどるからです。
# これを*自動微分*（automatic differentiation）と呼びます。どんな計算に対しても誤差逆伝播法を行ってくれます。
# %%
import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((x.shape[1],)), keras.layers.Dense(32, "relu"), keras.layers.Dense(t.shape[1])])
model.set_weights([value for layer in network for value in layer.params.values()])
measure = keras.losses.CategoricalCrossentropy(from_logits=True)  # softmax and cross-entropy in one
with tf.GradientTape() as tape:
    error = measure(t[:100], model(x[:100]))
theirs = [gradient.numpy() for gradient in tape.gradient(error, model.trainable_weights)]
backward(network, cross_entropy(forward(network, x[:100]), t[:100])[1])
ours = weights_and_gradients(network)[1]
apart = max(relative_error(a, b) for a, b in zip(ours, theirs, strict=True))
# %%
model.compile(keras.optimizers.SGD(0.02), loss=measure)
model.fit(x, t, batch_size=100, epochs=3, verbose=0)
print(
    f"gradients: relative error {apart:.0e}; Keras counted {int(model.optimizer.iterations)} iterations in three epochs"
)
# %%
assert apart < 1e-4
assert int(model.optimizer.iterations) == 3 * iterations(len(x), 100)
say(
    f"With the same weights, TensorFlow's tape and our two hand-written `backward` agree to {apart:.0e}, what seven digits allow. `fit` is the loop "
    "above: it shuffles, cuts batches, goes forward, back, and updates.",
    f"同じ重みを与えると、TensorFlow の自動微分と手で書いた二つの `backward` は、相対誤差 {apart:.0e} で一致しました（約 7 桁の精度で期待できる差です）。`fit` は上のループと同じで、"
    "並べ替え、バッチへの分割、順伝播、逆伝播、更新を繰り返します。",
)
# %% [markdown] lang="en"
# ## Where it breaks
#
# - **At a kink** the check means nothing: left and right of ReLU's 0 the slopes differ. Check with values that keep away from
#   it.
# - **With chance inside.** A layer that draws random numbers answers differently each time; hold them fixed to check.
# - **With few digits.** Checked in float32, of seven digits, a right gradient looks wrong; the next cell measures it.
# - **Memory.** Going back needs the values from going forward, so all of them are kept: training takes far more memory than
#   predicting.
# - **The mean over batches.** Where the last batch is smaller, the mean of the batches' losses is not quite that of the images.
# - **Gradients that vanish.** Every step multiplies; with many steps the product may become 0: lesson 03.
# %% [markdown] lang="ja"
# ## うまくいかないとき
#
# - **折れ曲がる点**では勾配確認は意味がありません。ReLU は 0 の左右で傾きが違います。そこから離れた値で確かめましょう。
# - **乱数を使う層**は、毎回違う値を出します。確かめるときは乱数を固定します。
# - **桁が少ないとき。** 約 7 桁の float32 で確かめると、正しい勾配でも間違って見えます。次のセルで測ります。
# - **メモリ。** 逆伝播には順伝播の値が必要なので、すべて残しておきます。学習には予測よりずっと多くのメモリがいるのです。
# - **バッチの平均。** 最後のバッチが小さいと、バッチごとの損失の平均は、画像全体の平均とわずかに異なります。
# - **勾配消失。** ステップごとに掛け算が行われるので、ステップが多いと積が 0 に近づくことがあります（第 03 章）。
# %%
for layer in small:
    layer.params = {name: value.astype(np.float32) for name, value in layer.params.items()}
inputs32, answers32 = inputs.astype(np.float32), answers.astype(np.float32)
backward(small, cross_entropy(forward(small, inputs32), answers32)[1])
by_differences = numerical_gradient(lambda: cross_entropy(forward(small, inputs32), answers32)[0], small[0].params["w"])
coarse = relative_error(small[0].grads["w"], by_differences)
assert coarse > 100 * errors["W1"]
say(
    f"In float32 the check of W1, which is right, gives {coarse:.0e} instead of {errors['W1']:.0e}: check in float64.",
    f"float32 では、正しいはずの W1 の勾配確認が {errors['W1']:.0e} ではなく {coarse:.0e} になりました。勾配確認は float64 で行いましょう。",
)
# %% [markdown] lang="en"
# ## Exercises
#
# Replace the dots, run the cell, and read what it says.
#
# **1.** How many iterations does a training take, of so many `images`, in batches of `batch`, over `epochs` epochs? A last,
# smaller batch counts.
# %% [markdown] lang="ja"
# ## 演習
#
# `...` を書き換えてセルを実行し、表示を読んでください。
#
# **1.** 画像が `images` 枚、バッチが `batch` 枚、`epochs` エポックの学習は、何イテレーションでしょうか。
# 最後の小さなバッチも 1 回と数えます。


# %%
def backprop_iterations(images, batch, epochs): ...


check(backprop_iterations)

# %% [markdown] solution="backprop_iterations"

# %% [markdown] lang="en"
# **2.** The way back through a fully connected layer $A = XW + b$: from `x`, `w` and `grad`, which is
# $\partial L / \partial A$, return $\partial L / \partial X$, $\partial L / \partial W$ and $\partial L / \partial b$.

# %% [markdown] lang="ja"
# **2.** 全結合層 $A = XW + b$ の逆伝播：`x`、`w` と、$\partial L / \partial A$ である `grad` から、$\partial L / \partial X$、
# $\partial L / \partial W$、$\partial L / \partial b$ を返してください。


# %%
def backprop_affine(x, w, grad): ...


check(backprop_affine)

# %% [markdown] solution="backprop_affine"

# %% [markdown] lang="en"
# **3.** The numerical slope of a function `f` at `x`, looking as far as `h` to both sides.

# %% [markdown] lang="ja"
# **3.** 関数 `f` の `x` での数値微分。両側に `h` だけ離れた点を使ってください。


# %%
def backprop_numerical(f, x, h): ...


check(backprop_numerical)

# %% [markdown] solution="backprop_numerical"

# %% [markdown] lang="en"
# ## Sources
#
# - Backpropagation: Rumelhart, Hinton, Williams, *Learning representations by back-propagating errors*, Nature 323, 1986; the
#   idea is older: Linnainmaa, 1970; Werbos, 1974
# - Automatic differentiation: Baydin et al., https://arxiv.org/abs/1502.05767
# - Gradient check: Goodfellow, Bengio, Courville, *Deep Learning*, MIT Press 2016, section 11.5,
#   https://www.deeplearningbook.org
# - Mini-batches: Bottou, Curtis, Nocedal, https://arxiv.org/abs/1606.04838
# - The code: `scratch/layer.py`, `scratch/affine.py`, `scratch/train.py`, `scratch/gradient_check.py`; the flags: `python
#   main.py train --batch-size 100 --epochs 16`

# %% [markdown] lang="ja"
# ## 出典
#
# - 誤差逆伝播法：Rumelhart, Hinton, Williams, *Learning representations by back-propagating errors*, Nature 323, 1986。
#   考え方はもっと古く、Linnainmaa, 1970; Werbos, 1974 にさかのぼります
# - 自動微分：Baydin et al., https://arxiv.org/abs/1502.05767
# - 勾配確認：Goodfellow, Bengio, Courville, *Deep Learning*, MIT Press 2016, 11.5 節, https://www.deeplearningbook.org
# - ミニバッチ：Bottou, Curtis, Nocedal, https://arxiv.org/abs/1606.04838
# - コード：`scratch/layer.py`、`scratch/affine.py`、`scratch/train.py`、`scratch/gradient_check.py`。
#   フラグ： `python main.py train --batch-size 100 --epochs 16`
