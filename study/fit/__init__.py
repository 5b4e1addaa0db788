"""How a network learns: stages of Keras' fit, loss, optimiser, schedule, precision."""

from study.fit.loop import fit as fit
