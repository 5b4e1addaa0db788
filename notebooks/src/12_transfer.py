# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] lang="en"
# # 12 · Transfer and fine-tuning
#
# **Question.** Somebody else has trained a network on a million photos of other things. What is it worth to me, who have thirty
# images of each class?
#
# **At the end you can** say what is used and what is trained from scratch, in transfer and in fine-tuning, choose between them by
# the number of images, and avoid the two usual accidents: too large a learning rate, and batch normalisation let loose.
#
# You need: layers (lesson 01), Adam (04), batch normalisation (05), convolution (07). Time: about a minute and a half on two
# cores, without network: the weights come with the program.

# %% [markdown] lang="ja"
# # 12 · 転移学習とファインチューニング
#
# **問い。** 誰かが、まったく別の百万枚の写真でネットワークを学習させました。各クラス 30 枚の画像しか持たない私に、それは役に立つでしょうか。
#
# **この章を終えると**、スクラッチ学習・転移学習・ファインチューニングのそれぞれで何を使い、何を学習するのかを説明し、画像の枚数から選び、
# よくある二つの失敗（大きすぎる学習率と、解放されたバッチ正規化）を避けられるようになります。
#
# 前提：層（第 01 章）、Adam（第 04 章）、バッチ正規化（第 05 章）、畳み込み（第 07 章）。所要時間：2 コアで約 1 分半。重みはプログラムと一緒に
# 入っているので、ネットワーク接続は不要です。

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
# A network for images has two parts. The *backbone* (バックボーン), nearly all of it, turns an image into a list of numbers, its
# *features* (特徴量) $f(x)$. The *head* (ヘッド), one fully connected layer, turns features into probabilities:
#
# $$p = \mathrm{softmax}(f(x)\,W + b)$$
#
# The first layers of a backbone find edges and textures, much the same in all pictures. A backbone that is *pretrained*
# (事前学習済み), here on ImageNet, 1.28 million photos of 1,000 kinds of things, already has them. Three ways to use it:
#
# | way | begins with | what is trained | images a class |
# |---|---|---|---|
# | from scratch (スクラッチ学習) | random weights | everything | over 5,000 |
# | fine-tuning (ファインチューニング) | pretrained weights | the head, then all at a small learning rate | 1,000 to 5,000 |
# | transfer (転移学習) | pretrained weights | the head only; the backbone is *frozen* (凍結) | under 1,000 |
#
# The last column is a rule of thumb and no law: it depends on how near your images are to the photos, and on how hard the classes
# are to tell apart. (Many books say "transfer learning" for both lower rows; this table is that of the study notes.)

# %% [markdown] lang="ja"
# ## 考え方
#
# 画像のネットワークは二つの部分からできています。ほとんどを占める*バックボーン*（backbone）は、画像を数値の列、すなわち*特徴量*（features）
# $f(x)$ に変えます。*ヘッド*（head）は全結合層一つで、特徴量を確率に変えます：
#
# $$p = \mathrm{softmax}(f(x)\,W + b)$$
#
# バックボーンの最初の層が見つけるのは輪郭や模様で、どんな画像にもほぼ共通です。*事前学習済み*（pretrained）のバックボーンは、それをすでに
# 身につけています。ここでは ImageNet（1,000 種類、128 万枚の写真）で学習したものを使います。使い方は三つあります。
#
# | 方法 | 出発点 | 学習する部分 | 1 クラスの画像数 |
# |---|---|---|---|
# | スクラッチ学習（from scratch） | 乱数の重み | すべて | 5,000 枚より多い |
# | ファインチューニング（fine-tuning） | 事前学習済みの重み | まずヘッド、次に小さな学習率で全体 | 1,000〜5,000 枚 |
# | 転移学習（transfer） | 事前学習済みの重み | ヘッドだけ。バックボーンは*凍結*（freeze）する | 1,000 枚未満 |
#
# 枚数は目安であって、法則ではありません。手元の画像が学習済みの写真にどれだけ近いか、クラスの区別がどれだけ難しいかで変わります。
# （下の二つをまとめて「転移学習」と呼ぶ本も多くあります。この表は勉強会のノートの分け方です。）

# %% [markdown] lang="en"
# ## Predict before you run
#
# The drawings are no photos: flat colours, thick lines, three animals. The pretrained network has seen none of them.
#
# 1. With 10 images a class: which is right more often, a small network trained from scratch or a head on frozen features?
# 2. How many images a class does the one from scratch need to catch up: 50, 200, or more?
# 3. What does one *epoch* (エポック, once through all images) at 200 times the right learning rate do to the pretrained network?

# %% [markdown] lang="ja"
# ## 実行する前に予想しよう
#
# 描画した動物は写真ではありません。平坦な色、太い線、三種類の動物です。事前学習済みのネットワークは一枚も見たことがありません。
#
# 1. 1 クラス 10 枚のとき、正解が多いのはどちらでしょうか。スクラッチ学習した小さなネットワークか、凍結した特徴量の上のヘッドか。
# 2. スクラッチ学習が追いつくには、1 クラスに何枚必要でしょうか。50 枚、200 枚、それとももっとでしょうか。
# 3. 適切な値の 200 倍の学習率で 1 *エポック*（epoch、全画像を一巡）学習すると、事前学習済みのネットワークはどうなるでしょうか。

# %% [markdown] lang="en"
# ## Run: every image through the backbone, once
#
# A frozen backbone gives the same features for an image every time, so each image goes through it once. **EfficientNet-Lite0** is
# our backbone. *EfficientNet* (2019) asked how to make a network larger, and answered: depth (layers), width (channels) and
# *resolution* (解像度, pixels of the image) together (1.2, 1.1 and 1.15 times as much a step), rather than one alone. Its
# blocks widen to many channels, look at each channel by itself, which is cheap, and narrow again. "Lite" leaves out what phones
# are slow at. 96 pixels a side instead of its 224 save time here, and cost accuracy.

# %% [markdown] lang="ja"
# ## 実行：すべての画像をバックボーンに一度だけ通す
#
# 凍結したバックボーンは、同じ画像からいつも同じ特徴量を出します。ですから、各画像を一度通せば十分です。ここで使うのは
# **EfficientNet-Lite0** です。*EfficientNet*（2019）は「ネットワークをどう大きくすべきか」と問い、深さ（層の数）・幅（チャネル数）・
# *解像度*（resolution、画像の画素数）のどれか一つではなく、三つを同時に（1 段階につき 1.2、1.1、1.15 倍に）大きくすると答えました。
# 各ブロックは、チャネルを増やし、チャネルごとに別々に畳み込み（計算が軽い）、また減らします。Lite は、スマートフォンで遅い演算を除いた
# ものです。本来の 224 画素の代わりに一辺 96 画素を使います。時間は節約できますが、正解率は下がります。

# %%
import numpy as np

from lessons import canvas, check, finetuning, learn, read, say, show

dataset, small = read(DATA, image_size=96), read(DATA, image_size=32)
examples, names = dataset.examples(), dataset.class_names
labels, splits, most = examples.labels, examples.indices, min(200, dataset.rarest())
pool = finetuning.per_class(splits["train"], labels, most, seed=0)
judged = finetuning.per_class(splits["val"], labels, np.bincount(labels[splits["val"]]).min(), seed=0)
network = finetuning.network(len(names), 96)
features = np.zeros((len(labels), network.layers[1].output_shape[-1]), np.float32)
for rows in (pool, judged):
    features[rows] = finetuning.embed(network, examples.inputs[rows])
print(f"{len(pool)} images to learn from, {len(judged)} to judge by, as many of each class")
print(f"{96 * 96 * 3:,} numbers of an image become {features.shape[1]:,} features")

# %% [markdown] lang="en"
# ## Picture: what the backbone brings together
#
# 1,280 numbers cannot be drawn. *Principal component analysis* (PCA, 主成分分析) finds the two directions in which the points
# differ most, and shows the points from there. `scratch/pca.py` does it in four lines of NumPy. On the left the raw pixels, on the
# right the features. No label was used for either map; they only give the colours.

# %% [markdown] lang="ja"
# ## 図で見る：バックボーンが近くに集めるもの
#
# 1,280 個の数値は図に描けません。*主成分分析*（PCA）は、点がもっともばらつく二つの方向を見つけ、そこから点を眺めます。`scratch/pca.py` は
# これを 4 行の NumPy で行います。左は画素そのもの、右は特徴量です。どちらの図もラベルを使わずに作り、ラベルは色分けにだけ使っています。

# %%
from scratch import pca

vectors = {"pixels": examples.inputs[pool].reshape(len(pool), -1) / 255, "features": features[pool]}
figure, axes = canvas(1, 2, 3.6)
for ax, (kind, x) in zip(axes[0], vectors.items(), strict=True):
    places, shares = pca.project(x)
    for number, name in enumerate(names):
        ax.plot(*places[labels[pool] == number].T, "os^"[number % 3], markersize=4, alpha=0.7, label=name)
    ax.set(title=kind, xlabel="1st direction", ylabel="2nd direction", xticks=[], yticks=[])
figure.legend(*ax.get_legend_handles_labels(), fontsize=11, ncols=3, loc="outside lower center")
show(figure, "Maps of the same images by pixels and by features; by features the classes overlap less.")

# %%
near = {kind: finetuning.alike(x, labels[pool]) for kind, x in vectors.items()}
assert near["features"] > near["pixels"] + 0.05
say(
    f"**What was seen.** Take an image and its nearest neighbour. By pixels the two are of one class in {near['pixels']:.0%} of "
    f"cases, by features in {near['features']:.0%}; by chance it would be {1 / len(names):.0%}. The map flattens 1,280 directions "
    "to two, so classes that overlap on it may still be apart in others.",
    f"**わかったこと。** ある画像と、それにもっとも近い画像を比べます。画素で測ると {near['pixels']:.0%}、特徴量で測ると "
    f"{near['features']:.0%} の場合に同じクラスでした（偶然なら {1 / len(names):.0%}）。図は 1,280 の方向を二つに縮めたものです。図の上で"
    "重なっていても、ほかの方向では離れているかもしれません。",
)

# %% [markdown] lang="en"
# ## Run: the head, in plain NumPy
#
# All that transfer trains is $W$ and $b$. One fully connected layer (`scratch/affine.py`), softmax with cross-entropy, Adam, thirty epochs:
# the loop of lesson 02, and it takes less than a second. Three *seeds* (乱数シード) draw other images and other first weights.

# %% [markdown] lang="ja"
# ## 実行：ヘッドを NumPy だけで
#
# 転移学習で学習するのは $W$ と $b$ だけです。全結合層一つ（`scratch/affine.py`）、ソフトマックスと交差エントロピー、Adam、30 エポック。
# 第 02 章と同じループで、1 秒もかかりません。三つの*乱数シード*（seed）ごとに、選ばれる画像と重みの初期値が変わります。

# %%
COUNTS = [count for count in (5, 10, 20, 50, 100, 200) if count <= most]
drawn = {(n, seed): finetuning.per_class(pool, labels, n, seed) for n in COUNTS for seed in SEEDS}
transfer = {n: [] for n in COUNTS}
for (n, seed), rows in drawn.items():
    head = finetuning.head(features[rows], labels[rows], len(names), seed)
    transfer[n].append(finetuning.accuracy(head, features[judged], labels[judged]))
for n, right in transfer.items():
    print(f"{n:4} images a class:", *(f"{share:.0%}" for share in right), "right, seed by seed")

# %% [markdown] lang="en"
# ## Run: from scratch, in Keras
#
# LeNet, a small network (lesson 07), at 32 pixels and from random weights. Fewer images get more epochs, so that each training has
# a hundred steps or more. It keeps the weights of its best epoch on validation, which flatters it a little.

# %% [markdown] lang="ja"
# ## 実行：スクラッチ学習を Keras で
#
# 小さなネットワーク LeNet（第 07 章）を、32 画素の画像で、乱数の重みから学習します。画像が少ないときはエポックを増やし、どの学習でも 100
# ステップ以上になるようにします。検証データで最良だったエポックの重みを残すので、スクラッチ学習に少し有利な比較です。

# %%
EPOCHS = {count: epochs for count, epochs in {10: 50, 50: 25, 200: 12}.items() if count <= most}
options = {"optimizer": "adam", "learning_rate": 0.002, "batch_size": 16, "augment": {}}
pixels, scratch = small.examples().inputs[judged].astype(np.float32), {n: [] for n in EPOCHS}
for n, epochs in EPOCHS.items():
    for seed in SEEDS:
        run = learn(small, drawn[n, seed], epochs=epochs, seed=seed, **options)
        answers = run.network.predict(pixels, verbose=0).argmax(axis=1)
        scratch[n].append(float(np.mean(answers == labels[judged])))
    print(f"{n:4} images a class:", *(f"{share:.0%}" for share in scratch[n]), "right, seed by seed")

# %%
figure, axes = canvas()
ax = axes[0, 0]
for name, right, marker in (("transfer", transfer, "o"), ("from scratch", scratch, "s")):
    counts, shares = list(right), np.array(list(right.values()))
    (line,) = ax.plot(counts, shares.mean(axis=1), marker=marker, label=name)
    ax.fill_between(counts, shares.min(axis=1), shares.max(axis=1), color=line.get_color(), alpha=0.2)
ax.axhline(1 / len(names), color="#666666", linestyle=":", label="by chance")
ax.set(xscale="log", xlabel="training images of each class", ylabel="share right", ylim=(0.2, 1))
ax.set_xticks(COUNTS, [str(n) for n in COUNTS])
ax.minorticks_off()
ax.legend(fontsize=11, ncols=3, loc="upper center")
show(figure, "Accuracy over images per class: transfer lies far above training from scratch everywhere.")

# %%
few, many = min(EPOCHS), max(EPOCHS)
some = COUNTS[2]
assert np.mean(transfer[few]) > np.mean(scratch[few]) + 0.1
assert np.mean(transfer[some]) > np.mean(scratch[many]) + 0.05
say(
    f"**What was seen.** With {few} images a class transfer is right on {np.mean(transfer[few]):.0%}, LeNet from scratch on "
    f"{np.mean(scratch[few]):.0%}. With {many} a class LeNet has come to {np.mean(scratch[many]):.0%}: still below what transfer did "
    f"with {some}, {np.mean(transfer[some]):.0%}. It has not caught up; by the rule of thumb it would need thousands. Of {len(judged)} images, one is "
    f"{1 / len(judged):.1%}: differences of a few percent mean nothing here.",
    f"**わかったこと。** 1 クラス {few} 枚のとき、正解率は転移学習が {np.mean(transfer[few]):.0%}、スクラッチ学習の LeNet が "
    f"{np.mean(scratch[few]):.0%} でした。{many} 枚でも LeNet は {np.mean(scratch[many]):.0%} で、{some} 枚の転移学習（{np.mean(transfer[some]):.0%}）に及びません。まだ追いついて"
    f"おらず、目安によれば数千枚が必要です。評価は {len(judged)} 枚なので、1 枚が {1 / len(judged):.1%} にあたります。数％の差に意味はありません。",
)

# %% [markdown] lang="en"
# ## Head first, then unfreeze
#
# Fine-tuning lets the backbone learn as well. A head with random weights sends back a large gradient that means nothing, and the
# backbone would be changed by it. So the head is trained first, on frozen features, and only then is the backbone *unfrozen*
# (凍結解除), at a small learning rate $\eta$. Three ways, from the same pretrained weights, with the head that NumPy trained:
#
# - the head first, then all at $\eta = 5 \times 10^{-5}$,
# - all at once, with a random head, at the same $\eta$,
# - the head first, then all at $\eta = 10^{-2}$, which is 200 times as large.

# %% [markdown] lang="ja"
# ## まずヘッド、それから凍結解除
#
# ファインチューニングではバックボーンも学習します。乱数の重みのヘッドからは、大きいだけで意味のない勾配が戻り、バックボーンがそれで変えられて
# しまいます。そこで、まず凍結した特徴量でヘッドを学習し、それからバックボーンの*凍結を解除*（unfreeze）して、小さな学習率 $\eta$ で学習
# します。同じ事前学習済みの重みから、三通りを試します。学習済みのヘッドには、NumPy で学習したものを使います。
#
# - まずヘッド、次に全体を $\eta = 5 \times 10^{-5}$ で
# - 乱数のヘッドのまま、最初から全体を同じ $\eta$ で
# - まずヘッド、次に全体を 200 倍の $\eta = 10^{-2}$ で

# %%
from scratch.affine import Affine

few = min(40, most)
rows = finetuning.per_class(pool, labels, few, seed=0)
tuner = finetuning.Tuner(network, (examples.inputs[rows], labels[rows]), (examples.inputs[judged], labels[judged]))
ways = {"head first, 5e-5": [], "all at once, 5e-5": [], "head first, 1e-2": []}
for seed in SEEDS[:2]:
    ready = finetuning.head(features[rows], labels[rows], len(names), seed)
    raw = Affine(features.shape[1], len(names), np.random.default_rng(seed))
    for way, head, rate in zip(ways, (ready, raw, ready), (5e-5, 5e-5, 1e-2), strict=True):
        ways[way].append(tuner.tune(head, rate, epochs=3, seed=seed))
for way, curves in ways.items():
    print(f"{way:18}", *(" ".join(f"{share:4.0%}" for share in curve) for curve in curves), sep="   ")

# %%
figure, axes = canvas()
for (way, curves), style, marker in zip(ways.items(), ("-", "--", ":"), "os^", strict=True):
    axes[0, 0].plot(np.mean(curves, axis=0), linestyle=style, marker=marker, label=way)
axes[0, 0].axhline(1 / len(names), color="#666666", linewidth=1, label="by chance")
axes[0, 0].set(xlabel="epochs of fine-tuning", ylabel="share right", xticks=range(4), ylim=(0, 1.15))
axes[0, 0].legend(fontsize=11, ncols=2, loc="upper center")
show(
    figure,
    "Accuracy before and during fine-tuning: head first stays high, all at once is behind, 1e-2 falls to chance.",
)

# %%
first, once, large = (np.array(curves) for curves in ways.values())
assert first[:, 1].mean() > once[:, 1].mean() + 0.05
assert large[:, 1:].mean() < first[:, 0].mean() - 0.2
assert abs(first[:, -1] - first[:, 0]).mean() < 0.12
say(
    f"**What was seen.** After one epoch the network whose head came first is right on {first[:, 1].mean():.0%}, the other on "
    f"{once[:, 1].mean():.0%}. The learning rate of 1e-2 took it from {large[:, 0].mean():.0%} to {large[:, 1:].mean():.0%}, the "
    f"mean after its three epochs: what a million photos taught was gone. And fine-tuning itself? From {first[:, 0].mean():.0%} to "
    f"{first[:, -1].mean():.0%} with {few} images a class, no more than chance moves it. By the rule of thumb it pays from about 1,000.",
    f"**わかったこと。** 1 エポック後の正解率は、ヘッドを先に学習したものが {first[:, 1].mean():.0%}、いきなり全体を学習したものが "
    f"{once[:, 1].mean():.0%} でした。学習率 1e-2 では {large[:, 0].mean():.0%} から {large[:, 1:].mean():.0%}（3 エポックの平均）へ落ち、百万枚の"
    f"写真から得たものが失われました。ファインチューニング自体の効果は、1 クラス {few} 枚で {first[:, 0].mean():.0%} から "
    f"{first[:, -1].mean():.0%} で、偶然のばらつきの範囲です。目安によれば、効果が出るのは 1,000 枚ほどからです。",
)

# %% [markdown] lang="en"
# ## The BatchNorm trap
#
# Batch normalisation has two ways to work (lesson 05): in training it uses mean and variance of the *batch*, in prediction the
# stored *running statistics* (移動平均), here those of a million photos. The head was trained on features by the stored ones. Let
# the layers loose, and each batch makes its own: same weights, same images, other features.

# %% [markdown] lang="ja"
# ## バッチ正規化の落とし穴
#
# バッチ正規化の動作は二通りあります（第 05 章）。学習時は*バッチ*の平均と分散を使い、予測時は蓄えた*移動平均*（running statistics）、ここでは
# 百万枚の写真の値を使います。ヘッドは後者による特徴量で学習しました。この層を解放すると、バッチごとに統計量が変わります。重みも画像も同じ
# なのに、特徴量が別のものになります。

# %%
stored = np.mean([curve[0] for curve in ways["head first, 5e-5"]])
SIZES = (32, 8)
loose = {size: [tuner.by_batch_statistics(ready, size, seed) for seed in SEEDS] for size in SIZES}
for size, right in loose.items():
    print(f"statistics of batches of {size:2}:", *(f"{share:.0%}" for share in right), "right, order by order")

# %%
assert np.mean(loose[8]) < stored - 0.15
left = 0.99**100
say(
    f"**What was seen.** No weight was changed. With the stored statistics {stored:.0%} are right; with those of batches of 32 "
    f"{np.mean(loose[32]):.0%}, of 8 {np.mean(loose[8]):.0%}. Drawings have other statistics than photos, and the head knows only the "
    "features that the stored ones give. Training would begin from there, and on its way replace the stored ones: this network "
    f"keeps 99 % of them a step, so after 100 steps {left:.0%} of the million photos are left.",
    f"**わかったこと。** 重みは一つも変えていません。蓄えた統計量では {stored:.0%} が正解、バッチの統計量では、32 枚のバッチで "
    f"{np.mean(loose[32]):.0%}、8 枚で {np.mean(loose[8]):.0%} でした。描画した画像の統計量は写真と違い、ヘッドは蓄えた統計量による特徴量しか"
    "知らないからです。学習はここから始まり、しかも蓄えた値を置き換えていきます。このネットワークでは 1 ステップごとに 99% が残るので、"
    f"100 ステップ後に残る写真の統計量は {left:.0%} です。",
)

# %% [markdown] lang="en"
# The cure: when the backbone is unfrozen, its BatchNormalization layers stay frozen. In Keras `layer.trainable = False` on such a layer
# stops $\gamma$ and $\beta$ from learning *and* makes it use the stored statistics; this double meaning is particular to it.
# `train --learning finetune` does so, and the three trainings above did.

# %% [markdown] lang="ja"
# 対策は、バックボーンの凍結を解除するときも、BatchNormalization 層だけは凍結したままにすることです。Keras では、この層に
# `layer.trainable = False` とすると、$\gamma$ と $\beta$ の学習が止まる*だけでなく*、蓄えた統計量が使われます。この二重の意味はこの層に特有です。
# `train --learning finetune` はそうしており、上の三つの学習も同じです。

# %% [markdown] lang="en"
# ## Where it breaks
#
# - **The fight above was not quite fair.** LeNet is smaller and saw 32 pixels. A better network from scratch would do better; to
#   catch up with so few images it would have to learn edges and textures from them alone.
# - **Images unlike photos**, such as X-rays or spectrograms, gain less. "Transfer always helps" is folklore: with enough images and
#   time, detectors trained from scratch came to the same accuracy (He et al. 2018). It helps to get there sooner, and with few images.
# - **Another preparation of the pixels** (0 to 1 instead of 0 to 255, BGR instead of RGB) makes the pretrained weights worthless
#   without any message. Here the backbone prepares them itself.
# - **Own statistics are not always worse.** Where your images are many and far from photos, their running statistics may suit them
#   better than the stored ones, if the batches are large; a training that is long enough can adapt to them.
# - **Your test images may be in the pretraining data.** Then the test score flatters. With photos from the web nobody can be sure.

# %% [markdown] lang="ja"
# ## うまくいかないとき
#
# - **上の比較は、完全に公平ではありません。** LeNet は小さく、画像も 32 画素でした。もっとよいネットワークなら、スクラッチ学習の結果もよく
#   なります。それでも、少ない画像だけから輪郭や模様を学ばなければならないことは変わりません。
# - **写真と似ていない画像**（X 線画像やスペクトログラムなど）では、効果が小さくなります。「転移学習は必ず役立つ」は俗説です。画像と時間が
#   十分にあれば、物体検出ではスクラッチ学習でも同じ精度に達しました（He et al. 2018）。役立つのは、早く到達したいときと、画像が少ないときです。
# - **画素の前処理が違う**（0〜255 でなく 0〜1、RGB でなく BGR）と、事前学習済みの重みは役に立たなくなり、しかもエラーは出ません。ここでは
#   バックボーン自身が前処理をします。
# - **自分のデータの統計量がいつも悪いわけではありません。** 画像が多く、写真とかけ離れていて、バッチが大きければ、蓄えた値より合うことも
#   あります。十分に長く学習すれば、重みのほうが新しい統計量に合っていきます。
# - **テストデータが事前学習に使われていたかもしれません。** そうなら、テストの結果は良すぎる値になります。ウェブの写真では、誰にも断言
#   できません。

# %% [markdown] lang="en"
# ## Exercises
#
# Replace the dots, run the cell, and read what it says.
#
# **1.** The rule of thumb: given the training images of each class as a list, return `"scratch"`, `"finetune"` or `"transfer"`. The
# bounds 1,000 and 5,000 themselves belong to fine-tuning, and the class that has fewest images decides.

# %% [markdown] lang="ja"
# ## 演習
#
# `...` を書き換えてセルを実行し、表示を読んでください。
#
# **1.** 目安の表：各クラスの訓練画像の枚数がリストで与えられます。`"scratch"`、`"finetune"`、`"transfer"` のどれかを返してください。境界の
# 1,000 と 5,000 はファインチューニングに含め、画像がもっとも少ないクラスで決めます。


# %%
def transfer_or_not(images): ...


check(transfer_or_not)

# %% [markdown] solution="transfer_or_not"

# %% [markdown] lang="en"
# **2.** How many numbers are trained? The backbone has `backbone` weights, of which `normalising` are in its BatchNormalization
# layers; it gives `features` numbers for each image. `kind` is `"transfer"`, or `"finetune"` after unfreezing as above.

# %% [markdown] lang="ja"
# **2.** 学習されるパラメータはいくつでしょうか。バックボーンの重みは `backbone` 個で、そのうち `normalising` 個が BatchNormalization 層にあり、
# 画像ごとに `features` 個の数値を出します。`kind` は `"transfer"`、または上のように凍結を解除した `"finetune"` です。


# %%
def transfer_trained(kind, backbone, normalising, features, classes): ...


check(transfer_trained)

# %% [markdown] solution="transfer_trained"

# %% [markdown] lang="en"
# **3.** The running mean of a BatchNormalization layer, given the means of the batches one after another: Keras keeps the share
# `momentum` of the old one at each step. Return it after all batches; `trainable` says whether the layer is let loose.

# %% [markdown] lang="ja"
# **3.** BatchNormalization 層の平均の移動平均です。バッチの平均が順に与えられ、Keras は毎ステップ、古い値を `momentum` の割合だけ残します。
# すべてのバッチの後の値を返してください。`trainable` は、この層の凍結を解除しているかどうかです。


# %%
def transfer_running_mean(mean, batch_means, momentum, trainable): ...


check(transfer_running_mean)

# %% [markdown] solution="transfer_running_mean"

# %% [markdown] lang="en"
# ## Sources
#
# - Features that transfer: Yosinski et al., https://arxiv.org/abs/1411.1792; Kornblith et al., https://arxiv.org/abs/1805.08974
# - Head first: Kumar et al., *Fine-tuning can distort pretrained features*, https://arxiv.org/abs/2202.10054
# - From scratch comes as far: He, Girshick, Dollár, *Rethinking ImageNet pre-training*, https://arxiv.org/abs/1811.08883
# - EfficientNet: Tan, Le, https://arxiv.org/abs/1905.11946; BatchNormalization in Keras: https://keras.io/guides/transfer_learning/
# - ImageNet: Russakovsky et al., https://arxiv.org/abs/1409.0575
# - The flags: `python main.py train --model efficientnet_lite --learning transfer`, `--learning finetune`, `--learning auto`

# %% [markdown] lang="ja"
# ## 出典
#
# - 転移できる特徴量：Yosinski et al., https://arxiv.org/abs/1411.1792 、Kornblith et al., https://arxiv.org/abs/1805.08974
# - まずヘッド：Kumar et al., *Fine-tuning can distort pretrained features*, https://arxiv.org/abs/2202.10054
# - スクラッチ学習でも到達する：He, Girshick, Dollár, *Rethinking ImageNet pre-training*, https://arxiv.org/abs/1811.08883
# - EfficientNet：Tan, Le, https://arxiv.org/abs/1905.11946 、Keras の BatchNormalization：https://keras.io/guides/transfer_learning/
# - ImageNet：Russakovsky et al., https://arxiv.org/abs/1409.0575
# - コマンドのフラグ：`python main.py train --model efficientnet_lite --learning transfer`、`--learning finetune`、`--learning auto`
