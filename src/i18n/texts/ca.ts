// DRF's own texts in Catalan: English to translation. What DRF or Simple JWT leave in English is not here.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Catalan. */
export const ca: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "No s'han proporcionat credencials d'autenticació.",
  "You do not have permission to perform this action.": "No teniu permís per fer aquesta acció.",
  "Not found.": "No s'ha trobat.",
  'Method "{}" not allowed.': "El mètode «{}» no està permès.",
  "Could not satisfy the request Accept header.": "No es pot satisfer la capçalera Accept de la petició.",
  'Unsupported media type "{}" in request.': "El tipus de contingut «{}» de la petició no s'admet.",
  "Malformed request.": "La petició està mal formada.",
  "Request was throttled. Expected available in {} seconds.": "Massa peticions; torneu-ho a provar d'aquí a {} segons.",
  "This field is required.": "Aquest camp és obligatori.",
  "This field may not be null.": "Aquest camp no pot ser null.",
  "This field may not be blank.": "Aquest camp no pot quedar en blanc.",
  "Invalid data. Expected a dictionary, but got {}.": "Dades no vàlides. S'esperava un diccionari, però s'ha rebut {}.",
  "Null characters are not allowed.": "No s'admeten caràcters nuls.",
  "“{}” is not a valid UUID.": "«{}» no és un UUID vàlid.",
};
