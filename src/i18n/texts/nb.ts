// DRF's own texts in Norwegian (Bokmål): English to translation. What DRF or Simple JWT leave in English is not here.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Norwegian (Bokmål). */
export const nb: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Påloggingsopplysninger ble ikke oppgitt.",
  "You do not have permission to perform this action.": "Du har ikke tillatelse til å utføre denne handlingen.",
  "Not found.": "Ikke funnet.",
  'Method "{}" not allowed.': "Metoden «{}» er ikke tillatt.",
  "Could not satisfy the request Accept header.": "Forespørselens Accept-header kan ikke oppfylles.",
  'Unsupported media type "{}" in request.': "Forespørselens medietype «{}» støttes ikke.",
  "Malformed request.": "Forespørselen er feil utformet.",
  "Request was throttled. Expected available in {} seconds.": "For mange forespørsler, prøv igjen om {} sekunder.",
  "This field is required.": "Feltet er påkrevd.",
  "This field may not be null.": "Feltet kan ikke være null.",
  "This field may not be blank.": "Feltet kan ikke være tomt.",
  "Invalid data. Expected a dictionary, but got {}.": "Ugyldige data. Det var ventet en ordbok, men mottatt {}.",
  "Null characters are not allowed.": "Nulltegn er ikke tillatt.",
  "“{}” is not a valid UUID.": "«{}» er ikke en gyldig UUID.",
};
