// DRF's own texts in Thai: English to translation. What DRF or Simple JWT leave in English is not here.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Thai. */
export const th: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "ไม่ได้ระบุข้อมูลสำหรับยืนยันตัวตน",
  "You do not have permission to perform this action.": "คุณไม่มีสิทธิ์ดำเนินการนี้",
  "Not found.": "ไม่พบข้อมูล",
  'Method "{}" not allowed.': 'ไม่อนุญาตให้ใช้เมธอด "{}"',
  'Unsupported media type "{}" in request.': 'ไม่รองรับชนิดข้อมูล "{}" ในคำขอ',
  "This field is required.": "จำเป็นต้องระบุฟิลด์นี้",
  "This field may not be null.": "ฟิลด์นี้ต้องไม่เป็น null",
  "This field may not be blank.": "ฟิลด์นี้ต้องไม่เว้นว่าง",
  "Invalid data. Expected a dictionary, but got {}.": "ข้อมูลไม่ถูกต้อง ต้องเป็นดิกชันนารี แต่ได้รับ {}",
};
