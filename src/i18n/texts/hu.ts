// DRF's own texts in Hungarian: English to translation. What DRF or Simple JWT leave in English is not here.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Hungarian. */
export const hu: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Hiányoznak a hitelesítési adatok.",
  "You do not have permission to perform this action.": "Nincs jogosultsága ehhez a művelethez.",
  "Not found.": "Nem található.",
  'Method "{}" not allowed.': "A(z) „{}” metódus nem engedélyezett.",
  "Could not satisfy the request Accept header.": "A kérés Accept fejléce nem teljesíthető.",
  'Unsupported media type "{}" in request.': "A kérés „{}” médiatípusa nem támogatott.",
  "Malformed request.": "Hibás formátumú kérés.",
  "Request was throttled. Expected available in {} seconds.": "Túl sok kérés, próbálja újra {} másodperc múlva.",
  "This field is required.": "A mező kitöltése kötelező.",
  "This field may not be null.": "A mező értéke nem lehet null.",
  "This field may not be blank.": "A mező nem maradhat üresen.",
  "Invalid data. Expected a dictionary, but got {}.": "Érvénytelen adatok. A várt típus szótár, a kapott {}.",
  "Null characters are not allowed.": "A null karakterek nem engedélyezettek.",
  "“{}” is not a valid UUID.": "A(z) „{}” nem érvényes UUID.",
};
