"""One model as pictures: how it was trained, and what it predicts."""
