"""Tables of training runs: read them, check them, select from them."""
