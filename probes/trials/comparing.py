"""A set of trials against a baseline, refused where the two are unlike."""

from pathlib import Path

from probes.errors import ConfigurationError
from reports.trials.baseline import baseline_of, read_baseline, unlike
from reports.trials.comparison import Comparison, compare
from reports.trials.reading import Trials

__all__ = ["compared"]


def compared(trials: Trials, baseline: Path, *, anyway: bool = False) -> Comparison:
    """Raises ConfigurationError where there is no baseline, or it is of something else and `anyway` was not said."""
    try:
        old = read_baseline(baseline)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    new = baseline_of(trials)
    differences = unlike(old, new)
    if differences and not anyway:
        raise ConfigurationError(
            f"Not compared, for it would say nothing: {'; '.join(differences)}. Make a baseline of what is there now "
            "with 'chaos baseline save', or compare all the same with --anyway"
        )
    return compare(old, new, tuple(differences))
