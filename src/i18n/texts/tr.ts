// The texts of refusals in Turkish: English to translation.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Turkish. */
export const tr: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "Kimlik doğrulama bilgileri sağlanmadı.",
  "Authorization header must contain two space-delimited values":
    "Authorization başlığı boşlukla ayrılmış iki değer içermelidir",
  "Given token not valid for any token type": "Verilen token hiçbir token türü için geçerli değil",
  "Token is invalid": "Token geçersiz",
  "Token is expired": "Token süresi dolmuş",
  "Token has no '{}' claim": "Token içinde '{}' alanı yok",
  "Token '{}' claim has expired": "Token içindeki '{}' alanının süresi dolmuş",
  "Token has no id": "Token kimliği yok",
  "Token has no type": "Token türü yok",
  "Token has wrong type": "Token türü yanlış",
  "Token is blacklisted": "Token engellenenler listesinde",
  "Token contained no recognizable user identification": "Token, tanınabilir bir kullanıcı bilgisi içermiyor",
  "User not found": "Kullanıcı bulunamadı",
  "User is inactive": "Kullanıcı etkin değil",
  "The user's password has been changed.": "Kullanıcının parolası değiştirildi.",
  "No active account found for the given token.": "Verilen token için etkin bir hesap bulunamadı.",
  "No active account found with the given credentials": "Verilen giriş bilgileriyle etkin bir hesap bulunamadı",
  "You do not have permission to perform this action.": "Bu işlem için yetki bulunmuyor.",
  "Not found.": "Bulunamadı.",
  'Method "{}" not allowed.': '"{}" yöntemine izin verilmiyor.',
  "Could not satisfy the request Accept header.": "İsteğin Accept başlığı karşılanamadı.",
  'Unsupported media type "{}" in request.': 'İstekteki "{}" ortam türü desteklenmiyor.',
  "JSON parse error - {}": "JSON okuma hatası - {}",
  "Malformed request.": "Hatalı biçimlendirilmiş istek.",
  "Request body is too large.": "İstek gövdesi çok büyük.",
  "Service temporarily unavailable, try again later.":
    "Hizmet geçici olarak kullanılamıyor, lütfen daha sonra yeniden deneyin.",
  "Request was throttled. Expected available in {} seconds.":
    "Çok fazla istek yapıldı, {} saniye sonra yeniden deneyin.",
  "This field is required.": "Bu alan zorunludur.",
  "This field may not be null.": "Bu alan null olamaz.",
  "This field may not be blank.": "Bu alan boş bırakılamaz.",
  "Not a valid string.": "Geçerli bir metin değil.",
  "Null characters are not allowed.": "Null karakterlere izin verilmiyor.",
  "Surrogate characters are not allowed: U+{}.": "Vekil (surrogate) karakterlere izin verilmiyor: U+{}.",
  "Invalid data. Expected a dictionary, but got {}.": "Geçersiz veri. Sözlük bekleniyordu, {} alındı.",
  "No data provided": "Veri gönderilmedi",
  "“{}” is not a valid UUID.": "“{}” geçerli bir UUID değil.",
};
