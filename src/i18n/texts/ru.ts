// The texts of refusals in Russian: English to translation.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Russian. */
export const ru: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Данные для аутентификации не предоставлены.",
  "Authorization header must contain two space-delimited values":
    "Заголовок Authorization должен содержать два значения, разделённых пробелом",
  "Given token not valid for any token type": "Переданный токен не подходит ни для одного типа токенов",
  "Token is invalid": "Токен недействителен",
  "Token is expired": "Срок действия токена истёк",
  "Token has no '{}' claim": "В токене нет поля «{}»",
  "Token '{}' claim has expired": "Срок, указанный в поле «{}» токена, истёк",
  "Token has no id": "У токена нет идентификатора",
  "Token has no type": "У токена нет типа",
  "Token has wrong type": "У токена неверный тип",
  "Token is blacklisted": "Токен находится в списке заблокированных",
  "Token contained no recognizable user identification":
    "Токен не содержит распознаваемого идентификатора пользователя",
  "User not found": "Пользователь не найден",
  "User is inactive": "Пользователь неактивен",
  "The user's password has been changed.": "Пароль пользователя был изменён.",
  "No active account found for the given token.": "Для переданного токена не найдено активной учётной записи.",
  "No active account found with the given credentials": "Активная учётная запись с указанными данными не найдена",
  "You do not have permission to perform this action.": "Недостаточно прав для выполнения этого действия.",
  "Not found.": "Не найдено.",
  'Method "{}" not allowed.': "Метод «{}» не разрешён.",
  "Could not satisfy the request Accept header.": "Невозможно выполнить требования заголовка Accept запроса.",
  'Unsupported media type "{}" in request.': "Тип содержимого «{}» в запросе не поддерживается.",
  "JSON parse error - {}": "Ошибка разбора JSON - {}",
  "Malformed request.": "Некорректный запрос.",
  "Request body is too large.": "Тело запроса слишком велико.",
  "Service temporarily unavailable, try again later.": "Сервис временно недоступен, повторите попытку позже.",
  "Request was throttled. Expected available in {} seconds.": "Слишком много запросов, повторите попытку через {} с.",
  "This field is required.": "Это поле обязательно.",
  "This field may not be null.": "Это поле не может иметь значение null.",
  "This field may not be blank.": "Это поле не может быть пустым.",
  "Not a valid string.": "Недопустимая строка.",
  "Null characters are not allowed.": "Нулевые символы не допускаются.",
  "Surrogate characters are not allowed: U+{}.": "Суррогатные символы не допускаются: U+{}.",
  "Invalid data. Expected a dictionary, but got {}.": "Недопустимые данные. Ожидался словарь, получено: {}.",
  "No data provided": "Данные не переданы",
  "“{}” is not a valid UUID.": "«{}» не является допустимым UUID.",
};
