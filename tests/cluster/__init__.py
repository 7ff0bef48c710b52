"""The SQLite file itself: opening, keeping and copying it. What its rows mean is decided one level up."""
