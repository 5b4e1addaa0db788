"""Lesson zero: find the line y = 2x + 1 from five points, by pencil, by NumPy and by one Keras neuron.

A neuron (ニューロン) without activation is a line, y_hat = w * x + b, with a weight w (重み) and a bias b (バイアス).
Training starts at w = 0, b = 0 and repeats four lines; an image classifier does the same with millions of weights:

    error  = y_hat - y                              how far off is each prediction?
    loss   = mean(error^2)                          loss (損失): all of it in one number
    dw, db = d loss / d w, d loss / d b             gradient (勾配): which way does the loss rise, how steeply?
    w, b   = w - learning_rate * dw, b - learning_rate * db       learning rate (学習率): how far to step downhill

The formulas are in scratch/linear_regression.py; `python regression.py` prints every number of the way and draws
regression.png.

Source: Goodfellow, Bengio, Courville, Deep Learning (MIT Press 2016), sections 4.3 (gradient descent) and 5.1.4
(linear regression), https://www.deeplearningbook.org
"""

import argparse
import contextlib
import io
import itertools
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from scratch.linear_regression import (
    CONVERGED,
    DIVERGED,
    TOLERANCE,
    TRUE_B,
    TRUE_W,
    State,
    X,
    Y,
    gradient_descent,
    largest_curvature,
    outcome,
    update,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_STEPS = 100_000  # a few minutes; no lesson needs more


@contextlib.contextmanager
def silent_stderr() -> Iterator[None]:
    """Send file descriptor 2 to nowhere inside the `with`; exceptions still come out of it."""
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


def keras_neuron(x: np.ndarray, y: np.ndarray, learning_rate: float, steps: int) -> tuple[float, float]:
    """Train Dense(1) from the same start with the same loss, learning rate and full batch; return its w and b.

    x and y have shape (n,). Raises ImportError where Keras or its backend is not installed.
    Source: https://keras.io/api/layers/core_layers/dense/ and https://keras.io/api/optimizers/sgd/
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with silent_stderr():  # TensorFlow writes start-up lines past the level above
        import keras  # takes seconds, so not before the NumPy part is on the screen

        neuron = keras.layers.Dense(1, kernel_initializer="zeros", bias_initializer="zeros")
        model = keras.Sequential([keras.Input(shape=(1,)), neuron])
        model.compile(optimizer=keras.optimizers.SGD(learning_rate), loss="mean_squared_error")
        for _ in range(steps):
            model.train_on_batch(x[:, np.newaxis], y[:, np.newaxis])  # all points at once, as `fit` would in one epoch
    w, b = neuron.get_weights()
    return float(w[0, 0]), float(b[0])


def vector(values: np.ndarray) -> str:
    """Write a vector as [1 2.5 -3]."""
    return "[" + " ".join(f"{value:z.5g}" for value in values) + "]"


def worked_step(state: State, learning_rate: float) -> str:
    """Write one update out, every formula with its numbers put in; vectors have a line of their own, or 80 columns
    would not do.
    """
    step, w, b, y_hat, error, loss, dw, db = state
    next_w, next_b = update(state, learning_rate)
    n = len(X)
    return f"""
Step {step} with all its numbers: w = {w:.5g}, b = {b:.5g}
  y_hat  = w * x + b = {w:.5g} * x + {b:.5g}
         = {vector(y_hat)}
  error  = y_hat - y
         = {vector(error)}
  loss   = mean of error^2, which is the mean of
           {vector(error**2)}
         = {sum(error**2):.5g} / {n} = {loss:.5g}
  dw     = 2 * mean of error * x, which is 2 * the mean of
           {vector(error * X)}
         = 2 * {sum(error * X):.5g} / {n} = {dw:.5g}
  db     = 2 * mean of error
         = 2 * {sum(error):.5g} / {n} = {db:.5g}
  next w = w - learning_rate * dw
         = {w:.5g} - {learning_rate:g} * ({dw:.5g}) = {next_w:.5g}
  next b = b - learning_rate * db
         = {b:.5g} - {learning_rate:g} * ({db:.5g}) = {next_b:.5g}"""


def cell(value: float, width: int, decimals: int) -> str:
    """Write a number right-aligned, with as many of the decimals as the column has room for."""
    texts = [f"{value:z{width}.{shown}f}" for shown in range(decimals, -1, -1)]
    return next((text for text in texts if len(text) <= width), f"{value:.0e}")


def table_row(state: State, learning_rate: float) -> str:
    """Write one state, and the update that follows from it, as one row of the table."""
    place = f"{state.step:6d} {cell(state.w, 8, 4)} {cell(state.b, 8, 4)}"
    slopes = f"{cell(state.dw, 8, 4)} {cell(state.db, 8, 4)}"
    changes = f"{cell(-learning_rate * state.dw, 8, 4)} {cell(-learning_rate * state.db, 8, 4)}"
    return f"{place} | {state.loss:9.3g} | {slopes} | {changes}"


def table(history: list[State], learning_rate: float) -> str:
    """Write the first ten states, then every k-th, and the last; all of them where they are few."""
    every = max(1, (len(history) - 1) // 10)
    shown = [state for state in history if state.step < 10 or state.step % every == 0 or state is history[-1]]
    rule = "all steps" if every == 1 else f"the first ten steps, then one in {every}, and the last"
    head = f"{'step':>6} {'w':>8} {'b':>8} | {'loss':>9} | {'dw':>8} {'db':>8} | {'-lr*dw':>8} {'-lr*db':>8}"
    rows = [table_row(state, learning_rate) for state in shown]
    caption = f"""
Step by step; shown are {rule}.
lr is the learning rate: add -lr*dw to w, and -lr*db to b, and you have the next
step. Numbers are rounded here, not in the computation."""
    return "\n".join([caption, head, "-" * len(head), *rows])


def verdict(history: list[State], learning_rate: float) -> str:
    """Say in words whether w and b were found, and what to change where they were not."""
    first, last = history[0], history[-1]
    lambda_max = largest_curvature(X)
    if outcome(history) == DIVERGED:
        return f"""
The line got worse: the loss grew from {first.loss:.4g} to {last.loss:.4g} by step {last.step}.
Learning rate {learning_rate:g} is too large: the training diverges (発散).
Why? The loss is a valley, and its lowest point is the answer. A step that is
too long lands on the opposite slope, higher up than it began, and the next one
higher still.
How long is too long? Where the valley is most curved, each step multiplies the
distance to the lowest point by 1 - learning_rate * lambda_max = {1 - learning_rate * lambda_max:.4g}.
Only between -1 and 1 does that shrink, so the learning rate has to stay below
2/lambda_max = {2 / lambda_max:.5g}. lambda_max = {lambda_max:.4g} measures that curvature: it is the
largest eigenvalue (固有値) of the loss's second derivatives, the Hessian
(ヘッセ行列)."""
    distance = f"at step {last.step} w is {abs(last.w - TRUE_W):.2g} and b is {abs(last.b - TRUE_B):.2g} off"
    if outcome(history) == CONVERGED:
        return f"""
The line is found: {distance}
(at most {TOLERANCE:g} is wanted), and the loss is down to {last.loss:.2g}. A training
that has come as near as this has converged (収束)."""
    return f"""
The line is not found yet: {distance}
(at most {TOLERANCE:g} is wanted). Try more --steps, or another --learning-rate;
from {2 / lambda_max:.5g} on, it makes the line worse."""


def comparison(numpy_answer: tuple[float, float], keras_answer: tuple[float, float]) -> str:
    """Put both answers side by side and say whether they agree."""
    dw, db = (abs(one - other) for one, other in zip(numpy_answer, keras_answer, strict=True))
    rows = {"true": (TRUE_W, TRUE_B), "NumPy": numpy_answer, "Keras": keras_answer}
    lines = [f"{'':10} {'w':>10} {'b':>10}", *(f"{name:10} {w:10.6f} {b:10.6f}" for name, (w, b) in rows.items())]
    agree = "agree" if max(dw, db) <= TOLERANCE else "do NOT agree"
    return "\n".join([*lines, f"difference {dw:10.1e} {db:10.1e}   NumPy and Keras {agree} to {TOLERANCE:g}"])


def draw_lines(panel: "Axes", history: list[State]) -> None:
    """Draw the points and the line after the first steps and, unless it left the paper, after the last."""
    last = 3 if outcome(history) == DIVERGED else len(history) - 1
    picks = [state for state in history if state.step in (0, 1, 2, 3, last)]
    colours = ("#999999", "#E69F00", "#56B4E9", "#009E73", "#0072B2")  # Okabe and Ito: for every kind of eyes
    x = np.array([-0.5, 6.5])
    for state, colour, style in zip(picks, colours, ("-", ":", "--", "-.", "-"), strict=False):
        panel.plot(x, state.w * x + state.b, style, color=colour, lw=2.5, label=f"step {state.step}")
    panel.plot(X, Y, "o", color="black", ms=9, zorder=3, label="points")
    ends = [state.w * end + state.b for state in picks for end in x]
    panel.set(title="The line and the points", xlabel="x", ylabel="y", xlim=x)
    panel.set_ylim(max(min(ends) - 1, -60), min(max(*ends, 14) + 1, 120))


def draw_loss(panel: "Axes", history: list[State]) -> None:
    """Draw the loss over the steps."""
    losses = [state.loss for state in history]
    marker = "o" if len(losses) <= 30 else ""
    panel.plot(losses, color="#0072B2", lw=2.5, marker=marker, label="loss after each step")
    panel.set(title="The loss", xlabel="step", ylabel="mean squared error (log scale)", yscale="log")
    panel.xaxis.get_major_locator().set_params(integer=True)
    panel.grid(alpha=0.4)


def draw_path(panel: "Axes", history: list[State]) -> None:
    """Draw the way from (0, 0) over the loss surface, seen from above; a diverging path leaves the map."""
    reach = min(max(2.5, *(1.1 * abs(state.w - TRUE_W) for state in history)), 20)
    offsets = np.linspace(-reach, reach, 200)
    w, b = np.meshgrid(TRUE_W + offsets, TRUE_B + offsets)
    loss = np.mean((w[..., np.newaxis] * X + b[..., np.newaxis] - Y) ** 2, axis=-1)
    levels = 10.0 ** np.arange(-1, math.ceil(math.log10(loss.max())) + 0.5, 0.5)
    map_of_loss = panel.contourf(w, b, np.log10(loss), levels=np.log10(levels), cmap="Greys", alpha=0.6, extend="min")
    bar = panel.figure.colorbar(map_of_loss, ax=panel)
    bar.set_ticks(np.log10(levels[::2]), labels=[f"{level:g}" for level in levels[::2]], fontsize=12)
    bar.set_label("loss", fontsize=14)
    panel.plot([state.w for state in history], [state.b for state in history], "o-", color="#D55E00", label="path")
    for state, height in zip(history[1:3], (10, -20), strict=False):  # one above, one below: they may lie close
        place = {"xytext": (0, height), "textcoords": "offset points", "ha": "center", "fontsize": 13}
        panel.annotate(f"step {state.step}", (state.w, state.b), **place)
    panel.plot(0, 0, "s", color="black", ms=10, label="start")
    panel.plot(TRUE_W, TRUE_B, "*", color="#0072B2", ms=18, label="minimum")
    panel.set(title="The path on the loss surface", xlabel="w", ylabel="b", xlim=w[0, [0, -1]], ylim=b[[0, -1], 0])


def draw(history: list[State], learning_rate: float) -> bytes:
    """Draw the lines, the loss and the path side by side; return the PNG."""
    with silent_stderr():  # on its very first start Matplotlib reports that it builds its font cache
        from matplotlib.figure import Figure

    figure = Figure(figsize=(16, 6.2), layout="constrained")
    settings = f"learning rate {learning_rate:g}, steps {history[-1].step}"
    figure.suptitle(f"y = 2x + 1 by gradient descent ({settings}): {outcome(history)}", fontsize=16)
    figure.get_layout_engine().set(w_pad=0.15, h_pad=0.1)
    drawable = [state for state in history if state.loss < 1e30]  # inf and its neighbours have no place on paper
    for panel, draw_panel in zip(figure.subplots(1, 3), (draw_lines, draw_loss, draw_path), strict=True):
        draw_panel(panel, drawable)
        panel.tick_params(labelsize=12)
        panel.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3, fontsize=12)  # below: hides nothing
        for text in (panel.title, panel.xaxis.label, panel.yaxis.label):
            text.set_fontsize(14)
    png = io.BytesIO()
    figure.savefig(png, dpi=100, format="png")
    return png.getvalue()


def save_beside(content: bytes, wanted: Path) -> Path:
    """Write a new file and return its path: `wanted`, or where that exists the first free of NAME-2, NAME-3, …

    Nothing is ever replaced. Raises OSError where it cannot be written.
    """
    names = (wanted.stem + (f"-{number}" if number > 1 else "") + wanted.suffix for number in itertools.count(1))
    for path in map(wanted.with_name, names):
        with contextlib.suppress(FileExistsError), path.open("xb") as file:
            file.write(content)
            return path
    raise AssertionError("numbers do not end")


def positive_number(text: str) -> float:
    """Read a positive finite number."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"received {text!r}; right is a positive finite number such as 0.02")
    return number


def step_count(text: str) -> int:
    """Read a whole number from 1 to MAX_STEPS."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= MAX_STEPS:
        raise argparse.ArgumentTypeError(f"received {text!r}; right is a whole number from 1 to {MAX_STEPS}")
    return number


def png_path(text: str) -> Path:
    """Read the name of a PNG file, in a folder that can be written."""
    path = Path(text)
    writable = path.parent.is_dir() and os.access(path.parent, os.W_OK)
    if path.suffix.lower() != ".png" or path.is_dir() or not writable:
        wanted = "a file name that ends in .png, in a folder that exists and can be written"
        raise argparse.ArgumentTypeError(f"received {text!r}; right is {wanted}")
    return path


class OneLineParser(argparse.ArgumentParser):
    """An argument parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Print the message and exit with 2."""
        self.exit(2, f"{self.prog}: {message}\n")


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; exits with 2 and one line on stderr where a value is wrong."""
    parser = OneLineParser(description="Find y = 2x + 1 by gradient descent: in NumPy and by one Keras neuron.")
    parser.add_argument("--learning-rate", type=positive_number, default=0.02, help="size of a step (default: 0.02)")
    parser.add_argument("--steps", type=step_count, default=400, help="number of updates (default: 400)")
    parser.add_argument(
        "--out",
        type=png_path,
        default="regression.png",
        help="picture (default: regression.png); where that exists, the new one gets a number and the old one stays",
    )
    parser.add_argument("--no-keras", action="store_true", help="leave out the Keras neuron, which takes seconds")
    return parser.parse_args(arguments)


def introduction(learning_rate: float, steps: int) -> str:
    """Say what is asked and how it is answered: each idea in plain words first, then its name."""
    return f"""THE QUESTION
Five points are known, each with an x and a y:
  x = {vector(X)}
  y = {vector(Y)}
Which straight line runs through them? To find it is called fitting a line, or
regression (回帰). Two numbers make a line:
  w  says how steep it is: by how much it rises for each step in x. It is called
     the weight (重み).
  b  says how high it is at x = 0. It is called the bias (バイアス).
For a given x the line says w * x + b. This is called the prediction (予測) and
is written y_hat. The points were made with w = 2, b = 1, the line y = 2x + 1;
the training is not told so.

THE IDEA
Begin with some line, here the flat one with w = 0, b = 0, and make it better by
small steps. In each step:
1. How far off is the line at each point? This is called the error, y_hat - y.
2. How far off is it altogether? Square the errors, so that too high and too low
   count alike and large errors count most, and take their mean. This one number
   is called the loss (損失), here the mean squared error (平均二乗誤差).
   A smaller loss is a better line; at 0 it runs through all points.
3. Which way is better? Ask by how much the loss would rise if w were a little
   larger, and if b were: two slopes, dw and db. Together they are called the
   gradient (勾配). It points uphill, to a larger loss.
4. Go a little the other way, downhill. How far? The slope, times a number that
   you choose: the learning rate (学習率), here {learning_rate:g}.
Step after step downhill is called gradient descent (勾配降下法); here at most
{steps} steps. An image classifier learns by the same four points, with millions
of weights in place of w and b."""


def print_numpy_part(history: list[State], learning_rate: float, steps: int) -> None:
    """Print the question, the first two steps worked out, the table and the verdict."""
    print(introduction(learning_rate, steps))
    for state in history[:-1][:2]:
        print(worked_step(state, learning_rate))
    print(table(history, learning_rate))
    print(verdict(history, learning_rate), flush=True)  # shown before the slow imports start


def print_keras_part(history: list[State], options: argparse.Namespace) -> None:
    """Train the same line by one Keras neuron and compare, or say why not."""
    if options.no_keras:
        print("\nKeras neuron: left out, as --no-keras asks.", flush=True)
        return
    if outcome(history) == DIVERGED:
        print("\nKeras neuron: left out, it would diverge in the same way.", flush=True)
        return
    print(
        """
THE SAME IN KERAS
The smallest part of a neural network computes w * x + b as well: the line above
is one neuron (ニューロン). Keras, the library behind main.py, works out dw and
db by itself, for any network, from its end back to its beginning. This is
called backpropagation (誤差逆伝播法). Its neuron takes the same steps:""",
        flush=True,
    )
    answer = keras_neuron(X, Y, options.learning_rate, options.steps)
    print(comparison((history[-1].w, history[-1].b), answer), flush=True)


def run(options: argparse.Namespace) -> None:
    """Do the lesson: NumPy, Keras, picture."""
    history = gradient_descent(X, Y, options.learning_rate, options.steps)
    print_numpy_part(history, options.learning_rate, options.steps)
    print_keras_part(history, options)
    saved = save_beside(draw(history, options.learning_rate), options.out)
    kept = f"\n({options.out} was there before and is unchanged.)" if saved != options.out else ""
    print(f"\nPicture: {saved}{kept}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, 2 for what the user can mend, 130 for Ctrl-C.

    1 is that nobody reads what is printed any more, as behind `| head`.
    """
    sys.stdout.reconfigure(errors="replace")  # a console without Japanese shows ? instead of crashing
    try:
        run(parse_arguments(arguments))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except ImportError as error:
        print(f"regression.py: {error}; install what requirements.txt names", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains when it closes it
        return 141  # as what SIGPIPE ends, which Python ignores
    except OSError as error:
        print(f"regression.py: {error}; --out needs a place that can be written", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
