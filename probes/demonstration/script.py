"""The words of the demonstration, in English and German: what is about to happen, and what to say."""

from dataclasses import dataclass

__all__ = ["LANGUAGES", "PHRASES", "Cue", "cue"]

LANGUAGES = ("en", "de")


@dataclass(frozen=True, slots=True)
class Cue:
    """One scene, as the presenter reads it."""

    title: str
    happens: str
    say: tuple[str, ...]


PHRASES = {
    "en": {
        "happens": "What happens",
        "say": "Say",
        "key": "Press Enter to go on",
        "open": "Open",
        "shop": "shop",
        "live": "live view",
        "prepare": "Bringing up the shop and its load",
        "ending": "Judging the evidence and writing the report",
        "stopping": "Stopping: what was broken is undone, and the evidence is kept",
        "report": "Report",
        "quotes": "“ ”",
    },
    "de": {
        "happens": "Was passiert",
        "say": "Sagen Sie",
        "key": "Weiter mit der Eingabetaste",
        "open": "Öffnen",
        "shop": "Shop",
        "live": "Live-Ansicht",
        "prepare": "Der Shop und seine Last werden gestartet",
        "ending": "Die Belege werden ausgewertet, der Bericht wird geschrieben",
        "stopping": "Abbruch: Was gestört wurde, wird zurückgenommen, die Belege bleiben erhalten",
        "report": "Bericht",
        "quotes": "„ “",
    },
}

_EN = {
    "normal": Cue(
        "Act 1: normal operation",
        "The shop is up. Users browse and order, and a probe asks it fifty times a second. Every service is green.",
        (
            "This is a web shop. Five services, each on its own.",
            "What you see is real traffic: browsing, and buying.",
            "Everything is green. Please keep that picture in mind.",
        ),
    ),
    "failure": Cue(
        "Act 2: a service fails",
        "The process of the product service is about to crash. Its restart policy brings it back by itself.",
        (
            "The product service holds the catalogue. Without it, nothing can be sold.",
            "I will now crash it. Nobody will touch it afterwards.",
            "Watch closely: it will be over in about a second.",
        ),
    ),
    "loop": Cue(
        "Act 2: the same again, and slower",
        "The service is back already. Now it crashes again and again and stays away for some ten seconds. "
        "The breaker opens; the shop shows the last known catalogue, marked as degraded.",
        (
            "That was almost too quick to see.",
            "So I will crash it again, each time that it comes back. It will be gone for about ten seconds.",
            "Keep an eye on the shop. It carries on, and says honestly that its catalogue is a few seconds old.",
            "The circuit breaker has cut the broken service off. That is why the failure does not spread.",
        ),
    ),
    "proof": Cue(
        "Act 3: the proof",
        "The service is back for good. Every request was recorded, and every claim is about to be judged.",
        (
            "It is back, and nobody did anything.",
            "Now look at the numbers: this many answers, and this many of them failed. (Read them off the live view.)",
            "These answers were degraded: the shop had to use its last known catalogue, and said so.",
            "Every order that was confirmed is now checked: was it fulfilled, and was it fulfilled once?",
            "None of this is an estimate. It is computed from every single request.",
        ),
    ),
    "deep": Cue(
        "Act 4: a look under the bonnet",
        "Nothing more is broken. Take the time that the questions need: timeline, steps of the recovery, architecture.",
        (
            "Here is the whole run on one time axis. This is the crash, this is the breaker, this is the recovery.",
            "Every step has its time, its source, and how exactly that is known.",
            "And this is what we built on: restart policies, health checks, a circuit breaker, a fallback.",
            "You get all of this as a report, with the raw data to check it.",
        ),
    ),
}

_DE = {
    "normal": Cue(
        "1. Akt: Normalbetrieb",
        "Der Shop läuft. Nutzer stöbern und bestellen, eine Sonde fragt fünfzigmal je Sekunde. Alle Dienste sind grün.",
        (
            "Das ist ein Webshop. Fünf Dienste, jeder für sich.",
            "Was Sie sehen, ist echter Verkehr: Es wird gestöbert, und es wird gekauft.",
            "Alles ist grün. Bitte merken Sie sich dieses Bild.",
        ),
    ),
    "failure": Cue(
        "2. Akt: Ein Dienst fällt aus",
        "Gleich stürzt der Prozess des Produktdienstes ab. Seine Neustart-Regel bringt ihn von selbst zurück.",
        (
            "Der Produktdienst hält den Katalog. Ohne ihn lässt sich nichts verkaufen.",
            "Ich lasse ihn jetzt abstürzen. Danach fasst ihn niemand mehr an.",
            "Sehen Sie genau hin: In etwa einer Sekunde ist es vorbei.",
        ),
    ),
    "loop": Cue(
        "2. Akt: Dasselbe noch einmal, nur langsamer",
        "Der Dienst ist schon zurück. Jetzt stürzt er immer wieder ab und bleibt etwa zehn Sekunden weg. "
        "Der Circuit Breaker öffnet; der Shop zeigt den letzten bekannten Katalog und sagt das dazu.",
        (
            "Das war fast zu schnell, um es zu sehen.",
            "Deshalb lasse ich ihn noch einmal abstürzen, sobald er wiederkommt. Etwa zehn Sekunden ist er dann weg.",
            "Achten Sie auf den Shop. Er läuft weiter, und er sagt ehrlich, dass sein Katalog einige Sekunden alt ist.",
            "Der Circuit Breaker hat den kranken Dienst abgetrennt. Darum greift der Ausfall nicht um sich.",
        ),
    ),
    "proof": Cue(
        "3. Akt: Der Beweis",
        "Der Dienst ist endgültig zurück. Jede Anfrage wurde aufgezeichnet; gleich wird jede Behauptung daran geprüft.",
        (
            "Er ist wieder da, und niemand hat etwas getan.",
            "Nun zu den Zahlen: so viele Antworten, und so viele Fehler. (Lesen Sie sie von der Live-Ansicht ab.)",
            "Diese Antworten waren eingeschränkt: Der Shop nahm den letzten bekannten Katalog und sagte das dazu.",
            "Jede bestätigte Bestellung wird jetzt geprüft: Wurde sie ausgeführt, und genau einmal?",
            "Nichts davon ist geschätzt. Es ist aus jeder einzelnen Anfrage berechnet.",
        ),
    ),
    "deep": Cue(
        "4. Akt: Ein Blick unter die Haube",
        "Es wird nichts mehr gestört. Zeit für Fragen: Zeitachse, Schritte der Erholung, Architektur.",
        (
            "Das ist der ganze Lauf auf einer Zeitachse: hier der Absturz, hier der Breaker, hier die Erholung.",
            "Jeder Schritt hat seine Zeit, seine Quelle und die Angabe, wie genau wir das wissen.",
            "Und darauf beruht es: Neustart-Regeln, Gesundheitsprüfungen, ein Circuit Breaker, ein Fallback.",
            "Das alles bekommen Sie als Bericht, mit den Rohdaten zum Nachprüfen.",
        ),
    ),
}

_CUES: dict[str, dict[str, Cue]] = {"en": _EN, "de": _DE}


def cue(name: str, language: str) -> Cue:
    """What the presenter reads in a scene; a scene without words shows its name alone."""
    return _CUES[language].get(name, Cue(name, "", ()))
