// The texts of refusals in French: English to translation.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to French. */
export const fr: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Aucune information d'authentification n'a été fournie.",
  "Authorization header must contain two space-delimited values":
    "L'en-tête Authorization doit contenir deux valeurs séparées par une espace",
  "Given token not valid for any token type": "Le jeton fourni n'est valable pour aucun type de jeton",
  "Token is invalid": "Le jeton n'est pas valide",
  "Token is expired": "Le jeton a expiré",
  "Token has no '{}' claim": "Le jeton n'a pas de revendication « {} »",
  "Token '{}' claim has expired": "La revendication « {} » du jeton a expiré",
  "Token has no id": "Le jeton n'a pas d'identifiant",
  "Token has no type": "Le jeton n'a pas de type",
  "Token has wrong type": "Le jeton n'est pas du bon type",
  "Token is blacklisted": "Le jeton figure sur la liste noire",
  "Token contained no recognizable user identification":
    "Le jeton ne contient aucune identification d'utilisateur reconnaissable",
  "User not found": "Utilisateur introuvable",
  "User is inactive": "L'utilisateur est inactif",
  "The user's password has been changed.": "Le mot de passe de l'utilisateur a été modifié.",
  "No active account found for the given token.": "Aucun compte actif ne correspond à ce jeton.",
  "No active account found with the given credentials": "Aucun compte actif ne correspond aux identifiants fournis",
  "You do not have permission to perform this action.": "Les droits nécessaires à cette action font défaut.",
  "Not found.": "Introuvable.",
  'Method "{}" not allowed.': "La méthode « {} » n'est pas autorisée.",
  "Could not satisfy the request Accept header.": "L'en-tête Accept de la requête ne peut pas être satisfait.",
  'Unsupported media type "{}" in request.': "Le type de média « {} » de la requête n'est pas pris en charge.",
  "JSON parse error - {}": "Erreur de lecture du JSON - {}",
  "Malformed request.": "Requête mal formée.",
  "Request body is too large.": "Le corps de la requête est trop volumineux.",
  "Service temporarily unavailable, try again later.":
    "Service temporairement indisponible, veuillez réessayer plus tard.",
  "Request was throttled. Expected available in {} seconds.": "Trop de requêtes, veuillez réessayer dans {} secondes.",
  "This field is required.": "Ce champ est requis.",
  "This field may not be null.": "Ce champ ne doit pas être nul.",
  "This field may not be blank.": "Ce champ ne doit pas être vide.",
  "Not a valid string.": "Ce n'est pas une chaîne de caractères valide.",
  "Null characters are not allowed.": "Les caractères nuls sont interdits.",
  "Surrogate characters are not allowed: U+{}.": "Les caractères de substitution (surrogates) sont interdits : U+{}.",
  "Invalid data. Expected a dictionary, but got {}.":
    "Données non valides. Un dictionnaire était attendu, mais {} a été reçu.",
  "No data provided": "Aucune donnée fournie",
  "“{}” is not a valid UUID.": "« {} » n'est pas un UUID valide.",
};
