// DRF's own texts in Vietnamese: English to translation. What DRF or Simple JWT leave in English is not here.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Vietnamese. */
export const vi: Readonly<Record<string, string>> = {
  "You do not have permission to perform this action.": "Bạn không có quyền thực hiện hành động này.",
  "Not found.": "Không tìm thấy.",
  'Method "{}" not allowed.': "Phương thức “{}” không được phép.",
  "This field is required.": "Trường này là bắt buộc.",
  "This field may not be blank.": "Trường này không được để trống.",
};
