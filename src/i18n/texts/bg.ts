// DRF's own texts in Bulgarian: English to translation. What DRF or Simple JWT leave in English is not here.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Bulgarian. */
export const bg: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Не са предоставени данни за удостоверяване.",
  "You do not have permission to perform this action.": "Нямате право да извършите това действие.",
  "Not found.": "Не е намерено.",
  'Method "{}" not allowed.': "Методът „{}“ не е разрешен.",
  "Could not satisfy the request Accept header.": "Заглавката Accept на заявката не може да бъде удовлетворена.",
  'Unsupported media type "{}" in request.': "Типът съдържание „{}“ на заявката не се поддържа.",
  "Malformed request.": "Заявката е с неправилен формат.",
  "Request was throttled. Expected available in {} seconds.": "Твърде много заявки, опитайте отново след {} секунди.",
  "This field is required.": "Полето е задължително.",
  "This field may not be null.": "Полето не може да бъде null.",
  "This field may not be blank.": "Полето не може да бъде празно.",
  "Invalid data. Expected a dictionary, but got {}.": "Невалидни данни. Очаква се речник, а е получено {}.",
};
