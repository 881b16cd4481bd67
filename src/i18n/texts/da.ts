// DRF's own texts in Danish: English to translation. What DRF or Simple JWT leave in English is not here.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Danish. */
export const da: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Der blev ikke angivet loginoplysninger.",
  "You do not have permission to perform this action.": "Du har ikke tilladelse til at udføre denne handling.",
  "Not found.": "Ikke fundet.",
  'Method "{}" not allowed.': 'Metoden "{}" er ikke tilladt.',
  "Could not satisfy the request Accept header.": "Forespørgslens Accept-header kan ikke opfyldes.",
  'Unsupported media type "{}" in request.': 'Forespørgslens medietype "{}" understøttes ikke.',
  "Malformed request.": "Forespørgslen er forkert udformet.",
  "Request was throttled. Expected available in {} seconds.": "For mange forespørgsler, prøv igen om {} sekunder.",
  "This field is required.": "Feltet skal udfyldes.",
  "This field may not be null.": "Feltet må ikke være null.",
  "This field may not be blank.": "Feltet må ikke være tomt.",
  "Invalid data. Expected a dictionary, but got {}.":
    "Ugyldige data. Der blev forventet en dictionary, men modtaget {}.",
  "Null characters are not allowed.": "Nul-tegn er ikke tilladt.",
  "“{}” is not a valid UUID.": "»{}« er ikke et gyldigt UUID.",
};
