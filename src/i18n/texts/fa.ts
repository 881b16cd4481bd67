// The texts of refusals in Persian: English to translation.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Persian. */
export const fa: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "اطلاعات احراز هویت ارائه نشده است.",
  "Authorization header must contain two space-delimited values":
    "سرآیند Authorization باید شامل دو مقدار جداشده با فاصله باشد",
  "Given token not valid for any token type": "توکن داده‌شده برای هیچ نوع توکنی معتبر نیست",
  "Token is invalid": "توکن نامعتبر است",
  "Token is expired": "توکن منقضی شده است",
  "Token has no '{}' claim": "توکن فیلد '{}' را ندارد",
  "Token '{}' claim has expired": "فیلد '{}' توکن منقضی شده است",
  "Token has no id": "توکن شناسه ندارد",
  "Token has no type": "توکن نوع ندارد",
  "Token has wrong type": "نوع توکن نادرست است",
  "Token is blacklisted": "توکن در فهرست مسدودشده‌ها است",
  "Token contained no recognizable user identification": "توکن شناسهٔ کاربری قابل تشخیصی ندارد",
  "User not found": "کاربر یافت نشد",
  "User is inactive": "کاربر غیرفعال است",
  "The user's password has been changed.": "گذرواژهٔ کاربر تغییر کرده است.",
  "No active account found for the given token.": "برای توکن داده‌شده حساب فعالی یافت نشد.",
  "No active account found with the given credentials": "با اطلاعات داده‌شده حساب فعالی یافت نشد",
  "You do not have permission to perform this action.": "اجازهٔ انجام این کار وجود ندارد.",
  "Not found.": "یافت نشد.",
  'Method "{}" not allowed.': 'متد "{}" مجاز نیست.',
  "Could not satisfy the request Accept header.": "برآوردن سرآیند Accept درخواست ممکن نیست.",
  'Unsupported media type "{}" in request.': 'نوع رسانهٔ "{}" در درخواست پشتیبانی نمی‌شود.',
  "JSON parse error - {}": "خطا در خواندن JSON - {}",
  "Malformed request.": "ساختار درخواست نادرست است.",
  "Request body is too large.": "بدنهٔ درخواست بیش از حد بزرگ است.",
  "Service temporarily unavailable, try again later.": "سرویس موقتاً در دسترس نیست، لطفاً بعداً دوباره تلاش کنید.",
  "Request was throttled. Expected available in {} seconds.":
    "شمار درخواست‌ها بیش از اندازه است؛ {} ثانیهٔ دیگر دوباره تلاش کنید.",
  "This field is required.": "این فیلد الزامی است.",
  "This field may not be null.": "این فیلد نمی‌تواند null باشد.",
  "This field may not be blank.": "این فیلد نمی‌تواند خالی باشد.",
  "Not a valid string.": "رشتهٔ معتبری نیست.",
  "Null characters are not allowed.": "نویسه‌های تهی (null) مجاز نیستند.",
  "Surrogate characters are not allowed: U+{}.": "نویسه‌های جانشین (surrogate) مجاز نیستند: U+{}.",
  "Invalid data. Expected a dictionary, but got {}.": "داده نامعتبر است. دیکشنری انتظار می‌رفت، اما {} دریافت شد.",
  "No data provided": "داده‌ای ارسال نشده است",
  "“{}” is not a valid UUID.": "«{}» یک UUID معتبر نیست.",
};
