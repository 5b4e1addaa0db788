# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import numpy as np
import pytest
import tensorflow as tf

from data.augment.geometry import resize
from data.augment.photometric import LARGEST_PATCH, can_compile
from data.augment.pipeline import DEFAULT_AUGMENT, MIXING, STRENGTHS, augmenter, parse_augment
from errors import UserError


def pictures(count=8, size=32):
    """Smooth images in the middle of the range: left darker than right, top greener than bottom."""
    along = np.linspace(60, 180, size, dtype=np.float32)
    one = np.stack(np.broadcast_arrays(along[None, :], along[::-1, None], np.float32(120)), axis=-1)
    return np.repeat(one[None], count, axis=0)


def augmented(step, pixels, labels, **more):
    """What becomes of the images and the labels of a batch."""
    batch = step({"images": tf.constant(pixels), "labels": tf.constant(labels), **more})
    return np.asarray(batch["images"]), np.asarray(batch["labels"])


def changed(chosen, pixels, seed=0):
    return augmented(augmenter(chosen, seed, classes=2), pixels, np.zeros(len(pixels), np.int32))[0]


def plain(values, size=32):
    """Images of one value each, so that what is in them tells from which they come."""
    return np.broadcast_to(np.float32(values)[:, None, None, None], (len(values), size, size, 3)).copy()


def mixed(name, count=20, batches=12, strength=0.9):
    """Batches of plain images, each of a class of its own, and their labels, after mixing."""
    step = augmenter({name: strength}, 0, classes=count)
    pixels, labels = plain(np.arange(count)), np.arange(count, dtype=np.int32)
    return [augmented(step, pixels, labels) for _ in range(batches)]


# ---- what is asked for -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("none", {}),
        ("flip", {"flip": 1.0}),
        ("flip,rotation=0.05", {"flip": 1.0, "rotation": 0.05}),
        ("zoom=0.9, contrast", {"zoom": 0.9, "contrast": STRENGTHS["contrast"]}),
        (",".join(STRENGTHS), STRENGTHS),
    ],
)
def test_augmentation_is_read(text, chosen):
    assert parse_augment(text) == chosen


def test_the_default_is_some_of_what_there_is():
    assert DEFAULT_AUGMENT
    assert DEFAULT_AUGMENT.items() <= STRENGTHS.items()


def error(text):
    with pytest.raises(UserError) as caught:
        parse_augment(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "received"), [("shear", "shear"), ("flip,none", "none"), ("Flip", "Flip"), ("", ""), ("flip,", "flip,")]
)
def test_an_unknown_name_is_refused(text, received):
    assert error(text) == (
        "`augment` takes none or some of flip, rotation, zoom, translation, crop, brightness, contrast, saturation, "
        f"erase, cutmix, mixup, randaugment. Received: {received}"
    )


@pytest.mark.parametrize("strength", ["0", "-0.1", "1", "much", "nan", "inf"])
def test_a_strength_out_of_range_is_refused(strength):
    assert error(f"flip,zoom={strength}") == (f"`augment` zoom takes a strength above 0, below 1. Received: {strength}")


def test_flip_has_no_strength():
    assert error("flip=0.5") == "`augment` flip takes no strength. Received: 0.5"


# ---- what is done ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STRENGTHS)
def test_each_changes_pixels_and_keeps_shape_and_range(name):
    pixels = pictures(24)
    pixels[::2] = pixels[::2, ::-1]  # neighbours differ, so that mixing shows
    seed = next(s for s in range(9) if (changed({name: STRENGTHS[name]}, pixels, s) != pixels).any())  # it is by chance
    result = changed({name: STRENGTHS[name]}, pixels, seed)
    assert result.shape == pixels.shape
    assert result.dtype == np.float32
    assert np.isfinite(result).all()
    assert result.min() >= 0
    assert result.max() <= 255
    different = np.abs(result - pixels).max(axis=(1, 2, 3)) > 1
    assert different.sum() >= 2  # flip spares every other one
    assert np.abs(result - pixels).mean() < 80  # still the same picture
    assert len({one.tobytes() for one in result}) > 1  # not all pictures of a batch alike


def test_nothing_chosen_changes_nothing():
    np.testing.assert_array_equal(changed({}, pictures()), pictures())


def test_flip_mirrors_left_and_right_of_about_half():
    pixels = pictures(200)
    result = changed({"flip": 1.0}, pixels)
    mirrored = (result == pixels[:, :, ::-1]).all(axis=(1, 2, 3))
    same = (result == pixels).all(axis=(1, 2, 3))
    assert (mirrored ^ same).all()
    assert 70 < mirrored.sum() < 130


def test_a_crop_that_may_be_smaller_changes_more():
    much, little = (np.abs(changed({"crop": least}, pictures(40)) - pictures(40)).mean() for least in (0.1, 0.9))
    assert 0 < little < much / 2


@pytest.mark.parametrize("name", ["rotation", "zoom", "translation", "brightness", "contrast", "saturation"])
def test_a_greater_strength_changes_more(name):
    pixels = pictures(40)
    little, much = (np.abs(changed({name: strength}, pixels) - pixels).mean() for strength in (0.01, 0.25))
    assert 0 < little < much / 3


def test_translation_moves_no_further_than_its_strength():
    # Columns hold their own number, so a shift can be read off; reflection keeps it within the bounds too.
    columns = np.broadcast_to(np.arange(100, dtype=np.float32)[None, None, :, None], (64, 100, 100, 3))
    shift = np.abs(changed({"translation": 0.1}, columns)[:, 50, 50, 0] - 50)
    assert 7 < shift.max() <= 10.001


@pytest.mark.parametrize("name", STRENGTHS)
def test_the_same_seed_gives_the_same_sequence_and_another_another(name):
    def sequence(seed):
        step = augmenter({name: STRENGTHS[name]}, seed, classes=16)
        pixels = pictures(16)
        pixels[:8] = pixels[:8, ::-1]
        return [augmented(step, pixels, np.arange(16))[0] for _ in range(9)]

    first, again, other = sequence(3), sequence(3), sequence(4)
    np.testing.assert_array_equal(first, again)
    assert any((one != two).any() for one, two in zip(first, other, strict=True))
    assert len({one.tobytes() for one in first}) > 4  # and within a sequence batches do not repeat the one before


def test_the_largest_seed_that_is_allowed_works():
    result = changed(STRENGTHS, pictures(), seed=2**32 - 1)
    assert np.isfinite(result).all()


def test_with_mirror_classes_a_flipped_picture_takes_the_label_of_its_mirror_image():
    """Class 0 is darker on the left, class 1 on the right, class 2 has no direction."""
    pixels = pictures(60)
    pixels[20:40] = pixels[20:40, :, ::-1]
    labels = np.repeat([0, 1, 2], 20).astype(np.int32)
    step = augmenter({"flip": 1.0}, 0, flipped_classes=np.array([1, 0, 2], np.int32))
    flipped, swapped = augmented(step, pixels, labels)
    dark_left = flipped[:, :, 0, 0].mean(axis=1) < flipped[:, :, -1, 0].mean(axis=1)
    np.testing.assert_array_equal(swapped[:40], np.where(dark_left, 0, 1)[:40])
    assert 5 < (swapped[:20] == 1).sum() < 15
    assert (swapped[40:] == 2).all()
    assert 0 < dark_left[40:].sum() < 20


# ---- crops -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [24, 32, 48])
def test_a_crop_has_the_size_that_is_asked_for_and_a_part_of_the_picture(size):
    columns = np.broadcast_to(np.arange(64, dtype=np.float32)[None, None, :, None], (200, 64, 64, 3))
    step = augmenter({"crop": 0.3}, 0, size=size)
    result, labels = augmented(step, columns, np.arange(200))
    assert result.shape == (200, size, size, 3)
    np.testing.assert_array_equal(labels, np.arange(200))
    left, right = result[:, 5, 0, 0], result[:, 5, -1, 0]
    assert ((left >= 0) & (right <= 63) & (left < right)).all()
    widths = (right - left) / 64 * size / (size - 1)  # sqrt(area * ratio): 0.3 to 1, times 3:4 to 4:3
    assert np.sqrt(0.3 * 3 / 4) - 1e-2 <= widths.min() < 0.6
    assert 0.95 < widths.max() <= 1 + 1e-6
    assert len(set(widths.tolist())) > 100


def test_crops_show_a_box_as_it_is_and_not_stretched_beyond_a_third():
    y, x = np.meshgrid(np.arange(64, dtype=np.float32), np.arange(64, dtype=np.float32), indexing="ij")
    pixels = np.repeat(np.stack([y, x, 0 * x], axis=-1)[None], 300, axis=0)
    result = changed({"crop": 0.3}, pixels)
    height, width = result[:, -1, 0, 0] - result[:, 0, 0, 0], result[:, 0, -1, 1] - result[:, 0, 0, 1]
    assert (height * width / 63**2 >= 0.3 - 0.06).all()  # a side is at most the picture's, which may cost a little area
    assert (np.abs(np.log(width / height)) <= np.log(4 / 3) + 1e-3).all()


@pytest.mark.parametrize(("before", "size"), [(32, 52), (40, 103), (128, 64), (144, 96), (144, 144)])
def test_a_crop_of_nearly_all_has_no_black_edge(before, size):
    pixels = np.full((400, before, before, 3), 200, np.float32)
    result, _ = augmented(augmenter({"flip": 1.0, "crop": 0.999}, 0, size=size), pixels, np.arange(400))
    assert result.min() > 199


def test_a_smaller_crop_is_antialiased_as_validation_is():
    noise = np.random.default_rng(0).normal(127, 40, (32, 128, 128, 3)).clip(0, 255).astype(np.float32)
    labels = np.zeros(32, np.int32)
    judged = np.asarray(resize(tf.constant(noise), 64))
    nearly_all, _ = augmented(augmenter({"crop": 0.9999}, 0, size=64), noise, labels)
    np.testing.assert_allclose(nearly_all, judged, atol=1)  # a box of all but a hundredth of a pixel
    split, _ = augmented(augmenter({"crop": 0.3}, 0, size=64), noise, labels)
    assert judged.std() == pytest.approx(12.6, abs=0.1)
    assert judged.std() < split.std() < 20  # a smaller box has fewer pixels to take the mean of; without: 26


@pytest.mark.parametrize(("before", "size"), [(32, 12), (32, 20), (32, 48)])
def test_a_crop_of_another_size_moves_a_mask_with_its_image_and_mixes_no_classes(before, size):
    rng = np.random.default_rng(0)
    masks = np.repeat(np.repeat(rng.integers(0, 5, (20, 4, 4)), before // 4, 1), before // 4, 2).astype(np.uint8)
    pixels = np.repeat(masks[..., None], 3, -1).astype(np.float32)
    batch = {"images": tf.constant(pixels), "labels": tf.zeros(20, tf.int32), "segmentation_masks": tf.constant(masks)}
    after = augmenter({"flip": 1.0, "crop": 0.3}, 0, size=size)(batch)
    moved, shown = after["segmentation_masks"].numpy(), after["images"].numpy()[..., 0]
    assert (moved.dtype, moved.shape) == (np.uint8, (20, size, size))
    assert set(np.unique(moved)) <= set(range(5))
    assert (np.abs(shown - moved) < 0.5).mean() > 0.75  # all but where classes meet


@pytest.mark.parametrize("least", [0.5, 0.9])
def test_a_crop_keeps_the_area_that_is_asked_for(least):
    side = np.arange(64, dtype=np.uint8)
    pixels = np.broadcast_to(np.stack(np.meshgrid(side, side, side[:1]), axis=-1)[:, :, 0], (200, 64, 64, 3))
    result = np.asarray(changed({"crop": least}, pixels)).astype(float)
    wide, high = result[:, 0, -1, 0] - result[:, 0, 0, 0], result[:, -1, 0, 1] - result[:, 0, 0, 1]
    area = (wide / 63) * (high / 63)
    assert area.min() > least - 0.03  # values are whole numbers
    assert area.max() > 0.97


def test_a_crop_flips_too_and_the_label_follows():
    columns = np.broadcast_to(np.arange(64, dtype=np.float32)[None, None, :, None], (200, 64, 64, 3))
    step = augmenter({"flip": 1.0, "crop": 0.5}, 0, flipped_classes=np.array([1, 0], np.int32))
    result, labels = augmented(step, columns, np.zeros(200, np.int32))
    backwards = result[:, 0, 0, 0] > result[:, 0, -1, 0]
    assert 70 < backwards.sum() < 130
    np.testing.assert_array_equal(labels, backwards.astype(np.int32))


@pytest.mark.parametrize("chosen", [{}, {"flip": 1.0}, {"rotation": 0.02, "crop": 0.5}, {"brightness": 0.1}])
def test_the_size_changes_with_and_without_a_crop(chosen):
    step = augmenter(chosen, 0, size=20)
    result, _ = augmented(step, pictures(), np.zeros(8, np.int32))
    assert result.shape == (8, 20, 20, 3)
    assert 90 < result.mean() < 150


def test_bytes_are_taken_as_well():
    pixels = pictures().astype(np.uint8)
    result = changed({"crop": 0.5, "saturation": 0.3}, pixels)
    assert result.dtype == np.float32
    assert abs(float(result.mean()) - float(pixels.mean())) < 25


# ---- values ----------------------------------------------------------------------------------------------------------


def test_saturation_keeps_the_greys_and_the_mean_of_the_channels():
    grey = plain([20, 100, 200])
    np.testing.assert_allclose(changed({"saturation": 0.5}, grey), grey, atol=1e-3)
    result = changed({"saturation": 0.2}, pictures())
    np.testing.assert_allclose(result.mean(axis=3), pictures().mean(axis=3), atol=1e-3)
    assert np.abs(result - pictures()).max() > 3


def test_erasing_paints_a_grey_square_into_some_pictures():
    result = changed({"erase": 0.5}, plain(np.full(200, 10)))
    holes = result[..., 0] == 127.5
    assert ((result == 10) | (result == 127.5)).all()
    shares = holes.mean(axis=(1, 2))
    assert 60 < (shares > 0).sum() < 130
    assert shares.max() <= 0.25 + 0.05  # a square covers whole pixels
    for hole in holes[shares > 0]:
        rows, columns = hole.any(axis=1).sum(), hole.any(axis=0).sum()
        assert hole.sum() == rows * columns
        assert abs(int(rows) - int(columns)) <= 1


# ---- mixed pictures --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MIXING)
def test_labels_of_mixed_pictures_are_the_shares_of_what_is_in_them(name):
    moved = 0
    for pixels, labels in mixed(name):
        assert labels.shape == (20, 20)
        assert labels.dtype == np.float32
        np.testing.assert_allclose(labels.sum(axis=1), 1, atol=1e-5)
        # A picture's values are its class's number: their mean is that of the labels.
        np.testing.assert_allclose(pixels.mean(axis=(1, 2, 3)), labels @ np.arange(20), atol=1e-3)
        assert (np.diag(labels) >= 1 - LARGEST_PATCH - 0.05).all()
        assert ((labels > 0).sum(axis=1) <= 2).all()
        moved += bool((labels.max(axis=1) < 1).any())
    assert 8 <= moved <= 12


def test_a_pasted_square_is_that_of_one_other_picture():
    pixels, labels = next((p, y) for p, y in mixed("cutmix") if (y.max(axis=1) < 1).any())
    for at, (picture, shares) in enumerate(zip(pixels[..., 0], labels, strict=True)):
        inside = picture == 19 - at
        assert (inside | (picture == at)).all()
        assert shares[19 - at] == pytest.approx(inside.mean(), abs=1e-5)
        assert inside.sum() == inside.any(axis=1).sum() * inside.any(axis=0).sum()


def test_cutmix_leaves_some_batches_alone():
    untouched = sum(bool((labels.max(axis=1) == 1).all()) for _, labels in mixed("cutmix", batches=60, strength=0.5))
    assert 15 < untouched < 45


def test_mixing_comes_after_the_label_of_the_mirror_image():
    step = augmenter({"flip": 1.0, "cutmix": 0.9}, 0, flipped_classes=np.array([1, 0], np.int32), classes=2)
    _, labels = augmented(step, pictures(60), np.zeros(60, np.int32))
    assert 0.3 < labels[:, 1].mean() < 0.7


@pytest.mark.parametrize("name", MIXING)
def test_an_auxiliary_label_is_mixed_as_the_label_is_and_sums_to_what_is_known_of_it(name):
    step = augmenter({"flip": 1.0, name: 0.9}, 0, flipped_classes=np.arange(20)[::-1], classes=20, auxiliary_classes=20)
    known = np.where(np.arange(20) < 15, np.arange(20), -1).astype(np.int32)
    for _ in range(12):
        batch = step({"images": plain(np.arange(20)), "labels": np.arange(20, dtype=np.int32), "auxiliary": known})
        soft = np.asarray(batch["auxiliary"])
        assert (soft.shape, soft.dtype) == ((20, 20), np.float32)
        # An image's values are its number, which is its auxiliary label too, whatever a flip makes of its class.
        own, other = np.diag(soft), soft[np.arange(20), np.arange(20)[::-1]]
        share = (np.asarray(batch["images"]).mean(axis=(1, 2, 3)) - np.arange(20)) / (19 - 2 * np.arange(20))
        np.testing.assert_allclose(own, np.where(known >= 0, 1 - share, 0), atol=1e-4)
        np.testing.assert_allclose(other, np.where(known[::-1] >= 0, share, 0), atol=1e-4)
        np.testing.assert_allclose(soft.sum(axis=1), own + other, atol=1e-6)
        np.testing.assert_allclose(np.sort(np.asarray(batch["labels"]))[:, -2:].sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("chosen", [{"flip": 1.0, "brightness": 0.1}, {"flip": 1.0, "cutmix": 0.9}])
def test_soft_labels_need_no_class_index(chosen):
    rng = np.random.default_rng(0)
    several = (rng.random((20, 3)) < 0.5).astype(np.float32)
    pixels, labels = augmented(augmenter(chosen, 1, classes=3), plain(np.arange(20)), several)
    share = (
        (pixels.mean(axis=(1, 2, 3)) - np.arange(20)) / (19 - 2 * np.arange(20))
        if "cutmix" in chosen
        else 0 * rng.random(20)
    )
    np.testing.assert_allclose(labels, several + (several[::-1] - several) * share[:, None], atol=1e-4)


def test_an_auxiliary_label_stays_as_it_is_where_nothing_is_mixed():
    step = augmenter(
        {"flip": 1.0, "contrast": 0.2}, 0, flipped_classes=np.array([1, 0]), classes=2, auxiliary_classes=2
    )
    known = np.array([0, 1, -1] * 20, np.int32)
    batch = step({"images": pictures(60), "labels": np.zeros(60, np.int32), "auxiliary": known})
    assert set(np.asarray(batch["labels"])) == {0, 1}
    np.testing.assert_array_equal(batch["auxiliary"], known)


def test_compiled_or_not_the_values_are_the_same(monkeypatch):
    chosen = {name: STRENGTHS[name] for name in ("saturation", "contrast", "brightness", "erase", "cutmix", "mixup")}
    compiled = changed(chosen, pictures())
    monkeypatch.setattr("data.augment.pipeline.can_compile", lambda: False)
    np.testing.assert_allclose(changed(chosen, pictures()), compiled, atol=1e-2)


def test_whether_it_compiles_is_tried_and_not_put_into_a_pipelines_graph(monkeypatch):
    tried, zeros = [], tf.zeros
    monkeypatch.setattr(tf, "zeros", lambda shape: tried.append(tf.executing_eagerly()) or zeros(shape))
    can_compile.cache_clear()
    list(tf.data.Dataset.range(1).map(lambda number: (number, can_compile())[0]))
    can_compile.cache_clear()
    assert tried == [True]


def test_inside_a_pipeline_batches_of_every_length_are_changed_alike_in_every_run():
    chosen = {"flip": 1.0, "crop": 0.3, "saturation": 0.3, "cutmix": 0.5}

    def run():
        whole = {"images": pictures(20), "labels": np.arange(20, dtype=np.int32) % 3}
        data = tf.data.Dataset.from_tensor_slices(whole).batch(8)
        return list(data.map(augmenter(chosen, 1, classes=3, size=24)).as_numpy_iterator())

    first, again = run(), run()
    assert [len(batch["images"]) for batch in first] == [8, 8, 4]
    for batch, other in zip(first, again, strict=True):
        assert set(batch) == {"images", "labels"}
        for key, values in batch.items():
            np.testing.assert_array_equal(values, other[key])


@pytest.mark.parametrize("name", sorted(set(STRENGTHS) - set(MIXING)))
def test_the_shares_of_several_processes_are_changed_as_the_whole_batch_is(name):
    def changed_twice(shard):
        step, pixels = augmenter({name: STRENGTHS[name]}, 3, shard=shard), pictures(12 // shard[1])
        return [np.asarray(step({"images": tf.constant(pixels)})["images"]) for _ in range(2)]

    whole, shares = changed_twice((0, 1)), [changed_twice((number, 3)) for number in range(3)]
    for number in range(2):
        np.testing.assert_allclose(np.concatenate([share[number] for share in shares]), whole[number], atol=1e-3)
    assert not np.allclose(whole[0], whole[1])


def test_whether_a_batch_is_mixed_is_the_same_for_every_share():
    def shares(number):
        step = augmenter({"cutmix": 0.5}, 0, classes=4, shard=(number, 2))
        return [augmented(step, plain([0, 80, 160, 240]), np.arange(4, dtype=np.int32))[1] for _ in range(20)]

    mixed_in = [[not np.isin(labels, (0, 1)).all() for labels in shares(number)] for number in range(2)]
    assert mixed_in[0] == mixed_in[1]
    assert 3 < sum(mixed_in[0]) < 17
