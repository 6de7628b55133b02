"""What the tables of facts say of families, kinds of loss and pairs of runs."""

from hitchhiker.runs.data import read_table

NATS_PER_TOKEN = "nats per token"
# Comparisons of the table run_pairs that stand for themselves.
SECOND_EVALUATION = "same weights, evaluated again"
LATER = "trained again later, elsewhere"  # than its family, without a partner


def further_kinds():
    """Kinds of loss on further text, of models that another kind speaks for."""
    kinds = read_table("loss_kinds")
    return kinds.loc[kinds["further"], "loss_kind"]


def next_token_kinds():
    """Kinds of loss in nats per token, without the further ones."""
    kinds = read_table("loss_kinds")
    kept = (kinds["unit"] == NATS_PER_TOKEN) & ~kinds["further"]
    return kinds.loc[kept, "loss_kind"]


def with_plain_law(runs):
    """Rows without the families that no law in size and tokens alone is meant for.

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> len(with_plain_law(load_runs("gzip")))
    0
    """
    families = read_table("families")
    others = families.loc[~families["plain_law"], "family"]
    return runs[~runs["family"].isin(others)]


def pair_groups(families):
    """Group in which each family of a Series can be compared; missing: in none."""
    groups = read_table("families").set_index("family")["pair_group"]
    return families.map(groups)


def run_pairs(comparison):
    """Rows of the table ``run_pairs`` of one comparison; a partner may be missing.

    Examples
    --------
    >>> run_pairs("same recipe, trained again")["partner"].iloc[0]
    'olmo-7b'
    """
    pairs = read_table("run_pairs")
    return pairs[pairs["comparison"] == comparison]
