# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] lang="en"
# # 10 · Augmentation
#
# **Question.** How can more data be made of the same data, and which changes of an image leave its label as it is?
#
# **At the end you can** say for each transformation whether it keeps, changes or mixes the label, look at a preview before you
# train, and judge by a trial with and without, instead of by a rule, whether it helps.
#
# You need: splits and near duplicates from lesson 09, overfitting from lesson 06. Time: about two minutes on two cores, without
# network.

# %% [markdown] lang="ja"
# # 10 · データ拡張
#
# **問い。** 同じデータからもっと多くのデータを作るにはどうすればよいでしょうか。画像をどう変えても、ラベルはそのままでよいのでしょうか。
#
# **この章を終えると**、それぞれの変換がラベルを保つか、変えるか、混ぜるかを説明し、学習の前にプレビューで確かめ、役に立つかどうかを
# 決まりごとではなく「あり」と「なし」の比較で判断できるようになります。
#
# 前提：第 09 章の分割と近似重複、第 06 章の過学習。所要時間：2 コアで約 2 分、ネットワーク接続は不要です。

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
# A network that sees the same few images in every epoch learns them by heart (*overfitting*, 過学習). *Augmentation*
# (データ拡張) changes each training image at random, anew in each epoch. With $x$ an image, $t$ its label and $T$ a
# transformation, there are three kinds:
#
# | kind | image | label | examples |
# |---|---|---|---|
# | keeps the label | $T(x)$ | $t$ | shift, crop, brightness, noise (ノイズ), *random erasing* (ランダム消去) |
# | changes the label | $T(x)$ | $\pi(t)$ | mirror an animal that looks to the left: now it looks to the right |
# | mixes labels | $\lambda x_1 + (1-\lambda) x_2$ | $\lambda t_1 + (1-\lambda) t_2$ | *mixup*; *cutmix* with a box instead |
#
# $\pi$ says which class a class becomes; $\lambda$ is a share between 0 and 1. A label of shares, such as 70 % cat and 30 % dog,
# is a *soft label* (ソフトラベル). The loss takes it as it is: *cross-entropy* (交差エントロピー) is $-\sum_k t_k \log p_k$, where
# $p_k$ is the probability that the network gives class $k$.
#
# The kind belongs to the *task*, not to the transformation: a mirrored cat is a cat, a mirrored "left" is a "right".
# Validation and test are never augmented: they are to be as the images that will come.
# %% [markdown] lang="ja"
# ## 考え方
#
# どのエポックでも同じ少数の画像を見せると、ネットワークはそれを丸暗記します（*過学習*、overfitting）。*データ拡張*（augmentation）は、
# 訓練データの画像をエポックごとに無作為に変化させます。画像を $x$、ラベルを $t$、変換を $T$ とすると、三つの種類があります。
#
# | 種類 | 画像 | ラベル | 例 |
# |---|---|---|---|
# | ラベルを保つ | $T(x)$ | $t$ | 平行移動、切り抜き、明るさ、ノイズ、*ランダム消去*（random erasing） |
# | ラベルを変える | $T(x)$ | $\pi(t)$ | 左向きの動物を左右反転すると右向きになる |
# | ラベルを混ぜる | $\lambda x_1 + (1-\lambda) x_2$ | $\lambda t_1 + (1-\lambda) t_2$ | *mixup*。四角形で混ぜるのが *cutmix* |
#
# $\pi$ はどのクラスがどのクラスになるかを表し、$\lambda$ は 0 と 1 の間の割合です。「猫 70 %、犬 30 %」のような割合のラベルを
# *ソフトラベル*（soft label）といいます。損失はそのまま計算できます。*交差エントロピー*（cross-entropy）は $-\sum_k t_k \log p_k$ で、
# $p_k$ はネットワークがクラス $k$ に与える確率です。
#
# どの種類になるかは、変換ではなく*課題*で決まります。反転した猫は猫ですが、反転した「左向き」は「右向き」です。
# 検証データとテストデータには行いません。実際に来る画像と同じでなければならないからです。
# %% [markdown] lang="en"
# ## Predict before you run
#
# 1. The label is cat, dog or horse. May you mirror? Turn the image upside down? Cut a piece out?
# 2. The label is *facing*: left or right. What happens to accuracy if half of the images are mirrored and keep their label?
# 3. There are 80 images of each class. Which will help most: mirroring, moving, erasing, or mixing?
# %% [markdown] lang="ja"
# ## 実行する前に予想しよう
#
# 1. ラベルが猫・犬・馬のとき、左右反転してもよいでしょうか。上下反転は。一部を切り取るのは。
# 2. ラベルが*向き*（facing：left か right）のとき、半分の画像をラベルはそのままで左右反転すると、正解率はどうなるでしょうか。
# 3. 各クラスに画像が 80 枚しかありません。反転、移動、消去、混合のうち、いちばん役に立つのはどれでしょうか。
# %% [markdown] lang="en"
# ## Run: in plain NumPy
#
# `scratch/augmentation.py` holds each in a few lines. Two images, a cat and a dog, or the first two classes of yours; above
# each result its label.
# %% [markdown] lang="ja"
# ## 実行：NumPy だけで
#
# `scratch/augmentation.py` に、それぞれが数行で書いてあります。画像は 2 枚、猫と犬（またはあなたのデータの最初の 2 クラス）です。結果の上に
# ラベルを示します。
# %%
import numpy as np

from lessons import answers, bursts, canvas, check, learn, previews, read, say, sheets, show
from scratch import augmentation

dataset = read(DATA, image_size=32)
examples, names = dataset.examples(), dataset.class_names
rows = previews.few(dataset, 1, seed=4)[:2]
x, t = np.asarray(examples.inputs[rows], np.float32), np.eye(len(names))[examples.labels[rows]]
random = np.random.default_rng(9)
changed = {"as it is": x, "flip": augmentation.flip(x, random, 1), "crop": augmentation.crop(x, random, 5)}
changed |= {"noise": augmentation.noise(x, random, 25), "erase": augmentation.erase(x, random, 0.3)}
mixed, mixed_label = augmentation.mixup(x, t, np.random.default_rng(3), 1.0)
cut, cut_label = augmentation.cutmix(x, t, np.random.default_rng(3), 1.0)
print("mixup: label of the first image", mixed_label[0].round(2), "cutmix:", cut_label[0].round(2))

# %% [markdown] lang="en"
# ## Picture: a preview sheet
#
# A *preview sheet* shows what the network will see. Look at it before each training: can *you* still say what it is?

# %% [markdown] lang="ja"
# ## 図で見る：プレビュー
#
# *プレビュー*（preview sheet）は、ネットワークが見ることになる画像を並べたものです。学習の前に必ず眺めましょう。*あなた*には、まだ何の画像か
# わかりますか。

# %%
images = [*(batch[0] for batch in changed.values()), mixed[0], cut[0], x[1]]
shares = [f"{100 * label[examples.labels[rows[0]]]:.0f} % {names[0]}" for label in (mixed_label[0], cut_label[0])]
titles = [*(f"{name}: {names[0]}" for name in changed), f"mixup: {shares[0]}", f"cutmix: {shares[1]}", names[1]]
figure, axes = canvas(2, 4, 4.0)
sheets.draw_images(axes, images, [title.replace(": ", "\n") for title in titles])
show(figure, "One image as it is, mirrored, shifted, with noise, with a part erased, and mixed with a second image.")

# %%
soft, sure = mixed_label[0], np.clip(t[0], 0.01, 0.98)
best = -(soft[soft > 0] * np.log(soft[soft > 0])).sum()
loss = -(soft * np.log(sure / sure.sum())).sum()
assert best < loss
assert 0.05 < soft.max() < 0.95
say(
    f"**What was seen.** After mixup the label is soft, and so is the right answer: whoever gives {100 * soft[0]:.0f} % to "
    f"{names[0]} pays a loss of {best:.2f}, which is the least there is, and not 0. Who gives 98 % to it pays {loss:.2f}. A "
    "higher training loss with mixup is thus no sign that something went wrong. Other soft labels: votes of several people, and "
    "label smoothing, $(1-s)\\,t + s/K$ (lesson 06).",
    f"**わかったこと。** mixup のあとはラベルが割合になり、正しい答えも割合になります。{names[0]} に {100 * soft[0]:.0f} % を与えたときの損失は "
    f"{best:.2f} で、これが最小です（0 ではありません）。{names[0]} に 98 % を与えると {loss:.2f} になります。ですから mixup で訓練損失が高くても、"
    "異常ではありません。ソフトラベルには、ほかに複数人の投票や、ラベル平滑化 $(1-s)\\,t + s/K$（第 06 章）があります。",
)

# %% [markdown] lang="en"
# ## Run: what `train` would show the network
#
# `python main.py train --augment cutmix --augment-preview` writes such a sheet and trains nothing. A strength is a share: of
# the image's size (`translation`, `zoom`), of a full turn (`rotation`) or of the values (light). For `erase`, `cutmix` and `mixup` it
# is the *probability* that it happens at all; a flip happens half of the time. Here places and light are at their usual strengths, the
# other three happen nearly always, so that there is something to see; three views a row.

# %% [markdown] lang="ja"
# ## 実行：`train` がネットワークに見せるもの
#
# `python main.py train --augment cutmix --augment-preview` は、このような一覧を書き出し、学習は行いません。強さは割合で、
# `translation` と `zoom` では画像の大きさ、`rotation` では 1 回転、明るさや色では値に対するものです。`erase`、`cutmix`、`mixup` では*行う確率*を表し、
# `flip` は半分の確率で行います。ここでは位置と光は普通の強さ、残りの三つは見てわかるようにほぼ毎回とし、1 行に三つの例を示します。

# %%
PLACES = {"flip": 1.0, "translation": 0.06, "rotation": 0.03, "zoom": 0.15}
LIGHT = {"brightness": 0.2, "contrast": 0.2, "saturation": 0.3}
ROWS = {"places": PLACES, "light": LIGHT, "erase": {"erase": 0.9}, "cutmix": {"cutmix": 0.99}, "mixup": {"mixup": 0.99}}
shown = np.repeat(previews.few(dataset, 1, seed=4)[:2], 4)  # four views of either, which mixing mixes
figure, axes = canvas(len(ROWS), 4, 7.4)
for own, (name, strengths) in zip(axes, ROWS.items(), strict=True):
    views, labels = previews.views(dataset, shown, strengths, seed=1)
    before = np.asarray(examples.inputs[shown[:1]], float)
    sheets.draw_images(own, [*before, *views[:3]], [name, *(label.replace(", ", "\n") for label in labels[:3])])
show(figure, "Five kinds of augmentation, a row each: the image as it is, then three views of it with their labels.")

# %% [markdown] lang="en"
# ### One strength for all: RandAugment
#
# Each transformation above has a strength of its own, and to search all of them takes more trials than anybody has.
# *RandAugment* draws for each image two of fourteen transformations (rotations, shears, shifts, light, colours, none at all, …),
# and takes all of them at *one* strength, $M/10$ with the paper's magnitude $M$: one number to try, as in
# `--augment randaugment=0.9`. The cost: it asks nobody whether *your* label bears a rotation or turned-round colours, so its
# preview is worth a look, in two rows at two strengths.

# %% [markdown] lang="ja"
# ### 強さは一つだけ：RandAugment
#
# 上の変換にはそれぞれ強さがあり、全部を探索するには試行がいくらあっても足りません。*RandAugment* は、画像ごとに 14 種類の変換（回転、せん断、
# 平行移動、光、色、何もしない、など）から二つを引き、どれも*同じ*強さで使います。強さは論文の大きさ $M$ の 10 分の 1、$M/10$ です。試す数は一つで
# 済み、`--augment randaugment=0.9` のように指定します。代償として、*あなたの*ラベルが回転や色の反転に耐えるかどうかは考えてくれません。そこで、
# プレビューを二つの強さで 1 行ずつ見てみましょう。

# %%
figure, axes = canvas(2, 6, 2.8)
for own, strength in zip(axes, (0.3, 0.9), strict=True):
    views, labels = previews.views(dataset, np.repeat(shown[:1], 6), {"randaugment": strength}, seed=2)
    assert set(labels) == {names[examples.labels[shown[0]]]}  # no label is changed
    sheets.draw_images(own, views, [f"{strength:g}"])
show(
    figure,
    "Six views of one image by RandAugment at a strength of 0.3, and six at 0.9: turned, shifted, with other colours.",
)

# %% [markdown] lang="en"
# ## A flip that changes the label
#
# The drawings know which way the animal looks. We learn *that* from 100 images a side, three times: without a flip; with a flip
# that keeps the label, as is right for cat, dog and horse; and with a flip that swaps left and right (`left<->right` in the file
# of `--labels`).

# %% [markdown] lang="ja"
# ## ラベルを変える反転
#
# 描画には、動物がどちらを向いているかという情報もあります。*それ*を片側 100 枚から 3 通りで学習します。反転なし。ラベルはそのままの反転（猫・犬・馬なら
# 正しいやり方）。左右のラベルも入れ替える反転（`--labels` のファイルに `left<->right` と書きます）です。

# %%
import tempfile

temporary = tempfile.TemporaryDirectory()  # removed when the notebook ends
pairs = Path(temporary.name) / "pairs.csv"
pairs.write_text("folder,class\nleft<->right,\n", encoding="utf-8")
facing, paired = read(image_size=32, label="facing"), read(image_size=32, label="facing", labels=str(pairs))
FLIP, USUAL = {"flip": 1.0}, {"epochs": 15, "optimizer": "adam", "learning_rate": 0.002}
ways = {"no flip": (facing, {}), "flip, label kept": (facing, FLIP), "flip, label swapped": (paired, FLIP)}
score = {name: [] for name in ways}

# %%
for seed in SEEDS:
    for name, (data, augment) in ways.items():
        network = learn(data, previews.few(data, 100, seed), seed=seed, augment=augment, **USUAL).network
        matrix = answers.confusion(network, data)
        score[name].append(np.trace(matrix) / matrix.sum())
for name, values in score.items():
    print(f"{name:20} right on the test, seed by seed:", np.round(values, 2))

# %%
figure, axes = canvas(height=3.2)
for place, values in enumerate(score.values()):
    axes[0, 0].bar(place, 100 * np.mean(values), 0.6, alpha=0.75)
    axes[0, 0].plot([place] * len(values), 100 * np.array(values), "o", color="black", markersize=5)
axes[0, 0].axhline(50, color="#666666", linestyle="--")
axes[0, 0].text(2.5, 51, "guessing", ha="right", fontsize=11)
axes[0, 0].set(xticks=range(3), xticklabels=score, ylabel="accuracy, %", ylim=(0, 100))
show(
    figure,
    "Accuracy of left or right without a flip, with one that keeps the label, with one that swaps it; dots are seeds.",
)

# %%
none, kept, swapped = (100 * np.mean(values) for values in score.values())
assert kept < none - 5
assert swapped > kept + 15
gain = swapped - none
say(
    f"**What was seen.** Without a flip {none:.0f} % are right. With one that keeps the label {kept:.0f} %: the same image is called "
    f"left in one epoch and right in the next, and hardly anything can be learned from that. With swapped labels {swapped:.0f} %, {gain:+.0f} "
    "points against no flip: each image is now an example of either side. The transformation was the same, only the label "
    "differed.",
    f"**わかったこと。** 反転なしの正解率は {none:.0f} % です。ラベルはそのままの反転では {kept:.0f} % になりました。同じ画像があるエポックでは左、"
    f"次のエポックでは右と呼ばれるので、ほとんど何も学べません。ラベルも入れ替えると {swapped:.0f} %（反転なしとの差は {gain:+.0f} ポイント）です。1 枚の"
    "画像が両方の向きの例になるからです。変換は同じで、違うのはラベルだけでした。",
)

# %% [markdown] lang="en"
# ## Small data, with and without
#
# Now cat, dog or horse again, from 80 images a class, with each augmentation and without. All are asked about the same images:
# as they are; with a part hidden (*occlusion*, 遮蔽, as by a fence or a leaf); and with the noise of a dark evening. The noise is a
# function of our own: `--augment-with lessons.previews:sensor_noise`.

# %% [markdown] lang="ja"
# ## 少ないデータで、ありとなしを比べる
#
# もう一度、猫・犬・馬に戻り、各クラス 80 枚から、それぞれのデータ拡張ありとなしで学習します。尋ねるのは同じ画像で、そのままのもの、一部が隠れたもの
# （柵や葉などによる*遮蔽*、occlusion）、暗い夕方のようなノイズのあるものの 3 通りです。ノイズは自作の関数で加えます
# （`--augment-with lessons.previews:sensor_noise`）。

# %%
rows = examples.indices["test"]
pixels, truth = bursts.fresh(100) if DATA is None else (np.asarray(examples.inputs[rows]), examples.labels[rows])
pixels = pixels.astype(np.float32)
hidden = np.clip(augmentation.erase(pixels, np.random.default_rng(0), 0.3), 0, 255)
asked = {"clean": pixels, "hidden": hidden, "noisy": previews.sensor_noise(pixels)}
trials = {"none": {}, "flip": {"augment": FLIP}, "places": {"augment": PLACES}, "erase": {"augment": {"erase": 0.25}}}
trials |= {"cutmix": {"augment": {"cutmix": 0.5}}, "mixup": {"augment": {"mixup": 0.5}}}
trials["noise"] = {"augment_with": "lessons.previews:sensor_noise"}
table = np.zeros((len(trials), len(SEEDS), len(asked)))
for i, trial in enumerate(trials.values()):
    for j, seed in enumerate(SEEDS):
        settings = {"augment": {}, "seed": seed, **USUAL, **trial}
        network = learn(dataset, previews.few(dataset, 80, seed), **settings).network
        table[i, j] = [100 * (answers.classes(network, images) == truth).mean() for images in asked.values()]

# %%
figure, axes = canvas(1, 3, 4.2, sharey=True)
for number, (ax, what) in enumerate(zip(axes.flat, asked, strict=True)):
    for place in range(len(trials)):
        ax.plot(table[place, :, number], [place] * len(SEEDS), "o", color="#888888", markersize=5)
        ax.plot(table[place, :, number].mean(), place, "D", color="#0072B2" if place else "#D55E00", markersize=9)
    ax.axvline(table[0, :, number].mean(), color="#D55E00", linestyle="--", linewidth=1)
    ax.set(title=what, xlabel="accuracy, %", yticks=range(len(trials)), yticklabels=trials)
axes[0, 0].invert_yaxis()
show(figure, "Accuracy by augmentation on clean, partly hidden and noisy images; dots are seeds, diamonds their means.")

# %%
means, wins = table.mean(axis=1), (table > table[0]).all(axis=1)
always = [name for name, row in zip(trials, wins, strict=True) if row[0]]
worse = [name for name, row in zip(trials, (table < table[0]).all(axis=1), strict=True) if row[0]]
clean = ", ".join(f"{name} {value:.0f}" for name, value in zip(trials, means[:, 0], strict=True))
place = list(trials).index
assert means[:, 0].min() > 100 / len(names)
say(
    f"**What was seen.** On clean images, in percent: {clean}. Better than none with each of the three seeds: "
    f"{', '.join(always) or 'nothing'}. Worse with each: {', '.join(worse) or 'nothing'}. Of the others this trial says nothing: seeds "
    f"differ by up to {np.ptp(table[:, :, 0], axis=1).max():.0f} points.",
    f"**わかったこと。** そのままの画像での正解率（%）は、{clean} でした。三つのシードのすべてで none より良かったもの："
    f"{'、'.join(always) or 'なし'}。すべてで悪かったもの：{'、'.join(worse) or 'なし'}。そのほかについては、この実験からは何も言えません。"
    f"シードによる差が最大 {np.ptp(table[:, :, 0], axis=1).max():.0f} ポイントあるからです。",
)

# %%
noisy, covered = means[:, 2], means[:, 1]
sure = int(wins[place("noise"), 2]), int(wins[place("erase"), 1])
agree = ("not better with each seed", "better with each seed")
both = ("どのシードでも上回るわけではありません", "どのシードでも上回りました")
say(
    f"Of noisy images the network without augmentation gets {noisy[0]:.0f} %, the one trained with noise {noisy[place('noise')]:.0f} % "
    f"({agree[sure[0]]}). Of partly hidden ones {covered[0]:.0f} % without, and {covered[place('erase')]:.0f} % after random erasing "
    f"({agree[sure[1]]}). Try first what will happen to images where the network is used, noise for a camera at night, erasing where "
    "things stand in front; then measure, as here. A list of good augmentations does not exist without a task.",
    f"ノイズのある画像では、データ拡張なしのネットワークは {noisy[0]:.0f} %、ノイズで学習したものは {noisy[place('noise')]:.0f} % です"
    f"（{both[sure[0]]}）。一部が隠れた画像では、なしが {covered[0]:.0f} %、ランダム消去が {covered[place('erase')]:.0f} % です"
    f"（{both[sure[1]]}）。ネットワークを使う場所で実際に起こる変化をまず試し（夜のカメラならノイズ、手前に物があるなら消去）、ここでしたように"
    "測って確かめましょう。課題と無関係に「良いデータ拡張」というものはありません。",
)

# %% [markdown] lang="en"
# ### Why so little here?
#
# Textbooks promise most for small data, and photos often keep that promise. Three things speak against it in this trial:
#
# - place, size, direction, light and hidden parts are random in *every* drawing: a shift or a flip adds little that is new.
#   Photos are less varied, as people hold the camera straight and the animal in the middle;
# - augmentation works against learning by heart, and that takes time: 15 epochs of a small network are few. Set `epochs` to 100
#   above and look again;
# - three seeds see a difference of a few points hardly at all. That no difference was seen does not prove that there is none.

# %% [markdown] lang="ja"
# ### ここで効果が小さいのはなぜか
#
# 教科書には、データが少ないときほど効くと書いてあり、写真ではそのとおりになることがよくあります。この実験でそうならない理由として、三つが
# 考えられます。
#
# - 描画では、位置、大きさ、向き、光、隠れる部分が *1 枚ごとに*無作為です。平行移動や反転で新しくなることは、ほとんどありません。写真は、
#   カメラをまっすぐ構えて動物を中央に置くため、それほど多様ではありません。
# - データ拡張は丸暗記を防ぐものですが、丸暗記には時間がかかります。小さなネットワークの 15 エポックでは短すぎます。上の `epochs` を
#   100 にして、もう一度見てください。
# - シードが三つでは、数ポイントの差はまず見えません。差が見えなかったことは、差がないことの証明にはなりません。

# %% [markdown] lang="en"
# ## Small images first: progressive resizing
#
# Size can change during a training too. *Progressive resizing* (段階的な解像度の引き上げ) shows small images at first, which
# cost little, and large ones in the end, so that the network gets used to the size at which it will be asked:
# `--progressive 64,96,128`. The last size has about a seventh of the epochs and mixes no images; the others share the rest. A
# convolution costs as much as it has places, with the square of the side. It needs a network of convolutions with a mean at the
# end, which takes any size; and fine detail is learned late or not at all, so compare with and without.

# %% [markdown] lang="ja"
# ## 小さな画像から始める：段階的な解像度
#
# 画像の大きさも、学習の途中で変えられます。*段階的な解像度の引き上げ*（progressive resizing）では、初めは計算の軽い小さな画像を、終わりには大きな
# 画像を見せ、実際に尋ねられる大きさに慣れさせます。`--progressive 64,96,128` のように指定します。最後の大きさに約 7 分の 1 のエポックを使い（混合する
# 拡張は行いません）、残りをほかの大きさで等分します。畳み込みの計算量は場所の数、つまり一辺の二乗に比例します。どの大きさの画像も受け取れる、
# 畳み込みと最後の平均からなるネットワークが必要です。細部を学ぶのが遅れたり、学べなかったりすることもあるので、ありとなしを比べましょう。

# %%
from lessons.counting import cost_of

work = {size: cost_of("original", size).multiply_adds for size in (64, 96, 128)}
share = (8 * work[64] + 9 * work[96] + 3 * work[128]) / (
    20 * work[128]
)  # of 20 epochs, as `--progressive` divides them
assert abs(work[64] / work[128] - 1 / 4) < 0.01
say(
    f"**Here**, for the network `original`: an image of 64 pixels takes {100 * work[64] / work[128]:.0f} % of the multiply-adds of one of 128. 20 epochs, 8 at 64, 9 at 96 and 3 at 128 pixels, take {100 * share:.0f} % of 20 epochs at 128.",
    f"**ここでは** `original` で計算しました。64 画素の画像の積和演算は、128 画素の {100 * work[64] / work[128]:.0f} % です。20 エポックを 64 画素で 8、96 画素で 9、128 画素で 3 に分けると、128 画素で 20 エポックの {100 * share:.0f} % になります。",
)

# %% [markdown] lang="en"
# ## Where it breaks
#
# - **"Always flip" is no rule.** It is wrong for facing, letters, road signs, a left and a right hand; turning upside down
#   makes a 6 a 9. Ask of each: what would a person answer after it?
# - **More is not better.** Strong changes make images that never come, and a small network must spend its weights on them; it
#   may then need more epochs.
# - **Augment after splitting.** Changed copies that were saved as files before the split are near duplicates on both sides, and
#   leak (lesson 09).
# - **A crop or an erased box can take away the very thing** that the label names: then the label is wrong.
# - **Augmentation adds no knowledge of what is not there.** No transformation of a sitting cat shows it from behind.
# - **Where each pixel has a label,** a change of place must be done to the image and its mask alike.

# %% [markdown] lang="ja"
# ## うまくいかないとき
#
# - **「反転は必ず入れる」という決まりはありません。** 向き、文字、道路標識、左手と右手では誤りになります。上下逆さまにすれば 6 が 9 になります。
#   変換のあとに人なら何と答えるか、を一つずつ考えましょう。
# - **多ければ良いわけではありません。** 強い変換は、実際には現れない画像を作ります。小さなネットワークはそれにも重みを割かなければならず、
#   より多くのエポックが必要になることがあります。
# - **分割してから行います。** 分割の前に変換した画像をファイルに保存すると、両側に近似重複が入り、リークします（第 09 章）。
# - **切り抜きや消去で、ラベルが指す物そのものが消えることがあります。** そのときラベルは誤りになります。
# - **元の画像にない知識は増えません。** 座った猫の画像をどう変換しても、後ろ姿は見えません。
# - **画素ごとにラベルがある課題では、** 位置を変える変換を画像とマスクの両方に同じように行う必要があります。

# %% [markdown] lang="en"
# ## Exercises
#
# Replace the dots, run the cell, and read what it says.
#
# **1.** mixup: return the mixed image and the mixed label; `share` is the share of the first.

# %% [markdown] lang="ja"
# ## 演習
#
# `...` を書き換えてセルを実行し、表示を読んでください。
#
# **1.** mixup：混ぜた画像と混ぜたラベルを返してください。`share` は一つ目の割合です。


# %%
def augment_mixup(x1, x2, t1, t2, share): ...


check(augment_mixup)

# %% [markdown] solution="augment_mixup"

# %% [markdown] lang="en"
# **2.** Mirror an image, a list of rows, left and right, and return it with its label: "left", "right", or any other.

# %% [markdown] lang="ja"
# **2.** 画像（行のリスト）を左右反転し、ラベルと一緒に返してください。ラベルは "left"、"right"、またはそのほかです。


# %%
def augment_flip_facing(image, label): ...


check(augment_flip_facing)

# %% [markdown] solution="augment_flip_facing"

# %% [markdown] lang="en"
# **3.** The cross-entropy of a soft label: `target` and `probabilities` are lists, a number a class.

# %% [markdown] lang="ja"
# **3.** ソフトラベルの交差エントロピー：`target` と `probabilities` は、クラスごとの数のリストです。


# %%
def augment_soft_loss(target, probabilities): ...


check(augment_soft_loss)

# %% [markdown] solution="augment_soft_loss"

# %% [markdown] lang="en"
# ## Sources
#
# - A survey: Shorten, Khoshgoftaar, *A survey on image data augmentation for deep learning*, Journal of Big Data 2019
# - mixup: Zhang et al., https://arxiv.org/abs/1710.09412; cutmix: Yun et al., https://arxiv.org/abs/1905.04899
# - Random erasing: Zhong et al., https://arxiv.org/abs/1708.04896; RandAugment (`randaugment`): Cubuk et al.,
#   https://arxiv.org/abs/1909.13719
# - Noise: Bishop, *Training with noise is equivalent to Tikhonov regularization*, Neural Computation 7, 1995
# - Progressive resizing: Howard, https://www.fast.ai/posts/2018-04-30-dawnbench-fastai.html
# - The flags: `python main.py train --augment flip,translation --augment-preview`, `--augment-with`, `--labels`, `--progressive`

# %% [markdown] lang="ja"
# ## 出典
#
# - 総説：Shorten, Khoshgoftaar, *A survey on image data augmentation for deep learning*, Journal of Big Data 2019
# - mixup：Zhang et al., https://arxiv.org/abs/1710.09412、cutmix：Yun et al., https://arxiv.org/abs/1905.04899
# - ランダム消去：Zhong et al., https://arxiv.org/abs/1708.04896、RandAugment（`randaugment`）：Cubuk et al.,
#   https://arxiv.org/abs/1909.13719
# - ノイズ：Bishop, *Training with noise is equivalent to Tikhonov regularization*, Neural Computation 7, 1995
# - 段階的な解像度：Howard, https://www.fast.ai/posts/2018-04-30-dawnbench-fastai.html
# - コマンドのフラグ：`python main.py train --augment flip,translation --augment-preview`、`--augment-with`、`--labels`、`--progressive`
