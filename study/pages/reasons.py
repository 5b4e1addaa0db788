"""The Japanese of reasons that are kept as English text: of files, of learning types, of ends of training, and so on.

The table has an English line and, below it, its Japanese. What stands in braces may be anything; where that is itself a
reason, it is put into Japanese too.
"""

from __future__ import annotations

import functools
import re

from study.pages.language import Bilingual, japanese, t

TABLE = """
# of study.settings.learning_type
as asked for
  指定されたとおりです
of models side by side only the head learns
  並べて使うモデルでは出力層だけを学習します
there are no pretrained weights to begin with
  学習済みの重みがないため、乱数の重みから始めます
{reason}; but {estimate}: the head only. --learning {kind} does it all the same
  {reason}。ただし {estimate}、出力層だけを学習します。--learning {kind} を指定すれば実行できます
{kind} would take about {minutes} minutes on this machine, more than {most}
  {kind} はこのコンピューターで約 {minutes} 分（{most} 分超）かかるため
{reason} (about {minutes} minutes)
  {reason}（約 {minutes} 分）
{reason}, but it begins from weights here
  {reason}。ただし、ここでは既存の重みから始めます
the rarest class has {n} training images, more than {most}: enough to learn from scratch
  画像が最も少ないクラスの訓練画像は {n} 枚（{most} 枚超）で、ゼロからの学習に十分です
the rarest class has {n} training images, {least} to {most}: enough to fine-tune
  画像が最も少ないクラスの訓練画像は {n} 枚（{least}〜{most} 枚）で、ファインチューニングに十分です
the rarest class has {n} training images, fewer than {most}: enough for the head only
  画像が最も少ないクラスの訓練画像は {n} 枚（{most} 枚未満）で、出力層だけの学習に適しています
# of study.fit.epochs and study.fit.divergence
{ended}; it diverged
  {ended}。発散しました
{ended}; it diverged: {told}
  {ended}。発散しました（{told}）
{ended}; the weights of its start were kept
  {ended}。開始時の重みを採用しました
{ended}; it never improved on the head alone, which was kept
  {ended}。出力層だけの学習を上回らなかったため、その重みを採用しました
validation loss had not improved for {n} epochs
  検証データの損失が {n} エポック改善しませんでした
--finish ended it after epoch {n} of {most}
  --finish により、{most} エポックのうち {n} エポックで終了しました
a callback ended it after epoch {n} of {most}
  コールバックにより、{most} エポックのうち {n} エポックで終了しました
the time limit of {limit} ended it after epoch {n} of {most}
  制限時間 {limit} により、{most} エポックのうち {n} エポックで終了しました
{ended}; the time limit of {limit} left no room for stage {stage}
  {ended}。制限時間 {limit} のため、ステージ {stage} は行いませんでした
the last of {n} epochs was reached
  {n} エポックすべてを終えました
the training objective is {loss} in epoch {epoch} of stage {stage}
  ステージ {stage} のエポック {epoch} で目的関数が {loss} になりました
the objective on validation is {loss} in epoch {epoch} of stage {stage}
  ステージ {stage} のエポック {epoch} で検証データの目的関数が {loss} になりました
the training objective (loss with all weights and penalties) of stage {stage} began at {start} and ended at {end}
  ステージ {stage} の目的関数（重みと正則化項を含む損失）が {start} から {end} に変わりました
# of the same, in runs of earlier versions
the loss is {loss} in epoch {epoch} of stage {stage}
  ステージ {stage} のエポック {epoch} で損失が {loss} になりました
the loss of stage {stage} began at {start} and ended at {end}
  ステージ {stage} の損失が {start} から {end} に変わりました
# of study.confidence.calibration
validation images
  検証画像
images out of fold
  フォールド外の画像
fewer than 2 {images} of {names}: not fitted
  {names} の{images}が 2 枚未満のため、当てはめていません
no mistake on the {n} {images}: there is nothing to fit it by
  {images} {n} 枚に誤りがなく、当てはめる手がかりがありません
a temperature brings nothing: the probabilities are left as they are
  温度スケーリングの効果がないため、確率をそのまま使います
the {images} fit no temperature below {n}: their probabilities say next to nothing of the answers
  {images}には {n} 未満のどの温度も当てはまらず、確率が予測の正しさをほとんど表していません
fitted on {n} {images}
  {images} {n} 枚で当てはめた値です
# of study.inference.gradcam
Grad-CAM needs a network with a convolution over more than one place; this one has none.
  Grad-CAM には、複数の位置にわたる畳み込み層を持つネットワークが必要です。このネットワークにはありません。
Grad-CAM of this network needs gradients, which OpenVINO does not compute.
  このネットワークの Grad-CAM には勾配が必要ですが、OpenVINO では計算できません。
# of files that are left out, or cannot be shown
outside the class folders
  クラスのフォルダーの外にあります
outside the class folders, and {reason}
  クラスのフォルダーの外にあり、{reason}
no image files in this folder
  このフォルダーに画像ファイルがありません
cannot be read ({error})
  読み込めません（{error}）
cannot be read: {error}
  読み込めません（{error}）
Permission denied
  アクセス権がありません
No such file or directory
  ファイルもフォルダーもありません
no valid file name
  有効なファイル名ではありません
a broken link
  リンク切れです
no such file or folder
  ファイルもフォルダーもありません
not a regular file
  通常のファイルではありません
a folder, not an image
  画像ではなくフォルダーです
a link to a folder inside or above the one searched
  検索中のフォルダーの内側または上位へのリンクです
searched already, under another name
  別の名前ですでに検索しました
no suffix
  拡張子なし
not an image file name ({suffix})
  画像のファイル名ではありません（{suffix}）
not an image file name ({suffix}): {what}
  画像のファイル名ではありません（{suffix}）：{what}
it is a {form} image, so let its name end in {suffix}
  {form} 画像なので、ファイル名の末尾を {suffix} にしてください
marked to be dropped
  除外の印が付いています
left out by the table of fixes
  修正表で除外されています
its folder is left out by the label file
  ラベルファイルでフォルダーが除外されています
its folder is left out by the run's label file
  学習時のラベルファイルでフォルダーが除外されています
it has no label
  ラベルがありません
in none of the splits
  どの分割にも入っていません
its label must be text or a whole number. Received: {value}
  ラベルは文字列か整数でなければなりません。受け取った値：{value}
its label is {n}, and the {count} classes are numbered from 0
  ラベルが {n} ですが、{count} クラスの番号は 0 から始まります
it holds no image
  画像が入っていません
it holds no image, but a path that is not there: {path}
  画像が入っておらず、パスの指すファイルもありません：{path}
it names no image
  画像の名前がありません
it lies outside of the folder
  フォルダーの外にあります
no JSON: {error}
  JSON ではありません：{error}
no JSON object with file_name and label
  file_name と label を持つ JSON オブジェクトではありません
the file was changed after it was read
  読み込んだ後にファイルが変更されました
the network gives no numbers (nan) for it
  ネットワークの出力が数値になりません（nan）
# of data.formats, data.image, data.tiff and data.to_rgb
the file is empty
  ファイルが空です
too large: more than {n} pixels
  大きすぎます（{n} ピクセル超）
too large: a file of {size} GiB, the limit is 1 GiB
  大きすぎます（{size} GiB のファイル、上限は 1 GiB）
too large: {size} pixels, the limit is {most} in all
  大きすぎます（{size} ピクセル、上限は合計 {most}）
too large: {size} pixels of {n} bands, the limit is {most} in all
  大きすぎます（{size} ピクセル × {n} バンド、上限は合計 {most}）
too large for the memory of this computer
  大きすぎて、このコンピューターのメモリーに収まりません
truncated: the {kind} file ends before the image does
  {kind} ファイルが画像の途中で切れています
undecodable: a {kind} file with a broken or unsupported header
  デコードできません：{kind} ファイルのヘッダーが壊れているか、未対応です
undecodable: a broken {kind} file ({error})
  デコードできません：壊れた {kind} ファイルです（{error}）
undecodable: {reason}
  デコードできません：{reason}
not an image in a format read here ({formats}); it starts with {start}
  対応形式（{formats}）の画像ではありません。先頭は {start} です
not an image but {what}
  画像ではなく、{what}
not an image of pixels but {what}
  画素の画像ではなく、{what}
nothing says which values of {what} are black and white, as none were learned from: save it with 8 bits
  {what}の黒と白にあたる値がわかりません（学習に使われていないため）。8 ビットで保存してください
16-bit images
  16 ビット画像
signed 16-bit images
  符号付き 16 ビット画像
32-bit images
  32 ビット画像
floating-point images
  浮動小数点画像
# what data.formats and data.tiff call a file, and advise
{what}, which is not read here: {advice}
  {what}です（ここでは読み込めません）。{advice}
a HEIC photo, which needs pillow-heif ({command}); or export it as JPEG
  HEIC 写真です。pillow-heif が必要です（{command}）。または JPEG で書き出してください
export it as {one} or {other}
  {one} または {other} で書き出してください
16-bit PNG
  16 ビット PNG
save it as grey or RGB
  グレースケールまたは RGB で保存してください
a TIFF file of {n} band(s) of {values} ({colours}, compression {packed})
  {n} バンド、{values} の TIFF ファイル（{colours}、圧縮 {packed}）
a TIFF file of {n} band(s) of {values} ({colours}, compression {packed}): save it without compression
  {n} バンド、{values} の TIFF ファイルです（{colours}、圧縮 {packed}）。圧縮せずに保存してください
{n} bits
  {n} ビット
a DICOM file
  DICOM ファイル
a JPEG XL image
  JPEG XL 画像
a RAW photo
  RAW 写真
a RAW photo ({maker})
  RAW 写真（{maker}）
a Photoshop file
  Photoshop ファイル
an icon (ICO)
  アイコン（ICO）
an OpenEXR image
  OpenEXR 画像
a FITS image
  FITS 画像
an HDF5 file: export its images as TIFF or PNG
  HDF5 ファイルです。画像を TIFF または PNG で書き出してください
a NumPy array: save it as TIFF or PNG
  NumPy 配列です。TIFF または PNG で保存してください
a PDF document: {advice}
  PDF 文書です。{advice}
a PostScript file: {advice}
  PostScript ファイルです。{advice}
a drawing in SVG: {advice}
  SVG の図です。{advice}
a ZIP archive: unpack it
  ZIP アーカイブです。展開してください
a pointer of Git LFS in the place of the file: run git lfs pull
  Git LFS のポインターです。git lfs pull を実行してください
a property list, such as a placeholder of iCloud: download the photo itself
  プロパティリスト（iCloud のプレースホルダーなど）です。写真そのものをダウンロードしてください
a video (MP4, MOV): take frames out of it
  動画（MP4、MOV）です。フレームを取り出してください
a web page (HTML): download the image itself
  ウェブページ（HTML）です。画像そのものをダウンロードしてください
a text in XML, such as a server's error: download the image again
  XML のテキスト（サーバーのエラーなど）です。画像をもう一度ダウンロードしてください
zero bytes only: it was not fully copied
  すべてゼロのバイトです。コピーが完了していません
"""


def translated(reason: str) -> Bilingual:
    """Return a reason with its Japanese; words of another library, as of a decoder, stay as they are."""
    for pattern, ja in _patterns():
        if found := pattern.fullmatch(reason):
            parts = {name: japanese(translated(part)) for name, part in found.groupdict().items()}
            return t(reason, ja.format(**parts))
    return t(reason, reason)


@functools.cache
def _patterns() -> list[tuple[re.Pattern, str]]:
    """Return the table, those first that say the most: a text that matches two means the closer one."""
    lines = [line.strip() for line in TABLE.splitlines() if line and not line.startswith("#")]
    pairs = sorted(zip(lines[::2], lines[1::2], strict=True), key=lambda pair: -len(re.sub(r"{\w+}", "", pair[0])))
    return [(re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(en)), re.DOTALL), ja) for en, ja in pairs]
