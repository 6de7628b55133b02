"""Laws estimated from runs, with an honest status and their uncertainty."""
