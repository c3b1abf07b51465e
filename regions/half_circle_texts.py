"""The half circle in plain words, in English, Dutch and German, for the report.

Written for readers who know their region but no formulas (about level B1). Keys are the same in all
languages; `explanation` gives one language as a mapping from key to text, in reading order.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from halfcircle._checks import nearest
from halfcircle.errors import StudyError

__all__ = ["LANGUAGES", "explanation"]

_ENGLISH = {
    "title": "The half circle",
    "what": (
        "Draw a circle around your home: everything you can reach in, say, 45 minutes. Near a "
        "national border, many people use only the half of that circle that lies in their own "
        "country. The jobs, schools and shops in the other half are near, but they do not count "
        "fully."
    ),
    "loss": (
        "The border loss is the part of your circle that lies abroad. If you can reach 100,000 "
        "jobs and 40,000 of them are in the other country, the loss is 40 percent. It says what "
        "a closed border would take away. It does not say that people should work abroad."
    ),
    "effective": (
        "In real life the border is open, but crossing it costs effort: another language, other "
        "diplomas, other taxes, and often slower trains. We count this as extra travel time, or "
        "as jobs that count for less. The reach that is left is the effective reach. The study "
        "shows which values were used and where they come from."
    ),
    "causes": (
        "A part of the loss comes from missing links: trips across the border take longer than "
        "trips of the same length at home. Another part comes from rules and habits. We show the "
        "parts separately, and together they make the whole loss."
    ),
    "direction": (
        "The rose shows in which direction you reach something. Each of the 16 slices is one "
        "compass direction. The dark part lies in your own country, the light part lies abroad. "
        "A full rose means a full circle."
    ),
    "sea": (
        "A town on the coast also reaches only half a circle, but because of the sea. That is not "
        "a border loss. We therefore also show how much of the land around each place belongs to "
        "its own country."
    ),
    "mirror": (
        "What if it were the same abroad as at home? To answer this, we mirror your own side. If "
        "there is really more abroad than in the mirror, the other side is richer in jobs; if "
        "there is less, it is poorer."
    ),
    "potential": (
        "The potential is the number of people who would work across the border if only the trip "
        "counted. The real number is usually much lower. About half of the real commuters are "
        "people who moved house and kept their job, so they never chose a job abroad."
    ),
    "wages": (
        "A larger circle can raise wages a little. The figure is a rule of thumb with a wide "
        "range: indicative and gross. Do not add it to travel-time benefits."
    ),
    "missing": (
        "Where we have no figures for a country, the result is unknown. Unknown is not zero: such "
        "places are left empty on the map."
    ),
    "compare": (
        "Countries do not count jobs in the same way. We list who counted what, and when. We also "
        "show the loss with ten percent more and ten percent fewer jobs abroad."
    ),
}

_DUTCH = {
    "title": "De halve cirkel",
    "what": (
        "Trek een cirkel om uw huis: alles wat u bijvoorbeeld binnen 45 minuten kunt bereiken. "
        "Dicht bij een landsgrens gebruiken veel mensen alleen de helft van die cirkel die in hun "
        "eigen land ligt. De banen, scholen en winkels in de andere helft zijn dichtbij, maar "
        "tellen niet volledig mee."
    ),
    "loss": (
        "Het grensverlies is het deel van uw cirkel dat in het buitenland ligt. Kunt u 100.000 "
        "banen bereiken en liggen er 40.000 in het andere land, dan is het verlies 40 procent. "
        "Het laat zien wat een gesloten grens zou wegnemen. Het zegt niet dat mensen in het "
        "buitenland moeten gaan werken."
    ),
    "effective": (
        "In werkelijkheid is de grens open, maar oversteken kost moeite: een andere taal, andere "
        "diploma's, andere belastingen en vaak ook langzamere treinen. Dat tellen we als extra "
        "reistijd, of als banen die minder zwaar meetellen. Wat overblijft is het effectieve "
        "bereik. In de studie staat welke waarden zijn gebruikt en waar ze vandaan komen."
    ),
    "causes": (
        "Een deel van het verlies komt door ontbrekende verbindingen: een reis over de grens duurt "
        "langer dan een even lange reis in eigen land. Een ander deel komt door regels en "
        "gewoonten. We laten de delen apart zien; samen vormen ze het hele verlies."
    ),
    "direction": (
        "De roos laat zien in welke richting u iets bereikt. Elk van de 16 vakken is een "
        "windrichting. Het donkere deel ligt in eigen land, het lichte deel in het buitenland. "
        "Een volle roos is een hele cirkel."
    ),
    "sea": (
        "Ook een stad aan de kust bereikt maar een halve cirkel, maar dan door de zee. Dat is geen "
        "grensverlies. Daarom laten we ook zien welk deel van het land rond een plaats bij het "
        "eigen land hoort."
    ),
    "mirror": (
        "Wat als het buitenland net zo was als thuis? Daarvoor spiegelen we uw eigen kant. Is er "
        "in het buitenland echt meer dan in de spiegel, dan is de overkant rijker aan banen; is er "
        "minder, dan is de overkant armer."
    ),
    "potential": (
        "De potentie is het aantal mensen dat over de grens zou werken als alleen de reis telde. "
        "Het echte aantal is meestal veel lager. Ongeveer de helft van de echte grenspendelaars is "
        "verhuisd en heeft de oude baan gehouden; zij kozen dus nooit voor een baan in het "
        "buitenland."
    ),
    "wages": (
        "Een grotere cirkel kan de lonen iets verhogen. Het cijfer is een vuistregel met een ruime "
        "marge: indicatief en bruto. Tel het niet op bij reistijdbaten."
    ),
    "missing": (
        "Hebben we geen cijfers van een land, dan is de uitkomst onbekend. Onbekend is niet nul: "
        "zulke plaatsen blijven leeg op de kaart."
    ),
    "compare": (
        "Landen tellen banen niet op dezelfde manier. We noemen wie wat heeft geteld, en wanneer. "
        "We laten het verlies ook zien met tien procent meer en tien procent minder banen in het "
        "buitenland."
    ),
}

_GERMAN = {
    "title": "Der halbe Kreis",
    "what": (
        "Ziehen Sie einen Kreis um Ihr Zuhause: alles, was Sie zum Beispiel in 45 Minuten "
        "erreichen. Nahe an einer Landesgrenze nutzen viele Menschen nur die Hälfte dieses "
        "Kreises, die im eigenen Land liegt. Die Arbeitsplätze, Schulen und Geschäfte in der "
        "anderen Hälfte sind nah, zählen aber nicht voll."
    ),
    "loss": (
        "Der Grenzverlust ist der Teil Ihres Kreises, der im Ausland liegt. Wenn Sie 100.000 "
        "Arbeitsplätze erreichen und 40.000 davon im anderen Land liegen, beträgt der Verlust "
        "40 Prozent. Er zeigt, was eine geschlossene Grenze wegnehmen würde. Er sagt nicht, dass "
        "Menschen im Ausland arbeiten sollen."
    ),
    "effective": (
        "In Wirklichkeit ist die Grenze offen, aber der Weg hinüber macht Mühe: eine andere "
        "Sprache, andere Abschlüsse, andere Steuern und oft auch langsamere Züge. Das zählen wir "
        "als zusätzliche Reisezeit oder als Arbeitsplätze, die weniger zählen. Was bleibt, ist "
        "die wirksame Erreichbarkeit. Die Studie zeigt, welche Werte verwendet wurden und woher "
        "sie stammen."
    ),
    "causes": (
        "Ein Teil des Verlusts kommt von fehlenden Verbindungen: Wege über die Grenze dauern "
        "länger als gleich lange Wege im eigenen Land. Ein anderer Teil kommt von Regeln und "
        "Gewohnheiten. Wir zeigen die Teile einzeln; zusammen ergeben sie den ganzen Verlust."
    ),
    "direction": (
        "Die Rose zeigt, in welcher Richtung Sie etwas erreichen. Jedes der 16 Felder ist eine "
        "Himmelsrichtung. Der dunkle Teil liegt im eigenen Land, der helle Teil im Ausland. Eine "
        "volle Rose ist ein ganzer Kreis."
    ),
    "sea": (
        "Auch eine Stadt an der Küste erreicht nur einen halben Kreis, aber wegen des Meeres. Das "
        "ist kein Grenzverlust. Deshalb zeigen wir auch, welcher Teil des Landes rund um einen "
        "Ort zum eigenen Staat gehört."
    ),
    "mirror": (
        "Was wäre, wenn es im Ausland so wäre wie zu Hause? Dafür spiegeln wir Ihre eigene Seite. "
        "Gibt es im Ausland wirklich mehr als im Spiegel, ist die andere Seite reicher an "
        "Arbeitsplätzen; gibt es weniger, ist sie ärmer."
    ),
    "potential": (
        "Das Potenzial ist die Zahl der Menschen, die jenseits der Grenze arbeiten würden, wenn "
        "nur der Weg zählte. Die wirkliche Zahl ist meist viel kleiner. Etwa die Hälfte der "
        "wirklichen Grenzpendler ist umgezogen und hat die alte Stelle behalten; sie haben also "
        "nie eine Stelle im Ausland gewählt."
    ),
    "wages": (
        "Ein größerer Kreis kann die Löhne etwas erhöhen. Die Zahl ist eine Faustregel mit großer "
        "Spanne: ein grober Hinweis, brutto. Zählen Sie sie nicht zum Nutzen kürzerer Reisezeiten "
        "hinzu."
    ),
    "missing": (
        "Wo wir für ein Land keine Zahlen haben, ist das Ergebnis unbekannt. Unbekannt ist nicht "
        "null: Solche Orte bleiben auf der Karte leer."
    ),
    "compare": (
        "Länder zählen Arbeitsplätze nicht auf dieselbe Weise. Wir nennen, wer was gezählt hat, "
        "und wann. Wir zeigen den Verlust auch mit zehn Prozent mehr und zehn Prozent weniger "
        "Arbeitsplätzen im Ausland."
    ),
}

_TEXTS = MappingProxyType({"en": _ENGLISH, "nl": _DUTCH, "de": _GERMAN})
LANGUAGES = tuple(_TEXTS)


def explanation(language: str) -> Mapping[str, str]:
    """The half circle in plain words.

    Parameters
    ----------
    language : {"en", "nl", "de"}

    Returns
    -------
    mapping of str to str
        title, what, loss, effective, causes, direction, sea, mirror, potential, wages, missing,
        compare; plain text without markup.

    Raises
    ------
    StudyError
        There is no text in this language.
    """
    if language not in _TEXTS:
        raise StudyError(
            f"the half circle is not explained in {language!r} - {nearest(language, LANGUAGES)}"
        )
    return MappingProxyType(_TEXTS[language])
