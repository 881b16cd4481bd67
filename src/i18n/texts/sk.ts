// DRF's own texts in Slovak: English to translation. What DRF or Simple JWT leave in English is not here.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Slovak. */
export const sk: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Neboli poskytnuté prihlasovacie údaje.",
  "You do not have permission to perform this action.": "Na túto akciu nemáte oprávnenie.",
  "Not found.": "Nenájdené.",
  'Method "{}" not allowed.': "Metóda „{}“ nie je povolená.",
  "Could not satisfy the request Accept header.": "Hlavičke Accept požiadavky nemožno vyhovieť.",
  'Unsupported media type "{}" in request.': "Typ obsahu „{}“ v požiadavke nie je podporovaný.",
  "Malformed request.": "Požiadavka má nesprávny tvar.",
  "Request was throttled. Expected available in {} seconds.": "Príliš veľa požiadaviek, skúste to znova o {} sekúnd.",
  "This field is required.": "Toto pole je povinné.",
  "This field may not be null.": "Toto pole nesmie byť null.",
  "This field may not be blank.": "Toto pole nesmie byť prázdne.",
  "Invalid data. Expected a dictionary, but got {}.": "Neplatné údaje. Očakával sa slovník, ale prišlo {}.",
  "Null characters are not allowed.": "Nulové znaky nie sú povolené.",
};
