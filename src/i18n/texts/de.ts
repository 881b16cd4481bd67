// The texts of refusals in German: English to translation.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to German. */
export const de: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Es wurden keine Anmeldedaten übermittelt.",
  "Authorization header must contain two space-delimited values":
    "Der Authorization-Header muss aus zwei durch ein Leerzeichen getrennten Werten bestehen",
  "Given token not valid for any token type": "Das übergebene Token gilt für keinen Token-Typ",
  "Token is invalid": "Das Token ist ungültig",
  "Token is expired": "Das Token ist abgelaufen",
  "Token has no '{}' claim": "Dem Token fehlt der Claim „{}“",
  "Token '{}' claim has expired": "Der Claim „{}“ des Tokens ist abgelaufen",
  "Token has no id": "Das Token hat keine ID",
  "Token has no type": "Das Token hat keinen Typ",
  "Token has wrong type": "Das Token hat den falschen Typ",
  "Token is blacklisted": "Das Token steht auf der Sperrliste",
  "Token contained no recognizable user identification": "Das Token enthält keine erkennbare Benutzerkennung",
  "User not found": "Benutzer nicht gefunden",
  "User is inactive": "Der Benutzer ist inaktiv",
  "The user's password has been changed.": "Das Passwort des Benutzers wurde geändert.",
  "No active account found for the given token.": "Zu diesem Token wurde kein aktives Konto gefunden.",
  "No active account found with the given credentials": "Mit diesen Zugangsdaten wurde kein aktives Konto gefunden",
  "You do not have permission to perform this action.": "Für diese Aktion fehlt die Berechtigung.",
  "Not found.": "Nicht gefunden.",
  'Method "{}" not allowed.': "Die Methode „{}“ ist nicht erlaubt.",
  "Could not satisfy the request Accept header.": "Der Accept-Header der Anfrage kann nicht erfüllt werden.",
  'Unsupported media type "{}" in request.': "Der Medientyp „{}“ der Anfrage wird nicht unterstützt.",
  "JSON parse error - {}": "Fehler beim Lesen des JSON - {}",
  "Malformed request.": "Fehlerhafte Anfrage.",
  "Request body is too large.": "Der Inhalt der Anfrage ist zu groß.",
  "Service temporarily unavailable, try again later.":
    "Der Dienst ist vorübergehend nicht verfügbar, bitte später erneut versuchen.",
  "Request was throttled. Expected available in {} seconds.":
    "Zu viele Anfragen, bitte in {} Sekunden erneut versuchen.",
  "This field is required.": "Dieses Feld ist erforderlich.",
  "This field may not be null.": "Dieses Feld darf nicht null sein.",
  "This field may not be blank.": "Dieses Feld darf nicht leer sein.",
  "Not a valid string.": "Keine gültige Zeichenkette.",
  "Null characters are not allowed.": "Nullzeichen sind nicht erlaubt.",
  "Surrogate characters are not allowed: U+{}.": "Surrogatzeichen sind nicht erlaubt: U+{}.",
  "Invalid data. Expected a dictionary, but got {}.":
    "Ungültige Daten. Erwartet wurde ein Dictionary, erhalten wurde {}.",
  "No data provided": "Keine Daten übermittelt",
  "“{}” is not a valid UUID.": "„{}“ ist keine gültige UUID.",
};
