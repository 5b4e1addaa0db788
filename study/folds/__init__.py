"""Images divided into folds, and what predictions by networks that did not learn from them say."""
