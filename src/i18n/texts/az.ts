// The texts of refusals in Azerbaijani: English to translation.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Azerbaijani. */
export const az: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Autentifikasiya məlumatları təqdim edilməyib.",
  "Authorization header must contain two space-delimited values":
    "Authorization başlığı boşluqla ayrılmış iki dəyərdən ibarət olmalıdır",
  "Given token not valid for any token type": "Verilmiş token heç bir token növü üçün etibarlı deyil",
  "Token is invalid": "Token etibarsızdır",
  "Token is expired": "Tokenin müddəti bitib",
  "Token has no '{}' claim": "Tokendə '{}' sahəsi yoxdur",
  "Token '{}' claim has expired": "Tokendəki '{}' sahəsinin müddəti bitib",
  "Token has no id": "Tokenin identifikatoru yoxdur",
  "Token has no type": "Tokenin növü yoxdur",
  "Token has wrong type": "Tokenin növü yanlışdır",
  "Token is blacklisted": "Token qara siyahıdadır",
  "Token contained no recognizable user identification": "Tokendə tanına bilən istifadəçi məlumatı yoxdur",
  "User not found": "İstifadəçi tapılmadı",
  "User is inactive": "İstifadəçi aktiv deyil",
  "The user's password has been changed.": "İstifadəçinin şifrəsi dəyişdirilib.",
  "No active account found for the given token.": "Verilmiş token üzrə aktiv hesab tapılmadı.",
  "No active account found with the given credentials": "Verilmiş giriş məlumatları ilə aktiv hesab tapılmadı",
  "You do not have permission to perform this action.": "Bu əməliyyat üçün icazə yoxdur.",
  "Not found.": "Tapılmadı.",
  'Method "{}" not allowed.': '"{}" metoduna icazə verilmir.',
  "Could not satisfy the request Accept header.": "Sorğunun Accept başlığını təmin etmək mümkün olmadı.",
  'Unsupported media type "{}" in request.': 'Sorğudakı "{}" media növü dəstəklənmir.',
  "JSON parse error - {}": "JSON oxunarkən xəta - {}",
  "Malformed request.": "Yanlış qurulmuş sorğu.",
  "Request body is too large.": "Sorğunun məzmunu həddən artıq böyükdür.",
  "Service temporarily unavailable, try again later.":
    "Xidmət müvəqqəti əlçatan deyil, bir az sonra yenidən cəhd edin.",
  "Request was throttled. Expected available in {} seconds.":
    "Sorğular həddən çoxdur, {} saniyədən sonra yenidən cəhd edin.",
  "This field is required.": "Bu sahə mütləqdir.",
  "This field may not be null.": "Bu sahə null ola bilməz.",
  "This field may not be blank.": "Bu sahə boş ola bilməz.",
  "Not a valid string.": "Yararlı mətn deyil.",
  "Null characters are not allowed.": "Null simvollara icazə verilmir.",
  "Surrogate characters are not allowed: U+{}.": "Surroqat simvollara icazə verilmir: U+{}.",
  "Invalid data. Expected a dictionary, but got {}.": "Yanlış məlumat. Lüğət gözlənilirdi, {} alındı.",
  "No data provided": "Heç bir məlumat göndərilməyib",
  "“{}” is not a valid UUID.": "“{}” etibarlı UUID deyil.",
};
