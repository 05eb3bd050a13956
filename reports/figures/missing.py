"""What a figure raises where the evidence does not allow one: a sentence that says what is missing."""

__all__ = ["MissingEvidence", "NotRecovered"]


class MissingEvidence(Exception):
    """The data that the figure needs is not in the evidence; the claim stays unknown."""


class NotRecovered(MissingEvidence):
    """The service did not come back as far as the evidence reaches."""

    def __init__(self, sentence: str, observed_s: float) -> None:
        super().__init__(sentence)
        self.observed_s = observed_s
        """Seconds that were watched after the fault: recovery takes longer than this."""
