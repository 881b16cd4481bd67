// DRF's own texts in Lithuanian: English to translation. What DRF or Simple JWT leave in English is not here.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Lithuanian. */
export const lt: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Nepateikti tapatybės nustatymo duomenys.",
  "Not found.": "Nerasta.",
  'Method "{}" not allowed.': "Metodas „{}“ neleidžiamas.",
  "Could not satisfy the request Accept header.": "Užklausos Accept antraštės patenkinti negalima.",
  'Unsupported media type "{}" in request.': "Užklausos turinio tipas „{}“ nepalaikomas.",
  "Malformed request.": "Užklausa suformuota neteisingai.",
  "Request was throttled. Expected available in {} seconds.": "Per daug užklausų, bandykite dar kartą po {} sekundžių.",
  "This field is required.": "Šis laukas privalomas.",
  "This field may not be null.": "Šis laukas negali būti null.",
  "This field may not be blank.": "Šis laukas negali būti tuščias.",
  "Null characters are not allowed.": "Nuliniai simboliai neleidžiami.",
};
