"""Why a bank did not pay, in words: the reason codes of ISO 20022's external code sets that payments meet (rule P2)."""

from collections.abc import Mapping

from underwriting.kernel.text import Text

_WORDS: Mapping[str, Text] = {
    "AC01": Text("Kontot finns inte", "There is no such account"),
    "AC03": Text("Mottagarens kontonummer är fel", "The creditor's account number is wrong"),
    "AC04": Text("Kontot är avslutat", "The account is closed"),
    "AC06": Text("Kontot är spärrat", "The account is blocked"),
    "AC13": Text("Kontot är av fel slag", "The account is of the wrong kind"),
    "AG01": Text("Kontot tar inte emot sådana betalningar", "The account takes no such payments"),
    "AG02": Text("Betalningsslaget är fel", "The kind of payment is wrong"),
    "AM02": Text("Beloppet är större än vad som tillåts", "The amount is larger than allowed"),
    "AM03": Text("Valutan kan inte användas", "The currency cannot be used"),
    "AM04": Text("Det saknas pengar på långivarens konto", "The lender's account lacks funds"),
    "AM05": Text("Banken har redan tagit emot betalningen", "The bank has received the payment already"),
    "AM09": Text("Beloppet stämmer inte", "The amount is not right"),
    "BE01": Text("Kontot tillhör någon annan", "The account is somebody else's"),
    "BE04": Text("Mottagarens adress saknas", "The creditor's address is missing"),
    "DT01": Text("Dagen kan inte användas", "The day cannot be used"),
    "DUPL": Text("Banken har redan tagit emot filen", "The bank has received the file already"),
    "FF01": Text("Filen har inte den form som banken begär", "The file does not have the form that the bank asks for"),
    "FOCR": Text("Återbetald på begäran", "Returned on request"),
    "MD07": Text("Mottagaren har avlidit", "The creditor has died"),
    "MS02": Text("Mottagaren har sagt nej", "The creditor has refused"),
    "MS03": Text("Banken säger inte varför", "The bank does not say why"),
    "NARR": Text("Banken förklarar det i fri text", "The bank explains it in a text of its own"),
    "RC01": Text("Mottagarens bank finns inte", "There is no such bank"),
    "RR01": Text("Uppgift om betalarens konto saknas", "The debtor's account is not stated"),
    "RR04": Text("Banken får inte betala av rättsliga skäl", "The bank may not pay, for legal reasons"),
    "TM01": Text("Filen kom efter bankens stopptid", "The file came after the bank's cut-off time"),
}
_OTHER = Text("Banken anger koden {code}", "The bank gives the code {code}")


def in_words(code: str) -> Text:
    """What *code* means; of one that is not listed the code itself is told."""
    found = _WORDS.get(code)
    return found if found is not None else _OTHER.filled(code=code)
