"""Daily urban systems of a study, and how sure they are."""
