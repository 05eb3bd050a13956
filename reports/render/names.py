"""What an experiment says in other languages: title, description, names of its activities.

Chaos Toolkit keeps an experiment's ``extensions`` and looks at none of them::

    extensions:
      - name: stehauf
        translations:
          de:
            "an order goes through": "eine Bestellung geht durch"
"""

from collections.abc import Mapping

from reports.evidence.reader import Evidence
from reports.verdict.journal import items, mapping
from reports.words import Language

__all__ = ["names"]


def names(evidence: Evidence, lang: str | Language) -> Mapping[str, str]:
    """Translations into that language by the English text; empty where the experiment has none."""
    code = lang if isinstance(lang, str) else lang.code
    for extension in map(mapping, items(evidence.experiment.get("extensions"))):
        if extension.get("name") == "stehauf":
            told = mapping(mapping(extension.get("translations")).get(code))
            return {text: other for text, other in told.items() if isinstance(other, str) and other}
    return {}
