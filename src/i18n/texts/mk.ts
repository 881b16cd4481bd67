// DRF's own texts in Macedonian: English to translation. What DRF or Simple JWT leave in English is not here.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Macedonian. */
export const mk: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Не се доставени податоци за автентикација.",
  "You do not have permission to perform this action.": "Немате дозвола за ова дејство.",
  "Not found.": "Не е пронајдено.",
  'Method "{}" not allowed.': "Методот „{}“ не е дозволен.",
  "Could not satisfy the request Accept header.": "Заглавието Accept на барањето не може да се исполни.",
  'Unsupported media type "{}" in request.': "Типот на содржина „{}“ во барањето не е поддржан.",
  "Malformed request.": "Барањето е неправилно составено.",
  "Request was throttled. Expected available in {} seconds.": "Премногу барања, обидете се повторно по {} секунди.",
  "This field is required.": "Ова поле е задолжително.",
  "This field may not be null.": "Ова поле не смее да биде null.",
  "This field may not be blank.": "Ова поле не смее да биде празно.",
  "Invalid data. Expected a dictionary, but got {}.": "Невалидни податоци. Се очекуваше речник, а е добиено {}.",
  "Null characters are not allowed.": "Нулти знаци не се дозволени.",
};
