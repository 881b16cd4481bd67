// DRF's own texts in Finnish: English to translation. What DRF or Simple JWT leave in English is not here.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Finnish. */
export const fi: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Tunnistautumistietoja ei annettu.",
  "You do not have permission to perform this action.": "Sinulla ei ole lupaa tehdä tätä toimintoa.",
  "Not found.": "Ei löytynyt.",
  'Method "{}" not allowed.': "Metodi ”{}” ei ole sallittu.",
  "Could not satisfy the request Accept header.": "Pyynnön Accept-otsaketta ei voida täyttää.",
  'Unsupported media type "{}" in request.': "Pyynnön mediatyyppiä ”{}” ei tueta.",
  "Malformed request.": "Pyyntö on virheellinen.",
  "Request was throttled. Expected available in {} seconds.":
    "Liian monta pyyntöä, yritä uudelleen {} sekunnin kuluttua.",
  "This field is required.": "Tämä kenttä on pakollinen.",
  "This field may not be null.": "Kentän arvo ei voi olla null.",
  "This field may not be blank.": "Kenttä ei voi olla tyhjä.",
  "Invalid data. Expected a dictionary, but got {}.": "Virheelliset tiedot. Odotettiin sanakirjaa, saatiin {}.",
  "Null characters are not allowed.": "Null-merkit eivät ole sallittuja.",
  "“{}” is not a valid UUID.": "”{}” ei ole kelvollinen UUID.",
};
