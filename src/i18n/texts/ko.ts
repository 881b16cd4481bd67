// The texts of refusals in Korean: English to translation.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Korean. */
export const ko: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "인증 정보가 제공되지 않았습니다.",
  "Authorization header must contain two space-delimited values":
    "Authorization 헤더에는 공백으로 구분된 두 개의 값이 있어야 합니다",
  "Given token not valid for any token type": "제공된 토큰은 어떤 토큰 유형에도 유효하지 않습니다",
  "Token is invalid": "토큰이 유효하지 않습니다",
  "Token is expired": "토큰이 만료되었습니다",
  "Token has no '{}' claim": "토큰에 '{}' 클레임이 없습니다",
  "Token '{}' claim has expired": "토큰의 '{}' 클레임이 만료되었습니다",
  "Token has no id": "토큰에 식별자가 없습니다",
  "Token has no type": "토큰에 유형이 없습니다",
  "Token has wrong type": "토큰의 유형이 잘못되었습니다",
  "Token is blacklisted": "차단 목록에 있는 토큰입니다",
  "Token contained no recognizable user identification": "토큰에 알아볼 수 있는 사용자 식별 정보가 없습니다",
  "User not found": "사용자를 찾을 수 없습니다",
  "User is inactive": "비활성화된 사용자입니다",
  "The user's password has been changed.": "사용자의 비밀번호가 변경되었습니다.",
  "No active account found for the given token.": "제공된 토큰에 해당하는 활성 계정을 찾을 수 없습니다.",
  "No active account found with the given credentials": "제공된 인증 정보에 해당하는 활성 계정을 찾을 수 없습니다",
  "You do not have permission to perform this action.": "이 작업을 수행할 권한이 없습니다.",
  "Not found.": "찾을 수 없습니다.",
  'Method "{}" not allowed.': '"{}" 메서드는 허용되지 않습니다.',
  "Could not satisfy the request Accept header.": "요청의 Accept 헤더를 충족할 수 없습니다.",
  'Unsupported media type "{}" in request.': '요청의 미디어 유형 "{}"은(는) 지원되지 않습니다.',
  "JSON parse error - {}": "JSON 읽기 오류 - {}",
  "Malformed request.": "요청의 형식이 잘못되었습니다.",
  "Request body is too large.": "요청 본문이 너무 큽니다.",
  "Service temporarily unavailable, try again later.":
    "서비스를 일시적으로 사용할 수 없습니다. 나중에 다시 시도하십시오.",
  "Request was throttled. Expected available in {} seconds.": "요청이 너무 많습니다. {}초 후에 다시 시도하십시오.",
  "This field is required.": "필수 항목입니다.",
  "This field may not be null.": "이 항목은 null일 수 없습니다.",
  "This field may not be blank.": "이 항목은 비워 둘 수 없습니다.",
  "Not a valid string.": "유효한 문자열이 아닙니다.",
  "Null characters are not allowed.": "널 문자는 허용되지 않습니다.",
  "Surrogate characters are not allowed: U+{}.": "서로게이트 문자는 허용되지 않습니다: U+{}.",
  "Invalid data. Expected a dictionary, but got {}.": "잘못된 데이터입니다. 사전이 필요하지만 {}을(를) 받았습니다.",
  "No data provided": "제공된 데이터가 없습니다",
  "“{}” is not a valid UUID.": "“{}”은(는) 올바른 UUID가 아닙니다.",
};
