"""Every topic of the study notes' outline is named by a lesson, in English and in Japanese."""

import re

import pytest
from lesson_texts import text
from structure.test_maps import GLOSSARY

from lessons.catalogue import lessons

SAME = None  # the Japanese text has the English name too
TOPICS = {
    # 00 to 02: learning
    "labelled data": ("labelled data", "教師データ"),
    "regression": ("regression", "回帰"),
    "gradient": ("gradient", "勾配"),
    "backpropagation": ("backpropagation", "誤差逆伝播法"),
    "neuron": ("neuron", "ニューロン"),
    "hidden layer": ("hidden layer", "隠れ層"),
    "XOR": ("XOR", SAME),
    "activation": ("activation", "活性化関数"),
    "step": (r"\*step\*|step function", "ステップ関数"),
    "sigmoid": ("sigmoid", "シグモイド"),
    "tanh": ("tanh", SAME),
    "ReLU": ("ReLU", SAME),
    "softmax": ("softmax", "ソフトマックス"),
    "loss": (r"\bloss\b", "損失"),
    "batch": (r"\bbatch\b", "バッチ"),
    "iteration": (r"\biteration\b", "イテレーション"),
    "epoch": (r"\bepoch\b", "エポック"),
    "gradient descent": ("gradient descent", "勾配降下法"),
    "SGD": (r"stochastic gradient descent\*?, SGD", "確率的勾配降下法"),
    "mini-batch": ("mini-batch", "ミニバッチ"),
    # 03 to 05: training deep networks
    "vanishing gradient": (r"vanishing gradient|gradients? vanish", "勾配消失"),
    "initial values": ("initial values", "初期値"),
    "initial values of zero": (r"\bzeros?\b", "ゼロ"),
    "Xavier": ("Xavier", SAME),
    "He": (r"He's|\bHe\b", SAME),
    "momentum": ("momentum", "モーメンタム"),
    "AdaGrad": ("AdaGrad", SAME),
    "RMSProp": ("RMSProp", SAME),
    "Adam": (r"\bAdam\b", SAME),
    "learning rate": ("learning rate", "学習率"),
    "schedule": ("schedule", "スケジュール"),
    "batch normalisation": ("batch normalisation", "バッチ正規化"),
    "layer normalisation": ("layer normalisation", "レイヤー正規化|層正規化"),
    "instance normalisation": (r"instance\*?(?: and \*?group\*?)? normalisation", "インスタンス正規化"),
    # 06: overfitting
    "overfitting": ("overfitting", "過学習"),
    "early stopping": ("early stopping", "早期終了"),
    "L1": (r"\bL1\b", SAME),
    "L2": (r"\bL2\b", SAME),
    "elastic net": ("elastic net", "エラスティックネット"),
    "weight decay": ("weight decay", "重み減衰|荷重減衰"),
    "dropout": ("dropout", "ドロップアウト"),
    # 07, 08: convolution
    "convolution": ("convolution", "畳み込み"),
    "padding": ("padding", "パディング"),
    "stride": ("stride", "ストライド"),
    "channels": ("channel", "チャン?ネル"),
    "pooling": ("pooling", "プーリング"),
    "im2col": ("im2col", SAME),
    "fully connected": ("fully connected", "全結合"),
    "LeNet": ("LeNet", SAME),
    "AlexNet": ("AlexNet", SAME),
    "ResNet": ("ResNet", SAME),
    "degradation": ("degradation", "劣化"),
    "EfficientNet": ("EfficientNet", SAME),
    # 09, 10: data
    "EDA": (r"\bEDA\b", "探索的データ分析"),
    "split 8:1:1": ("8:1:1", SAME),
    "class weights": ("class weight", "クラスの?重み"),
    "merging labels": ("merging labels", "ラベルの統合"),
    "two-stage classification": ("two-stage classification", "二段階分類"),
    "augmentation": ("augmentation", "データ拡張"),
    # 11: losses and helper tasks
    "cross-entropy": ("cross-entropy", "交差エントロピー"),
    "Dice": (r"\bDice\b", SAME),
    "focal": ("focal loss", "フォーカル損失|focal loss"),
    "auxiliary task": ("auxiliary task", "補助タスク"),
    "CoordConv": ("CoordConv", SAME),
    # 12: transfer
    "resolution": ("resolution", "解像度"),
    "from scratch": ("from scratch", "スクラッチ"),
    "transfer learning": ("transfer learning", "転移学習"),
    "fine-tuning": ("fine-tuning", "ファインチューニング"),
    # 13: choosing
    "hyper-parameters": ("hyper-parameter", "ハイパーパラメータ"),
    "grid search": ("grid search", "グリッドサーチ"),
    "random search": ("random search", "ランダムサーチ"),
    "cross-validation": ("cross-validation", "交差検証"),
    "k-fold": (r"k\$?-fold", r"k\$?[ -]?(?:分割|fold)"),
    "stratified": ("stratified", "層化"),
    "repeated": (r"\brepeated\b", "反復|繰り返し"),
    "leave-one-out": ("leave-one-out", "一つ抜き|1 ?個抜き|leave-one-out"),
    # 14: reading the result
    "true positive": (r"\bTP\b", "真陽性"),
    "false positive": (r"\bFP\b", "偽陽性"),
    "false negative": (r"\bFN\b", "偽陰性"),
    "true negative": (r"\bTN\b", "真陰性"),
    "accuracy": ("accuracy", "正解率"),
    "precision": ("precision", "適合率"),
    "recall": ("recall", "再現率"),
    "F1": (r"\bF1\b", SAME),
    "ensembles": ("ensemble", "アンサンブル"),
    "bagging": ("bagging", "バギング"),
    "boosting": ("boosting", "ブースティング"),
    "stacking": ("stacking", "スタッキング"),
    "bias": (r"\*bias\*", "バイアス"),
    "variance": (r"\*variance\*", "バリアンス"),
}


@pytest.mark.parametrize("topic", TOPICS)
def test_a_lesson_names_the_topic(topic):
    en, ja = TOPICS[topic]
    flags = re.IGNORECASE if en.islower() else re.NOFLAG  # He is a name
    named = [
        lesson.number
        for lesson in lessons()
        if re.search(en, text(lesson, "en"), flags) and re.search(ja or en, text(lesson, "ja"), flags)
    ]
    assert named, f"no lesson names {topic} in English and in Japanese"


@pytest.mark.parametrize("topic", TOPICS)
def test_the_glossary_has_the_topic(topic):
    en, ja = TOPICS[topic]
    assert [row[0] for row in GLOSSARY if re.search(en, row[0], re.IGNORECASE) or re.search(ja or en, row[1])]
