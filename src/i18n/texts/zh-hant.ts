// DRF's own texts in Traditional Chinese: English to translation. What DRF or Simple JWT leave in English is not here.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Traditional Chinese. */
export const zhHant: Readonly<Record<string, string>> = {
  "You do not have permission to perform this action.": "您沒有執行此操作的權限。",
  "Not found.": "找不到。",
  'Method "{}" not allowed.': "不允許使用方法「{}」。",
  "This field is required.": "此欄位為必填。",
  "This field may not be null.": "此欄位不可為 null。",
  "This field may not be blank.": "此欄位不可空白。",
  "Invalid data. Expected a dictionary, but got {}.": "資料無效。應為字典，但收到 {}。",
  "Null characters are not allowed.": "不允許空字元。",
};
