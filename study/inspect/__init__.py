"""Look into a network: activations, gradients, weights, filters, Grad-CAM."""
