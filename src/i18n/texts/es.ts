// The texts of refusals in Spanish: English to translation.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Spanish. */
export const es: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "No se han facilitado credenciales de autenticación.",
  "Authorization header must contain two space-delimited values":
    "La cabecera Authorization debe contener dos valores separados por un espacio",
  "Given token not valid for any token type": "El token indicado no es válido para ningún tipo de token",
  "Token is invalid": "El token no es válido",
  "Token is expired": "El token ha caducado",
  "Token has no '{}' claim": "El token no contiene el claim «{}»",
  "Token '{}' claim has expired": "El claim «{}» del token ha caducado",
  "Token has no id": "El token no tiene identificador",
  "Token has no type": "El token no tiene tipo",
  "Token has wrong type": "El token es de un tipo incorrecto",
  "Token is blacklisted": "El token está en la lista de bloqueo",
  "Token contained no recognizable user identification":
    "El token no contiene ninguna identificación de usuario reconocible",
  "User not found": "No se ha encontrado el usuario",
  "User is inactive": "El usuario está inactivo",
  "The user's password has been changed.": "La contraseña del usuario ha cambiado.",
  "No active account found for the given token.": "No se ha encontrado ninguna cuenta activa para este token.",
  "No active account found with the given credentials":
    "No se ha encontrado ninguna cuenta activa con estas credenciales",
  "You do not have permission to perform this action.": "No se dispone de permiso para realizar esta acción.",
  "Not found.": "No encontrado.",
  'Method "{}" not allowed.': "El método «{}» no está permitido.",
  "Could not satisfy the request Accept header.": "No se puede satisfacer la cabecera Accept de la petición.",
  'Unsupported media type "{}" in request.': "El tipo de medio «{}» de la petición no es compatible.",
  "JSON parse error - {}": "Error al leer el JSON - {}",
  "Malformed request.": "Petición mal formada.",
  "Request body is too large.": "El cuerpo de la petición es demasiado grande.",
  "Service temporarily unavailable, try again later.":
    "Servicio no disponible temporalmente; inténtelo de nuevo más tarde.",
  "Request was throttled. Expected available in {} seconds.":
    "Demasiadas peticiones; inténtelo de nuevo dentro de {} segundos.",
  "This field is required.": "Este campo es obligatorio.",
  "This field may not be null.": "Este campo no puede ser nulo.",
  "This field may not be blank.": "Este campo no puede estar en blanco.",
  "Not a valid string.": "No es una cadena de texto válida.",
  "Null characters are not allowed.": "No se permiten caracteres nulos.",
  "Surrogate characters are not allowed: U+{}.": "No se permiten caracteres sustitutos (surrogates): U+{}.",
  "Invalid data. Expected a dictionary, but got {}.":
    "Datos no válidos. Se esperaba un diccionario, pero se ha recibido {}.",
  "No data provided": "No se han enviado datos",
  "“{}” is not a valid UUID.": "«{}» no es un UUID válido.",
};
