// The texts of refusals in Argentinian Spanish, where it differs from Spanish: English to translation.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.
import { es } from "./es.ts";

/** English text to Argentinian Spanish. */
export const esAr: Readonly<Record<string, string>> = {
  ...es,
  "Authentication credentials were not provided.": "No se proporcionaron credenciales de autenticación.",
  "Authorization header must contain two space-delimited values":
    "El encabezado Authorization debe contener dos valores separados por un espacio",
  "Token is expired": "El token expiró",
  "Token '{}' claim has expired": "El claim «{}» del token expiró",
  "User not found": "No se encontró el usuario",
  "The user's password has been changed.": "La contraseña del usuario fue modificada.",
  "No active account found for the given token.": "No se encontró ninguna cuenta activa para este token.",
  "No active account found with the given credentials": "No se encontró ninguna cuenta activa con estas credenciales",
  "You do not have permission to perform this action.": "No tiene permiso para realizar esta acción.",
  "Could not satisfy the request Accept header.": "No se puede satisfacer el encabezado Accept de la solicitud.",
  'Unsupported media type "{}" in request.': "El tipo de medio «{}» de la solicitud no es compatible.",
  "Malformed request.": "Solicitud mal formada.",
  "Request body is too large.": "El cuerpo de la solicitud es demasiado grande.",
  "Service temporarily unavailable, try again later.":
    "Servicio no disponible por el momento; intente nuevamente más tarde.",
  "Request was throttled. Expected available in {} seconds.":
    "Demasiadas peticiones; intente nuevamente en {} segundos.",
  "Invalid data. Expected a dictionary, but got {}.":
    "Datos no válidos. Se esperaba un diccionario, pero se recibió {}.",
  "No data provided": "No se enviaron datos",
  "“{}” is not a valid UUID.": "“{}” no es un UUID válido.",
};
