// The texts of refusals in Slovenian: English to translation.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Slovenian. */
export const sl: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Podatki za preverjanje pristnosti niso bili navedeni.",
  "Authorization header must contain two space-delimited values":
    "Glava Authorization mora vsebovati dve vrednosti, ločeni s presledkom",
  "Given token not valid for any token type": "Podani žeton ni veljaven za nobeno vrsto žetonov",
  "Token is invalid": "Žeton ni veljaven",
  "Token is expired": "Žeton je potekel",
  "Token has no '{}' claim": "Žeton nima polja »{}«",
  "Token '{}' claim has expired": "Polje »{}« v žetonu je poteklo",
  "Token has no id": "Žeton nima identifikatorja",
  "Token has no type": "Žeton nima vrste",
  "Token has wrong type": "Žeton je napačne vrste",
  "Token is blacklisted": "Žeton je na seznamu blokiranih",
  "Token contained no recognizable user identification": "Žeton ne vsebuje prepoznavne oznake uporabnika",
  "User not found": "Uporabnika ni mogoče najti",
  "User is inactive": "Uporabnik ni dejaven",
  "The user's password has been changed.": "Geslo uporabnika je bilo spremenjeno.",
  "No active account found for the given token.": "Za podani žeton ni bilo mogoče najti dejavnega računa.",
  "No active account found with the given credentials":
    "S podanimi poverilnicami ni bilo mogoče najti dejavnega računa",
  "You do not have permission to perform this action.": "Za to dejanje ni ustreznega dovoljenja.",
  "Not found.": "Ni najdeno.",
  'Method "{}" not allowed.': "Metoda »{}« ni dovoljena.",
  "Could not satisfy the request Accept header.": "Glavi Accept v zahtevi ni mogoče ugoditi.",
  'Unsupported media type "{}" in request.': "Vrsta vsebine »{}« v zahtevi ni podprta.",
  "JSON parse error - {}": "Napaka pri branju JSON - {}",
  "Malformed request.": "Nepravilno oblikovana zahteva.",
  "Request body is too large.": "Telo zahteve je preveliko.",
  "Service temporarily unavailable, try again later.": "Storitev začasno ni na voljo, poskusite znova pozneje.",
  "Request was throttled. Expected available in {} seconds.": "Preveč zahtev, poskusite znova čez {} s.",
  "This field is required.": "To polje je obvezno.",
  "This field may not be null.": "To polje ne sme imeti vrednosti null.",
  "This field may not be blank.": "To polje ne sme biti prazno.",
  "Not a valid string.": "Ni veljaven niz znakov.",
  "Null characters are not allowed.": "Ničelni znaki niso dovoljeni.",
  "Surrogate characters are not allowed: U+{}.": "Nadomestni znaki (surrogates) niso dovoljeni: U+{}.",
  "Invalid data. Expected a dictionary, but got {}.":
    "Neveljavni podatki. Pričakovan je bil slovar, prejeto pa je bilo {}.",
  "No data provided": "Podatki niso bili poslani",
  "“{}” is not a valid UUID.": "»{}« ni veljaven UUID.",
};
