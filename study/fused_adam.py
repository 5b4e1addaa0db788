"""Adam in one operation for each variable."""

from __future__ import annotations

import keras


class FusedAdam(keras.optimizers.Adam):
    """Keras' Adam, its steps by one operation of TensorFlow.

    Keras takes eight, each of which reads and writes all values: for the 3.4 million weights of `original` on photos
    that was a tenth of an iteration. Under another backend it is Keras' own.
    """

    def update_step(self, gradient: keras.KerasTensor, variable: keras.Variable, learning_rate: float) -> None:
        """Change a variable and its two averages (https://arxiv.org/abs/1412.6980, algorithm 1, end of section 2)."""
        if keras.config.backend() != "tensorflow" or self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        import tensorflow as tf

        index, steps = self._get_variable_index(variable), tf.cast(self.iterations + 1, gradient.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.pow(tf.cast(self.beta_1, gradient.dtype), steps),
            beta2_power=tf.pow(tf.cast(self.beta_2, gradient.dtype), steps),
            lr=tf.cast(learning_rate, gradient.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


class FusedAdamW(FusedAdam, keras.optimizers.AdamW):
    """The same for AdamW (https://arxiv.org/abs/1711.05101), which decays weights before that step."""
