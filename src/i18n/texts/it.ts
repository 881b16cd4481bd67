// The texts of refusals in Italian: English to translation.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Italian. */
export const it: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Non sono state fornite credenziali di autenticazione.",
  "Authorization header must contain two space-delimited values":
    "L'intestazione Authorization deve contenere due valori separati da uno spazio",
  "Given token not valid for any token type": "Il token fornito non è valido per alcun tipo di token",
  "Token is invalid": "Il token non è valido",
  "Token is expired": "Il token è scaduto",
  "Token has no '{}' claim": "Il token non contiene il claim «{}»",
  "Token '{}' claim has expired": "Il claim «{}» del token è scaduto",
  "Token has no id": "Il token non ha un identificativo",
  "Token has no type": "Il token non ha un tipo",
  "Token has wrong type": "Il token è di tipo errato",
  "Token is blacklisted": "Il token è nella lista di blocco",
  "Token contained no recognizable user identification":
    "Il token non contiene alcuna identificazione utente riconoscibile",
  "User not found": "Utente non trovato",
  "User is inactive": "L'utente non è attivo",
  "The user's password has been changed.": "La password dell'utente è stata modificata.",
  "No active account found for the given token.": "Nessun account attivo trovato per il token fornito.",
  "No active account found with the given credentials": "Nessun account attivo trovato con le credenziali fornite",
  "You do not have permission to perform this action.":
    "Non si dispone dei permessi necessari per eseguire questa azione.",
  "Not found.": "Non trovato.",
  'Method "{}" not allowed.': "Il metodo «{}» non è consentito.",
  "Could not satisfy the request Accept header.": "Impossibile soddisfare l'intestazione Accept della richiesta.",
  'Unsupported media type "{}" in request.': "Il tipo di contenuto «{}» della richiesta non è supportato.",
  "JSON parse error - {}": "Errore nella lettura del JSON - {}",
  "Malformed request.": "Richiesta malformata.",
  "Request body is too large.": "Il corpo della richiesta è troppo grande.",
  "Service temporarily unavailable, try again later.": "Servizio temporaneamente non disponibile, riprovare più tardi.",
  "Request was throttled. Expected available in {} seconds.": "Troppe richieste, riprovare tra {} secondi.",
  "This field is required.": "Questo campo è obbligatorio.",
  "This field may not be null.": "Questo campo non può essere nullo.",
  "This field may not be blank.": "Questo campo non può essere vuoto.",
  "Not a valid string.": "Non è una stringa valida.",
  "Null characters are not allowed.": "I caratteri nulli non sono ammessi.",
  "Surrogate characters are not allowed: U+{}.": "I caratteri surrogati non sono ammessi: U+{}.",
  "Invalid data. Expected a dictionary, but got {}.":
    "Dati non validi. Era atteso un dizionario, ma è stato ricevuto {}.",
  "No data provided": "Nessun dato fornito",
  "“{}” is not a valid UUID.": "“{}” non è un UUID valido.",
};
