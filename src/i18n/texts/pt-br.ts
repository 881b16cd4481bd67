// The texts of refusals in Brazilian Portuguese: English to translation.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Brazilian Portuguese. */
export const ptBr: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Nenhuma credencial de autenticação foi informada.",
  "Authorization header must contain two space-delimited values":
    "O cabeçalho Authorization deve conter dois valores separados por um espaço",
  "Given token not valid for any token type": "O token informado não é válido para nenhum tipo de token",
  "Token is invalid": "O token é inválido",
  "Token is expired": "O token expirou",
  "Token has no '{}' claim": "O token não possui a claim “{}”",
  "Token '{}' claim has expired": "A claim “{}” do token expirou",
  "Token has no id": "O token não possui identificador",
  "Token has no type": "O token não possui tipo",
  "Token has wrong type": "O tipo do token está incorreto",
  "Token is blacklisted": "O token está na lista de bloqueio",
  "Token contained no recognizable user identification":
    "O token não contém nenhuma identificação de usuário reconhecível",
  "User not found": "Usuário não encontrado",
  "User is inactive": "O usuário está inativo",
  "The user's password has been changed.": "A senha do usuário foi alterada.",
  "No active account found for the given token.": "Nenhuma conta ativa foi encontrada para o token informado.",
  "No active account found with the given credentials":
    "Nenhuma conta ativa foi encontrada com as credenciais informadas",
  "You do not have permission to perform this action.": "Não há permissão para executar esta ação.",
  "Not found.": "Não encontrado.",
  'Method "{}" not allowed.': "O método “{}” não é permitido.",
  "Could not satisfy the request Accept header.": "Não foi possível atender ao cabeçalho Accept da requisição.",
  'Unsupported media type "{}" in request.': "O tipo de mídia “{}” da requisição não é suportado.",
  "JSON parse error - {}": "Erro ao ler o JSON - {}",
  "Malformed request.": "Requisição malformada.",
  "Request body is too large.": "O corpo da requisição é grande demais.",
  "Service temporarily unavailable, try again later.":
    "Serviço temporariamente indisponível, tente novamente mais tarde.",
  "Request was throttled. Expected available in {} seconds.": "Requisições demais, tente novamente em {} segundos.",
  "This field is required.": "Este campo é obrigatório.",
  "This field may not be null.": "Este campo não pode ser nulo.",
  "This field may not be blank.": "Este campo não pode ficar em branco.",
  "Not a valid string.": "Não é um texto válido.",
  "Null characters are not allowed.": "Caracteres nulos não são permitidos.",
  "Surrogate characters are not allowed: U+{}.": "Caracteres substitutos (surrogates) não são permitidos: U+{}.",
  "Invalid data. Expected a dictionary, but got {}.":
    "Dados inválidos. Era esperado um dicionário, mas foi recebido {}.",
  "No data provided": "Nenhum dado foi enviado",
  "“{}” is not a valid UUID.": "“{}” não é um UUID válido.",
};
