// The texts of refusals in Dutch: English to translation.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Dutch. */
export const nl: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Er zijn geen aanmeldgegevens meegestuurd.",
  "Authorization header must contain two space-delimited values":
    "De Authorization-header moet bestaan uit twee waarden, gescheiden door een spatie",
  "Given token not valid for any token type": "Het opgegeven token is voor geen enkel tokentype geldig",
  "Token is invalid": "Het token is ongeldig",
  "Token is expired": "Het token is verlopen",
  "Token has no '{}' claim": "Het token bevat geen claim '{}'",
  "Token '{}' claim has expired": "De claim '{}' van het token is verlopen",
  "Token has no id": "Het token heeft geen id",
  "Token has no type": "Het token heeft geen type",
  "Token has wrong type": "Het token heeft het verkeerde type",
  "Token is blacklisted": "Het token staat op de blokkeerlijst",
  "Token contained no recognizable user identification": "Het token bevat geen herkenbare gebruikersidentificatie",
  "User not found": "Gebruiker niet gevonden",
  "User is inactive": "De gebruiker is niet actief",
  "The user's password has been changed.": "Het wachtwoord van de gebruiker is gewijzigd.",
  "No active account found for the given token.": "Bij het opgegeven token is geen actief account gevonden.",
  "No active account found with the given credentials": "Met de opgegeven gegevens is geen actief account gevonden",
  "You do not have permission to perform this action.": "Er is geen toestemming om deze actie uit te voeren.",
  "Not found.": "Niet gevonden.",
  'Method "{}" not allowed.': 'De methode "{}" is niet toegestaan.',
  "Could not satisfy the request Accept header.": "Aan de Accept-header van het verzoek kan niet worden voldaan.",
  'Unsupported media type "{}" in request.': 'Het mediatype "{}" van het verzoek wordt niet ondersteund.',
  "JSON parse error - {}": "Fout bij het lezen van de JSON - {}",
  "Malformed request.": "Onjuist opgebouwd verzoek.",
  "Request body is too large.": "De inhoud van het verzoek is te groot.",
  "Service temporarily unavailable, try again later.":
    "De dienst is tijdelijk niet beschikbaar, probeer het later opnieuw.",
  "Request was throttled. Expected available in {} seconds.":
    "Te veel verzoeken, probeer het over {} seconden opnieuw.",
  "This field is required.": "Dit veld is verplicht.",
  "This field may not be null.": "Dit veld mag niet null zijn.",
  "This field may not be blank.": "Dit veld mag niet leeg zijn.",
  "Not a valid string.": "Geen geldige tekenreeks.",
  "Null characters are not allowed.": "Nultekens zijn niet toegestaan.",
  "Surrogate characters are not allowed: U+{}.": "Surrogaattekens zijn niet toegestaan: U+{}.",
  "Invalid data. Expected a dictionary, but got {}.":
    "Ongeldige gegevens. Verwacht werd een dictionary, maar ontvangen werd {}.",
  "No data provided": "Geen gegevens meegestuurd",
  "“{}” is not a valid UUID.": "‘{}’ is geen geldige UUID.",
};
