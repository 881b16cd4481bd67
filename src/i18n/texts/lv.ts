// DRF's own texts in Latvian: English to translation. What DRF or Simple JWT leave in English is not here.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Latvian. */
export const lv: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Nav norādīti autentifikācijas dati.",
  "You do not have permission to perform this action.": "Jums nav atļaujas veikt šo darbību.",
  "Not found.": "Nav atrasts.",
  'Method "{}" not allowed.': "Metode “{}” nav atļauta.",
  "Could not satisfy the request Accept header.": "Pieprasījuma Accept galveni nevar izpildīt.",
  'Unsupported media type "{}" in request.': "Pieprasījuma datu tips “{}” netiek atbalstīts.",
  "Malformed request.": "Pieprasījums ir nepareizi veidots.",
  "Request was throttled. Expected available in {} seconds.":
    "Pārāk daudz pieprasījumu, mēģiniet vēlreiz pēc {} sekundēm.",
  "This field is required.": "Šis lauks ir obligāts.",
  "This field may not be null.": "Šis lauks nedrīkst būt null.",
  "This field may not be blank.": "Šis lauks nedrīkst būt tukšs.",
  "Invalid data. Expected a dictionary, but got {}.": "Nederīgi dati. Tika gaidīta vārdnīca, bet saņemts {}.",
  "Null characters are not allowed.": "Nulles rakstzīmes nav atļautas.",
  "“{}” is not a valid UUID.": "„{}” nav derīgs UUID.",
};
