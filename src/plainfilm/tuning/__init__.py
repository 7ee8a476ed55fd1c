"""A recipe and films in, what to change in the recipe out: searches, folds, rates, the doctor."""
