"""How a network learns: stages of Keras' fit, loss, optimiser, schedule, precision."""
