// DRF's own texts in Portuguese: English to translation. What DRF or Simple JWT leave in English is not here.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Portuguese. */
export const pt: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Não foram fornecidas credenciais de autenticação.",
  "You do not have permission to perform this action.": "Não tem permissão para executar esta ação.",
  "Not found.": "Não encontrado.",
  'Method "{}" not allowed.': "O método «{}» não é permitido.",
  "Could not satisfy the request Accept header.": "Não é possível satisfazer o cabeçalho Accept do pedido.",
  'Unsupported media type "{}" in request.': "O tipo de conteúdo «{}» do pedido não é suportado.",
  "Malformed request.": "O pedido está mal formado.",
  "Request was throttled. Expected available in {} seconds.":
    "Demasiados pedidos; tente novamente dentro de {} segundos.",
  "This field is required.": "Este campo é obrigatório.",
  "This field may not be null.": "Este campo não pode ser null.",
  "This field may not be blank.": "Este campo não pode ficar em branco.",
  "Invalid data. Expected a dictionary, but got {}.":
    "Dados inválidos. Era esperado um dicionário, mas foi recebido {}.",
  "Null characters are not allowed.": "Não são permitidos caracteres nulos.",
};
