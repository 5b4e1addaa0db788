# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] lang="en"
# # 09 · Data first
#
# **Question.** Why look at the images before training anything, and which faults of the data make a score look better, or
# worse, than it is?
#
# **At the end you can** divide images 8:1:1 without a leak, find spoiled images with `check`, name three remedies for a rare
# class and what each costs, and say what merging two labels does to the confusion matrix.
#
# You need: training a network from lessons 01 and 04. Time: about two minutes on two cores, without network.

# %% [markdown] lang="ja"
# # 09 · まずデータを見る
#
# **問い。** 学習を始める前に、なぜ画像を見るのでしょうか。データのどんな欠陥が、評価を実際より良く、または悪く見せるのでしょうか。
#
# **この章を終えると**、画像を 8:1:1 にリークなく分割し、`check` で問題のある画像を見つけ、少数クラスへの三つの対策とその代償を挙げ、
# ラベルの統合が混同行列をどう変えるかを説明できるようになります。
#
# 前提：第 01 章と第 04 章のネットワークの学習。所要時間：2 コアで約 2 分、ネットワーク接続は不要です。

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
# In *supervised learning* (教師あり学習) each image has a *label* (ラベル), the answer that is wanted. A network can learn only
# what images and labels say, so we look at both first: *exploratory data analysis*, EDA (探索的データ分析). Then we divide
# them, usually **8:1:1**:
#
# | split | share | what for |
# |---|---|---|
# | training (訓練データ) | 8 | the network learns from these |
# | validation (検証データ) | 1 | we choose by these: when to stop, which settings |
# | test (テストデータ) | 1 | looked at once, at the end: the score that is told |
#
# The split is *stratified* (層化): each class is divided 8:1:1. And it must not *leak* (データリーク): nothing in validation or
# test may be an image that was learned from, or nearly the same image (a *near duplicate*, 近似重複).
#
# *Class imbalance* (クラス不均衡): with $n$ images, $n_k$ of them of class $k$, and $K$ classes, the mean loss is mostly that of
# the frequent classes. Three remedies let each class count as much:
#
# - *class weights* (クラスの重み): the loss of each image times $w_k = n / (K n_k)$; their mean over all images is 1
# - *balanced sampling* (均等サンプリング): draw a class first, each with probability $1/K$, then one of its images
# - *minority oversampling* (少数クラスのオーバーサンプリング): repeat images until every class has as many as the largest
# %% [markdown] lang="ja"
# ## 考え方
#
# *教師あり学習*（supervised learning）では、画像ごとに正解となる*ラベル*（label）があります。ネットワークは画像とラベルに含まれることしか
# 学べません。そこで、まず両方を眺めます。これが*探索的データ分析*（EDA）です。次にデータを、ふつう **8:1:1** に分けます。
#
# | 分割 | 割合 | 用途 |
# |---|---|---|
# | 訓練データ（training） | 8 | ネットワークが学習する |
# | 検証データ（validation） | 1 | いつ止めるか、どの設定にするかを選ぶ |
# | テストデータ（test） | 1 | 最後に一度だけ使い、その値を報告する |
#
# 分割は*層化*（stratified）します。つまり、クラスごとに 8:1:1 に分けます。また、*データリーク*（leak）があってはいけません。学習に使った画像や、
# それとほとんど同じ画像（*近似重複*、near duplicate）が、検証データやテストデータに入ってはならないのです。
#
# *クラス不均衡*（class imbalance）：画像が $n$ 枚、うちクラス $k$ が $n_k$ 枚、クラス数が $K$ のとき、損失の平均は多数クラスでほとんど
# 決まってしまいます。どのクラスも同じだけ効くようにする対策は三つあります。
#
# - *クラスの重み*（class weights）：各画像の損失に $w_k = n / (K n_k)$ を掛ける。全画像での重みの平均は 1
# - *均等サンプリング*（balanced sampling）：まずクラスを確率 $1/K$ で選び、次にその中から画像を選ぶ
# - *少数クラスのオーバーサンプリング*（minority oversampling）：どのクラスも最大のクラスと同じ枚数になるまで画像を繰り返す
# %% [markdown] lang="en"
# ## Predict before you run
#
# 1. A camera on burst took four shots of each scene. They are divided at random, shot by shot. Will the test score be too
#    good or too bad?
# 2. There are 1,668 cats, 4,863 dogs and 2,623 horses. Which class will the network find least often?
# 3. One label is given two names by taste. Merge the two again: does accuracy rise or fall? Has the network become better?
# %% [markdown] lang="ja"
# ## 実行する前に予想しよう
#
# 1. 連写で各場面を 4 枚ずつ撮りました。それを 1 枚ずつ無作為に分割します。テストの評価は良すぎるでしょうか、悪すぎるでしょうか。
# 2. 猫が 1,668 枚、犬が 4,863 枚、馬が 2,623 枚あります。ネットワークがいちばん見逃しやすいのはどのクラスでしょうか。
# 3. 一つのラベルに、気分しだいで二つの名前が付けられていました。これを統合すると正解率は上がるでしょうか、下がるでしょうか。ネットワークは
#    良くなったのでしょうか。
# %% [markdown] lang="en"
# ## Run: in plain NumPy
#
# `scratch/split.py` and `scratch/imbalance.py` hold the idea in a few lines. The numbers are those of question 2.
# %% [markdown] lang="ja"
# ## 実行：NumPy だけで
#
# `scratch/split.py` と `scratch/imbalance.py` に、上の考え方が数行で書いてあります。枚数は問い 2 のものです。
# %%
import numpy as np

from lessons import answers, bursts, canvas, check, learn, read, relabel, say, sheets, show, spoiled
from scratch import imbalance, metrics, missing, perceptron, split

numbers = np.repeat([0, 1, 2], (1668, 4863, 2623))  # cat 0, dog 1, horse 2
splits = split.stratified(numbers, np.random.default_rng(0))
for name in split.NAMES:
    print(f"{name:5} images of cat, dog, horse:", np.bincount(numbers[splits == name]))
weights = imbalance.class_weights(numbers, 3)
print("class weights:", weights.round(2), "and weight times images:", (weights * np.bincount(numbers)).round())
drawn = imbalance.balanced_draw(numbers, len(numbers), np.random.default_rng(0))
print("balanced sampling draws:", np.bincount(numbers[drawn]))
print("oversampling makes it:  ", np.bincount(numbers[imbalance.oversample(numbers, np.random.default_rng(0))]))

# %% [markdown] lang="en"
# ## Look first: EDA
#
# Three questions take minutes and save days. How many images has each class? What do they look like, not one but many? What
# would be right without any network? Whoever always answers the most frequent class is right as often as that class occurs:
# the *baseline* (ベースライン) that a network has to beat.
#
# ## Picture: some images of each class, and the mean of all
#
# The last column is the mean of all training images of the class, pixel by pixel. If the class can be read off it, place or
# background gives it away, and the network may learn just that.

# %% [markdown] lang="ja"
# ## まず見る：EDA
#
# 数分で済み、何日分もの手間を省く問いが三つあります。各クラスは何枚か。1 枚ではなくたくさん見て、どんな画像か。ネットワークなしで
# どれだけ当たるか。いつも最多クラスと答えれば、そのクラスの割合だけ当たります。これがネットワークの超えるべき*ベースライン*（baseline）です。
#
# ## 図で見る：各クラスの画像と、その平均
#
# 最後の列は、クラスの訓練データ全体を画素ごとに平均したものです。そこからクラスがわかるなら、位置や背景がクラスを漏らしています。
# ネットワークはそれだけを覚えるかもしれません。

# %%
dataset = read(DATA, image_size=32)
examples = dataset.examples()
figure, axes = canvas(len(dataset.class_names), 6, 1.2 * len(dataset.class_names))
for row, (name, own) in enumerate(zip(dataset.class_names, axes, strict=True)):
    rows = examples.indices["train"][examples.labels[examples.indices["train"]] == row]
    pixels = np.asarray(examples.inputs[rows], float)
    sheets.draw_images(own, [*pixels[:5], pixels.mean(0)], [name, "", "", "", "", "mean"])
show(figure, "Five images of each class, and the mean image of each class, which is a grey blur without an outline.")

# %%
counts = {name: sum(entry.label == name for entry in dataset.entries) for name in dataset.class_names}
most, rare = max(counts, key=counts.get), min(counts, key=counts.get)
baseline = counts[most] / sum(counts.values())
print(counts, "split:", dataset.sizes())
assert dataset.sizes()["train"] > 7 * dataset.sizes()["test"]
say(
    f"**What was seen.** There are {sum(counts.values()):,} images, {counts[most]:,} of them {most} and only {counts[rare]:,} "
    f"{rare}. An answer that is always {most} is right for {100 * baseline:.0f} % of them: an accuracy below that "
    "is no better than never looking, unless something else is asked for, such as finding the rare class (below).",
    f"**わかったこと。** 画像は {sum(counts.values()):,} 枚で、{most} が {counts[most]:,} 枚、{rare} は {counts[rare]:,} 枚しかありません。"
    f"いつも {most} と答えるだけで {100 * baseline:.0f} % 当たります。それを下回る正解率では、画像を見ない答えにも負けています。"
    "ただし、後で見るように、少ないクラスを見つけることなど、正解率以外を求める場合は別です。",
)

# %% [markdown] lang="en"
# ## Let the computer look: `check`
#
# Nobody sees a copy among ten thousand images. Here 20 images of each class are copied, and six files are added that spoil the
# data on purpose. `python main.py check --data FOLDER` looks at all of them, and writes a page and a table.

# %% [markdown] lang="ja"
# ## コンピュータにも見せる：`check`
#
# 1 万枚の中の 1 枚のコピーには誰も気づけません。ここでは各クラスから 20 枚をコピーし、問題のあるファイルをわざと六つ加えます。
# `python main.py check --data FOLDER` は全部を調べ、ページと表を書き出します。

# %%
import tempfile

temporary = tempfile.TemporaryDirectory()  # removed when the notebook ends
folder = Path(temporary.name)
done = spoiled.spoil(dataset, folder / "spoiled")
findings = spoiled.look(folder / "spoiled", folder / "checked")
for name, what in done.items():
    kinds = sorted({f"{kind} ({severity})" for severity, kind, path in findings if path == name})
    print(f"{name:17} {what:36} -> {', '.join(kinds) or 'not found'}")

# %%
found = {path for _, _, path in findings}
assert set(done) <= found
severe = [name for name in done if ("severe", "two labels", name) in findings]
assert DATA or [Path(name).stem for name in severe] == ["elsewhere", "brighter", "tiny"]
listed = ", ".join(f"`{name}`" for name in severe)

# %%
others = sorted({kind for _, kind, path in findings if path not in done})
say(
    f"**What was seen.** All {len(done)} spoiled files were found. {len(severe)} are *severe*, as they have two labels: {listed}. The first "
    "is a copy under another class. The others are one photo twice, and the thumbnail of it was put under the other class. One of "
    "two such labels is wrong, and whoever learns from both learns a contradiction. Of all the rest, `check` has remarks too: "
    f"{', '.join(others)}. Those are hints and no verdict: a person looks, and decides.",
    f"**わかったこと。** 壊した {len(done)} ファイルはすべて見つかりました。そのうち {len(severe)} ファイル（{listed}）は、ラベルが二つあるため severe（重大）"
    "です。一つ目は別のクラスに入ったコピーです。残りの二つは同じ写真から作ったもので、縮小画像のほうが別のクラスに入っています。どちらかのラベルが誤りで、"
    f"両方から学習すると矛盾を覚えます。それ以外についても指摘があります（{', '.join(others)}）。指摘は手がかりであって判決では"
    "ありません。人が見て判断します。",
)

# %% [markdown] lang="en"
# ## A split that leaks
#
# 50 scenes of each class, each in four shots that differ by a pixel or two and a little light: as video frames, bursts, or
# several photos of one animal do. We divide them twice: shot by shot, and scene by scene, so that all shots of a scene are in
# one split. Both networks are then asked about 300 fresh drawings, of scenes that are in neither: that is the truth.

# %% [markdown] lang="ja"
# ## リークのある分割
#
# クラスごとに 50 場面、各 4 枚の連写で、違いは 1、2 画素のずれと少しの明るさだけです。動画のフレーム、連写、同じ個体の写真などでよく起こります。
# 分割は 2 通りです。1 枚ごとに分ける場合と、場面ごとに分ける（同じ場面の画像はすべて同じ側に入れる）場合です。その後、どちらにも含まれない
# 新しい描画 300 枚に答えさせます。これが真の実力です。

# %%
shots = read(str(bursts.write(folder / "bursts", scenes=50, shots=4)), image_size=32)
scenes = bursts.scene_numbers([record.name for record in shots.images.records])
fresh, truth = bursts.fresh(100)
USUAL = {"epochs": 7, "augment": {}, "optimizer": "adam", "learning_rate": 0.002}
score = {"shot by shot": [], "scene by scene": []}
for seed in SEEDS:
    for way, groups in (("shot by shot", None), ("scene by scene", scenes)):
        data = relabel.divided(shots, seed, groups)
        network = learn(data, seed=seed, **USUAL).network
        test = metrics.accuracy(answers.confusion(network, data))
        score[way].append((test, (answers.classes(network, fresh) == truth).mean()))
torn = split.torn(np.array([entry.split for entry in relabel.divided(shots, 0).entries]), scenes)
print(f"shot by shot, {torn} of {len(set(scenes))} scenes stand in more than one split")

# %% [markdown] lang="en"
# ## Picture: what the test said, and what is true

# %% [markdown] lang="ja"
# ## 図で見る：テストの値と真の実力

# %%
figure, axes = canvas()
for place, pairs in enumerate(score.values()):
    for side, (what, colour) in enumerate((("its own test", "#D55E00"), ("fresh drawings", "#0072B2"))):
        values = [100 * pair[side] for pair in pairs]
        x = place + 0.36 * side - 0.18
        axes[0, 0].bar(x, np.mean(values), 0.32, color=colour, alpha=0.75, label=what if not place else None)
        axes[0, 0].plot([x] * len(values), values, "o", color="black", markersize=5)
axes[0, 0].axhline(100 / 3, color="#666666", linestyle="--", label="guessing")
axes[0, 0].set(xticks=[0, 1], xticklabels=score, ylabel="accuracy, %", ylim=(0, 109))
axes[0, 0].legend(fontsize=11, ncols=3, loc="upper center")
show(
    figure,
    "Divided shot by shot the own test's accuracy is far above that on fresh drawings; scene by scene it is not.",
)

# %%
leaking, honest = (np.array(score[way]) for way in score)
assert (leaking[:, 0] > leaking[:, 1] + 0.15).all()
assert leaking[:, 0].min() > honest[:, 0].max()
say(
    f"**What was seen.** Divided shot by shot, the test says {100 * leaking[:, 0].mean():.0f} %; of fresh drawings the same networks "
    f"get {100 * leaking[:, 1].mean():.0f} %. The test had asked about images that they knew by heart. Divided scene by scene, the "
    f"test says {100 * honest[:, 0].mean():.0f} %, and fresh drawings {100 * honest[:, 1].mean():.0f} %. The networks are equally "
    "bad; only one of the two tests says so. Its three scores lie far apart, as 15 test scenes are few.",
    f"**わかったこと。** 1 枚ごとに分けると、テストの正解率は {100 * leaking[:, 0].mean():.0f} % です。ところが新しい描画では、同じネットワークが "
    f"{100 * leaking[:, 1].mean():.0f} % しか当てられません。丸暗記した画像がテストに出題されていたのです。場面ごとに分けると、テストは "
    f"{100 * honest[:, 0].mean():.0f} %、新しい描画は {100 * honest[:, 1].mean():.0f} % です。どちらのネットワークも同じように出来が悪く、それを"
    "正直に示したのは片方のテストだけでした。三つの値が大きくばらつくのは、テストの場面が 15 しかないためです。",
)

# %%
twins = shots.duplicates
assert twins.leaking == 0 < twins.would_leak
say(
    f"`train` looks for near duplicates by itself and keeps them together: of {twins.near:,} pairs that it found here, "
    f"{twins.would_leak:,} would leak in a plainly random split, and {twins.leaking} do in its own. What images do not show, such "
    "as that two photos are of one animal, you must say: `--group`.",
    f"`train` は近似重複を自動で探し、同じ側に入れます。ここで見つかった {twins.near:,} 組のうち、単純な無作為分割では {twins.would_leak:,} 組が"
    f"リークしますが、`train` の分割では {twins.leaking} 組です。同じ個体の写真であることのように、画像からわからないことは "
    "`--group` で教える必要があります。",
)

# %% [markdown] lang="en"
# ## Images with several labels: a split that is stratified by all of them
#
# Class by class can be divided only what has one class. Where an image may have several labels (`--task multilabel`, lesson 11),
# *iterative stratification* (反復層化) goes on from the rarest: it notes how many images of each label each split should get,
# takes the label with the fewest images left, and gives each of them to the split which still lacks most of that label (at a
# tie, of images); then the next label. Rare ones come first, as there are hardly any images to make up for a bad draw; frequent
# ones come right by themselves. `train` does so without a flag, and keeps near duplicates together. Shares come out nearly
# right, not exactly: an image with two rare labels cannot be divided. Here 300 made images with four labels:

# %% [markdown] lang="ja"
# ## ラベルが複数ある画像：すべてのラベルで層化する
#
# クラスごとに分けられるのは、画像のクラスが一つのときだけです。複数のラベルが付くことがあるときは（`--task multilabel`、第 11 章）、
# *反復層化*（iterative stratification）を使い、まれなラベルから順に決めます。ラベルごとに、どの分割に何枚入るべきかを数えておきます。残りの画像が最も
# 少ないラベルを選び、その画像を 1 枚ずつ、そのラベルがいちばん足りない分割（同じなら、画像が足りない分割）に入れます。それから次のラベルへ進みます。
# まれなラベルを先にするのは、偏りを埋め合わせる画像がほとんどないからです。多いラベルは、あとからでも自然に合います。`train` はフラグなしでこれを
# 行い、近似重複も同じ側に入れます。割合は正確ではなく、ほぼ合うだけです。まれなラベルが二つ付いた画像は、分けられないからです。ここでは、四つの
# ラベルをもつ画像を 300 枚つくります。

# %%
luck, parts = np.random.default_rng(0), np.array([0.8, 0.1, 0.1])
has = luck.random((300, 4)) < [0.5, 0.2, 0.08, 0.04]  # which image has which of four labels
lacking, room = np.outer(has.sum(axis=0), parts), len(has) * parts  # of each label and of images, what a split lacks
side = np.full(len(has), -1)
while (left := side < 0).any():
    images_left = has[left].sum(axis=0)
    label = np.where(images_left > 0, images_left, np.inf).argmin()
    for image in np.flatnonzero(left & (has[:, label] | (images_left.sum() == 0))):  # in the end those without a label
        side[image] = np.lexsort((room, lacking[label]))[-1] if has[image].any() else room.argmax()
        lacking[has[image], side[image]] -= 1
        room[side[image]] -= 1

# %%
divided = np.array([has[side == number].sum(axis=0) for number in range(3)])
chance = np.array([[has[own].sum(axis=0) for own in np.split(luck.permutation(300), [240, 270])] for _ in range(500)])
without = 100 * np.mean((chance == 0).any(axis=(1, 2)))
print("images of each label in training, validation and test:", *divided.tolist())
assert np.abs(divided - np.outer(parts, has.sum(axis=0))).max() <= 2
assert (divided > 0).all()
assert without > 30
say(
    f"**What was seen.** Label by label, {', '.join(map(str, has.sum(axis=0)))} of the images; the test has {', '.join(map(str, divided[2]))}. A plainly random split leaves some label out of validation or test in {without:.0f} % of the draws.",
    f"**わかったこと。** ラベルごとの枚数は {'、'.join(map(str, has.sum(axis=0)))}、そのうちテストに入ったのは {'、'.join(map(str, divided[2]))} です。単純な無作為分割では、{without:.0f} % の場合に、どれかのラベルが検証データかテストデータに 1 枚も入りません。",
)

# %% [markdown] lang="en"
# ## A rare class: three remedies
#
# LeNet, the small network of lesson 07, on the images, over three seeds (each also another split), as they are and with each
# remedy. A *confusion matrix* (混同行列) counts images by label (row) and answer (column); right answers are on its diagonal.
# *Recall* (再現率) of a class is the share of its images that were found: the diagonal divided by the sum of the row. We add up
# the tests of the three seeds.

# %% [markdown] lang="ja"
# ## 少数クラス：三つの対策
#
# 画像を第 07 章の小さなネットワーク LeNet で学習します。乱数シードは三つで、シードごとに分割も変わります。そのままの場合と、それぞれの対策をした場合を比べます。
# *混同行列*（confusion matrix）は、ラベル（行）と答え（列）ごとに画像を数えた表で、対角成分が正解です。クラスの*再現率*（recall）は、
# そのクラスの画像のうち見つけられた割合、つまり対角成分を行の和で割った値です。三つのシードのテストの結果は足し合わせます。

# %%
found = {"as they are": [], "class weights": [], "balanced sampling": [], "oversampling": []}
for seed in SEEDS:
    data = relabel.divided(dataset, seed)
    rows = data.examples().indices["train"]
    chosen = imbalance.oversample(data.examples().labels[rows], np.random.default_rng(seed))
    repeated = {"indices": rows[chosen], "epochs": 4}  # of twice as many images: as many iterations as the others
    remedies = ({}, {"class_weight": "balanced"}, {"sampler": "balanced"}, repeated)
    for name, remedy in zip(found, remedies, strict=True):
        network = learn(data, seed=seed, **USUAL | remedy).network
        found[name].append(answers.confusion(network, data))
sums = {name: sum(matrices) for name, matrices in found.items()}
for name, matrix in sums.items():
    print(f"{name:18} accuracy {metrics.accuracy(matrix):.2f}, recall:", metrics.recall(matrix).round(2))

# %%
figure, axes = canvas(2, 2, 7.0)
for ax, (name, matrix) in zip(axes.flat, sums.items(), strict=True):
    sheets.draw_confusion(ax, matrix, dataset.class_names)
    ax.set_title(name)
show(
    figure, "Confusion matrices: as the images are, many of the rare class are called by the name of the frequent one."
)

# %%
few, many = dataset.class_names.index(rare), dataset.class_names.index(most)
recalls = {name: metrics.recall(matrix) for name, matrix in sums.items()}
plain = recalls["as they are"]
gains = [recall[few] - plain[few] for name, recall in recalls.items() if name != "as they are"]
losses = [plain[many] - recall[many] for name, recall in recalls.items() if name != "as they are"]
right = {name: f"{100 * metrics.accuracy(matrix):.0f} %" for name, matrix in sums.items()}
assert min(gains) > 0.05
assert min(losses) > 0.05

# %%
told = {name: f"{100 * recall[few]:.0f} %" for name, recall in recalls.items()}
say(
    f"**What was seen.** As they are, {told['as they are']} of the images of {rare} are found; with class weights "
    f"{told['class weights']}, balanced sampling {told['balanced sampling']}, oversampling {told['oversampling']}. The price is paid "
    f"by {most}, and accuracy as a whole goes from {right['as they are']} to {right['class weights']}, {right['balanced sampling']} and "
    f"{right['oversampling']}. A remedy does not make the network see better: it moves mistakes from the rare class to the "
    "frequent one. Whether that is wanted depends on what each mistake costs.",
    f"**わかったこと。** そのままでは {rare} の {told['as they are']} しか見つかりません。クラスの重みでは {told['class weights']}、均等サンプリング"
    f"では {told['balanced sampling']}、オーバーサンプリングでは {told['oversampling']} です。代償を払うのは {most} で、全体の正解率は"
    f" {right['as they are']} から順に {right['class weights']}、{right['balanced sampling']}、{right['oversampling']} になりました。対策を"
    "してもネットワークの目が良くなるわけではなく、誤りが少数クラスから多数クラスへ移るだけです。"
    "それが望ましいかどうかは、それぞれの誤りがどれだけの損害を生むかによります。",
)

# %% [markdown] lang="en"
# ## Two labels that cannot be told apart: merge them
#
# We pretend that two people labelled the most frequent class, each with a name of their own. No image says which of the two it
# was: within the pair, nobody can be right more than about half of the time. *Merging labels* (ラベルの統合) adds up
# their two rows and two columns: what was a mistake within the pair moves onto the diagonal. With the same answers, accuracy can
# never fall.

# %% [markdown] lang="ja"
# ## 区別できない二つのラベル：統合する
#
# いちばん多いクラスに 2 人がラベルを付け、それぞれが別の名前を使ったとします。どちらの名前になったかは画像からはわからないので、この二つの間では
# 誰がやっても半分ほどしか当たりません。*ラベルの統合*（merging labels）は、二つの行と二つの列を足します。二つの間の誤りが対角成分に移る
# ので、答えが同じなら、統合によって正解率が下がることはありません。

# %%
coin = np.random.default_rng(0).integers(2, size=len(dataset.entries))
names = [f"{most} {'AB'[side]}" if e.label == most else e.label for e, side in zip(dataset.entries, coin, strict=True)]
renamed = relabel.relabelled(dataset, names)
own = [name.removesuffix(" A").removesuffix(" B") for name in renamed.class_names]
into = np.array([dataset.class_names.index(name) for name in own])  # which class each name belongs to
print(dict(zip(renamed.class_names, own, strict=True)))

# %%
apart, added = 0, 0
for seed in SEEDS:
    data = relabel.relabelled(relabel.divided(dataset, seed), names)
    network, rows = learn(data, seed=seed, **USUAL).network, data.examples().indices["test"]
    apart = apart + answers.confusion(network, data)
    summed = answers.probabilities(network, np.asarray(data.examples().inputs[rows])) @ np.eye(into.max() + 1)[into]
    added = added + metrics.confusion(into[data.examples().labels[rows]], summed.argmax(axis=1), into.max() + 1)
merged = metrics.merge(apart, into)
ways = {"two names": apart, "merged afterwards": merged, "probabilities added": added}
ways["merged before"] = sums["as they are"]
for name, matrix in ways.items():
    print(f"{name:20} accuracy {metrics.accuracy(matrix):.3f}")

# %%
figure, axes = canvas(1, 2, 3.9)
sheets.draw_confusion(axes[0, 0], apart, data.class_names)
sheets.draw_confusion(axes[0, 1], merged, dataset.class_names)
axes[0, 0].set_title("two names")
axes[0, 1].set_title("merged")
show(
    figure,
    "Left four labels, two of them confused with each other in half of the cases; right the same answers merged.",
)

# %%
pair = np.flatnonzero(into == many)
within = apart[np.ix_(pair, pair)]
half = np.trace(within) / within.sum()
rate = {name: f"{100 * metrics.accuracy(matrix):.0f} %" for name, matrix in ways.items()}
assert 0.35 < half < 0.65
assert metrics.accuracy(merged) > metrics.accuracy(apart) + 0.05
say(
    f"**What was seen.** Within the pair, {100 * half:.0f} % of the names are right: a coin does as well. Merging lifts accuracy from "
    f"{rate['two names']} to {rate['merged afterwards']} though no answer has changed: the question has become easier, not the "
    "network better. Never compare scores before and after merging.",
    f"**わかったこと。** 二つの名前の間で当たったのは {100 * half:.0f} % で、コイン投げと同じです。統合すると、答えは一つも変わっていないのに、正解率が "
    f"{rate['two names']} から {rate['merged afterwards']} に上がります。問題がやさしくなったのであって、ネットワークが良くなったのでは"
    "ありません。統合の前と後の値を比べてはいけません。",
)

# %%
assert added.sum() == merged.sum() == apart.sum()
say(
    f"Merge before training rather than after. Two names share one probability, so that a third class wins with less: add the "
    f"probabilities before the largest is taken ({rate['probabilities added']} here), or let the network learn the merged label "
    f"from the beginning ({rate['merged before']}). `train --labels merge.csv` does that, with lines of `folder,class`.",
    f"統合は、学習の後よりも前に行いましょう。二つの名前が一つの確率を分け合うため、別のクラスが低い確率で勝ってしまいます。最大値を取る前に確率を足すか"
    f"（ここでは {rate['probabilities added']}）、最初から統合したラベルで学習させます（{rate['merged before']}）。"
    "`train --labels merge.csv` に `folder,class` の行を書けば、それができます。",
)

# %% [markdown] lang="en"
# ## Two-stage classification
#
# *Two-stage classification* (二段階分類) asks one question after the other: first, is it the last class or another? Then a second
# network, which has learned from the others only, says which of these. It pays where the second question needs other images,
# another resolution or other people's labels; or where the first is cheap and answers most. But an image that the first
# network sends the wrong way is lost for good. What has to pass both is right only where both are: if their mistakes are
# independent, the two accuracies are *multiplied*. A small run, on the first seed (three classes or more):

# %% [markdown] lang="ja"
# ## 二段階分類
#
# *二段階分類*（two-stage classification）では、順番に二つのことを尋ねます。まず最後のクラスか、それ以外か。次に、それ以外の画像だけで学習した
# 二つ目のネットワークが、どのクラスかを答えます。二つ目の問いに別の画像や解像度、別の人のラベルが要る場合や、一つ目が安価で大半を片付ける場合に
# 有効です。しかし、一つ目が間違えた画像はもう取り戻せません。両方を通る画像は、両方が当たって初めて正解になります。誤りが互いに独立なら、
# 正解率は*掛け算*になります。最初のシードで小さく試します（3 クラス以上）。

# %%
data, last = relabel.divided(dataset, SEEDS[0]), dataset.class_names[-1]
labels = [entry.label for entry in data.entries]
stages = [
    relabel.relabelled(data, [name if name == last else "other" for name in labels]),
    relabel.relabelled(data, [None if name == last else name for name in labels]),
]
rows = data.examples().indices["test"]
pixels, wanted = np.asarray(data.examples().inputs[rows]), np.array(labels)[rows]
first, second = (
    np.array(stage.class_names)[answers.classes(learn(stage, seed=SEEDS[0], **USUAL).network, pixels)]
    for stage in stages
)
final = np.where(first == last, last, second)

# %%
one = ((first == last) == (wanted == last)).mean()
two = (second == wanted)[wanted != last].mean()
both, single = (final == wanted).mean(), metrics.accuracy(found["as they are"][0])
assert both <= one
say(
    f"**What was seen.** Stage one is right for {100 * one:.0f} %, stage two for {100 * two:.0f} % of what it is for, both together "
    f"for {100 * both:.0f} %: never more than stage one. One network for all classes had {100 * single:.0f} % on the same images. "
    f"Of {len(wanted)} test images, a few points are chance.",
    f"**わかったこと。** 一段目の正解率は {100 * one:.0f} %、二段目は担当する画像について {100 * two:.0f} %、合わせると {100 * both:.0f} % です。"
    f"一段目を超えることはありません。すべてのクラスを一つのネットワークで分けると、同じ画像で {100 * single:.0f} % でした。テストは {len(wanted)} 枚"
    "なので、数ポイントの差は偶然です。",
)

# %% [markdown] lang="en"
# ## Missing values: a mask and an extra channel
#
# A cloud, a broken row of a sensor, a value that was too bright: pixels can be missing. A *missing value* (欠損値) that is filled
# with 0 looks like black. Better: fill it with the mean of the known values, and add an *extra channel* (追加のチャンネル) to
# red, green and blue, a *mask* (マスク), which is 1 where a pixel was measured and 0 where it was filled.

# %% [markdown] lang="ja"
# ## 欠損値：マスクと追加のチャンネル
#
# 雲、センサーの故障した行、明るすぎて振り切れた値など、画素が欠けることがあります。*欠損値*（missing value）を 0 で埋めると黒と区別がつきません。
# わかっている値の平均で埋め、さらに赤・緑・青に*追加のチャンネル*（extra channel）を加えます。これが*マスク*（mask）で、測定された画素では 1、
# 埋めた画素では 0 です。

# %%
broken = missing.holes(np.asarray(examples.inputs[np.array([0])]), 11, np.random.default_rng(3))
filled = missing.with_mask(broken, missing.known_mean(broken))
figure, axes = canvas(1, 3, 2.4)
views = [np.nan_to_num(broken[0]), filled[0, :, :, :3], np.repeat(210 * filled[0, :, :, 3:], 3, axis=-1)]
sheets.draw_images(axes, views, ["filled with 0", "with the mean", "mask channel"])
show(
    figure,
    "An image with a square hole: filled with black, filled with its mean colour, and its mask, black in the hole.",
)
print("shape", broken.shape, "becomes", filled.shape)

# %% [markdown] lang="en"
# Does the mask help? A sensor of one pixel: the label is 1 where the value is above 0, and values above 0.6 are lost. The
# perceptron of lesson 01 learns it, from the filled value alone and with the mask beside it.

# %% [markdown] lang="ja"
# マスクは役に立つのでしょうか。1 画素だけのセンサーで試します。値が 0 より大きければラベルは 1 で、0.6 を超えた値は失われます。第 01 章の
# パーセプトロンで、埋めた値だけを使う場合と、マスクも加える場合を学習します。

# %%
random = np.random.default_rng(0)
values = random.uniform(0.1, 1, 200) * random.choice([-1, 1], 200)
label = (values > 0).astype(float)
measured = np.where(values > 0.6, np.nan, values).reshape(-1, 1, 1, 1)
inputs = missing.with_mask(measured, missing.known_mean(measured)).reshape(-1, 2)
alone = perceptron.learn(inputs[:, :1], label, 200)[2]
masked = perceptron.learn(inputs, label, 200)[2]
print("mistakes in the last epoch, value alone:", alone[-1], "with the mask:", masked[-1])

# %%
assert masked[-1] == 0
assert min(alone) > 10
say(
    f"**What was seen.** With the mask the perceptron makes no mistake any more in epoch {len(masked)}. Without it, even the best of "
    f"{len(alone)} epochs has {min(alone)} mistakes in {len(values)}: a lost bright value looks like a dark one. Here the fact that a "
    "value is missing tells the class; where it tells nothing, the mask costs a channel and gains nothing.",
    f"**わかったこと。** マスクがあると、パーセプトロンの誤りは {len(masked)} エポック目でなくなります。マスクなしでは、{len(alone)} エポックのうち"
    f"最良でも {len(values)} 個中 {min(alone)} 個を間違えます。失われた明るい値が、暗い値と同じに見えるからです。ここでは欠けていること自体が"
    "クラスを教えてくれます。何も教えない場合は、マスクはチャンネルが一つ増えるだけで役に立ちません。",
)

# %% [markdown] lang="en"
# Other extra channels are depth, infrared, or the frame before. A network from scratch takes four channels as easily as three.
# Weights that were learned on colour photos expect three: the first layer needs a kernel more, which may begin at 0. `train`
# reads three channels.

# %% [markdown] lang="ja"
# 追加のチャンネルには、ほかに奥行き、赤外線、1 フレーム前の画像などがあります。一から学習するなら 4 チャンネルでも手間は同じです。カラー写真で学習済みの
# 重みは 3 チャンネルが前提なので、最初の層にカーネルを一つ加える必要があり、その初期値は 0 でもかまいません。`train` が読むのは
# 3 チャンネルです。

# %% [markdown] lang="en"
# ## Where it breaks
#
# - **Oversampling before splitting leaks:** copies of one image come to stand on both sides. Split first, then repeat images of
#   the training split only. The same holds for the mean that fills missing values: work it out on the training split.
# - **Repeated images are no new images,** and an epoch has more of them to go through. A network learns the few by heart. SMOTE,
#   which mixes rows of a table, makes of two images a double exposure; augmentation, lesson 10, suits images better.
# - **Weights bend the probabilities.** A network that has learned with weights calls a rare class too often; its "60 %" is no
#   longer how often it is right among images as they come.
# - **Accuracy alone hides a rare class.** Read recall class by class, or its mean, *macro* recall.
# - **8:1:1 is a habit, no law.** Of 273 cats, 27 are in the test: one more found is 4 points. With few images use
#   cross-validation (lesson 13); of a million, 1 % is test enough.
# - **Whoever looks at the test again and again leaks it too,** through the choices that are made by it.

# %% [markdown] lang="ja"
# ## うまくいかないとき
#
# - **分割の前にオーバーサンプリングするとリークします。** 同じ画像のコピーが両側に入るからです。先に分割し、訓練データの中だけで繰り返します。
#   欠損値を埋める平均も同じで、訓練データだけから求めます。
# - **繰り返した画像は新しい画像ではありません。** 1 エポックは長くなり、ネットワークは少数の画像を丸暗記します。表の行を混ぜる SMOTE を
#   画像に使うと、2 枚が二重写しになるだけです。画像には、第 10 章のデータ拡張のほうが向いています。
# - **重みは確率をゆがめます。** 重み付きで学習したネットワークは少数クラスと答えすぎます。「60 %」という値は、実際の画像で当たる割合ではなくなります。
# - **正解率だけでは少数クラスが見えません。** クラスごとの再現率か、その平均（マクロ平均）を見ましょう。
# - **8:1:1 は習慣であって、法則ではありません。** 猫 273 枚のうちテストは 27 枚なので、1 枚の差が 4 ポイントになります。画像が少なければ
#   交差検証（第 13 章）を使います。100 万枚あるなら、テストは 1 % で十分です。
# - **テストを何度も見ると、それもリークです。** テストの値を見て選ぶたびに、情報が漏れます。

# %% [markdown] lang="en"
# ## Exercises
#
# Replace the dots, run the cell, and read what it says.
#
# **1.** Class weights: given the number of images of each class, return the list of weights whose mean over all images is 1.

# %% [markdown] lang="ja"
# ## 演習
#
# `...` を書き換えてセルを実行し、表示を読んでください。
#
# **1.** クラスの重み：各クラスの枚数が与えられます。全画像での平均が 1 になる重みをリストで返してください。


# %%
def data_class_weights(counts): ...


check(data_class_weights)

# %% [markdown] solution="data_class_weights"

# %% [markdown] lang="en"
# **2.** Find the leak: `train` and `test` name the scene of each image. Return the scenes that stand in both, sorted, each once.

# %% [markdown] lang="ja"
# **2.** リークを見つける：`train` と `test` には、各画像の場面の名前が入っています。両方にある場面を、重複なしで並べ替えて返してください。


# %%
def data_scenes_in_both(train, test): ...


check(data_scenes_in_both)

# %% [markdown] solution="data_scenes_in_both"

# %% [markdown] lang="en"
# **3.** Merge class `b` into class `a` (`a` < `b`) in a confusion matrix, a list of rows. Return the smaller matrix.

# %% [markdown] lang="ja"
# **3.** 混同行列（行のリスト）で、クラス `b` をクラス `a` に統合し（`a` < `b`）、一回り小さい行列を返してください。


# %%
def data_merged(matrix, a, b): ...


check(data_merged)

# %% [markdown] solution="data_merged"

# %% [markdown] lang="en"
# ## Sources
#
# - EDA: Tukey, *Exploratory data analysis*, Addison-Wesley 1977
# - Leakage: Kaufman et al., *Leakage in data mining*, ACM TKDD 2012; in 17 fields of science: Kapoor, Narayanan,
#   https://arxiv.org/abs/2207.07048
# - Stratifying several labels: Sechidis, Tsoumakas, Vlahavas, *On the stratification of multi-label data*, ECML PKDD 2011
# - Imbalance: He, Garcia, *Learning from imbalanced data*, IEEE TKDE 2009; weights: King, Zeng, *Logistic regression in rare
#   events data*, Political Analysis 2001; SMOTE: Chawla et al., https://arxiv.org/abs/1106.1813
# - Stages one after the other: Viola, Jones, *Rapid object detection using a boosted cascade of simple features*, CVPR 2001
# - Missing values: Little, Rubin, *Statistical analysis with missing data*, Wiley 2019; the mask as an input: Lipton, Kale,
#   Wetzel, https://arxiv.org/abs/1606.04130
# - The commands: `python main.py check --data FOLDER`; `train --class-weight balanced`, `--sampler balanced`, `--group`,
#   `--labels`, `--task multilabel`

# %% [markdown] lang="ja"
# ## 出典
#
# - EDA：Tukey, *Exploratory data analysis*, Addison-Wesley 1977
# - リーク：Kaufman et al., *Leakage in data mining*, ACM TKDD 2012。17 の科学分野での例：Kapoor, Narayanan,
#   https://arxiv.org/abs/2207.07048
# - 複数のラベルの層化：Sechidis, Tsoumakas, Vlahavas, *On the stratification of multi-label data*, ECML PKDD 2011
# - 不均衡：He, Garcia, *Learning from imbalanced data*, IEEE TKDE 2009。重み：King, Zeng, *Logistic regression in rare events
#   data*, Political Analysis 2001。SMOTE：Chawla et al., https://arxiv.org/abs/1106.1813
# - 段階的な分類：Viola, Jones, *Rapid object detection using a boosted cascade of simple features*, CVPR 2001
# - 欠損値：Little, Rubin, *Statistical analysis with missing data*, Wiley 2019。マスクを入力にする方法：Lipton, Kale,
#   Wetzel, https://arxiv.org/abs/1606.04130
# - コマンド：`python main.py check --data FOLDER`、`train --class-weight balanced`、`--sampler balanced`、`--group`、
#   `--labels`、`--task multilabel`
