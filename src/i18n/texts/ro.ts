// The texts of refusals in Romanian: English to translation.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Romanian. */
export const ro: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Nu au fost furnizate date de autentificare.",
  "Authorization header must contain two space-delimited values":
    "Antetul Authorization trebuie să conțină două valori separate printr-un spațiu",
  "Given token not valid for any token type": "Tokenul furnizat nu este valabil pentru niciun tip de token",
  "Token is invalid": "Tokenul nu este valid",
  "Token is expired": "Tokenul a expirat",
  "Token has no '{}' claim": "Tokenul nu conține câmpul „{}”",
  "Token '{}' claim has expired": "Câmpul „{}” al tokenului a expirat",
  "Token has no id": "Tokenul nu are identificator",
  "Token has no type": "Tokenul nu are tip",
  "Token has wrong type": "Tokenul este de un tip greșit",
  "Token is blacklisted": "Tokenul se află pe lista de blocare",
  "Token contained no recognizable user identification":
    "Tokenul nu conține nicio identificare recognoscibilă a utilizatorului",
  "User not found": "Utilizatorul nu a fost găsit",
  "User is inactive": "Utilizatorul este inactiv",
  "The user's password has been changed.": "Parola utilizatorului a fost schimbată.",
  "No active account found for the given token.": "Nu s-a găsit niciun cont activ pentru tokenul furnizat.",
  "No active account found with the given credentials":
    "Nu s-a găsit niciun cont activ cu datele de autentificare furnizate",
  "You do not have permission to perform this action.": "Lipsește permisiunea de a efectua această acțiune.",
  "Not found.": "Nu a fost găsit.",
  'Method "{}" not allowed.': "Metoda „{}” nu este permisă.",
  "Could not satisfy the request Accept header.": "Antetul Accept al cererii nu poate fi satisfăcut.",
  'Unsupported media type "{}" in request.': "Tipul media „{}” din cerere nu este acceptat.",
  "JSON parse error - {}": "Eroare la citirea JSON - {}",
  "Malformed request.": "Cerere formată greșit.",
  "Request body is too large.": "Corpul cererii este prea mare.",
  "Service temporarily unavailable, try again later.":
    "Serviciul este temporar indisponibil, încercați din nou mai târziu.",
  "Request was throttled. Expected available in {} seconds.": "Prea multe cereri, încercați din nou peste {} s.",
  "This field is required.": "Acest câmp este obligatoriu.",
  "This field may not be null.": "Acest câmp nu poate fi nul.",
  "This field may not be blank.": "Acest câmp nu poate fi gol.",
  "Not a valid string.": "Nu este un șir de caractere valid.",
  "Null characters are not allowed.": "Caracterele nule nu sunt permise.",
  "Surrogate characters are not allowed: U+{}.": "Caracterele surogat nu sunt permise: U+{}.",
  "Invalid data. Expected a dictionary, but got {}.": "Date nevalide. Se aștepta un dicționar, dar s-a primit {}.",
  "No data provided": "Nu s-au furnizat date",
  "“{}” is not a valid UUID.": "„{}” nu este un UUID valid.",
};
