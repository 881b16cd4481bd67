// DRF's own texts in Japanese: English to translation. What DRF or Simple JWT leave in English is not here.
// Must never lose a `{}`, nor have a key that is not the English text to the letter.

/** English text to Japanese. */
export const ja: Readonly<Record<string, string>> = {
  "Authentication credentials were not provided.": "認証情報が送信されていません。",
  "You do not have permission to perform this action.": "この操作を行う権限がありません。",
  "Not found.": "見つかりません。",
  'Method "{}" not allowed.': "メソッド「{}」は許可されていません。",
  "Could not satisfy the request Accept header.": "リクエストの Accept ヘッダーを満たせません。",
  'Unsupported media type "{}" in request.': "リクエストのメディアタイプ「{}」には対応していません。",
  "Malformed request.": "リクエストの形式が正しくありません。",
  "Request was throttled. Expected available in {} seconds.":
    "リクエストが多すぎます。{} 秒後にもう一度お試しください。",
  "This field is required.": "この項目は必須です。",
  "This field may not be null.": "この項目を null にすることはできません。",
  "This field may not be blank.": "この項目を空にすることはできません。",
  "Invalid data. Expected a dictionary, but got {}.":
    "データが正しくありません。辞書が必要ですが、{} を受け取りました。",
  "Null characters are not allowed.": "ヌル文字は使用できません。",
  "“{}” is not a valid UUID.": "「{}」は有効な UUID ではありません。",
};
