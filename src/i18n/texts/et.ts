// DRF's own texts in Estonian: English to translation. What DRF or Simple JWT leave in English is not here.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Estonian. */
export const et: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Autentimisandmeid ei esitatud.",
  "You do not have permission to perform this action.": "Teil ei ole õigust seda toimingut teha.",
  "Not found.": "Ei leitud.",
  'Method "{}" not allowed.': "Meetod „{}“ ei ole lubatud.",
  "Could not satisfy the request Accept header.": "Päringu Accept-päist ei saa täita.",
  'Unsupported media type "{}" in request.': "Päringu meediatüüpi „{}“ ei toetata.",
  "Malformed request.": "Päring on vigase kujuga.",
  "Request was throttled. Expected available in {} seconds.":
    "Liiga palju päringuid, proovige uuesti {} sekundi pärast.",
  "This field is required.": "See väli on kohustuslik.",
  "This field may not be null.": "See väli ei tohi olla null.",
  "This field may not be blank.": "See väli ei tohi jääda tühjaks.",
  "Invalid data. Expected a dictionary, but got {}.": "Vigased andmed. Oodati sõnastikku, kuid saadi {}.",
  "Null characters are not allowed.": "Nullmärgid ei ole lubatud.",
  "“{}” is not a valid UUID.": "„{}“ ei ole korrektne UUID.",
};
