# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] lang="en"
# # 14 · Ensembles and reading the result
#
# **Question.** Do several networks together know more than one? And how do I read what came out, so that I know what to do next?
#
# **At the end you can** tell bias from variance, say what bagging, boosting, stacking and voting do and when they help, work out precision,
# recall and F1 by hand, and say whether a confidence can be believed.
#
# You need: softmax from lesson 01, validation, test and folds from 13. Time: about a minute on two cores, without network.

# %% [markdown] lang="ja"
# # 14 · アンサンブルと結果の読み方
#
# **問い。** いくつかのネットワークを合わせると、一つより賢くなるのでしょうか。そして、出てきた結果をどう読めば、次に何をすべきかがわかるのでしょうか。
#
# **この章を終えると**、バイアスとバリアンスを区別し、バギング、ブースティング、スタッキング、投票のしくみと効果のある場面を説明し、適合率、再現率、
# F1 を手で計算し、確信度を信じてよいかどうかを判断できるようになります。
#
# 前提：第 01 章のソフトマックス、第 13 章の検証データ、テストデータ、フォールド。所要時間：2 コアで約 1 分、ネットワーク接続は不要です。

# %%
import sys
from pathlib import Path

sys.path.insert(0, str(next(folder for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "lessons").is_dir())))
from study.runtime import start

DATA = None  # a folder with one sub-folder of photos a class, or None for the drawings
SEEDS = (0, 1, 2, 3, 4)
start(SEEDS[0])
# %% [markdown] lang="en"
# ## The idea
#
# Train the same model on many training sets, and write $f$ for what it says of an image whose right answer is $y$. The mean squared error
# falls into two parts:
#
# $$\mathbb{E}\,(f - y)^2 = \underbrace{(\mathbb{E} f - y)^2}_{\text{bias}^2} + \underbrace{\mathbb{E}\,(f - \mathbb{E} f)^2}_{\text{variance}}$$
#
# *Bias* (バイアス): even the mean of all of them is wrong; the model is too simple, or the answer cannot be seen in the image. *Variance*
# (バリアンス): they contradict each other; the model follows the chance of its training set. An *ensemble* (アンサンブル) lets several
# models, its *members*, answer as one.
#
# Textbooks name a third part. Where images that look alike have different answers, $y$ itself scatters around its mean $\bar y$,
# and what stands above as bias² is two things: $(\mathbb{E} f - \bar y)^2 + \mathbb{E}\,(y - \bar y)^2$. The first of these is
# bias² in the narrow sense; the second, the *irreducible error* (削減不能誤差), no model can take away. With one label an image
# the two cannot be told apart.
#
# | name | members | answer |
# |---|---|---|
# | bagging (バギング) | each learns from images drawn with replacement from the same set | most votes |
# | boosting (ブースティング) | one after the other; images that were wrong count more for the next | votes by weight |
# | stacking (スタッキング) | different models | a last model learns whom to trust, from answers for images that the members did not learn from |
# | soft voting (ソフト投票) | for example other seeds | the class of the largest mean probability |
# %% [markdown] lang="ja"
# ## 考え方
#
# 同じモデルを多くの訓練データで学習し、正解が $y$ の画像に対する出力を $f$ とします。平均二乗誤差は二つに分かれます。
#
# $$\mathbb{E}\,(f - y)^2 = \underbrace{(\mathbb{E} f - y)^2}_{\text{bias}^2} + \underbrace{\mathbb{E}\,(f - \mathbb{E} f)^2}_{\text{variance}}$$
#
# *バイアス*（bias）が大きいと、全部を平均しても間違っています。モデルが単純すぎるか、画像から答えを読み取れない場合です。*バリアンス*
# （variance）が大きいと、答えがたがいに食い違います。モデルが訓練データの偶然に振り回されている場合です。*アンサンブル*（ensemble）は、
# 複数のモデル（*メンバー*）に一つのモデルとして答えさせます。
#
# 教科書では、三つ目の部分を挙げます。同じに見える画像の正解が食い違うときは、$y$ 自身が平均 $\bar y$ のまわりに散らばり、上の式で bias² と書いた項は
# $(\mathbb{E} f - \bar y)^2 + \mathbb{E}\,(y - \bar y)^2$ の二つを含みます。前者が狭い意味のバイアスの二乗、後者が*削減不能誤差*（irreducible
# error）で、どんなモデルにも減らせません。画像ごとにラベルが一つしかなければ、両者を分けて測ることはできません。
#
# | 名前 | メンバー | 答え |
# |---|---|---|
# | バギング（bagging） | 同じ訓練データから復元抽出した画像で、それぞれ学習 | 多数決 |
# | ブースティング（boosting） | 順番に学習し、間違えた画像を次のメンバーで重くする | 重みつきの投票 |
# | スタッキング（stacking） | 種類の違うモデル | どれを信じるかを、学習に使っていない画像への答えから最後のモデルが学ぶ |
# | ソフト投票（soft voting） | たとえばシードの違うネットワーク | 確率の平均が最大のクラス |
# %% [markdown] lang="en"
# ## Predict before you run
#
# 1. A penalty on large weights makes a model stiffer. Do bias and variance rise or fall with it?
# 2. A horse detector looks at 100 images, 8 of them horses. It always says "no horse". What is its accuracy?
# 3. A network says "cat, 90 %" for a hundred images. For how many should that be right?
# %% [markdown] lang="ja"
# ## 実行する前に予想しよう
#
# 1. 大きな重みに罰則をかけると、モデルは「硬く」なります。バイアスとバリアンスは増えるでしょうか、減るでしょうか。
# 2. 馬の検出器が、馬が 8 枚ある 100 枚の画像を調べます。この検出器はいつも「馬ではない」と答えます。正解率はいくらでしょうか。
# 3. ネットワークが 100 枚の画像に「猫、90 %」と答えました。そのうち何枚が正解なら、この数字は正しいといえるでしょうか。
# %% [markdown] lang="en"
# ## Run: bias and variance in plain NumPy
#
# As in lesson 13 the images are vectors of 48 numbers, and the model is least squares with an L2 penalty: its score for a class should be
# +1 for images of that class, −1 for others. Sixty training sets of 80 images are drawn; 500 images that none of them holds are the judges.

# %% [markdown] lang="ja"
# ## 実行：バイアスとバリアンスを NumPy だけで
#
# 第 13 章と同じく、画像は 48 個の数のベクトル、モデルは L2 の罰則つきの最小二乗法です。クラスのスコアは、そのクラスの画像で +1、ほかの画像で −1 に
# なるように学習します。80 枚の訓練データを 60 組引き、どの組にも入っていない 500 枚で評価します。

# %%
from functools import partial

import numpy as np

from lessons import canvas, check, learn, read, say, show, vectors
from scratch import calibration, ensemble, metrics
from scratch import model_selection as select

dataset = read(DATA, image_size=32)
parts = vectors.of(dataset, side=4)
x, t = (np.concatenate([part[place] for part in parts.values()]) for place in (0, 1))
labels, names, rng = t.argmax(axis=1), dataset.class_names, np.random.default_rng(SEEDS[0])
fresh, pool = np.split(rng.permutation(len(x)), [len(x) // 3])
fits = {p: partial(ensemble.fit_least_squares, classes=len(names), penalty=p) for p in np.logspace(-1, 5, 13)}

# %%
sets = [rng.choice(pool, 80, replace=False) for _ in range(60)]
bias, variance, total = [], [], []
for fit in fits.values():
    scores = np.array([fit(x[rows], labels[rows])(x[fresh]) for rows in sets])  # (sets, images, classes)
    bias.append(np.mean((scores.mean(axis=0) - (2 * t[fresh] - 1)) ** 2))
    variance.append(scores.var(axis=0).mean())
    total.append(np.mean((scores - (2 * t[fresh] - 1)) ** 2))
assert np.allclose(np.add(bias, variance), total)

# %% [markdown] lang="en"
# ## Picture

# %% [markdown] lang="ja"
# ## 図で見る

# %%
figure, axes = canvas()
for values, name, style in (
    (total, "squared error", "-"),
    (bias, "bias² with noise", "--"),
    (variance, "variance", ":"),
):
    axes[0, 0].plot(list(fits), values, style, label=name)
axes[0, 0].set(xscale="log", xlabel="penalty on large weights: loose … stiff", ylabel="mean over images")
axes[0, 0].set_ylim(0)
axes[0, 0].legend(fontsize=11)
show(figure, "Squared error over the penalty, and its parts: variance falls from left to right, bias² rises a little.")

# %%
assert variance[0] > 5 * variance[-1]
assert bias[-1] > bias[2]
say(
    f"**What was seen.** The loosest model has a variance of {variance[0]:.2f}, the stiffest {variance[-1]:.2f}; bias², with the irreducible error in it, "
    f"goes from {bias[2]:.2f} (penalty 1) to {bias[-1]:.2f}. Together they are the error, to the last digit. This part is never near 0: in 4 × 4 "
    "pixels much cannot be seen, which is irreducible, and a linear model is a simple one, which is bias. More images lower the variance; "
    "they lower neither of these.",
    f"**わかったこと。** いちばん緩いモデルのバリアンスは {variance[0]:.2f}、いちばん硬いモデルは {variance[-1]:.2f} でした。バイアスの二乗（削減不能誤差を"
    f"含む）は、罰則 1 の {bias[2]:.2f} から {bias[-1]:.2f} へ増えました。両者の和は、誤差とぴったり一致します。この部分が 0 に近づかないのは、4 × 4 画素では"
    "見えないものが多く（削減不能誤差）、線形モデルも単純だからです（バイアス）。画像を増やすとバリアンスは減りますが、この二つは減りません。",
)

# %% [markdown] lang="en"
# ## Ensembles against their members
#
# Each ensemble stands beside a single member of its own, on the same images: that is a *paired* comparison (対応のある比較), in which the
# luck of the training set cancels. Thirty training sets of 120 images; the mean difference is told with its *standard error*
# (標準誤差, the standard deviation of that mean). A difference below two standard errors says nothing.

# %% [markdown] lang="ja"
# ## アンサンブルとメンバーを比べる
#
# アンサンブルを、そのメンバー一つと同じ画像で比べます。これが*対応のある比較*（paired comparison）で、訓練データの運・不運が打ち消されます。120 枚の
# 訓練データを 30 組用意し、差の平均を*標準誤差*（standard error、その平均の標準偏差）とともに示します。標準誤差の 2 倍より小さい差からは、何も
# 言えません。

# %%
loose, stiff = fits[list(fits)[2]], fits[list(fits)[7]]
classes, gains = len(names), {"bagging": [], "boosting": [], "stacking": []}
for _ in range(30):
    rows = rng.choice(pool, 120, replace=False)
    mine, own = x[rows], labels[rows]
    samples, folds = [ensemble.bootstrap(120, rng) for _ in range(25)], select.stratified_folds(own, 5, rng)
    boosts = [ensemble.boost(mine, own, classes, rounds, 300.0)[0] for rounds in (10, 1)]
    both = {
        "bagging": (ensemble.bag(mine, own, samples, loose), loose(mine, own)),
        "boosting": boosts,
        "stacking": (ensemble.stack(mine, own, folds, [loose, stiff], stiff, classes), stiff(mine, own)),
    }
    for name, pair in both.items():
        gains[name].append(np.subtract(*(100 * select.accuracy(one, x[fresh], labels[fresh]) for one in pair)))

# %%
gain = {name: (np.mean(values), np.std(values, ddof=1) / np.sqrt(30)) for name, values in gains.items()}
told = ", ".join(f"{name} {mean:+.1f} ± {error:.1f}" for name, (mean, error) in gain.items())
assert all(-3 < mean < 5 for mean, _ in gain.values())
say(
    f"**What was seen.** Points of accuracy won over a single member (for stacking the better of two), ± standard error: {told}. "
    "Textbooks promise gains; here they are small or none. Least squares is a steady learner, so the votes of bagging mostly agree; bagging "
    "and boosting shine with decision trees, which change much from sample to sample, or are weak alone. No ensemble sees what the pixels "
    "do not show.",
    f"**わかったこと。** メンバー一つに比べた正解率の差（ポイント、スタッキングは良いほうのメンバーとの差、± は標準誤差）：{told}。教科書では改善が"
    "期待されますが、ここでは小さいか、ほとんどありません。最小二乗法は安定した学習器なので、バギングの票はおおむね一致します。バギングや"
    "ブースティングが得意とするのは、標本によって大きく変わる、あるいは単独では弱い決定木です。画素に写っていないものは、どのアンサンブルにも見えません。",
)

# %% [markdown] lang="en"
# ## Run: soft voting of networks, in Keras
#
# Five LeNets that differ in their seed alone answer together. *McNemar's test* (マクネマー検定) compares two models on the same images: it
# looks only at images which one of them alone has right. Were both equally good, each of these would be a toss of a coin; $p$ says
# how often coins would fall as unevenly as that.

# %% [markdown] lang="ja"
# ## 実行：Keras のネットワークによるソフト投票
#
# シードだけが違う五つの LeNet に、一緒に答えさせます。*マクネマー検定*（McNemar's test）は、二つのモデルを同じ画像で比べる方法で、片方だけが正解した
# 画像に注目します。実力が同じなら、どちらが正解するかは硬貨投げと同じです。$p$ は、硬貨投げでこれほど偏る確率です。

# %%
settings = {"optimizer": "adam", "learning_rate": 0.002, "schedule": "constant", "augment": {}, "epochs": 8}
networks = [learn(dataset, seed=seed, **settings).network for seed in SEEDS]
examples = dataset.examples()
answers, truth = {}, {}
for split in ("val", "test"):
    rows = examples.indices[split]
    answers[split] = np.array([network.predict(examples.inputs[rows], verbose=0) for network in networks])
    truth[split] = examples.labels[rows]
voted = {split: given.mean(axis=0) for split, given in answers.items()}
right = {"vote": voted["test"].argmax(axis=1) == truth["test"]}
right |= {f"seed {seed}": answers["test"][seed].argmax(axis=1) == truth["test"] for seed in SEEDS}
for name, each in right.items():
    vote_alone, other_alone, p = select.paired_test(right["vote"], each)
    print(f"{name}: {100 * each.mean():.1f} % right; vote alone {vote_alone}, this alone {other_alone}, p = {p:.2f}")

# %%
members = [100 * right[f"seed {seed}"].mean() for seed in SEEDS]
tests = [select.paired_test(right["vote"], right[f"seed {seed}"])[2] for seed in SEEDS]
together = 100 * right["vote"].mean()
assert together > np.mean(members) - 1
say(
    f"**What was seen.** Members are right in {min(members):.1f} to {max(members):.1f} % of the test images, mean {np.mean(members):.1f} %; their vote "
    f"in {together:.1f} %. Its p is below 0.05 against {sum(p < 0.05 for p in tests)} of 5 members: with {len(truth['test'])} images a difference must be "
    "large to be seen. The vote costs five trainings and five predictions an image; what it surely buys is that no seed has to be chosen.",
    f"**わかったこと。** テストデータの正解率は、メンバーが {min(members):.1f}〜{max(members):.1f} %（平均 {np.mean(members):.1f} %）、投票が {together:.1f} % "
    f"でした。p が 0.05 を下回ったのは、5 個中 {sum(p < 0.05 for p in tests)} 個のメンバーに対してです。{len(truth['test'])} 枚では、よほど大きな差でないと"
    "見分けられません。投票には 5 回の学習と、画像ごとに 5 回の予測が必要です。確かな利点は、シードを選ばずに済むことです。",
)

# %% [markdown] lang="en"
# ## One network, several views: test-time augmentation
#
# An ensemble can also be had without a second training. *Test-time augmentation* (テスト時データ拡張) shows one network several
# views of the same image, such as its mirror image and crops, and takes the mean of the probabilities. It costs a prediction for
# each view, and suits only changes that keep the label (lesson 10). `predict --tta flip` takes two views, `--tta 12` twelve;
# validation says whether it helps.

# %% [markdown] lang="ja"
# ## 一つのネットワークに複数の見方：テスト時データ拡張
#
# もう一度学習しなくても、アンサンブルは作れます。*テスト時データ拡張*（test-time augmentation）は、同じ画像を左右反転や切り抜きなどで何通りかにして
# 一つのネットワークに見せ、確率を平均します。予測は見せ方の数だけ必要で、使えるのはラベルを保つ変換だけです（第 10 章）。
# `predict --tta flip` は 2 通り、`--tta 12` は 12 通りで、効果があるかどうかは検証データで確かめます。

# %%
change, apart = {}, {}
for split, given in answers.items():
    pixels = examples.inputs[examples.indices[split]][:, :, ::-1]  # mirrored
    mirrored = np.array([network.predict(pixels, verbose=0) for network in networks])
    hits = [100 * np.mean(one.argmax(axis=2) == truth[split], axis=1) for one in (given, (given + mirrored) / 2)]
    change[split] = hits[1] - hits[0]
    apart[split] = 100 * np.mean(mirrored.argmax(axis=2) != given.argmax(axis=2))
    print(f"{split:4} points of accuracy by the mirror image, seed by seed:", np.round(change[split], 1))

# %%
assert all(abs(points).max() < 20 for points in change.values())
say(
    f"**What was seen.** With the mirror image beside it, a network gains {change['val'].mean():+.1f} points of accuracy on validation and "
    f"{change['test'].mean():+.1f} on test, as the mean of the seeds; single seeds lie between {min(map(min, change.values())):+.1f} and "
    f"{max(map(max, change.values())):+.1f}. Of {len(truth['test'])} images, a point or two is chance. The network calls {apart['test']:.0f} % of the test images "
    "otherwise than their mirror images: it was trained without a flip, and has not learned that both show the same animal.",
    f"**わかったこと。** 左右反転した画像も見せると、正解率はシードの平均で検証データが {change['val'].mean():+.1f} ポイント、テストデータが "
    f"{change['test'].mean():+.1f} ポイント変わりました。シードごとには {min(map(min, change.values())):+.1f} から {max(map(max, change.values())):+.1f} までです。"
    f"{len(truth['test'])} 枚では、1、2 ポイントの差は偶然の範囲です。テスト画像の {apart['test']:.0f} % で、元の画像と反転した画像への答えが食い違いました。反転なしで"
    "学習したネットワークは、両方が同じ動物であることを学んでいないのです。",
)

# %% [markdown] lang="en"
# ## How sure is an accuracy? Its interval
#
# Lesson 13 gave the standard deviation of an accuracy, $\sqrt{p(1-p)/n}$. Put the share $\hat p$ that was seen for $p$, and 20
# right of 20 would have none at all. *Wilson's interval* (ウィルソンの信頼区間) turns the question round: which $p$ lie no
# farther than $z = 1.96$ of *their own* standard deviations from $\hat p$? These are, with a *confidence level* (信頼水準) of about
# 95 %,
#
# $$\frac{\hat p + z^2 / 2n}{1 + z^2 / n} \pm \frac{z}{1 + z^2 / n} \sqrt{\frac{\hat p (1 - \hat p)}{n} + \frac{z^2}{4 n^2}}$$
#
# Every `report.html` has it beside each accuracy. It takes the images for independent draws from what will come: frames of one
# clip are not.

# %% [markdown] lang="ja"
# ## 正解率はどれだけ確かか：信頼区間
#
# 第 13 章では、正解率の標準偏差が $\sqrt{p(1-p)/n}$ になることを見ました。$p$ に観測した割合 $\hat p$ を入れると、
# 20 枚中 20 枚正解のときは 0 になってしまいます。*ウィルソンの信頼区間*（Wilson's interval）は、問いを逆にします。$\hat p$ からの距離が、*その $p$
# 自身の*標準偏差の $z = 1.96$ 倍以内であるような $p$ はどれでしょうか。*信頼水準*（confidence level）約 95 % で、次の範囲です。
#
# $$\frac{\hat p + z^2 / 2n}{1 + z^2 / n} \pm \frac{z}{1 + z^2 / n} \sqrt{\frac{\hat p (1 - \hat p)}{n} + \frac{z^2}{4 n^2}}$$
#
# `report.html` の正解率には、いつもこの区間が付いています。ただし、画像がこれから来る画像から独立に引かれたものであることが前提で、同じ動画の
# フレームは当てはまりません。

# %%
z, told, every = 1.96, [], np.linspace(0, 1, 100_001)
for hits, count in ((int(right["vote"].sum()), len(right["vote"])), (20, 20)):
    share = hits / count
    possible = every[np.abs(share - every) <= z * np.sqrt(every * (1 - every) / count)]
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    assert np.allclose([middle - half, middle + half], [possible[0], possible[-1]], atol=1e-4)
    told.append(f"{100 * share:.0f} %: {100 * (middle - half):.1f}–{100 * (middle + half):.1f} %")
say(
    f"**Here:** the vote on {len(right['vote'])} images {told[0]}; twenty right of twenty {told[1]}. The formula gives what trying every $p$ gives.",
    f"**ここでは**、{len(right['vote'])} 枚での投票が {told[0]}、20 枚中 20 枚正解なら {told[1]} です。式の値は、すべての $p$ を試した結果と一致しました。",
)

# %% [markdown] lang="en"
# ## Reading the report: four numbers, worked by hand
#
# A horse detector, 100 images, 8 of them horses. It says "horse" 10 times and is right 6 times:
#
# | | says horse | says no horse |
# |---|---|---|
# | is a horse | TP = 6, *true positive* (真陽性) | FN = 2, *false negative* (偽陰性) |
# | is none | FP = 4, *false positive* (偽陽性) | TN = 88, *true negative* (真陰性) |
#
# - *accuracy* (正解率) $= (TP + TN) / 100 = 94/100$. Always saying "no horse" reaches 92/100!
# - *precision* (適合率) $= TP / (TP + FP) = 6/10$: of those called horses, how many are?
# - *recall* (再現率) $= TP / (TP + FN) = 6/8$: of the horses, how many were found?
# - *F1* (F1 スコア) $= 2PR / (P + R) = 2\,TP / (2\,TP + FP + FN) = 12/18 = 0.67$, the harmonic mean of both (調和平均).
#
# With several classes each is in turn "horse", the rest "no horse". The *confusion matrix* (混同行列) counts which was taken for which.

# %% [markdown] lang="ja"
# ## 結果を読む：四つの数を手で計算する
#
# 馬の検出器に 100 枚の画像を見せます。馬は 8 枚です。検出器は 10 回「馬」と答え、そのうち 6 回が正解でした。
#
# | | 「馬」と答えた | 「馬ではない」と答えた |
# |---|---|---|
# | 馬である | TP = 6、*真陽性*（true positive） | FN = 2、*偽陰性*（false negative） |
# | 馬ではない | FP = 4、*偽陽性*（false positive） | TN = 88、*真陰性*（true negative） |
#
# - *正解率*（accuracy）$= (TP + TN) / 100 = 94/100$。いつも「馬ではない」と答えるだけで 92/100 になります。
# - *適合率*（precision）$= TP / (TP + FP) = 6/10$：馬と答えたもののうち、本当に馬だった割合です。
# - *再現率*（recall）$= TP / (TP + FN) = 6/8$：馬のうち、見つけられた割合です。
# - *F1 スコア*（F1）$= 2PR / (P + R) = 2\,TP / (2\,TP + FP + FN) = 12/18 = 0.67$、二つの調和平均です。
#
# クラスが三つ以上のときは、一つずつ順に「馬」の役にし、残りを「馬ではない」とします。*混同行列*（confusion matrix）は、どのクラスがどのクラスと間違えられたかを
# 数えたものです。

# %%
matrix = metrics.confusion(truth["test"], voted["test"].argmax(axis=1), classes)
figure, axes = canvas(height=3.8)
axes[0, 0].imshow(matrix, cmap="Blues", vmax=1.4 * matrix.max())
for (row, column), count in np.ndenumerate(matrix):
    axes[0, 0].text(column, row, count, ha="center", va="center", fontsize=16)
axes[0, 0].set_xticks(range(classes), names)
axes[0, 0].set_yticks(range(classes), names)
axes[0, 0].set(xlabel="the vote says", ylabel="it is")
show(figure, "Confusion matrix of the vote on the test images: rows are the true classes, columns the answers.")

# %%
precision, recall, f1 = metrics.precision(matrix), metrics.recall(matrix), metrics.f1(matrix)
for name, *values in zip(names, precision, recall, f1, matrix.sum(axis=1), strict=True):
    print("{:8} precision {:.2f}, recall {:.2f}, F1 {:.2f}, {} images".format(name, *values))
mistakes = matrix - np.diag(np.diag(matrix))
is_class, taken_for = (names[place] for place in np.unravel_index(mistakes.argmax(), mistakes.shape))
worst = names[recall.argmin()]
assert matrix.trace() == right["vote"].sum()
say(
    f"**Read aloud.** Of the {matrix.sum(axis=1)[recall.argmin()]} images of class {worst}, {100 * recall.min():.0f} % were found, the fewest of all classes. "
    f"The commonest mistake is {is_class} taken for {taken_for}, {mistakes.max()} times. So look at these images first.",
    f"**声に出して読むと。** クラス {worst} の画像 {matrix.sum(axis=1)[recall.argmin()]} 枚のうち、見つけられたのは {100 * recall.min():.0f} % で、全クラスで最低です。"
    f"いちばん多い間違いは、{is_class} を {taken_for} と答えたもので、{mistakes.max()} 回ありました。まずこれらの画像を見てみましょう。",
)

# %% [markdown] lang="en"
# ## Can the confidence be believed? Calibration
#
# The largest probability of an answer is its *confidence* (確信度). A network is *calibrated* (較正されている) if of the answers given with 80 %,
# 80 % are right. A *reliability diagram* (信頼度図) draws share right over confidence, bin by bin (ビン, a group of images with similar confidence);
# the *expected calibration error*, ECE (期待較正誤差), is the mean distance. Even an honest network has an ECE above 0 with few images: its *noise floor*.
#
# *Temperature scaling* (温度スケーリング) divides the scores before softmax by a number $T$, fitted on validation. $T > 1$ makes a network more
# modest. Which answer it gives does not change. We look at seed 0.

# %% [markdown] lang="ja"
# ## 確信度は信じられるか：較正
#
# 答えの中で最大の確率を*確信度*（confidence）といいます。80 % の確信度の答えのうち 80 % が正解なら、ネットワークは*較正されている*（calibrated）と
# いいます。*信頼度図*（reliability diagram）は、確信度の近い画像を集めたビンごとに、確信度と正解の割合を描いたものです。そのずれの平均が*期待較正誤差*
# （expected calibration error、ECE）です。画像が少ないと、正直なネットワークでも ECE は 0 になりません。これを*ノイズフロア*（noise floor）と呼びます。
#
# *温度スケーリング*（temperature scaling）は、ソフトマックスの前のスコアを数 $T$ で割ります。$T$ は検証データで決めます。$T > 1$ ならネットワークは控えめに
# なります。どのクラスを答えるかは変わりません。シード 0 のネットワークを見てみましょう。

# %%
temperature = calibration.fit_temperature(answers["val"][0], truth["val"])
given = {"as trained": answers["test"][0]}
given[f"T = {temperature:.2f}"] = calibration.with_temperature(answers["test"][0], temperature)

# %%
errors, figure_axes = {}, canvas()
figure, ax = figure_axes[0], figure_axes[1][0, 0]
ax.plot([0.3, 1], [0.3, 1], color="#888888", linewidth=1)
for (name, probabilities), style in zip(given.items(), ("o-", "s--"), strict=True):
    confidence = probabilities.max(axis=1)
    bins = calibration.bins_of(confidence, 5)
    ax.plot(*([part[rows].mean() for rows in bins] for part in (confidence, right["seed 0"])), style, label=name)
    error = calibration.expected_calibration_error(confidence, right["seed 0"], 5)
    errors[name] = 100 * error, 100 * confidence.mean()
ax.set(xlabel="confidence", ylabel="share right")
ax.legend(fontsize=11)
show(
    figure,
    "Reliability diagram of one network, as trained and with a temperature; on the grey line it would be calibrated.",
)

# %%
(before, said), (after, modest) = errors.values()
confidence = given[f"T = {temperature:.2f}"].max(axis=1)
draws = [
    calibration.expected_calibration_error(confidence, rng.random(len(confidence)) < confidence, 5) for _ in range(200)
]
floor = 100 * np.mean(draws)

# %%
assert floor > 1
assert after < before + floor
say(
    f"**What was seen.** The network says {said:.0f} % on average and is right in {members[0]:.0f} %; with T = {temperature:.2f} it says {modest:.0f} %. "
    f"The ECE is {before:.1f} % before and {after:.1f} % after; a perfectly honest network would show {floor:.1f} % with so few images. "
    "An ECE at the floor cannot be told from 0.",
    f"**わかったこと。** ネットワークの確信度は平均 {said:.0f} %、正解率は {members[0]:.0f} % です。T = {temperature:.2f} とすると確信度は {modest:.0f} % になります。"
    f"ECE は {before:.1f} % から {after:.1f} % になりました。これだけの枚数では、完全に正直なネットワークでも {floor:.1f} % になります。ノイズフロアと同じくらいの ECE は、"
    "0 と区別できません。",
)

# %% [markdown] lang="en"
# ## An answer only where it is sure
#
# Where 99 % of the answers must be right, a network may answer only from some confidence on, and call the rest `unsure`:
# *selective classification* (選択的分類). Which threshold? If a share $q$ of all answers above it were wrong, $k$ or fewer
# mistakes in $n$ would have the probability $\sum_{i \le k} \binom{n}{i} q^i (1-q)^{n-i}$. The largest $q$ for which that is
# still 5 % is the bound of *Clopper and Pearson*. Without a mistake it is $(1-q)^n = 0.05$, so that $n \ge \ln 0.05 / \ln(1-q)$
# images are needed.
#
# But to take the best of many thresholds is to choose by luck (lesson 13). *Fixed-sequence testing* (固定順序の検定) allows for
# it: the thresholds are listed before any label is seen, and tried from the strictest on; the first one that proves nothing ends
# the search. Then all of it together is wrong in at most 5 % of searches. `predict --right 0.99` does this. It costs answers,
# and images to prove it by.

# %% [markdown] lang="ja"
# ## 自信があるときだけ答える
#
# 答えの 99 % が正解でなければならないときは、ある確信度以上のときだけ答え、残りを `unsure` とします。これを*選択的分類*（selective classification）と
# いいます。しきい値はどう決めるのでしょうか。しきい値以上の答えのうち割合 $q$ が誤りだとすると、$n$ 個のうち誤りが $k$ 個以下になる確率は
# $\sum_{i \le k} \binom{n}{i} q^i (1-q)^{n-i}$ です。これがまだ 5 % ある最大の $q$ が*クロッパー・ピアソンの上限*（Clopper and Pearson）です。誤りが
# 一つもなければ $(1-q)^n = 0.05$ となり、$n \ge \ln 0.05 / \ln(1-q)$ 枚の画像が必要です。
#
# しかし、たくさんのしきい値から最良のものを取れば、運で選んだことになります（第 13 章）。*固定順序の検定*（fixed-sequence testing）は、これを
# 防ぎます。ラベルを見る前にしきい値の一覧を決め、厳しいものから順に試し、証明できないものが初めて現れたところで終わります。こうすると、全体を
# 合わせても誤る探索は 5 % 以下です。`predict --right 0.99` がこれを行います。代償は、答えない画像が増えることと、証明のための画像が必要なことです。

# %%
from scipy.stats import binom

needed = {share: int(np.ceil(np.log(0.05) / np.log(share))) for share in (0.99, 0.95, 0.9)}
asked, steps, made = 0.9, np.arange(0.98, 0.4, -0.02), np.random.default_rng(SEEDS[0])
everybody = 1 - 0.6 * made.beta(1, 2, 100_000)  # confidences of a made network, which is calibrated: right as often
truly = np.array([everybody[everybody >= step].mean() for step in steps])  # share right from each threshold on
broken, nothing = {"best of all": 0, "fixed sequence": 0}, 0

# %%
for _ in range(300):
    own = 1 - 0.6 * made.beta(1, 2, 400)
    above, wrong = own[:, None] >= steps, made.random(400) >= own
    n, k = above.sum(axis=0), (above & wrong[:, None]).sum(axis=0)
    useful = np.flatnonzero(binom.cdf(0, n, 1 - asked) <= 0.05)  # where no mistake would prove it
    proved = useful[: np.argmin(np.append(binom.cdf(k, n, 1 - asked)[useful] <= 0.05, False))]
    broken["best of all"] += truly[np.flatnonzero(k <= (1 - asked) * n)[-1]] < asked
    broken["fixed sequence"] += len(proved) > 0 and truly[proved[-1]] < asked
    nothing += len(proved) == 0

# %%
assert needed == {0.99: 299, 0.95: 59, 0.9: 29}
assert broken["fixed sequence"] <= 0.05 * 300 < broken["best of all"]
say(
    f"**What was seen.** To prove 99 % right takes {needed[0.99]} answers without a mistake, 95 % takes {needed[0.95]}, 90 % takes {needed[0.9]}. In 300 "
    f"searches of 400 images each, asked for 90 %, the lowest threshold that *looks* good enough breaks the promise "
    f"{broken['best of all']} times, the fixed sequence {broken['fixed sequence']} times; it may do so {0.05 * 300:.0f} times. But it finds no threshold {nothing} times.",
    f"**わかったこと。** 99 % を証明するには誤りのない答えが {needed[0.99]} 個、95 % なら {needed[0.95]} 個、90 % なら {needed[0.9]} 個必要です。400 枚ずつ 300 回、90 % を求めて"
    f"探索すると、十分に*見える*最も低いしきい値は {broken['best of all']} 回約束を破りました。固定順序の検定では {broken['fixed sequence']} 回です（{0.05 * 300:.0f} 回まで許されます）。"
    f"ただし、{nothing} 回はしきい値が見つかりませんでした。",
)

# %% [markdown] lang="en"
# ## Unlike all that was learned
#
# A network of cat, dog and horse answers one of the three for a teapot too. *Out-of-distribution detection* (分布外検知) looks
# at the image's features instead of its confidence: with $\cos_i$ the cosines to the ten nearest training images, its distance
# is $d = 1 - \frac{1}{10} \sum \cos_i$. Where $d$ is larger than for 99 % of the training images, each measured against the
# others, `predict` says `unlike`. That costs about 1 % of the good images, and it sees only what the features show. So here they
# are taken in two ways: the 84 numbers that LeNet's head takes, and mean and deviation of each channel of all its maps. Two
# kinds of images of nothing are asked about.

# %% [markdown] lang="ja"
# ## 学習したどの画像にも似ていない
#
# 猫・犬・馬のネットワークは、ティーポットを見せられても三つのどれかを答えます。*分布外検知*（out-of-distribution detection）は、確信度ではなく画像の
# 特徴量を見ます。最も近い 10 枚の訓練画像とのコサインを $\cos_i$ とし、距離を $d = 1 - \frac{1}{10} \sum \cos_i$ とします。訓練画像どうしで測った
# 距離の 99 % より $d$ が大きい画像を、`predict` は `unlike` とします。まともな画像も約 1 % がそうなり、特徴量に現れないことは見えません。そこで、
# 特徴量を 2 通りにして比べます。LeNet のヘッドが受け取る 84 個の数と、すべてのマップのチャネルごとの平均と標準偏差です。何も写っていない
# 画像を 2 種類調べます。

# %%
import keras
from keras import ops

backbone, pixels = networks[0].layers[1], {name: examples.inputs[rows] for name, rows in examples.indices.items()}
maps = [layer.output for layer in backbone.layers if "block" in layer.name]
strength = ops.concatenate([of(one, axis=(1, 2)) for one in maps for of in (ops.mean, ops.std)], axis=-1)
describe, chance = keras.Model(backbone.inputs, [backbone.output, strength]), np.random.default_rng(SEEDS[0])
flat = pixels["test"].reshape(len(pixels["test"]), -1, 3)
pixels["shuffled"] = flat[:, chance.permutation(flat.shape[1])].reshape(pixels["test"].shape)
pixels["noise"] = chance.integers(0, 256, pixels["test"].shape)
described = {name: describe.predict(images.astype(np.float32), verbose=0) for name, images in pixels.items()}

# %%
unlike = {}
for number, kind in enumerate(("features of the head", "means and deviations")):
    unit = {name: two[number] / np.linalg.norm(two[number], axis=1, keepdims=True) for name, two in described.items()}
    cosines = {name: one @ unit["train"].T for name, one in unit.items()}
    np.fill_diagonal(cosines["train"], -1)  # an image is no neighbour of itself
    far = {name: 1 - np.sort(own, axis=1)[:, -10:].mean(axis=1) for name, own in cosines.items()}
    limit = np.quantile(far["train"], 0.99)
    unlike[kind] = {name: 100 * np.mean(far[name] > limit) for name in ("test", "shuffled", "noise")}
    print(f"{kind} call unlike, in %:", {name: round(float(share)) for name, share in unlike[kind].items()})
sure = {name: 100 * networks[0].predict(pixels[name], verbose=0).max(axis=1).mean() for name in ("test", "noise")}

# %%
head, channels = unlike.values()
assert DATA or max(head["test"], channels["test"]) < 6
assert DATA or channels["noise"] > head["noise"] + 30
say(
    f"**What was seen.** The network's mean confidence is {sure['test']:.0f} % for test images and {sure['noise']:.0f} % for noise: by itself it tells little. By the "
    f"features of the head {head['noise']:.0f} % of the noise and {head['shuffled']:.0f} % of the images with shuffled pixels are called unlike, by means and deviations of "
    f"the channels {channels['noise']:.0f} % and {channels['shuffled']:.0f} %; of the test images {head['test']:.0f} % and {channels['test']:.0f} %. A small network drops early what "
    "no class needed. So `predict` takes such means and deviations for networks from scratch that end in a global mean, else the features of the head.",
    f"**わかったこと。** ネットワークの確信度の平均は、テスト画像で {sure['test']:.0f} %、ノイズで {sure['noise']:.0f} % です。確信度だけではほとんど見分けられません。ヘッドの特徴量では、"
    f"ノイズの {head['noise']:.0f} %、画素を並べ替えた画像の {head['shuffled']:.0f} % が unlike になりました。チャネルの平均と標準偏差では {channels['noise']:.0f} % と {channels['shuffled']:.0f} % です"
    f"（テスト画像では {head['test']:.0f} % と {channels['test']:.0f} %）。小さなネットワークは、どのクラスにも要らないものを早くに捨ててしまいます。そこで `predict` は、一から学習して"
    "全体平均で終わるネットワークではこのような平均と標準偏差を、それ以外ではヘッドの特徴量を使います。",
)

# %% [markdown] lang="en"
# ## The worst mistakes
#
# Mistakes made with the greatest confidence say most: a wrong label, an image that belongs to no class, or something that the network takes for
# the animal. *Grad-CAM* shows which places of an image spoke for the answer: `python main.py inspect` draws it for a run.

# %% [markdown] lang="ja"
# ## 最悪の間違い
#
# 自信満々の間違いは、いちばん多くのことを教えてくれます。ラベルの誤り、どのクラスでもない画像、あるいはネットワークが動物と取り違えているものです。
# *Grad-CAM* は、画像のどこがその答えの根拠になったかを示します。`python main.py inspect` で描けます。

# %%
confidence = np.where(right["vote"], 0, voted["test"].max(axis=1))
figure, axes = canvas(1, 3, 2.8)
for ax, place in zip(axes[0], confidence.argsort()[::-1][:3], strict=True):
    ax.imshow(examples.inputs[examples.indices["test"][[place]]][0])
    told = names[voted["test"][place].argmax()], names[truth["test"][place]]
    ax.set_title(f"says {told[0]}, {100 * confidence[place]:.0f} %\nis {told[1]}", fontsize=12)
    ax.axis("off")
show(
    figure, "The three test images that the vote got wrong with the greatest confidence, with its answer and the truth."
)

# %% [markdown] lang="en"
# ## What next: data or model?
#
# Compare training with validation, here for seed 0. **Far apart:** variance; more images, augmentation, regularisation, or an ensemble. **Both low:**
# bias; a larger image, a larger or pretrained network, longer training. **Both high, yet users complain:** your images are not theirs.

# %% [markdown] lang="ja"
# ## 次にすること：データか、モデルか
#
# シード 0 のネットワークで、訓練データと検証データを比べます。**差が大きいとき**はバリアンスです。画像を増やす、データ拡張、正則化、アンサンブルが
# 効きます。**どちらも低いとき**はバイアスです。画像を大きくする、より大きいネットワークや事前学習済みのものを使う、長く学習する、などです。
# **どちらも高いのに利用者が不満なとき**は、あなたの画像が利用者の画像と違っています。

# %%
rows = examples.indices["train"]
learned = 100 * np.mean(networks[0].predict(examples.inputs[rows], verbose=0).argmax(axis=1) == examples.labels[rows])
validated = 100 * np.mean(answers["val"][0].argmax(axis=1) == truth["val"])
assert learned < 97
say(
    f"**Here:** {learned:.1f} % of the training images and {validated:.1f} % of validation. Even what it was shown it does not get right: there is bias, "
    "so a larger image or longer training comes first; what lies between the two figures is for more data.",
    f"**ここでは**、訓練データ {learned:.1f} %、検証データ {validated:.1f} % です。見せた画像さえ正しく答えられないので、バイアスがあります。まず画像を大きくするか、"
    "長く学習します。二つの値の差に効くのは、データを増やすことです。",
)

# %% [markdown] lang="en"
# ## Where it breaks
#
# - **Members that make the same mistakes** gain nothing: an ensemble needs members that are good *and* different.
# - **Boosting chases wrong labels.** It raises the weight of just those images that cannot be got right.
# - **Stacking on answers for images that were learned from** trusts whoever learned by heart: let each fold be answered by members
#   that learned from the others.
# - **One figure hides classes.** Accuracy is led by the frequent class. The *macro* mean (マクロ平均) of F1 counts each class alike.
# - **A temperature fits images like those of validation.** For others (night, another camera) the confidence is again unknown.
# - **`unsure` and `unlike` hold for images like those they were chosen by.** Another camera, and the promise of 99 % is void;
#   and what looks like the training images and is none is not called unlike.
# - **Bias and variance add up for squared error.** For accuracy there is no such simple sum; and very large networks may have less of both.

# %% [markdown] lang="ja"
# ## うまくいかないとき
#
# - **同じ間違いをするメンバー**を集めても改善しません。アンサンブルには、優秀で*しかも*たがいに違うメンバーが必要です。
# - **ブースティングは誤ったラベルを追いかけます。** 正しく答えようのない画像の重みを、どんどん大きくするからです。
# - **学習に使った画像への答えでスタッキングをすると**、丸暗記したメンバーを信じてしまいます。学習に使っていないフォールドへの答えを使います。
# - **一つの数値はクラスを隠します。** 正解率は枚数の多いクラスに左右されます。F1 の*マクロ平均*（macro average）は、どのクラスも同じ重みで数えます。
# - **温度が合うのは、検証データに似た画像だけです。** 夜の写真や別のカメラでは、確信度を信じてよいかどうか、またわからなくなります。
# - **`unsure` と `unlike` が有効なのは、しきい値を決めた画像に似た画像だけです。** 別のカメラで撮れば、99 % という約束は成り立ちません。また、
#   訓練画像に似ていて別のものが写っている画像は、unlike になりません。
# - **バイアスとバリアンスの和になるのは二乗誤差です。** 正解率にはこのような単純な和の式はなく、非常に大きなネットワークでは両方が小さくなることもあります。

# %% [markdown] lang="en"
# ## Exercises
#
# Replace the dots, run the cell, and read what it says.
#
# **1.** F1 from the four counts.

# %% [markdown] lang="ja"
# ## 演習
#
# `...` を書き換えてセルを実行し、表示を読んでください。
#
# **1.** 四つの個数から F1 を計算してください。


# %%
def reading_f1(tp, fp, fn, tn): ...


check(reading_f1)

# %% [markdown] solution="reading_f1"

# %% [markdown] lang="en"
# **2.** Soft voting: given are probabilities, `probabilities[member][image][class]`. Return the number of the class for each image.

# %% [markdown] lang="ja"
# **2.** ソフト投票：確率 `probabilities[メンバー][画像][クラス]` が与えられます。画像ごとのクラスの番号を返してください。


# %%
def ensemble_soft_vote(probabilities): ...


check(ensemble_soft_vote)

# %% [markdown] solution="ensemble_soft_vote"

# %% [markdown] lang="en"
# **3.** By how much is a network over-confident, on average? Given are its confidences, 0 to 1, and whether each answer is right. Above 0 it says too much,
# below 0 too little.

# %% [markdown] lang="ja"
# **3.** ネットワークは平均してどれだけ自信過剰でしょうか。各答えの確信度（0〜1）と、正解かどうかが与えられます。自信過剰なら正、控えめすぎるなら負の値です。


# %%
def reading_overconfidence(confidence, right): ...


check(reading_overconfidence)

# %% [markdown] solution="reading_overconfidence"

# %% [markdown] lang="en"
# ## Sources
#
# - Bias and variance: Geman, Bienenstock, Doursat, *Neural networks and the bias/variance dilemma*, 1992; large networks: Neal et al.,
#   https://arxiv.org/abs/1810.08591
# - Bagging: Breiman, *Bagging predictors*, 1996; boosting: Zhu, Zou, Rosset, Hastie, *Multi-class AdaBoost*, 2009; stacking: Wolpert,
#   *Stacked generalization*, 1992; networks of other seeds: Lakshminarayanan et al., https://arxiv.org/abs/1612.01474
# - Paired test: McNemar, *Note on the sampling error of the difference between correlated proportions*, 1947
# - Views of one image: Krizhevsky, Sutskever, Hinton, *ImageNet classification with deep convolutional neural networks*, 2012,
#   section 4.1, https://papers.nips.cc/paper/4824
# - The interval of a share: Wilson, *Probable inference, the law of succession, and statistical inference*, JASA 22, 1927
# - Calibration: Guo et al., https://arxiv.org/abs/1706.04599; Grad-CAM: Selvaraju et al., https://arxiv.org/abs/1610.02391
# - Answers with a bound: Clopper, Pearson, *The use of confidence or fiducial limits illustrated in the case of the binomial*,
#   Biometrika 26, 1934; fixed sequences: Angelopoulos et al., https://arxiv.org/abs/2110.01052; neighbours: Sun et al.,
#   https://arxiv.org/abs/2204.06507
# - The commands: `python main.py train` writes `report.html` with every class, the confusion matrix, calibration and the
#   mistakes; `python main.py predict` without paths prints the figures of the test split; `--tta`, `--right`

# %% [markdown] lang="ja"
# ## 出典
#
# - バイアスとバリアンス：Geman, Bienenstock, Doursat, *Neural networks and the bias/variance dilemma*, 1992。大きなネットワーク：Neal et al.,
#   https://arxiv.org/abs/1810.08591
# - バギング：Breiman, *Bagging predictors*, 1996。ブースティング：Zhu, Zou, Rosset, Hastie, *Multi-class AdaBoost*, 2009。スタッキング：Wolpert,
#   *Stacked generalization*, 1992。シードの違うネットワーク：Lakshminarayanan et al., https://arxiv.org/abs/1612.01474
# - 対応のある検定：McNemar, *Note on the sampling error of the difference between correlated proportions*, 1947
# - 1 枚の画像の複数の見方：Krizhevsky, Sutskever, Hinton, *ImageNet classification with deep convolutional neural networks*,
#   2012, 4.1 節, https://papers.nips.cc/paper/4824
# - 割合の信頼区間：Wilson, *Probable inference, the law of succession, and statistical inference*, JASA 22, 1927
# - 較正：Guo et al., https://arxiv.org/abs/1706.04599 、Grad-CAM：Selvaraju et al., https://arxiv.org/abs/1610.02391
# - 保証つきの答え：Clopper, Pearson, *The use of confidence or fiducial limits illustrated in the case of the binomial*,
#   Biometrika 26, 1934。固定順序の検定：Angelopoulos et al., https://arxiv.org/abs/2110.01052 、近傍：Sun et al.,
#   https://arxiv.org/abs/2204.06507
# - コマンド：`python main.py train` は、クラスごとの値、混同行列、較正、間違いを `report.html` に書き出します。パスなしの
#   `python main.py predict` は、テストデータでの値を表示します。`--tta`、`--right`
