# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] lang="en"
# # 11 · Losses and helper tasks
#
# **Question.** Two networks see the same images and the same labels, and learn different things. What did we ask of each?
#
# **At the end you can** say which answer a loss asks for, choose among cross-entropy, class weights, focal loss and Dice for a
# rare class, give a network extra labels or extra input channels, and measure whether they help.
#
# You need: cross-entropy and softmax from lesson 01, recall and class weights from lesson 09. Time: about a minute on two
# cores, without network. The images are the drawings, as they come with masks and second labels.

# %% [markdown] lang="ja"
# # 11 · 損失関数と補助タスク
#
# **問い。** 二つのネットワークが同じ画像と同じラベルを見て、違うことを学びました。それぞれに何を求めたのでしょうか。
#
# **この章を終えると**、損失関数がどんな答えを求めているかを説明し、少数クラスに対して交差エントロピー、クラスの重み、フォーカル損失、Dice 損失から
# 選び、追加のラベルや追加の入力チャンネルを与え、それが役に立つかどうかを測れるようになります。
#
# 前提：第 01 章の交差エントロピーとソフトマックス、第 09 章の再現率とクラスの重み。所要時間：2 コアで約 1 分、ネットワーク接続は不要です。
# 画像には、マスクと第二のラベルが付いている描画を使います。

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
# In *labelled data* (教師データ) each input $x$ comes with the answer $t$ that is wanted. The *loss* (損失関数) turns answer and
# wish into one number, and training makes that number small. It knows nothing of what you meant: **what the loss says is what is
# learnt**. With $p$ the probability that the network gives to the right class:
#
# | loss | one answer costs | asks for |
# |---|---|---|
# | *cross-entropy* (交差エントロピー) | $-\log p$ | honest probabilities |
# | *class weights* (クラスの重み) | $-w_t \log p$ | the same, as if class $t$ were $w_t$ times as frequent |
# | *focal* loss (フォーカル損失) | $-(1-p)^\gamma \log p$ | little of answers that are right already |
# | *Dice* loss (Dice 損失) | no price for one answer: $1 - \dfrac{2\sum p_i t_i}{\sum p_i + \sum t_i}$, a class at a time, over all pixels | overlap |
#
# $\gamma$, usually 2, says how little easy answers count; at 0 it is cross-entropy. In Dice, $p_i$ is the probability of the class
# at pixel $i$, and $t_i$ is 1 where it is right, else 0.
#
# In *segmentation* (セグメンテーション) every pixel has a class, and the labels of an image are its *mask* (マスク). Usual there is the mix $(1-d)\,\text{cross-entropy} + d\,\text{Dice}$.
#
# An *auxiliary task* (補助タスク) adds labels instead: a second *head* (ヘッド), a last layer of its own on the same network, learns something else about the
# image, and the loss becomes $L_\text{class} + a\,L_\text{auxiliary}$. After training that head is thrown away.
# %% [markdown] lang="ja"
# ## 考え方
#
# *教師データ*（labelled data）では、入力 $x$ ごとに正解 $t$ があります。*損失関数*（loss）は、答えと正解を一つの数にまとめ、学習はその数を小さく
# します。こちらの意図は知りません。**損失関数に書いたことだけが学ばれます。** 正解クラスに与えた確率を $p$ とします。
#
# | 損失関数 | 一つの答えの値段 | 求めるもの |
# |---|---|---|
# | *交差エントロピー*（cross-entropy） | $-\log p$ | 正直な確率 |
# | *クラスの重み*（class weights） | $-w_t \log p$ | 同じ。ただしクラス $t$ が $w_t$ 倍多いかのように |
# | *フォーカル損失*（focal loss） | $-(1-p)^\gamma \log p$ | すでに正しい答えにはあまり求めない |
# | *Dice 損失*（Dice loss） | 一つの答えに値段はない。クラスごとに全画素で $1 - \dfrac{2\sum p_i t_i}{\sum p_i + \sum t_i}$ | 重なり |
#
# $\gamma$（ふつうは 2）は、やさしい答えをどれだけ軽く扱うかを決めます。0 なら交差エントロピーです。Dice の $p_i$ は画素 $i$ でのそのクラスの確率、
# $t_i$ は正解なら 1、そうでなければ 0 です。
#
# *セグメンテーション*（segmentation）では画素ごとにクラスがあり、画像のラベルは*マスク*（mask）です。ふつうは $(1-d)\,\text{cross-entropy} + d\,\text{Dice}$ のように混ぜて使います。
#
# *補助タスク*（auxiliary task）は、ラベルのほうを増やします。同じネットワークに二つ目の*ヘッド*（head、専用の最終層）を付けて画像の別のことを学ばせ、損失を
# $L_\text{class} + a\,L_\text{auxiliary}$ とします。学習が終われば、そのヘッドは捨てます。
# %% [markdown] lang="en"
# ## Predict before you run
#
# 1. One pixel in ten is of an outline. What accuracy has a network that finds no outline at all?
# 2. Of 100 equal-looking pixels 30 are of the outline. Which probability does cross-entropy ask for? And Dice?
# 3. A second label, the pattern of the coat, is learned beside the animal. Does the animal become easier? With a hundred times
#    the weight?
# 4. Can a network of one convolution and a mean over the image tell left from right?
# %% [markdown] lang="ja"
# ## 実行する前に予想しよう
#
# 1. 輪郭の画素は 10 個に 1 個です。輪郭を一つも見つけないネットワークの正解率はいくらでしょうか。
# 2. 同じに見える 100 個の画素のうち、30 個が輪郭です。交差エントロピーはどんな確率を求めるでしょうか。Dice はどうでしょうか。
# 3. 動物と一緒に、第二のラベルとして毛の模様を学習させます。動物は見分けやすくなるでしょうか。重みを 100 倍にしたらどうでしょうか。
# 4. 畳み込み層一つと画像全体の平均だけのネットワークは、左と右を区別できるでしょうか。
# %% [markdown] lang="en"
# ## Run: in plain NumPy
#
# `scratch/losses.py` holds each loss with its gradient. Three answers to the same image, of class 1: nearly right, undecided,
# and wrong.
# %% [markdown] lang="ja"
# ## 実行：NumPy だけで
#
# `scratch/losses.py` に、それぞれの損失と勾配があります。クラス 1 の画像に対する三つの答え（ほぼ正解、どちらとも言えない、誤り）を比べます。
# %%
from functools import partial

import numpy as np

from lessons import answers, asking, bursts, canvas, check, learn, outlines, previews, read, say, sheets, show, vectors
from lessons.two_heads import Labelled, learn_both, made
from scratch import coordinates, losses, missing, train

focal = partial(losses.focal, gamma=2.0, alpha=1.0)
heavy = partial(losses.weighted_cross_entropy, weights=np.array([1.0, 4.0]))  # class 1 counts four times
costs = {}
for p in (0.9, 0.5, 0.1):
    z, t = np.log([[1 - p, p]]), np.array([[0.0, 1.0]])
    costs[p] = [loss(z, t)[0] for loss in (losses.cross_entropy, heavy, focal)]
    print(f"p = {p}: cross-entropy {costs[p][0]:.3f}, weight 4 {costs[p][1]:.3f}, focal {costs[p][2]:.4f}")

# %% [markdown] lang="en"
# ## Picture: what each loss asks for
#
# Equal inputs can have different labels: of pixels that look alike, a share $q$ is of class 1. A network can give them only *one*
# answer $p$. We try all $p$ from 0.001 to 0.999 and take the one of the least mean loss. For Dice, which has no price for one
# answer, we take many inputs, most of them with a small $q$, and look for the best answers to all of them together.

# %% [markdown] lang="ja"
# ## 図で見る：それぞれの損失関数が求める答え
#
# 同じに見える入力でも、ラベルが違うことがあります。よく似た画素のうち、割合 $q$ がクラス 1 だとします。ネットワークが返せる答え $p$ は*一つ*だけ
# です。0.001 から 0.999 までの $p$ をすべて試し、損失の平均が最小になるものを選びます。一つの答えに値段のない Dice では、$q$ の小さいものが多い
# たくさんの入力を用意し、全体として最も良い答えを探します。

# %%
shares = np.linspace(0.005, 0.995, 100) ** 3  # class 1 is rare: a quarter of all
asked = {"cross-entropy": losses.cross_entropy, "weight 4": heavy, "focal": focal}
asked = {name: asking.best_probability(loss, shares) for name, loss in asked.items()}
step, asked["Dice"] = asking.best_dice_step(shares)
figure, axes = canvas(height=3.9)
for (name, p), dashes in zip(asked.items(), ("-", "--", "-.", ":"), strict=True):
    axes[0, 0].plot(shares, p, dashes, label=name)
axes[0, 0].axhline(0.5, color="#999999", linewidth=1)
axes[0, 0].text(1, 0.51, "above: called class 1", ha="right", fontsize=11)
axes[0, 0].set(xlabel="share q of class 1 among equal inputs", ylabel="answer p of the least loss")
axes[0, 0].legend(fontsize=12, loc="lower right")
show(
    figure,
    "Answer over share: a diagonal for cross-entropy, a bow above it with weight 4, a flat S for focal, a step for Dice.",
)

# %%
honest, at = asked["cross-entropy"], int(np.abs(shares - 0.3).argmin())
told = {name: f"{p[at]:.2f}" for name, p in asked.items()}
print(f"at a share of {shares[at]:.2f}:", told)

# %%
assert np.abs(honest - shares).max() < 0.006
assert step < 0.45
assert asked["weight 4"][shares > 0.21].min() > 0.5 > asked["weight 4"][shares < 0.19].max()
assert ((asked["focal"] > 0.5) == (honest > 0.5)).all()
assert (asked["weight 4"] >= honest).all()
say(
    f"**What was seen.** Where {100 * shares[at]:.0f} % are of class 1, cross-entropy asks for p = {told['cross-entropy']}: the truth. A weight "
    f"of 4 asks for {told['weight 4']}, which is above a half: class 1 is called at a share of 0.2 already. Focal loss asks for "
    f"{told['focal']}: nearer to a half, never on its other side, so that *which* class is called does not change. Dice asks for "
    f"{told['Dice']}: 1 from a share of {step:.2f} on (among these inputs), 0 below; how often it is sure says nothing of how often it is right.",
    f"**わかったこと。** クラス 1 が {100 * shares[at]:.0f} % のとき、交差エントロピーが求める答えは p = {told['cross-entropy']}、つまり事実そのものです。"
    f"重み 4 では {told['weight 4']} で、0.5 を超えます。割合が 0.2 のところから、もうクラス 1 と答えるのです。フォーカル損失は {told['focal']} で、"
    "0.5 に近づきますが、反対側には決して行きません。つまり、*どちらの*クラスと答えるかは変わりません。Dice では "
    f"{told['Dice']} です。この入力の集まりでは、割合が {step:.2f} 以上なら 1、それ未満なら 0 を求めます。どれほど自信があるかは、どれほど正しいかを表しません。",
)

# %% [markdown] lang="en"
# ## Segmentation: image and mask move together
#
# Now pixels. The drawings have a mask each: which pixels are of the animal. *Augmentation* (データ拡張, lesson 10) must do each change
# of **place** to image and mask alike; a change of light is for the image alone. `train --task segment` does both by itself.
#
# A mask has a *resolution* (解像度), its number of pixels, as an image has. What is lost where it is too low?

# %% [markdown] lang="ja"
# ## セグメンテーション：画像とマスクを一緒に動かす
#
# 次は画素です。描画には、どの画素が動物かを示すマスクが付いています。*データ拡張*（augmentation、第 10 章）で**位置**を変えるときは、画像とマスクに
# 同じ変換をしなければなりません。明るさの変化は画像だけです。`train --task segment` は自動でそうします。
#
# 画像と同じように、マスクにも*解像度*（resolution、画素の数）があります。低すぎると何が失われるのでしょうか。

# %%
import tempfile

temporary = tempfile.TemporaryDirectory()  # removed when the notebook ends
one_class = Path(temporary.name) / "animal.csv"
one_class.write_text("folder,class\ncat,animal\ndog,animal\nhorse,animal\n", encoding="utf-8")
masked = read(image_size=32, task="segment", model="unet", labels=str(one_class))
inside = masked.examples().indices

# %%
shown = np.repeat(inside["train"][[40, 700]], 3)
strengths = {"flip": 1.0, "rotation": 0.08, "zoom": 0.25, "brightness": 0.3}
views, masks = previews.masked_views(masked, shown, strengths, seed=3)
figure, axes = canvas(2, 6, 2.5)
for own, first in zip(axes, (0, 3), strict=True):
    pairs = zip(views[first : first + 3], masks[first : first + 3], strict=True)
    sheets.draw_images(own, [part for view, mask in pairs for part in (view, np.stack([210.0 * mask] * 3, -1))])
show(figure, "Three views of two animals, each beside its mask, which is mirrored, turned and scaled as the image is.")

# %%
_, true = outlines.pairs_of(masked, inside["val"], of_outline=False)
true = true[..., 1]
kept = outlines.scores(true[:, :, ::-1], np.eye(2)[true.astype(int)])["Dice"]
thin, fits = outlines.pairs_of(masked, inside["val"])[1][..., 1], {}
for factor in (2, 4):
    fits[factor] = [
        outlines.scores(outlines.coarse(own, factor), np.eye(2)[own.astype(int)])["Dice"] for own in (true, thin)
    ]
    print(f"the true masks at {32 // factor} pixels, and back: Dice of animal and outline", np.round(fits[factor], 2))
print(f"image mirrored, mask not: Dice of the animal {kept:.2f}")

# %%
assert kept < 0.9
assert fits[4][0] < fits[2][0] < 1
assert fits[4][1] < fits[4][0] - 0.2
say(
    f"**What was seen.** Whoever mirrors the image and forgets the mask teaches a mask that has a Dice of {kept:.2f} with the right one. "
    "And *resolution* has its price: the *true* mask, shrunk from 32 to 8 pixels a side (each is what the larger part of it is) and enlarged "
    f"again, has a Dice of {fits[4][0]:.2f} with itself as it was; that of the outline, one pixel wide, {fits[4][1]:.2f}.",
    f"**わかったこと。** 画像だけを反転してマスクを忘れると、正しいマスクとの Dice が {kept:.2f} しかないマスクを教えることになります。また、"
    "解像度にも代償があります。*正解の*マスクを一辺 32 画素から 8 画素に縮め（各画素は多いほうの値とする）、再び拡大すると、元のマスクとの Dice は動物で "
    f"{fits[4][0]:.2f}、幅 1 画素の輪郭では {fits[4][1]:.2f} になります。",
)

# %% [markdown] lang="en"
# ## A rare class of pixels, six losses
#
# The task: is a pixel of the animal's *outline* (輪郭)? Three convolutions in NumPy learn it from 100 drawings, with each loss and
# three seeds. All is the same but the loss. The class weights are those of lesson 09, $n / (K n_k)$; "mix 0.5" has $d = 0.5$.
#
# *Precision* (適合率) is the share of what is called an outline that is one; *recall* (再現率) is the share of the outline that was
# found. The score Dice, also called F1, is high only where both are: $2 \cdot \text{precision} \cdot \text{recall} / (\text{precision} + \text{recall})$.

# %% [markdown] lang="ja"
# ## 少ない画素のクラス、六つの損失関数
#
# 課題は、画素が動物の*輪郭*（outline）かどうかです。NumPy の畳み込み層三つを、100 枚の描画から、それぞれの損失関数で、三つのシードで学習させます。
# 違うのは損失関数だけです。クラスの重みは第 09 章の $n / (K n_k)$、「mix 0.5」は $d = 0.5$ です。
#
# *適合率*（precision）は輪郭と答えた画素のうち本当に輪郭である割合、*再現率*（recall）は輪郭のうち見つけられた割合です。評価指標としての Dice
# （F1 値ともいいます）は、両方が高いときだけ高くなります：$2 \cdot \text{precision} \cdot \text{recall} / (\text{precision} + \text{recall})$。

# %%
judge = outlines.pairs_of(masked, inside["val"])
rare = float(judge[1][..., 1].mean())
balanced = partial(losses.weighted_cross_entropy, weights=np.array([0.5 / (1 - rare), 0.5 / rare]))
trials = {"cross-entropy": losses.cross_entropy, "class weights": balanced, "focal": focal}
trials |= {f"mix {d:g}": partial(losses.cross_entropy_dice, share=d) for d in (0.5, 0.9)}
trials["Dice"] = partial(losses.cross_entropy_dice, share=1.0)
found, table = {}, {name: [] for name in trials}
for seed in SEEDS:
    rows = np.random.default_rng(seed).permutation(inside["train"])[:100]
    for name, loss in trials.items():
        found[name] = outlines.probability(outlines.learn(outlines.pairs_of(masked, rows), loss, 8, seed), judge[0])
        sure = (np.abs(found[name] - 0.5) > 0.45).mean()
        table[name].append([*outlines.scores(found[name], judge[1]).values(), found[name].mean(), sure])
table = {name: np.array(rows) for name, rows in table.items()}

# %%
figure, axes = canvas(2, 4, 4.2)
number = 8
first = [127.5 * (judge[0][number] + 1), np.stack([255 * judge[1][number, ..., 1]] * 3, -1)]
shades = [np.stack([255 * found[name][number]] * 3, -1) for name in trials]
sheets.draw_images(axes, first + shades, ["image", "outline", *trials])
show(
    figure,
    "An image, its outline, and how probable an outline is at each pixel after training with each of six losses.",
)

# %%
figure, axes = canvas(1, 3, 3.9, sharey=True)
for ax, column, what in zip(axes.flat, (1, 2, 3), ("precision", "recall", "Dice"), strict=True):
    for place, rows in enumerate(table.values()):
        ax.plot(rows[:, column], [place] * len(rows), "o", color="#888888", markersize=5)
        ax.plot(rows[:, column].mean(), place, "D", color="#0072B2", markersize=9)
    ax.set(xlabel=what, yticks=range(len(table)), yticklabels=table, xlim=(0, 1), xticks=[0.2, 0.5, 0.8])
axes[0, 0].invert_yaxis()
show(
    figure,
    "Precision, recall and Dice of the outline with six losses; dots are seeds, diamonds their means.",
)

# %%
plain, weighted, gentle, half, most, dice = table.values()
mean = {name: rows.mean(axis=0) for name, rows in table.items()}
assert (weighted[:, 2] > plain[:, 2] + 0.2).all()
assert (weighted[:, 1] < plain[:, 1] - 0.1).all()
assert min(half[:, 3].min(), most[:, 3].min()) > plain[:, 3].max() + 0.02
assert abs(plain[:, 0].mean() - (1 - rare)) < 0.05

# %%
dices = ", ".join(f"{name} {row[3]:.2f}" for name, row in mean.items())
say(
    f"**What was seen.** {100 * rare:.0f} % of the pixels are of an outline: who finds none has an accuracy of {100 * (1 - rare):.0f} %, and "
    f"cross-entropy with {100 * mean['cross-entropy'][0]:.0f} % hardly more; it finds {100 * mean['cross-entropy'][2]:.0f} % of them. With class weights "
    f"{100 * mean['class weights'][2]:.0f} % are found, but only {100 * mean['class weights'][1]:.0f} % of what is called an outline is one. "
    f"Dice of the outline: {dices}. Each network did what it was asked for.",
    f"**わかったこと。** 輪郭の画素は {100 * rare:.0f} % です。一つも見つけなくても正解率は {100 * (1 - rare):.0f} % で、交差エントロピーは "
    f"{100 * mean['cross-entropy'][0]:.0f} % とほとんど変わらず、輪郭の {100 * mean['cross-entropy'][2]:.0f} % しか見つけません。クラスの重みを付けると "
    f"{100 * mean['class weights'][2]:.0f} % が見つかりますが、輪郭と答えたうち本当に輪郭なのは {100 * mean['class weights'][1]:.0f} % だけです。"
    f"輪郭の Dice は、{dices} でした。どのネットワークも、求められたとおりのことをしたのです。",
)

# %%
called = {name: f"{100 * row[4]:.0f} %" for name, row in mean.items()}
certain = {name: f"{100 * row[5]:.0f} %" for name, row in mean.items()}
print("mean probability:", called, "sure:", certain)

# %%
assert (weighted[:, 4] > plain[:, 4] + 0.1).all()
assert (gentle[:, 4] > plain[:, 4] + 0.05).all()
assert (gentle[:, 5] < plain[:, 5] - 0.1).all()
assert (dice[:, 5] > plain[:, 5] + 0.1).all()
say(
    f"The price is honesty. The mean probability of an outline should be {100 * rare:.0f} %. Cross-entropy says {called['cross-entropy']}, "
    f"class weights {called['class weights']}, focal loss {called['focal']}. And answers below 5 % or above 95 % are "
    f"{certain['cross-entropy']} with cross-entropy, {certain['focal']} with focal loss, {certain['Dice']} with Dice. Who needs probabilities "
    "keeps cross-entropy, and may call an outline from a lower threshold than a half.",
    f"その代償は正直さです。輪郭の確率の平均は {100 * rare:.0f} % になるはずです。交差エントロピーでは {called['cross-entropy']}、クラスの重みでは "
    f"{called['class weights']}、フォーカル損失では {called['focal']} です。また、5 % 未満または 95 % を超える答えは、交差エントロピーで "
    f"{certain['cross-entropy']}、フォーカル損失で {certain['focal']}、Dice で {certain['Dice']} です。確率が必要なら交差エントロピーのままにし、"
    "0.5 より低いしきい値（threshold）で輪郭と答えるという方法もあります。",
)

# %% [markdown] lang="en"
# ### Does Dice always help?
#
# That is often read. The same once more for the animal as a whole, which is no rare class; cross-entropy against the half mix.

# %% [markdown] lang="ja"
# ### Dice はいつも役に立つのか
#
# そう書いてあることがよくあります。今度は、少数クラスではない動物全体で、交差エントロピーと半々の混合を比べます。

# %%
whole = outlines.pairs_of(masked, inside["val"], of_outline=False)
common, scores = float(whole[1][..., 1].mean()), {"cross-entropy": [], "mix 0.5": []}
for seed in SEEDS:
    rows = np.random.default_rng(seed).permutation(inside["train"])[:100]
    pairs = outlines.pairs_of(masked, rows, of_outline=False)
    for name, own in scores.items():
        answer = outlines.probability(outlines.learn(pairs, trials[name], 8, seed), whole[0])
        own.append(outlines.scores(answer, whole[1])["Dice"])
gain = np.subtract(*reversed(scores.values()))
print(f"{100 * common:.0f} % of the pixels are of an animal", {name: np.round(own, 2) for name, own in scores.items()})

# %%
gained = half[:, 3] - plain[:, 3]
assert gained.mean() > gain.mean() + 0.03
say(
    f"**What was seen.** The half mix changes Dice by {gained.mean():+.2f} for the outline, and by {gain.mean():+.2f} for the animal (seed by "
    f"seed {', '.join(f'{one:+.2f}' for one in gain)}). A loss for rare classes has less to mend where no class is rare.",
    f"**わかったこと。** 半々の混合による Dice の変化は、輪郭で {gained.mean():+.2f}、動物で {gain.mean():+.2f}（シードごとに "
    f"{'、'.join(f'{one:+.2f}' for one in gain)}）です。少数クラスがなければ、少数クラスのための損失関数で直せるところは少なくなります。",
)

# %% [markdown] lang="en"
# ## Run: with Keras
#
# `train -m unet --task segment --loss crossentropy+dice --dice-weight 0.5` trains a *U-Net*: convolutions and pooling (lesson 07) on
# the way down, which see *what* is there, the way up again to the full size, and bridges between both that remember *where*.
# One short training on 300 drawings, as a picture. `--loss focal --focal-gamma 2` and `--class-weight balanced` are asked for alike.

# %% [markdown] lang="ja"
# ## 実行：Keras で
#
# `train -m unet --task segment --loss crossentropy+dice --dice-weight 0.5` は、*U-Net* を学習させます。下りの畳み込みとプーリング（第 07 章）で*何が*
# あるかを捉え、上りで元の大きさに戻し、両者をつなぐ経路で*どこに*あるかを伝えます。300 枚で短く学習し、図で確かめます。
# `--loss focal --focal-gamma 2` や `--class-weight balanced` も同じように指定できます。

# %%
COMMON = {"augment": {}, "optimizer": "adam"}
unet = learn(
    masked, inside["train"][::4], model="unet", task="segment", width=4, epochs=8, learning_rate=0.005, **COMMON
)
few = inside["val"][[5, 40, 90, 120]]
called = answers.probabilities(unet.network, np.asarray(masked.images.pixels[few]))[..., 1]
figure, axes = canvas(2, 6, 2.7)
grey = [np.stack([255.0 * part] * 3, -1) for pair in zip(masked.masks[few], called, strict=True) for part in pair]
mixed = [part for i in range(4) for part in (masked.images.pixels[few[i : i + 1]][0], *grey[2 * i : 2 * i + 2])]
sheets.draw_images(axes, mixed, ["image", "mask", "U-Net"] * 4)
show(figure, "Four drawings, each with its true mask and the probability of an animal that the U-Net gives each pixel.")
print(f"right pixels: {unet.accuracy:.2f}; always background: {1 - common:.2f}")
assert unet.accuracy > 1 - common + 0.04

# %%
say(
    f"**What was seen.** The U-Net calls {100 * unet.accuracy:.0f} % of the pixels of the validation images rightly; an answer that is always "
    f"background {100 * (1 - common):.0f} %. Look at legs and ears in the picture too: one figure hides where the mistakes lie.",
    f"**わかったこと。** U-Net は検証データの画素の {100 * unet.accuracy:.0f} % に正しく答えました。いつも背景と答えると {100 * (1 - common):.0f} % です。"
    "図の脚や耳も見てください。一つの数値からは、どこで間違えたかはわかりません。",
)

# %% [markdown] lang="en"
# ### IoU, and its relation to Dice
#
# Papers on segmentation mostly give the *intersection over union*, IoU (also Jaccard index): of all pixels that are of a class
# or are called so, the share of those that are both, $TP / (TP + FP + FN)$ (lesson 14 has these letters). Dice is
# $2\,TP / (2\,TP + FP + FN)$, so that $\text{Dice} = 2\,\text{IoU} / (1 + \text{IoU})$: the same on another scale, with the
# higher figure. So ask which of the two a figure is. Means are another matter: over several images the two need not agree. Every
# report of `--task segment` gives both.

# %% [markdown] lang="ja"
# ### IoU と、Dice との関係
#
# セグメンテーションの論文では、たいてい *IoU*（intersection over union、ジャッカード係数）が使われます。あるクラスである画素と、そのクラスと答えた
# 画素を合わせたもののうち、両方に当てはまる画素の割合 $TP / (TP + FP + FN)$ です（記号は第 14 章）。Dice は $2\,TP / (2\,TP + FP + FN)$ なので、
# $\text{Dice} = 2\,\text{IoU} / (1 + \text{IoU})$ です。目盛りが違うだけで、Dice のほうが大きな値になります。値を見たら、どちらなのかを
# 確かめましょう。平均を取ると話は別で、何枚かの画像での平均では、両者の順位が食い違うことがあります。`--task segment` の報告には両方が載ります。

# %%
from scratch import metrics

rows = inside["val"]
found_animal = answers.probabilities(unet.network, np.asarray(masked.images.pixels[rows]))[..., 1] >= 0.5
matrices = [metrics.confusion(*pair, 2) for pair in zip(masked.masks[rows] > 0, found_animal, strict=True)]
ious = np.array([metrics.iou(matrix)[1] for matrix in matrices])
dices = np.array([metrics.f1(matrix)[1] for matrix in matrices])
whole = sum(matrices)

# %%
assert np.allclose(dices, 2 * ious / (1 + ious))
assert np.isclose(metrics.f1(whole)[1], 2 * metrics.iou(whole)[1] / (1 + metrics.iou(whole)[1]))
uneven, even = (
    2 * one / (1 + one) for one in (np.array([0.0, 1.0]), np.array([0.5, 0.5]))
)  # of two images, mean IoU 0.5
assert uneven.mean() < even.mean() - 0.1
say(
    f"**What was seen.** Of the pixels of all validation images counted together, the U-Net has an IoU of {metrics.iou(whole)[1]:.2f} for the animal, which is a Dice of {metrics.f1(whole)[1]:.2f}. As means over "
    f"images they are {ious.mean():.2f} and {dices.mean():.2f}. Two images with an IoU of 0 and 1 have the same mean IoU as two with 0.5 and 0.5, but a mean Dice of {uneven.mean():.2f} instead of {even.mean():.2f}.",
    f"**わかったこと。** 検証データの画素をまとめて数えると、U-Net の動物についての IoU は {metrics.iou(whole)[1]:.2f}、Dice は {metrics.f1(whole)[1]:.2f} です。画像ごとの平均では {ious.mean():.2f} と {dices.mean():.2f} "
    f"になります。IoU が 0 と 1 の 2 枚と、0.5 と 0.5 の 2 枚では、IoU の平均は同じですが、Dice の平均は {uneven.mean():.2f} と {even.mean():.2f} になります。",
)

# %% [markdown] lang="en"
# ### Find, then classify
#
# A mask can also serve a classifier. Where the animal is small, most pixels say nothing of its class, and shrinking the image
# takes away the few that do. `train --crop-to mask --finder RUN` lets a run of `--task segment` find the animal, cuts the
# *whole* image to a square around it with a margin of a tenth on each side, and shrinks only that;
# `--crop-to box --boxes FILE.csv` takes the boxes from a table. It costs masks or boxes to begin with, a second network in each
# prediction, and what the first one misses the second never sees. Here by the true masks, of drawings as they are and far away:

# %% [markdown] lang="ja"
# ### 見つけてから分類する
#
# マスクは分類にも役立ちます。動物が小さく写っていると、ほとんどの画素はクラスについて何も語らず、画像を縮めると、語ってくれるわずかな画素まで
# 失われます。`train --crop-to mask --finder RUN` は、`--task segment` で学習したネットワークに動物を探させ、*元の*画像を、両側に 1 割の余白を付けた
# 正方形に切り抜いてから縮めます。`--crop-to box --boxes FILE.csv` は、枠を表から読みます。代償は、最初にマスクか枠が必要なこと、予測のたびに二つ目の
# ネットワークが要ること、そして一つ目が見逃したものは二つ目にも見えないことです。ここでは正解のマスクで、描画そのままの場合と、遠くに写った場合を
# 見てみます。

# %%
shares = []
for mask in masked.masks[rows] > 0:
    high, wide = (np.ptp(np.flatnonzero(mask.any(axis=axis))) + 1 for axis in (1, 0))
    for scene in (len(mask), 4 * len(mask)):  # the drawing as it is, and in the middle of a scene four times as wide
        side = min(1.2 * max(high, wide), scene)  # of the square, no larger than the scene
        shares.append((mask.sum() / scene**2, mask.sum() / side**2))
whole_near, cut_near, whole_far, cut_far = 1024 * np.reshape(shares, (-1, 4)).mean(axis=0)  # pixels of 32 x 32
assert cut_far > 5 * whole_far
say(
    f"**What was seen.** Shrunk to 32 × 32 pixels, an animal in a scene four times as wide as the drawing has {whole_far:.0f} of the {32 * 32:,} pixels; cut out first it has {cut_far:.0f}. In the drawings as they are its box "
    f"fills the image, and there is next to nothing to gain: {whole_near:.0f} and {cut_near:.0f}.",
    f"**わかったこと。** 32 × 32 画素に縮めると、一辺が 4 倍の場面に写った動物は {32 * 32:,} 画素のうち {whole_far:.0f} 画素しかありませんが、先に切り抜けば {cut_far:.0f} 画素になります。元の描画では動物の枠が画像いっぱいに"
    f"広がっているので、{whole_near:.0f} 画素と {cut_near:.0f} 画素で、ほとんど差がありません。",
)

# %% [markdown] lang="en"
# ## Several labels an image: average precision
#
# An image may show a cat *and* a dog, or none. `train --task multilabel` gives each class a sigmoid of its own in place of one
# softmax, with a binary cross-entropy for each, and each class then needs a threshold from which on it is called. How good is
# the *order* of the images, whatever the threshold? Sort them by the probability of the class; at each image that has it, note
# the precision so far. Their mean is the *average precision* (平均適合率):
# $\text{AP} = \frac{1}{P} \sum_{k=1}^{P} p_k$, with $p_k$ the precision at the $k$-th of the $P$ images that have the class. In
# random order it is about the share of such images, and 1 where they all come first. Its mean over classes is often called
# *mAP*.

# %% [markdown] lang="ja"
# ## 1 枚に複数のラベル：平均適合率
#
# 1 枚の画像に猫*と*犬が写っていることも、どちらもいないこともあります。`train --task multilabel` は、一つのソフトマックスの代わりにクラスごとの
# シグモイド関数と二値の交差エントロピーを使います。そのため、クラスごとに、そうだと答えるしきい値が必要になります。では、しきい値によらず、画像の
# *順番*はどれだけ良いのでしょうか。クラスの確率の高い順に画像を並べ、そのクラスをもつ画像に出会うたびに、そこまでの適合率を書きとめます。その平均が
# *平均適合率*（average precision）です：$\text{AP} = \frac{1}{P} \sum_{k=1}^{P} p_k$。$P$ はそのクラスをもつ画像の数、$p_k$ は $k$ 番目の画像に
# 出会ったところまでの適合率です。無作為な順番ならそのような画像の割合とほぼ同じで、すべてが先頭に並べば 1 になります。クラスについての平均は、よく
# *mAP* と呼ばれます。

# %%
luck = np.random.default_rng(SEEDS[0])
has = luck.random(2000) < 0.05  # one image in twenty has the label
noise = luck.normal(size=2000)
orders = {"at random": noise, "by a network": noise + 2 * has, "perfect": has + 0.01 * noise}
precise = {}
for name, scores_of in orders.items():
    hits = has[np.argsort(-scores_of)]
    precise[name] = float(np.mean((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits]))
never = 100 * np.mean(~has)

# %%
from sklearn.metrics import average_precision_score

assert all(np.isclose(precise[name], average_precision_score(has, one)) for name, one in orders.items())
assert precise["at random"] < 0.1 < precise["by a network"] < precise["perfect"] == 1
say(
    f"**What was seen.** {100 * has.mean():.1f} % of the images have the label: who never calls it is right in {never:.0f} %, so accuracy says nothing. Average precision is {precise['at random']:.2f} in random order, "
    f"{precise['by a network']:.2f} in that of a network which gives such images more, and {precise['perfect']:.0f} where all of them come first.",
    f"**わかったこと。** ラベルをもつ画像は {100 * has.mean():.1f} % です。一度もそう答えなくても {never:.0f} % 正解なので、正解率からは何もわかりません。平均適合率は、無作為な順番で {precise['at random']:.2f}、そのような画像に高い値を与える"
    f"ネットワークの順番で {precise['by a network']:.2f}、すべてが先頭に並ぶと {precise['perfect']:.0f} です。",
)

# %% [markdown] lang="en"
# ## Extra labels: an auxiliary task
#
# Labels often come in pairs: few images have the expensive one, all have a cheap one. `lessons/two_heads.py` puts two heads on
# one hidden layer; the gradients of both losses are added where they meet, and so both shape what that layer sees.
#
# First a made case in which the second label *must* say something. An input is 20 numbers. Its class is whether the first two
# have different signs (XOR, lesson 01); the second label says which signs they have. All 1,200 inputs have the second label,
# the class is told of some only.

# %% [markdown] lang="ja"
# ## 追加のラベル：補助タスク
#
# 高価なラベルは一部の画像にしかなく、安価なラベルはすべての画像にある、ということがよくあります。`lessons/two_heads.py` は、一つの隠れ層に二つの
# ヘッドを付けます。二つの損失の勾配は合流点で足され、どちらもその隠れ層が何を見るかを形づくります。
#
# まず、第二のラベルに*必ず*意味がある例を作ります。入力は 20 個の数です。クラスは、最初の二つの符号が異なるかどうか（第 01 章の XOR）で、第二の
# ラベルはその二つの符号です。1,200 個の入力すべてに第二のラベルがあり、クラスは一部の入力にしかありません。

# %%
numbers = (60, 200, 1200)
asked = made(1000, 1000, seed=99)
alone, helped = (
    np.array([[learn_both(made(1200, told, seed), asked, a, 20, seed)[0] for told in numbers]
              for seed in SEEDS]) for a in (0.0, 0.3)
)  # fmt: skip
print("classes told:", numbers)
print("accuracy without", alone.mean(0).round(2), "with the second label", helped.mean(0).round(2))

# %%
assert helped[:, 1].mean() > alone[:, 1].mean() + 0.03
assert np.diff((helped - alone).mean(0))[-1] < -0.02  # least where all are told
few, many = (f"{100 * alone.mean(0)[i]:.0f} % to {100 * helped.mean(0)[i]:.0f} %" for i in (1, 2))
seldom, often = (f"{100 * alone.mean(0)[i]:.0f} % から {100 * helped.mean(0)[i]:.0f} %" for i in (1, 2))
say(
    f"**What was seen.** With 200 classes told the second label takes accuracy from {few}; with all of them told, from {many}. Extra "
    "labels are extra labelled data: they help where they say something about what the class depends on, and where classes are few.",
    f"**わかったこと。** クラスのラベルが 200 個のとき、第二のラベルによって正解率は {seldom} になりました。すべてに付いているときは {often} です。"
    "追加のラベルとは、追加の教師データです。クラスを決める事柄について何かを語り、しかもクラスのラベルが少ないときに役立ちます。",
)

# %% [markdown] lang="en"
# Now the drawings: cat, dog or horse, and the pattern of the coat as second label, at many weights $a$.

# %% [markdown] lang="ja"
# 次は描画です。猫・犬・馬に加えて、毛の模様（coat）を第二のラベルにし、さまざまな重み $a$ で学習させます。

# %%
coats = read(image_size=32, auxiliary="coat")
second = np.eye(len(coats.auxiliary.names), dtype=np.float32)[coats.auxiliary.labels]
parts = {
    split: Labelled(*pair, second[coats.examples().indices[split]]) for split, pair in vectors.of(coats, 16).items()
}
asked = Labelled(*(np.concatenate(both) for both in zip(parts["val"], parts["test"], strict=True)))
weights = (0, 0.3, 1, 10, 100)
curve = np.array([[learn_both(parts["train"], asked, a, 8, seed) for a in weights] for seed in SEEDS])

# %%
figure, axes = canvas(height=3.7)
for side, (name, mark) in enumerate((("class: cat, dog, horse", "o-"), ("second label: coat", "s--"))):
    axes[0, 0].plot(
        range(len(weights)), 100 * curve[:, :, side].mean(0), mark, color=("#0072B2", "#D55E00")[side], label=name
    )
    axes[0, 0].plot(range(len(weights)), 100 * curve[:, :, side].T, ".", color="#888888", markersize=5)
axes[0, 0].set(xticks=range(len(weights)), xticklabels=weights, ylim=(0, 80))
axes[0, 0].set(xlabel="weight a of the auxiliary loss", ylabel="accuracy, %")
axes[0, 0].legend(fontsize=12, loc="lower left")
show(
    figure,
    "Accuracy of the class and of the coat over the weight of the auxiliary loss, 0 to 100; dots are seeds.",
)

# %%
rise = 100 * (curve[:, :, 0] - curve[:, :1, 0])
better = [f"{a:g}" for a, own in zip(weights[1:], rise.T[1:], strict=True) if (own > 0).all()]
assert (rise[:, -2:].mean(axis=1) < -1).all()
assert rise[:, -2:].mean() < -5
say(
    f"**What was seen.** Without the second label {100 * curve[:, 0, 0].mean():.0f} % of the classes are right, with a weight of 0.3 "
    f"{100 * curve[:, 1, 0].mean():.0f} %, with 100 only {100 * curve[:, -1, 0].mean():.0f} %: too large a weight hurts, with each seed, as the hidden layer "
    f"then serves the coat. Weights that helped with each seed: {', '.join(better) or 'none'}. Textbooks promise more. But here the coat "
    "is drawn at random for every animal: it says nothing of the class, and to see a coat one needs no shape.",
    f"**わかったこと。** 第二のラベルなしではクラスの正解率は {100 * curve[:, 0, 0].mean():.0f} %、重み 0.3 では {100 * curve[:, 1, 0].mean():.0f} %、"
    f"100 では {100 * curve[:, -1, 0].mean():.0f} % しかありません。重みが大きすぎると、隠れ層が模様のために働くようになり、どのシードでも悪くなり"
    f"ます。どのシードでも役に立った重み：{'、'.join(better) or 'なし'}。教科書はもっと期待させますが、ここでは模様は動物と無関係に無作為に描かれています。"
    "模様はクラスについて何も語らず、模様を見るのに形は要りません。",
)

# %% [markdown] lang="en"
# A mask says more: it tells where the animal is, and its outline *is* the shape. In Keras, `train --auxiliary mask` lets a small second
# head draw the mask from LeNet's last map of features; its weight is 0.3 unless `--auxiliary-weight` says otherwise.

# %% [markdown] lang="ja"
# マスクはもっと多くを語ります。動物がどこにいるかを教え、その輪郭は形*そのもの*です。Keras では `train --auxiliary mask` で、小さな第二のヘッドが
# LeNet の最後の特徴マップからマスクを描きます。重みは `--auxiliary-weight` を指定しなければ 0.3 です。

# %%
COMMON |= {"learning_rate": 0.002, "epochs": 10}
drawn, (pictures, truth) = read(image_size=32, auxiliary="mask"), bursts.fresh(100)
rates = {"none": [], "mask": []}
for seed in SEEDS:
    for second, own in rates.items():
        settings = {"auxiliary": second, "seed": seed, **COMMON}
        network = learn(drawn, previews.few(drawn, 100, seed), **settings).network
        own.append(100 * (answers.classes(network, pictures) == truth).mean())
without, with_mask = (np.array(own) for own in rates.values())
change = with_mask - without
print("right of 300 fresh drawings, in %: without", np.round(without), "with the mask", np.round(with_mask))

# %%
noise = 100 * np.sqrt(2 * 0.25 / len(truth))  # of a difference, where half are right and errors are independent
clear = abs(change.mean()) > 2 * noise
verdict = ("No difference can be seen", "A difference can be seen")[int(clear)]
ruling = ("差があるとは言えません", "差が認められます")[int(clear)]
say(
    f"**What was seen.** With the mask {np.mean(with_mask):.0f} % are right, without {without.mean():.0f} %; seed by seed the change is "
    f"{', '.join(f'{one:+.0f}' for one in change)} points. {verdict}: 300 images alone make {noise:.0f} points of chance. Two things make "
    "a gain unlikely: 300 images in ten epochs are little for both tasks, and LeNet's last map has only 5 × 5 places. That a helper task helps is a guess "
    "to be measured, over seeds, each time.",
    f"**わかったこと。** マスクありの正解率は {np.mean(with_mask):.0f} %、なしは {without.mean():.0f} % です。シードごとの変化は "
    f"{'、'.join(f'{one:+.0f}' for one in change)} ポイントでした。{ruling}。300 枚では、偶然だけで {noise:.0f} ポイントほど動きます。効果が"
    "出にくい理由としては、300 枚を 10 エポックというのが二つの課題には少ないこと、LeNet の最後のマップが 5 × 5 しかないことが考えられます。補助タスクが役立つというのは仮説"
    "であって、そのつど複数のシードで測るべきものです。",
)

# %% [markdown] lang="en"
# ## Extra input: coordinates
#
# Besides labels, *inputs* can be added. A convolution does the same everywhere, and a mean over the map forgets the place. *CoordConv*
# adds two channels to the image, the $x$ and $y$ of each pixel (`scratch/coordinates.py`; `train --coordinates`). The task: is a dot in the
# left or in the right half? The network: one convolution, ReLU, the mean of each map, a layer of two outputs.

# %% [markdown] lang="ja"
# ## 追加の入力：座標
#
# ラベルのほかに、*入力*を増やすこともできます。畳み込みはどこでも同じ計算をし、マップ全体の平均は位置を忘れます。*CoordConv* は、各画素の $x$ と $y$ を
# 二つのチャンネルとして画像に加えます（`scratch/coordinates.py`、`train --coordinates`）。課題は、点が左半分にあるか右半分にあるかです。
# ネットワークは、畳み込み層一つ、ReLU、マップごとの平均、出力二つの層です。

# %%
from scratch.activations import Activation
from scratch.affine import Affine, Flatten
from scratch.conv import Conv
from scratch.optimizers import Adam
from scratch.pooling import GlobalAveragePool

told = {"without": [], "with coordinates": []}
for seed in SEEDS:
    images, right = coordinates.dots(300, 12, np.random.default_rng(seed))
    for (_, own), x in zip(told.items(), (images, coordinates.with_coordinates(images)), strict=True):
        rng = np.random.default_rng(seed)
        layers = [Conv(x.shape[-1], 6, 3, rng), Activation("relu"), GlobalAveragePool(), Affine(6, 2, rng)]
        train.fit(layers, (x[:200], right[:200]), (x[200:], right[200:]), Adam(0.02), 30, rng)
        own.append(train.accuracy(layers, x[200:], right[200:]))
print({name: np.round(own, 2).tolist() for name, own in told.items()})

# %%
blind, aware = (100 * np.mean(own) for own in told.values())
assert min(told["with coordinates"]) > max(told["without"]) + 0.2
say(
    f"**What was seen.** Without coordinates {blind:.0f} % are right, as by tossing a coin: all dots give the very same numbers. With them "
    f"{aware:.0f} %. It is rarely so pure: padding with zeros tells a network where the border is, and a dense layer after flattening "
    "(LeNet) knows every place. Where the place says nothing of the label, coordinates are only more to learn by heart.",
    f"**わかったこと。** 座標なしの正解率は {blind:.0f} % で、コイン投げと同じです。どの点からも、まったく同じ数が出てくるからです。座標があれば "
    f"{aware:.0f} % です。実際にはこれほど極端ではありません。ゼロパディングは縁の位置を教えますし、平坦化のあとの全結合層（LeNet）は"
    "すべての位置を知っています。位置がラベルと無関係なら、座標は丸暗記の材料が増えるだけです。",
)

# %% [markdown] lang="en"
# ## Extra input: which values are missing
#
# Lesson 09 had a case in which it tells the class *that* a value is missing. Here it tells nothing: grey images, dark or a little
# brighter; up to nine tenths of the pixels are lost, at random. The hole is filled with 0 (black) or with the mean of what is known, with
# and without a *missing-value mask* (欠損値マスク) as an extra channel; values as measured, 0 to 1, or *standardised* (標準化): mean 0, deviation 1.

# %% [markdown] lang="ja"
# ## 追加の入力：欠損値のマスク
#
# 第 09 章では、値が欠けていること*自体*がクラスを教える例を見ました。ここでは何も教えません。暗い画像と少し明るい画像があり、画素の最大 9 割が無作為に
# 失われます。欠けた画素は 0（黒）か、わかっている値の平均で埋め、追加のチャンネルとして*欠損値マスク*（missing-value mask）を加える場合と
# 加えない場合を比べます。値は測定のまま（0 から 1）か、平均 0、標準偏差 1 に*標準化*（standardised）します。

# %%
right_of = {}
for seed in SEEDS:
    lost, wanted = missing.dark_and_bright(600, 8, np.random.default_rng(seed))
    middle, deviation = np.nanmean(lost[:400]), np.nanstd(lost[:400])  # of the training images
    for scale, (off, unit) in {"measured": (0, 1), "standardised": (middle, deviation)}.items():
        for fill, value in {"black": 0.0, "mean": middle}.items():
            both = (missing.with_mask(lost, np.array([value])) - [off, 0]) / [unit, 1]
            for name, x in {fill: both[..., :1], f"{fill} + mask": both}.items():
                layers = [Flatten(), Affine(x[0].size, 2, np.random.default_rng(seed))]
                parts = (x[:400], wanted[:400]), (x[400:], wanted[400:])
                train.fit(layers, *parts, Adam(0.01), 30, np.random.default_rng(seed))
                right_of.setdefault((scale, name), []).append(100 * train.accuracy(layers, *parts[1]))

# %%
for (scale, name), own in right_of.items():
    print(f"{scale:12} {name:12} {np.mean(own):.0f} %")

# %%
black, masked_black = (np.array(right_of["measured", name]) for name in ("black", "black + mask"))
scaled, masked_scaled = (np.array(right_of["standardised", name]) for name in ("mean", "mean + mask"))
assert (masked_black > black + 10).all()
assert (scaled > black + 10).all()
say(
    f"**What was seen.** Filled with black, {black.mean():.0f} % are right: a bright image with holes looks like a dark one. The mask makes that "
    f"{masked_black.mean():.0f} %: with $w x + v m$ a network can learn a fill of its own, $-v/w$. But standardised values with the mean in the "
    f"holes, which is then 0, have {scaled.mean():.0f} % without any mask, and {masked_scaled.mean():.0f} % with it. First scale and fill well; "
    "then measure whether the mask adds something.",
    f"**わかったこと。** 黒で埋めると正解率は {black.mean():.0f} % です。穴のある明るい画像が、暗い画像に見えるからです。マスクを加えると "
    f"{masked_black.mean():.0f} % になります。$w x + v m$ によって、ネットワークが埋める値 $-v/w$ を自分で学べるのです。しかし、標準化した値で、穴を平均"
    f"（標準化後は 0）で埋めれば、マスクなしで {scaled.mean():.0f} %、マスクありで {masked_scaled.mean():.0f} % です。まず標準化して適切に埋め、"
    "そのうえでマスクが役立つかどうかを測りましょう。",
)

# %% [markdown] lang="en"
# ## Where it breaks
#
# - **Loss and score are two things.** A loss must have a gradient; the score is what you want. Choose by the score on validation,
#   and never compare two losses by their values: they have different units.
# - **Dice needs the class in the batch.** Where a class is absent from a batch, Dice costs the same whatever is answered:
#   small batches of rare classes make it noisy.
# - **Focal loss is no general cure** for a rare class. It was made for detectors that see a thousand easy boxes of background for each
#   object, and with a class weight beside it.
# - **Weights without a reason.** A class weight says that mistakes on this class cost more. Do they? Otherwise
#   leave cross-entropy as it is and move the threshold.
# - **A soft Dice of 0.9 is no probability of 0.9.** Networks trained by Dice are sure of nearly everything (calibration: lesson 14).
# - **The auxiliary weight is a hyper-parameter** (ハイパーパラメータ). Two losses have different sizes; a weight that was right for one
#   pair is not for another.
# - **Coordinates and holes can leak.** Where all cats were photographed on the left, or one camera has a broken row, place or mask gives
#   away the class in *this* data, and fails on other images.

# %% [markdown] lang="ja"
# ## うまくいかないとき
#
# - **損失と評価指標は別物です。** 損失には勾配が必要で、評価指標は本当に望むものです。検証データの評価指標で選びましょう。二つの損失関数を値で
#   比べてはいけません。単位が違います。
# - **Dice には、そのクラスがバッチの中に必要です。** バッチにないクラスについては、どう答えても Dice の値は同じです。
#   少数クラスで小さなバッチを使うと、雑音が大きくなります。
# - **フォーカル損失は少数クラスへの万能薬ではありません。** 物体一つに対してやさしい背景の枠が千個もある物体検出のために、クラスの重みと
#   組み合わせて作られたものです。
# - **理由のない重み。** クラスの重みは「このクラスの誤りは損害が大きい」という意味です。本当にそうでしょうか。そうでなければ、交差エントロピーの
#   ままにして、しきい値を動かしましょう。
# - **Dice で学習した 0.9 は確率 0.9 ではありません。** ほとんどすべてに自信を持ってしまいます（較正：第 14 章）。
# - **補助タスクの重みはハイパーパラメータ（hyper-parameter）です。** 二つの損失は大きさが違い、ある組み合わせで良かった重みが、別の組み合わせでも良い
#   とは限りません。
# - **座標や欠損がリークになることがあります。** 猫がすべて左側に写っている場合や、ある 1 台のカメラに壊れた行がある場合、位置やマスクが*この*データの
#   クラスを漏らし、ほかの画像では役に立ちません。

# %% [markdown] lang="en"
# ## Exercises
#
# Replace the dots, run the cell, and read what it says.
#
# **1.** Cross-entropy with class weights: `probabilities` and `weights` have a number a class, `label` is the number of the right one.

# %% [markdown] lang="ja"
# ## 演習
#
# `...` を書き換えてセルを実行し、表示を読んでください。
#
# **1.** クラスの重み付きの交差エントロピー：`probabilities` と `weights` はクラスごとの数、`label` は正解のクラスの番号です。


# %%
def losses_weighted(probabilities, label, weights): ...


check(losses_weighted)

# %% [markdown] solution="losses_weighted"

# %% [markdown] lang="en"
# **2.** The Dice loss of one class: lists of probabilities `p` and of labels `t`, 0 or 1, a number a pixel.

# %% [markdown] lang="ja"
# **2.** 一つのクラスの Dice 損失：確率のリスト `p` と、0 か 1 のラベルのリスト `t`（画素ごとに一つの数）。


# %%
def losses_dice(p, t): ...


check(losses_dice)

# %% [markdown] solution="losses_dice"

# %% [markdown] lang="en"
# **3.** The loss of an image with an auxiliary task of weight `a`; `second` is None where the image has no second label.

# %% [markdown] lang="ja"
# **3.** 重み `a` の補助タスクがあるときの、画像 1 枚の損失。第二のラベルがない画像では、`second` は None です。


# %%
def losses_total(first, second, a): ...


check(losses_total)

# %% [markdown] solution="losses_total"

# %% [markdown] lang="en"
# ## Sources
#
# - Cross-entropy: Bishop, *Pattern recognition and machine learning*, Springer 2006, 4.3.4; why it asks for honest probabilities:
#   Gneiting, Raftery, *Strictly proper scoring rules*, JASA 102, 2007
# - Class weights: King, Zeng, *Logistic regression in rare events data*, Political Analysis 9, 2001
# - Focal: Lin et al., https://arxiv.org/abs/1708.02002; that its probabilities are not honest but its choice is right: Charoenphakdee
#   et al., https://arxiv.org/abs/2011.09172
# - Dice: Milletari, Navab, Ahmadi, https://arxiv.org/abs/1606.04797; U-Net: Ronneberger, Fischer, Brox,
#   https://arxiv.org/abs/1505.04597
# - IoU: Jaccard, *Étude comparative de la distribution florale*, 1901; several labels: Zhang, Zhou, *A review on multi-label
#   learning algorithms*, IEEE TKDE 26, 2014; find, then classify: Girshick et al., https://arxiv.org/abs/1311.2524
# - Auxiliary tasks: Caruana, *Multitask learning*, Machine Learning 28, 1997, https://doi.org/10.1023/A:1007379606734
# - CoordConv: Liu et al., https://arxiv.org/abs/1807.03247; that padding tells the place too: Islam et al.,
#   https://arxiv.org/abs/2001.08248
# - Missing values: Little, Rubin, *Statistical analysis with missing data*, Wiley 2019
# - The flags: `train --loss`, `--focal-gamma`, `--dice-weight`, `--class-weight`, `--task segment --masks`, `--auxiliary`,
#   `--auxiliary-weight`, `--coordinates`, `--task multilabel`, `--crop-to --finder --boxes`

# %% [markdown] lang="ja"
# ## 出典
#
# - 交差エントロピー：Bishop, *Pattern recognition and machine learning*, Springer 2006, 4.3.4。正直な確率を求める理由：
#   Gneiting, Raftery, *Strictly proper scoring rules*, JASA 102, 2007
# - クラスの重み：King, Zeng, *Logistic regression in rare events data*, Political Analysis 9, 2001
# - フォーカル損失：Lin et al., https://arxiv.org/abs/1708.02002。確率は正直でないがクラスの選択は正しいこと：Charoenphakdee
#   et al., https://arxiv.org/abs/2011.09172
# - Dice：Milletari, Navab, Ahmadi, https://arxiv.org/abs/1606.04797。U-Net：Ronneberger, Fischer, Brox,
#   https://arxiv.org/abs/1505.04597
# - IoU：Jaccard, *Étude comparative de la distribution florale*, 1901。複数のラベル：Zhang, Zhou, *A review on multi-label
#   learning algorithms*, IEEE TKDE 26, 2014。見つけてから分類する：Girshick et al., https://arxiv.org/abs/1311.2524
# - 補助タスク：Caruana, *Multitask learning*, Machine Learning 28, 1997, https://doi.org/10.1023/A:1007379606734
# - CoordConv：Liu et al., https://arxiv.org/abs/1807.03247。パディングも位置を教えること：Islam et al.,
#   https://arxiv.org/abs/2001.08248
# - 欠損値：Little, Rubin, *Statistical analysis with missing data*, Wiley 2019
# - コマンドのフラグ：`train --loss`、`--focal-gamma`、`--dice-weight`、`--class-weight`、`--task segment --masks`、`--auxiliary`、
#   `--auxiliary-weight`、`--coordinates`、`--task multilabel`、`--crop-to --finder --boxes`
