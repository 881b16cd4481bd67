// The texts of refusals in Arabic: English to translation.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Arabic. */
export const ar: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "لم تُقدَّم بيانات المصادقة.",
  "Authorization header must contain two space-delimited values":
    "يجب أن تحتوي ترويسة Authorization على قيمتين تفصل بينهما مسافة",
  "Given token not valid for any token type": "الرمز المُقدَّم غير صالح لأي نوع من أنواع الرموز",
  "Token is invalid": "الرمز غير صالح",
  "Token is expired": "انتهت صلاحية الرمز",
  "Token has no '{}' claim": "لا يحتوي الرمز على الحقل '{}'",
  "Token '{}' claim has expired": "انتهت صلاحية الحقل '{}' في الرمز",
  "Token has no id": "ليس للرمز معرّف",
  "Token has no type": "ليس للرمز نوع",
  "Token has wrong type": "نوع الرمز غير صحيح",
  "Token is blacklisted": "الرمز مُدرَج في قائمة الحظر",
  "Token contained no recognizable user identification": "لا يحتوي الرمز على تعريف معروف للمستخدم",
  "User not found": "المستخدم غير موجود",
  "User is inactive": "المستخدم غير نشط",
  "The user's password has been changed.": "تم تغيير كلمة مرور المستخدم.",
  "No active account found for the given token.": "لم يُعثر على حساب نشط للرمز المُقدَّم.",
  "No active account found with the given credentials": "لم يُعثر على حساب نشط بالبيانات المُقدَّمة",
  "You do not have permission to perform this action.": "لا توجد صلاحية لتنفيذ هذا الإجراء.",
  "Not found.": "غير موجود.",
  'Method "{}" not allowed.': 'الطريقة "{}" غير مسموح بها.',
  "Could not satisfy the request Accept header.": "تعذّرت تلبية ترويسة Accept في الطلب.",
  'Unsupported media type "{}" in request.': 'نوع الوسائط "{}" في الطلب غير مدعوم.',
  "JSON parse error - {}": "خطأ في قراءة JSON - {}",
  "Malformed request.": "الطلب غير صحيح التكوين.",
  "Request body is too large.": "محتوى الطلب كبير جدًا.",
  "Service temporarily unavailable, try again later.": "الخدمة غير متاحة مؤقتًا، يُرجى المحاولة لاحقًا.",
  "Request was throttled. Expected available in {} seconds.":
    "جرى تقييد عدد الطلبات، ويمكن إعادة المحاولة بعد {} ثانية.",
  "This field is required.": "هذا الحقل مطلوب.",
  "This field may not be null.": "لا يجوز أن تكون قيمة هذا الحقل null.",
  "This field may not be blank.": "لا يجوز أن يكون هذا الحقل فارغًا.",
  "Not a valid string.": "ليس نصًا صالحًا.",
  "Null characters are not allowed.": "المحارف الفارغة (null) غير مسموح بها.",
  "Surrogate characters are not allowed: U+{}.": "المحارف البديلة (surrogates) غير مسموح بها: U+{}.",
  "Invalid data. Expected a dictionary, but got {}.": "بيانات غير صالحة. المتوقع قاموس، لكن الوارد {}.",
  "No data provided": "لم تُرسَل أي بيانات",
  "“{}” is not a valid UUID.": "“{}” ليس معرّف UUID صالحًا.",
};
