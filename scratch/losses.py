"""Losses: one number for how wrong an answer is, and its gradient.

    squared error   mean (y - t)^2                                   for numbers
    cross-entropy   -sum_k t_k log p_k,  p = softmax(z)              for classes; dL/dz = p - t
    smoothing       t -> (1 - s) t + s / K                           Szegedy et al., https://arxiv.org/abs/1512.00567
    class weights   each answer's loss times w_k, k its class        King, Zeng (2001), see imbalance.py
    focal           -a sum_k t_k (1 - p_k)^g log p_k                 Lin et al., https://arxiv.org/abs/1708.02002
    dice            1 - 2 sum p t / (sum p + sum t + 1e-7)           Milletari et al., https://arxiv.org/abs/1606.04797
                    for each class, then their mean; the paper squares p and t below the line
    their mix       (1 - d) cross-entropy + d dice

y and z are what the network returns, t what is right: for classes (…, K) with a 1 at the right class, or shares that
sum to 1 (mixup). Each function returns the mean over all answers, an image's or a pixel's, and its gradient, which has
the shape of y or z.
Softmax and logarithm belong together: log p = z - log sum e^z needs no p that may have been rounded to 0.

Source of softmax with cross-entropy: Bishop, Pattern Recognition and Machine Learning (Springer 2006), section 4.3.4.
"""

import numpy as np

Loss = tuple[float, np.ndarray]


def squared_error(y: np.ndarray, t: np.ndarray) -> Loss:
    """Mean over everything."""
    error = y - t
    return float(np.mean(error**2)), 2 * error / error.size


def log_softmax(z: np.ndarray) -> np.ndarray:
    """log of softmax along the last axis; the largest z is taken away first, so that e^z cannot overflow."""
    z = z - z.max(axis=-1, keepdims=True)  # softmax stays the same
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def softmax(z: np.ndarray) -> np.ndarray:
    """e^z / sum e^z along the last axis."""
    return np.exp(log_softmax(z))


def softmax_backward(grad: np.ndarray, p: np.ndarray) -> np.ndarray:
    """dL/dp -> dL/dz: dp_j/dz_k = p_j ([j = k] - p_k)."""
    return p * (grad - (grad * p).sum(axis=-1, keepdims=True))


def cross_entropy(z: np.ndarray, t: np.ndarray, smoothing: float = 0.0) -> Loss:
    """Softmax and cross-entropy in one: the two slopes cancel down to p - t."""
    answers, classes = z.size // z.shape[-1], z.shape[-1]
    t = (1 - smoothing) * t + smoothing / classes
    log_p = log_softmax(z)
    return float(-np.sum(t * log_p)) / answers, (np.exp(log_p) - t) / answers


def weighted_cross_entropy(z: np.ndarray, t: np.ndarray, weights: np.ndarray) -> Loss:
    """Cross-entropy in which an answer of class k counts weights[k] times, (K,); still divided by all answers."""
    answers = z.size // z.shape[-1]
    each = t @ weights.astype(z.dtype)  # (…, K) -> (…): a soft label weighs by its shares
    log_p = log_softmax(z)
    loss = -np.sum(each[..., None] * t * log_p)
    return float(loss) / answers, each[..., None] * (np.exp(log_p) - t) / answers


def focal(z: np.ndarray, t: np.ndarray, gamma: float = 2.0, alpha: float = 0.25) -> Loss:
    """Cross-entropy that forgets what is easy: at p = 0.9, gamma = 2 the factor (1 - p)^gamma is 0.01."""
    answers = z.size // z.shape[-1]
    log_p = log_softmax(z)
    p = np.exp(log_p)
    miss = np.maximum(-np.expm1(log_p), 1e-30)  # 1 - p; at gamma < 1 its slope is infinite at 0, where log p is 0 too
    loss = -alpha * np.sum(t * miss**gamma * log_p)
    slope = -alpha * t * (miss**gamma - gamma * p * miss ** (gamma - 1) * log_p)  # p dL/dp: no division by a tiny p
    return float(loss) / answers, (slope - p * slope.sum(axis=-1, keepdims=True)) / answers


def dice(p: np.ndarray, t: np.ndarray, epsilon: float = 1e-7) -> Loss:
    """How little the masks overlap, class by class: unlike with cross-entropy, no flood of background wins."""
    others = tuple(range(p.ndim - 1))
    both, total = (p * t).sum(others), (p + t).sum(others) + epsilon  # (…, K) -> (K,)
    loss = np.mean(1 - 2 * both / total)
    return float(loss), 2 * (both / total - t) / total / p.shape[-1]  # the quotient rule


def cross_entropy_dice(z: np.ndarray, t: np.ndarray, share: float = 0.5) -> Loss:
    """Their mix, usual for segmentation: cross-entropy has a smooth slope everywhere, dice looks at the overlap.

    `share` is that of dice: 0 is cross-entropy alone, 1 dice alone.
    """
    p = softmax(z)
    by_pixel, by_pixel_grad = cross_entropy(z, t)
    overlap, overlap_grad = dice(p, t)
    grad = (1 - share) * by_pixel_grad + share * softmax_backward(overlap_grad, p)
    return (1 - share) * by_pixel + share * overlap, grad


if __name__ == "__main__":
    z, t = np.array([[2.0, 1.0, -1.0]]), np.array([[0.0, 1.0, 0.0]])
    print("outputs", z[0], "softmax", softmax(z)[0].round(3), "right is class 1")
    for name, loss in {"cross-entropy": cross_entropy, "focal": focal, "squared error": squared_error}.items():
        value, grad = loss(z, t)
        print(f"{name:14} {value:.3f}, its slope along each output {grad[0].round(3)}")
